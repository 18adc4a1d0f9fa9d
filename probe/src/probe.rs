//! The guard a program holds, and the thread behind it.

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::Filtered, registry::LookupSpan};

use crate::builder::Builder;
use crate::closing::{self, Closer, Closing};
use crate::dialer;
use crate::endpoint::Destination;
use crate::identity::Identity;
use crate::limits::FAREWELL_WAIT;
use crate::manual;
use crate::own;
use crate::panics;
use crate::publisher::GrpcPublisher;
use crate::registry::Registry;
use crate::source::{Feed, Program};
use crate::trace;

/// Observes a program until it is dropped, which says farewell to the visualiser and waits for that at most a second.
///
/// Hold it for as long as the program should be seen: `let _probe = …`, not `let _ = …`, which drops it at once. The
/// system can be observed again afterwards, as a new instance. [`std::process::exit`] drops nothing: call
/// [`close`](Self::close) before, or the visualiser shows the program as lost. After a `fork` the child has no probe
/// thread: start the probe in the child.
#[must_use = "dropping the probe ends the observation"]
pub struct Probe {
    /// None when the probe is off.
    running: Option<Arc<Running>>,
    manual: manual::System,
}

/// What a probe has counted, as running totals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Structural events that could not be kept for a visualiser and were made good by a snapshot; of the visualiser that
    /// missed most.
    pub lost: u64,
    /// Births and deaths that met before they were told.
    pub merged: u64,
    /// Components, postboxes and linkages told by hand or by `tracing` for which there was no room.
    pub refused: u64,
    /// Log lines left out because their component, or all together, said too many in a second.
    pub lines_left_out: u64,
}

/// What a probe does, beside what it observes.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) identity: Identity,
    pub(crate) endpoints: Vec<Destination>,
    pub(crate) cadence: Duration,
    pub(crate) show_own: bool,
}

/// A probe's thread.
#[derive(Debug)]
pub(crate) struct Running {
    program: Arc<Program>,
    closer: Closer,
    /// Disconnected when the thread is done; none once that was waited for.
    done: Mutex<Option<Receiver<()>>>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.running.is_some() { "Probe(running)" } else { "Probe(off)" })
    }
}

impl Probe {
    /// A probe to be described before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Tells of components, boxes and linkages by hand, in the same picture.
    pub fn manual(&self) -> &manual::System {
        &self.manual
    }

    /// A layer for a `tracing` subscriber, which makes components of spans and log lines of events.
    ///
    /// ```
    /// use tracing_subscriber::prelude::*;
    ///
    /// # fn main() -> Result<(), axonscope_probe::StartError> {
    /// let probe = axonscope_probe::Probe::builder().name("mill").start()?;
    /// let print = tracing_subscriber::fmt::layer().with_filter(tracing::level_filters::LevelFilter::INFO);
    /// tracing_subscriber::registry().with(probe.layer()).with(print).init();
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer<S>(&self) -> Filtered<trace::Spans, trace::Seen, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        self.layer_with(trace::Options::default())
    }

    /// As [`layer`](Self::layer), with options.
    pub fn layer_with<S>(&self, options: trace::Options) -> Filtered<trace::Spans, trace::Seen, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let seen = trace::Seen::new(self.running.is_some().then(|| options.clone()));
        trace::Spans::new(self.manual.clone(), options).with_filter(seen)
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        self.running.as_ref().map(|running| running.program.stats()).unwrap_or_default()
    }

    /// Says farewell with a `reason`, one sentence such as "finished", and waits at most a second until a visualiser that
    /// listens has it. Returns at once where none does.
    pub fn close(self, reason: impl Into<String>) {
        if let Some(running) = &self.running {
            running.end(reason.into());
        }
    }

    pub(crate) fn off() -> Self {
        Self { running: None, manual: manual::System::new(Registry::off(), Weak::new()) }
    }

    pub(crate) fn spawn(program: Program, plan: Plan) -> io::Result<Self> {
        let program = Arc::new(program);
        let manual = manual::System::new(program.registry.clone(), Arc::downgrade(&program));
        let (closer, closing) = closing::channel();
        let (ready, has_started) = sync_channel(1);
        let (until_done, done) = sync_channel(0);
        let observed = program.clone();
        thread::Builder::new().name("axonscope-probe".into()).spawn(move || {
            let _until_done = until_done;
            own::hide_this_thread(!plan.show_own);
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            runtime.block_on(until_closed(dial_all(observed, plan, &closing), closing.clone()));
        })?;
        has_started.recv().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
        let running = Arc::new(Running { program, closer, done: Mutex::new(Some(done)) });
        panics::remember(&running);
        Ok(Self { running: Some(running), manual })
    }
}

impl Running {
    /// Says farewell; only the first time.
    pub(crate) fn end(&self, reason: String) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(done) = done else { return };
        self.closer.close(reason);
        if done.recv_timeout(FAREWELL_WAIT) == Err(RecvTimeoutError::Timeout) {
            tracing::debug!("the farewell could not be delivered in time");
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.end(if thread::panicking() { panics::last() } else { "finished".to_owned() });
            running.program.let_go();
        }
    }
}

/// Dials every endpoint, each at its own pace.
async fn dial_all(program: Arc<Program>, plan: Plan, closing: &Closing) {
    let share = plan.endpoints.len();
    let dials = plan.endpoints.into_iter().enumerate().map(|(place, endpoint)| {
        let feed = Feed::new(program.clone(), place);
        dialer::run(feed, &plan.identity, GrpcPublisher::new(endpoint), plan.cadence, share, closing.clone())
    });
    all(dials.collect()).await;
}

/// Runs all to their ends. They are few.
async fn all<F: Future<Output = ()>>(works: Vec<F>) {
    let mut works: Vec<_> = works.into_iter().map(|work| Some(Box::pin(work))).collect();
    std::future::poll_fn(|cx| {
        for place in &mut works {
            if place.as_mut().is_some_and(|work| work.as_mut().poll(cx).is_ready()) {
                *place = None;
            }
        }
        if works.iter().all(Option::is_none) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Runs `work`, but once the program ends only for as long as a farewell may take.
async fn until_closed(work: impl Future<Output = ()>, mut closing: Closing) {
    let patience = async {
        closing.reason().await;
        // A little less than the program waits, so that the thread ends in order.
        tokio::time::sleep(FAREWELL_WAIT * 9 / 10).await;
    };
    tokio::select! {
        () = work => {}
        () = patience => {}
    }
}
