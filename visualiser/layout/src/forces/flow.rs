//! Reading direction: what sends is drawn left, what receives right.
//!
//! The sideways force does not depend on where the ends are. So it cancels round a cycle and between two bodies that answer
//! each other, and tears neither; on a chain it pulls at the two ends only, which straightens it. A little levelling goes
//! with it: a picture is read along lines, and screens are wider than tall.

use crate::bodies::Bodies;
use crate::laws::Laws;
use crate::springs::Springs;

pub(crate) fn apply<const D: usize>(bodies: &Bodies<D>, springs: &Springs, laws: &Laws, pulls: &mut [[f32; D]]) {
    for (joint, _) in springs.joints.iter().zip(&springs.list).filter(|(_, spring)| spring.flows) {
        let [a, b] = joint.ends.map(|end| end as usize);
        let level = laws.level * (bodies.at[b][1] - bodies.at[a][1]);
        let [to_a, to_b] = [joint.gives[0] * bodies.heat[a], joint.gives[1] * bodies.heat[b]];
        pulls[a][0] -= laws.flow * to_a;
        pulls[a][1] += level * to_a;
        pulls[b][0] += laws.flow * to_b;
        pulls[b][1] -= level * to_b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::linked;

    fn pulls(bodies: &Bodies<2>, springs: &Springs) -> Vec<[f32; 2]> {
        let mut pulls = vec![[0.0; 2]; bodies.len()];
        apply(bodies, springs, &Laws::default(), &mut pulls);
        pulls
    }

    const SQUARE: [[f32; 2]; 3] = [[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]];

    #[test]
    fn a_chain_is_pulled_at_its_ends() {
        let (bodies, springs) = linked(&SQUARE, &[(0, 1), (1, 2)]);
        let found = pulls(&bodies, &springs);
        assert!(found[0][0] < 0.0 && found[2][0] > 0.0);
        assert!(found[1][0].abs() < 1.0e-5);
    }

    #[test]
    fn where_nothing_flows_there_is_no_direction() {
        let (bodies, mut springs) = linked(&SQUARE, &[(0, 1), (1, 2)]);
        springs.list.iter_mut().for_each(|spring| spring.flows = false);
        assert_eq!(pulls(&bodies, &springs), [[0.0; 2]; 3]);
    }

    #[test]
    fn a_cycle_and_a_conversation_feel_nothing() {
        for pairs in [&[(0, 1), (1, 2), (2, 0)][..], &[(0, 1), (1, 0)]] {
            let (bodies, springs) = linked(&SQUARE, pairs);
            let found = pulls(&bodies, &springs);
            assert!(found.iter().all(|pull| pull[0].abs() < 1.0e-5), "{found:?}");
        }
    }
}
