//! The last two minutes of rates and shares, a sample a second, thin and within a bound: what sparklines are drawn from.
//!
//! Nothing is kept of what never did anything. While nothing happens nobody looks, and nothing is different: the values
//! between two looks are those of the first. What a system that is not live did then is not known, and is a gap.

use std::collections::{HashMap, HashSet};

use axonscope_model::{ComponentId, Model, PostboxId, Status, SystemId};

/// Samples of one figure, one a second.
pub const HISTORY_SECS: usize = 120;
/// With all they need these take less than 32 MiB.
const TRACKS_MAX: usize = 56_000;
/// A second of which nothing is known.
const GAP: u16 = u16::MAX;
/// Of a rate: so many steps double it.
const STEPS: f64 = 1024.0;
/// Of a share: so many steps are all of it.
const WHOLE: f32 = 10_000.0;

/// Whose past it is, in a system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// The whole: messages a second.
    System,
    /// Messages in and out a second, and the share of time it is busy.
    Component(ComponentId),
    /// Messages a second, and how full it is.
    Postbox(PostboxId),
}

/// Two figures of one subject over time, the oldest first; a gap is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Messages a second.
    pub rates: Vec<Option<f64>>,
    /// Shares from 0 to 1.
    pub shares: Vec<Option<f32>>,
    /// Nothing is known from before it was selected, because too much else was kept.
    pub since_selected: bool,
}

/// What was seen of one subject at one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    of: (SystemId, Subject),
    rate: u16,
    share: u16,
}

impl Sample {
    fn strength(&self) -> u16 {
        self.rate.max(self.share)
    }
}

/// One look at all systems.
#[derive(Default)]
pub(crate) struct Look {
    samples: Vec<Sample>,
    /// Those that are live; of the others nothing is known now.
    live: HashSet<SystemId>,
    known: HashSet<SystemId>,
}

impl Look {
    /// Looks at everything that does anything, boxes with totals of their own only.
    pub(crate) fn at(model: &Model) -> Self {
        let mut look = Self::default();
        for system in model.systems() {
            look.known.insert(system.id());
            if *system.status() != Status::Live {
                continue;
            }
            look.live.insert(system.id());
            look.add((system.id(), Subject::System), system.messages_per_second(), 0.0);
            for component in system.components() {
                let rate: f64 = component.postboxes().filter(|postbox| postbox.is_counted()).map(|b| b.rate()).sum();
                look.add((system.id(), Subject::Component(component.id())), rate, component.busy_share());
            }
            for postbox in system.postboxes().filter(|postbox| postbox.is_counted()) {
                let of = (system.id(), Subject::Postbox(postbox.id()));
                look.add(of, postbox.rate(), postbox.fill().unwrap_or(0.0));
            }
        }
        look
    }

    fn add(&mut self, of: (SystemId, Subject), rate: f64, share: f32) {
        let (rate, share) = (thin_rate(rate), thin_share(share));
        if rate > 0 || share > 0 {
            self.samples.push(Sample { of, rate, share });
        }
    }
}

fn thin_rate(rate: f64) -> u16 {
    let steps = (1.0 + rate.max(0.0)).log2() * STEPS;
    steps.round().min(f64::from(GAP - 1)) as u16
}

fn thin_share(share: f32) -> u16 {
    (share.clamp(0.0, 1.0) * WHOLE).round() as u16
}

#[derive(Clone)]
struct Track {
    /// Rates and shares, by second modulo their number.
    figures: Box<[(u16, u16); HISTORY_SECS]>,
    began: u64,
    last: u64,
    /// The last second in which anything was.
    stirred: u64,
    since_selected: bool,
    /// How much happened lately.
    strength: u16,
}

impl Track {
    fn new(second: u64, since_selected: bool) -> Self {
        let figures = Box::new([(0, 0); HISTORY_SECS]);
        Self { figures, began: second, last: second, stirred: second, since_selected, strength: 0 }
    }

    fn write(&mut self, second: u64, figures: (u16, u16)) {
        let before = self.figures[self.last as usize % HISTORY_SECS];
        let missed = (self.last + 1).max(second.saturating_sub(HISTORY_SECS as u64))..second;
        missed.for_each(|missed| self.figures[missed as usize % HISTORY_SECS] = before);
        self.figures[second as usize % HISTORY_SECS] = figures;
        self.last = second;
        let strength = if figures.0 == GAP { 0 } else { figures.0.max(figures.1) };
        self.strength = strength.max(self.strength - self.strength / 64);
        if strength > 0 {
            self.stirred = second;
        }
    }
}

