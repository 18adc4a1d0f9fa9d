//! Milliseconds a tick, beside d3-force, ngraph and graphology's ForceAtlas2: each with its own forces and its own
//! accuracy, from the same start.

use anyhow::Result;

use crate::engine::{self, THREADS};
use crate::graphs::{Kind, starts};
use crate::node::{PEERS, Peers};
use crate::support::pairs::{Ratio, in_turn, median};
use crate::support::{Better, Line, Options};
use crate::ticking::Ticking;

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    let peers = Peers::find();
    if options.quick {
        return compare(Kind::Pipelines, 10_000, peers.as_ref());
    }
    for n in [1_000, 10_000, 50_000] {
        for kind in Kind::ALL {
            compare(kind, n, peers.as_ref())?;
        }
    }
    Ok(())
}

fn compare(kind: Kind, n: usize, peers: Option<&Peers>) -> Result<()> {
    let graph = kind.graph(n);
    let simulation = engine::placed(&graph.request(), &starts(graph.nodes))?;
    let mut cast = Vec::new();
    for &threads in THREADS {
        cast.push(Ticking::ours(simulation.clone(), threads)?);
    }
    for (peers, name) in peers.iter().flat_map(|peers| PEERS.map(|name| (peers, name))) {
        cast.push(Ticking::peer(peers.start(name, kind, n)?)?);
    }

    let cases: Vec<usize> = (0..cast.len()).collect();
    let figures = in_turn(&cases, if n > 10_000 { 7 } else { 11 }, |case| cast[case].round_ms())?;
    let (ours, theirs) = figures.split_at(THREADS.len());
    for (&threads, ours) in THREADS.iter().zip(ours) {
        let line = || Line::alone("layout", format!("tick_ms@{}-{n}-{threads}t", kind.name()), median(ours), "ms");
        if theirs.is_empty() {
            line().print()?;
        }
        for (peer, theirs) in PEERS.iter().zip(theirs) {
            // The other way round: of two times the smaller is better.
            let Ratio { median: ratio, low, high } = Ratio::paired(theirs, ours);
            line().against(peer, median(theirs), Better::Less).paired(ratio, low, high).print()?;
        }
    }
    Ok(())
}
