//! A visualiser that really watches: `axonscope --headless` and a reader of it, bound to the processor beside the one
//! where the measured runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axonscope_session::Standing;
use axonscope_session::reader::Reader;
use tokio::sync::mpsc;

use super::{Server, pin};

/// How long a system may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The visualiser and its reader.
pub(crate) struct Watchers {
    server: Server,
    questions: mpsc::Sender<Question>,
    told: Arc<AtomicU64>,
}

/// Is the system of this name live, with that many components?
struct Question {
    name: String,
    components: u64,
    answer: SyncSender<Result<()>>,
}

impl Watchers {
    /// Starts both, at the cadence that people get.
    pub(crate) fn start() -> Result<Self> {
        Self::start_at("127.0.0.1:0")
    }

    /// The same, listening at `address`.
    pub(crate) fn start_at(address: &str) -> Result<Self> {
        pin::over_there(pin::WATCHING, || {
            let server = Server::start(address)?;
            pin::check(server.pid(), "", pin::WATCHING);
            let told = Arc::new(AtomicU64::new(0));
            let (questions, asked) = mpsc::channel(1);
            let (url, counter) = (server.url.clone(), told.clone());
            thread::Builder::new().name("reader".into()).spawn(move || {
                if let Err(error) = read(&url, &counter, asked) {
                    eprintln!("bench: the reader gave up: {error:#}");
                }
            })?;
            Ok(Self { server, questions, told })
        })
    }

    /// Returns once the reader's visualiser shows the system of this name with `components`, live.
    pub(crate) fn until_seen(&self, name: &str, components: u64) -> Result<()> {
        let (answer, answered) = sync_channel(1);
        let question = Question { name: name.to_owned(), components, answer };
        self.questions.blocking_send(question).ok().context("the reader has gone")?;
        answered.recv().context("the reader has gone")?
    }

    /// The visualiser's process.
    pub(crate) fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.server.url
    }

    /// How many reports the reader has been given so far.
    pub(crate) fn reports_read(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }
}

fn read(url: &str, told: &Arc<AtomicU64>, mut asked: mpsc::Receiver<Question>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut watch = Reader::connect(url).await?.watch(None).await?;
        let told = told.clone();
        tokio::spawn(async move {
            while let Ok(Some(_)) = watch.next().await {
                told.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut reader = Reader::connect(url).await?;
        while let Some(question) = asked.recv().await {
            let answer = until_seen(&mut reader, &question).await;
            let _ = question.answer.send(answer);
        }
        Ok(())
    })
}

async fn until_seen(reader: &mut Reader, question: &Question) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let systems = reader.list().await?;
        let seen = systems.iter().any(|system| {
            system.standing == Standing::Live
                && system.name == question.name
                && system.components == question.components
        });
        if seen {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("{} was not seen within {} s", question.name, PATIENCE.as_secs())
}
