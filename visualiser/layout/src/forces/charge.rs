//! Repulsion: leaves keep each other at a distance, near and far, so that a graph unfolds.

use crate::bodies::Bodies;
use crate::laws::Laws;
use crate::quadtree::Quadtree;
use crate::springs::reach;

/// The mean half side of an ordinary leaf, which has charge one.
const ORDINARY: f32 = 52.0;

/// `alone` says which bodies neither repel nor are repelled.
pub(crate) fn apply(bodies: &mut Bodies, tree: &mut Quadtree, alone: impl Fn(usize) -> bool, laws: &Laws) {
    let charged = (0..bodies.len()).filter(|&i| !bodies.ringed[i] && !alone(i));
    tree.build(charged.map(|i| i as u32), |i| {
        let [x, y] = bodies.at[i as usize];
        [x, y, reach(bodies, i) / ORDINARY]
    });
    let (heat, velocity) = (&bodies.heat, &mut bodies.velocity);
    tree.forces(
        laws.theta,
        |i| heat[i as usize] > 0.0,
        |i, force| {
            let i = i as usize;
            let push = laws.charge * heat[i];
            velocity[i] = [velocity[i][0] + force[0] * push, velocity[i][1] + force[1] * push];
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::pair;

    #[test]
    fn pushes_apart_the_less_the_further() {
        let push_at = |distance: f32| {
            let (mut bodies, _) = pair([distance, 0.0]);
            apply(&mut bodies, &mut Quadtree::default(), |_| false, &Laws::default());
            assert_eq!(bodies.velocity[0][0], -bodies.velocity[1][0]);
            bodies.velocity[1][0]
        };
        assert!(push_at(100.0) > 1.5 * push_at(200.0) && push_at(200.0) > 0.0);
    }

    #[test]
    fn what_is_cold_or_alone_is_not_pushed() {
        let (mut bodies, _) = pair([50.0, 0.0]);
        bodies.heat[0] = 0.0;
        apply(&mut bodies, &mut Quadtree::default(), |_| false, &Laws::default());
        assert_eq!(bodies.velocity[0], [0.0; 2]);
        assert!(bodies.velocity[1][0] > 0.0);
        let (mut bodies, _) = pair([50.0, 0.0]);
        apply(&mut bodies, &mut Quadtree::default(), |i| i == 0, &Laws::default());
        assert_eq!(bodies.velocity, [[0.0; 2]; 2]);
    }
}
