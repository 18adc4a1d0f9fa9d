//! How good a picture of a graph is; the same measure as `visualiser/layout/peers/quality.py`, with other samples.

use std::collections::VecDeque;

use crate::graphs::{Graph, Lcg};

/// What is said of a picture. None of it depends on the picture's scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quality {
    /// How far distances in the picture are from distances in the graph, between sampled nodes and all others, each
    /// weighed by its distance to the power of -2; 0 is best.
    pub(crate) stress: f64,
    /// The mean share of a node's neighbours among as many nodes that are nearest in the picture; 1 is best.
    pub(crate) neighbours_kept: f64,
    /// The standard deviation of the edges' lengths as a share of their mean; 0 is best.
    pub(crate) edge_variation: f64,
}

/// From how many nodes distances are looked at.
const PIVOTS: usize = 200;
/// Of how many nodes the neighbours are looked at.
const SAMPLES: usize = 2000;
/// Not reached.
const FAR: u32 = u32::MAX;

/// Of `places`, one for each node.
pub(crate) fn of(graph: &Graph, places: &[[f32; 2]]) -> Quality {
    Quality {
        stress: stress(graph, places, PIVOTS),
        neighbours_kept: neighbours_kept(graph, places),
        edge_variation: edge_variation(graph, places),
    }
}

/// Normalised stress over at most `most` pivots, at the scale that makes it least.
pub(crate) fn stress(graph: &Graph, places: &[[f32; 2]], most: usize) -> f64 {
    let neighbours = graph.neighbours();
    // Of all pairs: w·r·d, w·r², w·d², and how many; w is d⁻².
    let (mut mixed, mut drawn, mut pairs) = (0.0, 0.0, 0u64);
    for pivot in sample((0..graph.nodes).collect(), most) {
        for (node, &steps) in steps_from(pivot, &neighbours).iter().enumerate() {
            if steps != 0 && steps != FAR {
                let share = distance(places, pivot, node) / f64::from(steps);
                mixed += share;
                drawn += share * share;
                pairs += 1;
            }
        }
    }
    // Σ w·(s·r − d)² with s = Σ w·r·d / Σ w·r², where Σ w·d² is the number of pairs.
    let scale = mixed / drawn;
    (scale * scale * drawn - 2.0 * scale * mixed + pairs as f64) / pairs as f64
}

fn neighbours_kept(graph: &Graph, places: &[[f32; 2]]) -> f64 {
    let neighbours = graph.neighbours();
    let samples = sample((0..graph.nodes).filter(|&node| !neighbours[node].is_empty()).collect(), SAMPLES);
    let mut nearest = Vec::new();
    let shares = samples.iter().map(|&node| {
        let degree = neighbours[node].len();
        nearest.clear();
        nearest.extend((0..graph.nodes).map(|other| (distance(places, node, other), other as u32)));
        // The nearest of all is the node itself.
        let last = degree.min(graph.nodes - 1);
        nearest.select_nth_unstable_by(last, |a, b| a.0.total_cmp(&b.0));
        let mut near: Vec<u32> = nearest[..=last].iter().map(|&(_, other)| other).collect();
        near.retain(|other| neighbours[node].contains(other));
        near.len() as f64 / degree as f64
    });
    shares.sum::<f64>() / samples.len() as f64
}

fn edge_variation(graph: &Graph, places: &[[f32; 2]]) -> f64 {
    let length = |&[a, b]: &[u32; 2]| distance(places, a as usize, b as usize);
    let lengths: Vec<f64> = graph.edges.iter().map(length).collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
    let variance = lengths.iter().map(|length| (length - mean).powi(2)).sum::<f64>() / lengths.len() as f64;
    variance.sqrt() / mean
}

/// At most `most` of `all`, the same each time.
fn sample(mut all: Vec<usize>, most: usize) -> Vec<usize> {
    let mut random = Lcg(1);
    let most = most.min(all.len());
    for place in 0..most {
        let other = place + random.below(all.len() - place);
        all.swap(place, other);
    }
    all.truncate(most);
    all
}

/// How many edges it takes to every node.
fn steps_from(start: usize, neighbours: &[Vec<u32>]) -> Vec<u32> {
    let mut steps = vec![FAR; neighbours.len()];
    steps[start] = 0;
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &next in &neighbours[node] {
            if steps[next as usize] == FAR {
                steps[next as usize] = steps[node] + 1;
                queue.push_back(next as usize);
            }
        }
    }
    steps
}

fn distance(places: &[[f32; 2]], a: usize, b: usize) -> f64 {
    let way = |axis: usize| f64::from(places[a][axis]) - f64::from(places[b][axis]);
    way(0).hypot(way(1))
}
