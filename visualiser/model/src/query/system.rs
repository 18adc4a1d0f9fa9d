//! Questions to a system about itself.

use crate::change::Anomaly;
use crate::id::SystemId;
use crate::said::{self, Line};
use crate::status::{Facts, Status};
use crate::system::System;

impl System {
    /// Names it for as long as the model keeps it.
    pub fn id(&self) -> SystemId {
        self.id
    }

    /// What people call it; may be empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells connected systems of one name apart: from 1.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Its name, with the ordinal where that is not 1: "chat_server 2". As told; not escaped.
    pub fn title(&self) -> String {
        match self.ordinal {
            1 => self.name.clone(),
            ordinal => format!("{} {ordinal}", self.name),
        }
    }

    /// Who it is.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How it stands.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// When it was last heard, on the visualiser's clock.
    pub fn heard_at_ns(&self) -> u64 {
        self.heard_at_ns
    }

    /// Rises when something exists that did not, no longer exists, or has another name or place.
    pub fn structure_version(&self) -> u64 {
        self.structure_version
    }

    /// Rises when something else that can be seen is different: totals, rates, states, status, anomalies. Does not rise
    /// while nothing happens, whatever is heard.
    pub fn activity_version(&self) -> u64 {
        self.activity_version
    }

    /// Structural events that the probe lost and made good by a snapshot, as told.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Births and deaths that met between two ticks and were never sent, as told.
    pub fn merged(&self) -> u64 {
        self.merged
    }

    /// Components, postboxes and linkages that the probe had no room for, as told.
    pub fn no_room(&self) -> u64 {
        self.no_room
    }

    /// The latest lines of its own log, those of components not included; the newest last.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.topology.said.lines(said::SYSTEM)
    }

    /// How many earlier lines of its own are not kept any more.
    pub fn log_gone(&self) -> u64 {
        self.topology.said.lines_gone(said::SYSTEM)
    }

    /// Things left out because a limit was reached.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Everything that did not fit so far, what was refused included.
    pub fn anomaly_count(&self) -> u64 {
        self.anomaly_count
    }

    /// The latest of them, at most 64, the newest last.
    pub fn recent_anomalies(&self) -> impl ExactSizeIterator<Item = &Anomaly> {
        self.recent_anomalies.iter()
    }

    /// An estimate of what it takes in memory.
    pub fn bytes(&self) -> usize {
        size_of::<System>() + self.topology.bytes() + self.topology.said.bytes()
    }

    /// When the totals were read, on the system's clock; 0 before the first sample.
    pub fn sampled_at(&self) -> u64 {
        self.topology.activities.clock.at
    }

    /// From the start of the instance until it last said what time it is.
    pub fn uptime_ns(&self) -> u64 {
        self.now().saturating_sub(self.facts.started_at)
    }

    /// Deliveries by all outboxes a second, over the last one to two seconds, those of boxes that have gone included. 0
    /// while silent or departed.
    pub fn messages_per_second(&self) -> f64 {
        let activities = &self.topology.activities;
        activities.delivered.rate(&activities.clock)
    }

    /// Structural changes a second, over the last one to two seconds; what snapshots bring is not counted.
    pub fn changes_per_second(&self) -> f64 {
        let activities = &self.topology.activities;
        activities.changes.rate(&activities.clock)
    }
}
