//! The side that connects.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::Manner;
use super::exchange::exchange;
use crate::component::{Component, Context, Io};
use crate::error::{Failure, Outcome};
use crate::library::while_doing::failed;
use crate::name::Name;

/// How long connecting may take unless the client says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Connects, and then behaves as a [`TcpConnection`](super::TcpConnection). What comes to `inbox` before waits there.
///
/// If it cannot connect it fails, and names the address. It does not connect again when the connection has ended.
///
/// ```
/// use axonscope_runtime::library::{FileReader, TcpClient};
/// use axonscope_runtime::{Pipeline, State, System};
/// use tokio::io::AsyncReadExt;
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0").await?;
/// let pipeline = Pipeline::new()
///     .stage("file", FileReader::new("Cargo.toml"))
///     .stage("client", TcpClient::new(server.local_addr()?));
/// let system = System::new("upload");
/// let pipeline = system.add("pipeline", pipeline)?.start();
///
/// let (mut stream, _) = server.accept().await?;
/// let mut received = Vec::new();
/// stream.read_to_end(&mut received).await?;
/// assert_eq!(received, std::fs::read("Cargo.toml")?);
/// drop(stream);
/// assert_eq!(pipeline.ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
pub struct TcpClient {
    address: String,
    timeout: Duration,
    manner: Manner,
}

impl TcpClient {
    /// Connects to `address`: a [`SocketAddr`](std::net::SocketAddr), or a host's name and a port, `"example.org:80"`.
    pub fn new(address: impl fmt::Display) -> Self {
        Self { address: address.to_string(), timeout: TIMEOUT, manner: Manner::default() }
    }

    /// How long connecting may take, looking up the name included; 10 s unless told otherwise.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// As [`TcpConnection::chunk`](super::TcpConnection::chunk).
    #[must_use]
    pub fn chunk(mut self, bytes: usize) -> Self {
        self.manner.chunk = bytes;
        self
    }

    /// As [`TcpConnection::half_open`](super::TcpConnection::half_open).
    #[must_use]
    pub fn half_open(mut self, limit: Duration) -> Self {
        self.manner.half_open = limit;
        self
    }

    /// As [`TcpConnection::peer_may_leave`](super::TcpConnection::peer_may_leave).
    #[must_use]
    pub fn peer_may_leave(mut self) -> Self {
        self.manner.peer_may_leave = true;
        self
    }
}

impl Component for TcpClient {
    type Boxes = Io<Bytes, Bytes>;

    fn description(&self) -> Name {
        format!("Connects to {} and exchanges bytes", self.address).into()
    }

    async fn run(self, io: Io<Bytes, Bytes>, ctx: Context) -> Outcome {
        let address = self.address.as_str();
        let connected = ctx.unless_shutdown(timeout(self.timeout, TcpStream::connect(address))).await?;
        let Ok(connected) = connected else {
            return Err(Failure::new(format!("cannot connect to {address} within {:?}", self.timeout)));
        };
        let stream = connected.map_err(failed(format_args!("cannot connect to {address}")))?;
        exchange(stream, address, &self.manner, io, &ctx).await
    }
}
