//! One message there and back, none other in flight: how long that takes, beside two ways by hand.

use anyhow::{Context, Result};
use axonscope_runtime::System;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::support::pairs::{in_turn, median};
use crate::support::race::{single_thread, until_idle};
use crate::support::{Better, Line, Options, pin};
use crate::{ours, peers};

#[derive(Clone, Copy)]
enum Case {
    Ours,
    /// A channel there and a channel back.
    MpscPair,
    /// A channel there, and for each request a oneshot back.
    Oneshot,
}

const CASES: [Case; 3] = [Case::MpscPair, Case::Ours, Case::Oneshot];

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    pin::here(pin::MEASURED);
    let runtime = single_thread()?;
    let trips = if options.quick { 20_000 } else { 100_000 };
    // Both figures of a round come from the same trips.
    let mut p99 = vec![Vec::new(); CASES.len()];
    let p50 = in_turn(&[0, 1, 2], 15, |case| {
        let mut trips_ns = round(&runtime, CASES[case], trips)?;
        trips_ns.sort_unstable();
        p99[case].push(trips_ns[trips_ns.len() * 99 / 100] as f64);
        Ok(trips_ns[trips_ns.len() / 2] as f64)
    })?;
    for (name, figures) in [("p50", &p50), ("p99", &p99)] {
        for (peer, theirs) in [("mpsc-pair", &figures[0]), ("oneshot-mpsc", &figures[2])] {
            Line::alone("runtime", format!("round_trip_ns@{name}"), median(&figures[1]), "ns")
                .against(peer, median(theirs), Better::Less)
                .print()?;
        }
    }
    Ok(())
}

/// How long each trip took, in nanoseconds.
fn round(runtime: &Runtime, case: Case, trips: usize) -> Result<Vec<u64>> {
    let (report, reported) = oneshot::channel();
    let trips_ns = runtime.block_on(async {
        match case {
            Case::Ours => {
                let system = System::new("ping-pong");
                ours::ping_pong(&system, trips, report)?;
                let trips_ns = reported.await;
                system.shutdown().await;
                return trips_ns.context("the pair ended early");
            }
            Case::MpscPair => peers::mpsc_ping_pong(trips, report),
            Case::Oneshot => peers::oneshot_ping_pong(trips, report),
        }
        reported.await.context("the pair ended early")
    })?;
    runtime.block_on(until_idle());
    Ok(trips_ns)
}
