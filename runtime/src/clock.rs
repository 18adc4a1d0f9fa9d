//! The clock by which everything in this process is timed.

use std::sync::OnceLock;
use std::time::Instant;

/// The process's monotonic clock: nanoseconds since the first call in this process, at least 1.
pub fn clock_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = *START.get_or_init(Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
}
