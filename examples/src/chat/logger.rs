//! What happened in the room, in a file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axonscope_runtime::{Boxes, Component, Context, Declare, Inbox, InboxSpec, Name, Outcome};
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::{Said, What};

/// The file is put aside, over the one put aside before, when it has grown so long.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// Writes everything said to a file. Whoever sends to it waits while its inbox is full.
pub struct FileLogger {
    path: PathBuf,
    pause: Duration,
}

impl FileLogger {
    /// Writes to `path`, and takes at least `pause` for each message.
    pub fn new(path: PathBuf, pause: Duration) -> Self {
        Self { path, pause }
    }
}

/// The boxes of a [`FileLogger`].
pub struct LoggerBoxes {
    inbox: Inbox<Said>,
}

impl Boxes for LoggerBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { inbox: declare.inbox(InboxSpec::new("inbox").capacity(16)) }
    }
}

impl Component for FileLogger {
    type Boxes = LoggerBoxes;

    fn description(&self) -> Name {
        format!("Writes what is said to {}", self.path.display()).into()
    }

    async fn run(self, mut boxes: LoggerBoxes, ctx: Context) -> Outcome {
        let mut file = BufWriter::new(File::create(&self.path).await?);
        let mut length = 0;
        while let Some(said) = boxes.inbox.recv().await? {
            let line = format!("{}\n", describe(&said).escape_debug());
            file.write_all(line.as_bytes()).await?;
            length += line.len() as u64;
            if boxes.inbox.is_empty() {
                file.flush().await?;
            }
            if length > LONGEST_FILE {
                file.flush().await?;
                file = BufWriter::new(start_anew(&self.path).await?);
                length = 0;
            }
            if !self.pause.is_zero() {
                ctx.unless_shutdown(tokio::time::sleep(self.pause)).await?;
            }
        }
        file.flush().await?;
        Ok(())
    }
}

async fn start_anew(path: &Path) -> io::Result<File> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".old");
    fs::rename(path, aside).await?;
    File::create(path).await
}

fn describe(said: &Said) -> String {
    let who = &said.who;
    match &said.what {
        What::Joined(_) => format!("{who} joined"),
        What::Spoke(_, line) => format!("{who}: {line}"),
        What::Renamed(_, name) => format!("{who} is now {name}"),
        What::Left(_) => format!("{who} left"),
        What::Tick(number) => format!("tick {number}"),
    }
}
