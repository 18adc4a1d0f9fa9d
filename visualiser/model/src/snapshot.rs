//! The changes that rebuild a system elsewhere, rates included.

use crate::activity::{Spent, Tally};
use crate::change::{Change, ComponentActivity, NewComponent, NewLinkage, NewPostbox, PostboxActivity};
use crate::clock::Clock;
use crate::query::{ComponentRef, LinkageRef, PostboxRef};
use crate::system::System;

/// At which of the two instants that rates are made of.
#[derive(Clone, Copy)]
enum Instant {
    /// Where the window begins.
    Base,
    Now,
}

impl System {
    /// First all that exists, between `SnapshotBegan` and `SnapshotEnded`, each thing after what it needs; then all totals
    /// as they were where the window of the rates begins, and as they are now, each followed by `Sampled`. Told to a
    /// model that knows nothing of it, they make an equal system with the same totals and rates. (The rate of the system
    /// as a whole lacks boxes that are gone.) What programs say in words is not in it: logs and taps are for whoever sits
    /// at the window.
    pub fn snapshot(&self) -> impl Iterator<Item = Change> {
        let clock = &self.topology.activities.clock;
        let structure = std::iter::once(Change::SnapshotBegan)
            .chain(self.tree().map(|component| Change::ComponentAdded(component.to_new())))
            .chain(
                self.tree()
                    .flat_map(ComponentRef::grips_and_postboxes)
                    .map(|postbox| Change::PostboxAdded(postbox.to_new())),
            )
            .chain(self.linkages_and_uses().map(|linkage| Change::Linked(linkage.to_new())))
            .chain(std::iter::once(Change::SnapshotEnded))
            .chain((self.lost() > 0).then_some(Change::Lost(self.lost())))
            .chain((self.merged() > 0).then_some(Change::Merged(self.merged())))
            .chain((self.no_room() > 0).then_some(Change::NoRoom(self.no_room())));
        // Before the first sample there is one instant; a sample that nobody took must not be made up.
        let base = (clock.at > 0).then(|| self.totals(Instant::Base)).into_iter().flatten();
        structure.chain(base).chain(self.totals(Instant::Now))
    }

    fn totals(&self, instant: Instant) -> impl Iterator<Item = Change> {
        let clock = &self.topology.activities.clock;
        let at = match instant {
            Instant::Base => clock.base,
            Instant::Now => clock.at,
        };
        self.components()
            .filter_map(move |component| component.activity(instant).map(Change::ComponentActivity))
            .chain(self.postboxes().filter_map(move |postbox| postbox.activity(instant).map(Change::PostboxActivity)))
            .chain(self.linkages().filter_map(move |linkage| linkage.activity(instant)))
            .chain((at > 0).then_some(Change::Sampled { at }))
    }
}

impl ComponentRef<'_> {
    fn to_new(self) -> NewComponent {
        NewComponent {
            id: self.id(),
            parent: self.parent().map(ComponentRef::id),
            name: self.name().to_owned(),
            type_name: self.type_name().to_owned(),
            description: self.description().to_owned(),
            state: self.state(),
            state_detail: self.state_detail().to_owned(),
            labels: self.labels().to_owned(),
        }
    }

    fn activity(self, instant: Instant) -> Option<ComponentActivity> {
        let work = self.work()?;
        let clock = &self.system.topology.activities.clock;
        let age = clock.age(work.epoch);
        let (busy_ns, poll_started_at) = spent(&work.busy, age, clock, instant);
        let (begun, open) = self.spans().map_or((0, 0), |spans| (messages(&spans.begun, age, instant), spans.open));
        let (scheduled_ns, scheduled_since) =
            self.scheduled().map_or((0, 0), |scheduled| spent(scheduled, age, clock, instant));
        Some(ComponentActivity {
            component: self.id(),
            busy_ns,
            polls: work.polls,
            last_active_at: work.last_active_at,
            poll_started_at,
            restarts: work.restarts,
            begun,
            open,
            scheduled_ns,
            scheduled_since,
        })
    }
}

impl PostboxRef<'_> {
    fn to_new(self) -> NewPostbox {
        NewPostbox {
            id: self.id(),
            owner: self.owner().id(),
            name: self.name().to_owned(),
            kind: self.kind(),
            message_type: self.message_type().to_owned(),
            capacity: self.capacity(),
            description: self.description().to_owned(),
        }
    }

    fn activity(self, instant: Instant) -> Option<PostboxActivity> {
        let traffic = self.traffic()?;
        let clock = &self.system.topology.activities.clock;
        let age = clock.age(traffic.epoch);
        let (blocked_ns, blocked_since) = self.waits().map_or((0, 0), |waits| spent(waits, age, clock, instant));
        Some(PostboxActivity {
            postbox: self.id(),
            messages: messages(&traffic.messages, age, instant),
            dropped: traffic.dropped,
            depth: traffic.depth,
            high_water: traffic.high_water,
            blocked_ns,
            blocked_since,
            waiting: traffic.waiting,
        })
    }
}

impl LinkageRef<'_> {
    fn to_new(self) -> NewLinkage {
        NewLinkage { id: self.id(), source: self.source().id(), sink: self.sink().id(), kind: self.kind() }
    }

    fn activity(self, instant: Instant) -> Option<Change> {
        let activities = &self.system.topology.activities;
        let flow = activities.flows.get(self.told().flow)?;
        let messages = messages(&flow.messages, activities.clock.age(flow.epoch), instant);
        Some(Change::LinkageActivity { linkage: self.id(), messages })
    }
}

fn messages(tally: &Tally, age: u32, instant: Instant) -> u64 {
    match instant {
        Instant::Base => tally.total - u64::from(tally.recent(age)),
        Instant::Now => tally.total,
    }
}

fn spent(spent: &Spent, age: u32, clock: &Clock, instant: Instant) -> (u64, u64) {
    match instant {
        Instant::Base => {
            let since = if spent.since <= clock.base { spent.since } else { 0 };
            (spent.total_ns - (spent.recent_ns(age) as u64).min(spent.total_ns), since)
        }
        Instant::Now => (spent.total_ns, spent.since),
    }
}
