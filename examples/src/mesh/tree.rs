//! Who is below a node, as its children tell it: Overcast's up/down protocol, with births and deaths only.
//!
//! News of one node can come by two ways and in any order when it moves. So each attempt to attach has a number, and news
//! of an earlier one than is known is old. And as nobody has to move for those above it to do so, a child is believed only
//! about those who are below it as far as is known.

use std::collections::{BTreeMap, BTreeSet};

use super::wire::{NodeId, Peer};

/// The most nodes that are kept in mind; more are not believed.
pub const MOST_NODES: usize = 4096;
/// No tree is deeper, as no list of ancestors is longer.
const DEEPEST: usize = super::wire::LONGEST_LIST;

/// All nodes below one.
#[derive(Default, Debug)]
pub struct Tree {
    below: BTreeMap<NodeId, Entry>,
}

/// A node below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The node.
    pub node: Peer,
    /// Its parent.
    pub parent: NodeId,
    /// The number of the attempt by which it came there.
    pub moves: u32,
}

impl Tree {
    /// A node has come, or moved, and says next who is below it. Whether that is news.
    ///
    /// `teller` is the child that says so, or this node itself for a child of its own.
    pub fn born(&mut self, teller: NodeId, born: Entry) -> bool {
        let id = born.node.id;
        if id == teller || !self.is_in(born.parent, teller) {
            return false;
        }
        match self.below.get(&id) {
            Some(known) if *known == born || known.moves > born.moves => false,
            None if self.below.len() >= MOST_NODES => false,
            _ => {
                // It tells anew who is below it; who is gone meanwhile is not among them.
                self.forget(id);
                self.below.insert(id, born);
                true
            }
        }
    }

    /// A node is gone from where it came by attempt `moves`, and with it all that are below it. Whether that is news.
    pub fn died(&mut self, teller: NodeId, node: NodeId, moves: u32) -> bool {
        if self.below.get(&node).is_none_or(|known| known.moves > moves) || !self.is_in(node, teller) {
            return false;
        }
        self.forget(node);
        true
    }

    /// How many nodes are below this one.
    pub fn count_below(&self, node: NodeId) -> usize {
        self.from(node).len() - 1
    }

    /// Everybody below, parents before their children where the parent is known.
    pub fn births(&self, root: NodeId) -> Vec<Entry> {
        self.from(root).into_iter().filter_map(|id| self.below.get(&id).cloned()).collect()
    }

    /// As people read it: `root(a(b c) d)`.
    pub fn draw(&self, root: &Peer) -> String {
        let mut drawing = String::new();
        self.draw_from(root, &self.by_parent(), 0, &mut drawing);
        drawing
    }

    fn draw_from(&self, peer: &Peer, families: &BTreeMap<NodeId, Vec<&Peer>>, depth: usize, drawing: &mut String) {
        drawing.push_str(&peer.name);
        let Some(children) = families.get(&peer.id).filter(|_| depth < DEEPEST) else { return };
        let mut children = children.clone();
        children.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        for (at, child) in children.into_iter().enumerate() {
            drawing.push(if at == 0 { '(' } else { ' ' });
            self.draw_from(child, families, depth + 1, drawing);
        }
        drawing.push(')');
    }

    /// Whether a node is this one or below it. No tree is so deep that a longer way would be one.
    fn is_in(&self, node: NodeId, of: NodeId) -> bool {
        let up = |id: &NodeId| self.below.get(id).map(|entry| entry.parent);
        std::iter::successors(Some(node), up).take(DEEPEST).any(|id| id == of)
    }

    fn forget(&mut self, node: NodeId) {
        for id in self.from(node) {
            self.below.remove(&id);
        }
    }

    /// This node and all below it, each after its parent. What goes round in a circle comes once.
    fn from(&self, node: NodeId) -> Vec<NodeId> {
        let families = self.by_parent();
        let (mut found, mut seen) = (vec![node], BTreeSet::from([node]));
        let mut at = 0;
        while let Some(&parent) = found.get(at) {
            at += 1;
            for child in families.get(&parent).into_iter().flatten() {
                if seen.insert(child.id) {
                    found.push(child.id);
                }
            }
        }
        found
    }

    fn by_parent(&self) -> BTreeMap<NodeId, Vec<&Peer>> {
        let mut families: BTreeMap<NodeId, Vec<&Peer>> = BTreeMap::new();
        for entry in self.below.values() {
            families.entry(entry.parent).or_default().push(&entry.node);
        }
        families
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn peer(id: u64) -> Peer {
        Peer { id: NodeId(id), address: "127.0.0.1:1".parse().unwrap(), name: format!("n{id}") }
    }

    /// `born NODE PARENT MOVES` and `died NODE MOVES`, and the tree after each. No change is `-`.
    fn check(script: &[(&str, &str)]) {
        let mut tree = Tree::default();
        for (line, expected) in script {
            let mut words = line.split(' ');
            let verb = words.next().unwrap();
            let numbers: Vec<u64> = words.map(|word| word.parse().unwrap()).collect();
            let news = match (verb, &*numbers) {
                ("born", &[node, parent, moves]) => {
                    tree.born(NodeId(0), Entry { node: peer(node), parent: NodeId(parent), moves: moves as u32 })
                }
                ("died", &[node, moves]) => tree.died(NodeId(0), NodeId(node), moves as u32),
                _ => panic!("{line}"),
            };
            let seen = if news { tree.draw(&peer(0)) } else { "-".to_owned() };
            assert_eq!(seen, *expected, "after {line}");
        }
    }

    #[test]
    fn nodes_come_and_go() {
        check(&[
            ("born 1 0 1", "n0(n1)"),
            ("born 2 1 1", "n0(n1(n2))"),
            ("born 2 1 1", "-"),
            ("born 4 0 1", "n0(n1(n2) n4)"),
            ("born 3 2 1", "n0(n1(n2(n3)) n4)"),
            ("died 1 1", "n0(n4)"),
            ("died 1 1", "-"),
        ]);
    }

    #[test]
    fn news_of_an_earlier_place_is_old() {
        check(&[
            ("born 1 0 1", "n0(n1)"),
            ("born 2 1 1", "n0(n1(n2))"),
            ("born 3 2 1", "n0(n1(n2(n3)))"),
            // It has moved to the root before anybody missed its old parent.
            ("born 2 0 2", "n0(n1 n2)"),
            ("born 3 2 1", "n0(n1 n2(n3))"),
            ("died 2 1", "-"),
            ("died 1 1", "n0(n2(n3))"),
            ("born 2 1 1", "-"),
            ("died 2 2", "n0"),
        ]);
    }

    #[test]
    fn lies_do_no_harm() {
        check(&[
            ("born 1 2 1", "-"),
            ("born 1 0 1", "n0(n1)"),
            ("born 2 1 1", "n0(n1(n2))"),
            // A circle is cut off.
            ("born 1 2 2", "n0"),
            ("born 3 1 1", "-"),
            ("born 1 0 3", "n0(n1)"),
        ]);
    }
}
