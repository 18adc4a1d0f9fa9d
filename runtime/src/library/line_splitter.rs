//! Bytes in, lines out.

use bytes::Bytes;

use super::lines::Splitter;
use crate::component::{Component, Context, Io};
use crate::error::Outcome;
use crate::name::Name;

/// How long lines may be unless the splitter says otherwise, in bytes.
const LIMIT: usize = 64 * 1024;

/// Sends each line that is in the bytes it receives, without its line end (`\n` or `\r\n`), however the bytes were
/// cut into messages. A last line without an end counts. Bytes that are not UTF-8 become replacement characters.
///
/// A line longer than the limit makes it fail, with the limit in the message, as whatever would come after it cannot
/// be trusted either. So it holds at most the limit and one message.
///
/// ```
/// use axonscope_runtime::library::{ConsoleOut, FileReader, LineSplitter};
/// use axonscope_runtime::{Pipeline, State, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipeline = Pipeline::new()
///     .stage("file", FileReader::new("Cargo.toml"))
///     .stage("lines", LineSplitter::new().limit(1000))
///     .stage("out", ConsoleOut::new());
///
/// let system = System::new("cat");
/// let pipeline = system.add("pipeline", pipeline)?.start();
/// assert_eq!(pipeline.ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
pub struct LineSplitter {
    limit: usize,
}

impl LineSplitter {
    /// Lines of at most 64 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lines of at most `limit` bytes, their end not counted.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit }
    }
}

impl Default for LineSplitter {
    fn default() -> Self {
        Self { limit: LIMIT }
    }
}

impl Component for LineSplitter {
    type Boxes = Io<Bytes, String>;

    fn description(&self) -> Name {
        format!("Splits bytes into lines of at most {} bytes", self.limit).into()
    }

    async fn run(self, mut io: Io<Bytes, String>, _: Context) -> Outcome {
        let mut splitter = Splitter::new(self.limit);
        while let Some(bytes) = io.inbox.recv().await? {
            splitter.room().extend_from_slice(&bytes);
            while let Some(line) = splitter.next_line()? {
                io.outbox.send(line).await?;
            }
        }
        if let Some(line) = splitter.last_line()? {
            io.outbox.send(line).await?;
        }
        Ok(())
    }
}
