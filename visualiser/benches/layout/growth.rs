//! How the time of a tick grows with the graph: the power of n that fits best, which is 1 where a node costs the same in
//! any company.
//!
//! All sizes do the same work: so many ticks from the same kind of start, which is as they are laid out from nothing, and
//! strewn at random as for the part `ticks`. Were each given the same time instead, small graphs would be at rest by then,
//! where nothing overlaps and a tick costs less.

use std::time::Duration;

use anyhow::Result;

use crate::engine::{self, Pool, Simulation, THREADS};
use crate::graphs::{Graph, Kind, starts};
use crate::support::pairs::median;
use crate::support::{Line, Options};

const ROUNDS: usize = 5;
/// What a round lasts at least.
const ROUND: Duration = Duration::from_millis(150);
/// Ticks after a start that are not counted: they take the storage that is kept.
const WARM_TICKS: u32 = 3;
/// Those that are.
const TICKS: u32 = 3;
/// Those up to this are told by the part `ticks`.
const TOLD: usize = 50_000;

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    let sizes: &[usize] = if options.quick { &[1_000, 10_000, 100_000] } else { &[1_000, 10_000, 100_000, 1_000_000] };
    let kinds: &[Kind] = if options.quick { &[Kind::Pipelines] } else { &Kind::ALL };
    let pools = THREADS.iter().map(|&threads| Pool::new(threads)).collect::<Result<Vec<Pool>>>()?;
    for &kind in kinds {
        let graphs: Vec<Graph> = sizes.iter().map(|&n| kind.graph(n)).collect();
        let mut simulations: Vec<Simulation> = graphs.iter().map(|graph| engine::laid_out(&graph.request())).collect();
        measure(&format!("{}-laid-out", kind.name()), sizes, &simulations, &pools)?;
        for (simulation, graph) in simulations.iter_mut().zip(&graphs) {
            engine::place(simulation, &starts(graph.nodes))?;
        }
        measure(kind.name(), sizes, &simulations, &pools)?;
    }
    Ok(())
}

/// Prints how a tick grows from these starts.
fn measure(name: &str, sizes: &[usize], simulations: &[Simulation], pools: &[Pool]) -> Result<()> {
    for (&threads, pool) in THREADS.iter().zip(pools) {
        // Sizes take rounds in turn, so that a slow minute of the machine is everybody's.
        let mut figures = vec![Vec::new(); sizes.len()];
        for _ in 0..ROUNDS {
            for (simulation, figures) in simulations.iter().zip(&mut figures) {
                figures.push(tick_ms(simulation, pool));
            }
        }
        let mut points = Vec::new();
        for ((&n, simulation), figures) in sizes.iter().zip(simulations).zip(&figures) {
            let ms = median(figures);
            points.push([(simulation.layout().positions.len() as f64).ln(), ms.ln()]);
            if n > TOLD {
                Line::alone("layout", format!("tick_ms@{name}-{n}-{threads}t"), ms, "ms").print()?;
            }
        }
        let suffix = if threads == 1 { String::new() } else { format!("-{threads}t") };
        Line::alone("layout", format!("tick_growth@{name}{suffix}"), slope(&points), "power").print()?;
    }
    Ok(())
}

/// A round: milliseconds a tick, of those that follow the start.
fn tick_ms(start: &Simulation, pool: &Pool) -> f64 {
    let (mut spent, mut ticks) = (Duration::ZERO, 0);
    while spent < ROUND {
        let mut simulation = start.clone();
        pool.time(|| engine::hot_ticks(&mut simulation, WARM_TICKS));
        spent += pool.time(|| engine::hot_ticks(&mut simulation, TICKS));
        ticks += TICKS;
    }
    spent.as_secs_f64() * 1e3 / f64::from(ticks)
}

/// Of the straight line that fits best.
fn slope(points: &[[f64; 2]]) -> f64 {
    let mean = |axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(0), mean(1));
    let (mut together, mut along) = (0.0, 0.0);
    for point in points {
        together += (point[0] - x) * (point[1] - y);
        along += (point[0] - x).powi(2);
    }
    together / along
}
