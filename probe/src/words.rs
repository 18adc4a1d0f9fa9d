//! The words the ledger speaks: structure in plain numbers and strings, whichever source it came from.
//!
//! Sources turn what they observe into these, and [`to_proto`](crate::to_proto) turns these into the wire's. Ids are at
//! least 1, unique within the probe, and never reused.

use std::sync::Arc;

use axonscope_runtime::State;

/// One structural fact added or removed.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    ComponentAdded(Component),
    StateChanged(u64, State),
    /// The component goes with all its postboxes.
    ComponentRemoved(u64),
    PostboxAdded(Postbox),
    PostboxRemoved(u64),
    Linked(Linkage),
    Unlinked(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) id: u64,
    /// 0 at the top.
    pub(crate) parent: u64,
    pub(crate) name: Arc<str>,
    pub(crate) type_name: Arc<str>,
    pub(crate) description: Arc<str>,
    pub(crate) state: State,
}

#[derive(Clone, Debug)]
pub(crate) struct Postbox {
    pub(crate) id: u64,
    pub(crate) owner: u64,
    pub(crate) name: Arc<str>,
    pub(crate) kind: PostboxKind,
    pub(crate) message_type: Arc<str>,
    /// 0 when not bounded, or an outbox.
    pub(crate) capacity: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Linkage {
    pub(crate) id: u64,
    pub(crate) source: u64,
    pub(crate) sink: u64,
    pub(crate) kind: LinkageKind,
}

/// Which way messages go through a postbox.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum PostboxKind {
    Inbox,
    Outbox,
    /// No box: where a component holds what it uses, or is held by those who use it.
    Grip,
}

/// How a linkage joins its two postboxes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LinkageKind {
    Direct,
    Inward,
    Outward,
    /// From grip to grip: nothing flows.
    Use,
}

/// Some of what exists, true at `event_number`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) event_number: u64,
    /// Parents before children.
    pub(crate) components: Vec<Component>,
    pub(crate) postboxes: Vec<Postbox>,
    pub(crate) linkages: Vec<Linkage>,
}

/// What a thing takes beside its strings, in bytes: generous both for its place in the ledger's maps and for its
/// numbers on the wire, so that one figure bounds the two.
const PLAIN: usize = 192;

impl Component {
    pub(crate) fn weight(&self) -> usize {
        let detail = if let State::Failed(detail) = &self.state { detail.len() } else { 0 };
        PLAIN + self.name.len() + self.type_name.len() + self.description.len() + detail
    }
}

impl Postbox {
    pub(crate) fn weight(&self) -> usize {
        PLAIN + self.name.len() + self.message_type.len()
    }
}

impl Linkage {
    pub(crate) const WEIGHT: usize = PLAIN;
}

impl Change {
    /// What it takes while it waits, beside its own size, in bytes: its strings, since by then the program may hold them no
    /// more.
    pub(crate) fn strings(&self) -> usize {
        match self {
            Self::ComponentAdded(component) => component.weight() - PLAIN,
            Self::PostboxAdded(postbox) => postbox.weight() - PLAIN,
            Self::StateChanged(_, state) => state_weight(state) - PLAIN,
            Self::ComponentRemoved(_) | Self::PostboxRemoved(_) | Self::Linked(_) | Self::Unlinked(_) => 0,
        }
    }
}

/// What an id that is gone takes until it is told.
pub(crate) const REMOVAL_WEIGHT: usize = 16;

/// What a changed state takes until it is told.
pub(crate) fn state_weight(state: &State) -> usize {
    PLAIN + if let State::Failed(detail) = state { detail.len() } else { 0 }
}
