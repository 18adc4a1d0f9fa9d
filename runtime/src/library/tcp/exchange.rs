//! Both directions of a connection at once, each with an end of its own.

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use super::connection::Manner;
use crate::component::{Context, Io};
use crate::error::Outcome;
use crate::library::chunks::{Chunks, DEFAULT_CHUNK};
use crate::postbox::{Inbox, Outbox};
use crate::stop::{Shutdown, Stop};

/// Runs both directions, `peer` being how the other end is named in an error.
pub(super) async fn exchange(
    mut stream: TcpStream,
    peer: &str,
    manner: &Manner,
    io: Io<Bytes, Bytes>,
    ctx: &Context,
) -> Outcome {
    // What is written is gathered here as long as more waits, and is to go at once when nothing does. That this fails
    // with a connection that is broken already is found out below.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.split();
    let (reading, see_reading) = watch::channel(Phase::Open);
    let (writing, see_writing) = watch::channel(Phase::Open);
    let read = async {
        let result = read(reader, io.outbox, manner, Other(see_writing), ctx).await;
        reading.send_replace(if result.is_ok() { Phase::Ended } else { Phase::Broken });
        result
    };
    let write = async {
        let result = write(writer, io.inbox, manner, Other(see_reading), ctx).await;
        // Even if writing failed, what the peer had sent before can still be read.
        writing.send_replace(Phase::Ended);
        result
    };
    // Neither is dropped before its end, as it may hold a message.
    let (read, wrote) = tokio::join!(read, write);
    for result in [read, wrote] {
        match result {
            Ok(()) => {}
            Err(Ended::Shutdown(shutdown)) => return Err(shutdown.into()),
            Err(Ended::Io(error)) => return manner.broken(peer, error),
        }
    }
    Ok(())
}

async fn read(
    mut reader: ReadHalf<'_>,
    mut outbox: Outbox<Bytes>,
    manner: &Manner,
    mut writing: Other,
    ctx: &Context,
) -> Result<(), Ended> {
    let mut chunks = Chunks::new(manner.chunk);
    loop {
        let next = writing.unless_idle(manner.half_open, chunks.next(&mut reader));
        let Some(next) = ctx.unless_shutdown(next).await? else { break };
        let Some(bytes) = next? else { break };
        outbox.send(bytes).await?;
    }
    // Those who wait for this direction must not wait for the other one.
    ctx.signal(Stop::ProducerFinished);
    Ok(())
}

async fn write(
    writer: WriteHalf<'_>,
    mut inbox: Inbox<Bytes>,
    manner: &Manner,
    mut reading: Other,
    ctx: &Context,
) -> Result<(), Ended> {
    let mut writer = BufWriter::with_capacity(DEFAULT_CHUNK, writer);
    while let Some(next) = reading.unless_idle(manner.half_open, inbox.recv()).await {
        let Some(bytes) = next? else { break };
        // Looks for a Shutdown only if it has to wait: most messages fit into the buffer.
        tokio::select! {
            biased;
            written = writer.write_all(&bytes) => written?,
            shutdown = ctx.shutdown() => return Err(shutdown.into()),
        }
        if inbox.is_empty() {
            ctx.unless_shutdown(writer.flush()).await??;
        }
    }
    ctx.unless_shutdown(writer.shutdown()).await??;
    Ok(())
}

/// How far a direction has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Ended,
    /// The connection is of no use to the other direction either.
    Broken,
}

/// Why a direction came to no ordinary end.
#[derive(Debug)]
enum Ended {
    Shutdown(Shutdown),
    Io(io::Error),
}

impl From<Shutdown> for Ended {
    fn from(shutdown: Shutdown) -> Self {
        Self::Shutdown(shutdown)
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The other direction, as one of them sees it.
struct Other(watch::Receiver<Phase>);

impl Other {
    /// Waits for `future`, but once the other direction has ended no longer than `limit`, and not at all if it broke.
    async fn unless_idle<F: Future>(&mut self, limit: Duration, future: F) -> Option<F::Output> {
        let idle = async {
            let phase = self.0.wait_for(|&phase| phase != Phase::Open).await.map_or(Phase::Broken, |phase| *phase);
            if phase == Phase::Ended {
                sleep(limit).await;
            }
        };
        tokio::select! {
            biased;
            output = future => Some(output),
            () = idle => None,
        }
    }
}
