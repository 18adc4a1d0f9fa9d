//! How soon a large program that attaches late is seen whole, and the largest message that takes.
//!
//! The program is this same executable, started a second time with another role: a real runtime and a real probe. The
//! visualiser is `axonscope --headless`. The sizes of messages are read by a visualiser that only listens, which the
//! program finds when the real one has gone.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_server::{Visualiser, VisualiserServer};
use axonscope_proto::v1::{Report, Request as Ask};
use axonscope_runtime::{Component, Context as Surroundings, Io, Outcome, System};
use prost::Message;
use support::{Better, Line, Options, Process, Server, wait_until};
use tokio::sync::Notify;
use tokio_stream::Pending;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

const COMPONENTS: u64 = 100_000;
/// The bound that the issue of this benchmark names.
const SECONDS_LIMIT: f64 = 2.0;
const MESSAGE_LIMIT: f64 = axonscope_proto::limits::REPORT_BYTES as f64;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("--role=program"), Some(url)) => match program(&url) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("bench program: {error:#}");
                ExitCode::FAILURE
            }
        },
        _ => support::main(bench),
    }
}

async fn bench(_: Options) -> Result<()> {
    let server = Server::start("127.0.0.1:0")?;
    let address = server.address().to_owned();
    let mut reader = server.reader().await?;
    let (program, mut stdin) = spawn_program(&server.url)?;

    let began = Instant::now();
    writeln!(stdin, "attach")?;
    let ended = wait_until(&mut reader, "the whole program", |system| system.components == COMPONENTS).await?;
    Line::alone("attach", format!("attach_s@{COMPONENTS}"), (ended - began).as_secs_f64(), "s")
        .against("limit-2s", SECONDS_LIMIT, Better::Less)
        .print()?;

    drop(server);
    let largest = {
        let address = address.clone();
        tokio::task::spawn_blocking(move || largest_message(&address)).await??
    };
    Line::alone("attach", format!("largest_message_bytes@{COMPONENTS}"), largest as f64, "B")
        .against("limit-1MiB", MESSAGE_LIMIT, Better::Less)
        .print()?;

    // The program has been dialling all the while, and the wait for its next attempt is part of this.
    let began = Instant::now();
    let server = Server::start(&address)?;
    let mut reader = server.reader().await?;
    let ended = wait_until(&mut reader, "the program to come back", |system| system.components == COMPONENTS).await?;
    Line::alone("attach", format!("return_s@{COMPONENTS}"), (ended - began).as_secs_f64(), "s").print()?;
    drop(program);
    Ok(())
}

/// Starts the program and returns once all its components run; it attaches when told so.
fn spawn_program(url: &str) -> Result<(Process, ChildStdin)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--role=program", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the program")?;
    let stdin = child.stdin.take().context("the program takes no input")?;
    let stdout = child.stdout.take().context("the program has no output")?;
    let process = Process(child);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    ensure!(line.trim() == "ready", "the program said {line:?}");
    Ok((process, stdin))
}

// === The program ===

/// Passes on what it gets.
struct Relay;

impl Component for Relay {
    type Boxes = Io<u64, u64>;

    async fn run(self, mut io: Self::Boxes, _: Surroundings) -> Outcome {
        while let Some(message) = io.inbox.recv().await? {
            io.outbox.send(message).await?;
        }
        Ok(())
    }
}

fn program(url: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _entered = runtime.enter();
    let system = System::new("bench");
    let mut last = None;
    for n in 0..COMPONENTS {
        let relay = system.add(format!("relay-{n:06}"), Relay)?.start();
        if let Some(last) = &last {
            system.link((last, "outbox"), (&relay, "inbox"))?;
        }
        last = Some(relay);
    }
    println!("ready");
    let mut told = String::new();
    std::io::stdin().read_line(&mut told)?;
    let _probe = axonscope_probe::Probe::builder().system(&system).endpoint(url)?.start()?;
    // Ends with whoever started it.
    while std::io::stdin().read_line(&mut told)? > 0 {}
    Ok(())
}

// === A visualiser that only measures ===

/// The largest Report until the end of the first whole Snapshot, encoded, in bytes.
fn largest_message(address: &str) -> Result<u64> {
    let measured = Arc::new(Measured::default());
    // A runtime of its own, because what it serves has to end with it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let whole = runtime.block_on(async {
        let incoming = TcpIncoming::bind(address.parse()?)?;
        let service = VisualiserServer::new(Scales(Arc::clone(&measured))).max_decoding_message_size(64 << 20);
        tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
        let whole = tokio::time::timeout(Duration::from_secs(60), measured.whole.notified()).await;
        whole.context("the program did not come back within a minute")
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    whole?;
    Ok(measured.largest.load(Ordering::Relaxed))
}

#[derive(Default)]
struct Measured {
    largest: AtomicU64,
    whole: Notify,
}

struct Scales(Arc<Measured>);

#[tonic::async_trait]
impl Visualiser for Scales {
    type ObserveStream = Pending<Result<Ask, Status>>;

    async fn observe(&self, request: Request<Streaming<Report>>) -> Result<Response<Self::ObserveStream>, Status> {
        let measured = Arc::clone(&self.0);
        let mut reports = request.into_inner();
        tokio::spawn(async move {
            while let Ok(Some(report)) = reports.message().await {
                measured.largest.fetch_max(report.encoded_len() as u64, Ordering::Relaxed);
                if matches!(report.content, Some(Content::Snapshot(part)) if part.last) {
                    measured.whole.notify_one();
                }
            }
        });
        Ok(Response::new(tokio_stream::pending()))
    }
}
