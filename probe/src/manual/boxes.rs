//! Boxes and linkages told of by hand.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use super::Component;
use crate::registry::{PostboxMeter, Registry};
use crate::words::{LinkageKind, PostboxKind};

/// An inbox that is not there yet.
#[derive(Clone, Debug)]
#[must_use = "nothing is told before `add`"]
pub struct NewInbox<'a> {
    owner: &'a Component,
    name: Cow<'a, str>,
    message_type: Cow<'a, str>,
    capacity: u32,
}

/// An outbox that is not there yet.
#[derive(Clone, Debug)]
#[must_use = "nothing is told before `add`"]
pub struct NewOutbox<'a> {
    owner: &'a Component,
    name: Cow<'a, str>,
    message_type: Cow<'a, str>,
}

/// Where messages wait for a component, until the last handle is dropped.
#[derive(Clone, Debug)]
#[must_use = "a box goes when it is dropped"]
pub struct Inbox(Arc<Postbox>);

/// Where messages leave a component, until the last handle is dropped.
#[derive(Clone, Debug)]
#[must_use = "a box goes when it is dropped"]
pub struct Outbox(Arc<Postbox>);

/// Two boxes that are joined, until this is dropped.
#[derive(Debug)]
#[must_use = "the two are parted when this is dropped: hold it, or `keep` it"]
pub struct Linkage {
    registry: Registry,
    id: Option<u64>,
}

#[derive(Debug)]
struct Postbox {
    owner: Component,
    /// None where it was refused.
    meter: Option<Arc<PostboxMeter>>,
}

impl Postbox {
    fn add(owner: &Component, name: &str, kind: PostboxKind, message_type: &str, capacity: u32) -> Arc<Self> {
        let registry = &owner.system().registry;
        let meter = owner.id().and_then(|id| registry.add_postbox(id, name, kind, message_type, capacity));
        Arc::new(Self { owner: owner.clone(), meter })
    }

    fn count(&self, count: impl FnOnce(&PostboxMeter)) {
        if let Some(meter) = &self.meter {
            count(meter);
        }
    }

    fn join(&self, sink: &Self, kind: LinkageKind) -> Linkage {
        let registry = self.owner.system().registry.clone();
        let ends = self.meter.as_ref().zip(sink.meter.as_ref());
        let id = ends.and_then(|(source, sink)| registry.link(source.id, sink.id, kind));
        Linkage::new(registry, id)
    }
}

impl Drop for Postbox {
    fn drop(&mut self) {
        if let Some(meter) = &self.meter {
            self.owner.system().registry.remove_postbox(meter.id);
        }
    }
}

impl<'a> NewInbox<'a> {
    pub(super) fn new(owner: &'a Component, name: Cow<'a, str>) -> Self {
        Self { owner, name, message_type: Cow::Borrowed(""), capacity: 0 }
    }

    /// The type of its messages, as the program names it.
    pub fn message_type(mut self, message_type: impl Into<Cow<'a, str>>) -> Self {
        self.message_type = message_type.into();
        self
    }

    /// How many messages it holds before senders wait; without a bound unless said.
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = u32::try_from(messages).unwrap_or(u32::MAX);
        self
    }

    /// Adds it.
    pub fn add(self) -> Inbox {
        Inbox(Postbox::add(self.owner, &self.name, PostboxKind::Inbox, &self.message_type, self.capacity))
    }
}

impl<'a> NewOutbox<'a> {
    pub(super) fn new(owner: &'a Component, name: Cow<'a, str>) -> Self {
        Self { owner, name, message_type: Cow::Borrowed("") }
    }

    /// The type of its messages, as the program names it.
    pub fn message_type(mut self, message_type: impl Into<Cow<'a, str>>) -> Self {
        self.message_type = message_type.into();
        self
    }

    /// Adds it.
    pub fn add(self) -> Outbox {
        Outbox(Postbox::add(self.owner, &self.name, PostboxKind::Outbox, &self.message_type, 0))
    }
}

impl Inbox {
    /// So many messages were taken out by the component.
    pub fn taken(&self, messages: u64) {
        self.0.count(|meter| meter.count(messages));
    }

    /// So many were thrown away here.
    pub fn dropped(&self, messages: u64) {
        self.0.count(|meter| meter.count_dropped(messages));
    }

    /// So many wait here now.
    pub fn set_depth(&self, messages: usize) {
        self.0.count(|meter| meter.set_depth(messages));
    }

    /// Whether the component waits here for a message now.
    pub fn set_waiting(&self, is_waiting: bool) {
        self.0.count(|meter| meter.set_waiting(is_waiting));
    }

    /// Passes messages on to the inbox of a component in this one.
    pub fn pass_to(&self, inner: &Inbox) -> Linkage {
        self.0.join(&inner.0, LinkageKind::Inward)
    }
}

impl Outbox {
    /// Joins it to an inbox. Any number may leave one outbox and enter one inbox.
    pub fn link(&self, sink: &Inbox) -> Linkage {
        self.0.join(&sink.0, LinkageKind::Direct)
    }

    /// Passes messages on to the outbox of the component that this one is in.
    pub fn pass_to(&self, outer: &Outbox) -> Linkage {
        self.0.join(&outer.0, LinkageKind::Outward)
    }

    /// So many messages were delivered.
    pub fn sent(&self, messages: u64) {
        self.0.count(|meter| meter.count(messages));
    }

    /// So many were thrown away.
    pub fn dropped(&self, messages: u64) {
        self.0.count(|meter| meter.count_dropped(messages));
    }

    /// So many are held for want of somebody to take them.
    pub fn set_held(&self, messages: usize) {
        self.0.count(|meter| meter.set_depth(messages));
    }

    /// The component waits for room, until what this returns is dropped.
    pub fn wait(&self) -> Waiting {
        Waiting(self.0.meter.clone().map(|meter| (meter.begin_wait(), meter)))
    }

    /// Lets people see a message that leaves here, if anybody asks for it now: else this costs one relaxed load.
    pub fn show(&self, message: impl Display) {
        let Some(meter) = self.0.meter.as_ref().filter(|meter| meter.is_tapped()) else { return };
        if let Some(program) = self.0.owner.system().program() {
            program.taps.on_text(meter.id, &message);
        }
    }
}

impl Linkage {
    pub(super) fn new(registry: Registry, id: Option<u64>) -> Self {
        Self { registry, id }
    }

    /// Lets the two stay joined for as long as both exist.
    pub fn keep(mut self) {
        self.id = None;
    }
}

impl Drop for Linkage {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.registry.unlink(id);
        }
    }
}

/// A sender that waits for room; see [`Outbox::wait`].
#[derive(Debug)]
#[must_use = "it waits until this is dropped"]
pub struct Waiting(Option<(u64, Arc<PostboxMeter>)>);

impl Waiting {
    pub(crate) fn new(meter: &Arc<PostboxMeter>) -> Self {
        Self(Some((meter.begin_wait(), meter.clone())))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((since, meter)) = &self.0 {
            meter.end_wait(*since);
        }
    }
}
