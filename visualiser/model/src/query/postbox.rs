//! A postbox, asked.

use std::fmt;

use super::{ComponentRef, LinkageRef, flow};
use crate::activity::{Spent, Traffic};
use crate::change::PostboxKind;
use crate::display;
use crate::id::PostboxId;
use crate::list;
use crate::slab::some;
use crate::system::System;
use crate::topology::{Marks, Postbox};

/// A postbox of a [`System`].
#[derive(Clone, Copy)]
pub struct PostboxRef<'a> {
    pub(crate) system: &'a System,
    pub(crate) slot: u32,
}

impl<'a> PostboxRef<'a> {
    /// Its id.
    pub fn id(self) -> PostboxId {
        self.told().id
    }

    /// A small number of its own for as long as it exists, used again afterwards: for arrays.
    pub fn slot(self) -> u32 {
        self.slot
    }

    /// The component that has it.
    pub fn owner(self) -> ComponentRef<'a> {
        ComponentRef { system: self.system, slot: self.told().owner }
    }

    /// Its name as told; may be empty.
    pub fn name(self) -> &'a str {
        self.system.topology.names.text(self.told().name)
    }

    /// Which way messages go, if any do.
    pub fn kind(self) -> PostboxKind {
        self.told().kind
    }

    /// The type of its messages; may be empty.
    pub fn message_type(self) -> &'a str {
        self.system.topology.names.text(self.told().message_type)
    }

    /// How many messages it holds; 0 is not bounded or not known.
    pub fn capacity(self) -> u32 {
        self.told().capacity
    }

    /// What it is for; may be empty.
    pub fn description(self) -> &'a str {
        let topology = &self.system.topology;
        topology.descriptions.get(&self.slot).map_or("", |name| topology.names.text(*name))
    }

    /// Whether it is one of the pair every component has for stopping: the inbox `control` or the outbox `signal`, or a
    /// further one of these, such as `signal 2`.
    pub fn is_standard(self) -> bool {
        match self.kind() {
            PostboxKind::Inbox => self.name() == "control",
            PostboxKind::Outbox => {
                self.name().strip_prefix("signal").is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            }
            PostboxKind::Grip => false,
        }
    }

    /// Inbox: taken out by the component. Outbox: delivered. A box that messages pass by, as those of composites, counts
    /// what comes to it through its linkages.
    pub fn messages(self) -> u64 {
        self.traffic().map_or_else(|| flow::into(self).messages, |traffic| traffic.messages.total)
    }

    /// Messages a second, over the last one to two seconds.
    pub fn rate(self) -> f64 {
        self.traffic().map_or_else(|| flow::into(self).rate, |traffic| self.rate_of(traffic))
    }

    /// Whether it has been told any totals of its own.
    pub fn is_counted(self) -> bool {
        self.traffic().is_some()
    }

    /// Thrown away here.
    pub fn dropped(self) -> u64 {
        self.traffic().map_or(0, |traffic| traffic.dropped)
    }

    /// Messages waiting.
    pub fn depth(self) -> u32 {
        self.traffic().map_or(0, |traffic| traffic.depth)
    }

    /// The largest depth there has been.
    pub fn high_water(self) -> u32 {
        self.traffic().map_or(0, |traffic| traffic.high_water)
    }

    /// Messages waiting by how many it holds; none where that is not bounded or not known.
    pub fn fill(self) -> Option<f32> {
        match self.capacity() {
            0 => None,
            capacity => Some((self.depth() as f32 / capacity as f32).min(1.0)),
        }
    }

    /// Time spent waiting for room, waits that ended.
    pub fn blocked_ns(self) -> u64 {
        self.waits().map_or(0, |waits| waits.total_ns)
    }

    /// The part of the last one to two seconds spent waiting for room, a wait that lasts now included: 0 to 1.
    pub fn blocked_share(self) -> f32 {
        let clock = &self.system.topology.activities.clock;
        match (self.traffic(), self.waits()) {
            (Some(traffic), Some(waits)) => waits.share(clock.age(traffic.epoch), clock),
            _ => 0.0,
        }
    }

    /// When the wait that lasts now began, on the system's clock; 0 while none lasts.
    pub fn blocked_since(self) -> u64 {
        self.waits().map_or(0, |waits| waits.since)
    }

    /// Inbox: its component waits here for a message, and none has come.
    pub fn is_waited_at(self) -> bool {
        self.traffic().is_some_and(|traffic| traffic.waiting && traffic.depth == 0)
    }

    /// The linkages that leave it, in order of appearance.
    pub fn linkages_out(self) -> impl Iterator<Item = LinkageRef<'a>> {
        let system = self.system;
        list::walk(&system.topology.linkages, self.told().first_out, |linkage| linkage.out)
            .map(move |slot| LinkageRef { system, slot })
    }

    /// The linkages that come to it, in order of appearance.
    pub fn linkages_in(self) -> impl Iterator<Item = LinkageRef<'a>> {
        let system = self.system;
        list::walk(&system.topology.linkages, self.told().first_in, |linkage| linkage.into)
            .map(move |slot| LinkageRef { system, slot })
    }

    /// Whether any linkage leaves it or comes to it.
    pub fn is_linked(self) -> bool {
        some(self.told().first_out).or(some(self.told().first_in)).is_some()
    }

    /// Whether something told of it or of its linkages did not fit, and no snapshot has made that good.
    pub fn has_anomaly(self) -> bool {
        self.told().marks.has(Marks::ANOMALY)
    }

    pub(crate) fn told(self) -> &'a Postbox {
        &self.system.topology.postboxes[self.slot]
    }

    pub(crate) fn traffic(self) -> Option<&'a Traffic> {
        self.system.topology.activities.traffic.get(self.told().traffic)
    }

    pub(crate) fn waits(self) -> Option<&'a Spent> {
        self.system.topology.activities.waits.get(self.traffic()?.waits)
    }

    pub(crate) fn rate_of(self, traffic: &Traffic) -> f64 {
        let clock = &self.system.topology.activities.clock;
        clock.rate(f64::from(traffic.messages.recent(clock.age(traffic.epoch))))
    }
}

/// Its id and its name, escaped.
impl fmt::Debug for PostboxRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postbox {} {}", self.id(), display::label(self.name(), 40))
    }
}
