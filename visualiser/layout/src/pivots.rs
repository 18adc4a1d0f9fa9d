//! A first shape for a part that has none: classical scaling to a few pivots (Brandes and Pich, "Eigensolver Methods for
//! Progressive Multidimensional Scaling of Large Data", 2006). It needs a breadth-first walk a pivot and no iteration over
//! pairs, and gets the large structure right, so that the forces only have to see to the details.

use std::collections::VecDeque;

use crate::bodies::NONE;
use crate::graph::Graph;

/// Walks made; more add little.
const PIVOTS: usize = 20;
/// Power iterations for each axis.
const ROUNDS: usize = 60;

/// Places for the bodies of one part, in its order, centred at the origin, one unit a step in the graph or so.
///
/// `steps` is scratch, one entry for each body of the whole graph.
pub(crate) fn shape<const D: usize>(graph: &Graph, part: &[u32], steps: &mut [u32]) -> Vec<[f32; D]> {
    let count = part.len();
    let pivots = PIVOTS.min(count);
    let mut far = vec![u32::MAX; count];
    let mut squares: Vec<Vec<f32>> = Vec::with_capacity(pivots);
    let mut queue = VecDeque::new();
    let mut walk = |from: usize| {
        part.iter().for_each(|&body| steps[body as usize] = NONE);
        graph.steps_from(part[from], steps, &mut queue);
        part.iter().map(|&body| steps[body as usize]).collect::<Vec<u32>>()
    };
    // The first pivot is an end of the graph, each further one is as far as can be from those before.
    let mut pivot = furthest(&walk(0));
    for _ in 0..pivots {
        let distances = walk(pivot);
        for (far, &distance) in far.iter_mut().zip(&distances) {
            *far = (*far).min(distance);
        }
        squares.push(distances.iter().map(|&d| (d as f32).powi(2)).collect());
        pivot = furthest(&far);
    }
    center_twice(&mut squares, count);

    let product: Vec<Vec<f64>> = squares.iter().map(|a| squares.iter().map(|b| dot(a, b)).collect()).collect();
    let mut axes: Vec<Vec<f64>> = Vec::with_capacity(D);
    for _ in 0..D {
        axes.push(leading(&product, &axes));
    }
    let mut places = vec![[0.0; D]; count];
    for (axis, vector) in axes.iter().enumerate() {
        for (column, &weight) in squares.iter().zip(vector) {
            for (place, &value) in places.iter_mut().zip(column) {
                place[axis] += value * weight as f32;
            }
        }
        // The products grow with the square of what is to be drawn.
        let length = places.iter().map(|place| f64::from(place[axis]).powi(2)).sum::<f64>().sqrt().sqrt();
        if length > 0.0 {
            places.iter_mut().for_each(|place| place[axis] /= length as f32);
        }
    }
    places
}

fn furthest(distances: &[u32]) -> usize {
    let mut best = 0;
    for (i, &distance) in distances.iter().enumerate() {
        if distance > distances[best] {
            best = i;
        }
    }
    best
}

/// Turns squared distances into inner products about the centre.
fn center_twice(squares: &mut [Vec<f32>], count: usize) {
    let mut across = vec![0.0f64; count];
    let mut all = 0.0;
    for column in squares.iter() {
        for (sum, &value) in across.iter_mut().zip(column) {
            *sum += f64::from(value) / squares.len() as f64;
        }
    }
    for sum in &across {
        all += sum / count as f64;
    }
    for column in squares.iter_mut() {
        let mean = column.iter().map(|&value| f64::from(value)).sum::<f64>() / count as f64;
        for (value, sum) in column.iter_mut().zip(&across) {
            *value = (-0.5 * (f64::from(*value) - mean - sum + all)) as f32;
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// The direction a symmetric matrix stretches most, apart from those already known.
fn leading(matrix: &[Vec<f64>], known: &[Vec<f64>]) -> Vec<f64> {
    let mut vector: Vec<f64> = (0..matrix.len()).map(|i| 1.0 + (i as f64 * 2.399).sin()).collect();
    for _ in 0..ROUNDS {
        for other in known {
            let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
            vector.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
        }
        let next: Vec<f64> = matrix.iter().map(|row| row.iter().zip(&vector).map(|(a, b)| a * b).sum()).collect();
        let length = next.iter().map(|a| a * a).sum::<f64>().sqrt();
        if length < 1.0e-9 {
            return vec![0.0; matrix.len()];
        }
        vector = next.iter().map(|a| a / length).collect();
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::{chained, linked};

    #[test]
    fn a_chain_is_a_line_with_its_bodies_in_order() {
        let (bodies, springs) = chained(40);
        let graph = Graph::new(&bodies, &springs);
        let part: Vec<u32> = (0..40).collect();
        let places: Vec<[f32; 2]> = shape(&graph, &part, &mut [NONE; 40]);
        let steps: Vec<f32> = places.windows(2).map(|pair| pair[1][0] - pair[0][0]).collect();
        assert!(steps.iter().all(|step| step * steps[0] > 0.0), "{steps:?}");
        assert!(places.iter().all(|at| at[1].abs() < 0.05 * (places[39][0] - places[0][0]).abs()));
    }

    #[test]
    fn a_grid_keeps_its_four_corners_furthest_apart() {
        let side = 9u32;
        let right = (0..side * side).filter(|i| (i + 1) % side != 0).map(|i| (i, i + 1));
        let pairs: Vec<(u32, u32)> = right.chain((0..side * (side - 1)).map(|i| (i, i + side))).collect();
        let (bodies, springs) = linked(&[[0.0; 2]; 81], &pairs);
        let part: Vec<u32> = (0..81).collect();
        let places: Vec<[f32; 2]> = shape(&Graph::new(&bodies, &springs), &part, &mut [NONE; 81]);
        let far = |i: usize| places[i][0].hypot(places[i][1]);
        let inner = (0..81).filter(|i| ![0, 8, 72, 80].contains(i)).map(far).fold(0.0, f32::max);
        assert!([0, 8, 72, 80].iter().all(|&corner| far(corner) > inner));
    }
}
