//! Tells the totals that changed, a part at a time.

use std::collections::HashSet;
use std::time::{Duration, Instant};
use std::vec;

use axonscope_proto::v1::{Activity, ComponentActivity, PostboxActivity};
use axonscope_runtime::clock_ns;

use crate::ledger::{Ledger, Met};
use crate::snapshot::framed;
use crate::source::{Lost, Source, Totals, Wanted};

/// One round over all totals.
pub(crate) struct Sweep<C> {
    wanted: Wanted,
    cursor: Option<C>,
    is_read: bool,
    totals: vec::IntoIter<Totals>,
    /// What the visualiser cannot know yet: it is told in the next round.
    late: HashSet<u64>,
    part_limit: usize,
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
    /// Makes parts of about `part_limit` bytes.
    pub(crate) fn new(wanted: Wanted, patience: Duration, part_limit: usize) -> Self {
        Self {
            wanted,
            cursor: None,
            is_read: false,
            totals: Vec::new().into_iter(),
            late: HashSet::new(),
            part_limit,
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
        if self.totals.len() == 0 && !self.is_read {
            let began = Instant::now();
            let now = clock_ns();
            if Duration::from_nanos(now.saturating_sub(self.captured_at)) > self.patience {
                self.captured_at = now;
            }
            let mut totals = Vec::new();
            self.cursor = source.totals(self.cursor, &self.wanted, &mut totals);
            self.is_read = self.cursor.is_none();
            // Afterwards, so that the ledger knows of everything that was just visited whether it was told.
            ledger.begin_catching_up();
            let drained = source.drain(ledger);
            self.spent += began.elapsed();
            drained?;
            let met = ledger.take_met();
            // And at once: until all is told that is left, no birth is and no death.
            totals.retain(|totals| self.is_known(totals, ledger, &met));
            self.totals = totals.into_iter();
        }
        while self.part_bytes < self.part_limit
            && let Some(totals) = self.totals.next()
        {
            self.tell(totals);
        }
        let is_due = self.part_bytes >= self.part_limit || self.is_over();
        Ok((is_due && self.part_bytes > 0).then(|| self.take_part()))
    }

    /// True when everything was read and told.
    pub(crate) fn is_over(&self) -> bool {
        self.is_read && self.totals.len() == 0
    }

    /// True while totals were read and not told. Meanwhile no removal may be told, or they would come too late.
    pub(crate) fn is_holding(&self) -> bool {
        self.part_bytes > 0 || self.totals.len() > 0
    }

    /// Time spent reading so far.
    pub(crate) fn spent(&self) -> Duration {
        self.spent
    }

    /// What was not told, and is wanted in the next round.
    pub(crate) fn into_late(self) -> HashSet<u64> {
        self.late
    }

    /// What is not known yet is late; what will never be is not missed.
    fn is_known(&mut self, totals: &Totals, ledger: &Ledger, met: &Met) -> bool {
        let (id, is_untold, has_gone) = match totals {
            Totals::Component(ComponentActivity { component: id, .. }) => {
                (*id, ledger.is_untold_component(*id), met.components.contains(id))
            }
            Totals::Postbox(PostboxActivity { postbox: id, .. }) => {
                (*id, ledger.is_untold_postbox(*id), met.postboxes.contains(id))
            }
        };
        if is_untold {
            self.late.insert(id);
        }
        !is_untold && !has_gone
    }

    fn tell(&mut self, totals: Totals) {
        match totals {
            Totals::Component(totals) => {
                self.part_bytes += framed(&totals);
                self.part.components.push(totals);
            }
            Totals::Postbox(totals) => {
                self.part_bytes += framed(&totals);
                self.part.postboxes.push(totals);
            }
        }
    }

    fn take_part(&mut self) -> Part {
        self.part_bytes = 0;
        Part { captured_at: self.captured_at, activity: std::mem::take(&mut self.part) }
    }
}
