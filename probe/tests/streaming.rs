//! What a visualiser sees of a program: a snapshot, then changes and totals.

#![allow(clippy::unwrap_used)]

mod support;

use axonscope_proto::PROTOCOL;
use axonscope_runtime::{Stop, System};
use support::Recorder;
use support::program::{Blocker, Full, Sink, Source, idle, quick};

#[tokio::test]
async fn hello_says_who_speaks() {
    let mut recorder = Recorder::start().await;
    let system = System::new("its own name");
    let probe = quick(&system, &recorder).name("mill").label("zone", "cellar").start().unwrap();
    let conversation = recorder.accept().await;
    let hello = &conversation.hello;
    assert_eq!((hello.protocol, hello.system_name.as_str()), (PROTOCOL, "mill"));
    assert_eq!(hello.instance_id.len(), 16);
    assert_eq!(hello.pid, std::process::id());
    assert_eq!(hello.labels["zone"], "cellar");
    assert!(hello.program.starts_with("streaming"), "{}", hello.program);
    assert!(hello.monotonic_ns >= hello.started_at && hello.started_at > 0 && hello.wall_clock_ns > 0);
    drop(probe);
}

#[tokio::test]
async fn a_snapshot_is_what_the_system_says_of_itself() {
    let mut recorder = Recorder::start().await;
    let system = System::new("still");
    let components = idle(&system, 20, "component");
    for pair in components.windows(2) {
        system.link((pair[0].id(), "outbox"), (pair[1].id(), "inbox")).unwrap();
    }
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    assert!(conversation.picture.is_of(&system), "{}", conversation.picture.summary());
    assert_eq!(conversation.picture.linkages.len(), 19);
    conversation.picture.assert_clean();
}

#[tokio::test]
async fn a_large_snapshot_comes_in_parts() {
    let mut recorder = Recorder::start().await;
    let system = System::new("large");
    let components = idle(&system, 8_000, &"long name ".repeat(60));
    for pair in components.windows(2) {
        system.link((&pair[0], "outbox"), (&pair[1], "inbox")).unwrap();
    }
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    assert!(conversation.picture.is_of(&system), "{}", conversation.picture.summary());
    conversation.picture.assert_clean();
    assert!(conversation.total > 4 * 1024 * 1024, "{} bytes are no test", conversation.total);
    assert!(conversation.largest <= 512 * 1024, "a Report of {} bytes", conversation.largest);
    assert!(conversation.picture.parts > 10);
}

#[tokio::test]
async fn a_snapshot_is_true_though_the_program_goes_on() {
    let mut recorder = Recorder::start().await;
    let system = System::new("busy");
    let mut components = idle(&system, 3_000, "old");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    // Until the snapshot is through: births, deaths and linkages between every two reports.
    while conversation.picture.snapshots == 0 {
        let new = idle(&system, 5, "new");
        system.link((components.last().unwrap(), "outbox"), (&new[0], "inbox")).unwrap();
        components.extend(new);
        components.drain(10..13);
        conversation.next().await.unwrap();
    }
    conversation.until("the truth", |picture| picture.is_of(&system)).await;
    conversation.picture.assert_clean();
}

#[tokio::test]
async fn long_strings_are_cut() {
    let mut recorder = Recorder::start().await;
    let system = System::new("x".repeat(5_000));
    let _component = system.add("é".repeat(100_000), support::program::Idle).unwrap();
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    assert_eq!(conversation.hello.system_name.len(), 1024);
    assert_eq!(conversation.picture.components.values().next().unwrap().name, "é".repeat(512));
}

#[tokio::test]
async fn changes_follow_the_snapshot() {
    let mut recorder = Recorder::start().await;
    let system = System::new("lively");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;

    let mut components = idle(&system, 10, "component");
    let linkage = system.link((components[0].id(), "outbox"), (components[1].id(), "inbox")).unwrap();
    conversation.until("ten components", |picture| picture.is_of(&system)).await;
    assert_eq!(conversation.picture.linkages.len(), 1);

    linkage.unlink().await;
    components.truncate(3);
    conversation.until("three components", |picture| picture.is_of(&system)).await;
    assert_eq!(conversation.picture.components.len(), 3);
    assert_eq!(conversation.picture.snapshots, 1, "changes need no further snapshot");
    conversation.picture.assert_clean();
}

#[tokio::test]
async fn a_component_that_came_and_went_between_two_ticks_is_counted() {
    let mut recorder = Recorder::start().await;
    let system = System::new("fleeting");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    for round in 0.. {
        drop(idle(&system, 10, "fleeting"));
        let _witness = idle(&system, 1, "witness");
        conversation.until("the witness", |picture| picture.is_of(&system)).await;
        if conversation.picture.merged >= 10 {
            break;
        }
        assert!(round < 100, "nothing ever met: {}", conversation.picture.summary());
    }
    conversation.picture.assert_clean();
}

