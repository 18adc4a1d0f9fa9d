//! Refines the shape of a small part: every pair of bodies as far apart as it is in the graph, by stochastic gradient
//! descent (Zheng, Pawar and Goodman, "Graph Drawing by Stochastic Gradient Descent", 2018). It tells apart what the
//! pivots could not, such as chains that leave the same hub.

use std::collections::VecDeque;

use crate::bodies::NONE;
use crate::graph::Graph;
use crate::rng::Rng;
use crate::vector::{self, add, scaled, sub};

/// All pairs are looked at, so that a part must not have more bodies than this.
pub(crate) const MOST: usize = 400;
/// Rounds over all pairs; the step shrinks from the first to the last.
const ROUNDS: i32 = 15;
/// How far a pair that is one step apart still moves in the last round.
const LAST: f32 = 0.1;

/// Moves `places`, those of the bodies of one part in its order, towards one unit a step in the graph.
///
/// `steps` is scratch, one entry for each body of the whole graph.
pub(crate) fn relax<const D: usize>(
    graph: &Graph,
    part: &[u32],
    places: &mut [[f32; D]],
    steps: &mut [u32],
    rng: &mut Rng,
) {
    if part.len() > MOST {
        return;
    }
    let mut pairs: Vec<(u16, u16, u16)> = Vec::with_capacity(part.len() * part.len() / 2);
    let mut queue = VecDeque::new();
    for (i, &body) in part.iter().enumerate() {
        part.iter().for_each(|&other| steps[other as usize] = NONE);
        graph.steps_from(body, steps, &mut queue);
        pairs
            .extend(part[..i].iter().enumerate().map(|(j, &other)| (i as u16, j as u16, steps[other as usize] as u16)));
    }
    let furthest = pairs.iter().map(|pair| f32::from(pair.2)).fold(1.0, f32::max);
    let cooling = (LAST / (furthest * furthest)).powf(1.0 / (ROUNDS - 1) as f32);
    for round in 0..ROUNDS {
        for k in (1..pairs.len()).rev() {
            pairs.swap(k, (rng.next_u64() % (k as u64 + 1)) as usize);
        }
        let rate = furthest * furthest * cooling.powi(round);
        for &(i, j, apart) in &pairs {
            let (i, j, apart) = (usize::from(i), usize::from(j), f32::from(apart));
            let mut way = sub(places[i], places[j]);
            let mut length = vector::length(way);
            if length < 1.0e-4 {
                way = std::array::from_fn(|axis| if axis == 1 { 1.0e-3 } else { 1.0e-3 * rng.spread() });
                length = vector::length(way);
            }
            let by = (rate / (apart * apart)).min(1.0) * 0.5 * (length - apart) / length;
            places[i] = sub(places[i], scaled(way, by));
            places[j] = add(places[j], scaled(way, by));
        }
    }
    let count = places.len() as f32;
    let centre = places.iter().fold([0.0; D], |sum, at| add(sum, scaled(*at, 1.0 / count)));
    places.iter_mut().for_each(|at| *at = sub(*at, centre));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::linked;

    #[test]
    fn chains_that_leave_one_hub_are_told_apart() {
        // Five arms of four bodies round body 0, all on one line at first.
        let pairs: Vec<(u32, u32)> = (1..21).map(|i| (if i % 4 == 1 { 0 } else { i - 1 }, i)).collect();
        let (bodies, springs) = linked(&[[0.0; 2]; 21], &pairs);
        let part: Vec<u32> = (0..21).collect();
        let mut places: Vec<[f32; 2]> = (0..21).map(|i| [((i + 3) % 4) as f32, 0.0]).collect();
        relax(&Graph::new(&bodies, &springs), &part, &mut places, &mut [NONE; 21], &mut Rng::new(1));
        for arm in 0..5 {
            let (tip, other) = (places[4 * arm + 4], places[4 * ((arm + 1) % 5) + 4]);
            assert!((tip[0] - other[0]).hypot(tip[1] - other[1]) > 3.0, "{places:?}");
            assert!((tip[0] - places[0][0]).hypot(tip[1] - places[0][1]) > 3.0, "{places:?}");
        }
    }
}
