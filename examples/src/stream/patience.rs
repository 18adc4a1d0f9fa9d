//! Stands between the splitter and one listener, so that nobody waits for that one.

use std::sync::Arc;

use axonscope_runtime::{AddError, Component, Context, Declare, InboxSpec, Io, Name, Outcome, Stop, WhenFull};
use bytes::Bytes;
use tokio::time::timeout;

use super::PATIENCE;

/// Sends the header and then all that comes, and ends the connection when the listener is too slow for it.
pub(super) struct Patience {
    pub(super) header: Bytes,
    /// How many chunks the listener may be behind.
    pub(super) allowance: u32,
    pub(super) peer: Arc<str>,
}

impl Component for Patience {
    type Boxes = Io<Bytes, Bytes>;

    fn description(&self) -> Name {
        "Shows a listener out that is too slow".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Self::Boxes, AddError> {
        // The splitter never waits here. Something is missing only after the inbox was full, and then nothing of it is
        // sent on: a listener gets every byte up to its last.
        let inbox = InboxSpec::new("inbox").capacity(self.allowance).when_full(WhenFull::DropNewest);
        Ok(Io { inbox: declare.inbox(inbox), outbox: declare.outbox("outbox") })
    }

    async fn run(self, mut io: Self::Boxes, ctx: Context) -> Outcome {
        let mut chunk = self.header;
        while let Ok(sent) = timeout(PATIENCE, io.outbox.send(chunk)).await {
            sent?;
            if io.inbox.len() >= self.allowance as usize {
                break;
            }
            match io.inbox.recv().await? {
                Some(next) if io.outbox.is_linked() => chunk = next,
                _ => return Ok(()),
            }
        }
        tracing::warn!(peer = %self.peer, "too slow, shown out");
        ctx.signal(Stop::Shutdown);
        Ok(())
    }
}
