//! Activity made visible, from measured totals and nothing else: how fast and how close dashes travel, and how wide a
//! linkage is. The legend draws its samples by the same numbers.

use std::collections::HashMap;

use axonscope_model::{LinkageId, SystemId};

use super::palette::size;
use super::picture::{Link, NodeKey};

/// World units a second: dashes crawl or walk, and can be followed with the eye at any rate.
const SLOWEST: f32 = 24.0;
const PER_DECADE: f32 = 9.0;
const FASTEST: f32 = 70.0;
/// World units from one dash to the next, by decades of messages a second: up to ten, up to a hundred, and so on. In
/// steps, as a linkage whose dashes move apart by themselves would seem to flow.
const PERIODS: [f32; 6] = [76.0, 58.0, 44.0, 33.0, 25.0, 19.0];
/// How long a dash is, in world units; as in `draw.wgsl`.
pub(crate) const DASH: f32 = 11.0;
/// Messages a second below which nothing is said to flow.
const NOTHING: f64 = 0.01;

/// Decades of messages a second, in steps too small to be seen, so that a rate that hardly changes changes nothing drawn.
pub(crate) fn decades(rate: f64) -> f32 {
    ((1.0 + rate.max(0.0)).log10() * 16.0).round() as f32 / 16.0
}

/// What flows by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Stream {
    Link((SystemId, LinkageId)),
    /// All that is gathered between two nodes.
    Gathered(NodeKey, NodeKey),
}

/// How dashes are drawn.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Dashes {
    /// World units a second; 0 without dashes.
    pub(crate) speed: f32,
    /// World units from one to the next, and where the first is.
    pub(crate) period: f32,
    pub(crate) phase: f32,
}

/// How fast the dashes of each linkage travel, and where they would have been at `since`. A rate that changes changes
/// their speed and never their place.
#[derive(Default)]
pub(crate) struct Flows {
    of: HashMap<Stream, Dashes>,
    /// In seconds of the app's clock.
    pub(crate) since: f64,
}

/// The distance that dashes travel is told in single precision; so it begins anew after so many seconds.
const ANEW_SECS: f64 = 600.0;

impl Flows {
    /// Brings these, each with its rate, to the instant `now`; forgets the others.
    pub(crate) fn advance(&mut self, streams: impl Iterator<Item = (Stream, f64)>, now: f64, still: bool) {
        let passed = (now - self.since).max(0.0) as f32;
        let is_new_count = now - self.since > ANEW_SECS;
        let old = std::mem::take(&mut self.of);
        for (stream, rate) in streams.filter(|(_, rate)| *rate > NOTHING) {
            // A still picture shows dashes where messages flow.
            let speed = if still { STILL } else { speed(rate) };
            let period = period(rate);
            let before = old.get(&stream).copied().unwrap_or(Dashes { speed, period, phase: 0.0 });
            let gone = if is_new_count { before.speed * passed } else { (before.speed - speed) * passed };
            let phase = (before.phase + gone).rem_euclid(period);
            self.of.insert(stream, Dashes { speed, period, phase });
        }
        if is_new_count {
            self.since = now;
        }
    }

    pub(crate) fn of(&self, stream: Stream) -> Dashes {
        self.of.get(&stream).copied().unwrap_or_default()
    }

    /// Anything flows.
    pub(crate) fn any(&self) -> bool {
        !self.of.is_empty()
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

/// World units from one dash to the next.
pub(crate) fn period(rate: f64) -> f32 {
    PERIODS[(decades(rate) as usize).min(PERIODS.len() - 1)]
}

/// World units: wider by the logarithm of the rate.
pub(crate) fn width(rate: f64) -> f32 {
    (size::LINKAGE + size::LINKAGE_PER_DECADE * decades(rate)).min(size::LINKAGE_MAX)
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

    const STREAM: Stream = Stream::Link((SystemId(1), LinkageId(1)));

    /// How far a dash has come at `now`, within one period.
    fn place(flows: &Flows, now: f64) -> f32 {
        let Dashes { speed, period, phase } = flows.of(STREAM);
        (phase + speed * (now - flows.since) as f32).rem_euclid(period)
    }

    #[test]
    fn more_messages_are_denser_and_wider() {
        assert!(period(5.0) > period(50.0) && period(50.0) > period(5e4));
        assert_eq!(period(1e30), PERIODS[5]);
        assert_eq!(width(0.0), size::LINKAGE);
        let step = width(99_999.0) - width(9_999.0);
        assert!((step - size::LINKAGE_PER_DECADE).abs() < 1e-3 || width(99_999.0) == size::LINKAGE_MAX);
        assert_eq!(width(1e30), size::LINKAGE_MAX);
    }

    #[test]
    fn a_rate_that_changes_moves_no_dash_at_once() {
        let mut flows = Flows::default();
        flows.advance([(STREAM, 10.0)].into_iter(), 100.0, false);
        for (rate, now) in [(80.0, 101.5), (12.0, 102.5), (12.0, 900.0), (50.0, 901.0)] {
            let before = place(&flows, now);
            flows.advance([(STREAM, rate)].into_iter(), now, false);
            let period = flows.of(STREAM).period;
            let jump = (place(&flows, now) - before).abs();
            assert!(jump.min(period - jump) < 0.1, "{jump} at {now}");
        }
    }

    #[test]
    fn a_rate_that_trembles_changes_nothing() {
        let mut flows = Flows::default();
        flows.advance([(STREAM, 1000.0)].into_iter(), 1.0, false);
        let before = flows.of(STREAM);
        flows.advance([(STREAM, 1003.0)].into_iter(), 2.0, false);
        assert_eq!(flows.of(STREAM), before);
    }
}