#[tokio::test]
async fn states_and_totals_are_told() {
    let mut recorder = Recorder::start().await;
    let system = System::new("counting");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;

    let source = system.add("source", Source(1000)).unwrap();
    let sink = system.add("sink", Sink).unwrap();
    system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
    let (source, sink) = (source.start(), sink.start());
    let sent = |name, postbox| move |p: &support::Picture| p.totals(name, postbox).is_some_and(|t| t.messages == 1000);
    conversation.until("a thousand sent", sent("source", "outbox")).await;
    conversation.until("a thousand taken", sent("sink", "inbox")).await;
    let totals = *conversation.picture.totals("sink", "inbox").unwrap();
    assert!(totals.depth == 0 && totals.high_water > 0 && totals.dropped == 0, "{totals:?}");
    let busy = conversation.picture.component_totals[&sink.id().get()];
    assert!(busy.polls > 0 && busy.busy_ns > 0 && busy.last_active_at <= conversation.picture.captured_at, "{busy:?}");
    assert!(conversation.picture.is_of(&system), "both run: {}", conversation.picture.summary());

    for component in [&source, &sink] {
        component.stop(Stop::Shutdown);
        component.ended().await;
    }
    conversation.until("both have ended", |picture| picture.is_of(&system)).await;
    conversation.picture.assert_clean();
}

#[tokio::test]
async fn a_new_visualiser_is_told_all_totals_though_nothing_moves() {
    let mut recorder = Recorder::start().await;
    let system = System::new("counted");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut first = recorder.accept().await;
    let source = system.add("source", Source(10)).unwrap();
    let sink = system.add("sink", Sink).unwrap();
    system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
    let _handles = (source.start(), sink.start());
    let taken = |p: &support::Picture| p.totals("sink", "inbox").is_some_and(|totals| totals.messages == 10);
    first.until("ten", taken).await;
    // Once told, they are not told again: what follows is silence and signs of life.
    let told = loop {
        let before = first.picture.activities;
        first.until("a sign of life", |p| p.heartbeats > 0).await;
        first.picture.heartbeats = 0;
        if first.picture.activities == before {
            break before;
        }
    };
    first.until("another", |p| p.heartbeats > 0).await;
    assert_eq!(first.picture.activities, told);
    drop(first);
    let mut second = recorder.accept().await;
    second.until("ten again", taken).await;
    second.picture.assert_clean();
}

#[tokio::test]
async fn a_send_that_waits_now_is_told_each_time() {
    let mut recorder = Recorder::start().await;
    let system = System::new("waiting");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    let source = system.add("source", Source(100)).unwrap();
    let full = system.add("full", Full).unwrap();
    system.link((&source, "outbox"), (&full, "inbox")).unwrap();
    let _handles = (source.start(), full.start());
    let waits = |p: &support::Picture| p.totals("source", "outbox").is_some_and(|totals| totals.blocked_since > 0);
    conversation.until("a waiting send", waits).await;
    let inbox = *conversation.picture.totals("full", "inbox").unwrap();
    assert_eq!((inbox.depth, inbox.high_water, inbox.messages), (4, 4, 0));
    let before = conversation.picture.activities;
    conversation.until("more of the same", |picture| picture.activities > before + 3).await;
    assert!(waits(&conversation.picture));
}

#[tokio::test]
async fn a_program_whose_only_thread_is_blocked_is_still_reported() {
    let mut recorder = Recorder::start().await;
    let system = System::new("stuck");
    let _probe = quick(&system, &recorder).start().unwrap();
    let (release, blocked) = std::sync::mpsc::sync_channel(1);
    let program = {
        let system = system.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let blocker = system.add("blocker", Blocker(blocked)).unwrap().start();
                blocker.ended().await;
            });
        })
    };
    let mut conversation = recorder.accept().await;
    let since = |p: &support::Picture| {
        let id = p.component("blocker").map_or(0, |component| component.id);
        p.component_totals.get(&id).map_or(0, |totals| totals.poll_started_at)
    };
    conversation.until("a poll that does not end", |picture| since(picture) > 0).await;
    let (started, seen) = (since(&conversation.picture), conversation.picture.captured_at);
    // Reports flow on, and say that it is the same poll still.
    let later = seen + 300_000_000;
    conversation.until("a later report", |picture| picture.captured_at > later && since(picture) > 0).await;
    assert_eq!(since(&conversation.picture), started);
    let _unstarted = idle(&system, 1, "made elsewhere");
    conversation.until("a change", |picture| picture.component("made elsewhere 0").is_some()).await;
    drop(release);
    program.join().unwrap();
}

/// A visualiser divides totals by the time between two words: one that says nothing must say it of the right time.
#[tokio::test]
async fn at_a_slow_cadence_no_sign_of_life_says_that_nothing_happened_while_it_did() {
    let mut recorder = Recorder::start().await;
    let system = System::new("steady");
    let _probe = quick(&system, &recorder).cadence(std::time::Duration::from_secs(2)).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let source = system.add("source", support::program::Endless).unwrap();
    let sink = system.add("sink", support::program::Sink).unwrap();
    system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
    let _running = (source.start(), sink.start());
    let flows = |picture: &support::Picture| picture.totals("source", "outbox").is_some_and(|t| t.messages > 0);
    conversation.until("messages", flows).await;
    let heartbeats = conversation.picture.heartbeats;
    let activities = conversation.picture.activities;
    conversation.until("four more", |picture| picture.activities >= activities + 4).await;
    assert_eq!(conversation.picture.heartbeats, heartbeats, "an empty sample while messages flow");
}
