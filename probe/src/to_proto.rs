//! The ledger's words and the runtime's totals, as the wire's. The only file that converts.

use std::sync::atomic::Ordering;

use axonscope_proto::limits::STRING_BYTES;
use axonscope_proto::v1::{self as proto, report::Content};
use axonscope_runtime::{ComponentActivity, LinkageKind, PostboxActivity, PostboxKind, Reading, State};

use crate::identity::Identity;
use crate::ledger::Delta;
use crate::words::{Component, Linkage, Postbox};

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

pub(crate) fn component_activity(component: u64, activity: &ComponentActivity) -> proto::ComponentActivity {
    proto::ComponentActivity {
        component,
        busy_ns: activity.busy_ns.load(Ordering::Relaxed),
        polls: activity.polls.load(Ordering::Relaxed),
        last_active_at: activity.last_active_at.load(Ordering::Relaxed),
        poll_started_at: activity.poll_started_at.load(Ordering::Relaxed),
        restarts: activity.restarts.load(Ordering::Relaxed),
        ..Default::default()
    }
}

pub(crate) fn postbox_activity(reading: Reading<'_>) -> proto::PostboxActivity {
    let activity: &PostboxActivity = &reading;
    let waiting_since = activity.waiting_since.load(Ordering::Relaxed);
    let is_outbox = reading.kind == PostboxKind::Outbox;
    proto::PostboxActivity {
        postbox: reading.id.get(),
        messages: activity.messages.load(Ordering::Relaxed),
        dropped: activity.dropped.load(Ordering::Relaxed),
        depth: activity.depth.load(Ordering::Relaxed),
        high_water: activity.high_water.load(Ordering::Relaxed),
        blocked_ns: activity.blocked_ns.load(Ordering::Relaxed),
        blocked_since: if is_outbox { waiting_since } else { 0 },
        waiting: !is_outbox && waiting_since != 0,
    }
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
