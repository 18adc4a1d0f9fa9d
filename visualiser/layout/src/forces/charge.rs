//! Repulsion: leaves keep each other at a distance, near and far, so that a graph unfolds.

use crate::bodies::Bodies;
use crate::courtesy::Courtesy;
use crate::forces::center::Parts;
use crate::laws::Laws;
use crate::springs::reach;
use crate::tree::Tree;
use crate::walk::Repulsion;

/// The mean half side of an ordinary leaf, which has charge one.
const ORDINARY: f32 = 52.0;

/// Bodies closer than about this push each other hardly more than others, so that none is flung away; in world units.
pub const SOFTENING: f32 = 24.0;

/// How bodies push each other under these laws.
pub(crate) fn repulsion_of(laws: &Laws) -> Repulsion {
    Repulsion { soft: SOFTENING, theta: laws.theta }
}

/// Builds the tree of all that repels: leaves, but for those that hang on nothing.
pub(crate) fn gather<const D: usize>(bodies: &Bodies<D>, parts: &Parts, tree: &mut Tree<D>) {
    let charged = (0..bodies.len()).filter(|&i| !bodies.ringed[i] && parts.has_part(i));
    tree.build(
        charged.map(|i| i as u32),
        |i| (bodies.at[i as usize], of(bodies, i) * parts.share(i as usize) * bodies.air[i as usize].powi(2)),
        |i| bodies.heat[i as usize] > 0.0,
    );
}

/// How strongly a leaf repels.
pub(crate) fn of<const D: usize>(bodies: &Bodies<D>, body: u32) -> f32 {
    reach(bodies, body) / ORDINARY
}

/// What each body feels by the repulsion of all others, in the order of `places`: the sum of
/// `charge * way / (way² + SOFTENING²)`, as near to that as `theta` asks for ([`Laws::theta`]).
///
/// Charges must not be negative; places and charges must be finite, and as many.
pub fn repulsion<const D: usize>(places: &[[f32; D]], charges: &[f32], theta: f32) -> Vec<[f32; D]> {
    let count = places.len().min(charges.len());
    let mut tree = Tree::default();
    tree.build(0..count as u32, |i| (places[i as usize], charges[i as usize]), |_| true);
    tree.sum(Repulsion { soft: SOFTENING, theta }, &Courtesy::default());
    let mut forces = vec![[0.0; D]; count];
    tree.forces().for_each(|(i, force)| forces[i as usize] = force);
    forces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::pair;

    fn forces(bodies: &Bodies<2>, parts: &Parts) -> Vec<(u32, [f32; 2])> {
        let mut tree = Tree::default();
        gather(bodies, parts, &mut tree);
        tree.sum(repulsion_of(&Laws::default()), &Courtesy::default());
        tree.forces().collect()
    }

    #[test]
    fn pushes_apart_the_less_the_further() {
        let push_at = |distance: f32| {
            let found = forces(&pair([distance, 0.0]).0, &Parts::new(vec![0, 0], 1));
            assert_eq!(found[0].1[0], -found[1].1[0]);
            found.iter().map(|(_, force)| force[0]).fold(0.0, f32::max)
        };
        assert!(push_at(100.0) > 1.5 * push_at(200.0) && push_at(200.0) > 0.0);
    }

    #[test]
    fn what_is_alone_is_not_pushed() {
        assert_eq!(forces(&pair([50.0, 0.0]).0, &Parts::new(vec![crate::bodies::NONE, 0], 1)), [(1, [0.0; 2])]);
    }
}
