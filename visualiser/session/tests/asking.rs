//! What probes are asked, what they say in words, and who hears of it.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axonscope_model::{Change, ComponentId, LinkageId, Status, SystemId};
use axonscope_proto::v1::{self, report::Content, request::Content as Request};
use axonscope_session::Session;
use support::{Probe, listening, reader, row, until};

fn cadence(every_ms: u32) -> Request {
    Request::Cadence(v1::Cadence { every_ms })
}

fn tap(linkage: u64) -> Request {
    Request::Tap(v1::Tap { linkage, samples_per_second: 5, bytes: 512 })
}

fn untap(linkage: u64) -> Request {
    Request::Untap(v1::Untap { linkage })
}

fn sample(linkage: u64, text: &str) -> Content {
    Content::TapSample(v1::TapSample { linkage, text: text.to_owned(), ..Default::default() })
}

fn line(component: u64, text: &str) -> Content {
    Content::LogLine(v1::LogLine { component, level: 2, text: text.to_owned(), skipped: 0 })
}

/// The texts seen on a linkage, if it is tapped.
fn seen(session: &Session, linkage: u64) -> Option<Vec<String>> {
    session.read(|model| {
        let tap = model.system(SystemId(1))?.linkage(LinkageId(linkage))?.tap()?;
        Some(tap.samples().map(|sample| sample.text.clone()).collect())
    })
}

#[tokio::test]
async fn nobody_looks_so_little_is_asked_and_whoever_begins_to_look_gets_all_at_once() {
    let (session, address) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    assert_eq!(probe.request().await, cadence(1000));

    session.set_looked_at(true);
    assert_eq!(probe.request().await, cadence(100), "a window opened");
    session.set_looked_at(false);
    assert_eq!(probe.request().await, cadence(1000), "it closed");

    let mut reader = reader(address).await;
    let watch = reader.watch(None).await.unwrap();
    assert_eq!(probe.request().await, cadence(100), "somebody watches");
    drop(watch);
    assert_eq!(probe.request().await, cadence(1000), "and goes");

    reader.list().await.unwrap();
    assert_eq!(probe.request().await, cadence(100), "somebody asked");
    assert_eq!(probe.request().await, cadence(1000), "and asked no more");
}

#[tokio::test]
async fn a_program_that_comes_while_a_window_is_open_is_asked_for_all() {
    let (session, _) = listening();
    session.set_looked_at(true);
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    assert_eq!(probe.request().await, cadence(100));
}

#[tokio::test]
async fn a_tap_is_asked_for_seen_and_ended() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 3).await;
    probe.request().await;
    assert!(session.tap(SystemId(1), LinkageId(1), true));
    assert_eq!(probe.request().await, tap(1));
    probe.say(sample(1, "hello")).await;
    probe.say(sample(2, "nobody asked")).await;
    until("the sample", || (seen(&session, 1)? == ["hello"]).then_some(())).await;
    assert!(session.tap(SystemId(1), LinkageId(1), false));
    assert_eq!(probe.request().await, untap(1));
    assert_eq!((seen(&session, 1), seen(&session, 2)), (None, None));
    assert!(!session.tap(SystemId(1), LinkageId(77), true), "nobody told of it");
    assert!(!session.tap(SystemId(7), LinkageId(1), true));
}

#[tokio::test]
async fn a_refusal_is_kept_as_the_reason() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    session.tap(SystemId(1), LinkageId(1), true);
    let refusal = "this program lets nobody look".to_owned();
    probe.say(Content::TapSample(v1::TapSample { linkage: 1, refusal, ..Default::default() })).await;
    let why = until("the reason", || {
        session.read(|model| {
            let tap = model.system(SystemId(1))?.linkage(LinkageId(1))?.tap()?;
            (!tap.refusal().is_empty()).then(|| tap.refusal().to_owned())
        })
    });
    assert_eq!(why.await, "this program lets nobody look");
}

#[tokio::test]
async fn taps_are_repeated_when_the_same_instance_dials_again() {
    let (session, address) = listening();
    let probe = Probe::with_row(&session, "row", 1, 3).await;
    session.tap(SystemId(1), LinkageId(2), true);
    drop(probe);
    let status = |session: &Session| session.read(|model| model.system(SystemId(1)).unwrap().status().clone());
    until("it is lost", || matches!(status(&session), Status::Lost { .. }).then_some(())).await;

    let mut probe = Probe::dial(address, "row", 1).await;
    assert_eq!((probe.request().await, probe.request().await), (cadence(1000), tap(2)));
    probe.say(Content::Snapshot(row(3))).await;
    probe.say(sample(2, "again")).await;
    until("the sample", || (seen(&session, 2)? == ["again"]).then_some(())).await;

    // Its linkage goes, and with it the wish to see it.
    probe.delta(v1::Delta { unlinked: vec![2], ..Default::default() }).await;
    assert_eq!(probe.request().await, untap(2));
    probe.say(Content::Farewell(v1::Farewell::default())).await;
    until("it left", || matches!(status(&session), Status::Left { .. }).then_some(())).await;
    assert!(!session.tap(SystemId(1), LinkageId(1), true), "nobody is there to ask");
}

