//! What the wire says and what the model is told, both ways.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use axonscope_ingest::from_proto::{Admitted, BadHello, Edge, hello};
use axonscope_ingest::to_proto::Scribe;
use axonscope_model::{
    Anomaly, Change, ComponentActivity, ComponentId, Level, Line, LinkageId, LinkageKind, NewComponent, NewLine,
    NewLinkage, NewPostbox, NewSample, PostboxActivity, PostboxId, PostboxKind, Sample, State,
};
use axonscope_proto::limits::{LABELS, REPORT_BYTES, STRING_BYTES, TAP_BYTES};
use axonscope_proto::v1::{self, report::Content};
use proptest::prelude::*;

fn report(seq: u64, content: Content) -> v1::Report {
    v1::Report { seq, captured_at: 7, lost: 0, content: Some(content), refused: 0 }
}

fn admit(edge: &mut Edge, report: v1::Report) -> (Vec<Change>, bool) {
    match edge.admit(report) {
        (Admitted::Batch(batch), broken) => (batch.collect(), broken),
        (Admitted::Farewell(reason), _) => panic!("farewell {reason}"),
    }
}

/// What one Report right after Hello is turned into.
fn told(content: Content) -> Vec<Change> {
    admit(&mut Edge::after(1), report(2, content)).0
}

fn component(id: u64, name: &str) -> v1::Component {
    v1::Component { id, name: name.to_owned(), ..Default::default() }
}

fn snapshot(part: u32, last: bool, ids: &[u64]) -> Content {
    let components = ids.iter().map(|id| component(*id, "c")).collect();
    Content::Snapshot(v1::Snapshot { part, last, components, ..Default::default() })
}

fn malformed(changes: &[Change]) -> usize {
    changes.iter().filter(|change| matches!(change, Change::Refused(Anomaly::Malformed(_)))).count()
}

#[test]
fn a_delta_is_told_in_the_order_of_its_fields() {
    let delta = v1::Delta {
        unlinked: vec![1],
        removed_postboxes: vec![2],
        removed_components: vec![3],
        added_components: vec![component(4, "a")],
        added_postboxes: vec![v1::Postbox { id: 5, owner: 4, kind: 2, ..Default::default() }],
        linked: vec![v1::Linkage { id: 6, source: 5, sink: 7, kind: 0 }],
        state_changes: vec![v1::StateChange { component: 4, state: 4, detail: "no disk".to_owned() }],
        merged: 8,
    };
    let changes = told(Content::Delta(delta));
    assert_eq!(changes[0], Change::Unlinked(LinkageId(1)));
    assert_eq!(changes[1], Change::PostboxRemoved(PostboxId(2)));
    assert_eq!(changes[2], Change::ComponentRemoved(ComponentId(3)));
    assert!(
        matches!(&changes[3], Change::ComponentAdded(new) if new.id == ComponentId(4) && new.state == State::Running)
    );
    assert!(matches!(&changes[4], Change::PostboxAdded(new) if new.kind == PostboxKind::Outbox));
    assert!(matches!(&changes[5], Change::Linked(new) if new.kind == LinkageKind::Direct));
    assert!(matches!(&changes[6], Change::StateChanged { state: State::Failed, detail, .. } if detail == "no disk"));
    assert_eq!(changes[7..], [Change::Merged(8)]);
}

#[test]
fn long_texts_are_cut_and_that_is_said_once() {
    let long = "é".repeat(STRING_BYTES);
    let new = v1::Component { id: 1, name: long.clone(), type_name: long, ..Default::default() };
    let changes = told(Content::Delta(v1::Delta { added_components: vec![new], ..Default::default() }));
    assert!(matches!(&changes[0], Change::ComponentAdded(new) if new.name.len() == STRING_BYTES));
    assert_eq!(changes[1..], [Change::Refused(Anomaly::Cut { noun: "component", id: 1 })]);
}

