//! Repulsion of many by many: a tree over charged points, walked by pairs of its nodes.
//!
//! Nodes far apart act on each other as wholes (Barnes and Hut, Nature 324, 1986): the source as one charge in its middle,
//! the target by a field about its middle, to the first order, which what is in it inherits (Dehnen, "A hierarchical O(N)
//! force calculation algorithm", 2002; without his symmetry, so that every target can be summed by itself). The time is
//! linear in the number of points.
//!
//! Points are sorted along a Morton curve; a node is a run of them, stored before its children with the index that
//! skips them. What is summed for a target does not depend on who sums it: any number of threads gives the same forces.

use pulp::Arch;

use crate::kernel::{self, Columns, Field};
use crate::vector::{add, dot, length, scaled, sub};

/// Points in a leaf at most.
const BUCKET: usize = 16;
/// Work is shared out by subtrees, about so many, however many threads there are.
const TASKS: usize = 64;
/// Pieces of work that each thread finds, so that none waits long for the last.
const PIECES: usize = 4;

#[derive(Clone, Copy, Debug)]
struct Node<const D: usize> {
    centre: [f32; D],
    charge: f32,
    /// No point is further from the centre.
    reach: f32,
    first: u32,
    count: u32,
    /// Index of the first node that is not inside this one; the next one for a leaf.
    skip: u32,
    /// Somebody asks for the force on one of the points.
    wanted: bool,
}

/// A point in curve order.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    code: u32,
    number: u32,
}

/// What counts as far, and how soft the push of what is near.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accuracy {
    /// Two nodes act as wholes when their reaches together are below this share of their distance, to which `soft` adds:
    /// within it pushes hardly differ, so that also heaps of points on one spot act as wholes.
    pub(crate) theta: f32,
    /// The push of what is closer than about this falls off, in world units.
    pub(crate) soft: f32,
}

/// Lists for one walk, reused.
#[derive(Clone, Debug, Default)]
struct Scratch<const D: usize> {
    /// Sources not dealt with yet: those of the node at hand last, below them those of the nodes round it.
    open: Vec<u32>,
    /// Sources to be looked at for the node at hand.
    work: Vec<u32>,
    far: Columns<D>,
    near: Columns<D>,
}

/// The tree, and the storage that outlives it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree<const D: usize> {
    order: Vec<Entry>,
    spare: Vec<Entry>,
    /// Place and charge of each, in that order.
    points: Columns<D>,
    nodes: Vec<Node<D>>,
    /// The subtrees that are walked one by one.
    tasks: Vec<u32>,
    scratch: Vec<Scratch<D>>,
    forces: Vec<[f32; D]>,
}

impl<const D: usize> Tree<D> {
    /// Bits of a coordinate in a Morton code.
    const BITS: u32 = 32 / D as u32;

    /// Builds the tree over points known by number: `point` tells place and charge, `wanted` who needs its force.
    pub(crate) fn build(
        &mut self,
        numbers: impl Iterator<Item = u32>,
        point: impl Fn(u32) -> ([f32; D], f32),
        wanted: impl Fn(u32) -> bool,
    ) {
        self.order.clear();
        let (mut min, mut max) = ([f32::INFINITY; D], [f32::NEG_INFINITY; D]);
        for number in numbers {
            let (at, _) = point(number);
            for axis in 0..D {
                min[axis] = min[axis].min(at[axis]);
                max[axis] = max[axis].max(at[axis]);
            }
            self.order.push(Entry { code: 0, number });
        }
        let side = (0..D).map(|axis| max[axis] - min[axis]).fold(1.0, f32::max);
        let scale = ((1u32 << Self::BITS) - 1) as f32 / side;
        for entry in &mut self.order {
            let (at, _) = point(entry.number);
            entry.code = (0..D).fold(0, |code, axis| code | spread::<D>((at[axis] - min[axis]) * scale) << axis);
        }
        self.sort();
        self.points.clear();
        for entry in &self.order {
            let (at, charge) = point(entry.number);
            self.points.push(at, charge);
        }
        self.nodes.clear();
        self.tasks.clear();
        if !self.order.is_empty() {
            let task = self.order.len().div_ceil(TASKS).max(2 * BUCKET);
            self.grow(0, self.order.len(), Self::BITS * D as u32, task, &wanted);
        }
    }

