//! The ways to observe a program, behind one that a conversation reads.

mod feed;
mod runtime;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axonscope_proto::v1 as proto;
use axonscope_runtime::{PostboxId, PostboxMeter as PostboxMeterOfRuntime, System};

use crate::ledger::Ledger;
use crate::registry::PostboxMeter;
use crate::rounds::{Round, Rounds};
use crate::words::Page;

pub(crate) use feed::{Feed, Listeners, Place, Program};

/// What one conversation reads a program from: it keeps events for the ledger, describes what exists in pages and gives
/// totals.
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

    /// Reads the next page of totals, and adds those to `totals` that are `wanted`. A poll or a wait that lasts now counts
    /// as a change.
    fn totals(
        &mut self,
        cursor: Option<Self::Cursor>,
        wanted: &Wanted,
        totals: &mut Vec<Totals>,
    ) -> Option<Self::Cursor>;
}

/// Where messages leave a component.
#[derive(Clone, Debug)]
pub(crate) enum Outbox {
    Runtime(System, PostboxId, PostboxMeterOfRuntime),
    Told(Arc<PostboxMeter>),
}

impl Outbox {
    pub(crate) fn id(&self) -> u64 {
        match self {
            Self::Runtime(_, outbox, _) => outbox.get(),
            Self::Told(meter) => meter.id,
        }
    }

    /// How many messages have left so far.
    pub(crate) fn messages(&self) -> u64 {
        match self {
            Self::Runtime(_, _, meter) => meter.messages.load(Ordering::Relaxed),
            Self::Told(meter) => meter.messages(),
        }
    }

    /// Whether its messages are to be shown.
    pub(crate) fn set_tapped(&self, is_tapped: bool) {
        match self {
            // It may have gone.
            Self::Runtime(system, outbox, _) => drop(system.set_tapped(*outbox, is_tapped)),
            Self::Told(meter) => meter.set_tapped(is_tapped),
        }
    }
}

/// Messages pass this linkage without a stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Passthrough;

/// Totals of one thing, as read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Totals {
    Component(proto::ComponentActivity),
    Postbox(proto::PostboxActivity),
}

/// Which totals are to be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Those that changed since this round; all that are not zero if there is none.
    pub(crate) since: Option<Round>,
    /// And those of these things, which could not be told before.
    pub(crate) late: HashSet<u64>,
}

/// The ledger cannot go on without a new snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lost {
    /// Events thrown away on their way to the ledger.
    pub(crate) events: u64,
}

/// Components described or visited while the source's structure is held still.
pub(crate) const PAGE_COMPONENTS: usize = 256;

/// Picks out of what is read what is wanted.
pub(crate) struct Reader<'a> {
    pub(crate) rounds: &'a Rounds,
    pub(crate) wanted: &'a Wanted,
    pub(crate) totals: &'a mut Vec<Totals>,
}

impl Reader<'_> {
    pub(crate) fn component(&mut self, mark: &AtomicU64, totals: proto::ComponentActivity) {
        let print = fingerprint([
            totals.polls,
            totals.busy_ns,
            totals.last_active_at,
            totals.poll_started_at,
            totals.restarts,
            totals.begun,
            totals.open.into(),
            totals.scheduled_ns,
            totals.scheduled_since,
        ]);
        let goes_on = totals.poll_started_at != 0 || totals.scheduled_since != 0;
        if self.is_wanted(totals.component, mark, print) || goes_on {
            self.totals.push(Totals::Component(totals));
        }
    }

    pub(crate) fn postbox(&mut self, mark: &AtomicU64, totals: proto::PostboxActivity) {
        let depths = u64::from(totals.depth) << 32 | u64::from(totals.high_water);
        let print = fingerprint([
            totals.messages,
            totals.dropped,
            depths,
            totals.blocked_ns,
            totals.blocked_since,
            totals.waiting.into(),
        ]);
        if self.is_wanted(totals.postbox, mark, print) || totals.blocked_since != 0 {
            self.totals.push(Totals::Postbox(totals));
        }
    }

    fn is_wanted(&self, id: u64, mark: &AtomicU64, print: u64) -> bool {
        self.rounds.note(mark, print, self.wanted.since) || self.wanted.late.contains(&id)
    }
}

/// One number for some totals: 0 for all zeros, which is what a new thing's mark says, and as good as unique otherwise.
fn fingerprint<const N: usize>(totals: [u64; N]) -> u64 {
    totals.into_iter().fold(0, |hash: u64, total| {
        let mixed = (hash.rotate_left(23) ^ total).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 29
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_zeros_has_the_fingerprint_of_a_new_thing() {
        assert_eq!(fingerprint([0, 0, 0, 0]), 0);
        assert_ne!(fingerprint([0, 0, 0, 1]), 0);
        assert_ne!(fingerprint([1, 0, 0, 0]), 0);
    }

    #[test]
    fn totals_that_move_together_never_cancel_out() {
        // What a box does all day: one more message and one less waiting, or one dropped instead of delivered. The mark
        // keeps the upper 40 bits: readings in a row must differ there.
        let mut before = 0;
        for messages in 0..100 {
            for dropped in 0..100 {
                for depth in 0..100_u64 {
                    let print = fingerprint([messages, dropped, depth << 32 | 99]) >> 24;
                    assert_ne!(print, before);
                    before = print;
                }
            }
        }
    }
}
