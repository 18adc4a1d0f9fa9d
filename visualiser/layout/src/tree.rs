//! Repulsion of many by many: a tree over charged points, which [`crate::walk`] walks by pairs of its nodes.
//!
//! Points are halved again and again across their longest side; a node is a run of them, stored before its children with
//! the index that skips them. No cell of a grid has so even a number of points, and none is as compact.

use crate::courtesy::Courtesy;
use crate::kernel::{Columns, LANES};
use crate::vector::{add, length, scaled, sub};
use crate::walk::{Repulsion, Scratch, Walk, pieces};

/// Points in a leaf at most.
const BUCKET: usize = 3 * LANES;
/// Fewer points than this are ordered sooner than another thread could come to help.
const WORTH_SHARING: usize = 1024;
/// Work is shared out by subtrees, about so many, however many threads there are.
const TASKS: usize = 64;

/// A run of points close to each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<const D: usize> {
    pub(crate) centre: [f32; D],
    pub(crate) charge: f32,
    /// No point is further from the centre.
    pub(crate) reach: f32,
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// Index of the first node that is not inside this one; the next one for a leaf.
    pub(crate) skip: u32,
    /// Somebody asks for the force on one of the points.
    pub(crate) wanted: bool,
}

impl<const D: usize> Node<D> {
    /// The rows of its points, and of what fills up the last lanes, counted from `base`.
    pub(crate) fn rows(&self, base: u32) -> std::ops::Range<usize> {
        let first = (self.first - base) as usize;
        first..first + (self.count as usize).next_multiple_of(LANES)
    }
}

/// A point in the order of the tree.
#[derive(Clone, Copy, Debug)]
struct Entry<const D: usize> {
    at: [f32; D],
    charge: f32,
    number: u32,
}

/// The tree, and the storage that outlives it.
#[derive(Clone, Debug)]
pub(crate) struct Tree<const D: usize> {
    order: Vec<Entry<D>>,
    /// Place and charge of each, in that order.
    points: Columns<D>,
    nodes: Vec<Node<D>>,
    /// The subtrees that are walked one by one.
    tasks: Vec<u32>,
    scratch: Vec<Scratch<D>>,
    /// What is felt at each, a column a coordinate.
    forces: [Vec<f32>; D],
}

impl<const D: usize> Default for Tree<D> {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            points: Columns::default(),
            nodes: Vec::new(),
            tasks: Vec::new(),
            scratch: Vec::new(),
            forces: std::array::from_fn(|_| Vec::new()),
        }
    }
}

impl<const D: usize> Tree<D> {
    /// Builds the tree over points known by number: `point` tells place and charge, `wanted` who needs its force.
    pub(crate) fn build(
        &mut self,
        numbers: impl Iterator<Item = u32>,
        point: impl Fn(u32) -> ([f32; D], f32),
        wanted: impl Fn(u32) -> bool,
    ) {
        self.order.clear();
        self.order.extend(numbers.map(|number| {
            let (at, charge) = point(number);
            Entry { at, charge, number }
        }));
        halve(&mut self.order);
        self.points.clear();
        self.order.iter().for_each(|entry| self.points.push(entry.at, entry.charge));
        self.nodes.clear();
        self.tasks.clear();
        if !self.order.is_empty() {
            let task = self.order.len().div_ceil(TASKS).max(2 * BUCKET);
            self.grow(0, self.order.len(), task, &wanted);
            self.points.pad();
        }
    }

    /// Sums the pushes of all points, for each that was wanted and perhaps some more.
    pub(crate) fn sum(&mut self, repulsion: Repulsion, courtesy: &Courtesy) {
        self.scratch.resize_with(pieces().min(self.tasks.len()), Scratch::default);
        let rows = self.order.len().next_multiple_of(LANES);
        for column in &mut self.forces {
            column.clear();
            column.resize(rows, 0.0);
        }
        let walk = Walk { nodes: &self.nodes, points: &self.points, repulsion, courtesy };
        walk.share_out(&self.tasks, self.forces.each_mut().map(|column| &mut column[..]), &mut self.scratch);
    }

