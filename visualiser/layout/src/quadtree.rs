//! A Barnes-Hut tree (Barnes and Hut, Nature 324, 1986) over charged points, kept in flat arrays that are reused.
//!
//! Points are sorted along a Morton curve; a node is a run of them, stored before its children with the index that
//! skips them. A walk therefore needs neither pointers nor a stack. Forces are summed for a whole leaf of points at once:
//! one walk collects what is near enough to count singly and what is far enough to count as one.

/// Points in a leaf; also how many share one walk.
const BUCKET: usize = 16;
/// Bits of a coordinate in a Morton code.
const BITS: u32 = 16;
/// Accumulators side by side, so that the compiler can use vector registers.
const LANES: usize = 8;
/// Softens the pull of what is closer than about this, in world units.
const SOFT: f32 = 24.0;

#[derive(Clone, Copy, Debug)]
struct Node {
    centre: [f32; 2],
    charge: f32,
    /// Larger side of the box round the points.
    size: f32,
    first: u32,
    count: u32,
    /// Index of the first node that is not inside this one; the next one for a leaf.
    skip: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    code: u32,
    number: u32,
}

/// The tree, and the storage that outlives it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quadtree {
    /// The points in curve order, and room to sort them in.
    order: Vec<Entry>,
    scratch: Vec<Entry>,
    /// Place and charge of each, in that order.
    points: Vec<[f32; 3]>,
    nodes: Vec<Node>,
    near: [Vec<f32>; 3],
}

impl Quadtree {
    /// Builds the tree over points known by number, of which `point` tells place and charge.
    pub(crate) fn build(&mut self, numbers: impl Iterator<Item = u32>, point: impl Fn(u32) -> [f32; 3]) {
        self.order.clear();
        let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for number in numbers {
            let at = point(number);
            for axis in 0..2 {
                min[axis] = min[axis].min(at[axis]);
                max[axis] = max[axis].max(at[axis]);
            }
            self.order.push(Entry { code: 0, number });
        }
        let side = (max[0] - min[0]).max(max[1] - min[1]).max(1.0);
        let scale = ((1u32 << BITS) - 1) as f32 / side;
        for entry in &mut self.order {
            let at = point(entry.number);
            let cell = |axis: usize| interleave((at[axis] - min[axis]) * scale);
            entry.code = cell(0) | cell(1) << 1;
        }
        self.sort();
        self.points.clear();
        self.points.extend(self.order.iter().map(|entry| point(entry.number)));
        self.nodes.clear();
        if !self.order.is_empty() {
            self.grow(0, self.order.len(), 2 * BITS);
        }
    }

    /// Calls `take(number, force)` for each point in a leaf that `wanted` has a point of, where the force sums
    /// `charge * distance vector / squared distance` over all points.
    pub(crate) fn forces(&mut self, theta: f32, wanted: impl Fn(u32) -> bool, mut take: impl FnMut(u32, [f32; 2])) {
        let mut near = std::mem::take(&mut self.near);
        let mut index = 0;
        while let Some(&leaf) = self.nodes.get(index) {
            index += 1;
            if leaf.skip as usize != index {
                continue;
            }
            let run = leaf.first as usize..(leaf.first + leaf.count) as usize;
            if !self.order[run.clone()].iter().any(|entry| wanted(entry.number)) {
                continue;
            }
            self.collect(leaf, theta, &mut near);
            for k in run {
                take(self.order[k].number, sum(self.points[k], &near));
            }
        }
        self.near = near;
    }

    /// Lists what the points of a leaf feel.
    fn collect(&self, leaf: Node, theta: f32, near: &mut [Vec<f32>; 3]) {
        near.iter_mut().for_each(Vec::clear);
        let run = &self.points[leaf.first as usize..(leaf.first + leaf.count) as usize];
        let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for point in run {
            for axis in 0..2 {
                min[axis] = min[axis].min(point[axis]);
                max[axis] = max[axis].max(point[axis]);
            }
        }
        let mut add = |at: [f32; 2], charge: f32| {
            near[0].push(at[0]);
            near[1].push(at[1]);
            near[2].push(charge);
        };
        let mut index = 0;
        while let Some(node) = self.nodes.get(index) {
            let gap = |axis: usize| (min[axis] - node.centre[axis]).max(node.centre[axis] - max[axis]).max(0.0);
            let (dx, dy) = (gap(0), gap(1));
            if node.size * node.size < theta * theta * (dx * dx + dy * dy) {
                add(node.centre, node.charge);
                index = node.skip as usize;
                continue;
            }
            index += 1;
            if node.skip as usize == index {
                // A leaf too near to count as one. Points at the very place of the feeling one add nothing.
                for point in &self.points[node.first as usize..(node.first + node.count) as usize] {
                    add([point[0], point[1]], point[2]);
                }
            }
        }
        while !near[0].len().is_multiple_of(LANES) {
            near.iter_mut().for_each(|list| list.push(0.0));
        }
    }

