//! What components cost that do nothing: bytes each, starting and stopping them all, and describing them.
//!
//! Each kind is measured in a process of its own, so that none inherits another's heap. The process is this same
//! executable with a role, and says what it found as lines of `NAME VALUE`.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axonscope_runtime::System;
use tokio::task::yield_now;

use crate::support::race::single_thread;
use crate::support::{Better, Line, Options, pin};
use crate::{ours, peers, stall};

/// The argument by which this executable is one of the processes; the kind and the number follow.
pub(crate) const ROLE: &str = "--role=idle";
/// Started, but not yet run, at most.
const BATCH: usize = 1_000;
/// Nothing is to be aborted only because there is so much to stop.
const GRACE: Duration = Duration::from_secs(120);
/// No stall of a running component may be longer while a system is described.
const STALL_LIMIT_MS: f64 = 1.0;

/// How many of whatever this process measures run now.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Held by each while it runs.
pub(crate) struct Running(());

impl Running {
    pub(crate) fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    let count: usize = if options.quick { 100_000 } else { 1_000_000 };
    let tasks = measure("tasks", count)?;
    let ractor = if options.quick { None } else { Some(measure("ractor", count)?) };
    for (kind, suffix) in [("unlinked", ""), ("linked", "-linked")] {
        let ours = measure(kind, count)?;
        for (name, unit) in [("bytes_per_component", "B"), ("start_s", "s"), ("stop_s", "s")] {
            for (peer, theirs) in [("tokio-task+mpsc", Some(&tasks)), ("ractor", ractor.as_ref())] {
                let Some(theirs) = theirs else { continue };
                Line::alone("runtime", format!("{name}@{count}{suffix}"), found(&ours, name)?, unit)
                    .against(peer, found(theirs, name)?, Better::Less)
                    .print()?;
            }
        }
        let line = |name: &str, unit| {
            anyhow::Ok(Line::alone("runtime", format!("{name}@{count}{suffix}"), found(&ours, name)?, unit))
        };
        line("describe_ms", "ms")?.print()?;
        line("describe_page_us", "us")?.print()?;
        line("describe_page_delay_ms", "ms")?.print()?;
        line("describe_stall_ms", "ms")?.against("limit-1ms", STALL_LIMIT_MS, Better::Less).print()?;
        // What the machine does to the same component by itself.
        line("undisturbed_stall_ms", "ms")?.print()?;
    }
    Ok(())
}

type Found = HashMap<String, f64>;

fn found(found: &Found, name: &str) -> Result<f64> {
    found.get(name).copied().with_context(|| format!("a process did not say {name}"))
}

fn measure(kind: &str, count: usize) -> Result<Found> {
    let output = Command::new(std::env::current_exe()?)
        .args([ROLE, kind, &count.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start a process to measure in")?;
    ensure!(output.status.success(), "the process with idle {kind:?} failed");
    let said = String::from_utf8(output.stdout)?;
    let lines = said.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(name, value)| Ok((name.to_owned(), value.parse()?))).collect()
}

// === In the process ===

/// Measures `count` of a kind and says what it found.
pub(crate) fn role(kind: &str, count: usize) -> Result<()> {
    pin::here(pin::MEASURED);
    let runtime = single_thread()?;
    runtime.block_on(async {
        match kind {
            "tasks" => {
                let senders = start(count, async || Ok(peers::idle_task())).await?;
                let began = Instant::now();
                drop(senders);
                stopped(began).await;
            }
            "ractor" => {
                let actors = start(count, peers::idle_ractor).await?;
                let began = Instant::now();
                for actor in actors {
                    actor.stop(None);
                }
                stopped(began).await;
            }
            "unlinked" | "linked" => {
                let system = System::with_grace("idle", GRACE);
                let mut row = ours::IdleRow::new(&system, kind == "linked");
                start(count, async || row.add()).await?;
                stall::measure(&system).await?;
                let began = Instant::now();
                let aborted = system.shutdown().await;
                stopped(began).await;
                ensure!(aborted.is_empty(), "{} components did not stop in time", aborted.len());
            }
            _ => bail!("nothing idle is called {kind:?}"),
        }
        Ok(())
    })
}

/// Starts `count` and returns what each start returned, once all have run and wait.
async fn start<T>(count: usize, mut one: impl AsyncFnMut() -> Result<T>) -> Result<Vec<T>> {
    let mut kept = Vec::with_capacity(count);
    let before = resident_bytes()?;
    let began = Instant::now();
    for n in 1..=count {
        kept.push(one().await?);
        if n % BATCH == 0 || n == count {
            while RUNNING.load(Ordering::Relaxed) < n {
                yield_now().await;
            }
        }
    }
    say("start_s", began.elapsed().as_secs_f64());
    // One more turn for each, should any have something to do after it said that it runs.
    yield_now().await;
    say("bytes_per_component", (resident_bytes()?.saturating_sub(before)) as f64 / count as f64);
    Ok(kept)
}

/// Waits until all have stopped.
async fn stopped(began: Instant) {
    while RUNNING.load(Ordering::Relaxed) > 0 {
        yield_now().await;
    }
    say("stop_s", began.elapsed().as_secs_f64());
}

/// One line to whoever started this process.
pub(crate) fn say(name: &str, value: f64) {
    println!("{name} {value}");
}

fn resident_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("resident memory is read from Linux's /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}
