//! What changed and what was done, as numbers that only rise.

use std::sync::atomic::{AtomicU64, Ordering};

/// Whether anything is different from what was drawn last: each rises when something of its kind changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// What exists.
    pub structure: u64,
    /// Totals, rates, states.
    pub activity: u64,
    /// Positions.
    pub places: u64,
    /// How systems stand, and what did not fit.
    pub status: u64,
    /// What is wrong with them.
    pub problems: u64,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Changes of the structure that were applied, anomalies included.
    pub structure: u64,
    /// Totals that were applied.
    pub activity: u64,
    /// Reports that were applied.
    pub reports: u64,
    /// Steps that the layout made.
    pub ticks: u64,
    /// Those that took longer than a frame may last.
    pub ticks_over_budget: u64,
    /// How often new places were published.
    pub publications: u64,
    /// Those that came later than a frame may last after the layout had woken for them, while nobody hurried it.
    pub publications_over_budget: u64,
}

#[derive(Default)]
pub(crate) struct Totals {
    pub(super) structure: AtomicU64,
    pub(super) activity: AtomicU64,
    pub(super) reports: AtomicU64,
    pub(crate) ticks: AtomicU64,
    pub(crate) ticks_over_budget: AtomicU64,
    pub(crate) publications: AtomicU64,
    pub(crate) publications_over_budget: AtomicU64,
}

impl Totals {
    /// As they are now.
    pub(crate) fn read(&self) -> Counters {
        let total = |total: &AtomicU64| total.load(Ordering::Relaxed);
        Counters {
            structure: total(&self.structure),
            activity: total(&self.activity),
            reports: total(&self.reports),
            ticks: total(&self.ticks),
            ticks_over_budget: total(&self.ticks_over_budget),
            publications: total(&self.publications),
            publications_over_budget: total(&self.publications_over_budget),
        }
    }
}
