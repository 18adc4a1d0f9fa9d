//! Solid bodies: siblings push each other apart, so that boxes and rings never overlap at rest.
//!
//! Only siblings meet. A ring that is pushed takes everything in it along, so keeping siblings apart at each level keeps
//! strangers out of rings at any depth. Neighbours are found in hashed grids, one for each power of two of size; the
//! parent is part of the hash, so that a body never even looks at what it cannot meet.

use crate::bodies::Bodies;
use crate::laws::Laws;
use crate::rng::mix;

/// Of one cell no more than this many bodies are looked at, or a heap of bodies on one spot would cost its square.
const CROWD: usize = 48;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    body: u32,
    /// Which power of two its cells measure.
    level: u32,
    at: [f32; 2],
    /// Half the sides of all the room it may claim.
    half: [f32; 2],
}

/// The grids, rebuilt each tick in storage that is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    entries: Vec<Entry>,
    starts: Vec<u32>,
    levels: u32,
}

/// Pushes overlapping siblings apart and returns the deepest overlap found, air between them counted.
pub(crate) fn apply(bodies: &mut Bodies, grid: &mut Grid, laws: &Laws) -> f32 {
    grid.build(bodies, laws);
    bodies.moved.fill([0.0; 2]);
    let mut deepest = 0.0f32;
    for entry in &grid.entries {
        let parent = bodies.parent[entry.body as usize];
        let mut levels = grid.levels >> entry.level << entry.level;
        while levels != 0 {
            let level = levels.trailing_zeros();
            levels &= levels - 1;
            let own = level == entry.level;
            // Of two bodies of one level each pair of cells is visited once.
            let around: &[[i32; 2]] = if own { &AROUND[..5] } else { &AROUND };
            let [x, y] = cell(entry.at, level);
            for by in around {
                let twice = own && *by == [0, 0];
                for other in grid.bucket([x + by[0], y + by[1]], level, parent) {
                    let near =
                        |axis: usize| (entry.at[axis] - other.at[axis]).abs() < entry.half[axis] + other.half[axis];
                    // A bucket may hold other cells too. Whoever is met there again is apart by then, so it does no harm.
                    if near(0)
                        && near(1)
                        && (!twice || other.body > entry.body)
                        && other.body != entry.body
                        && bodies.parent[other.body as usize] == parent
                    {
                        deepest = deepest.max(part(bodies, entry.body as usize, other.body as usize, laws));
                    }
                }
            }
        }
    }
    bodies.carry();
    deepest
}

const AROUND: [[i32; 2]; 9] = [[0, 0], [1, 0], [-1, 1], [0, 1], [1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]];

impl Grid {
    fn build(&mut self, bodies: &Bodies, laws: &Laws) {
        let count = bodies.len();
        self.starts.clear();
        self.starts.resize(count.next_power_of_two() + 1, 0);
        self.levels = 0;
        let entry = |i: usize| {
            let gap = if bodies.ringed[i] { laws.ring_gap } else { 0.5 * laws.body_gap };
            let half = bodies.extent(i).map(|side| side + gap);
            // The exponent of the number, so that a cell is larger than what is in it.
            let level = ((2.0 * half[0].max(half[1])).to_bits() >> 23).saturating_sub(126).min(31);
            Entry { body: i as u32, level, at: bodies.at[i], half }
        };
        for i in 0..count {
            let entry = entry(i);
            self.levels |= 1 << entry.level;
            let bucket = self.hash(cell(entry.at, entry.level), entry.level, bodies.parent[i]);
            self.starts[bucket] += 1;
        }
        let mut sum = 0;
        for start in &mut self.starts {
            (*start, sum) = (sum, sum + *start);
        }
        self.entries.resize(count, Entry::default());
        // From here `starts[b]` is where bucket b ends, after all its entries are in.
        for i in 0..count {
            let entry = entry(i);
            let bucket = self.hash(cell(entry.at, entry.level), entry.level, bodies.parent[i]);
            self.entries[self.starts[bucket] as usize] = entry;
            self.starts[bucket] += 1;
        }
    }

