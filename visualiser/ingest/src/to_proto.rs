//! The model's words turned into the wire's, for readers.

use axonscope_model::problems::{Problem, Severity};
use axonscope_model::{
    Change, ComponentActivity, Hello, LinkageKind, NewComponent, NewLinkage, NewPostbox, PostboxActivity, PostboxKind,
    State,
};
use axonscope_proto::limits::REPORT_BYTES;
use axonscope_proto::v1::report::Content;
use axonscope_proto::{PROTOCOL, v1};
use prost::Message;

use crate::answers::{ComponentPlace, Standing, Summary, SystemLayout};

/// What a Report may hold besides its content, the envelope to a reader included.
const ENVELOPE_BYTES: usize = 4096;

/// Writes Reports about one system for one reader: a change may join the Report before it as long as the order that a
/// Report is read in stays the order in which things happened, and as long as it is small enough.
#[derive(Default)]
pub struct Scribe {
    seq: u64,
    lost: u64,
    refused: u64,
    merged: u64,
    /// When the latest sample was taken.
    sampled_at: u64,
    /// The next part, while a snapshot runs.
    part: Option<u32>,
    /// At most one of the three is begun.
    snapshot: Option<v1::Snapshot>,
    delta: Option<v1::Delta>,
    activity: Option<v1::Activity>,
    /// How far into a Delta's order the one begun has come.
    rank: u8,
    draft_bytes: usize,
    torn: bool,
}

impl Scribe {
    /// The first Report of all. It carries no instance id.
    pub fn hello(&mut self, hello: Hello) -> v1::Report {
        let captured_at = hello.monotonic_ns;
        *self = Scribe::default();
        self.report(
            captured_at,
            Content::Hello(v1::Hello {
                protocol: PROTOCOL,
                system_name: hello.name,
                instance_id: Vec::new(),
                pid: hello.pid,
                host: hello.host,
                program: hello.program,
                labels: hello.labels.into_iter().collect(),
                wall_clock_ns: hello.wall_clock_ns,
                monotonic_ns: hello.monotonic_ns,
                started_at: hello.started_at,
            }),
        )
    }

    /// Takes down one change; Reports that are complete by it go to `out`.
    pub fn write(&mut self, change: Change, out: &mut dyn FnMut(v1::Report)) {
        match change {
            Change::SnapshotBegan => {
                self.flush(out);
                self.part = Some(0);
            }
            Change::SnapshotEnded => self.end_snapshot(out),
            Change::ComponentAdded(new) => self.add_component(component(new), out),
            Change::PostboxAdded(new) => self.add_postbox(postbox(new), out),
            Change::Linked(new) => self.link(linkage(new), out),
            Change::Unlinked(id) => self.delta(0, 12, out).unlinked.push(id.0),
            Change::PostboxRemoved(id) => self.delta(1, 12, out).removed_postboxes.push(id.0),
            Change::ComponentRemoved(id) => self.delta(2, 12, out).removed_components.push(id.0),
            Change::StateChanged { component, state, detail } => {
                let told = v1::StateChange { component: component.0, state: state_to(state) as i32, detail };
                let bytes = told.encoded_len();
                self.delta(6, bytes, out).state_changes.push(told);
            }
            Change::ComponentActivity(told) => {
                let told = component_activity(told);
                self.activity(told.encoded_len(), out).components.push(told);
            }
            Change::PostboxActivity(told) => {
                let told = postbox_activity(told);
                self.activity(told.encoded_len(), out).postboxes.push(told);
            }
            Change::LinkageActivity { linkage, messages } => {
                let told = v1::LinkageActivity { linkage: linkage.0, messages };
                self.activity(told.encoded_len(), out).linkages.push(told);
            }
            Change::Sampled { at } => {
                self.activity(0, out);
                self.sampled_at = at;
                self.flush(out);
            }
            Change::Lost(total) => self.lost = total,
            Change::Merged(total) => {
                self.merged = total;
                self.delta(6, 0, out);
            }
            Change::NoRoom(total) => {
                self.refused = total;
                self.delta(6, 0, out);
            }
            // Readers see how many there were in the summary.
            Change::Refused(_) => {}
            // For whoever sits at the window only, until readers can show a token.
            Change::Logged(_) | Change::Tapped(_) => {}
        }
    }

