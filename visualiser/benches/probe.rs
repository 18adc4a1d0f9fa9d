//! What a program pays for being observed: throughput, memory, time per message, span and component; and whether it
//! notices that its visualiser is frozen or killed.
//!
//! Each case is a process of its own, this same executable in another role: there is one tracing subscriber in a
//! process, and what is resident is told of a process. All of them exist at once, parked, and take rounds in turn. They
//! run on one thread, bound to a processor; their probes, and those who watch, are bound to the other. After some rounds
//! all are started anew, so that no case keeps an accident of its memory's layout for the whole run. What other programs
//! took of the processor is not counted; what they take of caches and memory nobody can tell, so that a run while
//! something else is built is still only rough: `control` shows how rough.
//!
//! `./bench probe` runs all parts; given to the program itself, names of parts run those alone.

mod support;

#[path = "probe/cast.rs"]
mod cast;
#[path = "probe/faults.rs"]
mod faults;
#[path = "probe/outside.rs"]
mod outside;
#[path = "probe/peer.rs"]
mod peer;
#[path = "probe/program.rs"]
mod program;
#[path = "probe/share.rs"]
mod share;
#[path = "probe/tapper.rs"]
mod tapper;

use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, bail};
use support::{Options, pin};

/// What the parts find, and say at the end, when all that is compared is known.
#[derive(Default)]
struct Found {
    console: Option<peer::Console>,
}

type Part = fn(Options, &mut Found) -> Result<()>;

/// The peer is first: others are compared with it.
const PARTS: &[(&str, Part)] = &[("peer", peer::bench), ("watched", cast::bench), ("faults", faults::bench)];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((role, rest)) if role == program::ROLE => match program::role(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("probe, {}: {error:#}", rest.join(" "));
                ExitCode::FAILURE
            }
        },
        _ => support::main(bench),
    }
}

async fn bench(options: Options) -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|wanted| PARTS.iter().all(|(name, _)| name != wanted)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        bail!("there is no part called {unknown:?}; there are {}", names.join(", "));
    }
    // On a thread of its own, beside what is measured.
    let thread = thread::Builder::new().name("bench".into()).spawn(move || {
        pin::here(pin::WATCHING);
        let mut found = Found::default();
        for (name, part) in PARTS {
            if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
                part(options, &mut found).with_context(|| format!("the part {name:?}"))?;
            }
        }
        Ok(())
    })?;
    thread.join().ok().context("a part panicked")?
}
