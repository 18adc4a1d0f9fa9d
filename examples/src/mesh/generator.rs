//! A source of numbered messages.

use std::time::Duration;

use axonscope_runtime::{Boxes, Component, Context, Declare, Inbox, InboxSpec, Name, Outbox, Outcome, WhenFull};
use bytes::Bytes;
use tokio::time::{MissedTickBehavior, interval};

/// Sends so many messages each second, from `number 1` on, once there are enough nodes to hear them.
pub struct Generator {
    rate: u32,
    count: u64,
    wait_for: usize,
}

impl Generator {
    /// `rate` messages a second, `count` altogether, as soon as there are `wait_for` nodes below the root.
    pub fn new(rate: u32, count: u64, wait_for: usize) -> Self {
        Self { rate: rate.max(1), count, wait_for }
    }
}

/// The boxes of a [`Generator`].
pub struct GeneratorBoxes {
    nodes: Inbox<usize>,
    outbox: Outbox<Bytes>,
}

impl Boxes for GeneratorBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        // Only the latest matters, and nobody waits until it has been looked at.
        let nodes = InboxSpec::new("nodes").capacity(1).when_full(WhenFull::DropOldest);
        Self { nodes: declare.inbox(nodes), outbox: declare.outbox("outbox") }
    }
}

impl Component for Generator {
    type Boxes = GeneratorBoxes;

    fn description(&self) -> Name {
        format!("Makes {} messages a second", self.rate).into()
    }

    async fn run(self, mut boxes: GeneratorBoxes, ctx: Context) -> Outcome {
        let mut nodes = 0;
        while nodes < self.wait_for {
            match boxes.nodes.recv().await? {
                Some(now) => nodes = now,
                None => return Ok(()),
            }
        }
        let mut ticks = interval(Duration::from_secs(1) / self.rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 1..=self.count {
            if ctx.unless_stopped(ticks.tick()).await.is_none() {
                return Ok(());
            }
            // Nobody asks any more; left lying it would look as if somebody had not come to it.
            let _ = boxes.nodes.try_recv();
            boxes.outbox.send(format!("number {number}").into()).await?;
        }
        Ok(())
    }
}