    /// A snapshot ended of which the beginning was not told: what it swept away is not known to the reader, who needs
    /// everything anew.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// Sends what is not sent yet.
    pub fn flush(&mut self, out: &mut dyn FnMut(v1::Report)) {
        let sampled_at = self.sampled_at;
        self.flush_at(sampled_at, out);
    }

    fn flush_at(&mut self, captured_at: u64, out: &mut dyn FnMut(v1::Report)) {
        self.draft_bytes = 0;
        let snapshot = self.snapshot.take().map(|mut snapshot| {
            snapshot.part = self.part.unwrap_or(0);
            self.part = Some(snapshot.part.saturating_add(1));
            Content::Snapshot(snapshot)
        });
        let delta = self.delta.take().map(|delta| Content::Delta(v1::Delta { merged: self.merged, ..delta }));
        let activity = self.activity.take().map(Content::Activity);
        if let Some(content) = snapshot.or(delta).or(activity) {
            out(self.report(captured_at, content));
        }
    }

    fn report(&mut self, captured_at: u64, content: Content) -> v1::Report {
        self.seq += 1;
        v1::Report { seq: self.seq, captured_at, lost: self.lost, content: Some(content), refused: self.refused }
    }

    fn end_snapshot(&mut self, out: &mut dyn FnMut(v1::Report)) {
        if self.part.is_some() {
            self.snapshot(0, out).last = true;
            self.flush(out);
            self.part = None;
        } else {
            self.torn = true;
        }
    }

    fn add_component(&mut self, new: v1::Component, out: &mut dyn FnMut(v1::Report)) {
        let bytes = new.encoded_len();
        match self.part {
            Some(_) => self.snapshot(bytes, out).components.push(new),
            None => self.delta(3, bytes, out).added_components.push(new),
        }
    }

    fn add_postbox(&mut self, new: v1::Postbox, out: &mut dyn FnMut(v1::Report)) {
        let bytes = new.encoded_len();
        match self.part {
            Some(_) => self.snapshot(bytes, out).postboxes.push(new),
            None => self.delta(4, bytes, out).added_postboxes.push(new),
        }
    }

    fn link(&mut self, new: v1::Linkage, out: &mut dyn FnMut(v1::Report)) {
        let bytes = new.encoded_len();
        match self.part {
            Some(_) => self.snapshot(bytes, out).linkages.push(new),
            None => self.delta(5, bytes, out).linked.push(new),
        }
    }

    /// Flushes if `bytes` more would be too many.
    fn make_room(&mut self, bytes: usize, out: &mut dyn FnMut(v1::Report)) {
        // A tag and a length come with every entry.
        let bytes = bytes + 8;
        if self.draft_bytes + bytes > REPORT_BYTES - ENVELOPE_BYTES {
            // The time of a sample is only said with the last of its totals.
            let captured_at = if self.activity.is_some() { 0 } else { self.sampled_at };
            self.flush_at(captured_at, out);
        }
        self.draft_bytes += bytes;
    }

    fn snapshot(&mut self, bytes: usize, out: &mut dyn FnMut(v1::Report)) -> &mut v1::Snapshot {
        if self.snapshot.is_none() {
            self.flush(out);
        }
        self.make_room(bytes, out);
        self.snapshot.get_or_insert_default()
    }

    fn delta(&mut self, rank: u8, bytes: usize, out: &mut dyn FnMut(v1::Report)) -> &mut v1::Delta {
        if self.delta.is_none() || self.rank > rank {
            self.flush(out);
        }
        self.make_room(bytes, out);
        self.rank = rank;
        self.delta.get_or_insert_default()
    }

    fn activity(&mut self, bytes: usize, out: &mut dyn FnMut(v1::Report)) -> &mut v1::Activity {
        if self.activity.is_none() {
            self.flush(out);
        }
        self.make_room(bytes, out);
        self.activity.get_or_insert_default()
    }
}

fn component(new: NewComponent) -> v1::Component {
    v1::Component {
        id: new.id.0,
        parent: new.parent.map_or(0, |parent| parent.0),
        name: new.name,
        type_name: new.type_name,
        description: new.description,
        state: state_to(new.state) as i32,
        state_detail: new.state_detail,
        labels: new.labels.into_iter().collect(),
    }
}

