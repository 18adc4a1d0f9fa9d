//! The test helper's own tests: a picture that would accept anything could prove nothing.

#![allow(clippy::unwrap_used)]

mod support;

use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_client::VisualiserClient;
use axonscope_proto::v1::{
    Activity, Component, ComponentActivity, Delta, Hello, Linkage, Postbox, Report, Snapshot, StateChange,
};
use axonscope_runtime::System;
use support::{Picture, Recorder};
use tonic::transport::{Channel, Endpoint};

fn picture_after(contents: Vec<Content>) -> Picture {
    let mut picture = Picture::default();
    for content in contents {
        picture.apply(&Report { seq: 1, captured_at: 1, lost: 0, content: Some(content), refused: 0 });
    }
    picture
}

fn component(id: u64, parent: u64) -> Component {
    Component { id, parent, ..Component::default() }
}

fn postbox(id: u64, owner: u64) -> Postbox {
    Postbox { id, owner, ..Postbox::default() }
}

fn linkage(id: u64, source: u64, sink: u64) -> Linkage {
    Linkage { id, source, sink, kind: 1 }
}

fn whole() -> Content {
    Content::Snapshot(Snapshot {
        last: true,
        components: vec![component(1, 0), component(2, 1)],
        postboxes: vec![postbox(3, 1), postbox(4, 2)],
        linkages: vec![linkage(5, 3, 4)],
        ..Snapshot::default()
    })
}

#[test]
fn what_the_wire_allows_is_clean() {
    let removal = Delta { unlinked: vec![5], removed_components: vec![2], ..Delta::default() };
    let picture = picture_after(vec![whole(), Content::Delta(removal)]);
    picture.assert_clean();
    assert_eq!((picture.components.len(), picture.postboxes.len(), picture.linkages.len()), (1, 1, 0));
    assert_eq!(picture.snapshots, 1);
}

#[test]
fn what_the_wire_forbids_is_an_anomaly() {
    let delta = Delta::default;
    let cases = [
        Content::Delta(Delta { added_components: vec![component(9, 8)], ..delta() }),
        Content::Delta(Delta { added_components: vec![component(1, 0)], ..delta() }),
        Content::Delta(Delta { added_postboxes: vec![postbox(9, 8)], ..delta() }),
        Content::Delta(Delta { linked: vec![linkage(9, 3, 8)], ..delta() }),
        Content::Delta(Delta { removed_postboxes: vec![4], ..delta() }),
        Content::Delta(Delta {
            state_changes: vec![StateChange { component: 9, ..StateChange::default() }],
            ..delta()
        }),
        Content::Activity(Activity {
            components: vec![ComponentActivity { component: 9, ..ComponentActivity::default() }],
            ..Activity::default()
        }),
        Content::Snapshot(Snapshot { part: 2, ..Snapshot::default() }),
    ];
    for case in cases {
        assert_eq!(picture_after(vec![whole(), case.clone()]).anomalies.len(), 1, "{case:?}");
    }
}

#[test]
fn a_picture_knows_another_system() {
    let system = System::new("here");
    assert!(Picture::default().is_of(&system));
    let _component = support::program::idle(&system, 1, "component");
    assert!(!Picture::default().is_of(&system));
}

async fn client(recorder: &Recorder) -> VisualiserClient<Channel> {
    VisualiserClient::new(Endpoint::from_shared(recorder.endpoint()).unwrap().connect().await.unwrap())
}

#[tokio::test]
async fn the_recorder_hands_over_what_a_client_says_and_sees_it_go() {
    let mut recorder = Recorder::start().await;
    let mut client = client(&recorder).await;
    let report = |seq, content| Report { seq, captured_at: 1, lost: 0, content: Some(content), refused: 0 };
    let hello = Hello { system_name: "by hand".into(), ..Hello::default() };
    let stream = tokio_stream::iter([report(1, Content::Hello(hello)), report(2, whole())]);
    let _requests = client.observe(stream).await.unwrap();
    let mut conversation = recorder.accept().await;
    assert_eq!(conversation.hello.system_name, "by hand");
    conversation.until_snapshot().await;
    assert!(conversation.next().await.is_none());
}

#[tokio::test]
#[should_panic(expected = "a gap")]
async fn the_recorder_minds_a_gap() {
    let mut recorder = Recorder::start().await;
    let mut client = client(&recorder).await;
    let hello = Report { seq: 1, captured_at: 1, lost: 0, content: Some(Content::Hello(Hello::default())), refused: 0 };
    let third = Report { seq: 3, captured_at: 1, lost: 0, content: Some(whole()), refused: 0 };
    let _requests = client.observe(tokio_stream::iter([hello, third])).await.unwrap();
    recorder.accept().await.until_snapshot().await;
}
