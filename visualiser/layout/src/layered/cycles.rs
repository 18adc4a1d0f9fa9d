//! Which edges are drawn backwards, so that all others point to the right.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Edge;

/// Turns round the edges that close cycles, few and light ones, and merges those that then join the same two.
///
/// The vertices are put in a row by the greedy heuristic of Eades, Lin and Smyth ("A fast and effective heuristic for the
/// feedback arc set problem", 1993), by weight: sinks to its end, sources to its beginning, else whoever sends most more
/// than it receives. Edges against the row are turned. Vertices of equal merit go in order of their number.
pub(super) fn break_cycles(count: usize, edges: &[Edge]) -> Vec<Edge> {
    let place = row(count, edges);
    let mut turned: Vec<Edge> = edges
        .iter()
        .filter(|edge| edge.from != edge.to)
        .map(|&Edge { from, to, weight }| {
            let is_back = place[from as usize] > place[to as usize];
            if is_back { Edge { from: to, to: from, weight } } else { Edge { from, to, weight } }
        })
        .collect();
    turned.sort_by_key(|edge| (edge.from, edge.to));
    turned.dedup_by(|next, kept| {
        let same = (next.from, next.to) == (kept.from, kept.to);
        if same {
            kept.weight += next.weight;
        }
        same
    });
    turned
}

/// A vertex as it was when it was put on the heap; outdated when its balance has changed since.
#[derive(PartialEq)]
struct Candidate {
    balance: f32,
    vertex: u32,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.balance.total_cmp(&other.balance).then(other.vertex.cmp(&self.vertex))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The place of each vertex in the row.
fn row(count: usize, edges: &[Edge]) -> Vec<u32> {
    let (mut out, mut into) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    let mut balance = vec![0.0f32; count];
    for edge in edges.iter().filter(|edge| edge.from != edge.to) {
        out[edge.from as usize].push((edge.to, edge.weight));
        into[edge.to as usize].push((edge.from, edge.weight));
        balance[edge.from as usize] += edge.weight;
        balance[edge.to as usize] -= edge.weight;
    }
    let (mut left_out, mut left_in): (Vec<usize>, Vec<usize>) =
        (out.iter().map(Vec::len).collect(), into.iter().map(Vec::len).collect());
    let mut gone = vec![false; count];
    let (mut head, mut tail) = (Vec::with_capacity(count), Vec::new());
    // Taken from the end: those with the smallest number come first.
    let free = |left: &[usize]| (0..count as u32).rev().filter(|&v| left[v as usize] == 0).collect::<Vec<u32>>();
    let (mut sinks, mut sources) = (free(&left_out), free(&left_in));
    let mut heap: BinaryHeap<Candidate> =
        balance.iter().zip(0..).map(|(&balance, vertex)| Candidate { balance, vertex }).collect();
    loop {
        let (vertex, is_sink) = if let Some(sink) = sinks.pop() {
            (sink, true)
        } else if let Some(source) = sources.pop() {
            (source, false)
        } else {
            match heap.pop() {
                Some(best) if gone[best.vertex as usize] || best.balance != balance[best.vertex as usize] => continue,
                Some(best) => (best.vertex, false),
                None => break,
            }
        };
        if std::mem::replace(&mut gone[vertex as usize], true) {
            continue;
        }
        if is_sink {
            tail.push(vertex)
        } else {
            head.push(vertex)
        }
        for &(to, weight) in out[vertex as usize].iter().filter(|(to, _)| !gone[*to as usize]) {
            left_in[to as usize] -= 1;
            balance[to as usize] += weight;
            heap.push(Candidate { balance: balance[to as usize], vertex: to });
            if left_in[to as usize] == 0 {
                sources.push(to);
            }
        }
        for &(from, weight) in into[vertex as usize].iter().filter(|(from, _)| !gone[*from as usize]) {
            left_out[from as usize] -= 1;
            balance[from as usize] -= weight;
            heap.push(Candidate { balance: balance[from as usize], vertex: from });
            if left_out[from as usize] == 0 {
                sinks.push(from);
            }
        }
    }
    let mut place = vec![0; count];
    for (vertex, at) in head.into_iter().chain(tail.into_iter().rev()).zip(0..) {
        place[vertex as usize] = at;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(pairs: &[(u32, u32, f32)]) -> Vec<(u32, u32)> {
        let edges: Vec<Edge> = pairs.iter().map(|&(from, to, weight)| Edge { from, to, weight }).collect();
        break_cycles(8, &edges).iter().map(|edge| (edge.from, edge.to)).collect()
    }

    #[test]
    fn what_has_no_cycle_stays() {
        assert_eq!(broken(&[(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0)]), [(0, 1), (0, 2), (1, 2)]);
        assert_eq!(broken(&[(3, 2, 1.0), (2, 1, 1.0), (1, 0, 1.0)]), [(1, 0), (2, 1), (3, 2)]);
    }

    #[test]
    fn the_lighter_of_two_ways_is_turned_and_both_are_one() {
        assert_eq!(broken(&[(0, 1, 0.2), (1, 0, 1.0)]), [(1, 0)]);
        assert_eq!(broken(&[(0, 1, 1.0), (1, 0, 0.2)]), [(0, 1)]);
    }

    #[test]
    fn of_a_ring_one_edge_is_turned() {
        let ring = broken(&[(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (3, 0, 1.0)]);
        assert_eq!(ring, [(0, 1), (0, 3), (1, 2), (2, 3)]);
    }
}
