//! A server that gives each TCP connection a component of its own.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::component::{Boxes, Component, Context, Declare, Unstarted};
use crate::error::{AddError, Outcome};
use crate::library::{Accepted, Listener};
use crate::name::Name;
use crate::postbox::{Inbox, InboxSpec};
use crate::storage::Message;

/// How many connections there may be at once unless the server says otherwise.
const CONNECTIONS: usize = 10_000;
/// How much of what a client says first is shown to who makes its component.
const OPENING: usize = 256;

/// Listens, and asks `serve` for a component for each connection. It has a child `listener` and one child for each
/// connection, which comes and goes with it.
///
/// `serve` adds the component as a child of the server and links it; the server starts it. An error from `serve`
/// refuses that one connection, with a warning in the log.
///
/// On `ProducerFinished` it takes no more connections and ends with the last one.
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
/// // What a client says goes back to it: the connection's outbox feeds its own inbox.
/// let echo = ConnectedServer::new(socket, |Connection { stream, peer, server, .. }: Connection<'_>| {
///     let echo = server.add(peer.to_string(), TcpConnection::new(stream))?;
///     server.link((&echo, "outbox"), (&echo, "inbox"))?;
///     Ok(echo)
/// });
///
/// let system = System::new("echo");
/// system.add("server", echo)?.start();
/// let mut client = TcpStream::connect(address).await?;
/// client.write_all(b"hello").await?;
/// let mut heard = [0; 5];
/// client.read_exact(&mut heard).await?;
/// assert_eq!(&heard, b"hello");
/// system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct ConnectedServer<F> {
    listener: Option<TcpListener>,
    serve: F,
    connections: usize,
    opening_wait: Option<Duration>,
    outboxes: Vec<DeclareOutbox>,
}

type DeclareOutbox = Box<dyn FnOnce(&mut Declare<'_>) + Send>;

/// A connection that has come.
pub struct Connection<'a> {
    /// The socket.
    pub stream: TcpStream,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// The first bytes that came, if the server was told to wait for them. They can still be read from `stream`.
    pub opening: Vec<u8>,
    /// The server, for adding the component and linking it.
    pub server: &'a Context,
}

impl<F> ConnectedServer<F>
where
    F: FnMut(Connection<'_>) -> Result<Unstarted, AddError> + Send + 'static,
{
    /// A server at `listener`.
    pub fn new(listener: TcpListener, serve: F) -> Self {
        Self { listener: Some(listener), serve, connections: CONNECTIONS, opening_wait: None, outboxes: Vec::new() }
    }

    /// An outbox of the server's own, to which the components of connections may pass theirs outward.
    #[must_use]
    pub fn outbox<T: Message>(mut self, name: impl Into<Name>) -> Self {
        let name = name.into();
        // The box stays when the way to send by it is dropped, as only the children send.
        self.outboxes.push(Box::new(move |declare| drop(declare.outbox::<T>(name))));
        self
    }

    /// How many connections there may be at once; a further one is closed at once, with a warning in the log.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections, ..self }
    }

    /// For protocols in which the client speaks first: waits so long for its first bytes and shows them to `serve`.
    #[must_use]
    pub fn wait_for_opening(self, wait: Duration) -> Self {
        Self { opening_wait: Some(wait), ..self }
    }
}

/// What a [`ConnectedServer`] works with.
pub struct ServerBoxes {
    accepted: Inbox<Accepted>,
    listener: Option<Unstarted>,
}

impl Boxes for ServerBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { accepted: declare.inbox(InboxSpec::new("accepted").capacity(16)), listener: None }
    }
}

impl<F> Component for ConnectedServer<F>
where
    F: FnMut(Connection<'_>) -> Result<Unstarted, AddError> + Send + 'static,
{
    type Boxes = ServerBoxes;

    fn description(&self) -> Name {
        "Gives each connection a component of its own".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<ServerBoxes, AddError> {
        for outbox in self.outboxes.drain(..) {
            outbox(declare);
        }
        let mut boxes = ServerBoxes::declare(declare);
        if let Some(listener) = self.listener.take() {
            let listener = declare.add("listener", Listener::new(listener))?;
            let system = declare.system();
            system.link((&listener, "outbox"), (declare.id(), "accepted"))?;
            system.link((&listener, "signal"), (declare.id(), "control"))?;
            boxes.listener = Some(listener);
        }
        Ok(boxes)
    }

    async fn run(mut self, boxes: ServerBoxes, ctx: Context) -> Outcome {
        let ServerBoxes { mut accepted, listener } = boxes;
        let listener = listener.map(Unstarted::start);
        // Ends with the server; each waits for one client's first bytes.
        let mut introductions = JoinSet::new();
        let mut stopping = false;
        loop {
            tokio::select! {
                next = accepted.recv() => match next? {
                    Some(new) if ctx.children() + introductions.len() > self.connections => {
                        tracing::warn!(peer = %new.peer, limit = self.connections, "too many connections, refused one");
                    }
                    Some(Accepted { stream, peer }) => match self.opening_wait {
                        None => self.welcome(stream, peer, Vec::new(), &ctx),
                        Some(wait) => {
                            introductions.spawn(async move {
                                let opening = hear(&stream, wait).await;
                                (stream, peer, opening)
                            });
                        }
                    },
                    None => break,
                },
                Some(Ok((stream, peer, opening))) = introductions.join_next() => {
                    self.welcome(stream, peer, opening, &ctx);
                }
                stop = ctx.stopped(), if !stopping => {
                    stopping = true;
                    if let Some(listener) = &listener {
                        listener.stop(stop);
                    }
                }
            }
        }
        while let Some(introduced) = ctx.unless_shutdown(introductions.join_next()).await? {
            if let Ok((stream, peer, opening)) = introduced {
                self.welcome(stream, peer, opening, &ctx);
            }
        }
        Ok(ctx.children_finished().await?)
    }
}

impl<F> ConnectedServer<F>
where
    F: FnMut(Connection<'_>) -> Result<Unstarted, AddError> + Send + 'static,
{
    fn welcome(&mut self, stream: TcpStream, peer: SocketAddr, opening: Vec<u8>, server: &Context) {
        match (self.serve)(Connection { stream, peer, opening, server }) {
            Ok(component) => {
                component.start();
            }
            Err(error) => tracing::warn!(%peer, %error, "refused a connection"),
        }
    }
}

/// The first bytes of a client, left in its stream; none if it says nothing for so long.
async fn hear(stream: &TcpStream, wait: Duration) -> Vec<u8> {
    let mut opening = vec![0; OPENING];
    let length = timeout(wait, stream.peek(&mut opening)).await;
    opening.truncate(length.map_or(0, Result::unwrap_or_default));
    opening
}
