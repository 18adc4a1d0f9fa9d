//! Small programs in each of which one thing is wrong, for `axonscope lint` and the list of problems to find.
//!
//! ```sh
//! cargo run --bin faulty -- stuck
//! axonscope lint
//! ```
//!
//! A slow consumer and a deadlock of two are programs of their own: `backlog` and `deadlock`.

mod faults;
mod parts;

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_runtime::System;
use clap::{Parser, ValueEnum};

/// Runs a small program in which one thing is wrong, until Ctrl-C.
#[derive(Parser)]
struct Options {
    /// What is wrong.
    #[arg(value_enum)]
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// An outbox that nobody linked throws its messages away.
    Dropped,
    /// A component waits at an inbox that nobody linked.
    Unlinked,
    /// Three wait for each other in a circle, and a fourth for one of them.
    Circle,
    /// A component never comes back from one step.
    Stuck,
    /// A component fails.
    Failed,
    /// A component fails again and again, and is started anew each time.
    Restarting,
    /// A component has finished, and one that lives still sends to it.
    Finished,
    /// A component takes nothing, although its producer sends.
    Silent,
    /// The whole program dies without a farewell.
    Vanished,
}

// Two threads at least: one of them is taken by whoever is stuck.
#[tokio::main(flavor = "multi_thread", worker_threads = 3)]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    let system = System::new("faulty");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;
    // Beside what is wrong there is something that works.
    parts::add_clock(&system)?;
    let held = match options.fault {
        Fault::Dropped => faults::dropped(&system).map(|()| None),
        Fault::Unlinked => faults::unlinked(&system).map(|()| None),
        Fault::Circle => faults::circle(&system).map(|()| None),
        Fault::Stuck => faults::stuck(&system).map(|()| None),
        Fault::Failed => faults::failed(&system).map(|()| None),
        Fault::Restarting => faults::restarting(&system).map(|()| None),
        Fault::Finished => Ok(Some(faults::finished(&probe))),
        Fault::Silent => faults::silent(&system).map(|()| None),
        Fault::Vanished => Ok(None),
    }?;
    if options.fault == Fault::Vanished {
        faults::vanish().await;
    }
    asked.await;
    drop(held);
    if options.fault == Fault::Stuck {
        // Whoever is stuck cannot be asked to stop, and the runtime would wait for it.
        probe.close("asked to end");
        std::process::exit(0);
    }
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close("asked to end");
    Ok(())
}
