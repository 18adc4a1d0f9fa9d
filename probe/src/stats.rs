//! What the probe's thread has counted, for the program to ask.

use std::sync::atomic::{AtomicU64, Ordering};

/// Running totals since the probe started. [`lost`](Self::lost) and [`refused`](Self::refused) are what the visualiser
/// shows once it has heard the next report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Structural events that could not be kept, and that a fresh snapshot has made good or is about to.
    pub lost: u64,
    /// Births and deaths that met before either was told, and so never needed to be.
    pub merged: u64,
    /// Things there was no room for: unlike what is lost, they are missing in the picture for good.
    pub refused: u64,
}

/// The same, written by the probe's thread alone.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    lost: AtomicU64,
    merged: AtomicU64,
}

impl Counts {
    pub(crate) fn set(&self, lost: u64, merged: u64) {
        self.lost.store(lost, Ordering::Relaxed);
        self.merged.store(merged, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        // A runtime's system is described by itself, so nothing is ever refused.
        Stats { lost: self.lost.load(Ordering::Relaxed), merged: self.merged.load(Ordering::Relaxed), refused: 0 }
    }
}
