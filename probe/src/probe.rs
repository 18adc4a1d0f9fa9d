//! The guard a program holds, and the thread behind it.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use tonic::transport::Endpoint;

use crate::builder::Builder;
use crate::closing::{self, Closer, Closing};
use crate::dialer;
use crate::identity::Identity;
use crate::limits::FAREWELL_WAIT;
use crate::publisher::GrpcPublisher;
use crate::source::RuntimeSource;
use crate::stats::{Counts, Stats};

/// Observes a program until it is dropped, which says farewell to the visualiser and waits for that at most a second.
///
/// Hold it for as long as the program should be seen: `let _probe = …`, not `let _ = …`, which drops it at once. The
/// system can be observed again afterwards, as a new instance. After a `fork` the child has no probe thread: start
/// the probe in the child.
#[must_use = "dropping the probe ends the observation"]
#[derive(Debug)]
pub struct Probe {
    closer: Closer,
    /// Disconnected when the thread is done; `None` once that was waited for.
    done: Option<Receiver<()>>,
    counts: Arc<Counts>,
}

impl Probe {
    /// A probe to be described before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What the probe has counted until now.
    pub fn stats(&self) -> Stats {
        self.counts.read()
    }

    /// Says farewell with a `reason`, one sentence such as "finished", and waits at most a second until a visualiser that
    /// listens has it. Returns at once where none does.
    pub fn close(mut self, reason: impl Into<String>) {
        self.end(reason.into());
    }

    pub(crate) fn spawn(
        source: RuntimeSource,
        identity: Identity,
        endpoint: Endpoint,
        cadence: Duration,
    ) -> io::Result<Self> {
        let (closer, closing) = closing::channel();
        let (ready, has_started) = sync_channel(1);
        let (until_done, done) = sync_channel(0);
        let counts = Arc::<Counts>::default();
        let counting = counts.clone();
        thread::Builder::new().name("axonscope-probe".into()).spawn(move || {
            let _until_done = until_done;
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            let publisher = GrpcPublisher::new(endpoint);
            let dialling = dialer::run(source, identity, publisher, cadence, closing.clone(), &counting);
            runtime.block_on(until_closed(dialling, closing));
        })?;
        has_started.recv().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
        Ok(Self { closer, done: Some(done), counts })
    }

    fn end(&mut self, reason: String) {
        let Some(done) = self.done.take() else { return };
        self.closer.close(reason);
        if done.recv_timeout(FAREWELL_WAIT) == Err(RecvTimeoutError::Timeout) {
            tracing::debug!("the farewell could not be delivered in time");
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.end(if thread::panicking() { "panicked" } else { "finished" }.to_owned());
    }
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
