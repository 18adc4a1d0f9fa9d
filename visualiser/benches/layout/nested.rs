//! What composites cost: ten thousand components with rings round rings round rings, beside the same components without.

use anyhow::Result;
use axonscope_layout::{Body, LayoutRequest};

use crate::engine::{self, Simulation, THREADS};
use crate::graphs::{Graph, Kind};
use crate::support::pairs::{Ratio, in_turn, median};
use crate::support::{Better, Line, Options};
use crate::ticking::Ticking;

const COMPONENTS: usize = 10_000;
/// How many are in a composite, components or composites.
const EACH: usize = 10;
/// A component with its boxes and its name.
const HALF_SIZE: [f32; 2] = [60.0, 45.0];
const ROUNDS: usize = 11;

/// Runs the part.
pub(crate) fn bench(_: Options) -> Result<()> {
    let graph = Kind::Pipelines.graph(COMPONENTS);
    for &threads in THREADS {
        let mut cast = [
            Ticking::ours(laid_out(&nested(&graph, 3))?, threads)?,
            Ticking::ours(laid_out(&nested(&graph, 0))?, threads)?,
        ];
        let figures = in_turn(&[0, 1], ROUNDS, |case: usize| cast[case].round_ms())?;
        let Ratio { median: ratio, low, high } = Ratio::paired(&figures[1], &figures[0]);
        Line::alone("layout", format!("tick_ms@nested-{COMPONENTS}-{threads}t"), median(&figures[0]), "ms")
            .against("flat", median(&figures[1]), Better::Less)
            .paired(ratio, low, high)
            .print()?;
    }
    Ok(())
}

/// At rest, since rings round what is scattered anywhere would be like none that are ever drawn.
fn laid_out(request: &LayoutRequest) -> Result<Simulation> {
    let mut simulation = engine::laid_out(request);
    engine::rest(&mut simulation)?;
    Ok(simulation)
}

/// The components of `graph` in composites `deep` deep: neighbours in number, and so mostly stages of one chain, are in
/// one.
fn nested(graph: &Graph, deep: u32) -> LayoutRequest {
    let body = |key, parent, half_size| Body { key, parent, half_size, pin: None };
    let mut bodies = Vec::new();
    // Where the level before begins.
    let mut above = None;
    let sizes = (1..=deep).rev().map(|height| graph.nodes.div_ceil(EACH.pow(height)));
    for count in sizes.chain([graph.nodes]) {
        let first = bodies.len();
        for place in 0..count {
            let parent = above.map(|above: usize| (above + place / EACH) as u32);
            bodies.push(body((first + place) as u64, parent, HALF_SIZE));
        }
        above = Some(first);
    }
    let springs = graph.springs((bodies.len() - graph.nodes) as u32);
    LayoutRequest { bodies, springs }
}