    /// Makes the node over a run of points, and those below it. `bits` is how many of the code the run may still differ in.
    fn grow(&mut self, first: usize, end: usize, mut bits: u32) {
        let index = self.nodes.len();
        self.nodes.push(Node {
            centre: [0.0; 2],
            charge: 0.0,
            size: 0.0,
            first: first as u32,
            count: (end - first) as u32,
            skip: 0,
        });
        if end - first > BUCKET {
            // Levels that do not part the run make no node.
            while bits > 0 && self.order[first].code >> (bits - 2) == self.order[end - 1].code >> (bits - 2) {
                bits -= 2;
            }
            if bits == 0 {
                // All in one cell of the finest grid, perhaps on one spot: any halves will do.
                let middle = first + (end - first) / 2;
                self.grow(first, middle, 0);
                self.grow(middle, end, 0);
            } else {
                let mut begin = first;
                while begin < end {
                    let quadrant = self.order[begin].code >> (bits - 2);
                    let next =
                        begin + self.order[begin..end].partition_point(|entry| entry.code >> (bits - 2) <= quadrant);
                    self.grow(begin, next, bits - 2);
                    begin = next;
                }
            }
        }
        let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        let (mut weighted, mut charge) = ([0.0f64; 2], 0.0f64);
        for point in &self.points[first..end] {
            for axis in 0..2 {
                min[axis] = min[axis].min(point[axis]);
                max[axis] = max[axis].max(point[axis]);
                weighted[axis] += f64::from(point[axis]) * f64::from(point[2]);
            }
            charge += f64::from(point[2]);
        }
        let skip = self.nodes.len() as u32;
        let node = &mut self.nodes[index];
        node.centre = weighted.map(|sum| (sum / charge.max(1.0e-12)) as f32);
        node.charge = charge as f32;
        node.size = (max[0] - min[0]).max(max[1] - min[1]);
        node.skip = skip;
    }

    /// Sorts by code, a byte at a time from the lowest; equal codes keep their order.
    fn sort(&mut self) {
        self.scratch.resize(self.order.len(), Entry::default());
        for shift in [0, 8, 16, 24] {
            let mut starts = [0u32; 256];
            for entry in &self.order {
                starts[(entry.code >> shift) as usize & 255] += 1;
            }
            let mut sum = 0;
            for start in &mut starts {
                (*start, sum) = (sum, sum + *start);
            }
            for entry in &self.order {
                let start = &mut starts[(entry.code >> shift) as usize & 255];
                self.scratch[*start as usize] = *entry;
                *start += 1;
            }
            std::mem::swap(&mut self.order, &mut self.scratch);
        }
    }
}

fn sum(point: [f32; 3], near: &[Vec<f32>; 3]) -> [f32; 2] {
    let (mut fx, mut fy) = ([0.0f32; LANES], [0.0f32; LANES]);
    let lists = near[0].chunks_exact(LANES).zip(near[1].chunks_exact(LANES)).zip(near[2].chunks_exact(LANES));
    for ((xs, ys), charges) in lists {
        for lane in 0..LANES {
            let (dx, dy) = (point[0] - xs[lane], point[1] - ys[lane]);
            let push = charges[lane] / (dx * dx + dy * dy + SOFT * SOFT);
            fx[lane] += dx * push;
            fy[lane] += dy * push;
        }
    }
    [fx.iter().sum(), fy.iter().sum()]
}

/// Spreads the low bits of a coordinate so that another fits between them.
fn interleave(coordinate: f32) -> u32 {
    let mut bits = (coordinate.max(0.0) as u32).min((1 << BITS) - 1);
    bits = (bits | bits << 8) & 0x00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn scattered(count: usize) -> Vec<[f32; 2]> {
        let mut rng = Rng::new(3);
        (0..count).map(|_| [900.0 * rng.spread(), 500.0 * rng.spread()]).collect()
    }

    fn forces(places: &[[f32; 2]], theta: f32) -> Vec<[f32; 2]> {
        let mut tree = Quadtree::default();
        tree.build(0..places.len() as u32, |i| [places[i as usize][0], places[i as usize][1], 1.0]);
        let mut found = vec![[f32::NAN; 2]; places.len()];
        tree.forces(theta, |_| true, |i, force| found[i as usize] = force);
        found
    }

    fn exact(places: &[[f32; 2]]) -> Vec<[f32; 2]> {
        let one = |a: &[f32; 2]| {
            places.iter().fold([0.0; 2], |sum, b| {
                let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
                let push = 1.0 / (dx * dx + dy * dy + SOFT * SOFT);
                [sum[0] + dx * push, sum[1] + dy * push]
            })
        };
        places.iter().map(one).collect()
    }

    fn relative_error(theta: f32) -> f32 {
        let places = scattered(1500);
        let (near, far) = (forces(&places, theta), exact(&places));
        let (mut off, mut all) = (0.0, 0.0);
        for (a, b) in near.iter().zip(&far) {
            off += (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
            all += b[0].powi(2) + b[1].powi(2);
        }
        (off / all).sqrt()
    }

    #[test]
    fn approaches_the_exact_sum() {
        assert!(relative_error(0.0) < 1.0e-4);
        assert!(relative_error(0.5) < relative_error(0.9));
        assert!(relative_error(0.9) < 0.02, "{}", relative_error(0.9));
    }

    #[test]
    fn two_points_push_each_other_apart() {
        let found = forces(&[[0.0, 0.0], [100.0, 0.0]], 0.9);
        assert!(found[0][0] < 0.0 && found[0][0] == -found[1][0]);
        assert_eq!(found[0][1], 0.0);
    }

    #[test]
    fn a_heap_of_points_on_one_spot_ends_and_stays_finite() {
        let mut places = vec![[5.0, 5.0]; 20_000];
        places.push([900.0, 5.0]);
        let found = forces(&places, 0.9);
        assert!(found.iter().flatten().all(|x| x.is_finite()));
        assert!(found[20_000][0] > 20.0, "the heap pushes with all its charge");
    }

    #[test]
    fn nothing_and_one_are_fine() {
        assert!(forces(&[], 0.9).is_empty());
        assert_eq!(forces(&[[3.0, 4.0]], 0.9), [[0.0; 2]]);
    }
}