#[test]
fn hostile_texts_pass_through_unharmed() {
    let name = "\u{1b}[2J\u{202e}<b>&\0\n\"";
    let changes = told(Content::Delta(v1::Delta { added_components: vec![component(1, name)], ..Default::default() }));
    assert!(matches!(&changes[..], [Change::ComponentAdded(new)] if new.name == name));
}

#[test]
fn what_makes_no_sense_is_refused_and_the_rest_goes_on() {
    let boxes = [(0, 1), (1, 0), (2, 77), (3, 1)];
    let delta = v1::Delta {
        added_components: vec![component(0, "nobody"), v1::Component { id: 9, state: 55, ..Default::default() }],
        added_postboxes: boxes.map(|(id, kind)| v1::Postbox { id, owner: 9, kind, ..Default::default() }).to_vec(),
        linked: vec![v1::Linkage { id: 0, ..Default::default() }, v1::Linkage { id: 4, kind: 9, ..Default::default() }],
        ..Default::default()
    };
    let changes = told(Content::Delta(delta));
    assert_eq!(malformed(&changes), 7, "{changes:#?}");
    assert!(changes.iter().any(|change| matches!(change, Change::ComponentAdded(new) if new.state == State::Running)));
    assert!(changes.iter().any(|change| matches!(change, Change::PostboxAdded(new) if new.id == PostboxId(3))));
}

#[test]
fn too_many_labels_are_left_out_by_order_of_key() {
    let labels: HashMap<String, String> = (0..LABELS + 5).map(|n| (format!("{n:03}"), n.to_string())).collect();
    let new = v1::Component { id: 1, labels, ..Default::default() };
    let changes = told(Content::Delta(v1::Delta { added_components: vec![new], ..Default::default() }));
    assert!(
        matches!(&changes[0], Change::ComponentAdded(new) if new.labels.len() == LABELS && new.labels[0].0 == "000")
    );
    assert!(matches!(changes[1], Change::Refused(Anomaly::OverLimit { .. })));
}

#[test]
fn a_gap_asks_for_a_snapshot_once_until_one_begins() {
    let mut edge = Edge::after(1);
    let empty = || Content::Delta(v1::Delta::default());
    assert_eq!(admit(&mut edge, report(2, empty())), (vec![], false));
    let gap = vec![Change::Refused(Anomaly::Gap { expected: 3, got: 5 })];
    assert_eq!(admit(&mut edge, report(5, empty())), (gap, true));
    assert!(!admit(&mut edge, report(9, empty())).1, "asked already");
    assert!(!admit(&mut edge, report(10, snapshot(0, true, &[1]))).1);
    assert!(admit(&mut edge, report(12, empty())).1, "broken anew");
}

#[test]
fn a_snapshot_with_a_hole_never_ends() {
    let mut edge = Edge::after(1);
    let (first, _) = admit(&mut edge, report(2, snapshot(0, false, &[1])));
    assert_eq!(first[0], Change::SnapshotBegan);
    let (last, broken) = admit(&mut edge, report(3, snapshot(2, true, &[3])));
    assert!(broken);
    assert_eq!(malformed(&last), 1);
    assert!(!last.contains(&Change::SnapshotEnded), "what was in the hole would be swept away");
    let (whole, _) = admit(&mut edge, report(4, snapshot(0, true, &[1, 2, 3])));
    assert_eq!((whole.first(), whole.last()), (Some(&Change::SnapshotBegan), Some(&Change::SnapshotEnded)));
}

#[test]
fn parts_in_order_are_one_snapshot() {
    let mut edge = Edge::after(1);
    let parts = [snapshot(0, false, &[1]), snapshot(1, false, &[2]), snapshot(2, true, &[3])];
    let changes: Vec<Change> =
        parts.into_iter().zip(2..).flat_map(|(part, seq)| admit(&mut edge, report(seq, part)).0).collect();
    let began = changes.iter().filter(|change| **change == Change::SnapshotBegan).count();
    assert_eq!((began, changes.len(), changes.last()), (1, 5, Some(&Change::SnapshotEnded)));
}

