//! A network of nodes without sockets: messages come in any order between links, nodes die and move at any time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const NODES: usize = 6;
const ROOT: usize = 0;

/// One end of a connection: what is on its way to it, and who is at the other.
struct End {
    node: usize,
    other: LinkId,
    coming: VecDeque<Coming>,
}

enum Coming {
    Message(Message),
    End,
}

struct Network {
    nodes: Vec<Option<Node>>,
    links: BTreeMap<LinkId, End>,
    next_link: LinkId,
    seeking: BTreeMap<usize, Attach>,
    /// Links by which a node has asked for a place, and waits for the answer.
    asked: BTreeMap<LinkId, usize>,
    delivered: Vec<Vec<Data>>,
    said: Vec<u64>,
}

fn peer(node: usize) -> Peer {
    let address = SocketAddr::from(([127, 0, 0, 1], node as u16 + 1));
    Peer { id: NodeId(node as u64), address, name: format!("n{node}") }
}

impl Network {
    fn new(ring: usize) -> Self {
        let settings = |node: usize| Settings {
            me: peer(node),
            root: (node != ROOT).then(|| peer(ROOT).address),
            fan_out: NODES,
            ring,
        };
        let mut network = Self {
            nodes: (0..NODES).map(|node| Some(Node::new(settings(node)))).collect(),
            links: BTreeMap::new(),
            next_link: 0,
            seeking: BTreeMap::new(),
            asked: BTreeMap::new(),
            delivered: vec![Vec::new(); NODES],
            said: vec![0; NODES],
        };
        for node in 0..NODES {
            network.tell(node, Node::start);
        }
        network
    }

