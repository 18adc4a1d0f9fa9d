//! Networks of ready components from a file, for people who do not program.
//!
//! ```sh
//! cargo run -p axonscope-examples -- kinds
//! cargo run -p axonscope-examples -- run examples/wirings/shout.toml
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_runtime::System;
use axonscope_runtime::wiring::{KindInfo, Kinds, Wiring};
use clap::{Parser, Subcommand};

/// What is wrong with the file is not what goes wrong later.
const WRONG_FILE: u8 = 2;

/// Builds a network of ready components from a file, and runs it.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a network until it has nothing more to do, or until Ctrl-C.
    Run {
        /// The file that says which components there are and how they are linked.
        wiring: PathBuf,
    },
    /// Lists the ready components, with their boxes and options.
    Kinds,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    match Options::parse().command {
        Command::Run { wiring } => run(&wiring).await,
        Command::Kinds => {
            Kinds::library().list().iter().for_each(show);
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let asked = asked_to_end()?;
    let failed = Arc::new(AtomicBool::new(false));
    let mut kinds = Kinds::library();
    kinds.on_failure({
        let failed = failed.clone();
        move |component, why| {
            eprintln!("{component}: {why}");
            failed.store(true, Ordering::Relaxed);
        }
    });
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("cannot read {}: {error}", path.display());
            return Ok(WRONG_FILE.into());
        }
    };
    let wired = Wiring::parse(&text, &path.display().to_string())
        .and_then(|wiring| Ok((wiring.name().to_owned(), wiring.graphline(&kinds)?)));
    let (name, graphline) = match wired {
        Ok(wired) => wired,
        Err(error) => {
            eprintln!("{error}");
            return Ok(WRONG_FILE.into());
        }
    };

    let system = System::new(&*name);
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;
    let network = system.add(name, graphline)?.start();
    let reason = tokio::select! {
        () = asked => "asked to end",
        _ = network.ended() => "nothing more to do",
    };
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close(reason);
    Ok(if failed.load(Ordering::Relaxed) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(kind: &KindInfo) {
    let boxes = match (&*kind.inboxes, &*kind.outboxes) {
        (inboxes, []) => format!("{} ->", inboxes.join(", ")),
        ([], outboxes) => format!("-> {}", outboxes.join(", ")),
        (inboxes, outboxes) => format!("{} -> {}", inboxes.join(", "), outboxes.join(", ")),
    };
    println!("{:<12} {} [{boxes}]", kind.name, kind.about);
    for option in &kind.options {
        let needed = if option.needed { ", needed" } else { "" };
        println!("{:12}   {} = {}{needed}", "", option.name, option.wanted);
    }
}
