//! Whatever comes in at the port: a clear status or a shown anomaly, and everybody else goes on.
#![allow(clippy::unwrap_used)]

mod support;

use axonscope_model::{Anomaly, Status, SystemId};
use axonscope_proto::limits::{REPORT_BYTES, SYSTEMS};
use axonscope_proto::v1::{self, report::Content};
use axonscope_session::{Session, StartError};
use support::{Probe, component, hello, listening, postbox, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::Code;

/// A well-behaved program that is there all along.
struct Bystander(Probe);

impl Bystander {
    async fn new(session: &Session) -> Bystander {
        Bystander(Probe::with_row(session, "bystander", 255, 2).await)
    }

    async fn still_goes_on(mut self, session: &Session) {
        self.0.delta(v1::Delta { added_components: vec![component(77, "late")], ..Default::default() }).await;
        until("the bystander goes on", || {
            session.read(|model| {
                let system = model.system(SystemId(1))?;
                (system.component_count() == 3 && *system.status() == Status::Live).then_some(())
            })
        })
        .await;
    }
}

async fn anomaly(session: &Session, system: u64, expected: impl Fn(&Anomaly) -> bool) {
    until("the anomaly", || {
        session.read(|model| model.system(SystemId(system))?.recent_anomalies().any(&expected).then_some(()))
    })
    .await;
}

#[tokio::test]
async fn random_bytes_disturb_nobody() {
    let (session, address) = listening();
    let bystander = Bystander::new(&session).await;
    let http1 = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
    let noise: Vec<u8> = (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let preface_then_noise = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &noise].concat();
    for bytes in [http1, noise, preface_then_noise] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        // It may be closed before all is said.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(support::DEADLINE, stream.read_to_end(&mut answer)).await.expect("never closed");
    }
    bystander.still_goes_on(&session).await;
}

#[tokio::test]
async fn a_report_before_hello() {
    let (session, address) = listening();
    let bystander = Bystander::new(&session).await;
    let mut probe = Probe::silent(address).await;
    probe.delta(v1::Delta::default()).await;
    let status = probe.refusal().await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("Hello"), "{status}");
    bystander.still_goes_on(&session).await;
}

#[tokio::test]
async fn another_protocol_version_names_both() {
    let (_session, address) = listening();
    let mut probe = Probe::silent(address).await;
    probe.say(Content::Hello(v1::Hello { protocol: 42, ..hello("demo", 1) })).await;
    let status = probe.refusal().await;
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("42") && status.message().contains('1'), "{status}");
}

#[tokio::test]
async fn an_instance_id_of_the_wrong_length() {
    let (session, address) = listening();
    for length in [0, 15, 17] {
        let mut probe = Probe::silent(address).await;
        probe.say(Content::Hello(v1::Hello { instance_id: vec![1; length], ..hello("demo", 1) })).await;
        assert_eq!(probe.refusal().await.code(), Code::InvalidArgument);
    }
    assert_eq!(session.read(|model| model.systems().len()), 0);
}

#[tokio::test]
async fn a_name_of_200_mb() {
    let (session, address) = listening();
    let bystander = Bystander::new(&session).await;
    let mut probe = Probe::silent(address).await;
    probe.say(Content::Hello(v1::Hello { system_name: "n".repeat(200_000_000), ..hello("", 1) })).await;
    let status = probe.refusal().await;
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status}");
    assert!(status.message().contains(&REPORT_BYTES.to_string()), "{status}");
    bystander.still_goes_on(&session).await;
}

#[tokio::test]
async fn a_report_over_the_limit_ends_its_stream_and_is_shown() {
    let (session, _) = listening();
    let bystander = Bystander::new(&session).await;
    let mut probe = Probe::with_row(&session, "large", 1, 2).await;
    let added_components = (10..5000).map(|id| component(id, &"n".repeat(1000))).collect();
    probe.delta(v1::Delta { added_components, ..Default::default() }).await;
    assert_eq!(probe.refusal().await.code(), Code::OutOfRange);
    anomaly(&session, 2, |anomaly| matches!(anomaly, Anomaly::OverLimit { .. })).await;
    until("it is lost", || {
        session.read(|model| matches!(model.system(SystemId(2))?.status(), Status::Lost { .. }).then_some(()))
    })
    .await;
    bystander.still_goes_on(&session).await;
}

#[tokio::test]
async fn what_does_not_fit_is_shown_on_the_system_it_came_from() {
    let (session, _) = listening();
    let bystander = Bystander::new(&session).await;
    let mut probe = Probe::with_row(&session, "odd", 1, 2).await;
    probe
        .delta(v1::Delta {
            added_components: vec![
                v1::Component { parent: 404, ..component(3, "orphan") },
                component(1, "another name"),
                component(0, "nobody"),
                component(4, &"n".repeat(5000)),
            ],
            added_postboxes: vec![postbox(90, 405, "inbox", v1::PostboxKind::Inbox)],
            linked: vec![v1::Linkage { id: 50, source: 11, sink: 406, kind: 1 }],
            ..Default::default()
        })
        .await;
    anomaly(&session, 2, |anomaly| matches!(anomaly, Anomaly::UnknownParent { .. })).await;
    anomaly(&session, 2, |anomaly| matches!(anomaly, Anomaly::DuplicateId { noun: "component", id: 1 })).await;
    anomaly(&session, 2, |anomaly| matches!(anomaly, Anomaly::Malformed(_))).await;
    anomaly(&session, 2, |anomaly| matches!(anomaly, Anomaly::Cut { noun: "component", id: 4 })).await;
    anomaly(&session, 2, |anomaly| matches!(anomaly, Anomaly::UnknownOwner { .. })).await;
    anomaly(&session, 2, |anomaly| matches!(anomaly, Anomaly::UnknownEnd { .. })).await;
    // Its stream goes on as well.
    probe.delta(v1::Delta { removed_components: vec![3, 4], ..Default::default() }).await;
    until("it goes on", || session.read(|model| (model.system(SystemId(2))?.component_count() == 2).then_some(())))
        .await;
    assert_eq!(session.list()[1].anomalies, 6);
    assert_eq!(session.list()[0].anomalies, 0);
    bystander.still_goes_on(&session).await;
}

#[tokio::test]
async fn the_65th_system() {
    let (session, address) = listening();
    let mut probes = Vec::new();
    for n in 0..SYSTEMS {
        probes.push(Probe::dial(address, "one of many", n as u8).await);
    }
    until("all are in", || (session.read(|model| model.systems().len()) == SYSTEMS).then_some(())).await;
    let mut late = Probe::dial(address, "late", 200).await;
    assert_eq!(late.refusal().await.code(), Code::ResourceExhausted);
    drop(probes.pop());
    until("there is room", || {
        session.read(|model| model.systems().any(|system| !system.status().is_connected()).then_some(()))
    })
    .await;
    let mut early = Probe::dial(address, "in time", 201).await;
    early.say(Content::Snapshot(support::row(2))).await;
    until("it is in", || session.read(|model| model.systems().any(|system| system.name() == "in time").then_some(())))
        .await;
}

#[tokio::test]
async fn a_port_that_is_taken_and_an_address_that_is_not_loopback() {
    let (_session, address) = listening();
    let taken = Session::start(axonscope_session::Options { listen: vec![address.into()], ..Default::default() });
    assert!(matches!(taken, Err(StartError::InUse(_))));
    let listen = axonscope_session::Listen::from(([0, 0, 0, 0], 0));
    let open = Session::start(axonscope_session::Options { listen: vec![listen], ..Default::default() });
    assert!(matches!(open, Err(StartError::NotLoopback(_))));
}
