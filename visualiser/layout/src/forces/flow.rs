//! Reading direction: what sends is drawn left, what receives right.
//!
//! The sideways force does not depend on where the ends are. So it cancels round a cycle and between two bodies that answer
//! each other, and tears neither; on a chain it pulls at the two ends only, which straightens it. A little levelling goes
//! with it: a picture is read along lines, and screens are wider than tall.

use crate::bodies::Bodies;
use crate::laws::Laws;
use crate::springs::Springs;

pub(crate) fn apply(bodies: &mut Bodies, springs: &Springs, laws: &Laws) {
    for (index, &[a, b]) in springs.ends.iter().enumerate().filter(|(index, _)| springs.list[*index].flows) {
        let (a, b) = (a as usize, b as usize);
        let (strength, share) = springs.stiffness(index);
        let push = laws.flow * strength;
        let level = laws.level * strength * (bodies.at[b][1] - bodies.at[a][1]);
        let (to_a, to_b) = ((1.0 - share) * bodies.heat[a], share * bodies.heat[b]);
        let velocity = &mut bodies.velocity;
        velocity[a] = [velocity[a][0] - push * to_a, velocity[a][1] + level * to_a];
        velocity[b] = [velocity[b][0] + push * to_b, velocity[b][1] - level * to_b];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::linked;

    const SQUARE: [[f32; 2]; 3] = [[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]];

    #[test]
    fn a_chain_is_pulled_at_its_ends() {
        let (mut bodies, springs) = linked(&SQUARE, &[(0, 1), (1, 2)]);
        apply(&mut bodies, &springs, &Laws::default());
        assert!(bodies.velocity[0][0] < 0.0 && bodies.velocity[2][0] > 0.0);
        assert!(bodies.velocity[1][0].abs() < 1.0e-5);
    }

    #[test]
    fn where_nothing_flows_there_is_no_direction() {
        let (mut bodies, mut springs) = linked(&SQUARE, &[(0, 1), (1, 2)]);
        springs.list.iter_mut().for_each(|spring| spring.flows = false);
        apply(&mut bodies, &springs, &Laws::default());
        assert!(bodies.velocity.iter().all(|v| *v == [0.0; 2]), "{:?}", bodies.velocity);
    }

    #[test]
    fn a_cycle_and_a_conversation_feel_nothing() {
        for pairs in [&[(0, 1), (1, 2), (2, 0)][..], &[(0, 1), (1, 0)]] {
            let (mut bodies, springs) = linked(&SQUARE, pairs);
            apply(&mut bodies, &springs, &Laws::default());
            assert!(bodies.velocity.iter().all(|v| v[0].abs() < 1.0e-5), "{:?}", bodies.velocity);
        }
    }
}
