//! The row of stages made of components: what is under test.

use anyhow::Result;
use axonscope_runtime::{AddError, Component, Context, Declare, In, InboxSpec, Io, Out, Outcome, System, Unstarted};

use super::race::{Finish, RELAYS, Race, Start};

/// A source, [`RELAYS`] relays and a sink, linked and started; they end by themselves once the source has sent all.
pub(crate) fn chain(system: &System, capacity: usize, race: &Race) -> Result<()> {
    let mut stages = vec![system.add("source", Source(race.start()))?];
    for _ in 0..RELAYS {
        stages.push(system.add("relay", Relay { capacity })?);
    }
    stages.push(system.add("sink", Sink { capacity, finish: race.finish() })?);
    join(system, &stages)?;
    for stage in stages {
        stage.start();
    }
    Ok(())
}

/// Links each to the next, as a pipeline would: outbox to inbox, signal to control.
fn join(system: &System, stages: &[Unstarted]) -> Result<()> {
    for pair in stages.windows(2) {
        system.link((&pair[0], "outbox"), (&pair[1], "inbox"))?;
        system.link((&pair[0], "signal"), (&pair[1], "control"))?;
    }
    Ok(())
}

/// The name of an inbox and what it holds.
fn inbox(capacity: usize) -> InboxSpec {
    InboxSpec::new("inbox").capacity(capacity as u32)
}

pub(crate) struct Source(pub(crate) Start);

impl Component for Source {
    type Boxes = Out<u64>;

    async fn run(mut self, mut boxes: Self::Boxes, _: Context) -> Outcome {
        for n in 0..self.0.warm {
            boxes.outbox.send(n).await?;
        }
        self.0.go().await;
        for n in 0..self.0.messages {
            boxes.outbox.send(n).await?;
        }
        Ok(())
    }
}

pub(crate) struct Relay {
    pub(crate) capacity: usize,
}

impl Component for Relay {
    type Boxes = Io<u64, u64>;

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Self::Boxes, AddError> {
        Ok(Io { inbox: declare.inbox(inbox(self.capacity)), outbox: declare.outbox("outbox") })
    }

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        while let Some(message) = io.inbox.recv().await? {
            io.outbox.send(message).await?;
        }
        Ok(())
    }
}

pub(crate) struct Sink {
    pub(crate) capacity: usize,
    pub(crate) finish: Finish,
}

impl Component for Sink {
    type Boxes = In<u64>;

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Self::Boxes, AddError> {
        Ok(In { inbox: declare.inbox(inbox(self.capacity)) })
    }

    async fn run(mut self, mut boxes: Self::Boxes, _: Context) -> Outcome {
        while let Some(message) = boxes.inbox.recv().await? {
            self.finish.took(message);
        }
        Ok(())
    }
}
