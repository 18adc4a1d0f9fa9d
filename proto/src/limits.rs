//! How large things may be. Whoever sends keeps to them; whoever receives refuses the excess, counts it and shows it.

use std::time::Duration;

/// The longest string anywhere, in bytes of UTF-8.
pub const STRING_BYTES: usize = 1024;

/// The largest Report, encoded, in bytes. Snapshots come in parts so that each fits.
pub const REPORT_BYTES: usize = 1024 * 1024;

/// The most components of one system.
pub const COMPONENTS_PER_SYSTEM: usize = 1_000_000;

/// The most postboxes of one system.
pub const POSTBOXES_PER_SYSTEM: usize = 8_000_000;

/// The most linkages of one system.
pub const LINKAGES_PER_SYSTEM: usize = 8_000_000;

/// The most labels of one thing.
pub const LABELS: usize = 32;

/// The most systems connected at a time.
pub const SYSTEMS: usize = 64;

/// The most instances kept after they left, all names together.
pub const DEPARTED_SYSTEMS: usize = 16;

/// What all systems together may take in the model, in bytes, by the model's own estimate.
pub const MODEL_BYTES: usize = 4 * 1024 * 1024 * 1024;

/// The shortest time from one tick of a probe to the next.
pub const CADENCE_MIN: Duration = Duration::from_millis(20);

/// The time from one tick to the next unless the visualiser asks for another.
pub const CADENCE_DEFAULT: Duration = Duration::from_millis(100);

/// The longest time a probe stays silent while connected; an empty Activity says that it is still there.
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// The most samples a second of one tap.
pub const TAP_SAMPLES_PER_SECOND: u32 = 100;

/// The most bytes of one tap sample.
pub const TAP_BYTES: u32 = 4096;

/// The shortest time between two answers to Resync.
pub const RESYNC_INTERVAL: Duration = Duration::from_secs(1);

/// `text`, cut to [`STRING_BYTES`] at a character's edge; true when something was cut.
pub fn cut(mut text: String) -> (String, bool) {
    if text.len() <= STRING_BYTES {
        return (text, false);
    }
    text.truncate(text.floor_char_boundary(STRING_BYTES));
    text.shrink_to_fit();
    (text, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_within_the_limit_is_left_alone() {
        assert_eq!(cut("a".repeat(STRING_BYTES)), ("a".repeat(STRING_BYTES), false));
    }

    #[test]
    fn a_longer_string_is_cut_at_a_characters_edge() {
        let (text, was_cut) = cut("€".repeat(STRING_BYTES));
        assert!(was_cut);
        assert_eq!(text.len(), STRING_BYTES - STRING_BYTES % 3);
        assert!(text.chars().all(|c| c == '€'));
    }
}
