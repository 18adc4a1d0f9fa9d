//! Observes a [`System`] of the runtime. The only file that knows the runtime's words.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axonscope_proto::v1 as proto;
use axonscope_runtime::{
    AlreadyObserved, ComponentActivity, ComponentId, ComponentInfo, Cursor, Event, LinkageInfo, Observer,
    PostboxActivity, PostboxId, PostboxInfo, Reading, State, System, Visit, clock_ns,
};

use super::{Listeners, Outbox, PAGE_COMPONENTS, Passthrough, Reader};
use crate::taps::Taps;
use crate::words::{Change, Component, Linkage, LinkageKind, Page, Postbox, PostboxKind};

/// A system under observation, until it is dropped.
#[derive(Debug)]
pub(crate) struct Observed {
    system: System,
    is_ours: AtomicBool,
    /// When polls were last begun to be timed.
    timed_since: AtomicU64,
}

/// Who the system tells.
struct Ear {
    origin: usize,
    listeners: Arc<Listeners>,
    taps: Arc<Taps>,
}

impl Observer for Ear {
    fn on_event(&self, number: u64, event: &Event) {
        self.listeners.tell(self.origin, number, || change(event));
    }

    fn on_message(&self, outbox: PostboxId, message: &dyn Any) {
        self.taps.on_message(outbox.get(), message);
    }
}

impl Observed {
    /// Tells `listeners` of all that happens in `system`, as of source number `origin`.
    pub(crate) fn new(
        system: &System,
        origin: usize,
        listeners: Arc<Listeners>,
        taps: Arc<Taps>,
    ) -> Result<Self, AlreadyObserved> {
        system.observe(Arc::new(Ear { origin, listeners, taps }))?;
        system.set_timed(false);
        Ok(Self { system: system.clone(), is_ours: AtomicBool::new(true), timed_since: AtomicU64::new(0) })
    }

    /// Observes it no more.
    pub(crate) fn let_go(&self) {
        // Another may observe it since.
        if self.is_ours.swap(false, Ordering::Relaxed) {
            self.system.unobserve();
        }
    }

    /// Whether polls are timed: that is dear, and for those who watch.
    pub(crate) fn set_timed(&self, is_timed: bool) {
        self.timed_since.store(clock_ns(), Ordering::Relaxed);
        self.system.set_timed(is_timed);
    }

    pub(crate) fn has_component(&self, component: ComponentId) -> bool {
        self.system.has_component(component)
    }

    /// The outbox whose messages pass a linkage. Looks through everything, a page at a time: it is seldom asked.
    pub(crate) fn outbox_of(&self, linkage: u64) -> Option<Result<Outbox, Passthrough>> {
        let mut cursor = None;
        loop {
            let (description, next) = self.system.describe_from(cursor, PAGE_COMPONENTS);
            if let Some(found) = description.linkages.iter().find(|info| info.id.get() == linkage) {
                if found.kind != axonscope_runtime::LinkageKind::Direct {
                    return Some(Err(Passthrough));
                }
                let source = description.postboxes.iter().find(|postbox| postbox.id == found.source)?;
                return Some(Ok(Outbox::Runtime(self.system.clone(), found.source, source.activity.clone())));
            }
            cursor = Some(next?);
        }
    }

    pub(crate) fn page(&self, cursor: Option<Cursor>) -> (Page, Option<Cursor>) {
        let (description, next) = self.system.describe_from(cursor, PAGE_COMPONENTS);
        let page = Page {
            event_number: description.event_number,
            components: description
                .components
                .iter()
                .zip(description.states)
                .map(|(info, state)| component(info, state))
                .collect(),
            postboxes: description.postboxes.iter().map(postbox).collect(),
            linkages: description.linkages.iter().map(linkage).collect(),
        };
        (page, next)
    }

