//! Refines the shape of a small part: every pair of bodies as far apart as it is in the graph, by stochastic gradient
//! descent (Zheng, Pawar and Goodman, "Graph Drawing by Stochastic Gradient Descent", 2018). It tells apart what the
//! pivots could not, such as chains that leave the same hub.

use std::collections::VecDeque;

use crate::bodies::NONE;
use crate::graph::Graph;
use crate::kernel::{LANES, lanes};
use crate::levels::Level;
use crate::rng::Rng;
use crate::vector::{self, add, scaled, sub};
use wide::f32x8;

/// All pairs are looked at, so that a graph must not have more bodies than this.
pub(crate) const MOST: usize = 1200;
/// Rounds over all pairs; the step shrinks from the first to the last.
const ROUNDS: i32 = 15;
/// The same for a level of a large part, which forces refine.
const LEVEL_ROUNDS: i32 = 6;
/// Bodies whose ways to all others are looked for together: what is written for them fills a line of a cache.
const SIDE_BY_SIDE: usize = 2 * LANES;
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
    let mut pairs: Vec<(u16, u16, u16)> = Vec::with_capacity(part.len() * part.len() / 2);
    let mut queue = VecDeque::new();
    for (i, &body) in part.iter().enumerate() {
        part.iter().for_each(|&other| steps[other as usize] = NONE);
        graph.steps_from(body, steps, &mut queue);
        pairs
            .extend(part[..i].iter().enumerate().map(|(j, &other)| (i as u16, j as u16, steps[other as usize] as u16)));
    }
    let furthest = pairs.iter().map(|pair| f32::from(pair.2)).fold(1.0, f32::max);
    for round in 0..ROUNDS {
        for k in (1..pairs.len()).rev() {
            pairs.swap(k, rng.below(k + 1));
        }
        let rate = rate(furthest, round, ROUNDS);
        for &(i, j, apart) in &pairs {
            let (i, j, apart) = (usize::from(i), usize::from(j), f32::from(apart));
            let by = part_way(places[i], places[j], apart, rate / (apart * apart), rng);
            places[i] = add(places[i], by);
            places[j] = sub(places[j], by);
        }
    }
    centre(places);
}

/// The same for a graph whose links stand for several steps and whose bodies stand for many, of any size up to [`MOST`].
///
/// Bodies are set in a circle at random. Pairs that are as far apart on it are looked at one after the other, and distances
/// on the circle in random order: as good as any order of pairs, and memory is read in a row.
pub(crate) fn relax_level<const D: usize>(level: &Level, places: &mut [[f32; D]], rng: &mut Rng) {
    let count = level.len();
    let mut circle: Vec<u32> = (0..count as u32).collect();
    for k in (1..count).rev() {
        circle.swap(k, rng.below(k + 1));
    }
    let steps = steps_by_distance(level, &circle);
    let furthest = steps.iter().copied().fold(1.0, f32::max);
    let mean = level.stands_for.iter().sum::<f32>() / count.max(1) as f32;
    let weights: Vec<f32> = circle.iter().map(|&body| level.stands_for[body as usize] / mean).collect();
    // Those on one spot would stay there together.
    let mut seated: [Vec<f32>; D] = std::array::from_fn(|axis| {
        circle.iter().map(|&body| places[body as usize][axis] + 0.01 * rng.spread()).collect()
    });
    let mut arounds: Vec<usize> = (1..=count / 2).collect();
    for round in 0..LEVEL_ROUNDS {
        for k in (1..arounds.len()).rev() {
            arounds.swap(k, rng.below(k + 1));
        }
        let rate = rate(furthest, round, LEVEL_ROUNDS);
        for &around in &arounds {
            let steps = &steps[around * count..(around + 1) * count];
            Circle { steps, weights: &weights, rate, around, seated: &mut seated }.turn();
        }
    }
    for (seat, &body) in circle.iter().enumerate() {
        places[body as usize] = std::array::from_fn(|axis| seated[axis][seat]);
    }
    centre(places);
}

/// The steps of each pair, by how far it is apart on the circle and then by the seat of the first.
fn steps_by_distance(level: &Level, circle: &[u32]) -> Vec<f32> {
    let count = circle.len();
    let mut steps = vec![0.0f32; (count / 2 + 1) * count];
    let mut far = vec![0.0f32; SIDE_BY_SIDE * count];
    let mut queue = Vec::new();
    for (some, first) in circle.chunks(SIDE_BY_SIDE).zip((0..).step_by(SIDE_BY_SIDE)) {
        for (&body, far) in some.iter().zip(far.chunks_exact_mut(count)) {
            level.steps_from(body, far, &mut queue);
        }
        for (around, row) in steps.chunks_exact_mut(count).enumerate() {
            let seats = &mut row[first..first + some.len()];
            for ((seat, steps), far) in (first..).zip(seats).zip(far.chunks_exact(count)) {
                let other = seat + around;
                *steps = far[circle[if other < count { other } else { other - count }] as usize];
            }
        }
    }
    steps
}

