//! Which composites of a picture are closed whatever the zoom: what the choices of a person and the number of nodes that can
//! be looked at come to.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::picture::{Node, NodeKey, Picture};

/// What the choices of a person and the budget come to in one picture.
#[derive(Default, Clone, PartialEq, Debug)]
pub(crate) struct Folded {
    /// True for what is closed at any zoom, false for what is opened by hand.
    pub(crate) choices: HashMap<NodeKey, bool>,
    /// Those of them that the budget has closed.
    by_budget: HashSet<NodeKey>,
    /// Nodes that no closed composite hides, of all there are.
    pub(crate) shown: usize,
    pub(crate) all: usize,
    /// How many are closed whatever the zoom.
    pub(crate) closed: usize,
}

/// Once closed for want of room, composites are opened again when less than this is shown, in shares of the budget.
const OPENS_BELOW: f32 = 0.8;
/// And then no more than so many are shown.
const REOPENS_TO: f32 = 0.9;

impl Folded {
    /// What is closed among `nodes`, of which parents come before what they contain. `before` is what was closed until
    /// now: what the budget has closed stays closed until there is room enough.
    /// `choice` is what a person wants of a composite at a depth, and `budget` how many nodes may be shown.
    pub(super) fn of(
        nodes: &[Node],
        choice: impl Fn(NodeKey, u32) -> Option<bool>,
        budget: usize,
        before: &Folded,
    ) -> Self {
        let mut depths: Vec<u32> = Vec::with_capacity(nodes.len());
        let mut folded = Self { all: nodes.len(), ..Self::default() };
        for node in nodes {
            let depth = node.parent.map_or(0, |parent| depths[parent as usize] + 1);
            depths.push(depth);
            if node.is_composite() {
                let choice = choice(node.key, depth);
                let kept = before.by_budget.contains(&node.key) && choice != Some(false);
                if kept && choice.is_none() {
                    folded.by_budget.insert(node.key);
                }
                if let Some(closed) = choice.or(kept.then_some(true)) {
                    folded.choices.insert(node.key, closed);
                }
            }
        }
        folded.count(nodes);
        if folded.shown > budget {
            folded.close_to(budget, nodes, &depths);
        } else if !folded.by_budget.is_empty() && (folded.shown as f32) < OPENS_BELOW * budget as f32 {
            // Anew, as little as has to be and leaves some room: else one more or less would close and open them.
            for key in std::mem::take(&mut folded.by_budget) {
                folded.choices.remove(&key);
            }
            folded.count(nodes);
            folded.close_to((REOPENS_TO * budget as f32) as usize, nodes, &depths);
        }
        folded.closed = folded.choices.values().filter(|&&closed| closed).count();
        folded
    }

    /// It is closed whatever the zoom.
    pub(crate) fn closes(&self, composite: NodeKey) -> bool {
        self.choices.get(&composite) == Some(&true)
    }

    /// How many composites are closed for want of room.
    pub(crate) fn by_budget(&self) -> usize {
        self.by_budget.len()
    }

    /// Closes the deepest first, and the fullest of one depth; what a person opened last. Those that are as deep and as full
    /// as the last one are closed with it: what is alike looks alike.
    fn close_to(&mut self, budget: usize, nodes: &[Node], depths: &[u32]) {
        let mut open: Vec<u32> = (0..nodes.len() as u32)
            .filter(|&node| nodes[node as usize].is_composite())
            .filter(|&node| self.choices.get(&nodes[node as usize].key) != Some(&true))
            .collect();
        let rank = |choices: &HashMap<NodeKey, bool>, number: u32| {
            let node = &nodes[number as usize];
            (choices.contains_key(&node.key), Reverse(depths[number as usize]), Reverse(node.children))
        };
        open.sort_by_key(|&number| (rank(&self.choices, number), nodes[number as usize].key));
        // What each would hide: who is in it directly or deeper and not hidden yet.
        let mut shows = vec![0usize; nodes.len()];
        let mut is_hidden = vec![false; nodes.len()];
        for (number, node) in nodes.iter().enumerate() {
            let parent = node.parent.map(|parent| parent as usize);
            is_hidden[number] =
                parent.is_some_and(|parent| is_hidden[parent] || self.choices.get(&nodes[parent].key) == Some(&true));
        }
        for number in (0..nodes.len()).rev() {
            if let Some(parent) = nodes[number].parent {
                shows[parent as usize] += shows[number] + usize::from(!is_hidden[number]);
            }
        }
        let mut last = None;
        for number in open {
            let rank = rank(&self.choices, number);
            // What a person opened is closed one by one.
            if self.shown <= budget && (rank.0 || last != Some(rank)) {
                return;
            }
            last = Some(rank);
            let node = &nodes[number as usize];
            let hides = shows[number as usize];
            if is_hidden[number as usize] || hides == 0 {
                continue;
            }
            self.choices.insert(node.key, true);
            self.by_budget.insert(node.key);
            self.shown -= hides;
            let mut round = Some(number);
            while let Some(at) = round {
                shows[at as usize] -= hides;
                round = nodes[at as usize].parent;
            }
        }
    }

    fn count(&mut self, nodes: &[Node]) {
        let mut is_hidden = vec![false; nodes.len()];
        for (number, node) in nodes.iter().enumerate() {
            let is_closed = |parent: u32| self.choices.get(&nodes[parent as usize].key) == Some(&true);
            is_hidden[number] = node.parent.is_some_and(|parent| is_hidden[parent as usize] || is_closed(parent));
        }
        self.shown = is_hidden.iter().filter(|&&hidden| !hidden).count();
    }
}

/// How large a composite is drawn that is closed whatever the zoom: it takes less room than its ring, and can still be
/// seen from where that could.
fn closed_radius(ring: f32, children: u32) -> f32 {
    const OF_ONE: f32 = 30.0;
    const PER_DOUBLING: f32 = 7.0;
    const SHARE: f32 = 0.36;
    (OF_ONE + PER_DOUBLING * (1.0 + children as f32).log2()).max(SHARE * ring).min(ring)
}

impl Picture {
    /// Draws what is closed whatever the zoom smaller than its ring, and what is open as large as that.
    pub(super) fn fold(&mut self, folded: &Folded) {
        for node in self.nodes.iter_mut().filter(|node| node.is_composite()) {
            let is_closed = folded.closes(node.key);
            node.radius = if is_closed { closed_radius(node.ring, node.children) } else { node.ring };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_takes_less_room_than_its_ring() {
        assert_eq!(closed_radius(20.0, 3), 20.0);
        assert!((50.0..80.0).contains(&closed_radius(200.0, 7)));
        assert!(closed_radius(2000.0, 300) > 500.0);
    }
}
