//! How fast the layout engine is, how exact, how good its pictures are, beside other engines on the same graphs.
//!
//! `./bench layout` runs all parts, with `--quick` one graph of those that have a bar; given to the program itself, names
//! of parts run those alone: `cargo bench --profile dev -p axonscope --no-default-features --bench layout -- error`.
//! Ours and the peers take rounds in turn, see [`support::pairs`]. What runs on one thread is bound to a processor, and
//! what other programs took of that is not counted; what runs on more is timed by the wall clock, and so is only as good
//! as the machine is idle. Peers on Node are found where `./bench` put them, graphviz where it is installed.

mod support;

#[path = "layout/engine.rs"]
mod engine;
#[path = "layout/error.rs"]
mod error;
#[path = "layout/graphs.rs"]
mod graphs;
#[path = "layout/graphviz.rs"]
mod graphviz;
#[path = "layout/growth.rs"]
mod growth;
#[path = "layout/nested.rs"]
mod nested;
#[path = "layout/node.rs"]
mod node;
#[path = "layout/quality.rs"]
mod quality;
#[path = "layout/settle.rs"]
mod settle;
#[path = "layout/ticking.rs"]
mod ticking;
#[path = "layout/ticks.rs"]
mod ticks;

use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, bail};
use support::{Options, pin};

/// A part, and whether it has a place in a minute.
struct Part {
    name: &'static str,
    quick: bool,
    bench: fn(Options) -> Result<()>,
}

const PARTS: [Part; 5] = [
    Part { name: "ticks", quick: true, bench: ticks::bench },
    Part { name: "settle", quick: true, bench: settle::bench },
    Part { name: "nested", quick: false, bench: nested::bench },
    Part { name: "error", quick: false, bench: error::bench },
    Part { name: "growth", quick: false, bench: growth::bench },
];

fn main() -> ExitCode {
    support::main(bench)
}

async fn bench(options: Options) -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|wanted| PARTS.iter().all(|part| part.name != **wanted)) {
        bail!("there is no part called {unknown:?}; there are {}", PARTS.map(|part| part.name).join(", "));
    }
    for part in PARTS {
        let runs = if wanted.is_empty() { part.quick || !options.quick } else { wanted.iter().any(|w| w == part.name) };
        if runs {
            // On a thread of its own, so that binding it to a processor binds nothing else but what it starts.
            let thread = thread::Builder::new().name(part.name.into()).spawn(move || {
                pin::here(pin::MEASURED);
                (part.bench)(options)
            })?;
            thread.join().ok().context("a part panicked")?.with_context(|| format!("the part {:?}", part.name))?;
        }
    }
    Ok(())
}
