//! Who waits for whom: each blocked component for the one whose inbox has no room, down to where the waiting begins.

use std::collections::{HashMap, HashSet};

use crate::id::LinkageId;
use crate::query::{ComponentRef, PostboxRef};

use super::past::SystemPast;
use super::survey::Survey;
use super::ways;

/// How long a wait without a break is no accident.
pub(super) const LASTING_NS: u64 = 1_000_000_000;

/// A component that cannot go on, and whom it waits for.
pub(super) struct Wait<'a> {
    pub(super) by: ComponentRef<'a>,
    pub(super) on: ComponentRef<'a>,
    pub(super) why: Why<'a>,
    /// The inbox that has no room.
    pub(super) inbox: PostboxRef<'a>,
    pub(super) linkages: Vec<LinkageId>,
    /// For how long without a break; 0 where it goes on now and then.
    pub(super) ns: u64,
    /// Of its time, lately.
    pub(super) share: f32,
}

/// What it waits for.
#[derive(Clone, Copy)]
pub(super) enum Why<'a> {
    /// Room for what this outbox sends.
    Room(PostboxRef<'a>),
    /// A message at this inbox, while another of its own is full.
    Message(PostboxRef<'a>),
}

/// Where waiting ends that is followed downstream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum End {
    /// At a component that does not wait, by slot.
    At(u32),
    /// In a circle, by its place in [`Waits::circles`].
    Circle(usize),
}

/// All waits of a system, by the slot of the component that waits.
pub(super) struct Waits<'a> {
    by: HashMap<u32, Wait<'a>>,
    /// Components each of which waits for the next, and the last for the first.
    pub(super) circles: Vec<Vec<u32>>,
    /// Who waits and how many steps away, by where that ends; the nearest first.
    behind: HashMap<End, Vec<(u32, u32)>>,
}

impl<'a> Waits<'a> {
    pub(super) fn of(survey: &Survey<'a>, past: &SystemPast) -> Waits<'a> {
        let mut by = HashMap::new();
        for outbox in &survey.blocked {
            if let Some(wait) = wait_for_room(*outbox) {
                let known = by.get(&wait.by.slot()).map_or((0, 0.0), |known: &Wait<'_>| (known.ns, known.share));
                if (wait.ns, wait.share) >= known {
                    by.insert(wait.by.slot(), wait);
                }
            }
        }
        let held: Vec<Wait<'a>> = by.values().filter_map(|wait| wait_for_message(wait, past)).collect();
        for wait in held {
            by.entry(wait.by.slot()).or_insert(wait);
        }
        let mut waits = Waits { by, circles: Vec::new(), behind: HashMap::new() };
        waits.follow();
        waits.break_loose_circles();
        waits.drop_loose_messages();
        waits
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Wait<'a>> {
        self.by.get(&slot)
    }

    /// For how long some component or other has waited for room, breaks of less than a look included.
    pub(super) fn longest_ns(&self, past: &SystemPast) -> u64 {
        let held_ns = |wait: &Wait<'_>| match wait.why {
            Why::Room(outbox) => wait.ns.max(past.blocked_ns(outbox.id())),
            Why::Message(_) => 0,
        };
        self.by.values().map(held_ns).max().unwrap_or(0)
    }

    /// Those whose waiting ends there, the nearest first, members of the circle left out.
    pub(super) fn ending(&self, end: End) -> Vec<&Wait<'a>> {
        let slots = self.behind.get(&end).map_or(&[][..], Vec::as_slice);
        slots.iter().filter_map(|(_, slot)| self.by.get(slot)).collect()
    }

    /// Where the waiting begins that does not go round, by slot.
    pub(super) fn roots(&self) -> Vec<u32> {
        let root = |end: &End| match end {
            End::At(slot) => Some(*slot),
            End::Circle(_) => None,
        };
        let mut roots: Vec<u32> = self.behind.keys().filter_map(root).collect();
        roots.sort_unstable();
        roots
    }

