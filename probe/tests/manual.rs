//! A program told of by hand, and channels that know who is at their ends.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axonscope_probe::{Probe, State, channel};
use axonscope_proto::v1::{LinkageKind, PostboxKind, Tap, request};
use axonscope_runtime::System;
use support::program::idle;
use support::{Conversation, Recorder};
use tracing::Level;

async fn attached(recorder: &mut Recorder, builder: axonscope_probe::Builder) -> (Probe, Conversation) {
    let builder = builder.endpoint(&recorder.endpoint()).unwrap().cadence(Duration::from_millis(20));
    let probe = builder.start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    (probe, conversation)
}

#[tokio::test]
async fn what_is_told_is_seen_for_as_long_as_it_is_held() {
    let mut recorder = Recorder::start().await;
    let (probe, mut conversation) = attached(&mut recorder, Probe::builder().name("mill")).await;
    let mill = probe.manual().component("mill").type_name("Mill").description("grinds").add();
    let reader = mill.component("reader").state(State::Starting).add();
    let writer = mill.component("writer").add();
    let words = reader.outbox("words").message_type("String").add();
    let inbox = writer.inbox("words").message_type("String").capacity(8).add();
    let linkage = words.link(&inbox);
    let used = mill.component("lock").type_name("Mutex").add();
    let usage = writer.uses(&used);
    words.sent(3);
    inbox.taken(2);
    inbox.set_depth(1);
    reader.set_state(State::Failed("no more corn".into()));
    drop(writer.enter());
    let open = mill.begin();

    conversation
        .until("all of it", |picture| picture.linkages.len() == 2 && picture.totals("writer", "words").is_some())
        .await;
    let picture = &conversation.picture;
    assert_eq!(picture.paths(), ["mill", "mill/lock", "mill/reader", "mill/writer"]);
    assert_eq!(picture.wiring(), ["reader.words -> writer.words", "writer -> lock"]);
    let inbox_totals = picture.totals("writer", "words").unwrap();
    assert_eq!((inbox_totals.messages, inbox_totals.depth, inbox_totals.high_water), (2, 1, 1));
    assert_eq!(picture.component("reader").unwrap().state_detail, "no more corn");
    assert!(picture.activity("writer").unwrap().busy_ns > 0);
    assert_eq!((picture.activity("mill").unwrap().begun, picture.activity("mill").unwrap().open), (1, 1));
    let uses = picture.linkages.values().find(|linkage| linkage.kind() == LinkageKind::Use).unwrap();
    assert_eq!(picture.postboxes[&uses.source].kind(), PostboxKind::Grip);

    drop((usage, linkage, open));
    conversation.until("no linkage", |picture| picture.linkages.is_empty()).await;
    // The outbox keeps its component.
    drop((reader, writer, used));
    drop((mill, inbox));
    conversation.until("the rest", |picture| picture.paths() == ["mill", "mill/reader"]).await;
    drop(words);
    conversation.until("nothing", |picture| picture.components.is_empty()).await;
    conversation.picture.assert_clean();
}

#[tokio::test]
async fn a_runtimes_system_and_what_is_told_by_hand_are_one_picture() {
    let mut recorder = Recorder::start().await;
    let (one, other) = (System::new("one"), System::new("other"));
    let mut components = idle(&one, 3, "one");
    components.extend(idle(&other, 2, "other"));
    let builder = Probe::builder().system(&one).system(&other);
    let (probe, mut conversation) = attached(&mut recorder, builder).await;
    assert_eq!(conversation.hello.system_name, "one");
    let told = probe.manual().component("told").add();
    components.extend(idle(&other, 1, "late"));
    drop(components.remove(0));
    let expected = ["late 0", "one 1", "one 2", "other 0", "other 1", "told"];
    conversation.until("all of them", |picture| picture.paths() == expected).await;
    conversation.ask(request::Content::Resync(axonscope_proto::v1::Resync {})).await;
    conversation.until_snapshot().await;
    assert_eq!(conversation.picture.paths(), expected);
    conversation.picture.assert_clean();
    drop(told);
}

