//! The program that is measured, as a process that answers questions.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axonscope_runtime::{Component, Context as Surroundings, Io, Outcome, System};
use tokio::runtime::Runtime;
use tracing::info_span;
use tracing_subscriber::util::SubscriberInitExt;

use crate::outside;
use crate::support::race::{Finish, Race, Start, single_thread, until_idle};
use crate::support::row::Relay;
use crate::support::undisturbed::undisturbed;
use crate::support::{child, pin, row};

/// The argument by which this executable is the program; then `bare`, `registry` or `probe URL`.
pub(crate) const ROLE: &str = "--role=program";

/// Set in its environment, it tells a probe to do nothing.
pub(crate) const OFF: &str = "AXONSCOPE_OFF";

const CAPACITY: usize = 64;
/// Components that exist at a time while their coming and going is measured.
const BATCH: usize = 100;

/// What the system of process `pid` is called.
pub(crate) fn system_name(pid: u32) -> String {
    format!("program-{pid}")
}

/// Answers until nobody asks any more.
pub(crate) fn role(args: &[String]) -> Result<()> {
    pin::here(pin::MEASURED);
    let system = System::new(system_name(std::process::id()));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let _probe = match args[..] {
        ["bare"] => None,
        ["registry"] => {
            tracing_subscriber::registry().init();
            None
        }
        ["probe", url] => {
            let probe = pin::over_there(pin::WATCHING, || outside::start(&system, url))?;
            if std::env::var_os(OFF).is_none() {
                pin::check(std::process::id(), "axonscope-probe", pin::WATCHING);
            }
            Some(probe)
        }
        _ => bail!("run it with ./bench probe"),
    };
    let mut program = Program { runtime: single_thread()?, system, prepared: None };
    child::serve(|question| program.answer(question))
}

struct Program {
    runtime: Runtime,
    system: System,
    prepared: Option<Race>,
}

impl Program {
    /// In seconds. What is prepared is warm, and runs at `go`: meanwhile its parent may wait until it is seen.
    fn answer(&mut self, question: &str) -> Result<f64> {
        let (verb, count) = question.split_once(' ').unwrap_or((question, "0"));
        let count: u64 = count.parse().with_context(|| format!("{question:?}: a number"))?;
        let took = match verb {
            "relay" => self.prepare(CAPACITY, count, |system, race| row::chain(system, CAPACITY, race))?,
            "ping-pong" => self.prepare(1, count, ping_pong)?,
            "go" => {
                let race = self.prepared.take().context("nothing is prepared")?;
                let took = undisturbed(|| self.runtime.block_on(race.time()))?;
                self.runtime.block_on(until_idle());
                took
            }
            "spans" => undisturbed(|| anyhow::Ok(enter_and_exit(count)))?,
            "new-spans" => undisturbed(|| anyhow::Ok(create_and_close(count)))?,
            "components" => undisturbed(|| self.runtime.block_on(come_and_go(&self.system, count)))?,
            _ => bail!("{question:?} is not understood"),
        };
        Ok(took.as_secs_f64())
    }

    fn prepare(
        &mut self,
        capacity: usize,
        messages: u64,
        build: impl FnOnce(&System, &Race) -> Result<()>,
    ) -> Result<Duration> {
        let race = Race::new(1, 4 * capacity as u64, messages);
        let _entered = self.runtime.enter();
        build(&self.system, &race)?;
        self.runtime.block_on(race.warm())?;
        self.prepared = Some(race);
        Ok(Duration::ZERO)
    }
}

// === Ping-pong ===

/// Two components, and never more than one message: each poll is for one.
fn ping_pong(system: &System, race: &Race) -> Result<()> {
    let ping = system.add("ping", Ping { start: race.start(), finish: race.finish() })?;
    let pong = system.add("pong", Relay { capacity: CAPACITY })?;
    system.link((&ping, "outbox"), (&pong, "inbox"))?;
    system.link((&pong, "outbox"), (&ping, "inbox"))?;
    system.link((&ping, "signal"), (&pong, "control"))?;
    pong.start();
    ping.start();
    Ok(())
}

struct Ping {
    start: Start,
    finish: Finish,
}

impl Component for Ping {
    type Boxes = Io<u64, u64>;

    async fn run(mut self, mut io: Self::Boxes, _: Surroundings) -> Outcome {
        for n in 0..self.start.warm + self.start.messages {
            if n == self.start.warm {
                self.start.go().await;
            }
            io.outbox.send(n).await?;
            if let Some(message) = io.inbox.recv().await? {
                self.finish.took(message);
            }
        }
        Ok(())
    }
}

// === Spans ===

/// One span, entered over and over, as that of a task is by each poll.
fn enter_and_exit(count: u64) -> Duration {
    let span = info_span!("work", kind = "bench");
    let began = Instant::now();
    for _ in 0..count {
        let entered = black_box(&span).enter();
        black_box(&entered);
    }
    began.elapsed()
}

/// A span each, as that of a request: made, entered, left, closed.
fn create_and_close(count: u64) -> Duration {
    let began = Instant::now();
    for n in 0..count {
        let entered = info_span!("request", n).entered();
        black_box(&entered);
    }
    began.elapsed()
}

// === Components ===

/// A component with the four standard boxes and nothing to do.
struct Brief;

impl Component for Brief {
    type Boxes = Io<u64, u64>;

    async fn run(self, boxes: Self::Boxes, _: Surroundings) -> Outcome {
        black_box(&boxes);
        Ok(())
    }
}

async fn come_and_go(system: &System, count: u64) -> Result<Duration> {
    let began = Instant::now();
    let mut batch = Vec::with_capacity(BATCH);
    for n in 1..=count {
        batch.push(system.add("brief", Brief)?.start());
        if batch.len() == BATCH || n == count {
            for component in batch.drain(..) {
                component.ended().await;
            }
        }
    }
    Ok(began.elapsed())
}
