//! Springs: linked bodies are drawn to a comfortable distance.

use crate::bodies::Bodies;
use crate::laws::Laws;
use crate::springs::Springs;

/// A spring that crosses a ring pulls the whole ring; the body inside only leans the way its spring goes. Were it pulled by
/// distance, rings would be drawn out into long shapes and grow.
pub(crate) fn apply(bodies: &mut Bodies, springs: &Springs, laws: &Laws) {
    for (index, &[a, b]) in springs.ends.iter().enumerate() {
        let (a, b) = (a as usize, b as usize);
        let (heat_a, heat_b) = (bodies.heat[a], bodies.heat[b]);
        if heat_a + heat_b > 0.0 {
            // Where both ends would be after this tick, or stiff springs overshoot.
            let ahead = |i: usize, axis: usize| bodies.at[i][axis] + bodies.velocity[i][axis];
            let (dx, dy) = (ahead(b, 0) - ahead(a, 0), ahead(b, 1) - ahead(a, 1));
            let length = dx.hypot(dy);
            if length > 1.0e-3 {
                let (strength, share) = springs.stiffness(index);
                let rest = springs.rest_length(index, bodies, laws);
                let pull = (length - rest) / length * strength;
                nudge(bodies, a, [dx, dy], pull * (1.0 - share) * heat_a);
                nudge(bodies, b, [dx, dy], -pull * share * heat_b);
            }
        }
        let spring = &springs.list[index];
        for (own, held, other) in [(spring.source, a, spring.sink), (spring.sink, b, spring.source)] {
            let (own, other) = (own as usize, other as usize);
            if own != held && bodies.heat[own] > 0.0 {
                let way = [bodies.at[other][0] - bodies.at[own][0], bodies.at[other][1] - bodies.at[own][1]];
                let lean = laws.lean * spring.weight / springs.degree[own] / way[0].hypot(way[1]).max(1.0);
                nudge(bodies, own, way, lean * bodies.heat[own]);
            }
        }
    }
}

fn nudge(bodies: &mut Bodies, body: usize, way: [f32; 2], by: f32) {
    let velocity = &mut bodies.velocity[body];
    *velocity = [velocity[0] + way[0] * by, velocity[1] + way[1] * by];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::{linked, pair};

    #[test]
    fn a_long_spring_pulls_both_ends_alike_and_a_short_one_pushes() {
        let laws = Laws::default();
        let (mut bodies, springs) = pair([400.0, 0.0]);
        apply(&mut bodies, &springs, &laws);
        let rest = laws.spring_gap + 40.0;
        assert!((bodies.velocity[0][0] - (400.0 - rest) / 2.0).abs() < 1.0e-3, "{:?}", bodies.velocity);
        assert_eq!(bodies.velocity[0][0], -bodies.velocity[1][0]);
        let (mut bodies, springs) = pair([10.0, 0.0]);
        apply(&mut bodies, &springs, &laws);
        assert!(bodies.velocity[0][0] < 0.0 && bodies.velocity[1][0] > 0.0);
    }

    #[test]
    fn cold_or_coincident_ends_feel_nothing() {
        let (mut bodies, springs) = pair([400.0, 0.0]);
        bodies.heat.fill(0.0);
        apply(&mut bodies, &springs, &Laws::default());
        assert_eq!(bodies.velocity, [[0.0; 2]; 2]);
        let (mut bodies, springs) = pair([0.0, 0.0]);
        apply(&mut bodies, &springs, &Laws::default());
        assert_eq!(bodies.velocity, [[0.0; 2]; 2]);
    }

    #[test]
    fn a_hub_moves_less_than_its_neighbours() {
        let (mut bodies, springs) =
            linked(&[[0.0, 0.0], [900.0, 0.0], [0.0, 900.0], [0.0, -900.0]], &[(0, 1), (0, 2), (0, 3)]);
        apply(&mut bodies, &springs, &Laws::default());
        assert!(bodies.velocity[1][0].abs() > 2.0 * bodies.velocity[0][0].abs());
    }
}
