//! The gRPC services: the only place that knows who dials and that makes a `tonic::Status`. Probes are served here, readers
//! in the file below.

mod readers;

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axonscope_model::{Anomaly, Refusal};
use axonscope_proto::limits::{REPORT_BYTES, RESYNC_INTERVAL};
use axonscope_proto::seal::SEAL_BYTES;
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::systems_server::SystemsServer;
use axonscope_proto::v1::visualiser_server::{Visualiser, VisualiserServer};
use axonscope_proto::{DESCRIPTORS, v1};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Router;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::answers::Answers;
use crate::bound::Bound;
use crate::from_proto::{self, Admitted, BadHello, Batch, Edge};
use crate::limits;
use crate::queue::{Connection, Input, Sender};
use crate::wishes::{Asked, Wish, Wishes};
use readers::Window;

/// Serves at all listeners until it is dropped.
pub(crate) async fn serve(listeners: Vec<Bound>, sink: Sender, answers: Arc<dyn Answers>, wishes: Arc<Wishes>) {
    let (health, health_service) = tonic_health::server::health_reporter();
    let probes = VisualiserServer::new(Door::new(sink, wishes)).max_decoding_message_size(REPORT_BYTES + SEAL_BYTES);
    let readers = SystemsServer::new(Window { answers });
    health.set_serving::<VisualiserServer<Door>>().await;
    health.set_serving::<SystemsServer<Window>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .ok();
    let router = || -> Router {
        tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(limits::KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(limits::KEEPALIVE_TIMEOUT))
            .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
            .initial_connection_window_size(limits::STREAM_WINDOW_BYTES)
            .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
            .add_service(probes.clone())
            .add_service(readers.clone())
            .add_service(health_service.clone())
            .add_optional_service(reflection.clone())
    };
    let mut served = JoinSet::new();
    for listener in listeners {
        let router = router();
        served.spawn(async move {
            if let Err(error) = listener.serve(router).await {
                tracing::error!(%error, "a listener ended");
            }
        });
    }
    while served.join_next().await.is_some() {}
}

// === probes ===

/// Where probes come in.
#[derive(Clone)]
struct Door(Arc<Hall>);

/// By instance id.
type Speakers = HashMap<[u8; 16], (Connection, oneshot::Sender<()>)>;

struct Hall {
    sink: Sender,
    wishes: Arc<Wishes>,
    last_connection: AtomicU64,
    /// The stream that speaks for an instance, and how to end it when another takes over.
    speakers: Mutex<Speakers>,
}

#[tonic::async_trait]
impl Visualiser for Door {
    type ObserveStream = ReceiverStream<Result<v1::Request, Status>>;

