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
pub(crate) fn signatures<const D: usize>(bodies: &Bodies<D>, springs: &Springs) -> Vec<u64> {
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
pub(crate) fn spread<const D: usize>(bodies: &mut Bodies<D>, graph: &Graph, sources: &[(u32, f32)]) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::{chained, linked};

    #[test]
    fn heat_fades_along_a_chain_and_never_cools() {
        let (mut bodies, springs) = chained(12);
        let graph = Graph::new(&bodies, &springs);
        bodies.heat.fill(0.0);
        bodies.heat[1] = 0.9;
        spread(&mut bodies, &graph, &[(0, 0.5)]);
        assert_eq!(bodies.heat[0], 0.5);
        assert_eq!(bodies.heat[1], 0.9, "what is hotter stays so, and stops the wave");
        bodies.heat.fill(0.0);
        spread(&mut bodies, &graph, &[(0, 0.5)]);
        assert!(bodies.heat.windows(2).all(|pair| pair[0] > pair[1] || pair[0] == 0.0), "{:?}", bodies.heat);
        assert!(bodies.heat[1] > 0.1 && bodies.heat[11] == 0.0, "{:?}", bodies.heat);
    }

    #[test]
    fn a_hub_shields_its_other_neighbours() {
        let (mut bodies, springs) = linked(&[[0.0; 2]; 1001], &(1..1001).map(|end| (0, end)).collect::<Vec<_>>());
        bodies.heat.fill(0.0);
        let graph = Graph::new(&bodies, &springs);
        spread(&mut bodies, &graph, &[(1, 0.5)]);
        assert!(bodies.heat[0] > 0.1 && bodies.heat[2] == 0.0);
    }

    #[test]
    fn signatures_see_springs_and_not_their_order() {
        let of = |pairs: &[(u32, u32)]| {
            let (bodies, springs) = linked(&[[0.0; 2]; 4], pairs);
            signatures(&bodies, &springs)
        };
        let before = of(&[(0, 1), (1, 2)]);
        assert_eq!(before, of(&[(1, 2), (0, 1)]));
        let turned = of(&[(1, 0), (1, 2)]);
        assert!(before[0] != turned[0] && before[1] != turned[1] && before[2] == turned[2] && before[3] == turned[3]);
    }
}
