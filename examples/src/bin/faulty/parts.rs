//! What the faulty programs are made of: a clock, and somebody who takes its ticks in one way or another.

use std::time::Duration;

use axonscope_runtime::library::Ticker;
use axonscope_runtime::{AddError, Component, Context, Declare, Failure, InboxSpec, Io, Outcome, Pipeline, System};

/// How long everybody takes for everything that is done well.
pub(crate) const PACE: Duration = Duration::from_millis(50);

/// Ticks at the pace of the program.
pub(crate) fn clock() -> impl Component {
    Ticker::new(PACE, |tick| tick)
}

/// Somebody who takes ticks, and sends them on.
pub(crate) struct Taker {
    pub(crate) capacity: u32,
    pub(crate) manner: Manner,
}

/// How it takes them.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// All of them, and at once.
    Well,
    /// None, and waits for something else for ever.
    NotAtAll,
    /// One, and never comes back from it.
    Stuck,
    /// One, and fails.
    Failing,
    /// Sends more than it takes, so that a circle of them fills up.
    Doubling,
}

impl Component for Taker {
    type Boxes = Io<u64, u64>;

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Self::Boxes, AddError> {
        let inbox = declare.inbox(InboxSpec::new("inbox").capacity(self.capacity));
        Ok(Io { inbox, outbox: declare.outbox("outbox") })
    }

    async fn run(self, mut io: Self::Boxes, ctx: Context) -> Outcome {
        if let Manner::NotAtAll = self.manner {
            ctx.unless_shutdown(std::future::pending::<()>()).await?;
        }
        if let Manner::Doubling = self.manner {
            io.outbox.send(0).await?;
        }
        while let Some(tick) = io.inbox.recv().await? {
            match self.manner {
                Manner::Stuck => loop {
                    std::thread::sleep(PACE);
                },
                Manner::Failing => return Err(Failure::new(format!("tick {tick} is one too many"))),
                Manner::Doubling => {
                    io.outbox.send(tick).await?;
                    io.outbox.send(tick).await?;
                }
                Manner::Well | Manner::NotAtAll => {}
            }
        }
        Ok(())
    }
}

/// A clock and somebody who takes its ticks well.
pub(crate) fn add_clock(system: &System) -> Result<(), AddError> {
    let taker = Taker { capacity: 8, manner: Manner::Well };
    let pipeline = Pipeline::new().stage("clock", clock()).stage("taker", taker);
    system.add("healthy", pipeline)?.start();
    Ok(())
}
