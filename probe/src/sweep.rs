//! Tells the totals that changed, a part at a time.

use std::time::{Duration, Instant};
use std::vec;

use axonscope_proto::v1::Activity;
use axonscope_runtime::clock_ns;

use crate::ledger::Ledger;
use crate::limits::PART_BYTES;
use crate::snapshot::framed;
use crate::source::{Lost, Sample, Source, Totals};

/// One round over all totals.
pub(crate) struct Sweep<C> {
    /// Tell all that is not zero, also what was told before: after a Snapshot.
    all: bool,
    cursor: Option<C>,
    is_read: bool,
    samples: vec::IntoIter<Sample>,
    part: Activity,
    part_bytes: usize,
    /// Shared by all parts of a round, since only together they say what did not change. Taken anew when the network
    /// holds the round up for longer than `patience`, lest old stamps make wrong rates.
    captured_at: u64,
    patience: Duration,
    /// Time spent reading.
    spent: Duration,
}

/// Totals read at `captured_at`.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) captured_at: u64,
    pub(crate) activity: Activity,
}

impl<C: Copy> Sweep<C> {
    pub(crate) fn new(all: bool, patience: Duration) -> Self {
        Self {
            all,
            cursor: None,
            is_read: false,
            samples: Vec::new().into_iter(),
            part: Activity::default(),
            part_bytes: 0,
            captured_at: clock_ns(),
            patience,
            spent: Duration::ZERO,
        }
    }

    /// Reads at most one page, and gives the next part if it is full or the last.
    pub(crate) fn step(
        &mut self,
        source: &mut impl Source<Cursor = C>,
        ledger: &mut Ledger,
    ) -> Result<Option<Part>, Lost> {
        if self.samples.len() == 0 && !self.is_read {
            let began = Instant::now();
            let now = clock_ns();
            if Duration::from_nanos(now.saturating_sub(self.captured_at)) > self.patience {
                self.captured_at = now;
            }
            let mut samples = Vec::new();
            self.cursor = source.totals(self.cursor, self.all, &mut samples);
            self.is_read = self.cursor.is_none();
            self.samples = samples.into_iter();
            // Afterwards, so that the ledger knows of everything that was just visited whether it was told.
            let drained = source.drain(ledger);
            self.spent += began.elapsed();
            drained?;
        }
        while self.part_bytes < PART_BYTES
            && let Some(sample) = self.samples.next()
        {
            self.tell(&sample, ledger);
        }
        let is_due = self.part_bytes >= PART_BYTES || self.is_over();
        Ok((is_due && self.part_bytes > 0).then(|| self.take_part()))
    }

    /// True when everything was read and told.
    pub(crate) fn is_over(&self) -> bool {
        self.is_read && self.samples.len() == 0
    }

    /// True while totals were read and not told. Meanwhile no removal may be told, or they would come too late.
    pub(crate) fn is_holding(&self) -> bool {
        self.part_bytes > 0 || self.samples.len() > 0
    }

    /// Time spent reading so far.
    pub(crate) fn spent(&self) -> Duration {
        self.spent
    }

    fn tell(&mut self, sample: &Sample, ledger: &Ledger) {
        match sample.totals {
            // What the visualiser cannot know yet comes in a later round.
            Totals::Component(totals) if ledger.is_untold_component(totals.component) => return,
            Totals::Postbox(totals) if ledger.is_untold_postbox(totals.postbox) => return,
            Totals::Component(totals) => {
                self.part_bytes += framed(&totals);
                self.part.components.push(totals);
            }
            Totals::Postbox(totals) => {
                self.part_bytes += framed(&totals);
                self.part.postboxes.push(totals);
            }
        }
        sample.set_told();
    }

    fn take_part(&mut self) -> Part {
        self.part_bytes = 0;
        Part { captured_at: self.captured_at, activity: std::mem::take(&mut self.part) }
    }
}
