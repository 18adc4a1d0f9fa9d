//! Who is near whom by linkage or by nesting: neighbours in one flat list, and the parts that hang together.

use std::collections::VecDeque;

use crate::bodies::{Bodies, NONE};
use crate::springs::Springs;

/// Made while a request is taken in, dropped after.
pub(crate) struct Graph {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Graph {
    pub(crate) fn new<const D: usize>(bodies: &Bodies<D>, springs: &Springs) -> Self {
        let linked = springs.list.iter().map(|spring| (spring.source, spring.sink));
        let nested = (0..).zip(&bodies.parent).filter(|(_, parent)| **parent != NONE);
        Self::joined(bodies.len(), linked.chain(nested.map(|(child, &parent)| (child, parent))))
    }

    /// The graph of these pairs.
    pub(crate) fn joined(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; count + 1];
        for (a, b) in pairs.clone() {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut ends = vec![0; starts[count] as usize];
        let mut next = starts.clone();
        for (a, b) in pairs {
            for (from, to) in [(a, b), (b, a)] {
                ends[next[from as usize] as usize] = to;
                next[from as usize] += 1;
            }
        }
        Self { starts, ends }
    }

    pub(crate) fn of(&self, body: u32) -> &[u32] {
        &self.ends[self.starts[body as usize] as usize..self.starts[body as usize + 1] as usize]
    }

    /// For each body the number of its part, [`NONE`] for a body that hangs on nothing; and the bodies of each part, in
    /// the order of a walk from the first.
    pub(crate) fn parts(&self) -> (Vec<u32>, Vec<Vec<u32>>) {
        let count = self.starts.len() - 1;
        let mut part = vec![NONE; count];
        let mut parts = Vec::new();
        for seed in 0..count as u32 {
            if part[seed as usize] != NONE || self.of(seed).is_empty() {
                continue;
            }
            let number = parts.len() as u32;
            part[seed as usize] = number;
            let mut walk = vec![seed];
            let mut next = 0;
            while let Some(&body) = walk.get(next) {
                next += 1;
                for &other in self.of(body) {
                    if part[other as usize] == NONE {
                        part[other as usize] = number;
                        walk.push(other);
                    }
                }
            }
            parts.push(walk);
        }
        (part, parts)
    }

    /// Writes the number of steps from one body to each it can reach; `steps` must hold [`NONE`] for those.
    pub(crate) fn steps_from(&self, body: u32, steps: &mut [u32], queue: &mut VecDeque<u32>) {
        steps[body as usize] = 0;
        queue.push_back(body);
        while let Some(body) = queue.pop_front() {
            for &other in self.of(body) {
                if steps[other as usize] == NONE {
                    steps[other as usize] = steps[body as usize] + 1;
                    queue.push_back(other);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::{linked, nested};

    #[test]
    fn parts_hang_together_by_springs_and_by_nesting() {
        let (bodies, springs) = linked(&[[0.0; 2]; 6], &[(0, 1), (1, 2), (4, 3), (3, 4)]);
        let (part, parts) = Graph::new(&bodies, &springs).parts();
        assert_eq!(part, [0, 0, 0, 1, 1, NONE]);
        assert_eq!(parts, [vec![0, 1, 2], vec![3, 4]]);
        let (part, _) = Graph::new(&nested(), &Springs { degree: vec![0.0; 5], ..Springs::default() }).parts();
        assert_eq!(part, [0; 5]);
    }

    #[test]
    fn steps_are_counted_along_the_shortest_way() {
        let (bodies, springs) = linked(&[[0.0; 2]; 6], &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]);
        let mut steps = vec![NONE; 6];
        Graph::new(&bodies, &springs).steps_from(0, &mut steps, &mut VecDeque::new());
        assert_eq!(steps, [0, 1, 2, 2, 1, NONE]);
    }
}
