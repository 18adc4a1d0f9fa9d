//! The ways to observe a program. Each keeps events for the ledger, describes what exists in pages and gives totals.

mod runtime;

use crate::ledger::Ledger;
use crate::words::Page;

pub(crate) use runtime::{RuntimeSource, Sample, Totals};

/// One way to observe a program.
pub(crate) trait Source {
    /// A place between two pages.
    type Cursor: Copy;

    /// Keeps events from now on, for a snapshot that begins after this call. What was kept is forgotten.
    fn start(&mut self);

    /// Keeps nothing while nobody listens.
    fn stop(&mut self);

    /// Returns when events should be taken in before the next tick.
    async fn pressed(&self);

    /// Takes all events so far into the ledger, where births and deaths meet.
    fn drain(&mut self, ledger: &mut Ledger) -> Result<(), Lost>;

    /// The next page of what exists, oldest first; no cursor begins, and none comes with the last page.
    fn page(&mut self, cursor: Option<Self::Cursor>) -> (Page, Option<Self::Cursor>);

    /// Reads the next page of totals, and adds those to `samples` that changed since they were told, or that are not
    /// zero if `all` are wanted. A poll or a wait that lasts now counts as a change.
    fn totals(&mut self, cursor: Option<Self::Cursor>, all: bool, samples: &mut Vec<Sample>) -> Option<Self::Cursor>;
}

/// The ledger cannot go on without a new snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lost {
    /// Events thrown away on their way to the ledger.
    pub(crate) events: u64,
}
