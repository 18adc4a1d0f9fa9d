//! Small components for the programs that tests observe.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use axonscope_probe::{Builder, Probe};
use axonscope_runtime::{Component, Context, Declare, Inbox, InboxSpec, Io, Outcome, System, Unstarted};

use super::Recorder;

/// Does nothing; its boxes are there to be linked.
pub(crate) struct Idle;

impl Component for Idle {
    type Boxes = Io<u32, u32>;

    async fn run(self, _boxes: Self::Boxes, ctx: Context) -> Outcome {
        ctx.stopped().await;
        Ok(())
    }
}

/// Sends so many numbers.
pub(crate) struct Source(pub(crate) u32);

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

/// Sends numbers for as long as anybody lets it.
pub(crate) struct Endless;

impl Component for Endless {
    type Boxes = Io<u32, u32>;

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        for number in 0.. {
            io.outbox.send(number).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

/// Takes numbers for as long as they come.
pub(crate) struct Sink;

impl Component for Sink {
    type Boxes = Io<u32, u32>;

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        while io.inbox.recv().await?.is_some() {}
        Ok(())
    }
}

/// Has room for four numbers, and takes none.
pub(crate) struct Full;

/// One small inbox.
pub(crate) struct Small(#[allow(dead_code)] Inbox<u32>);

impl axonscope_runtime::Boxes for Small {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self(declare.inbox(InboxSpec::new("inbox").capacity(4)))
    }
}

impl Component for Full {
    type Boxes = Small;

    async fn run(self, _boxes: Small, ctx: Context) -> Outcome {
        ctx.stopped().await;
        Ok(())
    }
}

/// Blocks its thread until the sender goes.
pub(crate) struct Blocker(pub(crate) Receiver<()>);

impl Component for Blocker {
    type Boxes = ();

    async fn run(self, (): (), _: Context) -> Outcome {
        let _ = self.0.recv();
        Ok(())
    }
}

/// A probe that reports often.
pub(crate) fn quick(system: &System, recorder: &Recorder) -> Builder {
    Probe::builder().system(system).endpoint(&recorder.endpoint()).unwrap().cadence(Duration::from_millis(20))
}

/// Components that exist for as long as they are held.
pub(crate) fn idle(system: &System, count: usize, name: &str) -> Vec<Unstarted> {
    (0..count).map(|number| system.add(format!("{name} {number}"), Idle).unwrap()).collect()
}
