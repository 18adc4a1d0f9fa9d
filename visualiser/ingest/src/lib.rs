//! Listens for probes and turns the wire into changes of the model; answers readers.
//!
//! It knows no model, only its words: what probes say goes into a bounded queue, and what readers ask goes to whoever
//! implements [`Answers`].

pub mod limits;

pub mod answers;
pub mod feed;

mod doubts;
pub mod from_proto;
pub mod to_proto;

pub mod queue;

pub mod wishes;

mod address;
mod bound;
mod grpc;
pub mod reader;

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use bound::Bound;
use wishes::Wishes;

pub use address::{Listen, StartError};
pub use answers::Answers;
pub use queue::queue;

/// A listener with its thread. Ends, with all its streams, when dropped.
pub struct Ingest {
    addresses: Vec<Listen>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ingest {
    /// Listens at all those places. What probes say goes to `sink`, what readers ask to `answers`; probes are asked for
    /// what `wishes` says.
    ///
    /// # Errors
    /// [`StartError`], of which each kind says in one line what to do.
    pub fn start(
        listen: &[Listen],
        sink: queue::Sender,
        answers: Arc<dyn Answers>,
        wishes: Arc<Wishes>,
    ) -> Result<Ingest, StartError> {
        let opened: Vec<(Bound, Listen)> = listen.iter().map(Bound::open).collect::<Result<_, _>>()?;
        let (listeners, addresses) = opened.into_iter().unzip();
        // One thread reads the wire for all streams: decoding takes an eighth of a core at a million changes a second,
        // and what it leaves of two cores is wanted by the model, the layout and the observed program.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(2)
            .build()
            .map_err(StartError::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("axonscope-ingest".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = grpc::serve(listeners, sink, answers, wishes) => {}
                    _ = stopped => {}
                }
            });
            // Streams and half-made answers end here; nothing is owed to them.
            runtime.shutdown_background();
        });
        let thread = thread.map_err(StartError::Thread)?;
        Ok(Ingest { addresses, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, in the order asked for, with the ports that were found.
    pub fn addresses(&self) -> &[Listen] {
        &self.addresses
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has no way to panic that would concern us now.
            let _ = thread.join();
        }
    }
}
