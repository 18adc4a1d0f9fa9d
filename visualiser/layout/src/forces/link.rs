//! Springs: linked bodies are drawn to a comfortable distance.

use crate::bodies::Bodies;
use crate::laws::Laws;
use crate::springs::Springs;
use crate::vector::{add, length, scaled, sub};

/// A spring that crosses a ring pulls the whole ring; the body inside only leans the way its spring goes. Were it pulled by
/// distance, rings would be drawn out into long shapes and grow.
pub(crate) fn apply<const D: usize>(bodies: &Bodies<D>, springs: &Springs, laws: &Laws, pulls: &mut [[f32; D]]) {
    for (joint, spring) in springs.joints.iter().zip(&springs.list) {
        let [a, b] = joint.ends.map(|end| end as usize);
        let (heat_a, heat_b) = (bodies.heat[a], bodies.heat[b]);
        if heat_a + heat_b > 0.0 {
            // Where both ends would be after this tick, or stiff springs overshoot.
            let ahead = |i: usize, pull: [f32; D]| add(add(bodies.at[i], bodies.velocity[i]), pull);
            let way = sub(ahead(b, pulls[b]), ahead(a, pulls[a]));
            let length = length(way);
            if length > 1.0e-3 {
                let pull = (length - joint.rest(bodies)) / length;
                pulls[a] = add(pulls[a], scaled(way, pull * joint.gives[0] * heat_a));
                pulls[b] = sub(pulls[b], scaled(way, pull * joint.gives[1] * heat_b));
            }
        }
        for (own, held, other) in [(spring.source, a, spring.sink), (spring.sink, b, spring.source)] {
            let (own, other) = (own as usize, other as usize);
            if own != held && bodies.heat[own] > 0.0 {
                let way = sub(bodies.at[other], bodies.at[own]);
                let lean = laws.lean * spring.weight / springs.degree[own] / crate::vector::length(way).max(1.0);
                pulls[own] = add(pulls[own], scaled(way, lean * bodies.heat[own]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::{linked, pair};

    fn pulls(bodies: &Bodies<2>, springs: &Springs) -> Vec<[f32; 2]> {
        let mut pulls = vec![[0.0; 2]; bodies.len()];
        apply(bodies, springs, &Laws::default(), &mut pulls);
        pulls
    }

    #[test]
    fn a_long_spring_pulls_both_ends_alike_and_a_short_one_pushes() {
        let laws = Laws::default();
        let (bodies, springs) = pair([400.0, 0.0]);
        let found = pulls(&bodies, &springs);
        let rest = laws.spring_gap + 40.0;
        assert!((found[0][0] - (400.0 - rest) / 2.0).abs() < 1.0e-3, "{found:?}");
        assert_eq!(found[0][0], -found[1][0]);
        let (bodies, springs) = pair([10.0, 0.0]);
        let found = pulls(&bodies, &springs);
        assert!(found[0][0] < 0.0 && found[1][0] > 0.0);
    }

    #[test]
    fn cold_or_coincident_ends_feel_nothing() {
        let (mut bodies, springs) = pair([400.0, 0.0]);
        bodies.heat.fill(0.0);
        assert_eq!(pulls(&bodies, &springs), [[0.0; 2]; 2]);
        let (bodies, springs) = pair([0.0, 0.0]);
        assert_eq!(pulls(&bodies, &springs), [[0.0; 2]; 2]);
    }

    #[test]
    fn a_hub_moves_less_than_its_neighbours() {
        let (bodies, springs) =
            linked(&[[0.0, 0.0], [900.0, 0.0], [0.0, 900.0], [0.0, -900.0]], &[(0, 1), (0, 2), (0, 3)]);
        let found = pulls(&bodies, &springs);
        assert!(found[1][0].abs() > 2.0 * found[0][0].abs());
    }
}