#[tokio::test]
async fn a_channel_draws_a_linkage_from_each_component_that_sends_to_the_one_that_receives() {
    let mut recorder = Recorder::start().await;
    let (probe, mut conversation) = attached(&mut recorder, Probe::builder().name("mill").tap::<String>()).await;
    let worker = probe.manual().component("worker").add();
    let readers = ["reader one", "reader two"].map(|name| probe.manual().component(name).add());
    let (jobs, mut queue) = channel::bounded::<String>("jobs", 2);
    let (go, mut gone) = tokio::sync::mpsc::channel::<()>(1);
    let takes = tokio::spawn(worker.instrument(async move {
        let first = queue.recv().await;
        gone.recv().await;
        let mut taken = u64::from(first.is_some());
        while queue.recv().await.is_some() {
            taken += 1;
        }
        taken
    }));
    let sends = readers.clone().map(|reader| {
        let jobs = jobs.clone();
        tokio::spawn(reader.instrument(async move {
            for number in 0..5 {
                jobs.send(format!("job {number}")).await.unwrap();
            }
            // The boxes are there for as long as the component, not as the handle.
        }))
    });
    drop(jobs);
    let blocked = |picture: &support::Picture| {
        let totals = picture.totals("worker", "jobs");
        picture.linkages.len() == 2 && totals.is_some_and(|totals| totals.depth == 2)
    };
    conversation.until("a full queue", blocked).await;
    conversation
        .until("a sender that waits", |picture| {
            readers.iter().enumerate().any(|(number, _)| {
                let name = ["reader one", "reader two"][number];
                picture.totals(name, "jobs").is_some_and(|totals| totals.blocked_since != 0)
            })
        })
        .await;
    let picture = &conversation.picture;
    assert_eq!(picture.wiring(), ["reader one.jobs -> worker.jobs", "reader two.jobs -> worker.jobs"]);
    let inbox = picture.postboxes.values().find(|postbox| postbox.capacity != 0).unwrap();
    assert_eq!((inbox.capacity, inbox.message_type.as_str()), (2, "String"));

    let linkage = *picture.linkages.keys().next().unwrap();
    conversation.ask(request::Content::Tap(Tap { linkage, samples_per_second: 100, bytes: 4 })).await;
    // Once asked for, a message shows.
    tokio::time::sleep(Duration::from_millis(100)).await;
    go.send(()).await.unwrap();
    for send in sends {
        send.await.unwrap();
    }
    conversation.until("a sample", |picture| !picture.samples.is_empty()).await;
    let sample = &conversation.picture.samples[0];
    assert_eq!((sample.text.as_str(), sample.full_length), ("\"job", 7));
    assert_eq!(takes.await.unwrap(), 10);
    conversation
        .until("nothing but the components", |picture| picture.postboxes.is_empty() && picture.components.len() == 3)
        .await;
    let worker = conversation.picture.activity("worker").unwrap();
    assert!(worker.polls > 0 && worker.busy_ns > 0 && worker.scheduled_ns > 0, "{worker:?}");
    conversation.picture.assert_clean();
    drop(readers);
}

#[tokio::test]
async fn what_has_no_room_is_refused_and_counted_and_the_rest_is_told() {
    let mut recorder = Recorder::start().await;
    let (probe, mut conversation) = attached(&mut recorder, Probe::builder().name("flood")).await;
    let mut components = Vec::new();
    while probe.stats().refused < 100 {
        components.push(probe.manual().component(format!("component {}", components.len())).add());
    }
    let told = components.len() - 100;
    assert!((5_000..20_000).contains(&told), "{told} fit");
    // The children of what was refused are refused in silence, and nothing fails.
    let child = components[told].component("child").add();
    let inbox = child.inbox("inbox").add();
    drop(child.outbox("outbox").add().link(&inbox));
    conversation.until("all that fit", |picture| picture.components.len() == told && picture.refused == 100).await;
    components.truncate(10);
    let late = probe.manual().component("late").add();
    conversation.until("room again", |picture| picture.components.len() == 11).await;
    conversation.picture.assert_clean();
    drop(late);
}