    /// Rows of cells are scattered, cells of a row follow each other, so that neighbours are near in memory too.
    fn hash(&self, cell: [i32; 2], level: u32, parent: u32) -> usize {
        let row = (cell[1] as u32 as u64) << 32 | parent as u64;
        let row = mix(row ^ (level as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (row as usize).wrapping_add(cell[0] as usize) & (self.starts.len() - 2)
    }

    fn bucket(&self, cell: [i32; 2], level: u32, parent: u32) -> &[Entry] {
        let bucket = self.hash(cell, level, parent);
        let first = if bucket == 0 { 0 } else { self.starts[bucket - 1] } as usize;
        let end = self.starts[bucket] as usize;
        &self.entries[first..end.min(first + CROWD)]
    }
}

/// Where a body is by now, in the middle of a pass.
fn place(bodies: &Bodies, body: u32) -> [f32; 2] {
    let (at, moved) = (bodies.at[body as usize], bodies.moved[body as usize]);
    [at[0] + moved[0], at[1] + moved[1]]
}

fn cell(at: [f32; 2], level: u32) -> [i32; 2] {
    let scale = f32::from_bits((127 - level) << 23);
    at.map(|side| {
        let cut = (side * scale) as i32;
        cut - i32::from(side < 0.0)
    })
}

/// Pushes two siblings apart if they overlap; returns how deep they did.
fn part(bodies: &mut Bodies, a: usize, b: usize, laws: &Laws) -> f32 {
    let (at_a, at_b) = (place(bodies, a as u32), place(bodies, b as u32));
    let way = [at_b[0] - at_a[0], at_b[1] - at_a[1]];
    let (depth, push) = match (bodies.ringed[a], bodies.ringed[b]) {
        (false, false) => boxes(scatter(way, a, b), bodies.half[a], bodies.half[b], laws.body_gap),
        (true, true) => ring_and_box(way, bodies.radius[a] + bodies.radius[b] + laws.ring_gap, [0.0; 2]),
        (true, false) => ring_and_box(way, bodies.radius[a] + laws.ring_gap, bodies.half[b]),
        (false, true) => {
            let (depth, push) = ring_and_box([-way[0], -way[1]], bodies.radius[b] + laws.ring_gap, bodies.half[a]);
            (depth, [-push[0], -push[1]])
        }
    };
    let (yield_a, yield_b) = (mobility(bodies, a), mobility(bodies, b));
    if depth <= 0.0 || yield_a + yield_b <= 0.0 {
        return 0.0;
    }
    // While hot, bodies may still slip past each other, or a tangle could not come undone.
    let firmness = depth * (1.0 - 0.8 * bodies.heat[a].max(bodies.heat[b]));
    let share = yield_a / (yield_a + yield_b);
    for (body, by) in [(a, -firmness * share), (b, firmness * (1.0 - share))] {
        let moved = &mut bodies.moved[body];
        *moved = [moved[0] + push[0] * by, moved[1] + push[1] * by];
    }
    depth
}

/// How readily a body gives way: heavy and cold ones hardly, held ones not at all.
fn mobility(bodies: &Bodies, body: usize) -> f32 {
    if bodies.held[body] { 0.0 } else { (0.1 + bodies.heat[body]) / bodies.leaves[body] as f32 }
}

/// Bodies on one spot leave it in all directions rather than in one long row.
fn scatter(way: [f32; 2], a: usize, b: usize) -> [f32; 2] {
    if way[0].abs() + way[1].abs() > 0.5 {
        return way;
    }
    let angle = (mix((a as u64) << 32 | b as u64) >> 40) as f32;
    [20.0 * angle.cos(), 20.0 * angle.sin()]
}

/// Overlap of two boxes whose centres are `way` apart, and the direction in which the second leaves it soonest.
fn boxes(way: [f32; 2], a: [f32; 2], b: [f32; 2], gap: f32) -> (f32, [f32; 2]) {
    let depth = |axis: usize| a[axis] + b[axis] + gap - way[axis].abs();
    let (x, y) = (depth(0), depth(1));
    if x < y { (x, [1.0f32.copysign(way[0]), 0.0]) } else { (y, [0.0, 1.0f32.copysign(way[1])]) }
}

/// Overlap of a circle with a box that is `way` from its centre, and the direction in which the box leaves it.
fn ring_and_box(way: [f32; 2], radius: f32, half: [f32; 2]) -> (f32, [f32; 2]) {
    let nearest = [way[0] - way[0].clamp(-half[0], half[0]), way[1] - way[1].clamp(-half[1], half[1])];
    let distance = nearest[0].hypot(nearest[1]);
    if distance > 1.0e-3 {
        return (radius - distance, [nearest[0] / distance, nearest[1] / distance]);
    }
    let from_centre = way[0].hypot(way[1]);
    let push = if from_centre > 1.0e-3 { [way[0] / from_centre, way[1] / from_centre] } else { [1.0, 0.0] };
    (radius, push)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::contain::enclose;
    use crate::forces::tests::{linked, nested};

    fn settle(bodies: &mut Bodies) {
        let (mut grid, laws) = (Grid::default(), Laws::default());
        bodies.heat.fill(0.0);
        for _ in 0..600 {
            enclose(bodies, &laws);
            if apply(bodies, &mut grid, &laws) < 0.5 {
                return;
            }
        }
        panic!("still overlapping");
    }

    #[test]
    fn boxes_leave_each_other_the_short_way() {
        let gap = Laws::default().body_gap;
        let (mut bodies, _) = linked(&[[0.0, 0.0], [10.0, 30.0]], &[]);
        settle(&mut bodies);
        assert_eq!([bodies.at[0][0], bodies.at[1][0]], [0.0, 10.0], "no need to move sideways");
        assert!((bodies.at[1][1] - bodies.at[0][1] - 40.0 - gap).abs() < 0.5);
    }

    #[test]
    fn bodies_on_one_spot_come_apart() {
        let (mut bodies, _) = linked(&[[0.0; 2]; 30], &[]);
        settle(&mut bodies);
        for (i, a) in bodies.at.iter().enumerate() {
            for b in &bodies.at[..i] {
                assert!((a[0] - b[0]).abs() > 40.0 || (a[1] - b[1]).abs() > 40.0, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_ring_takes_its_children_along() {
        let mut bodies = nested();
        bodies.at[4] = [0.0, 60.0];
        let before = bodies.clone();
        settle(&mut bodies);
        let apart = |bodies: &Bodies| bodies.at[3][0] - bodies.at[2][0];
        assert!((apart(&bodies) - apart(&before)).abs() < 0.01);
        assert!(bodies.at[2][1] < before.at[2][1] && bodies.at[4][1] > before.at[4][1]);
    }

    #[test]
    fn what_is_held_stays_and_the_other_yields() {
        let (mut bodies, _) = linked(&[[0.0, 0.0], [5.0, 0.0]], &[]);
        bodies.held[0] = true;
        settle(&mut bodies);
        assert_eq!(bodies.at[0], [0.0, 0.0]);
    }
}
