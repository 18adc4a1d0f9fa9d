//! How much heavier the probe makes a program that has tokio and tracing already, beside console-subscriber: crates to
//! compile, and the time of a first build.
//!
//! The programs are packages of a few lines in a temporary folder, locked to the versions that we are built with. They
//! are built as `cargo build` does it there, in the dev profile with nothing changed: the one that people wait for
//! first. Builds follow one another, in turn. Their wall-clock time is what a person waits, and on a machine that does
//! other things it is only rough; the processor time beside it is what the compilers took of all cores together.

mod support;

#[path = "weight/package.rs"]
mod package;

use std::process::ExitCode;

use anyhow::Result;
use package::{Kind, Package};
use support::pairs::{in_turn, median};
use support::{Better, Line, Options};

const KINDS: [Kind; 3] = [Kind::Nothing, Kind::Probe, Kind::Console];

fn main() -> ExitCode {
    support::main(bench)
}

async fn bench(options: Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let packages = KINDS.map(|kind| Package::make(folder.path(), kind));
    let [nothing, probe, console] = packages;
    let packages = [nothing?, probe?, console?];

    let mut crates = Vec::new();
    for package in &packages {
        crates.push(package.crates()?);
    }
    for (kind, all) in KINDS.iter().zip(&crates) {
        eprintln!("bench: {} crates with {}", all.len(), kind.name());
    }
    let added = |place: usize| crates[place].difference(&crates[0]).count() as f64;
    print("crates_added", "crates", added(1), added(2))?;
    let names: Vec<&str> = crates[1].difference(&crates[0]).map(String::as_str).collect();
    eprintln!("bench: the probe adds {}", names.join(", "));

    let blocks = if options.quick { 1 } else { 3 };
    let mut cpu_s = vec![Vec::new(); KINDS.len()];
    let wall_s = in_turn(&[0, 1, 2], blocks, |place| {
        let built = packages[place].build()?;
        eprintln!(
            "bench: built with {} in {:.1} s, {:.1} s of processors",
            KINDS[place].name(),
            built.wall_s,
            built.cpu_s
        );
        cpu_s[place].push(built.cpu_s);
        Ok(built.wall_s)
    })?;
    for (metric, figures) in [("cold_build_s_added", &wall_s), ("cold_build_cpu_s_added", &cpu_s)] {
        let added = |place: usize| {
            let differences = figures[place].iter().zip(&figures[0]).map(|(heavier, nothing)| heavier - nothing);
            median(&differences.collect::<Vec<f64>>())
        };
        print(metric, "s", added(1), added(2))?;
        let name = metric.trim_end_matches("_added");
        Line::alone("weight", format!("{name}@nothing"), median(&figures[0]), "s").print()?;
    }
    Ok(())
}

fn print(metric: &str, unit: &'static str, probe: f64, console: f64) -> Result<()> {
    Line::alone("weight", format!("{metric}@probe"), probe, unit)
        .against("console-subscriber", console, Better::Less)
        .print()?;
    Line::alone("weight", format!("{metric}@console-subscriber"), console, unit).print()
}
