//! Time without what other programs took: a machine that also builds something would be measured otherwise.

use std::time::Duration;

/// This thread, to the kernel.
const THIS_THREAD: &str = "/proc/thread-self/schedstat";

/// Does `work`, which returns how long it took, and takes off for how long this thread wanted its processor while others
/// had it. Where it waits for something else, as for a lock, it does not want the processor, and that counts.
///
/// Where the kernel does not tell, nothing is taken off.
pub(crate) fn undisturbed<E>(work: impl FnOnce() -> Result<Duration, E>) -> Result<Duration, E> {
    let before = delayed(THIS_THREAD);
    let took = work()?;
    Ok(took.saturating_sub(delayed(THIS_THREAD).saturating_sub(before)))
}

/// How long the thread whose `schedstat` is in this file has been runnable and not run, in all.
pub(crate) fn delayed(file: &str) -> Duration {
    let stat = std::fs::read_to_string(file).unwrap_or_default();
    let delay = stat.split_whitespace().nth(1).and_then(|ns| ns.parse().ok());
    Duration::from_nanos(delay.unwrap_or(0))
}
