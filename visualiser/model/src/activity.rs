//! Running totals, and how much of them falls into the window: what rates are made of.

use crate::clock::Clock;
use crate::slab::{NONE, Pool};

/// A total of messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) total: u64,
    /// Since the older base and since the younger one, as of the epoch in which it last grew.
    older: u32,
    younger: u32,
}

/// A total of time spent in something that may be going on now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) total_ns: u64,
    /// When what goes on now began; 0 while nothing does.
    pub(crate) since: u64,
    older: f32,
    younger: f32,
}

/// What a component does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) busy: Spent,
    pub(crate) polls: u64,
    pub(crate) last_active_at: u64,
    pub(crate) epoch: u32,
    pub(crate) restarts: u32,
    /// In [`Activities::spans`]: few components stand for many short things.
    pub(crate) spans: u32,
    /// In [`Activities::waits`]: few programs measure how long their tasks are ready and do not run.
    pub(crate) scheduled: u32,
}

/// Many short things that a component stands for. They grow with its [`Work`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spans {
    pub(crate) begun: Tally,
    pub(crate) open: u32,
}

/// What goes through a postbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    pub(crate) messages: Tally,
    pub(crate) dropped: u64,
    pub(crate) depth: u32,
    pub(crate) high_water: u32,
    pub(crate) waiting: bool,
    /// Where its waits are, in [`Activities::waits`]: most boxes never wait.
    pub(crate) waits: u32,
    pub(crate) epoch: u32,
}

/// What goes through a linkage that counts for itself, or through a whole system.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flow {
    pub(crate) messages: Tally,
    pub(crate) epoch: u32,
}

/// All totals of one system. What nobody ever told anything about has no place here.
#[derive(Default)]
pub(crate) struct Activities {
    pub(crate) clock: Clock,
    pub(crate) work: Pool<Work>,
    pub(crate) traffic: Pool<Traffic>,
    pub(crate) waits: Pool<Spent>,
    pub(crate) spans: Pool<Spans>,
    pub(crate) flows: Pool<Flow>,
    /// Delivered by all outboxes.
    pub(crate) delivered: Flow,
    /// Structural changes.
    pub(crate) changes: Flow,
}

impl Default for Work {
    fn default() -> Self {
        Work {
            busy: Spent::default(),
            polls: 0,
            last_active_at: 0,
            epoch: 0,
            restarts: 0,
            spans: NONE,
            scheduled: NONE,
        }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Traffic {
            messages: Tally::default(),
            dropped: 0,
            depth: 0,
            high_water: 0,
            waiting: false,
            waits: NONE,
            epoch: 0,
        }
    }
}

impl Tally {
    /// Moves on by `age` bases.
    pub(crate) fn settle(&mut self, age: u32) {
        match age {
            0 => {}
            1 => self.older = std::mem::take(&mut self.younger),
            _ => (self.older, self.younger) = (0, 0),
        }
    }

    /// Takes a newer total; `past` keeps it out of the window. Answers by how much it grew.
    pub(crate) fn raise(&mut self, total: u64, past: bool) -> u64 {
        let more = total.saturating_sub(self.total);
        self.total += more;
        if !past {
            let seen = u32::try_from(more).unwrap_or(u32::MAX);
            self.older = self.older.saturating_add(seen);
            self.younger = self.younger.saturating_add(seen);
        }
        more
    }

    /// How much of the total falls into the window.
    pub(crate) fn recent(&self, age: u32) -> u32 {
        match age {
            0 => self.older,
            1 => self.younger,
            _ => 0,
        }
    }
}

impl Flow {
    pub(crate) fn add(&mut self, more: u64, clock: &mut Clock) {
        self.messages.settle(clock.age(self.epoch));
        self.epoch = clock.grow();
        self.messages.raise(self.messages.total.saturating_add(more), false);
    }

    pub(crate) fn rate(&self, clock: &Clock) -> f64 {
        clock.rate(f64::from(self.messages.recent(clock.age(self.epoch))))
    }
}

impl Spent {
    /// Moves on by `age` bases.
    pub(crate) fn settle(&mut self, age: u32) {
        match age {
            0 => {}
            1 => self.older = std::mem::take(&mut self.younger),
            _ => (self.older, self.younger) = (0.0, 0.0),
        }
    }

    /// Takes a newer total and what goes on now; `past` keeps the total out of the window.
    pub(crate) fn raise(&mut self, total_ns: u64, since: u64, past: bool, clock: &mut Clock) {
        let more = total_ns.saturating_sub(self.total_ns);
        if !past {
            // What went on when a base was taken and has ended now: its part before the base is not in the window.
            let before = |base: u64| {
                if self.since == 0 { 0 } else { base.saturating_sub(self.since) }
            };
            self.older += more.saturating_sub(before(clock.base)) as f32;
            self.younger += more.saturating_sub(before(clock.younger())) as f32;
        }
        self.total_ns += more;
        self.since = since;
        clock.begin(since);
    }

    /// Nanoseconds of the window that have ended.
    pub(crate) fn recent_ns(&self, age: u32) -> f32 {
        match age {
            0 => self.older,
            1 => self.younger,
            _ => 0.0,
        }
    }

    /// The part of the window spent so, what goes on now included: 0 to 1.
    pub(crate) fn share(&self, age: u32, clock: &Clock) -> f32 {
        let window = clock.window_secs();
        if window <= 0.0 {
            return 0.0;
        }
        let now = if self.since == 0 { 0 } else { clock.at.saturating_sub(self.since.max(clock.base)) };
        ((f64::from(self.recent_ns(age)) + now as f64) / 1e9 / window).min(1.0) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_wait_that_began_before_the_window_counts_only_within_it() {
        let mut clock = Clock::default();
        clock.sample(10 * SECOND);
        let mut waits = Spent::default();
        waits.raise(0, 5 * SECOND, false, &mut clock);
        clock.sample(11 * SECOND);
        assert_eq!(waits.share(clock.age(0), &clock), 1.0, "waiting all the time");
        waits.settle(clock.age(0));
        let epoch = clock.grow();
        // It ended at 11.5, having lasted 6.5 s, of which 1.5 s since the older base.
        waits.raise(6 * SECOND + SECOND / 2, 0, false, &mut clock);
        clock.sample(11 * SECOND + 900_000_000);
        let share = waits.share(clock.age(epoch), &clock);
        assert!((share - 1.5 / 1.9).abs() < 0.001, "{share}");
    }

    #[test]
    fn a_tally_counts_for_two_bases() {
        let mut tally = Tally::default();
        assert_eq!(tally.raise(100, true), 100);
        assert_eq!(tally.raise(130, false), 30);
        assert_eq!([0, 1, 2].map(|age| tally.recent(age)), [30, 30, 0]);
        tally.settle(1);
        tally.raise(135, false);
        assert_eq!([0, 1, 2].map(|age| tally.recent(age)), [35, 5, 0]);
    }

    #[test]
    fn huge_totals_do_not_overflow() {
        let mut tally = Tally::default();
        tally.raise(u64::MAX, false);
        assert_eq!(tally.recent(0), u32::MAX);
        let mut flow = Flow::default();
        let mut clock = Clock::default();
        flow.add(u64::MAX, &mut clock);
        flow.add(u64::MAX, &mut clock);
        assert_eq!(flow.messages.total, u64::MAX);
    }
}
