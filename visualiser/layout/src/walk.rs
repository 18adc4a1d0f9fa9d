//! How repulsion is summed over a [`crate::tree`]: by pairs of its nodes.
//!
//! Nodes far apart act on each other as wholes (Barnes and Hut, Nature 324, 1986): the source as one charge in its middle,
//! the target by a field about its middle, to the first order, which what is in it inherits (Dehnen, "A hierarchical O(N)
//! force calculation algorithm", 2002; without his symmetry, so that every target can be summed by itself). So the sums
//! for a target do not depend on who makes them: any number of threads gives the same forces.

use crate::courtesy::Courtesy;
use crate::kernel::{self, Columns, Field};
use crate::tree::{Node, children};
use crate::vector::{dot, sub};

/// Pieces of work that each thread finds, so that none waits long for the last.
const PIECES: usize = 4;

/// How a push depends on the distance, and what counts as far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repulsion {
    /// Pushes of what is closer than about this hardly differ, in world units.
    pub(crate) soft: f32,
    /// Two nodes act as wholes when their reaches together are below this share of their distance, to which the softness
    /// adds: within it pushes hardly differ, so that also heaps of points on one spot act as wholes.
    pub(crate) theta: f32,
}

/// Lists for one walk, reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch<const D: usize> {
    /// Sources not dealt with yet: those of the node at hand last, below them those of the nodes round it.
    open: Vec<u32>,
    /// Sources to be looked at for the node at hand.
    work: Vec<u32>,
    near: Columns<D>,
}

/// In how many pieces work is worth sharing out. Outside a pool there is one thread, and none is ever started.
pub(crate) fn pieces() -> usize {
    match rayon::current_thread_index() {
        Some(_) if rayon::current_num_threads() > 1 => PIECES * rayon::current_num_threads(),
        _ => 1,
    }
}

/// One sum over a tree.
pub(crate) struct Walk<'a, const D: usize> {
    pub(crate) nodes: &'a [Node<D>],
    pub(crate) points: &'a Columns<D>,
    pub(crate) repulsion: Repulsion,
    pub(crate) courtesy: &'a Courtesy,
}

impl<const D: usize> Walk<'_, D> {
    /// Does the tasks with as many threads as there are lists; `forces` are those of the tasks' points.
    pub(crate) fn share_out(&self, tasks: &[u32], mut forces: [&mut [f32]; D], scratch: &mut [Scratch<D>]) {
        let Some(&head) = tasks.first() else { return };
        let base = self.nodes[head as usize].first;
        if let [scratch] = scratch {
            for &task in tasks {
                let node = &self.nodes[task as usize];
                let run = node.rows(base);
                scratch.open.clear();
                scratch.open.push(0);
                let forces = forces.each_mut().map(|column| &mut column[run.clone()]);
                self.visit(task as usize, 0, Field::NONE, forces, scratch);
                self.courtesy.give_way();
            }
            return;
        }
        let half = scratch.len() / 2;
        let middle = tasks.len() * half / scratch.len();
        let (left, right) = tasks.split_at(middle);
        let cut = (self.nodes[right[0] as usize].first - base) as usize;
        let mut right_forces = [const { None }; D];
        let left_forces = std::array::from_fn(|axis| {
            let (left, right) = std::mem::take(&mut forces[axis]).split_at_mut(cut);
            right_forces[axis] = Some(right);
            left
        });
        let right_forces = right_forces.map(Option::unwrap_or_default);
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
        mut forces: [&mut [f32]; D],
        scratch: &mut Scratch<D>,
    ) {
        let node = &self.nodes[target];
        if !node.wanted {
            return;
        }
        let is_leaf = node.skip as usize == target + 1;
        let until = scratch.open.len();
        let Repulsion { soft, theta } = self.repulsion;
        let theta = theta * theta;
        scratch.near.clear();
        scratch.work.clear();
        scratch.work.extend_from_slice(&scratch.open[from..]);
        while let Some(index) = scratch.work.pop() {
            let source = &self.nodes[index as usize];
            let way = sub(node.centre, source.centre);
            let reach = node.reach + source.reach;
            if reach * reach <= theta * (dot(way, way) + soft * soft) {
                kernel::add_field(&mut field, way, source.charge, soft);
            } else if source.skip == index + 1 {
                if is_leaf {
                    let run = source.first as usize..(source.first + source.count) as usize;
                    scratch.near.extend(self.points, run);
                } else {
                    scratch.open.push(index);
                }
            } else if is_leaf || source.reach > node.reach {
                scratch
                    .work
                    .extend(children(self.nodes, index as usize, source.skip as usize).map(|child| child as u32));
            } else {
                scratch.open.push(index);
            }
        }
        if is_leaf {
            // A point does nothing to itself, nor to another on its very place.
            let run = node.rows(0);
            let columns = forces.each_mut().map(|column| &mut **column);
            kernel::sum_forces(&scratch.near, soft, self.points, run.clone(), columns);
            for (row, index) in run.enumerate() {
                let far = field.at(sub(self.points.place(index), node.centre));
                for axis in 0..D {
                    forces[axis][row] += far[axis];
                }
            }
        } else {
            for index in children(self.nodes, target, node.skip as usize) {
                let child = &self.nodes[index];
                let force = field.at(sub(child.centre, node.centre));
                let run = child.rows(node.first);
                let forces = forces.each_mut().map(|column| &mut column[run.clone()]);
                self.visit(index, until, Field { force, ..field }, forces, scratch);
            }
        }
        scratch.open.truncate(until);
    }
}