fn postbox(new: NewPostbox) -> v1::Postbox {
    let kind = match new.kind {
        PostboxKind::Inbox => v1::PostboxKind::Inbox,
        PostboxKind::Outbox => v1::PostboxKind::Outbox,
        PostboxKind::Grip => v1::PostboxKind::Grip,
    };
    v1::Postbox {
        id: new.id.0,
        owner: new.owner.0,
        name: new.name,
        kind: kind as i32,
        message_type: new.message_type,
        capacity: new.capacity,
        description: new.description,
    }
}

fn linkage(new: NewLinkage) -> v1::Linkage {
    let kind = match new.kind {
        LinkageKind::Direct => v1::LinkageKind::Direct,
        LinkageKind::Inward => v1::LinkageKind::Inward,
        LinkageKind::Outward => v1::LinkageKind::Outward,
        LinkageKind::Use => v1::LinkageKind::Use,
    };
    v1::Linkage { id: new.id.0, source: new.source.0, sink: new.sink.0, kind: kind as i32 }
}

fn state_to(state: State) -> v1::ComponentState {
    match state {
        State::Starting => v1::ComponentState::Starting,
        State::Running => v1::ComponentState::Running,
        State::Finished => v1::ComponentState::Finished,
        State::Failed => v1::ComponentState::Failed,
    }
}

fn component_activity(told: ComponentActivity) -> v1::ComponentActivity {
    v1::ComponentActivity {
        component: told.component.0,
        busy_ns: told.busy_ns,
        polls: told.polls,
        last_active_at: told.last_active_at,
        poll_started_at: told.poll_started_at,
        restarts: told.restarts.into(),
        begun: told.begun,
        open: told.open,
        scheduled_ns: told.scheduled_ns,
        scheduled_since: told.scheduled_since,
    }
}

fn postbox_activity(told: PostboxActivity) -> v1::PostboxActivity {
    v1::PostboxActivity {
        postbox: told.postbox.0,
        messages: told.messages,
        dropped: told.dropped,
        depth: told.depth,
        high_water: told.high_water,
        blocked_ns: told.blocked_ns,
        blocked_since: told.blocked_since,
        waiting: told.waiting,
    }
}

pub(crate) fn summary(summary: Summary) -> v1::SystemSummary {
    let status = match summary.standing {
        Standing::Live => v1::SystemStatus::Live,
        Standing::Stale => v1::SystemStatus::Stale,
        Standing::Lost => v1::SystemStatus::Lost,
        Standing::Left => v1::SystemStatus::Left,
    };
    v1::SystemSummary {
        system_id: summary.system.0,
        name: summary.name,
        ordinal: summary.ordinal,
        pid: summary.pid,
        host: summary.host,
        program: summary.program,
        labels: summary.labels.into_iter().collect(),
        status: status as i32,
        status_detail: summary.standing_detail,
        silent_ms: summary.silent_ms,
        uptime_ms: summary.uptime_ms,
        components: summary.components,
        postboxes: summary.postboxes,
        linkages: summary.linkages,
        messages_per_second: summary.messages_per_second,
        lost: summary.lost,
        anomalies: summary.anomalies,
        refused: summary.refused,
    }
}

pub(crate) fn layout(layout: SystemLayout) -> v1::SystemLayout {
    v1::SystemLayout {
        system_id: layout.system.0,
        places: layout.places.into_iter().map(place).collect(),
        min_x: layout.min[0],
        min_y: layout.min[1],
        max_x: layout.max[0],
        max_y: layout.max[1],
    }
}

fn place(place: ComponentPlace) -> v1::Place {
    let [x, y, z] = place.position;
    v1::Place { component: place.component.0, x, y, z, radius: place.radius, pinned: place.pinned, folded: false }
}

pub(crate) fn problem(problem: Problem) -> v1::Problem {
    let severity = match problem.severity {
        Severity::Note => v1::Severity::Note,
        Severity::Warning => v1::Severity::Warning,
        Severity::Error => v1::Severity::Error,
    };
    v1::Problem {
        system_id: problem.system.0,
        severity: severity as i32,
        sentence: problem.sentence,
        evidence: problem.evidence,
        components: problem.components.into_iter().map(|id| id.0).collect(),
        postboxes: problem.postboxes.into_iter().map(|id| id.0).collect(),
        linkages: problem.linkages.into_iter().map(|id| id.0).collect(),
        kind: problem.kind,
    }
}