    /// What was summed, by number.
    pub(crate) fn forces(&self) -> impl Iterator<Item = (u32, [f32; D])> {
        let force = |row: usize| std::array::from_fn(|axis| self.forces[axis][row]);
        self.order.iter().enumerate().map(move |(row, entry)| (entry.number, force(row)))
    }

    /// Makes the node over a run of points, and those below it, which have half of them each. A node with at most `task`
    /// points is a task unless one round it is.
    fn grow(&mut self, first: usize, end: usize, mut task: usize, wanted: &impl Fn(u32) -> bool) {
        let index = self.nodes.len();
        let node = Node {
            centre: [0.0; D],
            charge: 0.0,
            reach: 0.0,
            first: first as u32,
            count: (end - first) as u32,
            skip: 0,
            wanted: false,
        };
        self.nodes.push(node);
        if end - first <= task {
            self.tasks.push(index as u32);
            task = 0;
        }
        if end - first <= BUCKET {
            self.nodes[index] = self.leaf(node, wanted);
            return;
        }
        let middle = first + half(end - first);
        self.grow(first, middle, task, wanted);
        self.grow(middle, end, task, wanted);
        self.nodes[index] = self.whole(index, node);
    }

    fn leaf(&self, node: Node<D>, wanted: &impl Fn(u32) -> bool) -> Node<D> {
        let run = || node.first as usize..(node.first + node.count) as usize;
        let (centre, charge) = centre(run().map(|k| (self.points.place(k), self.points.charge(k))));
        let reach = run().map(|k| length(sub(self.points.place(k), centre))).fold(0.0, f32::max);
        let wanted = self.order[run()].iter().any(|entry| wanted(entry.number));
        Node { centre, charge, reach, skip: self.nodes.len() as u32, wanted, ..node }
    }

    /// The node at `index`, after all below it.
    fn whole(&self, index: usize, node: Node<D>) -> Node<D> {
        let node = Node { skip: self.nodes.len() as u32, ..node };
        let inside = || children(&self.nodes, index, node.skip as usize).map(|child| &self.nodes[child]);
        let (centre, charge) = centre(inside().map(|child| (child.centre, child.charge)));
        let reach = inside().map(|child| length(sub(child.centre, centre)) + child.reach).fold(0.0, f32::max);
        Node { centre, charge, reach, wanted: inside().any(|child| child.wanted), ..node }
    }
}

/// How many of so many points the first half of a node has: all lanes of all leaves but the last are full.
fn half(count: usize) -> usize {
    (count / 2).next_multiple_of(LANES)
}

/// Orders points so that each half of a node lies on one side of the other, across the node's longest side.
fn halve<const D: usize>(points: &mut [Entry<D>]) {
    if points.len() <= BUCKET {
        return;
    }
    let (mut min, mut max) = ([f32::INFINITY; D], [f32::NEG_INFINITY; D]);
    for point in &*points {
        for axis in 0..D {
            min[axis] = min[axis].min(point.at[axis]);
            max[axis] = max[axis].max(point.at[axis]);
        }
    }
    let longest = (1..D).fold(0, |best, axis| if max[axis] - min[axis] > max[best] - min[best] { axis } else { best });
    let middle = half(points.len());
    points.select_nth_unstable_by(middle, |a, b| a.at[longest].total_cmp(&b.at[longest]));
    let (left, right) = points.split_at_mut(middle);
    if left.len() >= WORTH_SHARING && rayon::current_thread_index().is_some() {
        rayon::join(|| halve(left), || halve(right));
    } else {
        halve(left);
        halve(right);
    }
}

/// The nodes just below one, which ends at `skip`.
pub(crate) fn children<const D: usize>(
    nodes: &[Node<D>],
    index: usize,
    skip: usize,
) -> impl Iterator<Item = usize> + Clone {
    let next = move |child: &usize| Some(nodes[*child].skip as usize).filter(|next| *next < skip);
    std::iter::successors(Some(index + 1).filter(|child| *child < skip), next)
}

