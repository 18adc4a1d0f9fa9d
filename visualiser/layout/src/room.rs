//! How large a shape must be drawn so that what stands in it has room: graphs of few steps and many bodies are crowded at
//! the length that their springs would like.

use std::collections::HashMap;

use crate::vector::{add, sub};

/// This share of the bodies must have room without being pushed.
const SHARE: f32 = 0.7;
/// Bodies in a cell, on average.
const IN_A_CELL: f32 = 2.0;
/// Of one cell no more than this many are looked at, or a heap on one spot would cost its square.
const CROWD: usize = 16;

/// The scale at which most of the boxes round these places, of these half sides, no longer overlap any other: 0 when none
/// do at any scale.
pub(crate) fn scale<const D: usize>(places: &[[f32; D]], halves: &[[f32; D]], gap: f32) -> f32 {
    let Some([min, max]) = crate::vector::boxed(places.iter().map(|at| (*at, [0.0; D]))) else { return 0.0 };
    let extent = sub(max, min);
    let cells = (places.len() as f32 / IN_A_CELL).max(1.0);
    let side = (extent.iter().product::<f32>() / cells).powf(1.0 / D as f32).max(1.0e-3);
    let cell = |at: [f32; D]| at.map(|side_at| (side_at / side).floor() as i32);
    let mut grid: HashMap<[i32; D], Vec<u32>> = HashMap::with_capacity(places.len());
    for (index, at) in (0..).zip(places) {
        grid.entry(cell(*at)).or_default().push(index);
    }
    let ways: Vec<[i32; D]> =
        (0..3i32.pow(D as u32)).map(|way| std::array::from_fn(|axis| way / 3i32.pow(axis as u32) % 3 - 1)).collect();
    let mut needed: Vec<f32> = (0..places.len())
        .map(|i| {
            let own = cell(places[i]);
            let near = ways.iter().filter_map(|way| {
                let there: [i32; D] = std::array::from_fn(|axis| own[axis] + way[axis]);
                grid.get(&there)
            });
            let others = near.flat_map(|near| near.iter().take(CROWD)).filter(|other| **other as usize != i);
            others.map(|&other| apart(places, halves, gap, i, other as usize)).fold(0.0, f32::max)
        })
        .collect();
    let rank = ((needed.len() - 1) as f32 * SHARE) as usize;
    *needed.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// The scale at which two boxes part: it is enough to do so along one axis.
fn apart<const D: usize>(places: &[[f32; D]], halves: &[[f32; D]], gap: f32, a: usize, b: usize) -> f32 {
    let (way, room) = (sub(places[a], places[b]), add(halves[a], halves[b]));
    (0..D).map(|axis| (room[axis] + gap) / way[axis].abs().max(1.0e-6)).fold(f32::INFINITY, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_of_boxes_needs_their_side_and_the_gap() {
        let places: Vec<[f32; 2]> = (0..400).map(|i| [(i % 20) as f32, (i / 20) as f32]).collect();
        let needed = scale(&places, &[[30.0, 20.0]; 400], 10.0);
        assert!((needed - 70.0).abs() < 0.1, "{needed}");
    }

    #[test]
    fn a_few_that_cannot_part_do_not_count_and_nothing_needs_nothing() {
        let mut places: Vec<[f32; 2]> = (0..400).map(|i| [(i % 20) as f32, (i / 20) as f32]).collect();
        places.extend([[3.0, 3.0]; 40]);
        let needed = scale(&places, &[[30.0, 30.0]; 440], 10.0);
        assert!(needed < 80.0, "{needed}");
        assert_eq!(scale::<2>(&[], &[], 10.0), 0.0);
        assert_eq!(scale(&[[5.0, 5.0]], &[[1.0, 1.0]], 10.0), 0.0);
    }
}
