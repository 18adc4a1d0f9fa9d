//! The wire's words turned into the model's: the only place that doubts what came.
//!
//! Nothing is copied: texts move from the Report into the change, and changes are made one by one as they are taken, so
//! that a waiting Report takes no more room than it did on arrival.

use std::collections::VecDeque;
use std::vec::IntoIter;

use axonscope_model::{Anomaly, Change, ComponentId, Hello, LinkageId, PostboxId};
use axonscope_proto::limits::cut;
use axonscope_proto::v1::report::Content;
use axonscope_proto::{PROTOCOL, v1};

use crate::doubts::{Doubts, component_activity, linkage, postbox_activity};

/// Why a Hello is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHello {
    /// Another protocol.
    #[error(
        "this visualiser speaks version {PROTOCOL} of the protocol and the probe version {0}: \
         build the program with a probe of the visualiser's version"
    )]
    Protocol(u32),
    /// Not 16 bytes.
    #[error("an instance id has 16 random bytes; this one has {0}")]
    InstanceId(usize),
}

/// Checks a Hello. Texts that are too long are cut; the anomalies say so and are for the system that now begins.
///
/// # Errors
/// [`BadHello`] when the stream cannot go on.
pub fn hello(hello: v1::Hello) -> Result<(Hello, Vec<Anomaly>), BadHello> {
    if hello.protocol != PROTOCOL {
        return Err(BadHello::Protocol(hello.protocol));
    }
    let instance =
        hello.instance_id.as_slice().try_into().map_err(|_| BadHello::InstanceId(hello.instance_id.len()))?;
    let mut doubts = Doubts::default();
    let hello = Hello {
        instance,
        name: doubts.text(hello.system_name, "system", 0),
        pid: hello.pid,
        host: doubts.text(hello.host, "system", 0),
        program: doubts.text(hello.program, "system", 0),
        labels: doubts.labels(hello.labels, "system", 0),
        wall_clock_ns: hello.wall_clock_ns,
        monotonic_ns: hello.monotonic_ns,
        started_at: hello.started_at,
    };
    Ok((hello, doubts.found.into_iter().collect()))
}

/// What one stream said so far, as far as it matters for what it says next.
#[derive(Debug)]
pub struct Edge {
    /// The number of the next Report.
    due: u64,
    /// The number of the next part, while a snapshot runs.
    part_due: Option<u32>,
    /// Something is missing, and no snapshot has begun since.
    broken: bool,
    lost: u64,
    refused: u64,
    merged: u64,
}

/// What a Report was.
pub enum Admitted {
    /// Changes, if any.
    Batch(Box<Batch>),
    /// Goodbye, with a reason that may be empty.
    Farewell(String),
}

impl Edge {
    /// After a Hello of this number.
    pub fn after(hello_seq: u64) -> Edge {
        Edge { due: hello_seq.saturating_add(1), part_due: None, broken: false, lost: 0, refused: 0, merged: 0 }
    }

    /// Takes the next Report. True: what is known of the system is wrong from here on, and it should be asked for a
    /// snapshot.
    pub fn admit(&mut self, report: v1::Report) -> (Admitted, bool) {
        let mut batch = Box::<Batch>::default();
        let was_broken = self.broken;
        if report.seq != self.due {
            batch.refuse(Anomaly::Gap { expected: self.due, got: report.seq });
            // The end of a snapshot with holes would sweep away what was in the holes.
            self.part_due = None;
            self.broken = true;
        }
        self.due = report.seq.saturating_add(1);
        if report.lost > self.lost {
            self.lost = report.lost;
            batch.first.push_back(Change::Lost(report.lost));
        }
        if report.refused > self.refused {
            self.refused = report.refused;
            batch.first.push_back(Change::NoRoom(report.refused));
        }
        let tells_news = matches!(report.content, Some(Content::Delta(_) | Content::Activity(_)));
        batch.captured_at = (tells_news && report.captured_at > 0).then_some(report.captured_at);
        match report.content {
            Some(Content::Farewell(farewell)) => return (Admitted::Farewell(cut(farewell.reason).0), false),
            Some(Content::Snapshot(snapshot)) => self.snapshot(snapshot, &mut batch),
            Some(Content::Delta(delta)) => self.delta(delta, &mut batch),
            Some(Content::Activity(activity)) => {
                batch.component_activity = activity.components.into_iter();
                batch.postbox_activity = activity.postboxes.into_iter();
                batch.linkage_activity = activity.linkages.into_iter();
                // Without a time these are only the first totals of a sample that ends in a later Report.
                batch.last = (report.captured_at > 0).then_some(Change::Sampled { at: report.captured_at });
            }
            Some(Content::Hello(_)) => batch.malformed("a second Hello".to_owned()),
            Some(Content::LogLine(line)) => batch.last = Some(batch.doubts.line(line, report.captured_at)),
            Some(Content::TapSample(sample)) => batch.last = Some(batch.doubts.sample(sample, report.captured_at)),
            // What is not known is ignored, as the protocol has it.
            None => {}
        }
        batch.weight = batch.weigh();
        (Admitted::Batch(batch), self.broken && !was_broken)
    }

    fn snapshot(&mut self, snapshot: v1::Snapshot, batch: &mut Batch) {
        let begins = snapshot.part == 0;
        let fits = begins || self.part_due == Some(snapshot.part);
        if begins {
            batch.first.push_back(Change::SnapshotBegan);
            self.broken = false;
        } else if !fits && !self.broken {
            let due = self.part_due.unwrap_or(0);
            batch.malformed(format!("part {} of a snapshot where part {due} was due", snapshot.part));
            self.broken = true;
        }
        self.part_due = (fits && !snapshot.last).then(|| snapshot.part.saturating_add(1));
        batch.last = (fits && snapshot.last).then_some(Change::SnapshotEnded);
        batch.components = snapshot.components.into_iter();
        batch.postboxes = snapshot.postboxes.into_iter();
        batch.linkages = snapshot.linkages.into_iter();
    }

