//! What a node knows and decides: who its parent and children are, what goes up and what goes down. Pure: it is told what
//! happened, and says what is to be done.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::SocketAddr;

use bytes::Bytes;

use super::ring::Ring;
use super::tree::{Entry, Tree};
use super::wire::{Attach, Data, Kind, LONGEST_LIST, Message, NodeId, Peer, Place, Refusal, Up, Welcome};

/// The most nodes whose numbers the root keeps in mind.
const MOST_ORIGINS: usize = 4096;

/// A connection of this process with another node. Numbers are not used twice.
pub type LinkId = u64;

/// Something to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Send this by that link.
    Send(LinkId, Message),
    /// End that link.
    HangUp(LinkId),
    /// Find a parent.
    Seek(Seek),
    /// A message for all has come to this node.
    Deliver(Data),
    /// Tell people.
    Say(String),
}

/// Where to look for a parent, and what to say to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seek {
    /// What to say, with the number of the last attempt. Each further attempt has the next number: one that was given up
    /// may have succeeded for a while, and what is said of it must not be taken for news of a later one.
    pub attach: Attach,
    /// Where to ask, the best first.
    pub starts: Vec<SocketAddr>,
    /// The first of them that has room will do. Otherwise go down from it as far as that is no worse.
    pub in_haste: bool,
}

/// What a node has had and what it has not.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Messages that came, each once.
    pub received: u64,
    /// Messages sent to all while this node was part of the overlay that it never had.
    pub missed: u64,
    /// Messages that came again and were thrown away.
    pub repeated: u64,
    /// Messages of this node's own that it had to forget before it saw them come down. Most of them are lost.
    pub unsent: u64,
}

/// How a node is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This node.
    pub me: Peer,
    /// Where the root listens; none for the root itself.
    pub root: Option<SocketAddr>,
    /// The most children.
    pub fan_out: usize,
    /// How many messages are kept for children that come back, and how many of its own for the way up.
    pub ring: usize,
}

/// A node of the overlay.
#[derive(Debug)]
pub struct Node {
    settings: Settings,
    moves: u32,
    parent: Option<Parent>,
    children: BTreeMap<LinkId, Child>,
    tree: Tree,
    tree_changed: bool,
    /// The root's id, once it has been heard of.
    stream: Option<NodeId>,
    /// The highest sequence number so far.
    last: u64,
    /// What has a lower number was sent before this node came: kept for children, not delivered.
    live: u64,
    ring: Ring,
    /// The number of the latest message of this node's own.
    number: u64,
    /// Messages of its own that have not come down yet.
    pending: VecDeque<Up>,
    /// The next number of each origin. At the root only.
    origins: BTreeMap<NodeId, u64>,
    counts: Counts,
    effects: Vec<Effect>,
}

#[derive(Debug)]
struct Parent {
    link: LinkId,
    /// The parent first, the root last.
    ancestors: Vec<Peer>,
    /// The parent itself has no way to the root.
    adrift: bool,
}

#[derive(Debug)]
struct Child {
    peer: Peer,
    moves: u32,
}

impl Node {
    /// A node that has to be [`start`](Self::start)ed.
    pub fn new(settings: Settings) -> Self {
        let stream = settings.root.is_none().then_some(settings.me.id);
        let ring = Ring::new(settings.ring);
        Self {
            settings,
            moves: 0,
            parent: None,
            children: BTreeMap::new(),
            tree: Tree::default(),
            tree_changed: true,
            stream,
            last: 0,
            live: 1,
            ring,
            number: 0,
            pending: VecDeque::new(),
            origins: BTreeMap::new(),
            counts: Counts::default(),
            effects: Vec::new(),
        }
    }

