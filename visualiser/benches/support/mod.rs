//! What the benchmarks share: a real server process, questions to it, rounds in turn, and the two ways results are
//! printed.

#![allow(dead_code, reason = "each benchmark uses its part")]

pub(crate) mod by_hand;
pub(crate) mod child;
pub(crate) mod pairs;
pub(crate) mod pin;
pub(crate) mod race;
pub(crate) mod raw;
pub(crate) mod row;
pub(crate) mod undisturbed;
pub(crate) mod watch;

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axonscope_session::reader::Reader;
use axonscope_session::{Standing, Summary};
use serde::Serialize;

/// How long anything may take before the benchmark gives up and says so.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a person asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Finish within a minute.
    pub(crate) quick: bool,
}

/// Runs `bench` with the options of this process, once it is clear that a benchmark is wanted: `cargo test` starts
/// benchmark programs as well, to see that they start.
pub(crate) fn main(bench: impl AsyncFnOnce(Options) -> Result<()>) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        println!("a benchmark: run it with ./bench");
        return ExitCode::SUCCESS;
    }
    let options = Options { quick: args.iter().any(|arg| arg == "--quick") };
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(bench(options)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One measured figure.
#[derive(Serialize)]
pub(crate) struct Line {
    /// The benchmark's name.
    pub(crate) bench: &'static str,
    /// METRIC@CASE.
    pub(crate) metric: String,
    /// The figure.
    pub(crate) value: f64,
    /// Of `value` and `peer_value`.
    pub(crate) unit: &'static str,
    /// Where the figure lies with 95 %, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_low: Option<f64>,
    /// The other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value_high: Option<f64>,
    /// Who or what it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<&'static str>,
    /// The peer's figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer_value: Option<f64>,
    /// How many times better than the peer we are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    /// Where the ratio lies with 95 %, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio_low: Option<f64>,
    /// The other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio_high: Option<f64>,
}

/// Which way a figure is better.
#[derive(Clone, Copy)]
pub(crate) enum Better {
    /// Such as changes a second.
    More,
    /// Such as bytes.
    Less,
}

impl Line {
    /// A figure without a peer.
    pub(crate) fn alone(bench: &'static str, metric: String, value: f64, unit: &'static str) -> Self {
        Self {
            bench,
            metric,
            value,
            unit,
            value_low: None,
            value_high: None,
            peer: None,
            peer_value: None,
            ratio: None,
            ratio_low: None,
            ratio_high: None,
        }
    }

    /// The figure lies between these with 95 %.
    pub(crate) fn between(self, low: f64, high: f64) -> Self {
        Self { value_low: Some(low), value_high: Some(high), ..self }
    }

    /// The same, compared. There is no ratio to something that is not above nothing.
    pub(crate) fn against(self, peer: &'static str, peer_value: f64, better: Better) -> Self {
        let ratio = match better {
            Better::More => self.value / peer_value,
            Better::Less => peer_value / self.value,
        };
        let ratio = (self.value > 0.0 && peer_value > 0.0).then_some(ratio);
        Self { peer: Some(peer), peer_value: Some(peer_value), ratio, ..self }
    }

    /// The ratio is the median of paired ones, not that of the two figures, and lies between these with 95 %.
    pub(crate) fn paired(self, ratio: f64, low: f64, high: f64) -> Self {
        Self { ratio: Some(ratio), ratio_low: Some(low), ratio_high: Some(high), ..self }
    }

    /// One JSON object on standard output, one line of the table on standard error.
    pub(crate) fn print(self) -> Result<()> {
        println!("{}", serde_json::to_string(&self)?);
        let mut compared = match (self.peer, self.peer_value, self.ratio) {
            (Some(peer), Some(value), Some(ratio)) => format!("{peer} {} → {ratio:.2}×", figure(value)),
            (Some(peer), Some(value), None) => format!("{peer} {}", figure(value)),
            _ => String::new(),
        };
        if let (Some(low), Some(high)) = (self.ratio_low, self.ratio_high) {
            compared += &format!(" ({low:.3} to {high:.3})");
        }
        if let (Some(low), Some(high)) = (self.value_low, self.value_high) {
            compared = format!("({low:.3} to {high:.3})  {compared}");
        }
        eprintln!("{:<8} {:<36} {:>14} {:<7} {compared}", self.bench, self.metric, figure(self.value), self.unit);
        Ok(())
    }
}

/// A figure with spaces between thousands, or three digits after the point where it is small.
fn figure(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.3}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut spaced = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            spaced.push(' ');
        }
        spaced.push(digit);
    }
    spaced
}

/// A process that ends with whoever holds it.
pub(crate) struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `axonscope --headless` in a process of its own, as people run it.
pub(crate) struct Server {
    process: Process,
    // Held open so that the server can go on writing.
    _stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) url: String,
}

impl Server {
    /// Starts one and returns once it listens; `address` may end in `:0`.
    pub(crate) fn start(address: &str) -> Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_axonscope"))
            .env("AXONSCOPE_CONFIG", "")
            .args(["--headless", "--listen", address])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start axonscope")?;
        let stdout = child.stdout.take().context("axonscope has no output")?;
        let process = Process(child);
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.with_context(|| format!("axonscope did not say where it listens but {line:?}"))?.to_owned();
        Ok(Self { process, _stdout: stdout, url })
    }

    /// The address in its URL.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// A reader's connection.
    pub(crate) async fn reader(&self) -> Result<Reader> {
        Ok(Reader::connect(&self.url).await?)
    }

    /// What is resident of it now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        child::resident_bytes(self.pid())
    }

    /// What is resident once that has changed by less than one in two hundred for three seconds, or after `patience`.
    pub(crate) async fn settled_bytes(&self, patience: Duration) -> Result<u64> {
        let began = Instant::now();
        let mut quiet_since = Instant::now();
        let mut settled = self.resident_bytes()?;
        while began.elapsed() < patience && quiet_since.elapsed() < Duration::from_secs(3) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.resident_bytes()?;
            if now.abs_diff(settled) > settled / 200 {
                settled = now;
                quiet_since = Instant::now();
            }
        }
        self.resident_bytes()
    }
}

/// Asks until the only system of `reader`'s visualiser is live and `holds`; returns when that was.
pub(crate) async fn wait_until(
    reader: &mut Reader,
    what: &str,
    mut holds: impl FnMut(&Summary) -> bool,
) -> Result<Instant> {
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < PATIENCE {
        last = reader.list().await?.into_iter().next();
        if last.as_ref().is_some_and(|system| system.standing == Standing::Live && holds(system)) {
            return Ok(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("waited {} s for {what}; the last answer was {last:?}", PATIENCE.as_secs())
}