    /// Something happens to a node, and it does what follows.
    fn tell(&mut self, node: usize, what: impl FnOnce(&mut Node)) {
        let Some(told) = &mut self.nodes[node] else { return };
        what(told);
        loop {
            let effects = self.nodes[node].as_mut().unwrap().take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Send(link, message) => self.send(link, Coming::Message(message)),
                    Effect::HangUp(link) => self.hang_up(link),
                    Effect::Seek(seek) => {
                        assert!(self.seeking.insert(node, seek.attach).is_none(), "one search at a time");
                    }
                    Effect::Deliver(data) => self.delivered[node].push(data),
                    Effect::Say(_) => {}
                }
            }
        }
    }

    fn send(&mut self, link: LinkId, coming: Coming) {
        let Some(other) = self.links.get(&link).map(|end| end.other) else { return };
        if let Some(end) = self.links.get_mut(&other) {
            end.coming.push_back(coming);
        }
    }

    fn hang_up(&mut self, link: LinkId) {
        self.send(link, Coming::End);
        self.links.remove(&link);
    }

    fn kill(&mut self, node: usize) {
        self.nodes[node] = None;
        self.seeking.remove(&node);
        self.asked.retain(|_, &mut who| who != node);
        let links: Vec<_> = self.links.iter().filter(|(_, end)| end.node == node).map(|(&link, _)| link).collect();
        links.into_iter().for_each(|link| self.hang_up(link));
    }

    /// A node that looks for a parent asks `whom`.
    fn ask(&mut self, node: usize, whom: usize) {
        if node == whom || self.nodes[whom].is_none() || self.asked.values().any(|&who| who == node) {
            return;
        }
        let Some(attach) = self.seeking.get_mut(&node) else { return };
        attach.moves += 1;
        let attach = attach.clone();
        let (own, others) = (self.next_link, self.next_link + 1);
        self.next_link += 2;
        self.links.insert(own, End { node, other: others, coming: VecDeque::new() });
        self.links.insert(others, End { node: whom, other: own, coming: VecDeque::new() });
        self.asked.insert(own, node);
        self.send(own, Coming::Message(Message::Attach(attach)));
    }

    /// The next thing comes by the link that is `choice`th of those by which something comes. Whether there was one.
    fn step(&mut self, choice: usize) -> bool {
        let busy: Vec<_> = self.links.iter().filter(|(_, end)| !end.coming.is_empty()).map(|(&link, _)| link).collect();
        if busy.is_empty() {
            return false;
        }
        let link = busy[choice % busy.len()];
        let end = self.links.get_mut(&link).unwrap();
        let (node, coming) = (end.node, end.coming.pop_front().unwrap());
        match coming {
            Coming::End => {
                self.links.remove(&link);
                self.asked.remove(&link);
                self.tell(node, |node| node.closed(link, "it ended"));
            }
            Coming::Message(message) => match (self.asked.remove(&link), message) {
                (Some(_), Message::Welcome(welcome)) => {
                    let moves = self.seeking.remove(&node).unwrap().moves;
                    self.tell(node, |node| node.attached(link, moves, welcome));
                }
                (Some(_), Message::Refused(_)) => self.hang_up(link),
                (Some(_), other) => panic!("{other:?} is no answer"),
                (None, message) => self.tell(node, |node| node.heard(link, message).unwrap()),
            },
        }
        true
    }

    fn say(&mut self, node: usize) {
        if self.nodes[node].is_some() {
            self.said[node] += 1;
            let payload = Bytes::from(format!("{node}: {}", self.said[node]));
            self.tell(node, |node| node.came_in(Kind::Source, payload));
        }
    }

    /// Nothing is on its way any more, and nobody looks for a parent.
    fn settle(&mut self) {
        for _ in 0..100 {
            while self.step(0) {}
            let seeking: Vec<_> = self.seeking.keys().copied().collect();
            if seeking.is_empty() {
                return;
            }
            for node in seeking {
                self.ask(node, ROOT);
            }
        }
        panic!("{:?} find no parent", self.seeking);
    }

    fn check(&mut self, kept_all: bool) {
        let alive: BTreeSet<usize> = (0..NODES).filter(|&node| self.nodes[node].is_some()).collect();
        let last = self.nodes[ROOT].as_ref().unwrap().last;
        let known = self.nodes[ROOT].as_ref().unwrap().tree.births(NodeId(ROOT as u64));
        let known_ids: BTreeSet<_> = known.iter().map(|entry| entry.node.id.0 as usize).chain([ROOT]).collect();
        assert_eq!(known_ids, alive, "the root knows who lives");
        for Entry { node, parent, .. } in known {
            let node = self.nodes[node.id.0 as usize].as_ref().unwrap();
            let ancestors = &node.parent.as_ref().unwrap().ancestors;
            assert_eq!(ancestors[0].id, parent, "the root knows where");
            assert_eq!(ancestors.last().unwrap().id.0 as usize, ROOT);
        }
        for &at in &alive {
            let (node, delivered) = (self.nodes[at].as_ref().unwrap(), &self.delivered[at]);
            assert_eq!(node.last, last);
            assert!(delivered.windows(2).all(|pair| pair[0].sequence < pair[1].sequence), "in order at n{at}");
            let counts = node.counts;
            assert_eq!(counts.received, delivered.len() as u64);
            assert_eq!(counts.received + counts.missed, last + 1 - node.live, "nothing uncounted at n{at}");
            if kept_all {
                // Otherwise it may have missed that its own has come down.
                assert!(node.pending.is_empty(), "all has arrived from n{at}");
                assert_eq!((counts.missed, counts.unsent), (0, 0), "at n{at}");
            }
        }
        for origin in 0..NODES {
            let from_here = self.delivered[ROOT].iter().filter(|data| data.origin.0 as usize == origin);
            let numbers: Vec<_> = from_here.map(|data| data.number).collect();
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "each once and in order from n{origin}");
            if kept_all && alive.contains(&origin) {
                assert_eq!(numbers, (1..=self.said[origin]).collect::<Vec<_>>(), "all from n{origin}");
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Deliver(usize),
    Ask(usize, usize),
    Say(usize),
    Kill(usize),
    /// The connection breaks at one end, as when it is too slow.
    Break(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let node = || 0..NODES;
    let step = prop_oneof![
        30 => any::<usize>().prop_map(Step::Deliver),
        10 => (node(), node()).prop_map(|(node, whom)| Step::Ask(node, whom)),
        10 => node().prop_map(Step::Say),
        1 => (1..NODES).prop_map(Step::Kill),
        2 => any::<usize>().prop_map(Step::Break),
    ];
    vec(step, 0..400)
}

proptest! {
    #[test]
    fn whatever_happens_the_tree_heals_and_all_is_counted(steps in steps(), short in any::<bool>()) {
        let mut network = Network::new(if short { 3 } else { 10_000 });
        for step in steps {
            match step {
                Step::Deliver(choice) => {
                    network.step(choice);
                }
                Step::Ask(node, whom) => network.ask(node, whom),
                Step::Say(node) => network.say(node),
                Step::Kill(node) => network.kill(node),
                Step::Break(choice) => {
                    let links: Vec<_> = network.links.keys().copied().collect();
                    if let Some(&link) = links.get(choice % links.len().max(1)) {
                        let node = network.links[&link].node;
                        network.hang_up(link);
                        if network.asked.remove(&link).is_none() {
                            network.tell(node, |node| node.closed(link, "it is too slow"));
                        }
                    }
                }
            }
        }
        network.settle();
        network.say(ROOT);
        network.settle();
        network.check(!short);
    }
}
