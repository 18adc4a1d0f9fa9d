//! Observes a [`System`] of the runtime. The only file that knows the runtime's words beside the hot path in
//! [`pending`](crate::pending).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axonscope_proto::v1 as proto;
use axonscope_runtime::{
    AlreadyObserved, ComponentInfo, ComponentMeter, Cursor, Event, LinkageInfo, PostboxInfo, PostboxMeter, State,
    System, Visit,
};

use crate::ledger::{ApplyError, Ledger};
use crate::limits::PAGE_COMPONENTS;
use crate::pending::Pending;
use crate::source::{Lost, Source};
use crate::to_proto;
use crate::words::{Change, Component, Linkage, Page, Postbox};

/// A system under observation, until it is dropped.
pub(crate) struct RuntimeSource {
    system: System,
    pending: Arc<Pending>,
    /// Empty between two calls; kept for its room.
    load: Vec<(u64, Event)>,
}

/// Totals of one thing that changed since they were last told.
pub(crate) struct Sample {
    pub(crate) totals: Totals,
    mark: Mark,
    fingerprint: u64,
}

/// The totals themselves, as read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Totals {
    Component(proto::ComponentActivity),
    Postbox(proto::PostboxActivity),
}

/// Where the program remembers for us what we have told.
enum Mark {
    Component(ComponentMeter),
    Postbox(PostboxMeter),
}

impl Sample {
    /// Remembers that these totals were told, so that they come again only once they changed.
    pub(crate) fn set_told(&self) {
        match &self.mark {
            Mark::Component(activity) => activity.mark.store(self.fingerprint, Ordering::Relaxed),
            Mark::Postbox(activity) => activity.mark.store(self.fingerprint, Ordering::Relaxed),
        }
    }
}

/// Room for events that stays allocated after a burst of them.
const KEPT_ROOM: usize = 1024;

impl RuntimeSource {
    pub(crate) fn new(system: &System) -> Result<Self, AlreadyObserved> {
        let pending = Arc::new(Pending::default());
        system.observe(pending.clone())?;
        Ok(Self { system: system.clone(), pending, load: Vec::new() })
    }
}

impl Source for RuntimeSource {
    type Cursor = Cursor;

    fn start(&mut self) {
        self.pending.start();
    }

    fn stop(&mut self) {
        self.pending.stop();
    }

    async fn pressed(&self) {
        self.pending.pressed().await;
    }

    fn drain(&mut self, ledger: &mut Ledger) -> Result<(), Lost> {
        self.pending.take(&mut self.load).map_err(|overflow| Lost { events: overflow.lost })?;
        let mut events = self.load.drain(..);
        let mut outcome = Ok(());
        while outcome.is_ok()
            && let Some((number, event)) = events.next()
        {
            let unread = 1 + events.len() as u64;
            outcome = ledger.apply(number, change(event)).map_err(|error| match error {
                ApplyError::Gap { missing } => Lost { events: missing + unread },
                ApplyError::Full => Lost { events: unread },
            });
        }
        drop(events);
        self.load.shrink_to(KEPT_ROOM);
        outcome
    }

    fn page(&mut self, cursor: Option<Cursor>) -> (Page, Option<Cursor>) {
        let (description, next) = self.system.describe_from(cursor, PAGE_COMPONENTS);
        let page = Page {
            event_number: description.event_number,
            components: description
                .components
                .into_iter()
                .zip(description.states)
                .map(|(info, state)| component(info, state))
                .collect(),
            postboxes: description.postboxes.into_iter().map(postbox).collect(),
            linkages: description.linkages.into_iter().map(linkage).collect(),
        };
        (page, next)
    }

    fn totals(&mut self, cursor: Option<Cursor>, all: bool, samples: &mut Vec<Sample>) -> Option<Cursor> {
        self.system.visit_activity(cursor, PAGE_COMPONENTS, |visit| match visit {
            Visit::Component(id, meter) => {
                let totals = to_proto::component_activity(id.get(), meter);
                let fingerprint = fingerprint([
                    totals.polls,
                    totals.busy_ns,
                    totals.last_active_at,
                    totals.poll_started_at,
                    totals.restarts,
                ]);
                let told = if all { 0 } else { meter.mark.load(Ordering::Relaxed) };
                if fingerprint != told || totals.poll_started_at != 0 {
                    let mark = Mark::Component(meter.clone());
                    samples.push(Sample { totals: Totals::Component(totals), mark, fingerprint });
                }
            }
            Visit::Postbox(reading) => {
                let totals = to_proto::postbox_activity(reading);
                let depths = u64::from(totals.depth) << 32 | u64::from(totals.high_water);
                let fingerprint = fingerprint([
                    totals.messages,
                    totals.dropped,
                    depths,
                    totals.blocked_ns,
                    totals.blocked_since,
                    totals.waiting.into(),
                ]);
                let told = if all { 0 } else { reading.mark.load(Ordering::Relaxed) };
                if fingerprint != told || totals.blocked_since != 0 {
                    let mark = Mark::Postbox(reading.meter());
                    samples.push(Sample { totals: Totals::Postbox(totals), mark, fingerprint });
                }
            }
        })
    }
}

impl Drop for RuntimeSource {
    fn drop(&mut self) {
        self.system.unobserve();
    }
}

/// One number for some totals: 0 for all zeros, which is what a new thing's mark says, and as good as unique otherwise.
fn fingerprint<const N: usize>(totals: [u64; N]) -> u64 {
    totals.into_iter().fold(0, |hash: u64, total| {
        let mixed = (hash.rotate_left(23) ^ total).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 29
    })
}

fn change(event: Event) -> Change {
    match event {
        Event::ComponentAdded(info) => Change::ComponentAdded(component(info, State::Starting)),
        Event::StateChanged(id, state) => Change::StateChanged(id.get(), state),
        Event::ComponentRemoved(id) => Change::ComponentRemoved(id.get()),
        Event::PostboxAdded(info) => Change::PostboxAdded(postbox(info)),
        Event::PostboxRemoved(id) => Change::PostboxRemoved(id.get()),
        Event::Linked(info) => Change::Linked(linkage(info)),
        Event::Unlinked(id) => Change::Unlinked(id.get()),
    }
}

fn component(info: ComponentInfo, state: State) -> Component {
    Component {
        id: info.id.get(),
        parent: info.parent.map_or(0, |parent| parent.get()),
        name: info.name,
        type_name: info.type_name,
        description: info.description,
        state,
    }
}

fn postbox(info: PostboxInfo) -> Postbox {
    Postbox {
        id: info.id.get(),
        owner: info.owner.get(),
        name: info.name,
        kind: info.kind,
        message_type: info.message_type,
        capacity: info.capacity.unwrap_or(0),
    }
}

fn linkage(info: LinkageInfo) -> Linkage {
    Linkage { id: info.id.get(), source: info.source.get(), sink: info.sink.get(), kind: info.kind }
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
        // What a box does all day: one more message and one less waiting, or one dropped instead of delivered.
        let mut seen = std::collections::HashSet::new();
        for messages in 0..100 {
            for dropped in 0..100 {
                for depth in 0..100_u64 {
                    assert!(seen.insert(fingerprint([messages, dropped, depth << 32 | 99])));
                }
            }
        }
    }
}
