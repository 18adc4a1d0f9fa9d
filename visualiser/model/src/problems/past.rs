//! What the model does not remember and problems are made of: since when. Bounded by what a survey holds.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::id::{ComponentId, PostboxId, SystemId};
use crate::model::Model;

use super::survey::Survey;
use super::unexpected::Differing;

/// For how long restarts are remembered.
const RESTARTS_NS: u64 = 60_000_000_000;
/// How many of them, of one component.
const MOST_RESTARTS: usize = 16;

/// Of all systems.
#[derive(Default)]
pub(super) struct Past {
    systems: HashMap<SystemId, SystemPast>,
}

/// Of one system; times are those of the looks.
#[derive(Default)]
pub(super) struct SystemPast {
    full: HashMap<PostboxId, u64>,
    blocked: HashMap<PostboxId, u64>,
    starved: HashMap<PostboxId, u64>,
    finished: HashMap<ComponentId, u64>,
    unread: HashMap<PostboxId, Unread>,
    polls: HashMap<ComponentId, Poll>,
    restarts: HashMap<ComponentId, VecDeque<(u64, u32)>>,
    /// How it differs from what is expected, by the number of the expectation.
    pub(super) unexpected: HashMap<usize, Differing>,
    now_ns: u64,
}

/// An inbox in which something waits.
#[derive(Clone, Copy)]
struct Unread {
    /// How many had been taken.
    taken: u64,
    /// Since when nothing was taken.
    since: u64,
    /// How many waited then.
    depth: u32,
}

/// A poll that was seen to run.
#[derive(Clone, Copy)]
struct Poll {
    began_at: u64,
    /// When it was first seen, on the clock of the system.
    seen_at: u64,
}

/// How long an inbox was not read, and how much came meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neglect {
    pub(super) ns: u64,
    pub(super) arrived: u32,
}

impl Past {
    pub(super) fn forget_all_but(&mut self, model: &Model) {
        self.systems.retain(|id, _| model.system(*id).is_some_and(|system| system.status().is_connected()));
    }

    pub(super) fn of(&mut self, system: SystemId) -> &mut SystemPast {
        self.systems.entry(system).or_default()
    }
}

impl SystemPast {
    /// Takes in what was seen just now.
    pub(super) fn note(&mut self, survey: &Survey<'_>, now_ns: u64) {
        self.now_ns = now_ns;
        renew(&mut self.full, survey.full.iter().map(|inbox| inbox.id()), |known| known.unwrap_or(now_ns));
        renew(&mut self.blocked, survey.blocked.iter().map(|outbox| outbox.id()), |known| known.unwrap_or(now_ns));
        renew(&mut self.starved, survey.starved.iter().map(|inbox| inbox.id()), |known| known.unwrap_or(now_ns));
        renew(&mut self.finished, survey.finished.iter().map(|gone| gone.id()), |known| known.unwrap_or(now_ns));
        let mut before = std::mem::take(&mut self.unread);
        for inbox in &survey.unread {
            let known = before.remove(&inbox.id()).filter(|known| known.taken == inbox.messages());
            let new = Unread { taken: inbox.messages(), since: now_ns, depth: inbox.depth() };
            self.unread.insert(inbox.id(), known.unwrap_or(new));
        }
        let mut before = std::mem::take(&mut self.polls);
        let sampled_at = survey.system.sampled_at();
        for component in &survey.polled {
            let began_at = component.poll_started_at();
            let known = before.remove(&component.id()).filter(|known| known.began_at == began_at);
            self.polls.insert(component.id(), known.unwrap_or(Poll { began_at, seen_at: sampled_at }));
        }
        let mut before = std::mem::take(&mut self.restarts);
        for component in &survey.restarted {
            let mut known = before.remove(&component.id()).unwrap_or_default();
            if known.back().is_none_or(|(_, total)| *total < component.restarts()) {
                known.push_back((now_ns, component.restarts()));
            }
            // The first is the one that the others are counted from.
            while known.len() > MOST_RESTARTS
                || known.get(1).is_some_and(|(at, _)| now_ns.saturating_sub(*at) > RESTARTS_NS)
            {
                known.pop_front();
            }
            self.restarts.insert(component.id(), known);
        }
    }

    pub(super) fn full_ns(&self, inbox: PostboxId) -> Option<u64> {
        self.full.get(&inbox).map(|since| self.now_ns.saturating_sub(*since))
    }

    pub(super) fn blocked_ns(&self, outbox: PostboxId) -> u64 {
        self.blocked.get(&outbox).map_or(0, |since| self.now_ns.saturating_sub(*since))
    }

    pub(super) fn starved_ns(&self, inbox: PostboxId) -> u64 {
        self.starved.get(&inbox).map_or(0, |since| self.now_ns.saturating_sub(*since))
    }

    pub(super) fn finished_ns(&self, component: ComponentId) -> u64 {
        self.finished.get(&component).map_or(0, |since| self.now_ns.saturating_sub(*since))
    }

    /// Of an inbox in which `depth` wait now.
    pub(super) fn neglect(&self, inbox: PostboxId, depth: u32) -> Neglect {
        self.unread.get(&inbox).map_or(Neglect { ns: 0, arrived: 0 }, |known| Neglect {
            ns: self.now_ns.saturating_sub(known.since),
            arrived: depth.saturating_sub(known.depth),
        })
    }

    /// For how long a poll has been seen to run, on the clock of the system: a program that was stopped as a whole, and
    /// goes on, has not been seen meanwhile.
    pub(super) fn poll_seen_ns(&self, component: ComponentId, sampled_at: u64) -> u64 {
        self.polls.get(&component).map_or(0, |poll| sampled_at.saturating_sub(poll.seen_at))
    }

    /// How often it was started again lately, and since when that is counted. What was before the first look is not
    /// known; one restart is then known of.
    pub(super) fn restarts(&self, component: ComponentId) -> (u32, u64) {
        let Some(known) = self.restarts.get(&component) else { return (0, 0) };
        let ((first_at, first), (_, last)) = match (known.front(), known.back()) {
            (Some(front), Some(back)) => (*front, *back),
            _ => return (0, 0),
        };
        (last.saturating_sub(first), self.now_ns.saturating_sub(first_at))
    }
}

/// Keeps what is known of those that are still there, and makes new what was not known.
fn renew<K: Copy + Eq + Hash, V: Copy>(
    map: &mut HashMap<K, V>,
    keys: impl Iterator<Item = K>,
    value: impl Fn(Option<V>) -> V,
) {
    let before = std::mem::take(map);
    *map = keys.map(|key| (key, value(before.get(&key).copied()))).collect();
}
