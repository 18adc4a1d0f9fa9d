//! The console: lines in, lines out.

use std::io::BufRead;

use tokio::io::{AsyncWriteExt, stdout};
use tokio::sync::mpsc;

use crate::component::{Component, Context, In, Out};
use crate::error::Outcome;
use crate::name::Name;

/// Sends each line of standard input from `outbox`, without its line end, and finishes at the end of input.
///
/// ```
/// use axonscope_runtime::library::{ConsoleIn, ConsoleOut};
/// use axonscope_runtime::{Pipeline, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipeline = Pipeline::new().stage("in", ConsoleIn::new()).stage("out", ConsoleOut::new());
/// let system = System::new("lines");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// system.finished().await;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct ConsoleIn(());

impl ConsoleIn {
    /// Reads standard input; two of them in one process share the lines out between them.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Component for ConsoleIn {
    type Boxes = Out<String>;

    fn description(&self) -> Name {
        "Reads lines from standard input".into()
    }

    async fn run(self, mut boxes: Out<String>, ctx: Context) -> Outcome {
        // A thread of our own: a read of standard input cannot be called off, and a runtime would wait for it at
        // the end. The thread goes with the process, or with the first line after we are gone.
        let (lines, mut read) = mpsc::channel(1);
        std::thread::Builder::new().name("console-in".into()).spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let failed = line.is_err();
                if lines.blocking_send(line).is_err() || failed {
                    break;
                }
            }
        })?;
        while let Some(Some(line)) = ctx.unless_stopped(read.recv()).await {
            boxes.outbox.send(line?).await?;
        }
        Ok(())
    }
}

/// Writes each message from `inbox` to standard output, as a line. See [`ConsoleIn`] for an example.
#[derive(Default)]
pub struct ConsoleOut(());

impl ConsoleOut {
    /// Writes to standard output.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Component for ConsoleOut {
    type Boxes = In<String>;

    fn description(&self) -> Name {
        "Writes lines to standard output".into()
    }

    async fn run(self, mut boxes: In<String>, _: Context) -> Outcome {
        let mut out = stdout();
        while let Some(mut line) = boxes.inbox.recv().await? {
            line.push('\n');
            out.write_all(line.as_bytes()).await?;
            if boxes.inbox.is_empty() {
                out.flush().await?;
            }
        }
        out.flush().await?;
        Ok(())
    }
}
