//! What the probe allows itself beyond what the program holds: 16 MiB together, however long nobody listens.
//!
//! The wire's own limits are in [`axonscope_proto::limits`].

use std::time::Duration;

/// Events that wait for the probe's thread, by what they weigh; shared by all visualisers. While the thread takes one load
/// in, the observer fills the next, so that up to two exist for a moment.
pub(crate) const PENDING_BYTES: usize = 2 * 1024 * 1024;

/// Changes that wait for visualisers, merged; shared by all of them.
pub(crate) const LEDGER_BYTES: usize = 3 * 1024 * 1024;

/// What the program told by hand or by `tracing`, and nobody else remembers.
pub(crate) const REGISTRY_BYTES: usize = 4 * 1024 * 1024;

/// Log lines and tapped messages that wait; shared by all visualisers.
pub(crate) const LANE_BYTES: usize = 512 * 1024;

/// Visualisers that are dialled at the same time.
pub(crate) const ENDPOINTS: usize = 8;

/// About how large one Report is made, encoded: far below the wire's limit of 1 MiB, because as Rust values a Report
/// takes three to four times as much, and [`REPORTS_AHEAD`] and two more of them exist at a time.
pub(crate) const PART_BYTES: usize = 256 * 1024;

/// Reports that may wait for the network. More would only be older when they arrive.
pub(crate) const REPORTS_AHEAD: usize = 2;

/// Of one core, the most that reading totals may take is one part in so many: a large system is read less often.
pub(crate) const SWEEP_SHARE: u32 = 20;

/// The longest time from one tick to the next that a visualiser may ask for.
pub(crate) const CADENCE_MAX: Duration = Duration::from_secs(60);

/// How long a program that ends waits for its last words to be delivered.
pub(crate) const FAREWELL_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_they_stay_within_what_is_promised() {
        let reports = PART_BYTES * 4 * (REPORTS_AHEAD + 2);
        let waiting = 2 * PENDING_BYTES + LEDGER_BYTES + 2 * LANE_BYTES;
        assert!(waiting + REGISTRY_BYTES + reports <= 16 * 1024 * 1024);
    }

    #[test]
    fn a_part_leaves_room_for_the_largest_thing_that_may_overshoot_it() {
        let largest = 8 * axonscope_proto::limits::STRING_BYTES + 2 * 32 * axonscope_proto::limits::STRING_BYTES;
        assert!(PART_BYTES + 2 * largest < axonscope_proto::limits::REPORT_BYTES);
    }
}