#[test]
fn totals_lost_and_merged_are_told_when_they_rise() {
    let mut edge = Edge::after(1);
    let mut lost = |seq, lost| {
        let content = Some(Content::Delta(v1::Delta { merged: lost, ..Default::default() }));
        admit(&mut edge, v1::Report { seq, captured_at: 1, lost, content, refused: 0 }).0
    };
    assert_eq!(lost(2, 0), []);
    assert_eq!(lost(3, 4), [Change::Lost(4), Change::Merged(4)]);
    assert_eq!(lost(4, 4), []);
}

#[test]
fn content_of_a_later_version_is_ignored() {
    let mut edge = Edge::after(1);
    assert_eq!(admit(&mut edge, v1::Report { seq: 2, ..Default::default() }), (vec![], false));
}

#[test]
fn hello_is_checked() {
    let good = || v1::Hello { protocol: 1, instance_id: vec![7; 16], ..Default::default() };
    assert_eq!(hello(good()).unwrap().0.instance, [7; 16]);
    assert_eq!(hello(v1::Hello { protocol: 2, ..good() }).unwrap_err(), BadHello::Protocol(2));
    for length in [0, 15, 17, 4096] {
        let bad = v1::Hello { instance_id: vec![1; length], ..good() };
        assert_eq!(hello(bad).unwrap_err(), BadHello::InstanceId(length));
    }
    let long = v1::Hello { system_name: "n".repeat(200_000), ..good() };
    let (hello, doubts) = hello(long).unwrap();
    assert_eq!((hello.name.len(), doubts.len()), (STRING_BYTES, 1));
}

// === there and back ===

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,12}", Just("\u{202e}\u{1b}[31m".to_owned())]
}

fn change() -> impl Strategy<Value = Change> {
    let id = 1u64..50;
    let state = prop_oneof![Just(State::Starting), Just(State::Running), Just(State::Finished), Just(State::Failed)];
    let kind =
        prop::sample::select(vec![LinkageKind::Direct, LinkageKind::Inward, LinkageKind::Outward, LinkageKind::Use]);
    prop_oneof![
        (id.clone(), prop::option::of(id.clone()), text(), text(), state.clone()).prop_map(
            |(id, parent, name, type_name, state)| Change::ComponentAdded(NewComponent {
                id: ComponentId(id),
                parent: parent.map(ComponentId),
                name,
                type_name,
                state,
                labels: vec![("k".to_owned(), "v".to_owned())],
                ..Default::default()
            })
        ),
        (id.clone(), id.clone(), text(), 0usize..3, any::<u32>()).prop_map(|(id, owner, name, kind, capacity)| {
            let kind = [PostboxKind::Inbox, PostboxKind::Outbox, PostboxKind::Grip][kind];
            Change::PostboxAdded(NewPostbox {
                id: PostboxId(id),
                owner: ComponentId(owner),
                name,
                kind,
                message_type: "u8".to_owned(),
                capacity: if kind == PostboxKind::Grip { 0 } else { capacity },
                description: String::new(),
            })
        }),
        (id.clone(), id.clone(), id.clone(), kind).prop_map(|(id, source, sink, kind)| {
            let (source, sink) = (PostboxId(source), PostboxId(sink));
            Change::Linked(NewLinkage { id: LinkageId(id), source, sink, kind })
        }),
        id.clone().prop_map(|id| Change::Unlinked(LinkageId(id))),
        id.clone().prop_map(|id| Change::PostboxRemoved(PostboxId(id))),
        id.clone().prop_map(|id| Change::ComponentRemoved(ComponentId(id))),
        (id.clone(), state, text())
            .prop_map(|(id, state, detail)| { Change::StateChanged { component: ComponentId(id), state, detail } }),
        (id.clone(), any::<u64>()).prop_map(|(id, busy_ns)| {
            Change::ComponentActivity(ComponentActivity {
                component: ComponentId(id),
                busy_ns,
                begun: busy_ns / 2,
                open: busy_ns as u32,
                scheduled_ns: busy_ns / 3,
                scheduled_since: busy_ns / 5,
                ..Default::default()
            })
        }),
        (id.clone(), any::<u64>(), any::<u32>()).prop_map(|(id, messages, depth)| {
            Change::PostboxActivity(PostboxActivity { postbox: PostboxId(id), messages, depth, ..Default::default() })
        }),
        (id.clone(), any::<u64>())
            .prop_map(|(id, messages)| Change::LinkageActivity { linkage: LinkageId(id), messages }),
        (1u64..u64::MAX).prop_map(|at| Change::Sampled { at }),
    ]
}

