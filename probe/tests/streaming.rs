//! What a visualiser sees of a program: a snapshot, then changes and totals, and a farewell.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axonscope_probe::{Builder, Probe};
use axonscope_proto::PROTOCOL;
use axonscope_runtime::{Component, Context, Io, Outcome, System, Unstarted};
use support::Recorder;

/// Does nothing; its boxes are there to be linked.
struct Idle;

impl Component for Idle {
    type Boxes = Io<u32, u32>;

    async fn run(self, _boxes: Self::Boxes, ctx: Context) -> Outcome {
        ctx.stopped().await;
        Ok(())
    }
}

/// Sends so many numbers.
struct Source(u32);

impl Component for Source {
    type Boxes = Io<u32, u32>;

    async fn run(self, mut io: Self::Boxes, ctx: Context) -> Outcome {
        for number in 0..self.0 {
            io.outbox.send(number).await?;
        }
        ctx.stopped().await;
        Ok(())
    }
}

/// Takes numbers for as long as they come.
struct Sink;

impl Component for Sink {
    type Boxes = Io<u32, u32>;

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        while io.inbox.recv().await?.is_some() {}
        Ok(())
    }
}

fn quick(system: &System, recorder: &Recorder) -> Builder {
    Probe::builder().system(system).endpoint(&recorder.endpoint()).unwrap().cadence(Duration::from_millis(20))
}

fn idle(system: &System, count: usize, name: &str) -> Vec<Unstarted> {
    (0..count).map(|number| system.add(format!("{name} {number}"), Idle).unwrap()).collect()
}

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
