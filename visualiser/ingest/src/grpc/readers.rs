//! Where readers look in: the service `Systems`.

use std::collections::HashMap;
use std::sync::Arc;

use axonscope_model::SystemId;
use axonscope_proto::v1;
use axonscope_proto::v1::systems_server::Systems;
use prost::Message;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::answers::{Answers, Told};
use crate::feed::Feed;
use crate::limits;
use crate::to_proto::{self, Scribe};

/// Where readers look in.
#[derive(Clone)]
pub(super) struct Window {
    pub(super) answers: Arc<dyn Answers>,
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
