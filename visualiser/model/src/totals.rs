//! Applies what is told of running totals.

use crate::change::{Anomaly, ComponentActivity, LinkageKind, PostboxActivity, PostboxKind};
use crate::clock::Clock;
use crate::id::LinkageId;
use crate::slab::NONE;
use crate::system::{Applied, System};
use crate::topology::Marks;

impl System {
    pub(crate) fn work(&mut self, told: ComponentActivity) -> Applied {
        let Some(slot) = self.topology.component_slot(told.component) else {
            return self.unknown("component", told.component.0);
        };
        let component = &mut self.topology.components[slot];
        let activities = &mut self.topology.activities;
        let past = take_history(&mut component.marks, &activities.clock);
        if component.work == NONE {
            component.work = activities.work.insert();
        }
        let Some(work) = activities.work.get_mut(component.work) else {
            return Applied::NOTHING;
        };
        let mut fell = told.busy_ns < work.busy.total_ns || told.polls < work.polls;
        let age = activities.clock.age(work.epoch);
        work.busy.settle(age);
        work.epoch = activities.clock.grow();
        work.busy.raise(told.busy_ns, told.poll_started_at, past, &mut activities.clock);
        work.polls = work.polls.max(told.polls);
        work.restarts = work.restarts.max(told.restarts);
        work.last_active_at = work.last_active_at.max(told.last_active_at);
        if work.spans == NONE && (told.begun > 0 || told.open > 0) {
            work.spans = activities.spans.insert();
        }
        if let Some(spans) = activities.spans.get_mut(work.spans) {
            fell |= told.begun < spans.begun.total;
            spans.begun.settle(age);
            spans.begun.raise(told.begun, past);
            spans.open = told.open;
        }
        if work.scheduled == NONE && (told.scheduled_ns > 0 || told.scheduled_since > 0) {
            work.scheduled = activities.waits.insert();
        }
        if let Some(scheduled) = activities.waits.get_mut(work.scheduled) {
            fell |= told.scheduled_ns < scheduled.total_ns;
            scheduled.settle(age);
            scheduled.raise(told.scheduled_ns, told.scheduled_since, past, &mut activities.clock);
        }
        Applied::ACTIVITY.with(fell.then_some(Anomaly::TotalFell { noun: "component", id: told.component.0 }))
    }

    pub(crate) fn pass(&mut self, told: PostboxActivity) -> Applied {
        let Some(slot) = self.topology.postbox_slot(told.postbox) else {
            return self.unknown("postbox", told.postbox.0);
        };
        let postbox = &mut self.topology.postboxes[slot];
        if postbox.kind == PostboxKind::Grip {
            return Anomaly::Malformed(format!("totals of postbox {}, which is a grip and has none", told.postbox))
                .into();
        }
        let activities = &mut self.topology.activities;
        let past = take_history(&mut postbox.marks, &activities.clock);
        if postbox.traffic == NONE {
            postbox.traffic = activities.traffic.insert();
        }
        let Some(traffic) = activities.traffic.get_mut(postbox.traffic) else {
            return Applied::NOTHING;
        };
        let mut fell = told.messages < traffic.messages.total || told.dropped < traffic.dropped;
        let age = activities.clock.age(traffic.epoch);
        traffic.epoch = activities.clock.grow();
        traffic.messages.settle(age);
        let more = traffic.messages.raise(told.messages, past);
        traffic.dropped = traffic.dropped.max(told.dropped);
        traffic.depth = told.depth;
        traffic.waiting = told.waiting;
        traffic.high_water = traffic.high_water.max(told.high_water);
        if traffic.waits == NONE && (told.blocked_ns > 0 || told.blocked_since > 0) {
            traffic.waits = activities.waits.insert();
        }
        if let Some(waits) = activities.waits.get_mut(traffic.waits) {
            fell |= told.blocked_ns < waits.total_ns;
            waits.settle(age);
            waits.raise(told.blocked_ns, told.blocked_since, past, &mut activities.clock);
        }
        if postbox.kind == PostboxKind::Outbox && !past {
            activities.delivered.add(more, &mut activities.clock);
        }
        Applied::ACTIVITY.with(fell.then_some(Anomaly::TotalFell { noun: "postbox", id: told.postbox.0 }))
    }

    pub(crate) fn flow(&mut self, id: LinkageId, messages: u64) -> Applied {
        let Some(slot) = self.topology.linkage_slot(id) else {
            return self.unknown("linkage", id.0);
        };
        let linkage = &mut self.topology.linkages[slot];
        if linkage.kind == LinkageKind::Use {
            return Anomaly::Malformed(format!("a total of linkage {id}, which is a use and carries nothing")).into();
        }
        let activities = &mut self.topology.activities;
        let past = take_history(&mut linkage.marks, &activities.clock);
        if linkage.flow == NONE {
            linkage.flow = activities.flows.insert();
        }
        let Some(flow) = activities.flows.get_mut(linkage.flow) else {
            return Applied::NOTHING;
        };
        let fell = messages < flow.messages.total;
        flow.messages.settle(activities.clock.age(flow.epoch));
        flow.epoch = activities.clock.grow();
        flow.messages.raise(messages, past);
        Applied::ACTIVITY.with(fell.then_some(Anomaly::TotalFell { noun: "linkage", id: id.0 }))
    }

    pub(crate) fn sample(&mut self, at: u64) -> Applied {
        match self.topology.activities.clock.sample(at) {
            Some(visible) => Applied::activity_if(visible),
            None => Anomaly::Malformed("the clock of the program went backwards".to_owned()).into(),
        }
    }
}

/// Whether the first total told of a thing is its past: it came by a snapshot, and not long ago.
fn take_history(marks: &mut Marks, clock: &Clock) -> bool {
    let history = marks.has(Marks::HISTORY);
    marks.set(Marks::HISTORY, false);
    history && clock.settles()
}
