//! A visualiser that does one thing: it opens a tap on a linkage in the middle of the row, and counts what comes.

use std::collections::{BTreeMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_server::{Visualiser, VisualiserServer};
use axonscope_proto::v1::{Linkage, Postbox, Report, Request as Ask, Tap, request};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::support::race::{HOPS, single_thread};

const PATIENCE: Duration = Duration::from_secs(30);
const SAMPLES_PER_SECOND: u32 = 5;
const BYTES: u32 = 512;

/// Serves until it is dropped.
pub(crate) struct Tapper {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
    _until_dropped: oneshot::Sender<()>,
}

#[derive(Default)]
struct Seen {
    /// Outboxes for messages, not those for signals.
    outboxes: HashSet<u64>,
    /// By id, the source of each.
    linkages: BTreeMap<u64, u64>,
    /// Those of rows that were tapped before: what has gone is told a tick later, and is not to be taken for the next row.
    spent: HashSet<u64>,
    samples: u64,
    refusal: Option<String>,
    asks: Option<mpsc::Sender<Result<Ask, Status>>>,
}

impl Tapper {
    /// On a port of its own and a thread of its own, which is bound to where the calling one is.
    pub(crate) fn start() -> Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (until_dropped, dropped) = oneshot::channel::<()>();
        let (listening, heard) = std::sync::mpsc::sync_channel(1);
        let service = VisualiserServer::new(Service(Arc::clone(&seen)));
        thread::Builder::new().name("tapper".into()).spawn(move || {
            let served = single_thread().and_then(|runtime| {
                runtime.block_on(async {
                    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
                    listening.send(incoming.local_addr()?).ok().context("nobody waits")?;
                    let server = tonic::transport::Server::builder().add_service(service);
                    tokio::select! {
                        served = server.serve_with_incoming(incoming) => Ok(served?),
                        _ = dropped => Ok(()),
                    }
                })
            });
            if let Err(error) = served {
                eprintln!("bench: the tapping visualiser gave up: {error:#}");
            }
        })?;
        let address = heard.recv().context("the tapping visualiser does not listen")?;
        Ok(Self { url: format!("http://{address}"), seen, _until_dropped: until_dropped })
    }

    /// Waits until one whole row is seen that was not tapped before, and opens the tap in its middle.
    pub(crate) fn open(&self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            // Not in the condition, which would keep it locked until the end of what follows.
            let middle = hold(&self.seen).middle();
            if let Some((asks, linkage)) = middle {
                let tap = Tap { linkage, samples_per_second: SAMPLES_PER_SECOND, bytes: BYTES };
                asks.blocking_send(Ok(Ask { content: Some(request::Content::Tap(tap)) }))
                    .ok()
                    .context("the probe left")?;
                // It is on its way over the loopback; a tick of the probe is the most it can take.
                thread::sleep(Duration::from_millis(100));
                // Should one of the row before have come late.
                hold(&self.seen).samples = 0;
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("no row was seen within {} s", PATIENCE.as_secs())
    }

    /// How many samples came since this was asked last. Waits for the first; an error if the probe refuses the tap.
    pub(crate) fn take_samples(&self) -> Result<u64> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let mut seen = hold(&self.seen);
            if let Some(refusal) = &seen.refusal {
                bail!("the probe refuses the tap: {refusal}");
            }
            let samples = std::mem::take(&mut seen.samples);
            if samples > 0 {
                return Ok(samples);
            }
            drop(seen);
            thread::sleep(Duration::from_millis(5));
        }
        bail!("the tap showed nothing")
    }
}

fn hold(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    /// Whom to ask, and for which linkage; none unless the row is complete.
    fn middle(&mut self) -> Option<(mpsc::Sender<Result<Ask, Status>>, u64)> {
        let is_in_row = |linkage: &u64, source: &u64| self.outboxes.contains(source) && !self.spent.contains(linkage);
        let row = self.linkages.iter().filter(|(linkage, source)| is_in_row(linkage, source));
        let row: Vec<u64> = row.map(|(linkage, _)| *linkage).collect();
        let asks = self.asks.clone().filter(|_| row.len() as u64 == HOPS)?;
        let middle = row[row.len() / 2];
        self.spent.extend(row);
        Some((asks, middle))
    }

    fn take(&mut self, content: Content) {
        match content {
            Content::Snapshot(part) => {
                if part.part == 0 {
                    self.outboxes.clear();
                    self.linkages.clear();
                }
                self.add(part.postboxes, part.linkages);
            }
            Content::Delta(delta) => {
                for linkage in delta.unlinked {
                    self.linkages.remove(&linkage);
                }
                for postbox in delta.removed_postboxes {
                    self.outboxes.remove(&postbox);
                }
                self.add(delta.added_postboxes, delta.linked);
            }
            Content::TapSample(sample) if sample.refusal.is_empty() => self.samples += 1,
            Content::TapSample(sample) => self.refusal = Some(sample.refusal),
            _ => {}
        }
    }

    fn add(&mut self, postboxes: Vec<Postbox>, linkages: Vec<Linkage>) {
        self.outboxes.extend(postboxes.iter().filter(|postbox| postbox.name == "outbox").map(|postbox| postbox.id));
        self.linkages.extend(linkages.iter().map(|linkage| (linkage.id, linkage.source)));
    }
}

struct Service(Arc<Mutex<Seen>>);

#[tonic::async_trait]
impl Visualiser for Service {
    type ObserveStream = Pin<Box<dyn Stream<Item = Result<Ask, Status>> + Send>>;

    async fn observe(&self, request: Request<Streaming<Report>>) -> Result<Response<Self::ObserveStream>, Status> {
        let (asks, asked) = mpsc::channel(4);
        // Another program, whose ids may be those of the one before.
        *hold(&self.0) = Seen { asks: Some(asks), ..Seen::default() };
        let seen = Arc::clone(&self.0);
        let mut reports = request.into_inner();
        tokio::spawn(async move {
            while let Ok(Some(report)) = reports.message().await {
                if let Some(content) = report.content {
                    hold(&seen).take(content);
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(asked))))
    }
}