    /// Sums over all points `charge * distance vector / (squared distance + soft²)`, for each that was wanted and perhaps
    /// some more.
    pub(crate) fn sum(&mut self, accuracy: Accuracy) {
        // Outside a pool there is one thread, and none is ever started.
        let pieces = match rayon::current_thread_index() {
            Some(_) if rayon::current_num_threads() > 1 => PIECES * rayon::current_num_threads(),
            _ => 1,
        };
        self.scratch.resize_with(pieces.min(self.tasks.len()), Scratch::default);
        self.forces.clear();
        self.forces.resize(self.order.len(), [0.0; D]);
        let walk = Walk { nodes: &self.nodes, points: &self.points, accuracy, arch: Arch::new() };
        walk.share_out(&self.tasks, &mut self.forces, &mut self.scratch);
    }

    /// What was summed, by number.
    pub(crate) fn forces(&self) -> impl Iterator<Item = (u32, [f32; D])> {
        self.order.iter().zip(&self.forces).map(|(entry, force)| (entry.number, *force))
    }

    /// Makes the node over a run of points, and those below it. `bits` is how many of the code the run may still differ
    /// in; a node with at most `task` points is a task unless one round it is.
    fn grow(&mut self, first: usize, end: usize, mut bits: u32, mut task: usize, wanted: &impl Fn(u32) -> bool) {
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
        // Levels that do not part the run make no node.
        let step = D as u32;
        while bits > 0 && self.order[first].code >> (bits - step) == self.order[end - 1].code >> (bits - step) {
            bits -= step;
        }
        if bits == 0 {
            // All in one cell of the finest grid, perhaps on one spot: any halves will do.
            let middle = first + (end - first) / 2;
            self.grow(first, middle, 0, task, wanted);
            self.grow(middle, end, 0, task, wanted);
        } else {
            let mut begin = first;
            while begin < end {
                let cell = self.order[begin].code >> (bits - step);
                let next =
                    begin + self.order[begin..end].partition_point(|entry| entry.code >> (bits - step) <= cell);
                self.grow(begin, next, bits - step, task, wanted);
                begin = next;
            }
        }
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

    /// Sorts by code: eleven bits at a time, from the lowest.
    fn sort(&mut self) {
        const DIGIT: u32 = 11;
        self.spare.resize(self.order.len(), Entry::default());
        let mut starts = [[0u32; 1 << DIGIT]; 3];
        let digit = |code: u32, round: usize| (code >> (round as u32 * DIGIT)) as usize & ((1 << DIGIT) - 1);
        for entry in &self.order {
            for (round, starts) in starts.iter_mut().enumerate() {
                starts[digit(entry.code, round)] += 1;
            }
        }
        for (round, starts) in starts.iter_mut().enumerate() {
            let mut sum = 0;
            for start in starts.iter_mut() {
                (*start, sum) = (sum, sum + *start);
            }
            for entry in &self.order {
                let start = &mut starts[digit(entry.code, round)];
                self.spare[*start as usize] = *entry;
                *start += 1;
            }
            std::mem::swap(&mut self.order, &mut self.spare);
        }
    }
}

/// The nodes just below one, which ends at `skip`.
fn children<const D: usize>(nodes: &[Node<D>], index: usize, skip: usize) -> impl Iterator<Item = usize> + Clone {
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

struct Walk<'a, const D: usize> {
    nodes: &'a [Node<D>],
    points: &'a Columns<D>,
    accuracy: Accuracy,
    arch: Arch,
}

impl<const D: usize> Walk<'_, D> {
    /// Does the tasks with as many threads as there are lists; `forces` are those of the tasks' points.
    fn share_out(&self, tasks: &[u32], forces: &mut [[f32; D]], scratch: &mut [Scratch<D>]) {
        let Some(&head) = tasks.first() else { return };
        let base = self.nodes[head as usize].first;
        if let [scratch] = scratch {
            for &task in tasks {
                let node = &self.nodes[task as usize];
                let run = (node.first - base) as usize..(node.first - base + node.count) as usize;
                scratch.open.clear();
                scratch.open.push(0);
                self.visit(task as usize, 0, Field::NONE, &mut forces[run], scratch);
            }
            return;
        }
        let half = scratch.len() / 2;
        let middle = tasks.len() * half / scratch.len();
        let (left, right) = tasks.split_at(middle);
        let cut = (self.nodes[right[0] as usize].first - base) as usize;
        let (left_forces, right_forces) = forces.split_at_mut(cut);
        let (left_scratch, right_scratch) = scratch.split_at_mut(half);
        rayon::join(
            || self.share_out(left, left_forces, left_scratch),
            || self.share_out(right, right_forces, right_scratch),
        );
    }