    fn follow(&mut self) {
        self.circles.clear();
        self.behind.clear();
        // Where the waiting of each ends, and how many steps away.
        let mut ends: HashMap<u32, (End, u32)> = HashMap::new();
        let mut firsts: Vec<u32> = self.by.keys().copied().collect();
        firsts.sort_unstable();
        for first in firsts {
            let mut path: Vec<u32> = Vec::new();
            let mut places: HashMap<u32, usize> = HashMap::new();
            let mut at = first;
            let (end, mut steps) = loop {
                if let Some(known) = ends.get(&at) {
                    break *known;
                }
                if let Some(place) = places.get(&at) {
                    let circle = path.split_off(*place);
                    let end = End::Circle(self.circles.len());
                    ends.extend(circle.iter().map(|slot| (*slot, (end, 0))));
                    self.circles.push(circle);
                    break (end, 0);
                }
                match self.by.get(&at) {
                    None => break (End::At(at), 0),
                    Some(wait) => {
                        places.insert(at, path.len());
                        path.push(at);
                        at = wait.on.slot();
                    }
                }
            };
            for slot in path.into_iter().rev() {
                steps += 1;
                ends.insert(slot, (end, steps));
            }
        }
        for (slot, (end, steps)) in ends {
            if steps > 0 {
                self.behind.entry(end).or_default().push((steps, slot));
            }
        }
        self.behind.values_mut().for_each(|behind| behind.sort_unstable());
    }

    /// Where somebody goes on now and then, nobody waits for ever: the busiest is then where the waiting begins.
    fn break_loose_circles(&mut self) {
        let loose = |circle: &&Vec<u32>| circle.iter().any(|slot| self.by[slot].ns < LASTING_NS);
        let busiest = |circle: &Vec<u32>| {
            let busy = |slot: &u32| self.by[slot].by.busy_share();
            circle.iter().copied().max_by(|a, b| busy(a).total_cmp(&busy(b)))
        };
        let free: Vec<u32> = self.circles.iter().filter(loose).filter_map(busiest).collect();
        if !free.is_empty() {
            free.iter().for_each(|slot| drop(self.by.remove(slot)));
            self.follow();
        }
    }

    /// Whoever waits for a message is held up by its sender only if that is held up in turn: else it is the one that
    /// does not read.
    fn drop_loose_messages(&mut self) {
        let held: HashSet<u32> = self.circles.iter().flatten().copied().collect();
        let ends_at = self.behind.iter().filter(|(end, _)| matches!(end, End::At(_)));
        let behind: HashSet<u32> = ends_at.flat_map(|(_, behind)| behind.iter().map(|(_, slot)| *slot)).collect();
        let before = self.by.len();
        self.by.retain(|slot, wait| matches!(wait.why, Why::Room(_)) || held.contains(slot) || !behind.contains(slot));
        if self.by.len() < before {
            self.follow();
        }
    }
}

fn wait_for_room<'a>(outbox: PostboxRef<'a>) -> Option<Wait<'a>> {
    let by = outbox.owner();
    let since = outbox.blocked_since();
    let ns = if since == 0 { 0 } else { by.system().sampled_at().saturating_sub(since) };
    let share = outbox.blocked_share();
    // Of several, as other people's runtimes have them, it is the fullest that has no room.
    let fill = |inbox: PostboxRef<'_>| inbox.fill().unwrap_or(0.5);
    let to = ways::destinations(outbox).into_iter().max_by(|a, b| fill(a.inbox).total_cmp(&fill(b.inbox)))?;
    let (on, inbox, linkages) = (to.inbox.owner(), to.inbox, to.linkages);
    Some(Wait { by, on, why: Why::Room(outbox), inbox, linkages, ns, share })
}

/// The owner of the full inbox may itself wait for a message, at another of its inboxes that only one component sends to.
fn wait_for_message<'a>(wait: &Wait<'a>, past: &SystemPast) -> Option<Wait<'a>> {
    let by = wait.on;
    let unread_ns = past.neglect(wait.inbox.id(), wait.inbox.depth()).ns;
    if wait.ns < LASTING_NS || unread_ns < LASTING_NS || by.poll_started_at() > 0 {
        return None;
    }
    let mut at = by.waits_at().filter(|inbox| !inbox.is_standard());
    let (Some(inbox), None) = (at.next(), at.next()) else { return None };
    let senders = ways::sources(inbox);
    let on = senders.first()?.owner();
    if senders.iter().any(|sender| sender.owner().slot() != on.slot()) {
        return None;
    }
    let linkages = senders.iter().flat_map(|sender| ways::destinations(*sender));
    let linkages = linkages.filter(|to| to.inbox.slot() == inbox.slot()).flat_map(|to| to.linkages).collect();
    Some(Wait { by, on, why: Why::Message(inbox), inbox, linkages, ns: unread_ns, share: 1.0 })
}
