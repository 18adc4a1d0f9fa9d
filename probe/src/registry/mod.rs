//! What the program told by itself, by hand or by `tracing`, and what cannot be asked for again: it is kept here, within a
//! bound.
//!
//! The lock is held to change structure and to describe a page of it; totals are counted without it.

mod meter;
mod structure;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axonscope_runtime::{State, unique_id};

use crate::limits::REGISTRY_BYTES;
use crate::source::{Listeners, Reader};
use crate::words::{Component, Linkage, LinkageKind, Page, Postbox, PostboxKind};
use structure::Structure;

pub(crate) use meter::{ComponentMeter, PostboxMeter};

/// All that was told, shared by every handle to it.
#[derive(Clone, Debug)]
pub(crate) struct Registry(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    is_off: bool,
    structure: Mutex<Structure>,
    /// While visualisers listen, the number of this time; 0 else.
    watch: AtomicU32,
    watches: AtomicU32,
    /// Running total of what there was no room for.
    refused: AtomicU64,
}

impl Registry {
    /// An empty one, which tells `listeners` what happens as source number `origin`.
    pub(crate) fn new(origin: usize, listeners: Arc<Listeners>) -> Self {
        Self::with(false, Structure::new(REGISTRY_BYTES, origin, listeners))
    }

    /// One that takes nothing in, for a probe that is off.
    pub(crate) fn off() -> Self {
        Self::with(true, Structure::new(0, 0, Arc::default()))
    }

    fn with(is_off: bool, structure: Structure) -> Self {
        Self(Arc::new(Shared {
            is_off,
            structure: Mutex::new(structure),
            watch: AtomicU32::new(0),
            watches: AtomicU32::new(0),
            refused: AtomicU64::new(0),
        }))
    }

    /// Not 0 while a visualiser listens, and then a number that differs from one such time to the next: what was begun in
    /// another is not to be ended in this.
    pub(crate) fn watch(&self) -> u32 {
        self.0.watch.load(Ordering::Relaxed)
    }

    /// Says whether visualisers listen.
    pub(crate) fn set_watched(&self, is_watched: bool) {
        let watch = if is_watched { self.0.watches.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1) } else { 0 };
        self.0.watch.store(watch, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Adds a component; none if there is no room for it, which is counted, or if its parent is gone.
    pub(crate) fn add_component(
        &self,
        parent: u64,
        name: &str,
        type_name: &str,
        description: &str,
        state: State,
    ) -> Option<Arc<ComponentMeter>> {
        if self.0.is_off {
            return None;
        }
        let component = Component {
            id: unique_id(),
            parent,
            name: name.into(),
            type_name: type_name.into(),
            description: description.into(),
            state,
        };
        let meter = Arc::new(ComponentMeter::new(component.id));
        let outcome = self.structure().add_component(component, meter.clone());
        self.counted(outcome).then_some(meter)
    }

    /// Adds a postbox, as [`add_component`](Self::add_component) does.
    pub(crate) fn add_postbox(
        &self,
        owner: u64,
        name: &str,
        kind: PostboxKind,
        message_type: &str,
        capacity: u32,
    ) -> Option<Arc<PostboxMeter>> {
        if self.0.is_off {
            return None;
        }
        let postbox =
            Postbox { id: unique_id(), owner, name: name.into(), kind, message_type: message_type.into(), capacity };
        let meter = Arc::new(PostboxMeter::new(postbox.id));
        let outcome = self.structure().add_postbox(postbox, meter.clone());
        self.counted(outcome).then_some(meter)
    }

    /// Joins two postboxes, as [`add_component`](Self::add_component) does.
    pub(crate) fn link(&self, source: u64, sink: u64, kind: LinkageKind) -> Option<u64> {
        if self.0.is_off {
            return None;
        }
        let linkage = Linkage { id: unique_id(), source, sink, kind };
        let outcome = self.structure().link(linkage);
        self.counted(outcome).then_some(linkage.id)
    }

    pub(crate) fn unlink(&self, linkage: u64) {
        self.structure().unlink(linkage);
    }

    pub(crate) fn remove_postbox(&self, postbox: u64) {
        self.structure().remove_postbox(postbox);
    }

    /// Removes a component with all that is in it.
    pub(crate) fn remove_component(&self, component: u64) {
        self.structure().remove_component(component);
    }

    pub(crate) fn set_state(&self, component: u64, state: State) {
        self.structure().set_state(component, state);
    }

    pub(crate) fn has_component(&self, component: u64) -> bool {
        self.structure().has_component(component)
    }

    pub(crate) fn has_postbox(&self, postbox: u64) -> bool {
        self.structure().has_postbox(postbox)
    }

    /// The linkage of this number, and where its source counts.
    pub(crate) fn linkage(&self, linkage: u64) -> Option<(LinkageKind, Arc<PostboxMeter>)> {
        self.structure().linkage(linkage)
    }

    /// Some of what exists, after the component of this id.
    pub(crate) fn page(&self, after: u64) -> (Page, Option<u64>) {
        self.structure().page(after)
    }

    /// Reads some of the totals, after the component of this id.
    pub(crate) fn totals(&self, after: u64, reader: &mut Reader<'_>) -> Option<u64> {
        let watch = self.watch();
        self.structure().totals(after, watch, reader)
    }

    fn counted(&self, outcome: Result<(), structure::Refusal>) -> bool {
        if outcome == Err(structure::Refusal::NoRoom) {
            self.count_refused();
        }
        outcome.is_ok()
    }

    /// There was no room for something.
    pub(crate) fn count_refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing done under this lock can panic half-way.
    fn structure(&self) -> MutexGuard<'_, Structure> {
        self.0.structure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
