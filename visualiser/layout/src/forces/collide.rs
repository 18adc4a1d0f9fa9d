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

/// All that is asked of a body when it meets another, in one place: bodies that are near each other are far apart in the
/// arrays of many.
#[derive(Clone, Copy, Debug)]
struct Entry<const D: usize> {
    body: u32,
    parent: u32,
    /// Which power of two its cells measure.
    level: u32,
    at: [f32; D],
    /// Half the sides of all the room it may claim.
    claim: [f32; D],
    half: [f32; D],
    /// Of a ring; less than nothing for a box.
    radius: f32,
    heat: f32,
    mobility: f32,
    /// How far it is pushed.
    push: [f32; D],
}

impl<const D: usize> Entry<D> {
    const NONE: Self = Self {
        body: 0,
        parent: NONE,
        level: 0,
        at: [0.0; D],
        claim: [0.0; D],
        half: [0.0; D],
        radius: 0.0,
        heat: 0.0,
        mobility: 0.0,
        push: [0.0; D],
    };

    fn of(bodies: &Bodies<D>, body: u32, laws: &Laws) -> Self {
        let i = body as usize;
        let gap = if bodies.ringed[i] { laws.ring_gap } else { 0.5 * laws.body_gap };
        let claim = bodies.extent(i).map(|side| side + gap);
        // The exponent of the number, so that a cell is larger than what is in it.
        let widest = claim.into_iter().fold(0.0, f32::max);
        Self {
            body,
            parent: bodies.parent[i],
            level: ((2.0 * widest).to_bits() >> 23).saturating_sub(126).min(31),
            at: bodies.at[i],
            claim,
            half: bodies.half[i],
            radius: if bodies.ringed[i] { bodies.radius[i] } else { -1.0 },
            heat: bodies.heat[i],
            mobility: mobility(bodies, i),
            push: [0.0; D],
        }
    }

    fn is_ring(&self) -> bool {
        self.radius >= 0.0
    }

    fn is_near(&self, other: &Self) -> bool {
        (0..D).all(|axis| (self.at[axis] - other.at[axis]).abs() < self.claim[axis] + other.claim[axis])
    }
}

/// The grids, rebuilt each tick in storage that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Grid<const D: usize> {
    entries: Vec<Entry<D>>,
    /// Siblings who are few: scratch.
    few: Vec<Entry<D>>,
    /// Where each bucket of entries ends.
    ends: Vec<u32>,
    /// The bucket of each body that is in one: scratch.
    buckets: Vec<u32>,
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
        Self {
            entries: Vec::new(),
            few: Vec::new(),
            ends: Vec::new(),
            buckets: Vec::new(),
            levels: 0,
            around,
            pushes: Vec::new(),
        }
    }
}

/// Finds how to push overlapping siblings apart, and returns the deepest overlap, air between them counted.
pub(crate) fn apply<const D: usize>(bodies: &Bodies<D>, grid: &mut Grid<D>, laws: &Laws) -> f32 {
    grid.pushes.clear();
    grid.pushes.resize(bodies.len(), [0.0; D]);
    let mut deepest = 0.0f32;
    for ring in bodies.rings.iter().filter(|ring| ring.count <= FEW) {
        grid.few.clear();
        grid.few.extend(bodies.members(*ring).iter().map(|&child| Entry::of(bodies, child, laws)));
        for a in 0..grid.few.len() {
            for b in a + 1..grid.few.len() {
                if grid.few[a].is_near(&grid.few[b]) {
                    deepest = deepest.max(part(&mut grid.few, a, b, laws));
                }
            }
        }
        grid.few.iter().for_each(|entry| grid.pushes[entry.body as usize] = entry.push);
    }
    grid.build(bodies, laws);
    for a in 0..grid.entries.len() {
        deepest = deepest.max(grid.meet(a, laws));
    }
    grid.entries.iter().for_each(|entry| grid.pushes[entry.body as usize] = entry.push);
    deepest
}

impl<const D: usize> Grid<D> {
    fn build(&mut self, bodies: &Bodies<D>, laws: &Laws) {
        let roots = (0..bodies.len() as u32).filter(|&i| bodies.parent[i as usize] == NONE);
        let large = bodies.rings.iter().filter(|ring| ring.count > FEW);
        let many = roots.chain(large.flat_map(|ring| bodies.members(*ring).iter().copied()));
        let count = many.clone().count();
        self.ends.clear();
        self.ends.resize(count.next_power_of_two() + 1, 0);
        self.buckets.clear();
        self.levels = 0;
        for body in many.clone() {
            let entry = Entry::of(bodies, body, laws);
            self.levels |= 1 << entry.level;
            let bucket = self.hash(cell(entry.at, entry.level), entry.level, entry.parent);
            self.buckets.push(bucket as u32);
            self.ends[bucket] += 1;
        }
        let mut sum = 0;
        for start in &mut self.ends {
            (*start, sum) = (sum, sum + *start);
        }
        self.entries.resize(count, Entry::NONE);
        // What is where a bucket begins comes to where it ends, as each of its entries is put in.
        for (body, &bucket) in many.zip(&self.buckets) {
            let end = &mut self.ends[bucket as usize];
            self.entries[*end as usize] = Entry::of(bodies, body, laws);
            *end += 1;
        }
    }