    /// What is to be done, in this order, after what it was told.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        mem::take(&mut self.effects)
    }

    /// The tree below, if it has changed since it was last taken, and how many nodes are in it.
    pub fn take_tree(&mut self) -> Option<(String, usize)> {
        let me = &self.settings.me;
        mem::take(&mut self.tree_changed).then(|| (self.tree.draw(me), self.tree.count_below(me.id)))
    }

    /// Whether that is this node.
    pub fn is(&self, node: NodeId) -> bool {
        self.settings.me.id == node
    }

    /// What it has had and what not.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The highest sequence number so far.
    pub fn last(&self) -> u64 {
        self.last
    }

    // === What happens ===

    /// It begins: all but the root look for a parent.
    pub fn start(&mut self) {
        if let Some(root) = self.settings.root {
            self.seek(vec![root], false);
        }
    }

    /// A parent has been found, at the other end of `link`, by the attempt that had the number `moves`.
    pub fn attached(&mut self, link: LinkId, moves: u32, welcome: Welcome) {
        self.moves = moves;
        let Welcome { me: parent, stream, first, live, ancestors } = welcome;
        let ancestors: Vec<_> = std::iter::once(parent.clone()).chain(ancestors).collect();
        if self.parent.is_some() || self.settings.root.is_none() {
            self.effects.push(Effect::HangUp(link));
            return;
        }
        self.parent = Some(Parent { link, ancestors, adrift: false });
        if self.goes_round() {
            return self.leave("it is below us");
        }
        let mut line = format!("parent is {parent}");
        if self.stream == Some(stream) {
            let missed = first.saturating_sub(self.next_live());
            self.counts.missed += missed;
            line += &format!("; resumed after {}, missed {missed}", self.last);
            self.last = self.last.max(first.saturating_sub(1));
        } else {
            self.begin_stream(stream, first, live);
        }
        self.effects.push(Effect::Say(line));
        for Entry { node, parent, moves } in self.tree.births(self.settings.me.id) {
            self.effects.push(Effect::Send(link, Message::Born { node, parent, moves }));
        }
        self.tell_children_where();
        self.send_pending();
    }

    /// A link has ended by itself, or could not take more.
    pub fn closed(&mut self, link: LinkId, why: &str) {
        if self.parent.as_ref().is_some_and(|parent| parent.link == link) {
            self.lost_parent(why);
        } else if let Some(Child { peer, moves }) = self.children.remove(&link) {
            self.effects.push(Effect::Say(format!("lost child {peer}: {why}")));
            self.died(self.settings.me.id, peer.id, moves);
        }
    }

    /// Something for all has come into the overlay here.
    pub fn came_in(&mut self, kind: Kind, payload: Bytes) {
        self.number += 1;
        let (origin, number) = (self.settings.me.id, self.number);
        if self.settings.root.is_none() {
            return self.number_it(origin, number, kind, payload);
        }
        if self.pending.len() >= self.settings.ring.max(1) {
            self.pending.pop_front();
            self.counts.unsent += 1;
        }
        self.pending.push_back(Up { origin, number, oldest: 0, kind, payload });
        if let (Some(parent), Some(up)) = (self.way_up(), self.pending.back().cloned()) {
            let up = Up { oldest: self.oldest_pending(), ..up };
            self.effects.push(Effect::Send(parent, Message::Up(up)));
        }
    }

    /// A message has come by a link. The error says that nobody may say that there and then.
    pub fn heard(&mut self, link: LinkId, message: Message) -> Result<(), &'static str> {
        match message {
            Message::Beat => Ok(()),
            Message::Ask => {
                let place = self.place();
                self.effects.push(Effect::Send(link, Message::Place(place)));
                Ok(())
            }
            Message::Measure(bytes) => {
                let padding = Bytes::from(vec![0; bytes as usize]);
                self.effects.push(Effect::Send(link, Message::Padding(padding)));
                Ok(())
            }
            message if self.parent.as_ref().is_some_and(|parent| parent.link == link) => self.heard_parent(message),
            message if self.children.contains_key(&link) => self.heard_child(link, message),
            Message::Attach(attach) => {
                self.heard_newcomer(link, attach);
                Ok(())
            }
            _ => Err("it is neither parent nor child, and spoke as one"),
        }
    }

    fn heard_parent(&mut self, message: Message) -> Result<(), &'static str> {
        match message {
            Message::Data(data) => self.came_down(data),
            Message::Adrift => {
                if let Some(parent) = &mut self.parent {
                    parent.adrift = true;
                }
                self.tell_children_where();
            }
            Message::Moved(stream, live, ancestors) => {
                let Some(parent) = &mut self.parent else { return Ok(()) };
                parent.adrift = false;
                parent.ancestors.truncate(1);
                parent.ancestors.extend(ancestors);
                if self.goes_round() {
                    self.leave("it has come to be below us");
                    return Ok(());
                }
                if self.stream != Some(stream) {
                    self.begin_stream(stream, 1, live);
                }
                self.tell_children_where();
                self.send_pending();
            }
            _ => return Err("it is the parent, and spoke as a child"),
        }
        Ok(())
    }

    fn heard_child(&mut self, link: LinkId, message: Message) -> Result<(), &'static str> {
        let Some(teller) = self.children.get(&link).map(|child| child.peer.id) else { return Ok(()) };
        match message {
            Message::Up(up) => match self.way_up() {
                Some(parent) => self.effects.push(Effect::Send(parent, Message::Up(up))),
                None if self.settings.root.is_none() => self.sort_in(up),
                // Its origin sends it again as soon as it hears of a way.
                None => {}
            },
            Message::Born { node, parent, moves } if node.id != self.settings.me.id => {
                self.born(teller, Entry { node, parent, moves });
            }
            Message::Born { .. } => {}
            Message::Died { node, moves } => self.died(teller, node, moves),
            _ => return Err("it is a child, and spoke as a parent"),
        }
        Ok(())
    }

    fn heard_newcomer(&mut self, link: LinkId, Attach { me: peer, moves, had }: Attach) {
        // It has noticed before us that its old link is broken.
        let old = self.children.iter().find(|(_, child)| child.peer.id == peer.id).map(|(&old, _)| old);
        if let Some(old) = old {
            self.effects.push(Effect::HangUp(old));
            self.closed(old, "it comes anew");
        }
        let Some((stream, ancestors)) = self.whereabouts() else {
            return self.effects.push(Effect::Send(link, Message::Refused(Refusal::Adrift)));
        };
        let refusal = if peer.id == self.settings.me.id || ancestors.iter().any(|ancestor| ancestor.id == peer.id) {
            Some(Refusal::Circle)
        } else if self.children.len() >= self.settings.fan_out || ancestors.len() >= LONGEST_LIST - 1 {
            Some(Refusal::Full)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return self.effects.push(Effect::Send(link, Message::Refused(refusal)));
        }
        // Who comes for the first time is sent the past too, so that it can serve those who will come to it.
        let had = had.and_then(|(old, last)| (old == stream).then_some(last));
        let kept = had.unwrap_or(0);
        let first = self.ring.after(kept).next().map(|data| data.sequence);
        let first = first.unwrap_or(self.last.max(kept).saturating_add(1));
        let live = self.next_live();
        let welcome = Welcome { me: self.settings.me.clone(), stream, first, live, ancestors };
        self.effects.push(Effect::Send(link, Message::Welcome(welcome)));
        for data in self.ring.after(kept) {
            self.effects.push(Effect::Send(link, Message::Data(data.clone())));
        }
        self.effects.push(Effect::Say(format!("new child {peer}")));
        let me = self.settings.me.id;
        self.born(me, Entry { node: peer.clone(), parent: me, moves });
        self.children.insert(link, Child { peer, moves });
    }

    // === Up and down ===

    fn came_down(&mut self, data: Data) {
        if data.sequence <= self.last {
            self.counts.repeated += 1;
            return;
        }
        if data.sequence >= self.live {
            let missed = data.sequence - self.next_live();
            if missed > 0 {
                self.effects.push(Effect::Say(format!("missed {missed} before {}", data.sequence)));
            }
            self.counts.missed += missed;
            self.counts.received += 1;
        }
        if data.origin == self.settings.me.id {
            // What was lost for good before it will never come.
            while self.pending.front().is_some_and(|up| up.number <= data.number) {
                self.pending.pop_front();
            }
        }
        self.last = data.sequence;
        self.ring.push(data.clone());
        for &child in self.children.keys() {
            self.effects.push(Effect::Send(child, Message::Data(data.clone())));
        }
        if data.sequence >= self.live {
            self.effects.push(Effect::Deliver(data));
        }
    }

    /// At the root: something has come up. What is sent again after a parent was lost may have come before, and what is
    /// sent first after that may overtake what was lost; so from each origin only the next one is taken.
    fn sort_in(&mut self, Up { origin, number, oldest, kind, payload }: Up) {
        let next = self.origins.get(&origin).map_or(oldest, |&next| next.max(oldest));
        if number != next {
            return;
        }
        if self.origins.len() >= MOST_ORIGINS && !self.origins.contains_key(&origin) {
            self.origins.pop_first();
        }
        self.origins.insert(origin, number.saturating_add(1));
        self.number_it(origin, number, kind, payload);
    }

    fn number_it(&mut self, origin: NodeId, number: u64, kind: Kind, payload: Bytes) {
        let sequence = self.last.saturating_add(1);
        self.came_down(Data { sequence, origin, number, kind, payload });
    }

    /// The lowest sequence number that has not come and is to be delivered.
    fn next_live(&self) -> u64 {
        self.live.max(self.last.saturating_add(1))
    }

    fn oldest_pending(&self) -> u64 {
        self.pending.front().map_or(self.number, |up| up.number)
    }

    fn send_pending(&mut self) {
        let Some(parent) = self.way_up() else { return };
        let oldest = self.oldest_pending();
        for up in &self.pending {
            self.effects.push(Effect::Send(parent, Message::Up(Up { oldest, ..up.clone() })));
        }
    }

    fn begin_stream(&mut self, stream: NodeId, first: u64, live: u64) {
        if self.stream.is_some() {
            self.effects.push(Effect::Say("the stream begins anew".to_owned()));
        }
        self.stream = Some(stream);
        self.last = first.saturating_sub(1);
        self.live = live;
        self.ring.clear();
    }

    // === The tree ===

    fn born(&mut self, teller: NodeId, entry: Entry) {
        if self.tree.born(teller, entry.clone()) {
            self.tree_changed = true;
            let Entry { node, parent, moves } = entry;
            self.tell_parent(Message::Born { node, parent, moves });
        }
    }

    fn died(&mut self, teller: NodeId, node: NodeId, moves: u32) {
        if self.tree.died(teller, node, moves) {
            self.tree_changed = true;
            self.tell_parent(Message::Died { node, moves });
        }
    }

    /// Also while the parent has no way itself: it keeps the tree below it.
    fn tell_parent(&mut self, message: Message) {
        if let Some(parent) = &self.parent {
            self.effects.push(Effect::Send(parent.link, message));
        }
    }

    fn place(&self) -> Option<Place> {
        let (_, ancestors) = self.whereabouts()?;
        let below = |peer: &Peer| self.tree.count_below(peer.id) as u32;
        let children = self.children.values().map(|child| (child.peer.clone(), below(&child.peer)));
        Some(Place {
            me: self.settings.me.clone(),
            fan_out: self.settings.fan_out as u32,
            ancestors,
            children: children.collect(),
        })
    }

    /// The stream and the way to the root, if there is one.
    fn whereabouts(&self) -> Option<(NodeId, Vec<Peer>)> {
        let stream = self.stream?;
        match &self.parent {
            Some(parent) => (!parent.adrift).then(|| (stream, parent.ancestors.clone())),
            None => self.settings.root.is_none().then(|| (stream, Vec::new())),
        }
    }

    fn way_up(&self) -> Option<LinkId> {
        self.parent.as_ref().filter(|parent| !parent.adrift).map(|parent| parent.link)
    }

    /// Two that look for a parent at once can each find one below the other, as neither's list of ancestors says so yet.
    /// The lists then go round until somebody sees itself in its own.
    fn goes_round(&self) -> bool {
        let ancestors = self.parent.as_ref().map_or(&[][..], |parent| &parent.ancestors);
        ancestors.len() > LONGEST_LIST || ancestors.iter().any(|ancestor| ancestor.id == self.settings.me.id)
    }

    fn leave(&mut self, why: &str) {
        if let Some(parent) = &self.parent {
            self.effects.push(Effect::HangUp(parent.link));
        }
        self.lost_parent(why);
    }

    fn lost_parent(&mut self, why: &str) {
        let Some(Parent { ancestors, .. }) = self.parent.take() else { return };
        if let Some(parent) = ancestors.first() {
            self.effects.push(Effect::Say(format!("lost parent {parent}: {why}")));
        }
        self.tell_children_where();
        let above = ancestors.iter().skip(1).filter(|ancestor| ancestor.id != self.settings.me.id);
        self.seek(above.map(|ancestor| ancestor.address).chain(self.settings.root).collect(), true);
    }

    fn seek(&mut self, mut starts: Vec<SocketAddr>, in_haste: bool) {
        starts.dedup();
        let had = self.stream.map(|stream| (stream, self.last));
        let attach = Attach { me: self.settings.me.clone(), moves: self.moves, had };
        self.effects.push(Effect::Seek(Seek { attach, starts, in_haste }));
    }

    fn tell_children_where(&mut self) {
        let message = match self.whereabouts() {
            Some((stream, ancestors)) => Message::Moved(stream, self.next_live(), ancestors),
            None => Message::Adrift,
        };
        for &child in self.children.keys() {
            self.effects.push(Effect::Send(child, message.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
