//! Says in words what is happening, for people who do not program: one calm sentence at a time, the most important first,
//! and nothing when nothing happens.
//!
//! Pure: it is shown the model about once a second, and told the time. What is alike is gathered into one sentence
//! ("Three listeners joined."); whoever comes and goes at once is not told of; what waited for too long is dropped.

mod fact;
mod seen;
mod trouble;
mod words;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axonscope_model::problems::Problem;
use axonscope_model::{ComponentId, Model, SystemId};

use crate::names::Names;
use fact::{Fact, What, differences};
use seen::Seen;
use trouble::Troubles;
pub use words::{counted, figure};

/// How far apart sentences are, in nanoseconds as all times here.
const PAUSE_NS: u64 = 3_000_000_000;
/// How long it is waited for more of the same: after the last, and in all.
const GATHER_NS: u64 = 1_200_000_000;
const GATHER_MAX_NS: u64 = 4_000_000_000;
/// What could not be told for so long is no news any more.
const STALE_NS: u64 = 15_000_000_000;
/// Of a system that has just connected nothing else is told: all of it is new.
const SETTLE_NS: u64 = 4_000_000_000;
/// Facts that wait; the least of more are dropped.
const WAITING_MAX: usize = 64;

/// Tells what is happening.
pub struct Narrator {
    names: Arc<Names>,
    seen: Option<Seen>,
    waiting: Vec<Waiting>,
    troubles: Troubles,
    /// Since when a system has been connected, for those that have connected since the first look.
    settling: Vec<(SystemId, u64)>,
    said_at_ns: Option<u64>,
}

/// A sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// With a full stop; text of programs in it is escaped.
    pub words: String,
    /// Whom to look at meanwhile.
    pub system: SystemId,
    /// If it is about one.
    pub component: Option<ComponentId>,
    /// Something is wrong.
    pub is_trouble: bool,
}

struct Waiting {
    fact: Fact,
    since_ns: u64,
    latest_ns: u64,
}

impl Narrator {
    /// One that has not looked yet: what is there at its first look is no news.
    pub fn new(names: Arc<Names>) -> Narrator {
        Narrator {
            names,
            seen: None,
            waiting: Vec::new(),
            troubles: Troubles::default(),
            settling: Vec::new(),
            said_at_ns: None,
        }
    }

    /// Looks at what is there, and at what is found to be wrong with it.
    pub fn look(&mut self, model: &Model, problems: &[Problem], now_ns: u64) {
        self.take(Seen::of(model), problems, now_ns);
    }

    fn take(&mut self, now: Seen, problems: &[Problem], now_ns: u64) {
        let Some(before) = self.seen.replace(now) else {
            if let Some(seen) = &self.seen {
                self.troubles.begin(seen, problems);
            }
            return;
        };
        let Some(now) = &self.seen else { return };
        let mut facts = differences(&before, now);
        self.settling.retain(|(_, since)| now_ns.saturating_sub(*since) < SETTLE_NS);
        for fact in facts.iter().filter(|fact| fact.what == What::Connected) {
            self.settling.push((fact.system, now_ns));
        }
        let is_new = |system: SystemId| self.settling.iter().any(|(settling, _)| *settling == system);
        facts.retain(|fact| matches!(fact.what, What::Connected | What::Gone { .. }) || !is_new(fact.system));
        facts.extend(self.troubles.look(now, problems, is_new, now_ns));
        for fact in facts {
            self.wait(fact, now_ns);
        }
    }