/// Without what only says when totals were read, as a Report of totals carries a time whether or not a sample ends in
/// it; and with totals that stand next to each other in the order of a Report, as theirs means nothing.
fn normal(changes: &[Change]) -> Vec<Change> {
    let rank = |change: &Change| match change {
        Change::ComponentActivity(_) => 1,
        Change::PostboxActivity(_) => 2,
        Change::LinkageActivity { .. } => 3,
        _ => 0,
    };
    let mut changes: Vec<Change> = changes.to_vec();
    for run in changes.chunk_by_mut(|a, b| rank(a) > 0 && rank(b) > 0) {
        run.sort_by_key(rank);
    }
    changes.retain(|change| !matches!(change, Change::Sampled { .. }));
    changes
}

fn there_and_back(changes: &[Change]) -> Vec<Change> {
    let mut scribe = Scribe::default();
    let mut reports = vec![scribe.hello(Default::default())];
    for change in changes {
        scribe.write(change.clone(), &mut |report| reports.push(report));
    }
    scribe.flush(&mut |report| reports.push(report));
    let mut edge = Edge::after(reports.remove(0).seq);
    let mut back = Vec::new();
    for report in reports {
        assert!(prost::Message::encoded_len(&report) <= REPORT_BYTES);
        back.extend(admit(&mut edge, report).0);
    }
    back
}

