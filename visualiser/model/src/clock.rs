//! The times of a system's samples, and the window of one to two seconds that rates are taken over.

/// How long a base serves before the next one is taken.
const ROTATION_NS: u64 = 1_000_000_000;
/// How long after a snapshot's first sample the first total of a thing counts as its past and not as traffic.
const SETTLING_NS: u64 = 1_000_000_000;
/// A window shorter than this says nothing.
const SHORTEST_NS: u64 = 10_000_000;

/// Nothing is touched when a base gets old: totals remember in which `epoch` they last grew, and [`Clock::age`] says
/// what of that still counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// When the latest totals were read; 0 before the first sample.
    pub(crate) at: u64,
    /// The older base, where the window begins.
    pub(crate) base: u64,
    /// The younger base.
    younger: u64,
    epoch: u32,
    /// The epoch in which something last grew.
    grew: u32,
    /// The latest time at which something began that may still go on.
    began: u64,
    settles_at: u64,
    /// False from a silence or a parting up to the next sample: nothing is known to flow.
    pub(crate) flowing: bool,
}

impl Clock {
    /// All totals are told up to `at`. True when rates can have changed by it; none when time went backwards.
    pub(crate) fn sample(&mut self, at: u64) -> Option<bool> {
        if at < self.at {
            return None;
        }
        let resumes = !std::mem::replace(&mut self.flowing, true);
        // What began within the window takes a growing part of it.
        let spreads = self.began > self.base;
        if self.at == 0 {
            (self.base, self.younger) = (at, at);
            self.epoch = self.epoch.wrapping_add(2);
            self.grew = self.epoch;
        } else if at - self.younger >= ROTATION_NS {
            self.base = std::mem::replace(&mut self.younger, at);
            self.epoch = self.epoch.wrapping_add(1);
        }
        self.at = at;
        if self.settles_at == u64::MAX {
            self.settles_at = at.saturating_add(SETTLING_NS);
        }
        // Two rotations after the last growth everything has reached zero and rests.
        Some(resumes || spreads || self.age(self.grew) <= 2)
    }

    /// A snapshot began: totals of what it brings are history.
    pub(crate) fn unsettle(&mut self) {
        self.settles_at = u64::MAX;
    }

    /// Whether the first total of something that a snapshot brought is its past.
    pub(crate) fn settles(&self) -> bool {
        self.at < self.settles_at
    }

    /// Something grew; answers the epoch to remember.
    pub(crate) fn grow(&mut self) -> u32 {
        self.grew = self.epoch;
        self.epoch
    }

    /// Something goes on since then.
    pub(crate) fn begin(&mut self, since: u64) {
        self.began = self.began.max(since);
    }

    /// How many bases were taken since `epoch`.
    pub(crate) fn age(&self, epoch: u32) -> u32 {
        self.epoch.wrapping_sub(epoch)
    }

    /// Seconds from the older base to the latest sample; 0 while there is nothing to divide by.
    pub(crate) fn window_secs(&self) -> f64 {
        let window = self.at - self.base;
        if self.flowing && window >= SHORTEST_NS { window as f64 / 1e9 } else { 0.0 }
    }

    /// The base that the window will begin at next.
    pub(crate) fn younger(&self) -> u64 {
        self.younger
    }

    /// `amount` of a window as so much a second.
    pub(crate) fn rate(&self, amount: f64) -> f64 {
        let window = self.window_secs();
        if window > 0.0 { amount / window } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_spans_one_to_two_seconds() {
        let mut clock = Clock::default();
        let mut windows = Vec::new();
        for tick in 0..40 {
            clock.sample(5_000_000_000 + tick * 100_000_000);
            windows.push((clock.window_secs() * 10.0).round() as u32);
        }
        assert_eq!(windows[..22], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 10, 11]);
        assert!(windows[20..].iter().all(|window| (10..20).contains(window)));
    }

    #[test]
    fn a_clock_at_rest_says_so() {
        let mut clock = Clock::default();
        assert_eq!(clock.sample(1_000_000_000), Some(true));
        clock.grow();
        let visible: Vec<_> = (2..8).map(|second| clock.sample(second * 1_000_000_000)).collect();
        assert_eq!(visible, [Some(true), Some(true), Some(false), Some(false), Some(false), Some(false)]);
    }

    #[test]
    fn time_does_not_go_backwards() {
        let mut clock = Clock::default();
        clock.sample(9);
        assert_eq!(clock.sample(8), None);
        assert_eq!(clock.at, 9);
    }
}