    /// The next sentence, if it is time for one.
    pub fn next(&mut self, now_ns: u64) -> Option<Sentence> {
        if self.said_at_ns.is_some_and(|said| now_ns.saturating_sub(said) < PAUSE_NS) {
            return None;
        }
        self.waiting.retain(|waiting| now_ns.saturating_sub(waiting.latest_ns) < STALE_NS);
        loop {
            let ready = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.is_ready(now_ns));
            let (at, _) =
                ready.min_by_key(|(_, waiting)| (std::cmp::Reverse(waiting.fact.what.weight()), waiting.since_ns))?;
            let Fact { system, what } = &self.waiting[at].fact;
            let said = self.seen.as_ref().and_then(|seen| words::sentence(&self.waiting[at].fact, seen, &self.names));
            let (system, component, is_trouble) = (*system, what.component(), what.is_trouble());
            self.waiting.remove(at);
            if let Some(words) = said {
                self.said_at_ns = Some(now_ns);
                return Some(Sentence { words, system, component, is_trouble });
            }
        }
    }

    /// When there may be a sentence if nothing else happens; none if nothing waits to be told.
    pub fn due_in(&self, now_ns: u64) -> Option<Duration> {
        let ready_at = |waiting: &Waiting| waiting.ready_at_ns();
        let at = self.waiting.iter().map(ready_at).min()?.max(self.said_at_ns.map_or(0, |said| said + PAUSE_NS));
        Some(Duration::from_nanos(at.saturating_sub(now_ns)))
    }

    /// Takes a fact in with what waits of its kind.
    fn wait(&mut self, fact: Fact, now_ns: u64) {
        let Fact { system, mut what } = fact;
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.fact.system == system) {
            // Nobody has been told of who came: nor need they be told that they went.
            if let (What::Joined { who, .. }, What::Left { who: gone, .. }) = (&mut waiting.fact.what, &mut what) {
                who.cancel(gone);
            }
        }
        self.waiting.retain(|waiting| !waiting.is_undone_by(system, &what));
        let alike = self.waiting.iter_mut().find_map(|waiting| {
            let is_alike = waiting.fact.system == system && is_alike(&waiting.fact.what, &what);
            is_alike.then_some(waiting)
        });
        match (alike, what) {
            (Some(waiting), more) => {
                waiting.latest_ns = now_ns;
                gather(&mut waiting.fact.what, more);
            }
            (None, What::Joined { who, .. } | What::Left { who, .. }) if who.count == 0 => {}
            (None, what) => {
                self.waiting.push(Waiting { fact: Fact { system, what }, since_ns: now_ns, latest_ns: now_ns });
            }
        }
        if self.waiting.len() > WAITING_MAX {
            self.waiting.sort_by_key(|waiting| std::cmp::Reverse(waiting.fact.what.weight()));
            self.waiting.truncate(WAITING_MAX);
        }
    }
}

impl Waiting {
    fn ready_at_ns(&self) -> u64 {
        if self.fact.what.gathers() {
            (self.latest_ns + GATHER_NS).min(self.since_ns + GATHER_MAX_NS)
        } else {
            self.since_ns
        }
    }

    fn is_ready(&self, now_ns: u64) -> bool {
        now_ns >= self.ready_at_ns()
    }

    /// What is to be told now makes it untrue.
    fn is_undone_by(&self, system: SystemId, what: &What) -> bool {
        if self.fact.system != system {
            return false;
        }
        match (&self.fact.what, what) {
            (_, What::Gone { .. }) => true,
            (What::Gone { .. }, What::Connected) => true,
            (What::Slow(a), What::CaughtUp(b)) | (What::CaughtUp(a), What::Slow(b)) => a.component == b.component,
            (What::Failed(a), What::Restarted(b)) => a.component == b.component,
            (What::Joined { who, .. }, _) => who.count == 0,
            _ => false,
        }
    }
}

/// Told in one sentence.
fn is_alike(a: &What, b: &What) -> bool {
    match (a, b) {
        (What::Joined { type_name: a, .. }, What::Joined { type_name: b, .. })
        | (What::Left { type_name: a, .. }, What::Left { type_name: b, .. }) => a == b,
        (What::Problem { kind: a, component: x, .. }, What::Problem { kind: b, component: y, .. }) => (a, x) == (b, y),
        (What::Rate { .. }, What::Rate { .. })
        | (What::Grew { .. }, What::Grew { .. })
        | (What::Shrank { .. }, What::Shrank { .. }) => true,
        (a, b) => a == b,
    }
}

fn gather(into: &mut What, more: What) {
    match (into, more) {
        (What::Joined { who, .. }, What::Joined { who: more, .. })
        | (What::Left { who, .. }, What::Left { who: more, .. }) => who.join(more),
        (What::Grew { by }, What::Grew { by: more }) | (What::Shrank { by }, What::Shrank { by: more }) => *by += more,
        (What::Rate { to, .. }, What::Rate { to: now, .. }) => *to = now,
        _ => {}
    }
}
