//! The gRPC services: the only file that knows who dials and that makes a `tonic::Status`.

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axonscope_model::{Anomaly, Refusal, SystemId};
use axonscope_proto::limits::{REPORT_BYTES, RESYNC_INTERVAL};
use axonscope_proto::seal::SEAL_BYTES;
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::systems_server::{Systems, SystemsServer};
use axonscope_proto::v1::visualiser_server::{Visualiser, VisualiserServer};
use axonscope_proto::{DESCRIPTORS, v1};
use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::answers::{Answers, Told};
use crate::feed::Feed;
use crate::from_proto::{self, Admitted, BadHello, Batch, Edge};
use crate::limits;
use crate::queue::{Connection, Input, Sender};
use crate::to_proto::{self, Scribe};

/// Serves until it is dropped.
pub(crate) async fn serve(incoming: TcpIncoming, sink: Sender, answers: Arc<dyn Answers>) {
    let (health, health_service) = tonic_health::server::health_reporter();
    let probes = VisualiserServer::new(Door::new(sink)).max_decoding_message_size(REPORT_BYTES + SEAL_BYTES);
    let readers = SystemsServer::new(Window { answers });
    health.set_serving::<VisualiserServer<Door>>().await;
    health.set_serving::<SystemsServer<Window>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1();
    let server = tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(limits::KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(limits::KEEPALIVE_TIMEOUT))
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::STREAM_WINDOW_BYTES)
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
        .add_service(probes)
        .add_service(readers)
        .add_service(health_service)
        .add_optional_service(reflection.ok());
    if let Err(error) = server.serve_with_incoming(incoming).await {
        tracing::error!(%error, "the listener ended");
    }
}

// === probes ===

/// Where probes come in.
#[derive(Clone)]
struct Door(Arc<Hall>);

/// By instance id.
type Speakers = HashMap<[u8; 16], (Connection, oneshot::Sender<()>)>;

