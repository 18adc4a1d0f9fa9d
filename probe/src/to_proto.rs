//! The ledger's words, as the wire's.

use axonscope_proto::limits::STRING_BYTES;
use axonscope_proto::v1::{self as proto, report::Content};
use axonscope_runtime::State;

use crate::aside::{Level, Line, Sample};
use crate::identity::Identity;
use crate::ledger::Delta;
use crate::words::{Component, Linkage, LinkageKind, Postbox, PostboxKind};

pub(crate) fn hello(identity: &Identity, wall_clock_ns: u64, monotonic_ns: u64) -> Content {
    Content::Hello(proto::Hello {
        protocol: axonscope_proto::PROTOCOL,
        system_name: text(&identity.name),
        instance_id: identity.instance_id.to_vec(),
        pid: identity.pid,
        host: text(&identity.host),
        program: text(&identity.program),
        labels: identity.labels.iter().map(|(key, value)| (text(key), text(value))).collect(),
        wall_clock_ns,
        monotonic_ns,
        started_at: identity.started_at,
    })
}

pub(crate) fn component(component: Component) -> proto::Component {
    let (state, state_detail) = self::state(&component.state);
    proto::Component {
        id: component.id,
        parent: component.parent,
        name: text(&component.name),
        type_name: text(&component.type_name),
        description: text(&component.description),
        state: state.into(),
        state_detail,
        labels: Default::default(),
    }
}

pub(crate) fn postbox(postbox: Postbox) -> proto::Postbox {
    let kind = match postbox.kind {
        PostboxKind::Inbox => proto::PostboxKind::Inbox,
        PostboxKind::Outbox => proto::PostboxKind::Outbox,
        PostboxKind::Grip => proto::PostboxKind::Grip,
    };
    proto::Postbox {
        id: postbox.id,
        owner: postbox.owner,
        name: text(&postbox.name),
        kind: kind.into(),
        message_type: text(&postbox.message_type),
        capacity: postbox.capacity,
        description: String::new(),
    }
}

pub(crate) fn linkage(linkage: Linkage) -> proto::Linkage {
    let kind = match linkage.kind {
        LinkageKind::Direct => proto::LinkageKind::Direct,
        LinkageKind::Inward => proto::LinkageKind::Inward,
        LinkageKind::Outward => proto::LinkageKind::Outward,
        LinkageKind::Use => proto::LinkageKind::Use,
    };
    proto::Linkage { id: linkage.id, source: linkage.source, sink: linkage.sink, kind: kind.into() }
}

pub(crate) fn delta(delta: Delta) -> Content {
    Content::Delta(proto::Delta {
        unlinked: delta.unlinked,
        removed_postboxes: delta.removed_postboxes,
        removed_components: delta.removed_components,
        added_components: delta.added_components.into_iter().map(component).collect(),
        added_postboxes: delta.added_postboxes.into_iter().map(postbox).collect(),
        linked: delta.linked.into_iter().map(linkage).collect(),
        state_changes: delta.states.into_iter().map(|(component, state)| state_change(component, &state)).collect(),
        merged: delta.merged,
    })
}

pub(crate) fn farewell(reason: &str) -> Content {
    Content::Farewell(proto::Farewell { reason: text(reason) })
}

pub(crate) fn line(component: u64, line: Line) -> Content {
    let level = match line.level {
        Level::Error => proto::LogLevel::Error,
        Level::Warn => proto::LogLevel::Warn,
        Level::Info => proto::LogLevel::Info,
        Level::Debug => proto::LogLevel::Debug,
        Level::Trace => proto::LogLevel::Trace,
    };
    Content::LogLine(proto::LogLine { component, level: level.into(), text: line.text, skipped: line.skipped })
}

pub(crate) fn sample(sample: Sample) -> Content {
    Content::TapSample(proto::TapSample {
        linkage: sample.linkage,
        text: sample.text,
        full_length: u32::try_from(sample.full_length).unwrap_or(u32::MAX),
        skipped: sample.skipped,
        refusal: sample.refusal.to_owned(),
    })
}

fn state_change(component: u64, state: &State) -> proto::StateChange {
    let (state, detail) = self::state(state);
    proto::StateChange { component, state: state.into(), detail }
}

fn state(state: &State) -> (proto::ComponentState, String) {
    match state {
        State::Starting => (proto::ComponentState::Starting, String::new()),
        State::Running => (proto::ComponentState::Running, String::new()),
        State::Finished => (proto::ComponentState::Finished, String::new()),
        State::Failed(detail) => (proto::ComponentState::Failed, text(detail)),
    }
}

/// At most as much of `text` as the wire takes, to a character's edge.
fn text(text: &str) -> String {
    text[..text.floor_char_boundary(STRING_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_string_is_cut_as_the_wires_limits_say() {
        for long in ["é".repeat(STRING_BYTES), "a".repeat(STRING_BYTES + 1), "€".repeat(1000), "short".to_owned()] {
            assert_eq!(text(&long), axonscope_proto::limits::cut(long).0);
        }
    }

    #[test]
    fn a_failure_carries_its_detail_and_other_states_none() {
        let failed = state_change(7, &State::Failed("it broke".into()));
        assert_eq!((failed.component, failed.state()), (7, proto::ComponentState::Failed));
        assert_eq!(failed.detail, "it broke");
        assert_eq!(state_change(7, &State::Running).detail, "");
    }

    #[test]
    fn kinds_keep_their_direction() {
        let outward = Linkage { id: 1, source: 2, sink: 3, kind: LinkageKind::Outward };
        assert_eq!(linkage(outward).kind(), proto::LinkageKind::Outward);
        let inbox = Postbox {
            id: 4,
            owner: 5,
            name: "inbox".into(),
            kind: PostboxKind::Inbox,
            message_type: "String".into(),
            capacity: 64,
        };
        let inbox = postbox(inbox);
        assert_eq!((inbox.kind(), inbox.capacity), (proto::PostboxKind::Inbox, 64));
    }
}
