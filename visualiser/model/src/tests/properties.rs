//! What holds after any changes at all, in any order, of few ids so that they meet.

use proptest::prelude::*;

use super::{assert_invariants, model_with_one};
use crate::*;

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::SnapshotBegan),
        1 => Just(Change::SnapshotEnded),
        6 => (0u64..12, prop::option::of(0u64..12), any_text(), any_text(), any_text(), 0u8..4).prop_map(
            |(id, parent, name, type_name, detail, state)| {
                Change::ComponentAdded(NewComponent {
                    id: ComponentId(id),
                    parent: parent.map(ComponentId),
                    name: name.to_owned(),
                    type_name: type_name.to_owned(),
                    description: detail.to_owned(),
                    state: any_state(state),
                    state_detail: detail.to_owned(),
                    labels: if detail.is_empty() { Vec::new() } else { vec![(name.to_owned(), detail.to_owned())] },
                })
            }
        ),
        1 => (0u64..12, 0u8..4, any_text()).prop_map(|(id, state, detail)| Change::StateChanged {
            component: ComponentId(id),
            state: any_state(state),
            detail: detail.to_owned(),
        }),
        2 => (0u64..12).prop_map(|id| Change::ComponentRemoved(ComponentId(id))),
        6 => (0u64..20, 0u64..12, 0u8..3, any_text(), any_text()).prop_map(|(id, owner, kind, name, other)| {
            Change::PostboxAdded(NewPostbox {
                id: PostboxId(id),
                owner: ComponentId(owner),
                name: name.to_owned(),
                kind: [PostboxKind::Inbox, PostboxKind::Outbox, PostboxKind::Grip][usize::from(kind)],
                message_type: other.to_owned(),
                capacity: other.len() as u32,
                description: other.to_owned(),
            })
        }),
        2 => (0u64..20).prop_map(|id| Change::PostboxRemoved(PostboxId(id))),
        6 => (0u64..20, 0u64..20, 0u64..20, 0u8..4).prop_map(|(id, source, sink, kind)| {
            Change::Linked(NewLinkage {
                id: LinkageId(id),
                source: PostboxId(source),
                sink: PostboxId(sink),
                kind: [LinkageKind::Direct, LinkageKind::Inward, LinkageKind::Outward, LinkageKind::Use][usize::from(kind)],
            })
        }),
        2 => (0u64..20).prop_map(|id| Change::Unlinked(LinkageId(id))),
        3 => (0u64..12, any_total(), any_total(), any_time(), any_time()).prop_map(
            |(id, busy_ns, polls, last_active_at, poll_started_at)| {
                let component = ComponentId(id);
                let restarts = (polls % 5) as u32;
                // Few stand for many, and few are measured so closely.
                let [begun, scheduled_ns] = if id % 3 == 0 { [polls, busy_ns / 2] } else { [0, 0] };
                Change::ComponentActivity(ComponentActivity {
                    component,
                    busy_ns,
                    polls,
                    last_active_at,
                    poll_started_at,
                    restarts,
                    begun,
                    open: begun as u32 % 7,
                    scheduled_ns,
                    scheduled_since: if scheduled_ns > 0 { last_active_at } else { 0 },
                })
            }
        ),
        4 => (0u64..20, any_total(), any_total(), any::<u32>(), any_time()).prop_map(
            |(id, messages, blocked_ns, depth, blocked_since)| {
                Change::PostboxActivity(PostboxActivity {
                    postbox: PostboxId(id),
                    messages,
                    dropped: messages / 2,
                    depth,
                    high_water: depth,
                    blocked_ns,
                    blocked_since,
                    waiting: messages % 2 == 0,
                })
            }
        ),
        2 => (0u64..20, any_total()).prop_map(|(id, messages)| Change::LinkageActivity { linkage: LinkageId(id), messages }),
        4 => any_time().prop_map(|at| Change::Sampled { at }),
        1 => any_total().prop_map(Change::Lost),
        1 => any_total().prop_map(Change::NoRoom),
        3 => (0u64..12, any_text()).prop_map(|(id, text)| Change::Logged(NewLine {
            component: (id > 0).then_some(ComponentId(id)),
            line: Line { text: text.to_owned(), ..Line::default() },
        })),
        1 => (0u64..20, any_text()).prop_map(|(id, text)| Change::Tapped(NewSample {
            linkage: LinkageId(id),
            sample: Sample { text: text.to_owned(), ..Sample::default() },
            refusal: String::new(),
        })),
        1 => (0u64..20).prop_map(|id| Change::Refused(Anomaly::Cut { noun: "linkage", id })),
    ]
}

fn any_text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "alice", "bob", "\u{202e}eve", "a name that is longer than the others"])
}

fn any_state(state: u8) -> State {
    [State::Starting, State::Running, State::Finished, State::Failed][usize::from(state)]
}

/// Mostly of a few seconds, sometimes absurd.
fn any_time() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0), 20 => (1u64..80).prop_map(|tenths| tenths * 100_000_000), 1 => any::<u64>()]
}

fn any_total() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0u64..5_000_000_000, 1 => any::<u64>()]
}

