//! Repulsion: leaves keep each other at a distance, near and far, so that a graph unfolds.

use crate::bodies::Bodies;
use crate::springs::reach;
use crate::tree::{Accuracy, Tree};

/// The mean half side of an ordinary leaf, which has charge one.
const ORDINARY: f32 = 52.0;

/// Bodies closer than about this push each other ever less, so that none is flung away; in world units.
pub const SOFTENING: f32 = 24.0;

/// Builds the tree of all that repels: leaves, but for those that `alone` says neither repel nor are repelled.
pub(crate) fn gather<const D: usize>(bodies: &Bodies<D>, tree: &mut Tree<D>, alone: impl Fn(usize) -> bool) {
    let charged = (0..bodies.len()).filter(|&i| !bodies.ringed[i] && !alone(i));
    tree.build(
        charged.map(|i| i as u32),
        |i| (bodies.at[i as usize], reach(bodies, i) / ORDINARY),
        |i| bodies.heat[i as usize] > 0.0,
    );
}

/// What each body feels by the repulsion of all others: the sum of `charge * way / (way² + softening²)`, with the softening
/// of [`SOFTENING`], as near to that as `theta` asks for ([`crate::Laws::theta`]). In the order of `places`.
///
/// Charges must not be negative; places and charges must be finite, and as many.
pub fn repulsion<const D: usize>(places: &[[f32; D]], charges: &[f32], theta: f32) -> Vec<[f32; D]> {
    let count = places.len().min(charges.len());
    let mut tree = Tree::default();
    tree.build(0..count as u32, |i| (places[i as usize], charges[i as usize]), |_| true);
    tree.sum(Accuracy { theta, soft: SOFTENING });
    let mut forces = vec![[0.0; D]; count];
    tree.forces().for_each(|(i, force)| forces[i as usize] = force);
    forces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::pair;

    fn forces(bodies: &Bodies<2>, alone: impl Fn(usize) -> bool) -> Vec<(u32, [f32; 2])> {
        let mut tree = Tree::default();
        gather(bodies, &mut tree, alone);
        tree.sum(Accuracy { theta: 0.7, soft: SOFTENING });
        tree.forces().collect()
    }

    #[test]
    fn pushes_apart_the_less_the_further() {
        let push_at = |distance: f32| {
            let found = forces(&pair([distance, 0.0]).0, |_| false);
            assert_eq!(found[0].1[0], -found[1].1[0]);
            found.iter().map(|(_, force)| force[0]).fold(0.0, f32::max)
        };
        assert!(push_at(100.0) > 1.5 * push_at(200.0) && push_at(200.0) > 0.0);
    }

    #[test]
    fn what_is_alone_is_not_pushed() {
        assert_eq!(forces(&pair([50.0, 0.0]).0, |i| i == 0), [(1, [0.0; 2])]);
    }
}
