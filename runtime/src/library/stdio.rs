//! Bytes of standard input and to standard output; for lines there is the console.
//!
//! Each has a thread of its own: a read or a write that waits for the other end of a pipe cannot be called off, and a
//! runtime would wait for it at its end. The thread goes with the process, or when the call it is in returns.

use std::io::{self, ErrorKind, Read, Write};
use std::thread;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::chunks::DEFAULT_CHUNK;
use super::while_doing::failed;
use crate::component::{Component, Context, In, Out};
use crate::error::Outcome;
use crate::name::Name;

/// Sends the bytes of standard input from `outbox` as they come, at most 16 KiB at a time, and finishes at its end.
///
/// It reads ahead by three messages at most.
///
/// ```
/// use axonscope_runtime::library::{FileWriter, StdinBytes};
/// use axonscope_runtime::{Pipeline, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("axonscope-stdin-{}", std::process::id()));
/// let pipeline =
///     Pipeline::new().stage("in", StdinBytes::new()).stage("file", FileWriter::create(&path));
/// let system = System::new("save");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// system.finished().await;
/// # let _ = std::fs::remove_file(path);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct StdinBytes(());

impl StdinBytes {
    /// Reads standard input; two of them in one process share the bytes out between them.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Component for StdinBytes {
    type Boxes = Out<Bytes>;

    fn description(&self) -> Name {
        "Reads bytes from standard input".into()
    }

    async fn run(self, boxes: Out<Bytes>, ctx: Context) -> Outcome {
        read(io::stdin(), boxes, ctx).await
    }
}

/// Writes the bytes that come to `inbox` to standard output. They are flushed whenever nothing more has come.
///
/// ```
/// use axonscope_runtime::library::{StdinBytes, StdoutBytes};
/// use axonscope_runtime::{Pipeline, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipeline = Pipeline::new().stage("in", StdinBytes::new()).stage("out", StdoutBytes::new());
/// let system = System::new("cat");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// system.finished().await;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct StdoutBytes(());

impl StdoutBytes {
    /// Writes to standard output.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Component for StdoutBytes {
    type Boxes = In<Bytes>;

    fn description(&self) -> Name {
        "Writes bytes to standard output".into()
    }

    async fn run(self, boxes: In<Bytes>, ctx: Context) -> Outcome {
        write(io::stdout(), boxes, ctx).await
    }
}

async fn read(mut input: impl Read + Send + 'static, mut boxes: Out<Bytes>, ctx: Context) -> Outcome {
    let (chunks, mut read) = mpsc::channel(1);
    let work = move || {
        let mut buffer = vec![0; DEFAULT_CHUNK];
        loop {
            let chunk = match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => Ok(Bytes::copy_from_slice(&buffer[..length])),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let last = chunk.is_err();
            if chunks.blocking_send(chunk).is_err() || last {
                break;
            }
        }
    };
    thread::Builder::new().name("stdin-bytes".into()).spawn(work)?;
    while let Some(Some(chunk)) = ctx.unless_stopped(read.recv()).await {
        boxes.outbox.send(chunk.map_err(failed("cannot read standard input"))?).await?;
    }
    Ok(())
}

async fn write(mut output: impl Write + Send + 'static, mut boxes: In<Bytes>, ctx: Context) -> Outcome {
    let (chunks, mut to_write) = mpsc::channel::<Bytes>(1);
    let (done, written) = oneshot::channel();
    let work = move || {
        let mut write_all = || {
            while let Some(bytes) = to_write.blocking_recv() {
                output.write_all(&bytes)?;
                if to_write.is_empty() {
                    output.flush()?;
                }
            }
            io::Result::Ok(())
        };
        // Nobody listens any more after a Shutdown.
        let _ = done.send(write_all());
    };
    thread::Builder::new().name("stdout-bytes".into()).spawn(work)?;
    while let Some(bytes) = boxes.inbox.recv().await? {
        // The thread has gone only if a write failed, and then says so below.
        if ctx.unless_shutdown(chunks.send(bytes)).await?.is_err() {
            break;
        }
    }
    drop(chunks);
    if let Ok(result) = ctx.unless_shutdown(written).await? {
        result.map_err(failed("cannot write to standard output"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{PipeReader, PipeWriter, pipe};
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::*;
    use crate::chassis::Pipeline;
    use crate::library::Ticker;
    use crate::observe::State;
    use crate::stop::Stop;
    use crate::system::System;

    struct Source(PipeReader);

    impl Component for Source {
        type Boxes = Out<Bytes>;

        async fn run(self, boxes: Out<Bytes>, ctx: Context) -> Outcome {
            read(self.0, boxes, ctx).await
        }
    }

    struct Sink(PipeWriter);

    impl Component for Sink {
        type Boxes = In<Bytes>;

        async fn run(self, boxes: In<Bytes>, ctx: Context) -> Outcome {
            write(self.0, boxes, ctx).await
        }
    }

    #[tokio::test]
    async fn every_byte_goes_through_and_the_end_ends_it() {
        let ((from, mut feed), (mut told, to)) = (pipe().unwrap(), pipe().unwrap());
        let pipeline = Pipeline::new().stage("from", Source(from)).stage("to", Sink(to));
        let system = System::new("test");
        let pipeline = system.add("pipeline", pipeline).unwrap().start();
        let sent: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
        let expected = sent.clone();
        let feeder = thread::spawn(move || feed.write_all(&sent).unwrap());
        let reader = thread::spawn(move || {
            let mut received = Vec::new();
            told.read_to_end(&mut received).unwrap();
            received
        });
        assert_eq!(pipeline.ended().await, State::Finished);
        feeder.join().unwrap();
        assert!(reader.join().unwrap() == expected);
    }

    #[tokio::test]
    async fn shutdown_waits_for_neither_end_of_a_pipe() {
        let ((from, _feed), (_told, to)) = (pipe().unwrap(), pipe().unwrap());
        let system = System::new("test");
        let from = system.add("from", Source(from)).unwrap().start();
        let flood = Ticker::new(Duration::from_millis(1), |_| Bytes::from_static(&[0; 60_000]));
        let flood = system.add("flood", flood).unwrap();
        let to = system.add("to", Sink(to)).unwrap();
        system.link((&flood, "outbox"), (&to, "inbox")).unwrap();
        let to = to.start();
        flood.start();
        while system.describe().postboxes.iter().all(|info| info.activity.waiting_since.load(Ordering::Relaxed) == 0) {
            tokio::task::yield_now().await;
        }
        for component in [from, to] {
            component.stop(Stop::Shutdown);
            assert_eq!(component.ended().await, State::Finished);
        }
    }
}
