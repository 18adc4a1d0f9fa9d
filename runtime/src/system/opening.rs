//! Opening postboxes: where the type of the messages is known, and forgotten.

use std::sync::Arc;

use super::System;
use crate::error::AddError;
use crate::id::{ComponentId, PostboxId};
use crate::linkage::At;
use crate::name::Name;
use crate::observe::PostboxKind;
use crate::postbox::{Inbox, InboxSpec, Outbox, OutboxSpec, WhenUnlinked};
use crate::storage::{AnyBox, Message, Queue, Route, cast};

// Where a box cannot be had, a box that belongs to nothing comes with the error, so that declaring goes on and the error
// comes out at its end.
impl System {
    pub(crate) fn open_inbox<T: Message>(
        &self,
        owner: ComponentId,
        spec: InboxSpec,
        keeps: bool,
    ) -> (Inbox<T>, Option<AddError>) {
        let InboxSpec { name, capacity, when_full } = spec;
        let make = |id| Arc::new(Queue::<T>::new(id, capacity, when_full, keeps));
        let (queue, error) = self.open(owner, name, PostboxKind::Inbox, Some(capacity), keeps, make);
        (Inbox::new(queue), error)
    }

    pub(crate) fn open_outbox<T: Message>(
        &self,
        owner: ComponentId,
        spec: OutboxSpec,
        keeps: bool,
    ) -> (Outbox<T>, Option<AddError>) {
        let hold = match spec.when_unlinked {
            WhenUnlinked::Drop => None,
            WhenUnlinked::Hold(bound) => Some(bound),
        };
        let make = |id| Arc::new(Route::<T>::new(id, hold, keeps));
        let (route, error) = self.open(owner, spec.name, PostboxKind::Outbox, None, keeps, make);
        (Outbox::new(route), error)
    }

    fn open<T: Message, B: AnyBox + Typed<T>>(
        &self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        capacity: Option<u32>,
        keeps: bool,
        make: impl Fn(PostboxId) -> Arc<B>,
    ) -> (Arc<B>, Option<AddError>) {
        let opened = self.edit(|topology| {
            if keeps && let Some(there) = topology.kept_box(owner, name.as_str(), kind).and_then(cast::<B>) {
                return Ok(there);
            }
            let mut made = None;
            let wanted = name.clone();
            let message_type = std::any::type_name::<T>();
            topology.add_data_box(owner, name, kind, message_type, capacity, |id| {
                let core = make(id);
                made = Some(core.clone());
                core
            });
            made.ok_or_else(|| AddError::DuplicatePostbox {
                path: topology.path(owner),
                postbox: wanted.as_str().to_owned(),
            })
        });
        match opened {
            Ok(core) => (core, None),
            Err(error) => (make(PostboxId::next()), Some(error)),
        }
    }

    pub(crate) fn add_signal(&self, owner: ComponentId, name: Name, keeps: bool) -> Result<PostboxId, AddError> {
        self.edit(|topology| {
            if keeps && let Ok(there) = topology.find(At::Of(owner, name.as_str()), PostboxKind::Outbox) {
                return Ok(there);
            }
            let postbox = name.as_str().to_owned();
            let added = topology.add_signal(owner, name);
            added.ok_or_else(|| AddError::DuplicatePostbox { path: topology.path(owner), postbox })
        })
    }

    pub(crate) fn remove_postbox(&self, id: PostboxId) {
        self.edit(|topology| topology.remove_postbox(id));
    }

    pub(crate) fn expose(
        &self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        inner: At<'_>,
        keeps: bool,
    ) -> Result<(), AddError> {
        self.edit(|topology| topology.expose(owner, name, kind, inner, keeps))
    }
}

/// A box of messages of type `T`.
trait Typed<T> {}

impl<T> Typed<T> for Queue<T> {}

impl<T> Typed<T> for Route<T> {}
