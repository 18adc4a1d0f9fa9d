//! How the time of a tick grows with the graph: the power of n that fits best, which is 1 where a node costs the same in
//! any company.

use anyhow::Result;

use crate::engine::{self, THREADS};
use crate::graphs::{Kind, starts};
use crate::support::pairs::median;
use crate::support::{Line, Options};
use crate::ticking::Ticking;

const ROUNDS: usize = 5;
/// Those up to this are told by the part `ticks`.
const TOLD: usize = 50_000;

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    let sizes: &[usize] = if options.quick { &[1_000, 10_000, 100_000] } else { &[1_000, 10_000, 100_000, 1_000_000] };
    let kinds: &[Kind] = if options.quick { &[Kind::Pipelines] } else { &Kind::ALL };
    for &kind in kinds {
        // Logarithms of nodes and seconds, for each number of threads.
        let mut points = vec![Vec::new(); THREADS.len()];
        for &n in sizes {
            let graph = kind.graph(n);
            let simulation = engine::placed(&graph.request(), &starts(graph.nodes))?;
            for (&threads, points) in THREADS.iter().zip(&mut points) {
                let mut ours = Ticking::ours(simulation.clone(), threads)?;
                let figures = (0..ROUNDS).map(|_| ours.round_ms()).collect::<Result<Vec<f64>>>()?;
                let ms = median(&figures);
                points.push([(graph.nodes as f64).ln(), ms.ln()]);
                if n > TOLD {
                    Line::alone("layout", format!("tick_ms@{}-{n}-{threads}t", kind.name()), ms, "ms").print()?;
                }
            }
        }
        for (&threads, points) in THREADS.iter().zip(&points) {
            let suffix = if threads == 1 { String::new() } else { format!("-{threads}t") };
            Line::alone("layout", format!("tick_growth@{}{suffix}", kind.name()), slope(points), "power").print()?;
        }
    }
    Ok(())
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
