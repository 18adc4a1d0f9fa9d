//! People for the chat server: they join, talk each at their own pace, leave, and come back.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axonscope_examples::asked_to_end;
use clap::Parser;
use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// Scripted clients for the chat server.
#[derive(Parser)]
struct Options {
    /// Where the chat server listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7500")]
    server: SocketAddr,
    /// How many people there are.
    #[arg(long, value_name = "N", default_value_t = 8)]
    clients: usize,
    /// How long they go on.
    #[arg(long, value_name = "S", default_value_t = 30)]
    seconds: u64,
    /// The same seed, the same script.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const NAMES: [&str; 40] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "karl", "laura", "mallory",
    "niaj", "olivia", "peggy", "quentin", "rupert", "sybil", "trent", "ursula", "victor", "wendy", "xavier", "yvonne",
    "zoe", "ada", "barbara", "claude", "dennis", "edsger", "frances", "guido", "hedy", "ingrid", "john", "ken",
    "linus", "margaret", "noam",
];

const LINES: [&str; 12] = [
    "hello everybody",
    "is it me, or is this thing fast?",
    "look at the picture, there I am",
    "who else is here?",
    "I only came for the lines",
    "brb, tea",
    "did you see that one leave?",
    "what happens when the logger is slow?",
    "one more linkage and I will understand it all",
    "free money at my place!",
    "that was the moderator, I think",
    "good question",
];

#[derive(Default)]
struct Totals {
    joined: AtomicU64,
    said: AtomicU64,
    heard: AtomicU64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let totals = Arc::new(Totals::default());
    let mut people = JoinSet::new();
    let mut rng = Rng::with_seed(options.seed);
    for number in 0..options.clients {
        let name = match number / NAMES.len() {
            0 => NAMES[number].to_owned(),
            round => format!("{} {}", NAMES[number % NAMES.len()], round + 1),
        };
        people.spawn(timeout_at(end, live(name, options.server, rng.fork(), totals.clone())));
    }
    tokio::select! {
        () = async { while people.join_next().await.is_some() {} } => {}
        () = asked => {}
    }
    let [joined, said, heard] = [&totals.joined, &totals.said, &totals.heard].map(|n| n.load(Ordering::Relaxed));
    println!("{} people joined {joined} times, said {said} lines and heard {heard} bytes", options.clients);
    if joined == 0 && options.clients > 0 {
        eprintln!("nobody could connect to {}; is the chat server running there?", options.server);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Comes and goes for ever.
async fn live(name: String, server: SocketAddr, mut rng: Rng, totals: Arc<Totals>) {
    // Some talk ten times as much as others.
    let pause = Duration::from_millis(200 + 1800 * rng.u64(0..100).pow(2) / 10_000);
    sleep(pause / 2).await;
    loop {
        // A server that is not there, or goes, is no reason to stop trying.
        let _ = visit(&name, server, pause, &mut rng, &totals).await;
        sleep(Duration::from_millis(rng.u64(1000..4000))).await;
    }
}

async fn visit(
    name: &str,
    server: SocketAddr,
    pause: Duration,
    rng: &mut Rng,
    totals: &Arc<Totals>,
) -> std::io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    let (read, mut write) = stream.into_split();
    write.write_all(format!("{name}\n").as_bytes()).await?;
    totals.joined.fetch_add(1, Ordering::Relaxed);
    let talk = async {
        for _ in 0..rng.usize(8..40) {
            sleep(pause.mul_f64(0.5 + rng.f64())).await;
            let line = LINES[rng.usize(..LINES.len())];
            write.write_all(format!("{line}\n").as_bytes()).await?;
            totals.said.fetch_add(1, Ordering::Relaxed);
        }
        write.write_all(b"/quit\n").await
    };
    let listen = async {
        let mut read = BufReader::new(read);
        let mut heard = [0; 4096];
        loop {
            let length = read.read(&mut heard).await?;
            if length == 0 {
                return Ok(());
            }
            totals.heard.fetch_add(length as u64, Ordering::Relaxed);
        }
    };
    tokio::select! {
        talked = talk => talked,
        listened = listen => listened,
    }
}
