//! How a probe finds a visualiser, loses it, finds it again, obeys it, and takes its leave.

#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use axonscope_probe::{EndpointError, Probe, StartError};
use axonscope_proto::v1::{Cadence, Resync, Tap, request};
use axonscope_runtime::System;
use support::Recorder;
use support::program::{idle, quick};
use tokio::task::spawn_blocking;

#[tokio::test]
async fn a_probe_finds_a_visualiser_that_comes_later_and_one_that_comes_back() {
    let recorder = Recorder::start().await;
    let endpoint = recorder.endpoint();
    let address = recorder.die().await;

    let system = System::new("patient");
    let mut components = idle(&system, 5, "component");
    let _probe = Probe::builder().system(&system).endpoint(&endpoint).unwrap().start().unwrap();
    let mut recorder = Recorder::start_on(address).await;
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let instance = conversation.hello.instance_id.clone();

    for round in 0..3 {
        drop(conversation);
        let address = recorder.die().await;
        components.extend(idle(&system, 3, "made while alone"));
        drop(components.remove(0));
        recorder = Recorder::start_on(address).await;
        conversation = recorder.accept().await;
        conversation.until("the truth", |picture| picture.snapshots == 1 && picture.is_of(&system)).await;
        assert_eq!(conversation.hello.instance_id, instance, "the same instance in round {round}");
        assert_eq!(conversation.picture.lost, 0, "what nobody could hear is not lost");
        conversation.picture.assert_clean();
    }
}

#[tokio::test]
async fn a_visualiser_that_ends_the_stream_is_dialled_again() {
    let mut recorder = Recorder::start().await;
    let system = System::new("persistent");
    let _probe = quick(&system, &recorder).start().unwrap();
    for _ in 0..3 {
        recorder.accept().await.until_snapshot().await;
    }
}

#[tokio::test]
async fn two_probes_are_two_instances() {
    let mut recorder = Recorder::start().await;
    let systems = [System::new("twin"), System::new("twin")];
    let _probes = systems.each_ref().map(|system| quick(system, &recorder).start().unwrap());
    let (first, second) = (recorder.accept().await, recorder.accept().await);
    assert_ne!(first.hello.instance_id, second.hello.instance_id);
    assert_eq!(first.hello.system_name, second.hello.system_name);
}

#[tokio::test]
async fn a_farewell_comes_after_everything_else() {
    let mut recorder = Recorder::start().await;
    let system = System::new("mortal");
    // A tick so slow that only the farewell can bring what follows the snapshot.
    let probe = quick(&system, &recorder).cadence(Duration::from_secs(60)).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let _components = idle(&system, 7, "late");
    let close = spawn_blocking(move || {
        let began = Instant::now();
        probe.close("all done");
        began.elapsed()
    });
    conversation.until("a farewell", |picture| picture.farewell.is_some()).await;
    assert_eq!(conversation.picture.farewell.as_deref(), Some("all done"));
    assert!(conversation.picture.is_of(&system), "{}", conversation.picture.summary());
    assert!(conversation.next().await.is_none(), "nothing follows");
    drop(conversation);
    assert!(close.await.unwrap() < Duration::from_millis(900), "the visualiser took it at once");
}

#[tokio::test]
async fn a_dropped_probe_says_that_the_program_finished() {
    let mut recorder = Recorder::start().await;
    let system = System::new("dropped");
    let probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let end = spawn_blocking(move || drop(probe));
    conversation.until("a farewell", |picture| picture.farewell.as_deref() == Some("finished")).await;
    drop(conversation);
    end.await.unwrap();
    // The system may be observed again, as a new instance.
    let _probe = quick(&system, &recorder).start().unwrap();
    recorder.accept().await;
}

#[tokio::test]
async fn a_program_that_panics_says_so() {
    let mut recorder = Recorder::start().await;
    let system = System::new("clumsy");
    let probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    let end = std::thread::spawn(move || {
        let _probe = probe;
        panic!("on purpose");
    });
    conversation
        .until("a farewell", |picture| {
            picture.farewell.as_deref().is_some_and(|said| said.contains("link.rs") && said.ends_with("on purpose"))
        })
        .await;
    drop(conversation);
    assert!(end.join().is_err());
}

#[tokio::test]
async fn even_a_short_program_is_seen() {
    let mut recorder = Recorder::start().await;
    let system = System::new("short");
    let _components = idle(&system, 3, "component");
    let probe = quick(&system, &recorder).start().unwrap();
    let end = spawn_blocking(move || probe.close("already"));
    let mut conversation = recorder.accept().await;
    conversation.until("a farewell", |picture| picture.farewell.is_some()).await;
    assert_eq!(conversation.picture.components.len(), 3);
    drop(conversation);
    end.await.unwrap();
}

