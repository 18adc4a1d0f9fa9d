//! Listens for probes and turns the wire into changes of the model; answers readers.
//!
//! It knows no model, only its words: what probes say goes into a bounded queue, and what readers ask goes to whoever
//! implements [`Answers`].

pub mod limits;

pub mod answers;
pub mod feed;

pub mod from_proto;
pub mod to_proto;

pub mod queue;

mod address;
mod grpc;
pub mod reader;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::server::TcpIncoming;

pub use address::StartError;
pub use answers::Answers;
pub use queue::queue;

/// A listener with its thread. Ends, with all its streams, when dropped.
pub struct Ingest {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ingest {
    /// Listens on a loopback address; port 0 is any that is free. What probes say goes to `sink`, what readers ask to
    /// `answers`.
    ///
    /// # Errors
    /// [`StartError`], of which each kind says in one line what to do.
    pub fn start(address: SocketAddr, sink: queue::Sender, answers: Arc<dyn Answers>) -> Result<Ingest, StartError> {
        let (listener, address) = address::bind(address)?;
        // One thread reads the wire for all streams: decoding takes an eighth of a core at a million changes a second,
        // and what it leaves of two cores is wanted by the model, the layout and the observed program.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(2)
            .build()
            .map_err(StartError::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("axonscope-ingest".to_owned()).spawn(move || {
            let served = runtime.block_on(async {
                let incoming = TcpIncoming::from(TcpListener::from_std(listener)?).with_nodelay(Some(true));
                tokio::select! {
                    () = grpc::serve(incoming, sink, answers) => {}
                    _ = stopped => {}
                }
                io::Result::Ok(())
            });
            if let Err(error) = served {
                tracing::error!(%error, "cannot serve");
            }
            // Streams and half-made answers end here; nothing is owed to them.
            runtime.shutdown_background();
        });
        let thread = thread.map_err(StartError::Thread)?;
        Ok(Ingest { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, with the port that was found.
    pub fn address(&self) -> SocketAddr {
        self.address
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
