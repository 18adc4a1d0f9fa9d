//! A TCP connection as a component.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;

use super::exchange::exchange;
use crate::component::{Component, Context, Io};
use crate::error::Outcome;
use crate::library::chunks::DEFAULT_CHUNK;
use crate::library::while_doing::failed;
use crate::name::Name;

/// How long one direction may be idle when the other has ended, unless told otherwise.
const HALF_OPEN: Duration = Duration::from_secs(30);

/// Sends the bytes that the peer sends from `outbox`, and writes the bytes that come to `inbox` to the peer. A slow
/// consumer slows the peer down, and a slow peer the producer.
///
/// The directions end one by one. When the peer ends its stream, all that came has been sent on, and the component's
/// signal says `ProducerFinished` at once, so that whoever computes an answer can finish it; writing goes on. When the
/// inbox ends, what was in it is written, the peer is told the end of the stream, and reading goes on. The component
/// finishes when both have ended, or when one has and the other has been idle for the time
/// [`half_open`](Self::half_open) says, 30 s: a client that has said all it will say may have gone altogether, which
/// cannot be seen otherwise.
///
/// An error of the connection fails it, and names the peer, unless [`peer_may_leave`](Self::peer_may_leave).
///
/// ```
/// use axonscope_runtime::library::TcpConnection;
/// use axonscope_runtime::{ConnectedServer, Connection, System};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::{TcpListener, TcpStream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = TcpListener::bind("127.0.0.1:0").await?;
/// let address = socket.local_addr()?;
///
/// // A server that sends everybody's bytes back to them.
/// let server = ConnectedServer::new(socket, |Connection { stream, peer, server, .. }| {
///     let client = server.add(peer.to_string(), TcpConnection::new(stream))?;
///     server.link((&client, "outbox"), (&client, "inbox"))?;
///     server.link((&client, "signal"), (&client, "control"))?;
///     Ok(client)
/// });
/// let system = System::new("echo");
/// system.add("server", server)?.start();
///
/// let mut client = TcpStream::connect(address).await?;
/// client.write_all(b"hello").await?;
/// client.shutdown().await?;
/// let mut reply = String::new();
/// client.read_to_string(&mut reply).await?;
/// assert_eq!(reply, "hello");
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct TcpConnection {
    stream: TcpStream,
    /// Who was at the other end: a connection that has been reset does not know any more.
    peer: String,
    manner: Manner,
}

impl TcpConnection {
    /// Works with a stream that was accepted or connected.
    pub fn new(stream: TcpStream) -> Self {
        let peer = stream.peer_addr().map_or_else(|_| "a peer that has left".into(), |peer| peer.to_string());
        Self { stream, peer, manner: Manner::default() }
    }

    /// How long messages from the peer are at most, in bytes, at least 1; 16 KiB unless told otherwise. They are what
    /// has come when it is looked for.
    #[must_use]
    pub fn chunk(mut self, bytes: usize) -> Self {
        self.manner.chunk = bytes;
        self
    }

    /// How long one direction may be idle when the other has ended. A message that takes long to be delivered is not
    /// idle.
    #[must_use]
    pub fn half_open(mut self, limit: Duration) -> Self {
        self.manner.half_open = limit;
        self
    }

    /// Takes it as an end, not as a failure, when the peer closes or resets the connection while there is something to
    /// write to it. For servers of streams, whose listeners leave when they like.
    #[must_use]
    pub fn peer_may_leave(mut self) -> Self {
        self.manner.peer_may_leave = true;
        self
    }
}

impl Component for TcpConnection {
    type Boxes = Io<Bytes, Bytes>;

    fn description(&self) -> Name {
        format!("Exchanges bytes with {}", self.peer).into()
    }

    async fn run(self, io: Io<Bytes, Bytes>, ctx: Context) -> Outcome {
        exchange(self.stream, &self.peer, &self.manner, io, &ctx).await
    }
}

/// What can be chosen about a connection.
pub(super) struct Manner {
    pub(super) chunk: usize,
    pub(super) half_open: Duration,
    pub(super) peer_may_leave: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { chunk: DEFAULT_CHUNK, half_open: HALF_OPEN, peer_may_leave: false }
    }
}

impl Manner {
    /// How the component ends when the connection with `peer` fails.
    pub(super) fn broken(&self, peer: &str, error: io::Error) -> Outcome {
        let left = matches!(
            error.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::NotConnected
        );
        if left && self.peer_may_leave {
            Ok(())
        } else {
            Err(failed(format_args!("the connection with {peer}"))(error))
        }
    }
}