proptest! {
    #[test]
    fn what_a_reader_is_told_is_what_happened(changes in prop::collection::vec(change(), 0..60)) {
        // Where a sample ends, totals before and after it are of two samples.
        let mut told = Vec::new();
        let mut expected = Vec::new();
        for sample in changes.split_inclusive(|change| matches!(change, Change::Sampled { .. })) {
            told.extend(normal(&there_and_back(sample)));
            expected.extend(normal(sample));
        }
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn nothing_that_decodes_makes_the_edge_fail(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(report) = <v1::Report as prost::Message>::decode(bytes.as_slice())
            && let (Admitted::Batch(batch), _) = Edge::after(1).admit(report)
        {
            prop_assert!(batch.count() < 10_000);
        }
    }
}

#[test]
fn a_large_snapshot_comes_in_parts_of_a_report_each() {
    let mut changes = vec![Change::SnapshotBegan];
    changes.extend((1..=30_000).map(|id| {
        Change::ComponentAdded(NewComponent { id: ComponentId(id), name: "n".repeat(100), ..Default::default() })
    }));
    changes.push(Change::SnapshotEnded);
    assert_eq!(there_and_back(&changes), changes);
}

#[test]
fn a_large_sample_has_its_time_at_its_end_alone() {
    let mut changes: Vec<Change> = (1..=200_000)
        .map(|id| {
            Change::PostboxActivity(PostboxActivity {
                postbox: PostboxId(id),
                messages: id << 20,
                ..Default::default()
            })
        })
        .collect();
    changes.push(Change::Sampled { at: 99 });
    assert_eq!(there_and_back(&changes), changes);
}

#[test]
fn an_end_without_its_beginning_is_noticed() {
    let mut scribe = Scribe::default();
    scribe.write(Change::SnapshotEnded, &mut |_| panic!("nothing to say"));
    assert!(scribe.is_torn());
}

#[test]
fn uses_and_their_grips_are_told_as_such() {
    let delta = v1::Delta {
        added_postboxes: vec![v1::Postbox { id: 5, owner: 4, kind: 3, capacity: 9, ..Default::default() }],
        linked: vec![v1::Linkage { id: 6, source: 5, sink: 7, kind: 4 }],
        ..Default::default()
    };
    let changes = told(Content::Delta(delta));
    assert!(matches!(&changes[0], Change::PostboxAdded(new) if new.kind == PostboxKind::Grip && new.capacity == 0));
    assert!(matches!(&changes[1], Change::Linked(new) if new.kind == LinkageKind::Use));
}

#[test]
fn what_the_probe_had_no_room_for_is_told_when_it_rises() {
    let mut edge = Edge::after(1);
    let mut refused = |seq, refused| {
        let content = Some(Content::Delta(v1::Delta::default()));
        admit(&mut edge, v1::Report { seq, captured_at: 1, lost: 0, content, refused }).0
    };
    assert_eq!(refused(2, 0), []);
    assert_eq!(refused(3, 31), [Change::NoRoom(31)]);
    assert_eq!(refused(4, 31), []);
    assert_eq!(there_and_back(&[Change::NoRoom(31)]), [Change::NoRoom(31)]);
}

#[test]
fn lines_are_told_with_their_time_and_cut_when_they_are_long() {
    let line = |component, level, text: &str| {
        Content::LogLine(v1::LogLine { component, level, text: text.to_owned(), skipped: 12 })
    };
    let expected = Change::Logged(NewLine {
        component: Some(ComponentId(4)),
        line: Line { at: 7, level: Level::Warn, text: "fsync\u{1b}[2J".to_owned(), skipped: 12 },
    });
    assert_eq!(told(line(4, 2, "fsync\u{1b}[2J")), [expected]);
    let of_all = told(line(0, 99, "x"));
    assert!(
        matches!(&of_all[..], [Change::Logged(told)] if told.component.is_none() && told.line.level == Level::Info)
    );
    let long = told(line(4, 1, &"é".repeat(STRING_BYTES)));
    assert_eq!(long[0], Change::Refused(Anomaly::Cut { noun: "the log of component", id: 4 }));
    assert!(matches!(&long[1], Change::Logged(told) if told.line.text.len() == STRING_BYTES));
}

#[test]
fn samples_say_how_long_they_were_and_refusals_why_there_are_none() {
    let sample =
        v1::TapSample { linkage: 6, text: "hello".to_owned(), full_length: 12_000, skipped: 3, refusal: String::new() };
    let expected = Change::Tapped(NewSample {
        linkage: LinkageId(6),
        sample: Sample { at: 7, text: "hello".to_owned(), full_length: 12_000, skipped: 3 },
        refusal: String::new(),
    });
    assert_eq!(told(Content::TapSample(sample.clone())), [expected]);
    let huge = v1::TapSample { text: "é".repeat(TAP_BYTES as usize), full_length: 1, ..sample.clone() };
    let changes = told(Content::TapSample(huge));
    assert!(matches!(&changes[..], [Change::Tapped(told)] if told.sample.text.len() <= TAP_BYTES as usize
            && told.sample.full_length == 2 * TAP_BYTES));
    let refused = v1::TapSample { text: String::new(), refusal: "not allowed".to_owned(), ..sample };
    assert!(matches!(&told(Content::TapSample(refused))[..], [Change::Tapped(told)] if told.refusal == "not allowed"));
}

#[test]
fn readers_are_never_told_of_logs_and_taps() {
    let mut scribe = Scribe::default();
    let mut tell_none = |report| panic!("{report:?} was told");
    scribe.write(Change::Logged(NewLine::default()), &mut tell_none);
    scribe.write(Change::Tapped(NewSample::default()), &mut tell_none);
    scribe.flush(&mut tell_none);
}
