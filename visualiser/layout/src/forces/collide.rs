//! Solid bodies: siblings push each other apart, so that boxes and rings never overlap at rest.
//!
//! Only siblings meet. A ring that is pushed takes everything in it along, so keeping siblings apart at each level keeps
//! strangers out of rings at any depth. Few siblings are looked at pair by pair. Among many, neighbours are found in hashed
//! grids, one for each power of two of size; the parent is part of the hash, so that a body never even looks at what it
//! cannot meet.

use crate::bodies::{Bodies, NONE};
use crate::laws::Laws;
use crate::rng::mix;
use crate::vector::{add, length, scaled, sub};

/// Of one cell no more than this many bodies are looked at, or a heap of bodies on one spot would cost its square.
const CROWD: usize = 48;

/// So many siblings are looked at pair by pair.
const FEW: u32 = 24;

#[derive(Clone, Copy, Debug)]
struct Entry<const D: usize> {
    body: u32,
    /// Which power of two its cells measure.
    level: u32,
    at: [f32; D],
    /// Half the sides of all the room it may claim.
    half: [f32; D],
}

impl<const D: usize> Entry<D> {
    fn of(bodies: &Bodies<D>, body: u32, laws: &Laws) -> Self {
        let i = body as usize;
        let gap = if bodies.ringed[i] { laws.ring_gap } else { 0.5 * laws.body_gap };
        let half = bodies.extent(i).map(|side| side + gap);
        // The exponent of the number, so that a cell is larger than what is in it.
        let widest = half.into_iter().fold(0.0, f32::max);
        let level = ((2.0 * widest).to_bits() >> 23).saturating_sub(126).min(31);
        Self { body, level, at: bodies.at[i], half }
    }

    fn is_near(&self, other: &Self) -> bool {
        (0..D).all(|axis| (self.at[axis] - other.at[axis]).abs() < self.half[axis] + other.half[axis])
    }
}

/// The grids, rebuilt each tick in storage that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Grid<const D: usize> {
    entries: Vec<Entry<D>>,
    /// Siblings who are few: scratch.
    few: Vec<Entry<D>>,
    starts: Vec<u32>,
    levels: u32,
    /// The ways from a cell to itself and to all round it. Of two opposite ways one is in the first half.
    around: Vec<[i32; D]>,
    /// How far each body is pushed.
    pub(crate) pushes: Vec<[f32; D]>,
}

impl<const D: usize> Default for Grid<D> {
    fn default() -> Self {
        let count = 3i32.pow(D as u32);
        let way = |index: i32| std::array::from_fn(|axis| index / 3i32.pow(axis as u32) % 3 - 1);
        // The middle one is the cell itself.
        let around = (count / 2..count).chain(0..count / 2).map(way).collect();
        Self { entries: Vec::new(), few: Vec::new(), starts: Vec::new(), levels: 0, around, pushes: Vec::new() }
    }
}

/// Finds how to push overlapping siblings apart, and returns the deepest overlap, air between them counted.
pub(crate) fn apply<const D: usize>(bodies: &Bodies<D>, grid: &mut Grid<D>, laws: &Laws) -> f32 {
    grid.build(bodies, laws);
    let mut pushes = std::mem::take(&mut grid.pushes);
    pushes.clear();
    pushes.resize(bodies.len(), [0.0; D]);
    let mut deepest = 0.0f32;
    for ring in bodies.rings.iter().filter(|ring| ring.count <= FEW) {
        grid.few.clear();
        grid.few.extend(bodies.members(*ring).iter().map(|&child| Entry::of(bodies, child, laws)));
        for (index, entry) in grid.few.iter().enumerate() {
            for other in grid.few[index + 1..].iter().filter(|other| entry.is_near(other)) {
                let pair = (entry.body as usize, other.body as usize);
                deepest = deepest.max(part(bodies, &mut pushes, pair, laws));
            }
        }
    }
    for entry in &grid.entries {
        let parent = bodies.parent[entry.body as usize];
        let mut levels = grid.levels >> entry.level << entry.level;
        while levels != 0 {
            let level = levels.trailing_zeros();
            levels &= levels - 1;
            let own = level == entry.level;
            // Of two bodies of one level each pair of cells is visited once.
            let around = &grid.around[..if own { grid.around.len().div_ceil(2) } else { grid.around.len() }];
            let cell = cell(entry.at, level);
            for (index, by) in around.iter().enumerate() {
                let twice = own && index == 0;
                let there = std::array::from_fn(|axis| cell[axis] + by[axis]);
                for other in grid.bucket(there, level, parent) {
                    // A bucket may hold other cells too. Whoever is met there again is apart by then, so it does no harm.
                    if entry.is_near(other)
                        && (!twice || other.body > entry.body)
                        && other.body != entry.body
                        && bodies.parent[other.body as usize] == parent
                    {
                        let pair = (entry.body as usize, other.body as usize);
                        deepest = deepest.max(part(bodies, &mut pushes, pair, laws));
                    }
                }
            }
        }
    }
    grid.pushes = pushes;
    deepest
}

