//! TCP: a listener as a component.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::component::{Component, Context, Out};
use crate::error::Outcome;
use crate::name::Name;

/// How long a listener waits after an error, which is most often a lack of file descriptors.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// A connection that was accepted.
pub struct Accepted {
    /// The socket.
    pub stream: TcpStream,
    /// Who is at the other end.
    pub peer: SocketAddr,
}

/// Sends each connection it accepts from `outbox`. While nobody takes them, new ones wait in the system's own queue.
pub struct Listener {
    socket: TcpListener,
}

impl Listener {
    /// Accepts at `socket`.
    pub fn new(socket: TcpListener) -> Self {
        Self { socket }
    }
}

impl Component for Listener {
    type Boxes = Out<Accepted>;

    fn description(&self) -> Name {
        match self.socket.local_addr() {
            Ok(address) => format!("Accepts TCP connections on {address}").into(),
            Err(_) => "Accepts TCP connections".into(),
        }
    }

    async fn run(self, mut boxes: Out<Accepted>, ctx: Context) -> Outcome {
        while let Some(accepted) = ctx.unless_stopped(self.socket.accept()).await {
            match accepted {
                Ok((stream, peer)) => boxes.outbox.send(Accepted { stream, peer }).await?,
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    ctx.unless_shutdown(tokio::time::sleep(AFTER_ERROR)).await?;
                }
            }
        }
        Ok(())
    }
}
