//! A first shape for a large part with composites in it: the children of each are laid out by themselves, innermost first, as
//! if the composites among them were plain bodies. The tree of composites is as good a hierarchy as any that one could
//! find.

use crate::bodies::{Bodies, NONE};
use crate::forces::contain;
use crate::laws::Laws;
use crate::request::{Body, LayoutRequest, Spring};
use crate::rng::Rng;
use crate::simulation::Simulation;
use crate::springs::Springs;
use crate::vector::{add, sub};

/// Ticks for each group; the whole is not at rest yet either.
const TICKS: usize = 60;

/// Places the bodies of a part and draws the rings round them.
pub(crate) fn lay_out<const D: usize>(
    part: &[u32],
    bodies: &mut Bodies<D>,
    springs: &Springs,
    laws: &Laws,
    rng: &mut Rng,
) {
    // By composite, or by none, the springs that join its children.
    let mut inner: Vec<(u32, u32)> =
        (0..).zip(&springs.joints).map(|(index, joint)| (bodies.parent[joint.ends[0] as usize], index)).collect();
    inner.sort_unstable();
    let mut local = vec![NONE; bodies.len()];
    let mut arrange = |around: u32, children: &[u32], bodies: &mut Bodies<D>| {
        for (&child, index) in children.iter().zip(0..) {
            local[child as usize] = index;
        }
        let first = inner.partition_point(|(parent, _)| *parent < around);
        let joined = inner[first..].iter().take_while(|(parent, _)| *parent == around).filter_map(|&(_, index)| {
            let [source, sink] = springs.joints[index as usize].ends.map(|end| local[end as usize]);
            let own = &springs.list[index as usize];
            (source != NONE && sink != NONE).then_some(Spring { source, sink, ..*own })
        });
        let body = |(key, &child): (u64, &u32)| {
            let half = bodies.extent(child as usize);
            Body { key, parent: None, half_size: [half[0], half[1]], pin: None }
        };
        let request = LayoutRequest { bodies: (0..).zip(children).map(body).collect(), springs: joined.collect() };
        let mut simulation = Simulation::<D>::with_laws(rng.next_u64(), *laws);
        simulation.set_request(&request);
        for _ in 0..TICKS {
            if !simulation.tick() {
                break;
            }
        }
        for (&child, at) in children.iter().zip(&simulation.layout().positions) {
            bodies.at[child as usize] = std::array::from_fn(|axis| at[axis]);
            local[child as usize] = NONE;
        }
    };
    let mut part = part.to_vec();
    part.sort_unstable();
    // Where the middle of each ring is among its children; the ring itself is then put among its siblings.
    let mut middles = vec![[0.0; D]; bodies.len()];
    for index in (0..bodies.rings.len()).rev() {
        let ring = bodies.rings[index];
        if part.binary_search(&ring.body).is_ok() {
            let children = bodies.members(ring).to_vec();
            arrange(ring.body, &children, bodies);
            contain::enclose_one(bodies, ring, laws);
            middles[ring.body as usize] = bodies.at[ring.body as usize];
        }
    }
    let top: Vec<u32> = part.iter().copied().filter(|&body| bodies.parent[body as usize] == NONE).collect();
    arrange(NONE, &top, bodies);
    for &body in &part {
        // Parents come first.
        let parent = bodies.parent[body as usize];
        if parent != NONE {
            let by = sub(bodies.at[parent as usize], middles[parent as usize]);
            bodies.at[body as usize] = add(bodies.at[body as usize], by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_a_composite_is_laid_out_inside_it_and_apart() {
        // Four composites of three composites of five in a row, all linked to the next.
        let mut bodies = Vec::new();
        let body = |key, parent| Body { key, parent, half_size: [30.0; 2], pin: None };
        for _ in 0..4 {
            let outer = bodies.len() as u32;
            bodies.push(body(u64::from(outer), None));
            for _ in 0..3 {
                let inner = bodies.len() as u32;
                bodies.push(body(u64::from(inner), Some(outer)));
                bodies.extend((1..=5).map(|k| body(u64::from(inner + k), Some(inner))));
            }
        }
        let springs = (1..bodies.len() as u32).map(|i| Spring { source: i - 1, sink: i, weight: 1.0, flows: true });
        let request = LayoutRequest { springs: springs.collect(), bodies };
        let laws = Laws::default();
        let mut bodies: Bodies<2> = Bodies::new(&request);
        let springs = Springs::new(&request, &bodies, &laws);
        let part: Vec<u32> = (0..bodies.len() as u32).rev().collect();
        lay_out(&part, &mut bodies, &springs, &laws, &mut Rng::new(1));
        contain::enclose(&mut bodies, &laws);
        for a in 0..bodies.len() {
            for b in (0..a).filter(|&b| bodies.ringed[a] && bodies.ringed[b] && bodies.parent[a] == bodies.parent[b]) {
                let apart = crate::vector::length(sub(bodies.at[a], bodies.at[b]));
                assert!(apart > 0.8 * (bodies.radius[a] + bodies.radius[b]), "{a} {b}: {apart}");
            }
        }
    }
}