struct Hall {
    sink: Sender,
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
    fn new(sink: Sender) -> Door {
        Door(Arc::new(Hall { sink, last_connection: AtomicU64::new(0), speakers: Mutex::default() }))
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
        answer.await.map_err(|_| gone())?.map_err(|refusal| match refusal {
            Refusal::TooManySystems(_) => Status::resource_exhausted(format!("{refusal}; end one of them first")),
        })?;
        let replaced = self.take_over(instance, connection);
        let (farewell, outcome) = tokio::select! {
            ended = self.listen(reports, requests, connection, Edge::after(first.seq), doubts) => ended,
            _ = replaced => (None, Err(Status::aborted("the same instance dialled again"))),
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

// === readers ===

/// Where readers look in.
struct Window {
    answers: Arc<dyn Answers>,
}

impl Window {
    /// Runs a question on a thread that may wait for the model.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Answers) -> T + Send + 'static,
    ) -> Result<T, Status> {
        let answers = self.answers.clone();
        tokio::task::spawn_blocking(move || question(&*answers))
            .await
            .map_err(|_| Status::internal("the answer could not be made"))
    }
}

fn one_or_all(system_id: u64) -> Option<SystemId> {
    (system_id != 0).then_some(SystemId(system_id))
}

fn unknown(system_id: u64) -> Status {
    Status::not_found(format!("there is no system {system_id}; List names those that are known"))
}

#[tonic::async_trait]
impl Systems for Window {
    type WatchStream = ReceiverStream<Result<v1::WatchResponse, Status>>;

    async fn list(&self, _: Request<v1::ListRequest>) -> Result<Response<v1::ListResponse>, Status> {
        let systems = self.ask(|answers| answers.list()).await?;
        let systems = systems.into_iter().map(to_proto::summary).collect();
        Ok(Response::new(v1::ListResponse { systems }))
    }

    async fn layout(&self, request: Request<v1::LayoutRequest>) -> Result<Response<v1::LayoutResponse>, Status> {
        let system = one_or_all(request.into_inner().system_id);
        let systems = self.ask(move |answers| answers.layout(system)).await?;
        match system {
            Some(system) if systems.is_empty() => Err(unknown(system.0)),
            _ => Ok(Response::new(v1::LayoutResponse { systems: systems.into_iter().map(to_proto::layout).collect() })),
        }
    }

    async fn problems(&self, request: Request<v1::ProblemsRequest>) -> Result<Response<v1::ProblemsResponse>, Status> {
        let system = one_or_all(request.into_inner().system_id);
        let problems = self.ask(move |answers| answers.problems(system)).await?;
        Ok(Response::new(v1::ProblemsResponse { problems: problems.into_iter().map(to_proto::problem).collect() }))
    }

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let system_id = request.into_inner().system_id;
        let (out, stream) = mpsc::channel(2);
        let mut teller = Teller { answers: self.answers.clone(), feed: Arc::default(), scribes: HashMap::new(), out };
        let first = teller.begin(system_id).await?;
        tokio::spawn(async move {
            // An error here is a reader that has gone.
            let _ = teller.tell(system_id, first).await;
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// Tells one reader everything.
struct Teller {
    answers: Arc<dyn Answers>,
    feed: Arc<Feed>,
    scribes: HashMap<SystemId, Scribe>,
    out: mpsc::Sender<Result<v1::WatchResponse, Status>>,
}

/// The reader has gone.
struct Gone;

impl Teller {
    /// All that is known at this instant, encoded: what comes later waits in the feed.
    async fn begin(&mut self, system_id: u64) -> Result<Vec<Vec<u8>>, Status> {
        let (answers, feed) = (self.answers.clone(), self.feed.clone());
        let made = tokio::task::spawn_blocking(move || {
            let mut scribes = HashMap::new();
            let mut parts = Vec::new();
            let known = answers.watch(one_or_all(system_id), &feed, &mut |system, told| {
                let scribe = scribes.entry(system).or_default();
                write(scribe, system, told, &mut |response| parts.push(response.encode_to_vec()));
            });
            known.then_some((scribes, parts))
        });
        let made = made.await.map_err(|_| Status::internal("the snapshot could not be made"))?;
        let (scribes, parts) = made.ok_or_else(|| unknown(system_id))?;
        self.scribes = scribes;
        Ok(parts)
    }

    async fn tell(&mut self, system_id: u64, mut parts: Vec<Vec<u8>>) -> Result<(), Gone> {
        loop {
            let began = Instant::now();
            for part in std::mem::take(&mut parts) {
                let response = v1::WatchResponse::decode(part.as_slice()).map_err(|_| Gone)?;
                self.send(response).await?;
            }
            while let Some((system, told)) = self.next().await? {
                let scribe = self.scribes.entry(system).or_default();
                let mut responses = Vec::new();
                write(scribe, system, told, &mut |response| responses.push(response));
                let torn = scribe.is_torn();
                for response in responses {
                    self.send(response).await?;
                }
                if torn {
                    break;
                }
            }
            // The reader lags, or came in the middle of something. A fresh snapshot makes it right; not too often, as it
            // keeps the model from its work.
            tokio::time::sleep_until(began + limits::FEED_RESTART).await;
            parts = match self.begin(system_id).await {
                Ok(parts) => parts,
                Err(status) => return self.out.send(Err(status)).await.map_err(|_| Gone),
            };
        }
    }

    async fn next(&self) -> Result<Option<(SystemId, Told)>, Gone> {
        tokio::select! {
            told = self.feed.next() => Ok(told),
            () = self.out.closed() => Err(Gone),
        }
    }

    async fn send(&self, response: v1::WatchResponse) -> Result<(), Gone> {
        self.out.send(Ok(response)).await.map_err(|_| Gone)
    }
}

/// Each thing told goes out whole: nothing waits in the scribe for what comes next.
fn write(scribe: &mut Scribe, system: SystemId, told: Told, out: &mut dyn FnMut(v1::WatchResponse)) {
    let system_id = system.0;
    let mut report = |report| out(v1::WatchResponse { system_id, report: Some(report), summary: None });
    match told {
        Told::Hello(hello) => {
            let (hello, summary) = *hello;
            let (report, summary) = (Some(scribe.hello(hello)), Some(to_proto::summary(summary)));
            out(v1::WatchResponse { system_id, report, summary });
        }
        // Of a snapshot; its end sends what is left.
        Told::Change(change) => scribe.write(change, &mut report),
        Told::Changes(changes) => {
            for change in changes.iter() {
                scribe.write(change.clone(), &mut report);
            }
            scribe.flush(&mut report);
        }
        Told::Status(summary) => {
            scribe.flush(&mut report);
            out(v1::WatchResponse { system_id, report: None, summary: Some(to_proto::summary(*summary)) });
        }
    }
}
