//! A visualiser that records: it listens on a real port, keeps a strict picture of what it is told, and waits for what a
//! test expects.

#![allow(clippy::unwrap_used, dead_code)]

mod picture;
pub(crate) mod program;

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axonscope_proto::limits::REPORT_BYTES;
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_server::{Visualiser, VisualiserServer};
use axonscope_proto::v1::{Hello, Report, Request, request};
use prost::Message;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::{Response, Status, Streaming};

pub(crate) use picture::Picture;

/// Ten times what a slow machine needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A listening visualiser.
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    conversations: mpsc::Receiver<Conversation>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        Self::start_on(([127, 0, 0, 1], 0).into()).await
    }

    /// Listens on `address`, also where another just did.
    pub(crate) async fn start_on(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(address).unwrap();
        Self::serve(socket.listen(16).unwrap())
    }

    fn serve(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let (accepted, conversations) = mpsc::channel(16);
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tonic::transport::Server::builder()
            .add_service(VisualiserServer::new(Service(accepted)).max_decoding_message_size(REPORT_BYTES));
        let incoming = TcpListenerStream::new(listener);
        let server = tokio::spawn(async move {
            tokio::select! {
                // Dropping the server, rather than asking it to stop, breaks its streams as a death would.
                _ = stopped => {}
                outcome = server.serve_with_incoming(incoming) => outcome.unwrap(),
            }
        });
        Self { address, conversations, stop, server }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next probe that dials, after its Hello.
    pub(crate) async fn accept(&mut self) -> Conversation {
        let mut conversation =
            timeout(DEADLINE, self.conversations.recv()).await.expect("no probe dialled in time").unwrap();
        let first = conversation.next().await.expect("the stream ended before Hello");
        assert_eq!(first.seq, 1);
        let Some(Content::Hello(hello)) = first.content else { panic!("the first Report is {first:?}") };
        conversation.hello = hello;
        conversation
    }

    /// Goes as a process that is killed goes.
    pub(crate) async fn die(self) -> SocketAddr {
        drop(self.stop);
        self.server.await.unwrap();
        self.address
    }
}

/// One probe's stream.
pub(crate) struct Conversation {
    pub(crate) hello: Hello,
    pub(crate) picture: Picture,
    /// Encoded size of the largest Report so far.
    pub(crate) largest: usize,
    /// Encoded size of all Reports so far.
    pub(crate) total: usize,
    seq: u64,
    reports: Streaming<Report>,
    requests: mpsc::Sender<Result<Request, Status>>,
}

impl Conversation {
    /// The next Report, which must come in time, in sequence and within the size limit; `None` at the stream's end.
    pub(crate) async fn next(&mut self) -> Option<Report> {
        let report = timeout(DEADLINE, self.reports.next()).await.expect("no Report in time")?.ok()?;
        assert_eq!(report.seq, self.seq + 1, "a gap");
        self.seq = report.seq;
        self.largest = self.largest.max(report.encoded_len());
        self.total += report.encoded_len();
        assert!(report.encoded_len() <= REPORT_BYTES, "a Report of {} bytes", report.encoded_len());
        self.picture.apply(&report);
        Some(report)
    }

    /// Reads until the picture is as expected.
    pub(crate) async fn until(&mut self, what: &str, expected: impl Fn(&Picture) -> bool) {
        let wait = async {
            while !expected(&self.picture) {
                assert!(self.next().await.is_some(), "the stream ended before: {what}");
            }
        };
        if timeout(DEADLINE, wait).await.is_err() {
            panic!("not in time: {what}; the picture is {:?}", self.picture.summary());
        }
    }

    /// Reads until the first, or the next, Snapshot is complete.
    pub(crate) async fn until_snapshot(&mut self) {
        let before = self.picture.snapshots;
        self.until("a complete snapshot", |picture| picture.snapshots > before).await;
    }

    pub(crate) async fn ask(&self, content: request::Content) {
        self.requests.send(Ok(Request { content: Some(content) })).await.unwrap();
    }
}

struct Service(mpsc::Sender<Conversation>);

#[tonic::async_trait]
impl Visualiser for Service {
    type ObserveStream = Pin<Box<dyn Stream<Item = Result<Request, Status>> + Send>>;

    async fn observe(
        &self,
        request: tonic::Request<Streaming<Report>>,
    ) -> Result<Response<Self::ObserveStream>, Status> {
        let (requests, outgoing) = mpsc::channel(4);
        let conversation = Conversation {
            hello: Hello::default(),
            picture: Picture::default(),
            largest: 0,
            total: 0,
            seq: 0,
            reports: request.into_inner(),
            requests,
        };
        self.0.send(conversation).await.map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(Box::pin(ReceiverStream::new(outgoing))))
    }
}
