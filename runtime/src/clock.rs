//! The clock by which everything in this process is timed.

use std::sync::OnceLock;
use std::time::Instant;

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