#[tokio::test]
async fn every_visualiser_is_told_everything_each_at_its_own_pace() {
    let (mut one, mut other) = (Recorder::start().await, Recorder::start().await);
    let builder = Probe::builder().name("shared").endpoint(&one.endpoint()).unwrap();
    let builder = builder.endpoint(&other.endpoint()).unwrap().cadence(Duration::from_millis(20));
    let probe = builder.start().unwrap();
    let component = probe.manual().component("component").add();
    let inbox = component.inbox("inbox").add();
    let mut first = one.accept().await;
    first.until_snapshot().await;
    inbox.taken(1);
    let taken = |messages: u64| {
        move |picture: &support::Picture| {
            picture.totals("component", "inbox").is_some_and(|totals| totals.messages == messages)
        }
    };
    first.until("one message", taken(1)).await;
    let mut second = other.accept().await;
    second.until("what the first knew", taken(1)).await;
    for messages in 2..20 {
        inbox.taken(1);
        first.until("one more", taken(messages)).await;
        second.until("one more", taken(messages)).await;
    }
    drop(first);
    let address = one.die().await;
    inbox.taken(1);
    second.until("one more, alone", taken(20)).await;
    let mut again = Recorder::start_on(address).await;
    let mut first = again.accept().await;
    first.until("all of them", taken(20)).await;
    first.picture.assert_clean();
    second.picture.assert_clean();
    probe.close("finished");
    first.until("a farewell", |picture| picture.farewell.as_deref() == Some("finished")).await;
    second.until("a farewell", |picture| picture.farewell.as_deref() == Some("finished")).await;
    drop((component, inbox));
}

#[tokio::test]
async fn lines_come_with_their_component_and_too_many_are_counted() {
    let mut recorder = Recorder::start().await;
    let (probe, mut conversation) = attached(&mut recorder, Probe::builder().name("mill")).await;
    let reader = probe.manual().component("reader").add();
    for number in 0..50 {
        reader.log(Level::WARN, format_args!("line {number}"));
    }
    probe.manual().log(Level::INFO, "of the whole");
    conversation.until("lines", |picture| picture.lines.len() >= 11).await;
    let lines = &conversation.picture.lines;
    assert_eq!(lines.iter().filter(|line| line.component != 0).count(), 10);
    assert_eq!((lines[10].component, lines[10].text.as_str()), (0, "of the whole"));
    conversation.picture.assert_clean();
}

#[test]
fn a_probe_that_is_off_takes_everything_and_does_nothing() {
    const CHILD: &str = "a_probe_that_is_off_takes_everything_and_does_nothing";
    if std::env::var_os("AXONSCOPE_OFF").is_none() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", CHILD, "--nocapture"])
            .env("AXONSCOPE_OFF", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let probe = Probe::builder().name("off").start().unwrap();
    let component = probe.manual().component("component").add();
    let inbox = component.inbox("inbox").add();
    let _linkage = component.outbox("outbox").add().link(&inbox);
    inbox.taken(1);
    drop(component.enter());
    component.log(Level::ERROR, "nobody hears this");
    assert_eq!(probe.stats(), axonscope_probe::Stats::default());
    assert!(std::fs::read_dir("/proc/self/task").map_or(true, |tasks| {
        !tasks.flatten().any(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("axonscope"))
        })
    }));
}

#[tokio::test]
async fn a_tap_on_the_runtime_shows_what_is_allowed_and_says_what_is_not() {
    for (builder, expected) in [(Probe::builder().tap::<u32>(), "sample"), (Probe::builder(), "refusal")] {
        let mut recorder = Recorder::start().await;
        let system = System::new("tapped");
        let (_probe, mut conversation) = attached(&mut recorder, builder.system(&system)).await;
        let source = system.add("source", support::program::Endless).unwrap();
        let sink = system.add("sink", support::program::Sink).unwrap();
        system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
        let _running = (source.start(), sink.start());
        let flows = |picture: &support::Picture| picture.totals("source", "outbox").is_some_and(|t| t.messages > 0);
        conversation.until("messages", flows).await;
        let linkage = *conversation.picture.linkages.keys().next().unwrap();
        conversation.ask(request::Content::Tap(Tap { linkage, samples_per_second: 1_000, bytes: 100 })).await;
        conversation.until("samples", |picture| picture.samples.len() >= if expected == "sample" { 5 } else { 1 }).await;
        let samples = &conversation.picture.samples;
        if expected == "sample" {
            assert!(samples.iter().all(|sample| sample.text.parse::<u32>().is_ok()), "{samples:?}");
            assert!(samples[1..].iter().any(|sample| sample.skipped > 0), "{samples:?}");
        } else {
            assert!(samples[0].refusal.contains("Builder::tap") && samples[0].text.is_empty(), "{samples:?}");
        }
        conversation.picture.assert_clean();
    }
}