    /// Parts an entry from those near it, and returns how deep they overlapped.
    fn meet(&mut self, a: usize, laws: &Laws) -> f32 {
        let entry = self.entries[a];
        let mut deepest = 0.0f32;
        let mut levels = self.levels >> entry.level << entry.level;
        while levels != 0 {
            let level = levels.trailing_zeros();
            levels &= levels - 1;
            let own = level == entry.level;
            // Of two bodies of one level each pair of cells is visited once.
            let around = if own { self.around.len().div_ceil(2) } else { self.around.len() };
            let cell = cell(entry.at, level);
            for index in 0..around {
                let twice = own && index == 0;
                let there = std::array::from_fn(|axis| cell[axis] + self.around[index][axis]);
                for b in self.bucket(there, level, entry.parent) {
                    let other = &self.entries[b];
                    // A bucket may hold other cells too. Whoever is met there again is apart by then, so it does no harm.
                    if entry.is_near(other)
                        && (!twice || other.body > entry.body)
                        && other.body != entry.body
                        && other.parent == entry.parent
                    {
                        deepest = deepest.max(part(&mut self.entries, a, b, laws));
                    }
                }
            }
        }
        deepest
    }

    /// Rows of cells are scattered, cells of a row follow each other, so that neighbours are near in memory too.
    fn hash(&self, cell: [i32; D], level: u32, parent: u32) -> usize {
        let row = cell[1..].iter().fold(u64::from(parent) << 5 | u64::from(level), |row, &side| {
            (row ^ u64::from(side as u32)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        (row as usize).wrapping_add(cell[0] as usize) & (self.ends.len() - 2)
    }

    fn bucket(&self, cell: [i32; D], level: u32, parent: u32) -> std::ops::Range<usize> {
        let bucket = self.hash(cell, level, parent);
        let first = if bucket == 0 { 0 } else { self.ends[bucket - 1] } as usize;
        let end = self.ends[bucket] as usize;
        first..end.min(first + CROWD)
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
fn part<const D: usize>(entries: &mut [Entry<D>], a: usize, b: usize, laws: &Laws) -> f32 {
    let (one, other) = (&entries[a], &entries[b]);
    let way = sub(add(other.at, other.push), add(one.at, one.push));
    let (depth, push) = match (one.is_ring(), other.is_ring()) {
        (false, false) => boxes(scatter(way, one.body, other.body), one.half, other.half, laws.body_gap),
        (true, true) => ring_and_box(way, one.radius + other.radius + laws.ring_gap, [0.0; D]),
        (true, false) => ring_and_box(way, one.radius + laws.ring_gap, other.half),
        (false, true) => {
            let (depth, push) = ring_and_box(scaled(way, -1.0), other.radius + laws.ring_gap, one.half);
            (depth, scaled(push, -1.0))
        }
    };
    if depth <= 0.0 || one.mobility + other.mobility <= 0.0 {
        return 0.0;
    }
    // While hot, bodies may still slip past each other, or a tangle could not come undone.
    let firmness = depth * (1.0 - 0.8 * one.heat.max(other.heat));
    let share = one.mobility / (one.mobility + other.mobility);
    entries[a].push = sub(entries[a].push, scaled(push, firmness * share));
    entries[b].push = add(entries[b].push, scaled(push, firmness * (1.0 - share)));
    depth
}

/// How readily a body gives way: heavy and cold ones hardly, held ones not at all.
fn mobility<const D: usize>(bodies: &Bodies<D>, body: usize) -> f32 {
    if bodies.held[body] { 0.0 } else { (0.1 + bodies.heat[body]) / bodies.leaves[body] as f32 }
}

/// Bodies on one spot leave it in all directions rather than in one long row.
fn scatter<const D: usize>(way: [f32; D], a: u32, b: u32) -> [f32; D] {
    if way.iter().map(|side| side.abs()).sum::<f32>() > 0.5 {
        return way;
    }
    let angle = (mix(u64::from(a) << 32 | u64::from(b)) >> 40) as f32;
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
