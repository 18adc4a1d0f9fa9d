//! The nouns of the wire turned into the model's, one by one, and what was wrong with them.

use std::collections::{HashMap, VecDeque};

use axonscope_model::{
    Anomaly, Change, ComponentActivity, ComponentId, Level, Line, LinkageId, LinkageKind, NewComponent, NewLine,
    NewLinkage, NewPostbox, NewSample, PostboxActivity, PostboxId, PostboxKind, Sample, State,
};
use axonscope_proto::limits::{LABELS, TAP_BYTES, cut};
use axonscope_proto::v1;

/// What was wrong with something that is nevertheless told.
#[derive(Default)]
pub(crate) struct Doubts {
    pub(crate) found: VecDeque<Anomaly>,
}

impl Doubts {
    pub(crate) fn text(&mut self, text: String, noun: &'static str, id: u64) -> String {
        let (text, was_cut) = cut(text);
        let cut = Anomaly::Cut { noun, id };
        if was_cut && self.found.back() != Some(&cut) {
            self.found.push_back(cut);
        }
        text
    }

    pub(crate) fn labels(
        &mut self,
        labels: HashMap<String, String>,
        noun: &'static str,
        id: u64,
    ) -> Vec<(String, String)> {
        if labels.is_empty() {
            return Vec::new();
        }
        let mut labels: Vec<_> = labels.into_iter().collect();
        labels.sort_unstable();
        if labels.len() > LABELS {
            labels.truncate(LABELS);
            self.found.push_back(Anomaly::OverLimit { what: "labels of one thing" });
        }
        labels.into_iter().map(|(key, value)| (self.text(key, noun, id), self.text(value, noun, id))).collect()
    }

    fn state(&mut self, state: i32, component: u64) -> State {
        match known_state(state) {
            Some(state) => state,
            None => {
                let what = format!("component {component} is in state {state}, which is not known; taken as running");
                self.found.push_back(Anomaly::Malformed(what));
                State::Running
            }
        }
    }

    pub(crate) fn component(&mut self, new: v1::Component) -> Change {
        let id = new.id;
        if id == 0 {
            return malformed("a component with id 0");
        }
        Change::ComponentAdded(NewComponent {
            id: ComponentId(id),
            parent: (new.parent != 0).then_some(ComponentId(new.parent)),
            name: self.text(new.name, "component", id),
            type_name: self.text(new.type_name, "component", id),
            description: self.text(new.description, "component", id),
            state: self.state(new.state, id),
            state_detail: self.text(new.state_detail, "component", id),
            labels: self.labels(new.labels, "component", id),
        })
    }

    pub(crate) fn postbox(&mut self, new: v1::Postbox) -> Change {
        let id = new.id;
        if id == 0 {
            return malformed("a postbox with id 0");
        }
        let kind = match v1::PostboxKind::try_from(new.kind) {
            Ok(v1::PostboxKind::Inbox) => PostboxKind::Inbox,
            Ok(v1::PostboxKind::Outbox) => PostboxKind::Outbox,
            Ok(v1::PostboxKind::Grip) => PostboxKind::Grip,
            Ok(v1::PostboxKind::Unspecified) | Err(_) => {
                return malformed(format!("postbox {id} is of kind {}, neither inbox nor outbox", new.kind));
            }
        };
        Change::PostboxAdded(NewPostbox {
            id: PostboxId(id),
            owner: ComponentId(new.owner),
            name: self.text(new.name, "postbox", id),
            kind,
            message_type: self.text(new.message_type, "postbox", id),
            capacity: if kind == PostboxKind::Grip { 0 } else { new.capacity },
            description: self.text(new.description, "postbox", id),
        })
    }

    pub(crate) fn state_change(&mut self, told: v1::StateChange) -> Change {
        Change::StateChanged {
            component: ComponentId(told.component),
            state: self.state(told.state, told.component),
            detail: self.text(told.detail, "component", told.component),
        }
    }

    pub(crate) fn line(&mut self, told: v1::LogLine, at: u64) -> Change {
        let level = match told.level() {
            v1::LogLevel::Error => Level::Error,
            v1::LogLevel::Warn => Level::Warn,
            v1::LogLevel::Info | v1::LogLevel::Unspecified => Level::Info,
            v1::LogLevel::Debug => Level::Debug,
            v1::LogLevel::Trace => Level::Trace,
        };
        let text = self.text(told.text, "the log of component", told.component);
        let component = (told.component != 0).then_some(ComponentId(told.component));
        Change::Logged(NewLine { component, line: Line { at, level, text, skipped: told.skipped } })
    }

    pub(crate) fn sample(&mut self, mut told: v1::TapSample, at: u64) -> Change {
        // A probe cuts at what it was asked for; this is for one that does not. The full length says that it was cut.
        let length = u32::try_from(told.text.len()).unwrap_or(u32::MAX);
        told.text.truncate(told.text.floor_char_boundary(TAP_BYTES as usize));
        told.text.shrink_to_fit();
        let refusal = self.text(told.refusal, "a tap of linkage", told.linkage);
        let full_length = told.full_length.max(length);
        let sample = Sample { at, text: told.text, full_length, skipped: told.skipped };
        Change::Tapped(NewSample { linkage: LinkageId(told.linkage), sample, refusal })
    }
}

fn malformed(what: impl Into<String>) -> Change {
    Change::Refused(Anomaly::Malformed(what.into()))
}

fn known_state(state: i32) -> Option<State> {
    Some(match v1::ComponentState::try_from(state).ok()? {
        v1::ComponentState::Unspecified | v1::ComponentState::Running => State::Running,
        v1::ComponentState::Starting => State::Starting,
        v1::ComponentState::Finished => State::Finished,
        v1::ComponentState::Failed => State::Failed,
    })
}

pub(crate) fn linkage(new: v1::Linkage) -> Change {
    if new.id == 0 {
        return malformed("a linkage with id 0");
    }
    let kind = match v1::LinkageKind::try_from(new.kind) {
        Ok(v1::LinkageKind::Unspecified | v1::LinkageKind::Direct) => LinkageKind::Direct,
        Ok(v1::LinkageKind::Inward) => LinkageKind::Inward,
        Ok(v1::LinkageKind::Outward) => LinkageKind::Outward,
        Ok(v1::LinkageKind::Use) => LinkageKind::Use,
        Err(_) => return malformed(format!("linkage {} is of kind {}, which is not known", new.id, new.kind)),
    };
    Change::Linked(NewLinkage { id: LinkageId(new.id), source: PostboxId(new.source), sink: PostboxId(new.sink), kind })
}

pub(crate) fn component_activity(told: v1::ComponentActivity) -> Change {
    Change::ComponentActivity(ComponentActivity {
        component: ComponentId(told.component),
        busy_ns: told.busy_ns,
        polls: told.polls,
        last_active_at: told.last_active_at,
        poll_started_at: told.poll_started_at,
        restarts: u32::try_from(told.restarts).unwrap_or(u32::MAX),
        begun: told.begun,
        open: told.open,
        scheduled_ns: told.scheduled_ns,
        scheduled_since: told.scheduled_since,
    })
}

pub(crate) fn postbox_activity(told: v1::PostboxActivity) -> Change {
    Change::PostboxActivity(PostboxActivity {
        postbox: PostboxId(told.postbox),
        messages: told.messages,
        dropped: told.dropped,
        depth: told.depth,
        high_water: told.high_water,
        blocked_ns: told.blocked_ns,
        blocked_since: told.blocked_since,
        waiting: told.waiting,
    })
}