#[tokio::test]
async fn a_probe_that_listens_to_nothing_holds_up_nobody() {
    let (session, _) = listening();
    let mut deaf = Probe::with_row(&session, "deaf", 1, 60).await;
    for _ in 0..200 {
        for linkage in 1..50 {
            session.tap(SystemId(1), LinkageId(linkage), true);
        }
        session.set_looked_at(true);
        session.set_looked_at(false);
        for linkage in 1..50 {
            session.tap(SystemId(1), LinkageId(linkage), false);
        }
    }
    session.tap(SystemId(1), LinkageId(7), true);
    deaf.delta(v1::Delta { unlinked: vec![9], ..Default::default() }).await;
    until("what it says", || {
        session.read(|model| model.system(SystemId(1))?.linkage(LinkageId(9)).is_none().then_some(()))
    })
    .await;
    // What it hears when it listens at last ends with what is wanted.
    let mut tapped = std::collections::BTreeSet::new();
    while tapped.iter().ne([&7]) {
        match deaf.request().await {
            Request::Tap(tap) => drop(tapped.insert(tap.linkage)),
            Request::Untap(tap) => drop(tapped.remove(&tap.linkage)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn logs_and_taps_are_not_for_readers() {
    let (session, address) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    session.tap(SystemId(1), LinkageId(1), true);
    let mut early = reader(address).await.watch(None).await.unwrap();
    probe.say(line(1, "a secret of one")).await;
    probe.say(line(0, "a secret of all")).await;
    probe.say(sample(1, "a secret between two")).await;
    probe.delta(v1::Delta { removed_components: vec![2], ..Default::default() }).await;
    until("all of it", || {
        session.read(|model| {
            let system = model.system(SystemId(1))?;
            let lines = system.component(ComponentId(1))?.log().count() + system.log().count();
            (lines == 2 && system.component_count() == 1).then_some(())
        })
    })
    .await;
    let mut late = reader(address).await.watch(None).await.unwrap();
    let mut heard = 0;
    for (watch, until_gone) in [(&mut early, true), (&mut late, false)] {
        loop {
            let told = tokio::time::timeout(support::DEADLINE, watch.next()).await.unwrap().unwrap().unwrap();
            assert!(!format!("{told:?}").contains("secret"), "{told:?}");
            heard += told.changes.len();
            let gone = told.changes.contains(&Change::ComponentRemoved(ComponentId(2)));
            if if until_gone { gone } else { told.is_complete() } {
                break;
            }
        }
    }
    assert!(heard > 0);
    let rest = tokio::time::timeout(Duration::from_millis(300), late.next()).await;
    assert!(rest.is_err(), "{rest:?}");
}

#[tokio::test]
async fn a_line_of_nobody_does_not_fit() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    probe.say(line(99, "boo")).await;
    until("the anomaly", || (session.list()[0].anomalies == 1).then_some(())).await;
}

#[cfg(unix)]
#[tokio::test]
async fn programs_and_readers_come_by_a_socket_too() {
    use axonscope_session::reader::Reader;
    use axonscope_session::{Listen, Options};

    let path = std::env::temp_dir().join(format!("axonscope-session-{}.sock", std::process::id()));
    let listen = vec![Listen::Unix(path.clone()), ([127, 0, 0, 1], 0).into()];
    let session = Session::start(Options { listen, ..Options::default() }).unwrap();
    let address = session.address().unwrap();
    assert_eq!(session.addresses().len(), 2);
    let endpoint = session.addresses()[0].to_string();
    assert_eq!(endpoint, format!("unix:{}", path.display()));

    let mut probe = Probe::through(&endpoint).await;
    probe.say(Content::Hello(support::hello("row", 1))).await;
    probe.say(Content::Snapshot(row(2))).await;
    until("it is there", || session.read(|model| (model.systems().next()?.component_count() == 2).then_some(()))).await;
    assert_eq!(Reader::connect(&endpoint).await.unwrap().list().await.unwrap().len(), 1);
    assert_eq!(reader(address).await.list().await.unwrap().len(), 1);
    // The same instance by the other door is the same system.
    let mut again = Probe::dial(address, "row", 1).await;
    assert_eq!(probe.refusal().await.code(), tonic::Code::Aborted);
    again.request().await;
    session.shutdown();
    assert!(!path.exists());
}