/// The middle of charges and their sum; of what has no charge the first place.
fn centre<const D: usize>(parts: impl Iterator<Item = ([f32; D], f32)> + Clone) -> ([f32; D], f32) {
    let charge: f32 = parts.clone().map(|(_, charge)| charge).sum();
    let origin = parts.clone().next().map_or([0.0; D], |(at, _)| at);
    if charge <= 0.0 {
        return (origin, 0.0);
    }
    let moment = parts.fold([0.0; D], |sum, (at, charge)| add(sum, scaled(sub(at, origin), charge)));
    (add(origin, scaled(moment, 1.0 / charge)), charge)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::kernel;
    use crate::rng::Rng;

    const SOFT: f32 = 24.0;

    fn scattered<const D: usize>(count: usize) -> Vec<[f32; D]> {
        let mut rng = Rng::new(3);
        (0..count).map(|_| std::array::from_fn(|axis| [900.0, 500.0, 300.0][axis] * rng.spread())).collect()
    }

    fn forces<const D: usize>(places: &[[f32; D]], theta: f32) -> Vec<[f32; D]> {
        let mut tree = Tree::default();
        tree.build(0..places.len() as u32, |i| (places[i as usize], 1.0), |_| true);
        let mut found = vec![[f32::NAN; D]; places.len()];
        tree.sum(Repulsion { theta, soft: SOFT }, &Courtesy::default());
        tree.forces().for_each(|(i, force)| found[i as usize] = force);
        found
    }

    fn exact<const D: usize>(places: &[[f32; D]]) -> Vec<[f32; D]> {
        let one = |a: &[f32; D]| places.iter().fold([0.0; D], |sum, b| add(sum, kernel::push(sub(*a, *b), 1.0, SOFT)));
        places.iter().map(one).collect()
    }

    fn relative_error<const D: usize>(theta: f32) -> f32 {
        let places = scattered::<D>(1500);
        let (found, true_ones) = (forces(&places, theta), exact(&places));
        let off: f32 = found.iter().zip(&true_ones).map(|(a, b)| length(sub(*a, *b)).powi(2)).sum();
        let all: f32 = true_ones.iter().map(|b| length(*b).powi(2)).sum();
        (off / all).sqrt()
    }

    #[test]
    fn approaches_the_exact_sum_in_the_plane_and_in_space() {
        for error in [relative_error::<2>, relative_error::<3>] {
            assert!(error(0.0) < 1.0e-4, "{}", error(0.0));
            assert!(error(0.4) < error(0.8));
            assert!(error(0.4) < 0.01, "{}", error(0.4));
            assert!(error(0.8) < 0.04, "{}", error(0.8));
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_to_the_last_bit() {
        let places = scattered::<2>(5000);
        let alone = forces(&places, 0.7);
        for threads in [1, 2, 3, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| forces(&places, 0.7)), alone);
        }
    }

    #[test]
    fn two_points_push_each_other_apart() {
        let found = forces(&[[0.0, 0.0], [100.0, 0.0]], 0.9);
        assert!(found[0][0] < 0.0 && found[0][0] == -found[1][0]);
        assert_eq!(found[0][1], 0.0);
    }

    #[test]
    fn what_nobody_wants_is_not_summed() {
        let places = scattered::<2>(3000);
        let mut tree = Tree::default();
        tree.build(0..3000, |i| (places[i as usize], 1.0), |i| i == 7);
        let all = forces(&places, 0.7);
        tree.sum(Repulsion { theta: 0.7, soft: SOFT }, &Courtesy::default());
        let summed: Vec<_> = tree.forces().filter(|(_, force)| *force != [0.0; 2]).collect();
        assert!(summed.len() <= BUCKET);
        assert!(summed.contains(&(7, all[7])), "the one that is wanted feels the same as ever");
    }

    #[test]
    fn a_heap_of_points_on_one_spot_ends_and_stays_finite() {
        let mut places = vec![[5.0, 5.0]; 20_000];
        places.push([900.0, 5.0]);
        let found = forces(&places, 0.9);
        assert!(found.iter().flatten().all(|x| x.is_finite()));
        assert!(found[20_000][0] > 20.0, "the heap pushes with all its charge: {:?}", found[20_000]);
    }

    #[test]
    fn nothing_and_one_are_fine() {
        assert!(forces::<2>(&[], 0.9).is_empty());
        assert_eq!(forces(&[[3.0, 4.0]], 0.9), [[0.0; 2]]);
    }
}
