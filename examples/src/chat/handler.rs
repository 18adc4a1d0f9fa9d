//! One person at the other end of a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axonscope_runtime::library::{LineReader, ReadLineError};
use axonscope_runtime::{
    Boxes, Component, Context, Declare, Inbox, InboxSpec, Name, Outbox, Outcome, Shutdown, WhenFull,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::{Said, What, nickname, said};

/// The longest line people may send, in bytes.
const LONGEST_LINE: usize = 4096;
/// How many lines wait for a client that reads slowly, before the oldest are dropped and counted.
const UNREAD_LINES: u32 = 64;
/// A client that takes nothing for so long is let go.
const PATIENCE: Duration = Duration::from_secs(30);

/// Speaks with one client, line by line: its first line is its name, later `/nick NAME` changes it, `/quit` leaves.
pub struct Handler {
    lines: LineReader<OwnedReadHalf>,
    client: OwnedWriteHalf,
    name: Arc<str>,
}

impl Handler {
    /// Speaks with the client at `stream`, called `name` until it says its own.
    pub fn new(stream: TcpStream, name: Arc<str>) -> Self {
        let (read, write) = stream.into_split();
        Self { lines: LineReader::new(read, LONGEST_LINE), client: write, name }
    }
}

/// The boxes of a [`Handler`].
pub struct HandlerBoxes {
    inbox: Inbox<Arc<str>>,
    outbox: Outbox<Said>,
}

impl Boxes for HandlerBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        let inbox = InboxSpec::new("inbox").capacity(UNREAD_LINES).when_full(WhenFull::DropOldest);
        Self { inbox: declare.inbox(inbox), outbox: declare.outbox("outbox") }
    }
}

impl Component for Handler {
    type Boxes = HandlerBoxes;

    fn description(&self) -> Name {
        match self.client.peer_addr() {
            Ok(peer) => format!("Speaks with the client at {peer}").into(),
            Err(_) => "Speaks with a client that is gone".into(),
        }
    }

    async fn run(mut self, mut boxes: HandlerBoxes, ctx: Context) -> Outcome {
        let here = boxes.inbox.id();
        if let Err(Shutdown) = self.speak(&mut boxes, &ctx).await {
            // A line that fits in the socket's buffer, or none: nobody waits for a client now.
            let _ = self.client.try_write(b"* the server goes down, good-bye\n");
            return Err(Shutdown.into());
        }
        boxes.outbox.send(said(self.name, What::Left(here))).await?;
        Ok(())
    }
}

impl Handler {
    /// Until the client goes.
    async fn speak(&mut self, boxes: &mut HandlerBoxes, ctx: &Context) -> Result<(), Shutdown> {
        let here = boxes.inbox.id();
        if self.tell("* welcome; what is your name?", ctx).await?.is_err() {
            return Ok(());
        }
        let Some(first) = ctx.unless_shutdown(self.hear(ctx)).await?? else { return Ok(()) };
        if let Some(name) = nickname(&first) {
            self.name = name;
        }
        boxes.outbox.send(said(self.name.clone(), What::Joined(here))).await?;
        loop {
            tokio::select! {
                heard = self.hear(ctx) => {
                    let what = match heard? {
                        None => return Ok(()),
                        Some(line) if line.trim() == "/quit" => return Ok(()),
                        Some(line) if line.starts_with("/nick") => match nickname(&line) {
                            None => continue,
                            Some(name) => {
                                let what = What::Renamed(here, name.clone());
                                boxes.outbox.send(said(self.name.clone(), what)).await?;
                                self.name = name;
                                continue;
                            }
                        },
                        Some(line) if line.trim().is_empty() => continue,
                        Some(line) => What::Spoke(here, line.into()),
                    };
                    boxes.outbox.send(said(self.name.clone(), what)).await?;
                }
                message = boxes.inbox.recv() => match message? {
                    Some(line) => if self.tell(&line, ctx).await?.is_err() {
                        return Ok(());
                    },
                    None => return Ok(()),
                }
            }
        }
    }

    /// The client's next line; none if there will be no more.
    async fn hear(&mut self, ctx: &Context) -> Result<Option<String>, Shutdown> {
        match self.lines.next_line().await {
            Ok(line) => Ok(line),
            Err(ReadLineError::TooLong { limit }) => {
                let _ = self.tell(&format!("* a line has at most {limit} bytes, good-bye"), ctx).await?;
                Ok(None)
            }
            // Connections break; that is no failure of ours.
            Err(ReadLineError::Io(_)) => Ok(None),
        }
    }

    async fn tell(&mut self, line: &str, ctx: &Context) -> Result<io::Result<()>, Shutdown> {
        let line = format!("{line}\n");
        let written = ctx.unless_shutdown(timeout(PATIENCE, self.client.write_all(line.as_bytes()))).await?;
        Ok(written.unwrap_or_else(|late| Err(late.into())))
    }
}
