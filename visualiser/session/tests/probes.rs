//! Programs come, change, leave and come back, over real sockets.
#![allow(clippy::unwrap_used)]

mod support;

use axonscope_model::{ComponentId, State, Status, SystemId};
use axonscope_proto::v1::{self, report::Content, request::Content as Request};
use axonscope_session::Session;
use support::{Probe, component, listening, postbox, row, until};

fn status(session: &Session, system: u64) -> Status {
    session.read(|model| model.system(SystemId(system)).unwrap().status().clone())
}

fn titles(session: &Session) -> Vec<String> {
    session.read(|model| model.systems().map(|system| system.title()).collect())
}

fn names(session: &Session, system: u64) -> Vec<String> {
    session.read(|model| {
        let system = model.system(SystemId(system)).unwrap();
        system.tree().map(|component| component.name().to_owned()).collect()
    })
}

#[tokio::test]
async fn a_program_appears_and_changes() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "demo", 1, 3).await;
    until("it is live", || (status(&session, 1) == Status::Live).then_some(())).await;
    probe
        .delta(v1::Delta {
            unlinked: vec![2],
            removed_components: vec![3],
            added_components: vec![v1::Component { parent: 1, ..component(4, "child") }],
            added_postboxes: vec![postbox(40, 4, "inbox", v1::PostboxKind::Inbox)],
            linked: vec![v1::Linkage { id: 9, source: 21, sink: 40, kind: 1 }],
            state_changes: vec![v1::StateChange { component: 2, state: 4, detail: "no disk".to_owned() }],
            ..Default::default()
        })
        .await;
    until("the change", || (names(&session, 1) == ["stage 1", "child", "stage 2"]).then_some(())).await;
    until("the failure", || {
        session.read(|model| {
            let component = model.system(SystemId(1))?.component(ComponentId(2))?;
            (component.state() == State::Failed && component.state_detail() == "no disk").then_some(())
        })
    })
    .await;
}

#[tokio::test]
async fn two_of_one_name_stay_two() {
    let (session, _) = listening();
    let _one = Probe::with_row(&session, "demo", 1, 2).await;
    let _two = Probe::with_row(&session, "demo", 2, 3).await;
    assert_eq!(titles(&session), ["demo", "demo 2"]);
    assert_eq!((names(&session, 1).len(), names(&session, 2).len()), (2, 3));
}

#[tokio::test]
async fn what_vanishes_is_kept_and_a_restart_is_a_new_instance() {
    let (session, _) = listening();
    let probe = Probe::with_row(&session, "demo", 1, 2).await;
    drop(probe);
    until("it is lost", || matches!(status(&session, 1), Status::Lost { .. }).then_some(())).await;
    assert_eq!(names(&session, 1).len(), 2);
    let _probe = Probe::with_row(&session, "demo", 2, 3).await;
    assert_eq!(titles(&session).len(), 2);
    assert!(matches!(status(&session, 1), Status::Lost { .. }));
}

#[tokio::test]
async fn a_farewell_is_told_apart_from_a_loss() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "demo", 1, 2).await;
    probe.say(Content::Farewell(v1::Farewell { reason: "finished".to_owned() })).await;
    let reason = until("it has left", || match status(&session, 1) {
        Status::Left { reason, .. } => Some(reason),
        _ => None,
    })
    .await;
    assert_eq!(reason, "finished");
}

#[tokio::test]
async fn the_same_instance_that_dials_again_is_the_same_system() {
    let (session, address) = listening();
    let probe = Probe::with_row(&session, "demo", 1, 2).await;
    drop(probe);
    until("it is lost", || matches!(status(&session, 1), Status::Lost { .. }).then_some(())).await;
    let mut probe = Probe::dial(address, "demo", 1).await;
    probe.say(Content::Snapshot(row(4))).await;
    until("it is back", || (status(&session, 1) == Status::Live).then_some(())).await;
    assert_eq!(titles(&session), ["demo"]);
    assert_eq!(names(&session, 1).len(), 4);
}

#[tokio::test]
async fn a_new_stream_replaces_an_old_one_that_seems_open() {
    let (session, address) = listening();
    let mut old = Probe::with_row(&session, "demo", 1, 2).await;
    let mut new = Probe::dial(address, "demo", 1).await;
    assert_eq!(old.refusal().await.code(), tonic::Code::Aborted);
    new.say(Content::Snapshot(row(5))).await;
    until("the new one speaks", || (names(&session, 1).len() == 5).then_some(())).await;
    assert_eq!(status(&session, 1), Status::Live, "the end of the old stream is not the end of the system");
}

#[tokio::test]
async fn a_gap_is_shown_and_answered_by_resync() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "demo", 1, 2).await;
    probe.seq += 3;
    probe.delta(v1::Delta::default()).await;
    while !matches!(probe.request().await, Request::Resync(_)) {}
    until("it is stale", || (!matches!(status(&session, 1), Status::Live)).then_some(())).await;
    probe.say(Content::Snapshot(row(3))).await;
    until("it is whole again", || (status(&session, 1) == Status::Live).then_some(())).await;
}

#[tokio::test]
async fn a_session_that_ends_lets_go_of_its_port() {
    let (session, address) = listening();
    let _probe = Probe::with_row(&session, "demo", 1, 2).await;
    session.shutdown();
    assert!(std::net::TcpListener::bind(address).is_ok());
    assert_eq!(names(&session, 1).len(), 2, "what is known can still be asked");
}
