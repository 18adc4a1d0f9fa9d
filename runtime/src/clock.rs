//! The clock by which everything in this process is timed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quanta::Clock;

/// What stands for the time of something that happened when nobody asked the clock.
pub(crate) const AT_UNKNOWN_TIME: u64 = 1;

/// The process's monotonic clock: nanoseconds since the first call in this process, and always more than 1, which
/// stands for a time that is not known.
#[inline]
pub fn clock_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    // Every timed poll comes by here twice: `as_nanos` counts in 128 bits, which takes longer than five centuries need.
    let since = start.elapsed();
    since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos()) + AT_UNKNOWN_TIME + 1
}

/// The clock of polls, which are short and many: it reads the processor's own counter where that can be relied on, which
/// takes a third of the time. What it counts is within some 100 parts in a million of the truth.
struct PollClock {
    clock: Clock,
    start: u64,
}

/// What must be added to the poll clock's time to have that of [`clock_ns`].
static AHEAD_NS: AtomicU64 = AtomicU64::new(0);

fn poll_clock() -> &'static PollClock {
    static CLOCK: OnceLock<PollClock> = OnceLock::new();
    CLOCK.get_or_init(|| {
        let clock = Clock::new();
        let start = clock.raw();
        PollClock { clock, start }
    })
}

/// Sets the clock of polls by [`clock_ns`]. Whoever reads what was timed does so before, and so often that the two have no
/// time to drift apart.
pub(crate) fn set_poll_clock() {
    let poll = poll_clock();
    let since_start = poll.clock.delta_as_nanos(poll.start, poll.clock.raw());
    AHEAD_NS.store(clock_ns().wrapping_sub(since_start), Ordering::Relaxed);
}

/// An instant on the clock of polls.
#[derive(Clone, Copy)]
pub(crate) struct PollInstant(u64);

impl PollInstant {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(poll_clock().clock.raw())
    }

    /// In nanoseconds of [`clock_ns`].
    #[inline]
    pub(crate) fn clock_ns(self) -> u64 {
        let poll = poll_clock();
        poll.clock.delta_as_nanos(poll.start, self.0).wrapping_add(AHEAD_NS.load(Ordering::Relaxed))
    }

    /// Nanoseconds from then until now.
    #[inline]
    pub(crate) fn elapsed_ns(self) -> u64 {
        let clock = &poll_clock().clock;
        clock.delta_as_nanos(self.0, clock.raw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_polls_keeps_to_the_clock() {
        set_poll_clock();
        for _ in 0..100 {
            let (before, poll, after) = (clock_ns(), PollInstant::now(), clock_ns());
            // Ten times what may be wrong after a second.
            let slack = 1_000_000;
            assert!(
                (before.saturating_sub(slack)..after + slack).contains(&poll.clock_ns()),
                "{before} {} {after}",
                poll.clock_ns()
            );
            assert!(poll.elapsed_ns() <= clock_ns() - before + slack);
        }
    }
}