fn told(changes: &[Change]) -> (Model, SystemId) {
    let (mut model, id) = model_with_one();
    for change in changes {
        let _ = model.apply(id, change.clone());
    }
    (model, id)
}

/// Everything that a person could see of what exists and what it does, in no order that depends on the past.
fn seen(system: &System) -> Vec<String> {
    let mut seen: Vec<String> = system
        .components()
        .map(|component| {
            format!(
                "{component:?} {:?} {:?} {} {} {} {:?} {:?} busy {} {} {} {} {} {} begun {} {} {} scheduled {} {:?} {}",
                component.parent(),
                component.postboxes().map(PostboxRef::id).collect::<Vec<_>>(),
                component.type_name(),
                component.description(),
                component.state(),
                component.state_detail(),
                component.labels(),
                component.busy_ns(),
                component.busy_share(),
                component.polls(),
                component.restarts(),
                component.last_active_at(),
                component.poll_started_at(),
                component.begun(),
                component.begun_rate(),
                component.open(),
                component.scheduled_ns(),
                component.scheduled_share(),
                component.scheduled_since(),
            )
        })
        .chain(system.postboxes().map(|postbox| {
            format!(
                "{postbox:?} {} {} {} {} {} {} {} {} {} {} {} {} {}",
                postbox.kind(),
                postbox.message_type(),
                postbox.capacity(),
                postbox.description(),
                postbox.messages(),
                postbox.rate(),
                postbox.dropped(),
                postbox.depth(),
                postbox.high_water(),
                postbox.blocked_ns(),
                postbox.blocked_share(),
                postbox.blocked_since(),
                postbox.is_waited_at(),
            )
        }))
        .chain(system.linkages_and_uses().map(|linkage| {
            let shared = linkage.is_shared();
            format!("{linkage:?} {} {} {} {shared}", linkage.kind(), linkage.messages(), linkage.rate())
        }))
        .collect();
    seen.sort();
    seen.push(format!("{} {} {}", system.sampled_at(), system.lost(), system.merged()) + &system.no_room().to_string());
    seen
}

proptest! {
    #[test]
    fn nothing_breaks_it(changes in prop::collection::vec(any_change(), 0..120)) {
        let (mut model, id) = model_with_one();
        for change in changes {
            let before = (model.structure_version(), model.activity_version(), model.system(id).map(seen));
            let applied = model.apply(id, change);
            assert_invariants(&model);
            prop_assert_eq!(model.structure_version() > before.0, applied.structure);
            prop_assert_eq!(model.activity_version() > before.1, applied.activity);
            if applied == Applied::NOTHING {
                // A sample may say what time it is and nothing else.
                let [old, new] = [before.2, model.system(id).map(seen)].map(|seen| {
                    seen.map(|mut seen| { seen.pop(); seen })
                });
                prop_assert_eq!(old, new);
            }
        }
    }

    #[test]
    fn a_snapshot_rebuilds_the_same_elsewhere(changes in prop::collection::vec(any_change(), 0..150)) {
        let (mut model, id) = told(&changes);
        // Two samples, so that there is a window to divide by.
        let _ = model.apply(id, Change::SnapshotEnded);
        let system = model.system(id).unwrap();
        let (copy, copy_id) = told(&system.snapshot().collect::<Vec<_>>());
        let copied = copy.system(copy_id).unwrap();
        assert_invariants(&copy);
        prop_assert_eq!(seen(system), seen(copied));
        prop_assert_eq!(copied.anomaly_count(), 0);
        prop_assert_eq!(copied.status(), &Status::Live);
        prop_assert_eq!(copied.snapshot().count(), system.snapshot().count());
    }

    #[test]
    fn a_snapshot_told_again_changes_nothing(changes in prop::collection::vec(any_change(), 0..150)) {
        let (mut model, id) = told(&changes);
        let _ = model.apply(id, Change::SnapshotEnded);
        let again: Vec<Change> = model
            .system(id)
            .unwrap()
            .snapshot()
            .filter(|change| matches!(
                change,
                Change::SnapshotBegan
                    | Change::SnapshotEnded
                    | Change::ComponentAdded(_)
                    | Change::PostboxAdded(_)
                    | Change::Linked(_)
            ))
            .collect();
        let before = seen(model.system(id).unwrap());
        let slots = |model: &Model| model.system(id).unwrap().components().map(ComponentRef::slot).collect::<Vec<_>>();
        let slots_before = slots(&model);
        for change in again {
            let applied = model.apply(id, change);
            prop_assert!(!applied.structure && applied.anomaly.is_none(), "{applied:?}");
        }
        prop_assert_eq!(seen(model.system(id).unwrap()), before);
        prop_assert_eq!(slots(&model), slots_before);
    }

    #[test]
    fn removing_everything_leaves_nothing(changes in prop::collection::vec(any_change(), 0..120)) {
        let (mut model, id) = told(&changes);
        for component in 0..12 {
            let _ = model.apply(id, Change::ComponentRemoved(ComponentId(component)));
        }
        let system = model.system(id).unwrap();
        prop_assert_eq!(
            (system.component_count(), system.postbox_count(), system.linkage_count(), system.topology.bytes()),
            (0, 0, 0, 0)
        );
    }
}
