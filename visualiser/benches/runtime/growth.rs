//! Hops a second as the number of components grows: flat but for the processor's caches, as raw channels are.
//!
//! The components are rows of [`STAGES`], all busy at once, and the hops are shared among them.

use anyhow::Result;
use axonscope_runtime::System;
use tokio::runtime::Runtime;

use crate::support::pairs::{Ratio, in_turn, median};
use crate::support::race::{HOPS, Race, single_thread, until_idle};
use crate::support::{Better, Line, Options, by_hand, pin, row};

const CAPACITY: usize = 64;
/// Source, relays and sink.
const STAGES: usize = HOPS as usize + 1;

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    pin::here(pin::MEASURED);
    let runtime = single_thread()?;
    let (rounds, hops) = if options.quick { (3, 4_000_000) } else { (5, 30_000_000) };
    for components in [10, 1_000, 100_000] {
        let rows = components / STAGES;
        // Queues fill at least once, so that waits are as common in many short rows as in one long-lived one.
        let messages = (hops / HOPS / rows as u64).max(2 * CAPACITY as u64);
        let figures = in_turn(&[false, true], rounds, |ours| round(&runtime, ours, rows, messages))?;
        let Ratio { median: ratio, low, high } = Ratio::paired(&figures[1], &figures[0]);
        Line::alone("runtime", format!("mhops@growth-{components}"), median(&figures[1]), "Mhops/s")
            .against("tokio-mpsc", median(&figures[0]), Better::More)
            .paired(ratio, low, high)
            .print()?;
    }
    Ok(())
}

/// Millions of hops a second, over all rows.
fn round(runtime: &Runtime, ours: bool, rows: usize, messages: u64) -> Result<f64> {
    let race = Race::new(rows, CAPACITY as u64, messages);
    let took = {
        let _entered = runtime.enter();
        let system = System::new("growth");
        for _ in 0..rows {
            if ours {
                row::chain(&system, CAPACITY, &race)?;
            } else {
                by_hand::mpsc_chain(CAPACITY, &race);
            }
        }
        runtime.block_on(race.run())?
    };
    runtime.block_on(until_idle());
    Ok((messages * rows as u64 * HOPS) as f64 / took.as_secs_f64() / 1e6)
}
