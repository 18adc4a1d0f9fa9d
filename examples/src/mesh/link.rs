//! One connection with another node.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axonscope_runtime::{
    Boxes, Component, ComponentId, Context, Declare, Inbox, InboxSpec, Name, Outbox, Outcome, Shutdown,
};
use bytes::BytesMut;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::codec::{CodecError, decode, encode};
use super::node::LinkId;
use super::tree::MOST_NODES;
use super::wire::{Message, Welcome};

/// How many bytes are put together for one write, if as many wait.
const WRITE: usize = 64 * 1024;

/// How often a node says that it is there, and when it is held for dead.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    /// A link on which nothing else is sent carries a beat so often.
    pub every: Duration,
    /// A link on which nothing comes, or nothing is taken, for so long is broken.
    pub dead_after: Duration,
}

/// What happens to links.
pub enum Event {
    /// Somebody has connected.
    Opened(LinkEnd),
    /// A parent has been found, by the attempt that had this number.
    Attached(LinkEnd, u32, Welcome),
    /// A message has come.
    Heard(LinkId, Message),
    /// The link has ended, for this reason.
    Closed(LinkId, String),
}

/// What the router holds of a link.
pub struct LinkEnd {
    /// Which link.
    pub link: LinkId,
    /// The component, whose `inbox` takes what is to be sent.
    pub component: ComponentId,
    /// Dropping this ends the link.
    pub hold: oneshot::Sender<()>,
}

/// Sends the messages that come to `inbox` to another node, and what comes from there from `outbox`.
///
/// Reading and writing do not wait for each other: two nodes that both had to write before they read could wait for ever.
pub struct Link {
    id: LinkId,
    stream: Frames,
    heartbeat: Heartbeat,
    capacity: u32,
    let_go: oneshot::Receiver<()>,
    /// Announced by the link itself, unless somebody else has done so.
    hold: Option<oneshot::Sender<()>>,
}

impl Link {
    /// Speaks by `stream`. `ring` messages may be sent at once when a child comes back.
    pub fn new(stream: Frames, heartbeat: Heartbeat, ring: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        // All that one moment can call for: what a child missed or a parent has to be told, and the tree.
        let capacity = ring.saturating_add(MOST_NODES + 256).try_into().unwrap_or(u32::MAX);
        let (hold, let_go) = oneshot::channel();
        Self { id, stream, heartbeat, capacity, let_go, hold: Some(hold) }
    }

    /// Its number, and what ends it; the link will not announce itself.
    pub fn take_hold(&mut self) -> Option<(LinkId, oneshot::Sender<()>)> {
        self.hold.take().map(|hold| (self.id, hold))
    }
}

/// The boxes of a [`Link`].
pub struct LinkBoxes {
    inbox: Inbox<Message>,
    outbox: Outbox<Event>,
}

impl Boxes for LinkBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { inbox: declare.inbox("inbox"), outbox: declare.outbox("outbox") }
    }
}

impl Component for Link {
    type Boxes = LinkBoxes;

    fn description(&self) -> Name {
        match self.stream.read.peer_addr() {
            Ok(peer) => format!("Speaks with the node at {peer}").into(),
            Err(_) => "Speaks with a node that is gone".into(),
        }
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<LinkBoxes, axonscope_runtime::AddError> {
        let inbox = InboxSpec::new("inbox").capacity(self.capacity);
        Ok(LinkBoxes { inbox: declare.inbox(inbox), outbox: declare.outbox("outbox") })
    }

    async fn run(self, boxes: LinkBoxes, ctx: Context) -> Outcome {
        let Self { id, stream, heartbeat, let_go, hold, .. } = self;
        let LinkBoxes { mut inbox, mut outbox } = boxes;
        if let Some(hold) = hold {
            outbox.send(Event::Opened(LinkEnd { link: id, component: ctx.id(), hold })).await?;
        }
        let Frames { mut read, mut buffer, mut write } = stream;
        let listen = async {
            loop {
                match timeout(heartbeat.dead_after, next_message(&mut read, &mut buffer)).await {
                    Ok(Ok(message)) => outbox.send(Event::Heard(id, message)).await?,
                    Ok(Err(error)) => return Ok::<_, Shutdown>(error),
                    Err(_) => return Ok(StreamError::Silent),
                }
            }
        };
        let speak = async {
            let mut buffer = BytesMut::new();
            loop {
                match timeout(heartbeat.every, inbox.recv()).await {
                    Ok(message) => match message? {
                        Some(message) => encode(&message, &mut buffer),
                        None => return Ok::<_, Shutdown>(StreamError::Ended),
                    },
                    Err(_) => encode(&Message::Beat, &mut buffer),
                }
                while buffer.len() < WRITE
                    && let Some(message) = inbox.try_recv()
                {
                    encode(&message, &mut buffer);
                }
                match timeout(heartbeat.dead_after, write.write_all(&buffer)).await {
                    Ok(Ok(())) => buffer.clear(),
                    Ok(Err(error)) => return Ok(error.into()),
                    Err(_) => return Ok(StreamError::Deaf),
                }
            }
        };
        let why = tokio::select! {
            why = listen => why?,
            why = speak => why?,
            _ = let_go => return Ok(()),
            shutdown = ctx.shutdown() => return Err(shutdown.into()),
        };
        if let StreamError::Codec(error) = why {
            tracing::warn!(link = %ctx.path(), %error, "closed a connection");
        }
        outbox.send(Event::Closed(id, why.to_string())).await?;
        Ok(())
    }
}

/// Why no more will come by a connection.
#[derive(Debug, Error)]
pub enum StreamError {
    /// The other side has ended it.
    #[error("the connection has ended")]
    Ended,
    /// It is broken.
    #[error("the connection is broken: {0}")]
    Io(#[from] io::Error),
    /// What came is no message.
    #[error("it sent {0}")]
    Codec(#[from] CodecError),
    /// Not even a beat came for too long.
    #[error("nothing comes from it any more")]
    Silent,
    /// What was sent was not taken for too long.
    #[error("it takes nothing any more")]
    Deaf,
}

/// A connection that carries messages.
pub struct Frames {
    read: OwnedReadHalf,
    /// What has come and is no whole message yet.
    buffer: BytesMut,
    write: OwnedWriteHalf,
}

impl Frames {
    /// Messages go by `stream`.
    pub fn new(stream: TcpStream) -> Self {
        // Messages are small and somebody waits for each; without this is only slower.
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        Self { read, buffer: BytesMut::new(), write }
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &Message) -> io::Result<()> {
        let mut buffer = BytesMut::new();
        encode(message, &mut buffer);
        self.write.write_all(&buffer).await
    }

    /// The next message. Nothing is lost when this is dropped while it waits.
    pub async fn next(&mut self) -> Result<Message, StreamError> {
        next_message(&mut self.read, &mut self.buffer).await
    }
}

async fn next_message(read: &mut OwnedReadHalf, buffer: &mut BytesMut) -> Result<Message, StreamError> {
    loop {
        if let Some(message) = decode(buffer)? {
            return Ok(message);
        }
        if read.read_buf(buffer).await? == 0 {
            return Err(StreamError::Ended);
        }
    }
}