/// The past of everything that did anything lately; beyond the bound of the busiest, and of what is selected.
#[derive(Default)]
pub(crate) struct History {
    tracks: HashMap<(SystemId, Subject), Track>,
    selected: HashSet<(SystemId, Subject)>,
    began: Option<u64>,
}

impl History {
    /// Takes a look at that second, of a clock that begins at 1.
    pub(crate) fn take(&mut self, look: &Look, second: u64) {
        let began = *self.began.get_or_insert(second);
        let mut newcomers: Vec<&Sample> = Vec::new();
        for sample in &look.samples {
            match self.tracks.get_mut(&sample.of) {
                Some(track) => track.write(second, (sample.rate, sample.share)),
                None => newcomers.push(sample),
            }
        }
        for ((system, _), track) in self.tracks.iter_mut().filter(|(_, track)| track.last < second) {
            track.write(second, if look.live.contains(system) { (0, 0) } else { (GAP, GAP) });
        }
        let selected = &self.selected;
        self.tracks.retain(|of, track| {
            let is_of_use = second - track.stirred < HISTORY_SECS as u64 || selected.contains(of);
            look.known.contains(&of.0) && is_of_use
        });
        let is_full = self.tracks.len() + newcomers.len() > TRACKS_MAX;
        let floor = if is_full { self.make_room(&newcomers) } else { 0 };
        let strong = newcomers.iter().filter(|sample| sample.strength() > floor).count();
        let mut spare = TRACKS_MAX.saturating_sub(self.tracks.len() + strong);
        for sample in newcomers {
            let is_equal = sample.strength() == floor && spare > 0;
            spare -= usize::from(is_equal);
            if is_equal || sample.strength() > floor || self.selected.contains(&sample.of) {
                // Where there is room for all it did nothing until now.
                let mut track = Track::new(if is_full { second } else { began }, is_full);
                track.last = second;
                track.write(second, (sample.rate, sample.share));
                self.tracks.insert(sample.of, track);
            }
        }
    }

    /// Forgets the weakest until the strong among the newcomers have room; how strong one must be to be taken.
    fn make_room(&mut self, newcomers: &[&Sample]) -> u16 {
        // Else two that are about equal would drive each other out all the time.
        const BONUS: u16 = 1024;
        let weight = |track: &Track| track.strength.saturating_add(BONUS);
        let known = self.tracks.values().map(weight);
        let mut weights: Vec<u16> = known.chain(newcomers.iter().map(|sample| sample.strength())).collect();
        let (_, &mut floor, _) = weights.select_nth_unstable_by(TRACKS_MAX - 1, |a, b| b.cmp(a));
        let above = weights.iter().filter(|&&weight| weight > floor).count();
        let mut spare = TRACKS_MAX - above;
        let selected = &self.selected;
        self.tracks.retain(|of, track| {
            let weight = weight(track);
            let is_kept = weight > floor || weight == floor && spare > 0;
            spare -= usize::from(is_kept && weight == floor);
            is_kept || selected.contains(of)
        });
        floor
    }

    /// What is selected is kept whatever else happens.
    pub(crate) fn select(&mut self, selected: impl IntoIterator<Item = (SystemId, Subject)>) {
        self.selected = selected.into_iter().take(TRACKS_MAX / 8).collect();
    }

