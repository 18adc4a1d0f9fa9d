//! A component, asked.

use std::fmt;

use super::{LinkageRef, PostboxRef};
use crate::activity::{Spans, Spent, Work};
use crate::change::{PostboxKind, State};
use crate::display;
use crate::id::ComponentId;
use crate::list;
use crate::said::Line;
use crate::slab::some;
use crate::system::System;
use crate::topology::{Component, Marks};

/// A component of a [`System`].
#[derive(Clone, Copy)]
pub struct ComponentRef<'a> {
    pub(crate) system: &'a System,
    pub(crate) slot: u32,
}

impl<'a> ComponentRef<'a> {
    /// Its id.
    pub fn id(self) -> ComponentId {
        self.told().id
    }

    /// A small number of its own for as long as it exists, used again afterwards: for arrays.
    pub fn slot(self) -> u32 {
        self.slot
    }

    /// The system it is part of.
    pub fn system(self) -> &'a System {
        self.system
    }

    /// Its name as told; may be empty.
    pub fn name(self) -> &'a str {
        &self.told().name
    }

    /// What kind of component it is; may be empty.
    pub fn type_name(self) -> &'a str {
        self.system.topology.names.text(self.told().type_name)
    }

    /// What it is for; may be empty.
    pub fn description(self) -> &'a str {
        self.system.topology.names.text(self.told().description)
    }

    /// How it is doing.
    pub fn state(self) -> State {
        self.told().state
    }

    /// What failed and where; empty otherwise.
    pub fn state_detail(self) -> &'a str {
        self.system.topology.details.get(&self.slot).map_or("", |detail| &detail.state_detail)
    }

    /// Free words of the program's own.
    pub fn labels(self) -> &'a [(String, String)] {
        self.system.topology.details.get(&self.slot).map_or(&[], |detail| &detail.labels)
    }

    /// The composite it lives in.
    pub fn parent(self) -> Option<ComponentRef<'a>> {
        some(self.told().parent).map(|slot| self.beside(slot))
    }

    /// What lives in it, in order of appearance.
    pub fn children(self) -> impl Iterator<Item = ComponentRef<'a>> {
        let components = &self.system.topology.components;
        list::walk(components, self.told().first_child, |component| component.near).map(move |slot| self.beside(slot))
    }

    /// Whether anything lives in it.
    pub fn is_composite(self) -> bool {
        some(self.told().first_child).is_some()
    }

    /// The composites around it, the nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = ComponentRef<'a>> {
        std::iter::successors(self.parent(), |component| component.parent())
    }

    /// How many composites are around it.
    pub fn depth(self) -> usize {
        self.ancestors().count()
    }

    /// Its name after those of the composites around it, the outermost first: "ConnectedServer / alice". Of very deep
    /// nesting the sixteen innermost. As told; not escaped.
    pub fn path(self) -> String {
        const INNERMOST: usize = 16;
        let mut names: Vec<&str> =
            std::iter::once(self).chain(self.ancestors()).take(INNERMOST + 1).map(ComponentRef::name).collect();
        if names.len() > INNERMOST {
            names[INNERMOST] = "…";
        }
        names.reverse();
        names.join(" / ")
    }

    /// The next as a tree is read: its first child, else its next sibling, else that of the nearest composite.
    pub fn next_in_tree(self) -> Option<ComponentRef<'a>> {
        some(self.told().first_child).map(|slot| self.beside(slot)).or_else(|| self.next_beside())
    }

    /// The same past what is in it: its next sibling, else that of the nearest composite.
    pub fn next_beside(self) -> Option<ComponentRef<'a>> {
        let next = std::iter::once(self).chain(self.ancestors()).find_map(|component| some(component.told().near.next));
        next.map(|slot| self.beside(slot))
    }

    /// Its inboxes and outboxes, in order of appearance.
    pub fn postboxes(self) -> impl Iterator<Item = PostboxRef<'a>> {
        self.grips_and_postboxes().filter(|postbox| postbox.kind() != PostboxKind::Grip)
    }

    /// What it uses: each time the owner of the sink.
    pub fn uses(self) -> impl Iterator<Item = LinkageRef<'a>> {
        self.grips().flat_map(PostboxRef::linkages_out)
    }

    /// By whom it is used: each time the owner of the source.
    pub fn used_by(self) -> impl Iterator<Item = LinkageRef<'a>> {
        self.grips().flat_map(PostboxRef::linkages_in)
    }

    fn grips(self) -> impl Iterator<Item = PostboxRef<'a>> {
        self.grips_and_postboxes().filter(|postbox| postbox.kind() == PostboxKind::Grip)
    }

    pub(crate) fn grips_and_postboxes(self) -> impl Iterator<Item = PostboxRef<'a>> {
        let system = self.system;
        list::walk(&system.topology.postboxes, self.told().first_postbox, |postbox| postbox.near)
            .map(move |slot| PostboxRef { system, slot })
    }

    /// Time spent running, polls that ended.
    pub fn busy_ns(self) -> u64 {
        self.work().map_or(0, |work| work.busy.total_ns)
    }

    /// The part of the last one to two seconds spent running, a poll that runs now included: 0 to 1.
    pub fn busy_share(self) -> f32 {
        let clock = &self.system.topology.activities.clock;
        self.work().map_or(0.0, |work| work.busy.share(clock.age(work.epoch), clock))
    }

    /// Polls that ended.
    pub fn polls(self) -> u64 {
        self.work().map_or(0, |work| work.polls)
    }

    /// Whether it stands for many short things of one kind, such as the requests of a service.
    pub fn stands_for_many(self) -> bool {
        self.spans().is_some()
    }

    /// How many short things have begun that it stands for.
    pub fn begun(self) -> u64 {
        self.spans().map_or(0, |spans| spans.begun.total)
    }

    /// How many of them begin a second, over the last one to two seconds.
    pub fn begun_rate(self) -> f64 {
        let clock = &self.system.topology.activities.clock;
        match (self.work(), self.spans()) {
            (Some(work), Some(spans)) => clock.rate(f64::from(spans.begun.recent(clock.age(work.epoch)))),
            _ => 0.0,
        }
    }

    /// How many of them are open now.
    pub fn open(self) -> u32 {
        self.spans().map_or(0, |spans| spans.open)
    }

    /// Time its task was ready to run and did not, waits that ended.
    pub fn scheduled_ns(self) -> u64 {
        self.scheduled().map_or(0, |scheduled| scheduled.total_ns)
    }

    /// The part of the last one to two seconds in which its task was ready and did not run, a wait that lasts now
    /// included: 0 to 1. None where nobody has measured any.
    pub fn scheduled_share(self) -> Option<f32> {
        let clock = &self.system.topology.activities.clock;
        Some(self.scheduled()?.share(clock.age(self.work()?.epoch), clock))
    }

    /// When the wait to run that lasts now began, on the system's clock; 0 while none lasts.
    pub fn scheduled_since(self) -> u64 {
        self.scheduled().map_or(0, |scheduled| scheduled.since)
    }

    /// The latest lines of its log, the newest last.
    pub fn log(self) -> impl DoubleEndedIterator<Item = &'a Line> {
        self.system.topology.said.lines(self.slot)
    }

    /// How many earlier lines are not kept any more.
    pub fn log_gone(self) -> u64 {
        self.system.topology.said.lines_gone(self.slot)
    }

    /// How often it was started again after it had failed.
    pub fn restarts(self) -> u32 {
        self.work().map_or(0, |work| work.restarts)
    }

    /// The inboxes at which it waits for a message, while it waits.
    pub fn waits_at(self) -> impl Iterator<Item = PostboxRef<'a>> {
        self.postboxes().filter(|postbox| postbox.is_waited_at())
    }

    /// When its task last ran, on the system's clock; 0 is never or not known.
    pub fn last_active_at(self) -> u64 {
        self.work().map_or(0, |work| work.last_active_at)
    }

    /// When the poll that runs now began, on the system's clock; 0 while none runs.
    pub fn poll_started_at(self) -> u64 {
        self.work().map_or(0, |work| work.busy.since)
    }

    /// What it took out of its inboxes.
    pub fn messages_in(self) -> u64 {
        self.boxes(PostboxKind::Inbox).fold(0, |sum, postbox| sum.saturating_add(postbox.messages()))
    }

    /// What its outboxes delivered.
    pub fn messages_out(self) -> u64 {
        self.boxes(PostboxKind::Outbox).fold(0, |sum, postbox| sum.saturating_add(postbox.messages()))
    }

    /// What it takes out of its inboxes a second.
    pub fn rate_in(self) -> f64 {
        self.boxes(PostboxKind::Inbox).map(PostboxRef::rate).sum()
    }

    /// What its outboxes deliver a second.
    pub fn rate_out(self) -> f64 {
        self.boxes(PostboxKind::Outbox).map(PostboxRef::rate).sum()
    }

    /// Whether something told of it, of its postboxes or of their linkages did not fit, and no snapshot has made that
    /// good.
    pub fn has_anomaly(self) -> bool {
        self.told().marks.has(Marks::ANOMALY)
    }

    /// The time of the system's clock at which it was first told of.
    pub fn first_seen_at(self) -> u64 {
        self.told().first_seen_at
    }

    fn boxes(self, kind: PostboxKind) -> impl Iterator<Item = PostboxRef<'a>> {
        self.postboxes().filter(move |postbox| postbox.kind() == kind)
    }

    fn beside(self, slot: u32) -> ComponentRef<'a> {
        ComponentRef { system: self.system, slot }
    }

    fn told(self) -> &'a Component {
        &self.system.topology.components[self.slot]
    }

    pub(crate) fn work(self) -> Option<&'a Work> {
        self.system.topology.activities.work.get(self.told().work)
    }

    pub(crate) fn spans(self) -> Option<&'a Spans> {
        self.system.topology.activities.spans.get(self.work()?.spans)
    }

    pub(crate) fn scheduled(self) -> Option<&'a Spent> {
        self.system.topology.activities.waits.get(self.work()?.scheduled)
    }
}

/// Its id and its name, escaped.
impl fmt::Debug for ComponentRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "component {} {}", self.id(), display::label(self.name(), 40))
    }
}
