//! The start and the finish that every system under test is put between, so that all are timed alike.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// Stages between the source and the sink of a row.
pub(crate) const RELAYS: usize = 8;
/// What a message does on its way from the source to the sink.
pub(crate) const HOPS: u64 = RELAYS as u64 + 1;

/// How long a race may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(300);

/// Messages from sources to sinks: first some that nobody times, by which every queue and task exists and is warm, then
/// those that count.
pub(crate) struct Race {
    shared: Arc<Shared>,
    go: watch::Sender<bool>,
    warm: u64,
    messages: u64,
}

struct Shared {
    /// Sinks that have not got all warming messages.
    cold: AtomicUsize,
    /// Sinks that have not got everything.
    running: AtomicUsize,
    warmed: Notify,
    done: Notify,
    ended: OnceLock<Instant>,
}

/// What a source holds.
#[derive(Clone)]
pub(crate) struct Start {
    go: watch::Receiver<bool>,
    /// How many to send at once.
    pub(crate) warm: u64,
    /// How many to send after [`go`](Self::go).
    pub(crate) messages: u64,
}

/// What a sink holds.
pub(crate) struct Finish {
    shared: Arc<Shared>,
    seen: u64,
    warm: u64,
    total: u64,
}

impl Race {
    /// A race to `sinks` sinks, each of which gets `warm` messages and then `messages`.
    pub(crate) fn new(sinks: usize, warm: u64, messages: u64) -> Self {
        let shared = Shared {
            cold: AtomicUsize::new(sinks),
            running: AtomicUsize::new(sinks),
            warmed: Notify::new(),
            done: Notify::new(),
            ended: OnceLock::new(),
        };
        Self { shared: Arc::new(shared), go: watch::Sender::new(false), warm, messages }
    }

    /// For a source.
    pub(crate) fn start(&self) -> Start {
        Start { go: self.go.subscribe(), warm: self.warm, messages: self.messages }
    }

    /// For a sink.
    pub(crate) fn finish(&self) -> Finish {
        Finish { shared: self.shared.clone(), seen: 0, warm: self.warm, total: self.warm + self.messages }
    }

    /// Waits until all are warm, starts the sources, and returns how long it took the last sink to have everything.
    pub(crate) async fn run(&self) -> Result<Duration> {
        self.warm().await?;
        self.time().await
    }

    /// Waits until all are warm.
    pub(crate) async fn warm(&self) -> Result<()> {
        timeout(PATIENCE, self.shared.warmed.notified()).await.context("the warming messages did not arrive")
    }

    /// Starts the sources, and returns how long it took the last sink to have everything.
    pub(crate) async fn time(&self) -> Result<Duration> {
        let began = Instant::now();
        self.go.send_replace(true);
        timeout(PATIENCE, self.shared.done.notified()).await.context("the messages did not arrive")?;
        let ended = *self.shared.ended.get().context("nobody finished")?;
        Ok(ended - began)
    }
}

impl Start {
    /// Waits for the signal.
    pub(crate) async fn go(&mut self) {
        // An error says that the race was called off; nobody times what follows.
        let _ = self.go.wait_for(|go| *go).await;
    }
}

impl Finish {
    /// Counts a message that has arrived.
    #[inline]
    pub(crate) fn took(&mut self, message: u64) {
        std::hint::black_box(message);
        self.seen += 1;
        if self.seen == self.warm && self.shared.cold.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.warmed.notify_one();
        }
        if self.seen == self.total && self.shared.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _ = self.shared.ended.set(Instant::now());
            self.shared.done.notify_one();
        }
    }
}

/// A runtime on the calling thread.
pub(crate) fn single_thread() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Waits until the runtime has no task left, so that one round leaves nothing to the next.
pub(crate) async fn until_idle() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}