/// All pairs that are `around` apart on the circle.
struct Circle<'a, const D: usize> {
    steps: &'a [f32],
    weights: &'a [f32],
    rate: f32,
    around: usize,
    seated: &'a mut [Vec<f32>; D],
}

impl<const D: usize> Circle<'_, D> {
    /// Moves each of them towards its distance.
    fn turn(mut self) {
        let count = self.steps.len();
        let wraps_at = count - self.around;
        // Each seat and the one that many seats on, up to where the circle closes, and from there.
        for (from, until, back) in [(0, wraps_at, false), (wraps_at, count, true)] {
            let mut i = from;
            while i < until {
                let j = if back { i - wraps_at } else { i + self.around };
                // Pairs side by side must have nobody in common.
                let several = until - i >= LANES && i.abs_diff(j) >= LANES;
                if several {
                    self.move_several(i, j);
                } else {
                    self.move_one(i, j);
                }
                i += if several { LANES } else { 1 };
            }
        }
    }

    fn move_one(&mut self, i: usize, j: usize) {
        let apart = self.steps[i];
        let share = self.rate * self.weights[i] * self.weights[j] / (apart * apart);
        let ways: [f32; D] = std::array::from_fn(|axis| self.seated[axis][j] - self.seated[axis][i]);
        let length = (vector::dot(ways, ways) + TINY).sqrt();
        let by = 0.5 * share.min(1.0) * (length - apart) / length;
        for (column, way) in self.seated.iter_mut().zip(ways) {
            column[i] += way * by;
            column[j] -= way * by;
        }
    }

    /// The same for as many pairs as there are lanes.
    fn move_several(&mut self, i: usize, j: usize) {
        let apart = lanes(self.steps, i);
        let share = lanes(self.weights, i) * lanes(self.weights, j) * f32x8::splat(self.rate) / (apart * apart);
        let ways: [f32x8; D] = std::array::from_fn(|axis| lanes(&self.seated[axis], j) - lanes(&self.seated[axis], i));
        let length = ways.iter().fold(f32x8::splat(TINY), |square, way| square + *way * *way).sqrt();
        let by = f32x8::splat(0.5) * share.fast_min(f32x8::ONE) * (length - apart) / length;
        for (column, way) in self.seated.iter_mut().zip(ways) {
            let (here, there) = (lanes(column, i) + way * by, lanes(column, j) - way * by);
            column[i..i + LANES].copy_from_slice(here.as_array());
            column[j..j + LANES].copy_from_slice(there.as_array());
        }
    }
}

/// Keeps the distance of two on one spot from being nothing.
const TINY: f32 = 1.0e-8;

/// How far a pair that is one step apart moves: so far that the furthest may go all the way at first, [`LAST`] at last.
fn rate(furthest: f32, round: i32, rounds: i32) -> f32 {
    let all = furthest * furthest;
    all * (LAST / all).powf(round as f32 / (rounds - 1) as f32)
}

/// Half the way, or by weight less of it, that brings a place to its distance from another.
fn part_way<const D: usize>(at: [f32; D], other: [f32; D], apart: f32, weight: f32, rng: &mut Rng) -> [f32; D] {
    let mut way = sub(other, at);
    let mut length = vector::length(way);
    if length < 1.0e-4 {
        way = std::array::from_fn(|axis| if axis == 1 { 1.0e-3 } else { 1.0e-3 * rng.spread() });
        length = vector::length(way);
    }
    scaled(way, weight.min(1.0) * 0.5 * (length - apart) / length)
}

fn centre<const D: usize>(places: &mut [[f32; D]]) {
    let count = places.len() as f32;
    let centre = places.iter().fold([0.0; D], |sum, at| add(sum, scaled(*at, 1.0 / count)));
    places.iter_mut().for_each(|at| *at = sub(*at, centre));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::linked;

    #[test]
    fn a_level_is_unfolded() {
        let links =
            (1..40).map(|end| crate::levels::Link { ends: [end - 1, end], rest: 1.0, steps: 1.0, stiffness: 1.0 });
        let level = Level::new(vec![1.0; 40], vec![1.0; 40], vec![1.0; 40], links.collect());
        let mut rng = Rng::new(1);
        let mut places: Vec<[f32; 2]> = (0..40).map(|_| [5.0 * rng.spread(), 5.0 * rng.spread()]).collect();
        relax_level(&level, &mut places, &mut Rng::new(2));
        let (from, until) = (places[0], places[39]);
        assert!((from[0] - until[0]).hypot(from[1] - until[1]) > 30.0, "{places:?}");
    }

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
