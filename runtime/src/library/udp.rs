//! UDP sockets.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use bytes::Bytes;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use super::while_doing::failed;
use crate::component::{Component, Context, Io};
use crate::error::Outcome;
use crate::name::Name;
use crate::storage::Message;

/// More than the payload of any UDP datagram, in bytes.
const LONGEST: usize = 64 * 1024;

/// A message of UDP: where it came from or is to go, and what is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datagram {
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// The payload.
    pub bytes: Bytes,
}

/// Sends each datagram that its socket receives from `outbox`, and each datagram that comes to `inbox` to its peer.
///
/// A datagram that cannot be sent is dropped, with a warning in the log at the first of a row: one peer that is gone
/// is no reason to leave the others. While nobody takes what has come, the system's own buffer fills, and then drops.
///
/// On `ProducerFinished` it goes on until all that came to `inbox` has been sent, and takes nothing more after that.
///
/// ```
/// use axonscope_runtime::System;
/// use axonscope_runtime::library::Udp;
/// use tokio::net::UdpSocket;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = UdpSocket::bind("127.0.0.1:0").await?;
/// let address = socket.local_addr()?;
///
/// // An echo: each datagram goes back to where it came from.
/// let system = System::new("echo");
/// let echo = system.add("echo", Udp::new(socket))?;
/// system.link((&echo, "outbox"), (&echo, "inbox"))?;
/// echo.start();
///
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.send_to(b"hello", address).await?;
/// let mut reply = [0; 16];
/// assert_eq!(client.recv_from(&mut reply).await?, (5, address));
/// assert_eq!(&reply[..5], b"hello");
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Udp {
    socket: UdpSocket,
}

impl Udp {
    /// Works with `socket`, which should not be connected.
    pub fn new(socket: UdpSocket) -> Self {
        Self { socket }
    }
}

impl Component for Udp {
    type Boxes = Io<Datagram, Datagram>;

    fn description(&self) -> Name {
        format!("Sends and receives datagrams at {}", name(self.socket.local_addr())).into()
    }

    async fn run(self, io: Io<Datagram, Datagram>, ctx: Context) -> Outcome {
        let to = |datagram: Datagram| (Some(datagram.peer), datagram.bytes);
        exchange(&self.socket, io, &ctx, to, |peer, bytes| Datagram { peer, bytes }).await
    }
}

/// As [`Udp`], with one peer: bytes go to it, and only what comes from it is received.
///
/// ```
/// use axonscope_runtime::System;
/// use axonscope_runtime::library::UdpConnected;
/// use tokio::net::UdpSocket;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let peer = UdpSocket::bind("127.0.0.1:0").await?;
/// let socket = UdpSocket::bind("127.0.0.1:0").await?;
/// peer.connect(socket.local_addr()?).await?;
/// socket.connect(peer.local_addr()?).await?;
///
/// let system = System::new("echo");
/// let echo = system.add("echo", UdpConnected::new(socket))?;
/// system.link((&echo, "outbox"), (&echo, "inbox"))?;
/// echo.start();
///
/// peer.send(b"hello").await?;
/// let mut reply = [0; 16];
/// assert_eq!(peer.recv(&mut reply).await?, 5);
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct UdpConnected {
    socket: UdpSocket,
}

impl UdpConnected {
    /// Works with `socket`, which must have been connected to the peer.
    pub fn new(socket: UdpSocket) -> Self {
        Self { socket }
    }
}

impl Component for UdpConnected {
    type Boxes = Io<Bytes, Bytes>;

    fn description(&self) -> Name {
        format!("Exchanges datagrams with {}", name(self.socket.peer_addr())).into()
    }

    async fn run(self, io: Io<Bytes, Bytes>, ctx: Context) -> Outcome {
        exchange(&self.socket, io, &ctx, |bytes| (None, bytes), |_, bytes| bytes).await
    }
}

/// Both directions at once, each in its own order, until the inbox has ended. Messages are made by `from` of what
/// comes, and taken apart by `to`; without an address a datagram goes to whom the socket is connected to.
pub(super) async fn exchange<I: Message, O: Message>(
    socket: &UdpSocket,
    io: Io<I, O>,
    ctx: &Context,
    to: impl Fn(I) -> (Option<SocketAddr>, Bytes),
    from: impl Fn(SocketAddr, Bytes) -> O,
) -> Outcome {
    let Io { mut inbox, mut outbox } = io;
    let ended = Notify::new();
    let send = async {
        let mut failing = false;
        while let Some(message) = inbox.recv().await? {
            let (peer, bytes) = to(message);
            let mut sent = ctx.unless_shutdown(send_once(socket, peer, &bytes)).await?;
            if sent.as_ref().is_err_and(tells_of_a_send) {
                // The system answers with what befell an earlier datagram, and has not sent this one.
                sent = ctx.unless_shutdown(send_once(socket, peer, &bytes)).await?;
            }
            if let Err(error) = &sent
                && !failing
            {
                let peer = peer.or(socket.peer_addr().ok());
                tracing::warn!(?peer, bytes = bytes.len(), %error, "could not send a datagram, dropped it");
            }
            failing = sent.is_err();
        }
        // Kept if nobody waits yet.
        ended.notify_one();
        Outcome::Ok(())
    };
    let receive = async {
        let mut buffer = vec![0; LONGEST];
        loop {
            let received = tokio::select! {
                () = ended.notified() => return Ok(()),
                received = socket.recv_from(&mut buffer) => received,
            };
            match received {
                Ok((length, peer)) => outbox.send(from(peer, Bytes::copy_from_slice(&buffer[..length]))).await?,
                Err(error) if tells_of_a_send(&error) => tracing::trace!(%error, "a datagram did not arrive"),
                Err(error) => {
                    let address = name(socket.local_addr());
                    return Err(failed(format_args!("cannot receive at {address}"))(error));
                }
            }
        }
    };
    // The one that fails ends the other; the end of sending ends receiving between two messages.
    tokio::try_join!(send, receive).map(|_| ())
}

async fn send_once(socket: &UdpSocket, peer: Option<SocketAddr>, bytes: &[u8]) -> io::Result<usize> {
    match peer {
        Some(peer) => socket.send_to(bytes, peer).await,
        None => socket.send(bytes).await,
    }
}

/// Whether the error may only say that something sent earlier found nobody at the other end.
fn tells_of_a_send(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}

fn name(address: io::Result<SocketAddr>) -> String {
    address.map_or_else(|_| "an unknown address".into(), |address| address.to_string())
}
