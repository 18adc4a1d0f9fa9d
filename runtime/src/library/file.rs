//! Files: their bytes out, and bytes into them. For regular files: a wait for a pipe or a terminal cannot be called off.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::time::{Instant, sleep, sleep_until};

use super::bucket::Bucket;
use super::chunks::{Chunks, DEFAULT_CHUNK};
use super::while_doing::failed;
use crate::component::{Component, Context, In, Out};
use crate::error::{Failure, Outcome};
use crate::name::Name;
use crate::postbox::Inbox;

/// What a paced reader may make up for at least, as the clock ticks in milliseconds and a busy machine adds to that.
const MAKE_UP: Duration = Duration::from_millis(5);
/// How much of what is written waits in memory while more comes, in bytes.
const WRITE_BUFFER: usize = 64 * 1024;
/// How long a write may still take after Shutdown.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// Sends what is in a file from `outbox`, in chunks, and finishes at its end. An error fails it, and names the path.
///
/// With a rate it sends the chunks evenly spaced: the first one at once, each further one when those before it have
/// taken their time, so that the pace is exact over any length of time. What a slow consumer or the disk held up is
/// made up for by the time of half a chunk at most (or 5 ms, if that is more), so that chunks never come in a burst; the
/// rest is late for good.
///
/// ```
/// use axonscope_runtime::library::{FileReader, FileWriter};
/// use axonscope_runtime::{Pipeline, State, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let copy = std::env::temp_dir().join(format!("axonscope-copy-{}", std::process::id()));
/// let pipeline = Pipeline::new()
///     .stage("from", FileReader::new("Cargo.toml").chunk(256).rate(1_000_000))
///     .stage("to", FileWriter::create(&copy));
///
/// let system = System::new("copy");
/// let pipeline = system.add("pipeline", pipeline)?.start();
/// assert_eq!(pipeline.ended().await, State::Finished);
/// assert_eq!(std::fs::read(&copy)?, std::fs::read("Cargo.toml")?);
/// # std::fs::remove_file(&copy)?;
/// # Ok(())
/// # }
/// ```
pub struct FileReader {
    path: PathBuf,
    chunk: usize,
    rate: Option<u64>,
}

impl FileReader {
    /// Reads the file at `path`, 16 KiB at a time, as fast as the chunks are taken.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), chunk: DEFAULT_CHUNK, rate: None }
    }

    /// How long each message is, in bytes, at least 1; the last one may be shorter.
    #[must_use]
    pub fn chunk(self, bytes: usize) -> Self {
        Self { chunk: bytes.max(1), ..self }
    }

    /// How many bytes to send each second, at least 1.
    #[must_use]
    pub fn rate(self, bytes_per_second: u64) -> Self {
        Self { rate: Some(bytes_per_second.max(1)), ..self }
    }
}

impl Component for FileReader {
    type Boxes = Out<Bytes>;

    fn description(&self) -> Name {
        match self.rate {
            Some(rate) => format!("Reads {} at {rate} bytes a second", self.path.display()).into(),
            None => format!("Reads {}", self.path.display()).into(),
        }
    }

    async fn run(self, mut boxes: Out<Bytes>, ctx: Context) -> Outcome {
        let Some(file) = ctx.unless_stopped(File::open(&self.path)).await else { return Ok(()) };
        let mut file = file.map_err(failed(format_args!("cannot open {}", self.path.display())))?;
        file.set_max_buf_size(self.chunk);
        let mut chunks = Chunks::new(self.chunk);
        let mut pace = self.rate.map(|rate| pace(rate, self.chunk as u64));
        while let Some(read) = ctx.unless_stopped(chunks.next_whole(&mut file)).await {
            let read = read.map_err(failed(format_args!("cannot read {}", self.path.display())))?;
            let Some(bytes) = read else { break };
            if let Some(bucket) = &mut pace {
                let ready_at = bucket.ready_at(self.chunk as u64);
                if ctx.unless_stopped(sleep_until(ready_at)).await.is_none() {
                    break;
                }
                bucket.take(bytes.len() as u64, Instant::now());
            }
            boxes.outbox.send(bytes).await?;
        }
        Ok(())
    }
}

/// A chunk may go at once, and beyond it the bucket fills with what may be made up for: less than another chunk.
fn pace(rate: u64, chunk: u64) -> Bucket {
    let clock_grain = u128::from(rate) * MAKE_UP.as_millis() / 1000;
    let spare = (chunk / 2).max(u64::try_from(clock_grain).unwrap_or(u64::MAX));
    Bucket::new(rate, Duration::from_secs(1), chunk.saturating_add(spare), chunk)
}

/// Writes the bytes that come to `inbox` to a file. They are in the file, for other processes to see, whenever nothing
/// waits in the inbox, and at the end. An error fails it, and names the path.
///
/// On Shutdown it still writes what it had taken from the inbox, if that takes no longer than a second.
///
/// ```
/// use axonscope_runtime::library::{FileReader, FileWriter};
/// use axonscope_runtime::{Pipeline, State, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let twice = std::env::temp_dir().join(format!("axonscope-twice-{}", std::process::id()));
/// for writer in [FileWriter::create(&twice), FileWriter::append(&twice)] {
///     let pipeline = Pipeline::new().stage("from", FileReader::new("Cargo.toml")).stage("to", writer);
///     let pipeline = System::new("twice").add("pipeline", pipeline)?.start();
///     assert_eq!(pipeline.ended().await, State::Finished);
/// }
/// assert_eq!(std::fs::read(&twice)?, std::fs::read("Cargo.toml")?.repeat(2));
/// # std::fs::remove_file(&twice)?;
/// # Ok(())
/// # }
/// ```
pub struct FileWriter {
    path: PathBuf,
    append: bool,
}

impl FileWriter {
    /// Writes a new file at `path`, in place of one that is there.
    pub fn create(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), append: false }
    }

    /// Writes at the end of the file at `path`, which is made if it is not there.
    pub fn append(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), append: true }
    }
}

impl Component for FileWriter {
    type Boxes = In<Bytes>;

    fn description(&self) -> Name {
        let doing = if self.append { "Appends to" } else { "Writes" };
        format!("{doing} {}", self.path.display()).into()
    }

    async fn run(self, boxes: In<Bytes>, ctx: Context) -> Outcome {
        let overdue = async {
            ctx.shutdown().await;
            sleep(LAST_WRITE).await;
        };
        tokio::select! {
            biased;
            outcome = write(&self.path, self.append, boxes.inbox) => outcome,
            () = overdue => {
                let path = self.path.display();
                Err(Failure::new(format!("a write to {path} did not end within {LAST_WRITE:?} of Shutdown")))
            }
        }
    }
}

async fn write(path: &Path, append: bool, mut inbox: Inbox<Bytes>) -> Outcome {
    let cannot_write = || failed(format!("cannot write {}", path.display()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).append(append).truncate(!append);
    let file = options.open(path).await.map_err(failed(format_args!("cannot open {}", path.display())))?;
    let mut file = BufWriter::with_capacity(WRITE_BUFFER, file);
    // Shutdown too ends the loop only: what has been taken is still to be flushed.
    let ended = loop {
        match inbox.recv().await {
            Ok(Some(bytes)) => file.write_all(&bytes).await.map_err(cannot_write())?,
            Ok(None) => break Ok(()),
            Err(shutdown) => break Err(shutdown),
        }
        if inbox.is_empty() {
            file.flush().await.map_err(cannot_write())?;
        }
    };
    file.flush().await.map_err(cannot_write())?;
    Ok(ended?)
}