    pub(crate) fn totals(&self, cursor: Option<Cursor>, reader: &mut Reader<'_>) -> Option<Cursor> {
        self.system.visit_activity(cursor, PAGE_COMPONENTS, |visit| match visit {
            Visit::Component(id, meter) => {
                let mut totals = component_activity(id.get(), meter);
                if totals.poll_started_at == UNTIMED_POLL {
                    totals.poll_started_at = self.timed_since.load(Ordering::Relaxed);
                }
                reader.component(&meter.mark, totals);
            }
            Visit::Postbox(reading) => reader.postbox(&reading.mark, postbox_activity(&reading)),
        })
    }
}

/// What the runtime says of a poll that began before polls were timed: for as long as we know it runs.
const UNTIMED_POLL: u64 = 1;

impl Drop for Observed {
    fn drop(&mut self) {
        self.let_go();
    }
}

fn component_activity(component: u64, activity: &ComponentActivity) -> proto::ComponentActivity {
    proto::ComponentActivity {
        component,
        busy_ns: activity.busy_ns.load(Ordering::Relaxed),
        polls: activity.polls.load(Ordering::Relaxed),
        last_active_at: activity.last_active_at.load(Ordering::Relaxed),
        poll_started_at: activity.poll_started_at.load(Ordering::Relaxed),
        restarts: activity.restarts.load(Ordering::Relaxed),
        ..proto::ComponentActivity::default()
    }
}

fn postbox_activity(reading: &Reading<'_>) -> proto::PostboxActivity {
    let activity: &PostboxActivity = reading;
    let waiting_since = activity.waiting_since.load(Ordering::Relaxed);
    let is_outbox = reading.kind == axonscope_runtime::PostboxKind::Outbox;
    proto::PostboxActivity {
        postbox: reading.id.get(),
        messages: activity.messages.load(Ordering::Relaxed),
        dropped: activity.dropped.load(Ordering::Relaxed),
        depth: activity.depth.load(Ordering::Relaxed),
        high_water: activity.high_water.load(Ordering::Relaxed),
        blocked_ns: activity.blocked_ns.load(Ordering::Relaxed),
        blocked_since: if is_outbox { waiting_since } else { 0 },
        waiting: !is_outbox && waiting_since != 0,
    }
}

fn change(event: &Event) -> Change {
    match event {
        Event::ComponentAdded(info) => Change::ComponentAdded(component(info, State::Starting)),
        Event::StateChanged(id, state) => Change::StateChanged(id.get(), state.clone()),
        Event::ComponentRemoved(id) => Change::ComponentRemoved(id.get()),
        Event::PostboxAdded(info) => Change::PostboxAdded(postbox(info)),
        Event::PostboxRemoved(id) => Change::PostboxRemoved(id.get()),
        Event::Linked(info) => Change::Linked(linkage(info)),
        Event::Unlinked(id) => Change::Unlinked(id.get()),
    }
}

fn component(info: &ComponentInfo, state: State) -> Component {
    Component {
        id: info.id.get(),
        parent: info.parent.map_or(0, |parent| parent.get()),
        name: info.name.clone(),
        type_name: info.type_name.clone(),
        description: info.description.clone(),
        state,
    }
}

fn postbox(info: &PostboxInfo) -> Postbox {
    Postbox {
        id: info.id.get(),
        owner: info.owner.get(),
        name: info.name.clone(),
        kind: match info.kind {
            axonscope_runtime::PostboxKind::Inbox => PostboxKind::Inbox,
            axonscope_runtime::PostboxKind::Outbox => PostboxKind::Outbox,
        },
        message_type: info.message_type.clone(),
        capacity: info.capacity.unwrap_or(0),
    }
}

fn linkage(info: &LinkageInfo) -> Linkage {
    let kind = match info.kind {
        axonscope_runtime::LinkageKind::Direct => LinkageKind::Direct,
        axonscope_runtime::LinkageKind::Inward => LinkageKind::Inward,
        axonscope_runtime::LinkageKind::Outward => LinkageKind::Outward,
    };
    Linkage { id: info.id.get(), source: info.source.get(), sink: info.sink.get(), kind }
}