impl<const D: usize> Grid<D> {
    fn build(&mut self, bodies: &Bodies<D>, laws: &Laws) {
        let roots = (0..bodies.len() as u32).filter(|&i| bodies.parent[i as usize] == NONE);
        let large = bodies.rings.iter().filter(|ring| ring.count > FEW);
        let many = roots.chain(large.flat_map(|ring| bodies.members(*ring).iter().copied()));
        let count = many.clone().count();
        self.starts.clear();
        self.starts.resize(count.next_power_of_two() + 1, 0);
        self.levels = 0;
        for body in many.clone() {
            let entry = Entry::of(bodies, body, laws);
            self.levels |= 1 << entry.level;
            let bucket = self.hash(cell(entry.at, entry.level), entry.level, bodies.parent[body as usize]);
            self.starts[bucket] += 1;
        }
        let mut sum = 0;
        for start in &mut self.starts {
            (*start, sum) = (sum, sum + *start);
        }
        self.entries.resize(count, Entry { body: 0, level: 0, at: [0.0; D], half: [0.0; D] });
        // From here `starts[b]` is where bucket b ends, after all its entries are in.
        for body in many {
            let entry = Entry::of(bodies, body, laws);
            let bucket = self.hash(cell(entry.at, entry.level), entry.level, bodies.parent[body as usize]);
            self.entries[self.starts[bucket] as usize] = entry;
            self.starts[bucket] += 1;
        }
    }