    fn delta(&mut self, delta: v1::Delta, batch: &mut Batch) {
        batch.unlinked = delta.unlinked.into_iter();
        batch.removed_postboxes = delta.removed_postboxes.into_iter();
        batch.removed_components = delta.removed_components.into_iter();
        batch.components = delta.added_components.into_iter();
        batch.postboxes = delta.added_postboxes.into_iter();
        batch.linkages = delta.linked.into_iter();
        batch.states = delta.state_changes.into_iter();
        if delta.merged > self.merged {
            self.merged = delta.merged;
            batch.last = Some(Change::Merged(delta.merged));
        }
    }
}

/// The changes of one Report, in order.
#[derive(Default)]
pub struct Batch {
    first: VecDeque<Change>,
    unlinked: IntoIter<u64>,
    removed_postboxes: IntoIter<u64>,
    removed_components: IntoIter<u64>,
    components: IntoIter<v1::Component>,
    postboxes: IntoIter<v1::Postbox>,
    linkages: IntoIter<v1::Linkage>,
    states: IntoIter<v1::StateChange>,
    component_activity: IntoIter<v1::ComponentActivity>,
    postbox_activity: IntoIter<v1::PostboxActivity>,
    linkage_activity: IntoIter<v1::LinkageActivity>,
    last: Option<Change>,
    /// What was wrong with the latest change.
    doubts: Doubts,
    weight: usize,
    captured_at: Option<u64>,
}

impl Batch {
    /// Anomalies alone.
    pub fn refused(anomalies: impl IntoIterator<Item = Anomaly>) -> Box<Batch> {
        let first = anomalies.into_iter().map(Change::Refused).collect();
        Box::new(Batch { first, ..Batch::default() })
    }

    /// When the probe read what is new here, in nanoseconds of its monotonic clock. None for parts of a snapshot, which tell
    /// of what was before, for words, and where the probe did not say.
    pub fn captured_at(&self) -> Option<u64> {
        self.captured_at
    }

    /// What it takes in memory, in bytes, roughly.
    pub fn weight(&self) -> usize {
        self.weight
    }

    fn refuse(&mut self, anomaly: Anomaly) {
        self.first.push_back(Change::Refused(anomaly));
    }

    fn malformed(&mut self, what: String) {
        self.refuse(Anomaly::Malformed(what));
    }

    fn weigh(&self) -> usize {
        let ids = self.unlinked.len() + self.removed_postboxes.len() + self.removed_components.len();
        let components: usize = self.components.as_slice().iter().map(component_weight).sum();
        let postboxes: usize = self.postboxes.as_slice().iter().map(postbox_weight).sum();
        let states: usize = self.states.as_slice().iter().map(|state| size_of_val(state) + state.detail.len()).sum();
        ids * size_of::<u64>()
            + components
            + postboxes
            + states
            + size_of_val(self.linkages.as_slice())
            + size_of_val(self.component_activity.as_slice())
            + size_of_val(self.postbox_activity.as_slice())
            + size_of_val(self.linkage_activity.as_slice())
            + self.last.as_ref().map_or(0, said_weight)
    }

    fn next_told(&mut self) -> Option<Change> {
        if let Some(change) = self.first.pop_front() {
            return Some(change);
        }
        if let Some(id) = self.unlinked.next() {
            return Some(Change::Unlinked(LinkageId(id)));
        }
        if let Some(id) = self.removed_postboxes.next() {
            return Some(Change::PostboxRemoved(PostboxId(id)));
        }
        if let Some(id) = self.removed_components.next() {
            return Some(Change::ComponentRemoved(ComponentId(id)));
        }
        if let Some(new) = self.components.next() {
            return Some(self.doubts.component(new));
        }
        if let Some(new) = self.postboxes.next() {
            return Some(self.doubts.postbox(new));
        }
        if let Some(new) = self.linkages.next() {
            return Some(linkage(new));
        }
        if let Some(told) = self.states.next() {
            return Some(self.doubts.state_change(told));
        }
        if let Some(told) = self.component_activity.next() {
            return Some(component_activity(told));
        }
        if let Some(told) = self.postbox_activity.next() {
            return Some(postbox_activity(told));
        }
        if let Some(told) = self.linkage_activity.next() {
            return Some(Change::LinkageActivity { linkage: LinkageId(told.linkage), messages: told.messages });
        }
        self.last.take()
    }
}

impl Iterator for Batch {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        match self.doubts.found.pop_front() {
            Some(anomaly) => Some(Change::Refused(anomaly)),
            None => self.next_told(),
        }
    }
}

/// What words said weigh besides the place of their change.
fn said_weight(change: &Change) -> usize {
    match change {
        Change::Logged(told) => told.line.text.len(),
        Change::Tapped(told) => told.sample.text.len() + told.refusal.len(),
        _ => 0,
    }
}

fn component_weight(new: &v1::Component) -> usize {
    let labels: usize = new.labels.iter().map(|(key, value)| 64 + key.len() + value.len()).sum();
    size_of_val(new) + new.name.len() + new.type_name.len() + new.description.len() + new.state_detail.len() + labels
}

fn postbox_weight(new: &v1::Postbox) -> usize {
    size_of_val(new) + new.name.len() + new.message_type.len() + new.description.len()
}
