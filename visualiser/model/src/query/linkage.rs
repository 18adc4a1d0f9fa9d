//! A linkage, asked.

use std::fmt;

use super::{PostboxRef, flow};
use crate::change::LinkageKind;
use crate::id::LinkageId;
use crate::said::Tap;
use crate::system::System;
use crate::topology::{Linkage, Marks};

/// A linkage of a [`System`].
#[derive(Clone, Copy)]
pub struct LinkageRef<'a> {
    pub(crate) system: &'a System,
    pub(crate) slot: u32,
}

impl<'a> LinkageRef<'a> {
    /// Its id.
    pub fn id(self) -> LinkageId {
        self.told().id
    }

    /// A small number of its own for as long as it exists, used again afterwards: for arrays.
    pub fn slot(self) -> u32 {
        self.slot
    }

    /// Where messages come from.
    pub fn source(self) -> PostboxRef<'a> {
        PostboxRef { system: self.system, slot: self.told().source }
    }

    /// Where they go.
    pub fn sink(self) -> PostboxRef<'a> {
        PostboxRef { system: self.system, slot: self.told().sink }
    }

    /// How the two are joined.
    pub fn kind(self) -> LinkageKind {
        self.told().kind
    }

    /// Whether it joins like to like: messages pass the composite's box without stopping.
    pub fn is_passthrough(self) -> bool {
        flow::is_passthrough(self.kind())
    }

    /// Its own count where the program counts by linkage, else that of its source; for passthrough the sum of the real
    /// outboxes upstream.
    pub fn messages(self) -> u64 {
        flow::through(self).messages
    }

    /// Messages a second, over the last one to two seconds, from the same source as [`LinkageRef::messages`].
    pub fn rate(self) -> f64 {
        flow::through(self).rate
    }

    /// Whether what it shows is what its source sends through several linkages together, because nobody counts them
    /// apart.
    pub fn is_shared(self) -> bool {
        flow::through(self).shared
    }

    /// What was seen on it, while it is tapped.
    pub fn tap(self) -> Option<&'a Tap> {
        self.system.topology.said.tap_of(self.slot)
    }

    /// Whether something told of it did not fit, and no snapshot has made that good.
    pub fn has_anomaly(self) -> bool {
        self.told().marks.has(Marks::ANOMALY)
    }

    pub(crate) fn told(self) -> &'a Linkage {
        &self.system.topology.linkages[self.slot]
    }
}

/// Its id and its ends.
impl fmt::Debug for LinkageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linkage {} from {:?} to {:?}", self.id(), self.source(), self.sink())
    }
}