    /// Answers at once, so that a probe may wait for the answer before it speaks; what is wrong with what it says then
    /// comes at the end of the stream.
    async fn observe(&self, request: Request<Streaming<v1::Report>>) -> Result<Response<Self::ObserveStream>, Status> {
        let (requests, stream) = mpsc::channel(8);
        let reports = request.into_inner();
        let hall = self.0.clone();
        tokio::spawn(async move {
            if let Err(status) = hall.receive(reports, &requests).await {
                match status.code() {
                    // A program that was killed, cut off or garbled: the model shows it as lost.
                    Code::Unknown | Code::Internal | Code::Cancelled | Code::DataLoss => {
                        tracing::info!(reason = status.message(), "a stream broke off");
                    }
                    _ => tracing::warn!(reason = status.message(), "a stream was refused"),
                }
                // Nobody is there to tell when the probe has gone.
                let _ = requests.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

type Requests = mpsc::Sender<Result<v1::Request, Status>>;

impl Door {
    fn new(sink: Sender, wishes: Arc<Wishes>) -> Door {
        Door(Arc::new(Hall { sink, wishes, last_connection: AtomicU64::new(0), speakers: Mutex::default() }))
    }
}

impl Hall {
    async fn receive(&self, mut reports: Streaming<v1::Report>, requests: &Requests) -> Result<(), Status> {
        let first = match timeout(limits::HELLO_DEADLINE, reports.message()).await {
            Err(_) => return Err(Status::deadline_exceeded("the stream was opened and no Hello came")),
            Ok(Err(status)) => return Err(explain(status)),
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(report))) => report,
        };
        let Some(Content::Hello(hello)) = first.content else {
            return Err(Status::failed_precondition("the first Report of a stream must be Hello"));
        };
        let (hello, doubts) = from_proto::hello(hello).map_err(|bad| match bad {
            BadHello::Protocol(_) => Status::unimplemented(bad.to_string()),
            BadHello::InstanceId(_) => Status::invalid_argument(bad.to_string()),
        })?;
        let instance = hello.instance;
        let connection = Connection(self.last_connection.fetch_add(1, Ordering::Relaxed) + 1);
        let (reply, answer) = oneshot::channel();
        let gone = || Status::unavailable("the visualiser is ending");
        if !self.sink.send(Input::Connect { connection, hello, reply }).await {
            return Err(gone());
        }
        let system = answer.await.map_err(|_| gone())?.map_err(|refusal| match refusal {
            Refusal::TooManySystems(_) => Status::resource_exhausted(format!("{refusal}; end one of them first")),
        })?;
        let replaced = self.take_over(instance, connection);
        let (farewell, outcome) = tokio::select! {
            ended = self.listen(reports, requests, connection, Edge::after(first.seq), doubts) => ended,
            _ = replaced => (None, Err(Status::aborted("the same instance dialled again"))),
            never = ask(self.wishes.of(system), requests) => match never {},
        };
        self.leave(instance, connection);
        self.sink.send(Input::Closed { connection, farewell }).await;
        outcome
    }

    /// Until the stream ends: with a farewell, in silence, or by something that cannot be read.
    async fn listen(
        &self,
        mut reports: Streaming<v1::Report>,
        requests: &Requests,
        connection: Connection,
        mut edge: Edge,
        doubts: Vec<Anomaly>,
    ) -> (Option<String>, Result<(), Status>) {
        if !doubts.is_empty() {
            self.sink.send(Input::Batch { connection, batch: Batch::refused(doubts) }).await;
        }
        let mut resync = Resync::default();
        loop {
            let report = match reports.message().await {
                Ok(Some(report)) => report,
                Ok(None) => return (None, Ok(())),
                Err(status) => {
                    if let Some(anomaly) = blame(&status) {
                        let batch = Batch::refused([anomaly]);
                        self.sink.send(Input::Batch { connection, batch }).await;
                    }
                    return (None, Err(explain(status)));
                }
            };
            let batch = match edge.admit(report) {
                (Admitted::Farewell(reason), _) => return (Some(reason), Ok(())),
                (Admitted::Batch(batch), broken) => {
                    resync.wanted |= broken;
                    batch
                }
            };
            if !self.sink.send(Input::Batch { connection, batch }).await {
                return (None, Err(Status::unavailable("the visualiser is ending")));
            }
            resync.ask(requests);
        }
    }

    /// From now on this stream speaks for the instance; the future ends when another one does.
    fn take_over(&self, instance: [u8; 16], connection: Connection) -> oneshot::Receiver<()> {
        let (replace, replaced) = oneshot::channel();
        if let Some((_, older)) = self.speakers().insert(instance, (connection, replace)) {
            // It may have ended by itself.
            let _ = older.send(());
        }
        replaced
    }

    fn leave(&self, instance: [u8; 16], connection: Connection) {
        let mut speakers = self.speakers();
        if speakers.get(&instance).is_some_and(|(speaker, _)| *speaker == connection) {
            speakers.remove(&instance);
        }
    }

    /// Nothing that is done under this lock can panic half-way.
    fn speakers(&self) -> MutexGuard<'_, Speakers> {
        self.speakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks a probe for what is wanted of it, for as long as its stream lasts. Waits for a probe that does not listen, and
/// keeps nobody else waiting: what is wanted meanwhile is asked for at the end.
async fn ask(mut wish: watch::Receiver<Wish>, requests: &Requests) -> Infallible {
    let mut asked = Asked::default();
    loop {
        let wanted = wish.borrow_and_update().clone();
        for request in asked.catch_up(&wanted) {
            if requests.send(Ok(request)).await.is_err() {
                // The stream ends, and whoever listens to it sees that.
                return std::future::pending().await;
            }
        }
        if wish.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Asks for a snapshot, once a second at most.
#[derive(Default)]
struct Resync {
    wanted: bool,
    asked_at: Option<Instant>,
}

impl Resync {
    fn ask(&mut self, requests: &Requests) {
        let due = self.asked_at.is_none_or(|at| at.elapsed() >= RESYNC_INTERVAL);
        let request = v1::Request { content: Some(v1::request::Content::Resync(v1::Resync {})) };
        if self.wanted && due && requests.try_send(Ok(request)).is_ok() {
            self.wanted = false;
            self.asked_at = Some(Instant::now());
        }
    }
}

/// What the probe, rather than the way between, did wrong.
fn blame(status: &Status) -> Option<Anomaly> {
    match status.code() {
        Code::OutOfRange => Some(Anomaly::OverLimit { what: "bytes of one Report" }),
        Code::Internal => Some(Anomaly::Malformed("a Report that cannot be decoded".to_owned())),
        _ => None,
    }
}

/// What tonic says, in words that help.
fn explain(status: Status) -> Status {
    match status.code() {
        Code::OutOfRange => Status::out_of_range(format!(
            "a Report may have {REPORT_BYTES} bytes; send what is larger in parts ({})",
            status.message()
        )),
        // With a source it is the connection that broke, not a Report.
        Code::Internal if status.source().is_none() => {
            Status::invalid_argument(format!("a Report that cannot be decoded ({})", status.message()))
        }
        _ => status,
    }
}
