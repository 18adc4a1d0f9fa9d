//! What components cost beside the channels one would have written by hand, and what watching them costs.
//!
//! `./bench runtime` runs all parts; given to the program itself, names of parts run those alone:
//! `cargo bench --profile dev -p axonscope --no-default-features --bench runtime -- relay`. Parts that have a bar run on
//! one thread, bound to a processor, in alternating rounds; see [`support::pairs`].

mod support;

#[path = "runtime/fan_out.rs"]
mod fan_out;
#[path = "runtime/growth.rs"]
mod growth;
#[path = "runtime/idle.rs"]
mod idle;
#[path = "runtime/ours.rs"]
mod ours;
#[path = "runtime/peers.rs"]
mod peers;
#[path = "runtime/ping_pong.rs"]
mod ping_pong;
#[path = "runtime/relay.rs"]
mod relay;
#[path = "runtime/stall.rs"]
mod stall;
#[path = "runtime/watched.rs"]
mod watched;

use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, bail};
use support::Options;
use tokio::runtime::{Builder, Runtime};

/// The sinks of a fan-out.
const FANS: usize = 64;

type Part = fn(Options) -> Result<()>;

const PARTS: &[(&str, Part)] = &[
    ("relay", relay::bench),
    ("fan-out", fan_out::bench),
    ("ping-pong", ping_pong::bench),
    ("growth", growth::bench),
    ("idle", idle::bench),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next(), args.next()) {
        (Some(idle::ROLE), Some(kind), Some(count)) => {
            match count.parse().context("a number").and_then(|count| idle::role(&kind, count)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("runtime, idle {kind}: {error:#}");
                    ExitCode::FAILURE
                }
            }
        }
        _ => support::main(bench),
    }
}

async fn bench(options: Options) -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|wanted| PARTS.iter().all(|(name, _)| name != wanted)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        bail!("there is no part called {unknown:?}; there are {}", names.join(", "));
    }
    for &(name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            // On a thread of its own, so that binding it to a processor binds nothing else.
            let thread = thread::Builder::new().name(name.into()).spawn(move || part(options))?;
            thread.join().ok().context("a part panicked")?.with_context(|| format!("the part {name:?}"))?;
        }
    }
    Ok(())
}

/// A runtime on two threads beside the calling one.
fn two_workers() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