    /// The past until that second; none of what did nothing lately.
    pub(crate) fn trace(&self, of: (SystemId, Subject), second: u64) -> Option<Trace> {
        let track = self.tracks.get(&of)?;
        let first = track.began.max((second + 1).saturating_sub(HISTORY_SECS as u64));
        let mut trace = Trace { since_selected: track.since_selected, ..Trace::default() };
        for at in first..=second {
            // What is not looked at any more is as it was.
            let (rate, share) = match at {
                at if at <= track.last && track.last - at >= HISTORY_SECS as u64 => (GAP, GAP),
                at => track.figures[at.min(track.last) as usize % HISTORY_SECS],
            };
            let is_gap = rate == GAP;
            trace.rates.push((!is_gap).then(|| (f64::from(rate) / STEPS).exp2() - 1.0));
            trace.shares.push((!is_gap).then(|| f32::from(share) / WHOLE));
        }
        Some(trace)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SYSTEM: SystemId = SystemId(1);

    fn of(number: u64) -> (SystemId, Subject) {
        (SYSTEM, Subject::Postbox(PostboxId(number)))
    }

    fn look(samples: &[(u64, f64, f32)]) -> Look {
        let mut look = Look { live: [SYSTEM].into(), known: [SYSTEM].into(), ..Look::default() };
        samples.iter().for_each(|&(number, rate, share)| look.add(of(number), rate, share));
        look
    }

    fn rates(history: &History, number: u64, second: u64) -> Vec<Option<i64>> {
        let trace = history.trace(of(number), second).unwrap();
        trace.rates.iter().map(|rate| rate.map(|rate| rate.round() as i64)).collect()
    }

    #[test]
    fn figures_come_back_nearly_as_they_were() {
        for rate in [0.0, 0.4, 12.0, 2104.0, 1.2e6, 1e12] {
            let back = (f64::from(thin_rate(rate)) / STEPS).exp2() - 1.0;
            assert!((back - rate).abs() <= 0.002 * rate + 0.001, "{rate} {back}");
        }
        assert!(thin_rate(f64::INFINITY) < GAP && thin_share(7.0) == 10_000);
    }

    #[test]
    fn what_happened_is_there_second_by_second_and_what_did_not_is_nothing() {
        let mut history = History::default();
        history.take(&look(&[(1, 10.0, 0.5)]), 1);
        history.take(&look(&[(1, 20.0, 0.5)]), 2);
        history.take(&look(&[(2, 7.0, 0.0)]), 3);
        assert_eq!(rates(&history, 1, 3), [Some(10), Some(20), Some(0)]);
        assert_eq!(rates(&history, 2, 3), [Some(0), Some(0), Some(7)], "it did nothing until now");
        assert_eq!(history.trace(of(3), 3), None);
        assert_eq!(history.trace(of(1), 3).unwrap().shares, [Some(0.5), Some(0.5), Some(0.0)]);
    }

    #[test]
    fn while_nobody_looked_nothing_was_different() {
        let mut history = History::default();
        history.take(&look(&[(1, 10.0, 0.0)]), 5);
        history.take(&look(&[(1, 30.0, 0.0)]), 8);
        assert_eq!(rates(&history, 1, 9), [Some(10), Some(10), Some(10), Some(30), Some(30)]);
    }

    #[test]
    fn a_system_that_is_not_live_leaves_a_gap() {
        let mut history = History::default();
        history.take(&look(&[(1, 10.0, 0.0)]), 1);
        history.take(&Look { known: [SYSTEM].into(), ..Look::default() }, 2);
        history.take(&look(&[(1, 30.0, 0.0)]), 4);
        assert_eq!(rates(&history, 1, 4), [Some(10), None, None, Some(30)]);
        history.take(&Look::default(), 5);
        assert_eq!(history.trace(of(1), 5), None, "the system is not known any more");
    }

    #[test]
    fn two_minutes_are_kept_and_what_is_quiet_for_so_long_is_forgotten() {
        let mut history = History::default();
        for second in 1..=500 {
            history.take(&look(&[(1, second as f64, 0.0)]), second);
        }
        let kept = rates(&history, 1, 500);
        assert_eq!((kept.len(), kept[0], kept[119]), (120, Some(381), Some(500)));
        (501..=640).for_each(|second| history.take(&look(&[]), second));
        assert_eq!(history.trace(of(1), 640), None);
    }

    #[test]
    fn beyond_the_bound_the_busiest_and_what_is_selected_are_kept() {
        let mut history = History::default();
        let quiet = TRACKS_MAX as u64 * 3 / 2;
        let all: Vec<_> = (0..quiet).map(|n| (n, 1.0, 0.0)).chain([(quiet, 9.0, 0.0)]).collect();
        let most = |history: &History| history.tracks.len();
        for second in 1..=20 {
            history.take(&look(&all), second);
            assert!(most(&history) <= TRACKS_MAX);
        }
        assert!(most(&history) == TRACKS_MAX);
        assert!(history.trace(of(quiet), 20).is_some(), "the busiest");
        let kept = |history: &History| (0..quiet).filter(|&n| history.tracks.contains_key(&of(n))).collect::<Vec<_>>();
        let before = kept(&history);
        history.take(&look(&all), 20);
        assert_eq!(kept(&history), before, "equals stay");
        let left_out = (0..quiet).find(|n| !before.contains(n)).unwrap();
        history.select([of(left_out)]);
        history.take(&look(&all), 21);
        assert!(history.trace(of(left_out), 21).unwrap().since_selected);
        history.take(&look(&all), 22);
        assert_eq!(rates(&history, left_out, 22), [Some(1), Some(1)]);
    }

    #[test]
    fn the_bound_is_one_of_bytes() {
        let track = size_of::<Track>() + size_of::<(SystemId, Subject)>() + size_of::<[(u16, u16); HISTORY_SECS]>();
        // A table is at most twice as large as what is in it, and each box has a header.
        let table = size_of::<Track>() + size_of::<(SystemId, Subject)>() + 1;
        assert!((track + 16 + table) * TRACKS_MAX <= 36 << 20, "{}", (track + 16 + table) * TRACKS_MAX);
    }
}
