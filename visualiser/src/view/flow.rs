//! Activity made visible: how fast dashes travel, from measured totals and nothing else.

use std::collections::HashMap;

use axonscope_model::{LinkageId, SystemId};

use super::picture::Picture;

/// World units a second: one message a second crawls, a million runs, and both can be followed with the eye.
const SLOWEST: f32 = 22.0;
const PER_DECADE: f32 = 14.0;
const FASTEST: f32 = 105.0;
/// Messages a second below which nothing is said to flow.
const NOTHING: f64 = 0.01;
/// The dashes' period in `draw.wgsl`, in world units.
const PERIOD: f32 = 40.0;

/// How far the dashes of each linkage have come. A rate that changes changes their speed and never their place.
#[derive(Default)]
pub(crate) struct Flows {
    of: HashMap<(SystemId, LinkageId), (f32, f32)>,
    at: f64,
}

impl Flows {
    /// Brings every linkage of the picture to the instant `now`; forgets the others.
    pub(crate) fn advance(&mut self, picture: &Picture, now: f64, still: bool) {
        let passed = (now - self.at).max(0.0) as f32;
        self.at = now;
        let old = std::mem::take(&mut self.of);
        for link in picture.links.iter().filter(|link| link.rate > NOTHING && !link.passthrough) {
            let (before, phase) = old.get(&link.key).copied().unwrap_or_default();
            let phase = (phase + before * passed) % PERIOD;
            // A still picture shows dashes where messages flow; a crawl too slow to see keeps them drawn.
            self.of.insert(link.key, (if still { 1e-6 } else { speed(link.rate) }, phase));
        }
    }

    /// Speed in world units a second and phase in world units.
    pub(crate) fn of(&self, linkage: (SystemId, LinkageId)) -> (f32, f32) {
        self.of.get(&linkage).copied().unwrap_or_default()
    }

    /// Something travels.
    pub(crate) fn any(&self) -> bool {
        !self.of.is_empty()
    }
}

fn speed(rate: f64) -> f32 {
    (SLOWEST + PER_DECADE * (1.0 + rate).log10() as f32).min(FASTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faster_rates_travel_faster_within_a_calm_range() {
        assert!(speed(1.0) < speed(100.0) && speed(100.0) < speed(10_000.0));
        assert!(speed(0.02) >= SLOWEST);
        assert_eq!(speed(1e12), FASTEST);
    }
}
