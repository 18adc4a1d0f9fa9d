//! The peer of `./bench probe`: the row of stages by hand, bare or under console-subscriber, and who watches that.
//!
//! `bare` and `attached PORT` are measured, `watch PORT` plays tokio-console. Each answers questions on its standard
//! input; see `support/child.rs`.

mod watch;

#[path = "../../support"]
#[allow(dead_code, unreachable_pub, reason = "shared with benchmarks that use all of it")]
mod support {
    pub(crate) mod by_hand;
    pub(crate) mod child;
    pub(crate) mod pin;
    pub(crate) mod race;
    pub(crate) mod undisturbed;
}

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use support::race::{Race, single_thread, until_idle};
use support::undisturbed::undisturbed;
use support::{by_hand, child, pin};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// As in the case it is compared with.
const CAPACITY: usize = 64;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ended = match args[..] {
        ["bare"] => measured(None),
        ["attached", port] => port.parse().context("a port").and_then(|port| measured(Some(port))),
        ["watch", port] => port.parse().context("a port").and_then(watch::run),
        _ => Err(anyhow::anyhow!("run it with ./bench probe")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("console: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measured(port: Option<u16>) -> Result<()> {
    pin::here(pin::MEASURED);
    if let Some(port) = port {
        // Beside what is measured, as our probe is.
        let layer = pin::over_there(pin::WATCHING, || {
            console_subscriber::ConsoleLayer::builder().server_addr(([127, 0, 0, 1], port)).spawn()
        });
        tracing_subscriber::registry().with(layer).init();
        pin::check(std::process::id(), "console", pin::WATCHING);
    }
    let runtime = single_thread()?;
    let mut prepared = None;
    child::serve(|question| match question.split_once(' ').unwrap_or((question, "")) {
        ("relay", messages) => {
            let race = Race::new(1, 4 * CAPACITY as u64, messages.parse()?);
            let _entered = runtime.enter();
            by_hand::mpsc_chain(CAPACITY, &race);
            runtime.block_on(race.warm())?;
            prepared = Some(race);
            Ok(0.0)
        }
        ("go", _) => {
            let race = prepared.take().context("nothing is prepared")?;
            let took = undisturbed(|| runtime.block_on(race.time()))?;
            runtime.block_on(until_idle());
            Ok(took.as_secs_f64())
        }
        _ => bail!("{question:?} is not understood"),
    })
}
