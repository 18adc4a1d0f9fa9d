//! Local warmth: a change heats what it touches, and what is near that the less the further away.

use crate::bodies::Bodies;
use crate::graph::Graph;
use crate::rng::mix;
use crate::springs::Springs;

/// What is left of the heat one step further on, for a body with few neighbours.
const PASSED_ON: f32 = 0.45;
/// Less than this is not worth passing on.
const LEAST: f32 = 0.02;

/// A number for each body that differs when its parent or its springs do, in whatever order they are listed.
pub(crate) fn signatures(bodies: &Bodies, springs: &Springs) -> Vec<u64> {
    let key = |body: u32| bodies.key.get(body as usize).copied().map_or(1, mix);
    let mut signatures: Vec<u64> = bodies.parent.iter().map(|&parent| key(parent)).collect();
    for spring in &springs.list {
        let weight = u64::from(spring.weight.to_bits());
        for (own, other, side) in [(spring.source, spring.sink, 1), (spring.sink, spring.source, 2)] {
            let signature = &mut signatures[own as usize];
            *signature = signature.wrapping_add(mix(key(other) ^ weight << 2 ^ side));
        }
    }
    signatures
}

/// Warms the bodies given and, less and less, those around them. A hub passes on little to each of its many neighbours.
pub(crate) fn spread(bodies: &mut Bodies, graph: &Graph, sources: &[(u32, f32)]) {
    let mut wave = Vec::new();
    for &(body, heat) in sources {
        if bodies.heat[body as usize] < heat {
            bodies.heat[body as usize] = heat;
            wave.push(body);
        }
    }
    let mut next = Vec::new();
    while !wave.is_empty() {
        for &body in &wave {
            let near = graph.of(body);
            let share = PASSED_ON * (4.0 / near.len().max(4) as f32).sqrt();
            let passed = bodies.heat[body as usize] * share;
            if passed < LEAST {
                continue;
            }
            for &other in near {
                if bodies.heat[other as usize] < passed {
                    bodies.heat[other as usize] = passed;
                    next.push(other);
                }
            }
        }
        wave.clear();
        std::mem::swap(&mut wave, &mut next);
    }
}
