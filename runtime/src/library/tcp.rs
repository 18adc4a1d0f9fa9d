//! TCP: listening, connecting, and what goes over a connection.
//!
//! A server is a [`ConnectedServer`](crate::ConnectedServer) that makes a [`TcpConnection`] for each who comes.

mod client;
mod connection;
mod exchange;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::component::{Component, Context, Out};
use crate::error::Outcome;
use crate::name::Name;

pub use client::TcpClient;
pub use connection::TcpConnection;

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
///
/// ```
/// use axonscope_runtime::library::{Accepted, Listener, Transformer};
/// use axonscope_runtime::{Pipeline, System};
/// use tokio::net::{TcpListener, TcpStream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = TcpListener::bind("127.0.0.1:0").await?;
/// let address = socket.local_addr()?;
/// let pipeline = Pipeline::new()
///     .stage("listener", Listener::new(socket))
///     .stage("refuse", Transformer::new(|Accepted { peer, .. }| println!("{peer} came, and went")));
///
/// let system = System::new("nobody at home");
/// system.add("pipeline", pipeline)?.start();
/// TcpStream::connect(address).await?;
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
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
