//! Carries Reports to a visualiser and its Requests back; gRPC is the first way.

use std::pin::Pin;
use std::time::Duration;

use axonscope_proto::v1::visualiser_client::VisualiserClient;
use axonscope_proto::v1::{Report, Request};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use crate::endpoint::Destination;
use crate::limits::REPORTS_AHEAD;

/// One way to reach a visualiser.
pub(crate) trait Publisher {
    /// Where the visualiser is, for sentences.
    fn address(&self) -> String;

    /// Says `hello`, and gives a link once the other side has answered. Must be cheap to call again after an error.
    async fn open(&mut self, hello: Report) -> Result<Link, LinkError>;
}

/// A visualiser that listens. Dropping the sender ends our side in order, with everything sent before delivered.
pub(crate) struct Link {
    /// Has room for a few Reports; full while the network does not take more.
    pub(crate) reports: mpsc::Sender<Report>,
    /// Ends when the visualiser goes.
    pub(crate) requests: Requests,
}

pub(crate) type Requests = Pin<Box<dyn Stream<Item = Result<Request, LinkError>>>>;

/// Why nobody listens, or nobody any more.
#[derive(Debug, Error)]
pub(crate) enum LinkError {
    /// Nobody is there.
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] tonic::transport::Error),
    /// Somebody is there and says nothing.
    #[error("does not answer")]
    Silent,
    /// The visualiser ended its side.
    #[error("ended the stream")]
    Ended,
    /// The network broke.
    #[error("went away: {}", .0.message())]
    Gone(Status),
    /// The visualiser does not want to hear this, and says why.
    #[error("refuses: {}", .0.message())]
    Refused(Status),
}

impl From<Status> for LinkError {
    fn from(status: Status) -> Self {
        match status.code() {
            // What the transport says when it breaks or garbles, and a server that goes.
            Code::Unavailable
            | Code::Unknown
            | Code::Cancelled
            | Code::Internal
            | Code::DeadlineExceeded
            | Code::DataLoss => Self::Gone(status),
            _ => Self::Refused(status),
        }
    }
}

/// Dials a visualiser over HTTP/2.
pub(crate) struct GrpcPublisher {
    endpoint: Endpoint,
    address: String,
}

/// How long a dial may take, and then again the answer.
const OPEN_WAIT: Duration = Duration::from_secs(5);

/// How often a link without traffic is tried.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long the answer to that may take. Long, since on a thin line it queues behind what was sent before: as much as the
/// visualiser allows to be on its way (256 KiB), which at 10 kB a second is 26 seconds. A link given up sooner would be
/// dialled again, begin again, and never tell a large system whole.
const KEEP_ALIVE_WAIT: Duration = Duration::from_secs(40);

/// More than any Request is.
const REQUEST_BYTES: usize = 64 * 1024;

impl GrpcPublisher {
    pub(crate) fn new(Destination { endpoint, address }: Destination) -> Self {
        let endpoint = endpoint
            .connect_timeout(OPEN_WAIT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_WAIT)
            .keep_alive_while_idle(true);
        Self { endpoint, address }
    }
}

impl Publisher for GrpcPublisher {
    fn address(&self) -> String {
        self.address.clone()
    }

    async fn open(&mut self, hello: Report) -> Result<Link, LinkError> {
        let channel = self.endpoint.connect().await?;
        let mut client = VisualiserClient::new(channel).max_decoding_message_size(REQUEST_BYTES);
        let (reports, outgoing) = mpsc::channel(REPORTS_AHEAD);
        // The answer may wait for Hello, so Hello goes first; an empty channel has room for it.
        let _ = reports.try_send(hello);
        let answer = timeout(OPEN_WAIT, client.observe(ReceiverStream::new(outgoing)));
        let requests = answer.await.map_err(|_| LinkError::Silent)??.into_inner();
        Ok(Link { reports, requests: Box::pin(requests.map(|request| request.map_err(LinkError::from))) })
    }
}
