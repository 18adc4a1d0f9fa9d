//! One source to [`FANS`] sinks: deliveries a second, beside `tokio::sync::broadcast`.
//!
//! A broadcast drops what a slow receiver has not taken, and makes no sender wait. Here its sender lets the receivers
//! catch up, so that nothing is dropped; if something were, the benchmark would fail rather than count it.

use anyhow::{Result, ensure};
use axonscope_runtime::System;
use tokio::runtime::Runtime;

use crate::support::pairs::{Ratio, in_turn, median};
use crate::support::race::{Race, single_thread, until_idle};
use crate::support::{Better, Line, Options, pin};
use crate::{FANS, ours, peers};

/// Of each inbox, and of the broadcast.
const CAPACITY: usize = 64;

#[derive(Clone, Copy)]
enum Case {
    Broadcast,
    Ours(ours::FanOut),
}

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    pin::here(pin::MEASURED);
    let runtime = single_thread()?;
    let messages = if options.quick { 5_000 } else { 50_000 };
    let mut cases = vec![Case::Broadcast];
    cases.extend(ours::FAN_OUTS.iter().map(|(_, way)| Case::Ours(*way)));
    let figures = in_turn(&cases, 15, |case| round(&runtime, case, messages))?;
    let theirs = &figures[0];
    for ((name, _), ours) in ours::FAN_OUTS.iter().zip(&figures[1..]) {
        let Ratio { median: ratio, low, high } = Ratio::paired(ours, theirs);
        Line::alone("runtime", format!("mdeliveries@{name}-{FANS}"), median(ours), "M/s")
            .against("tokio-broadcast", median(theirs), Better::More)
            .paired(ratio, low, high)
            .print()?;
    }
    Ok(())
}

/// Millions of deliveries a second.
fn round(runtime: &Runtime, case: Case, messages: u64) -> Result<f64> {
    let race = Race::new(FANS, CAPACITY as u64, messages);
    let took = match case {
        Case::Broadcast => runtime.block_on(async {
            let missed = peers::broadcast(CAPACITY, &race);
            let took = race.run().await?;
            let missed = missed.load(std::sync::atomic::Ordering::Relaxed);
            ensure!(missed == 0, "receivers of the broadcast missed {missed} messages");
            Ok(took)
        })?,
        Case::Ours(build) => runtime.block_on(async {
            let system = System::new("fan-out");
            build(&system, CAPACITY, &race)?;
            let took = race.run().await?;
            system.shutdown().await;
            anyhow::Ok(took)
        })?,
    };
    runtime.block_on(until_idle());
    Ok((messages * FANS as u64) as f64 / took.as_secs_f64() / 1e6)
}