#[tokio::test]
async fn a_visualiser_that_reads_nothing_holds_a_program_up_for_a_second_at_most() {
    let mut recorder = Recorder::start().await;
    let system = System::new("large");
    let _components = idle(&system, 8_000, &"long name ".repeat(60));
    let probe = quick(&system, &recorder).start().unwrap();
    let conversation = recorder.accept().await;
    let began = Instant::now();
    spawn_blocking(move || probe.close("in a hurry")).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    drop(conversation);
}

#[test]
fn without_a_visualiser_a_program_ends_at_once() {
    let system = System::new("alone");
    let probe = Probe::builder().system(&system).endpoint("http://127.0.0.1:1").unwrap().start().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    drop(probe);
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_resync_is_answered_once_a_second() {
    let mut recorder = Recorder::start().await;
    let system = System::new("asked");
    let _components = idle(&system, 10, "component");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let first = conversation.picture.captured_at;
    for _ in 0..4 {
        conversation.ask(request::Content::Resync(Resync {})).await;
    }
    conversation.until("a second snapshot", |picture| picture.snapshots == 2).await;
    let second = conversation.picture.captured_at;
    assert!(second - first > 900_000_000, "after {} ms", (second - first) / 1_000_000);
    // The four were one wish.
    let later = second + 1_500_000_000;
    conversation.until("a while", |picture| picture.captured_at > later).await;
    assert_eq!(conversation.picture.snapshots, 2);
    assert!(conversation.picture.is_of(&system));
    assert_eq!(conversation.picture.lost, 0);
    conversation.picture.assert_clean();
}

#[tokio::test]
async fn the_visualiser_sets_the_cadence() {
    let mut recorder = Recorder::start().await;
    let system = System::new("obedient");
    let _probe = quick(&system, &recorder).cadence(Duration::from_secs(60)).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    conversation.ask(request::Content::Tap(Tap { linkage: 1, samples_per_second: 1, bytes: 1 })).await;
    conversation.ask(request::Content::Cadence(Cadence { every_ms: 0 })).await;
    let _components = idle(&system, 1, "component");
    // A minute would be past the deadline.
    conversation.until("the component", |picture| picture.is_of(&system)).await;
}

#[tokio::test]
async fn silence_is_never_longer_than_the_heartbeat() {
    let mut recorder = Recorder::start().await;
    let system = System::new("quiet");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let mut before = conversation.picture.captured_at;
    for _ in 0..3 {
        let heartbeats = conversation.picture.heartbeats;
        conversation.until("a sign of life", |picture| picture.heartbeats > heartbeats).await;
        let silence = conversation.picture.captured_at - before;
        assert!(silence < 2_000_000_000, "silent for {} ms", silence / 1_000_000);
        before = conversation.picture.captured_at;
    }
    assert_eq!((conversation.picture.deltas, conversation.picture.activities), (0, 0), "and nothing else is said");
}

#[test]
fn a_probe_needs_no_runtime_of_the_program() {
    let system = System::new("plain");
    let components = idle(&system, 4, "component");
    let recorder_runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut recorder = recorder_runtime.block_on(Recorder::start());
    let probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder_runtime.block_on(recorder.accept());
    recorder_runtime.block_on(conversation.until("the truth", |picture| picture.is_of(&system)));
    drop(components);
    recorder_runtime.block_on(conversation.until("nothing", |picture| picture.is_of(&system)));
    drop((conversation, probe));
}

#[test]
fn what_cannot_start_says_why() {
    let system = System::new("choosy");
    assert!(matches!(Probe::builder().endpoint("nonsense"), Err(EndpointError::NotAnEndpoint(_))));
    let off_loopback = || Probe::builder().system(&system).endpoint("http://192.0.2.1:7420").unwrap();
    assert!(matches!(off_loopback().start(), Err(StartError::Endpoint(EndpointError::Insecure(_)))));
    let probe = off_loopback().insecure(true).start().unwrap();
    assert!(matches!(axonscope_probe::init(&system), Err(StartError::AlreadyObserved(_))));
    drop(probe);
}

/// The other half of the test below; by itself, without a bad environment, it must be silent too.
#[test]
fn child_with_the_defaults() {
    let system = System::new("child");
    axonscope_probe::init(&system).unwrap().close("finished");
}

#[test]
fn a_bad_value_in_the_environment_is_one_warning() {
    let child = |endpoint: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_with_the_defaults", "--nocapture"])
            .env("AXONSCOPE_ENDPOINT", endpoint)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = child("http://visualiser.example:7420");
    assert_eq!(said.lines().filter(|line| line.contains("AXONSCOPE_ENDPOINT")).count(), 1, "{said}");
    assert!(said.contains("insecure"), "{said}");
    assert!(!child("http://127.0.0.1:1").contains("AXONSCOPE"), "a good value is no news");
}
