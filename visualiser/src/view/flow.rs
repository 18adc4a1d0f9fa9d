//! Activity made visible: how fast dashes travel, from measured totals and nothing else.

use std::collections::HashMap;

use axonscope_model::{LinkageId, SystemId};

use super::picture::Link;

/// World units a second: one message a second crawls, a million runs, and both can be followed with the eye.
const SLOWEST: f32 = 22.0;
const PER_DECADE: f32 = 14.0;
const FASTEST: f32 = 105.0;
/// Messages a second below which nothing is said to flow.
const NOTHING: f64 = 0.01;
/// The dashes' period in `draw.wgsl`, in world units.
const PERIOD: f32 = 40.0;

/// Decades of messages a second, in steps too small to be seen, so that a rate that hardly changes changes nothing drawn.
pub(crate) fn decades(rate: f64) -> f32 {
    ((1.0 + rate.max(0.0)).log10() * 16.0).round() as f32 / 16.0
}

/// How fast the dashes of each linkage travel, and where they would have been at `since`. A rate that changes changes
/// their speed and never their place.
#[derive(Default)]
pub(crate) struct Flows {
    of: HashMap<(SystemId, LinkageId), (f32, f32)>,
    /// In seconds of the app's clock.
    pub(crate) since: f64,
}

/// The distance that dashes travel is told in single precision; so it begins anew after so many seconds.
const ANEW_SECS: f64 = 600.0;

impl Flows {
    /// Brings these linkages to the instant `now`; forgets the others.
    pub(crate) fn advance<'a>(&mut self, links: impl Iterator<Item = &'a Link>, now: f64, still: bool) {
        let passed = (now - self.since).max(0.0) as f32;
        let is_new_count = now - self.since > ANEW_SECS;
        let old = std::mem::take(&mut self.of);
        for link in links.filter(|link| flows(link)) {
            // A still picture shows dashes where messages flow.
            let speed = if still { STILL } else { speed(link.rate) };
            let (before, phase) = old.get(&link.key).copied().unwrap_or((speed, 0.0));
            let phase = if is_new_count { phase + before * passed } else { phase + (before - speed) * passed };
            self.of.insert(link.key, (speed, phase.rem_euclid(PERIOD)));
        }
        if is_new_count {
            self.since = now;
        }
    }

    /// Speed in world units a second and phase in world units.
    pub(crate) fn of(&self, linkage: (SystemId, LinkageId)) -> (f32, f32) {
        self.of.get(&linkage).copied().unwrap_or_default()
    }
}

/// A speed that draws dashes and moves none.
const STILL: f32 = 1e-6;

/// Dashes are to be drawn on it.
pub(crate) fn flows(link: &Link) -> bool {
    link.rate > NOTHING && !link.passthrough
}

fn speed(rate: f64) -> f32 {
    (SLOWEST + PER_DECADE * decades(rate)).min(FASTEST)
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

    fn link(rate: f64) -> Link {
        let key = (SystemId(1), LinkageId(1));
        let trouble = crate::view::picture::Trouble::None;
        Link { key, slot: 0, from: 0, to: 0, passthrough: false, rate, trouble, gone: false }
    }

    /// Where the dashes are at `now`, within one period.
    fn place(flows: &Flows, now: f64) -> f32 {
        let (speed, phase) = flows.of(link(0.0).key);
        (phase + speed * (now - flows.since) as f32).rem_euclid(PERIOD)
    }

    #[test]
    fn a_rate_that_changes_moves_no_dash_at_once() {
        let mut flows = Flows::default();
        flows.advance([link(10.0)].iter(), 100.0, false);
        for (rate, now) in [(1000.0, 101.5), (3.0, 102.5), (3.0, 900.0), (50.0, 901.0)] {
            let before = place(&flows, now);
            flows.advance([link(rate)].iter(), now, false);
            let jump = (place(&flows, now) - before).abs();
            assert!(jump.min(PERIOD - jump) < 0.1, "{jump} at {now}");
        }
    }

    #[test]
    fn a_rate_that_trembles_changes_nothing() {
        let mut flows = Flows::default();
        flows.advance([link(1000.0)].iter(), 1.0, false);
        let before = flows.of(link(0.0).key);
        flows.advance([link(1003.0)].iter(), 2.0, false);
        assert_eq!(flows.of(link(0.0).key), before);
    }
}