    /// Rows of cells are scattered, cells of a row follow each other, so that neighbours are near in memory too.
    fn hash(&self, cell: [i32; D], level: u32, parent: u32) -> usize {
        let row = cell[1..].iter().fold(u64::from(parent) << 5 | u64::from(level), |row, &side| {
            (row ^ u64::from(side as u32)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        (row as usize).wrapping_add(cell[0] as usize) & (self.starts.len() - 2)
    }

    fn bucket(&self, cell: [i32; D], level: u32, parent: u32) -> &[Entry<D>] {
        let bucket = self.hash(cell, level, parent);
        let first = if bucket == 0 { 0 } else { self.starts[bucket - 1] } as usize;
        let end = self.starts[bucket] as usize;
        &self.entries[first..end.min(first + CROWD)]
    }
}

fn cell<const D: usize>(at: [f32; D], level: u32) -> [i32; D] {
    let scale = f32::from_bits((127 - level) << 23);
    at.map(|side| {
        let cut = (side * scale) as i32;
        cut - i32::from(side < 0.0)
    })
}

/// Pushes two siblings apart if they overlap, on top of what they are pushed already; returns how deep they did.
fn part<const D: usize>(bodies: &Bodies<D>, pushes: &mut [[f32; D]], (a, b): (usize, usize), laws: &Laws) -> f32 {
    let way = sub(add(bodies.at[b], pushes[b]), add(bodies.at[a], pushes[a]));
    let (depth, push) = match (bodies.ringed[a], bodies.ringed[b]) {
        (false, false) => boxes(scatter(way, a, b), bodies.half[a], bodies.half[b], laws.body_gap),
        (true, true) => ring_and_box(way, bodies.radius[a] + bodies.radius[b] + laws.ring_gap, [0.0; D]),
        (true, false) => ring_and_box(way, bodies.radius[a] + laws.ring_gap, bodies.half[b]),
        (false, true) => {
            let (depth, push) = ring_and_box(scaled(way, -1.0), bodies.radius[b] + laws.ring_gap, bodies.half[a]);
            (depth, scaled(push, -1.0))
        }
    };
    let (yield_a, yield_b) = (mobility(bodies, a), mobility(bodies, b));
    if depth <= 0.0 || yield_a + yield_b <= 0.0 {
        return 0.0;
    }
    // While hot, bodies may still slip past each other, or a tangle could not come undone.
    let firmness = depth * (1.0 - 0.8 * bodies.heat[a].max(bodies.heat[b]));
    let share = yield_a / (yield_a + yield_b);
    pushes[a] = sub(pushes[a], scaled(push, firmness * share));
    pushes[b] = add(pushes[b], scaled(push, firmness * (1.0 - share)));
    depth
}

/// How readily a body gives way: heavy and cold ones hardly, held ones not at all.
fn mobility<const D: usize>(bodies: &Bodies<D>, body: usize) -> f32 {
    if bodies.held[body] { 0.0 } else { (0.1 + bodies.heat[body]) / bodies.leaves[body] as f32 }
}

/// Bodies on one spot leave it in all directions rather than in one long row.
fn scatter<const D: usize>(way: [f32; D], a: usize, b: usize) -> [f32; D] {
    if way.iter().map(|side| side.abs()).sum::<f32>() > 0.5 {
        return way;
    }
    let angle = (mix((a as u64) << 32 | b as u64) >> 40) as f32;
    let turned = [angle.cos(), angle.sin(), (0.7 * angle).cos()];
    std::array::from_fn(|axis| 20.0 * turned[axis])
}

/// Overlap of two boxes whose centres are `way` apart, and the direction in which the second leaves it soonest.
fn boxes<const D: usize>(way: [f32; D], a: [f32; D], b: [f32; D], gap: f32) -> (f32, [f32; D]) {
    let depth = |axis: usize| a[axis] + b[axis] + gap - way[axis].abs();
    let soonest = (0..D).rev().fold(D - 1, |best, axis| if depth(axis) < depth(best) { axis } else { best });
    (depth(soonest), std::array::from_fn(|axis| if axis == soonest { 1.0f32.copysign(way[axis]) } else { 0.0 }))
}

/// Overlap of a ball with a box that is `way` from its centre, and the direction in which the box leaves it.
fn ring_and_box<const D: usize>(way: [f32; D], radius: f32, half: [f32; D]) -> (f32, [f32; D]) {
    let nearest = std::array::from_fn(|axis| way[axis] - way[axis].clamp(-half[axis], half[axis]));
    let distance = length(nearest);
    if distance > 1.0e-3 {
        return (radius - distance, scaled(nearest, 1.0 / distance));
    }
    let from_centre = length(way);
    let right = std::array::from_fn(|axis| if axis == 0 { 1.0 } else { 0.0 });
    (radius, if from_centre > 1.0e-3 { scaled(way, 1.0 / from_centre) } else { right })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::contain::enclose;
    use crate::forces::tests::{linked, nested};

    fn settle(bodies: &mut Bodies<2>) {
        let (mut grid, laws) = (Grid::default(), Laws::default());
        bodies.heat.fill(0.0);
        for _ in 0..600 {
            enclose(bodies, &laws);
            if apply(bodies, &mut grid, &laws) < 0.5 {
                return;
            }
            bodies.moved.copy_from_slice(&grid.pushes);
            bodies.carry();
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
        let apart = |bodies: &Bodies<2>| bodies.at[3][0] - bodies.at[2][0];
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