    /// Sums for the node `target` the open sources from `from` on, and `field` of what has been dealt with before.
    fn visit(
        &self,
        target: usize,
        from: usize,
        mut field: Field<D>,
        forces: &mut [[f32; D]],
        scratch: &mut Scratch<D>,
    ) {
        let node = &self.nodes[target];
        if !node.wanted {
            return;
        }
        let is_leaf = node.skip as usize == target + 1;
        let until = scratch.open.len();
        let Accuracy { theta, soft } = self.accuracy;
        let theta = theta * theta;
        scratch.far.clear();
        scratch.near.clear();
        scratch.work.clear();
        scratch.work.extend_from_slice(&scratch.open[from..]);
        while let Some(index) = scratch.work.pop() {
            let source = &self.nodes[index as usize];
            let way = sub(node.centre, source.centre);
            let reach = node.reach + source.reach;
            if reach * reach <= theta * (dot(way, way) + soft * soft) {
                scratch.far.push(source.centre, source.charge);
            } else if source.skip == index + 1 {
                if is_leaf {
                    let run = source.first as usize..(source.first + source.count) as usize;
                    scratch.near.extend(self.points, run);
                } else {
                    scratch.open.push(index);
                }
            } else if is_leaf || source.reach > node.reach {
                scratch.work.extend(children(self.nodes, index as usize, source.skip as usize).map(|child| child as u32));
            } else {
                scratch.open.push(index);
            }
        }
        scratch.far.pad();
        kernel::add_field(self.arch, &scratch.far, soft, node.centre, &mut field);
        if is_leaf {
            let first = node.first as usize;
            for (row, force) in forces.iter_mut().enumerate() {
                *force = field.at(sub(self.points.place(first + row), node.centre));
            }
            // A point does nothing to itself, nor to another on its very place.
            scratch.near.pad();
            kernel::add_forces(self.arch, &scratch.near, soft, self.points, first, forces);
        } else {
            for index in children(self.nodes, target, node.skip as usize) {
                let child = &self.nodes[index];
                let force = field.at(sub(child.centre, node.centre));
                let run = (child.first - node.first) as usize..(child.first - node.first + child.count) as usize;
                self.visit(index, until, Field { force, ..field }, &mut forces[run], scratch);
            }
        }
        scratch.open.truncate(until);
    }
}

/// Spreads the low bits of a coordinate so that those of the others fit between them.
fn spread<const D: usize>(coordinate: f32) -> u32 {
    let bits = (coordinate.max(0.0) as u32).min((1 << Tree::<D>::BITS) - 1);
    // How far to shift, and what to keep: the gaps double each time.
    let steps: &[(u32, u32)] = match D {
        2 => &[(8, 0x00ff_00ff), (4, 0x0f0f_0f0f), (2, 0x3333_3333), (1, 0x5555_5555)],
        _ => &[(16, 0x0300_00ff), (8, 0x0300_f00f), (4, 0x030c_30c3), (2, 0x0924_9249)],
    };
    steps.iter().fold(bits, |bits, (shift, kept)| (bits | bits << shift) & kept)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        tree.sum(Accuracy { theta, soft: SOFT });
        tree.forces().for_each(|(i, force)| found[i as usize] = force);
        found
    }

    fn exact<const D: usize>(places: &[[f32; D]]) -> Vec<[f32; D]> {
        let one = |a: &[f32; D]| {
            places.iter().fold([0.0; D], |sum, b| {
                let way = sub(*a, *b);
                add(sum, scaled(way, 1.0 / (dot(way, way) + SOFT * SOFT)))
            })
        };
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
        tree.sum(Accuracy { theta: 0.7, soft: SOFT });
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
        assert!(found[20_000][0] > 20.0, "the heap pushes with all its charge");
    }

    #[test]
    fn nothing_and_one_are_fine() {
        assert!(forces::<2>(&[], 0.9).is_empty());
        assert_eq!(forces(&[[3.0, 4.0]], 0.9), [[0.0; 2]]);
    }
}
