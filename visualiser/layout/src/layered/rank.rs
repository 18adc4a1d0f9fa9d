//! Which layer each vertex is in.

use super::Edge;

/// How often all vertices are looked at again.
const ROUNDS: usize = 16;

/// The layer of each vertex, from 0 at the left: every edge goes at least one to the right. The edges must close no cycle.
///
/// Longest paths from the sources first; then vertices move within what their edges leave them, towards those that pull
/// most, which shortens edges as network simplex would (Gansner, Koutsofios, North and Vo, "A technique for drawing
/// directed graphs", 1993), though it may rest in a local optimum.
pub(super) fn layers(count: usize, edges: &[Edge]) -> Vec<u32> {
    let (mut out, mut into) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for edge in edges {
        out[edge.from as usize].push((edge.to, edge.weight));
        into[edge.to as usize].push((edge.from, edge.weight));
    }
    let mut waits: Vec<usize> = into.iter().map(Vec::len).collect();
    let mut order: Vec<u32> = (0..count as u32).filter(|&vertex| waits[vertex as usize] == 0).collect();
    let mut layer = vec![0u32; count];
    let mut next = 0;
    while let Some(&vertex) = order.get(next) {
        next += 1;
        for &(to, _) in &out[vertex as usize] {
            layer[to as usize] = layer[to as usize].max(layer[vertex as usize] + 1);
            waits[to as usize] -= 1;
            if waits[to as usize] == 0 {
                order.push(to);
            }
        }
    }
    let weight = |edges: &[(u32, f32)]| edges.iter().map(|(_, weight)| weight).sum::<f32>();
    for round in 0..ROUNDS {
        let mut moved = false;
        let mut look = |&vertex: &u32| {
            let v = vertex as usize;
            let pull = weight(&out[v]) - weight(&into[v]);
            let earliest = into[v].iter().map(|(from, _)| layer[*from as usize] + 1).max();
            let latest = out[v].iter().map(|(to, _)| layer[*to as usize] - 1).min();
            let wanted = match (earliest, latest) {
                (_, Some(latest)) if pull > 0.0 => latest,
                (Some(earliest), _) if pull < 0.0 => earliest,
                _ => layer[v],
            };
            moved |= layer[v] != wanted;
            layer[v] = wanted;
        };
        if round % 2 == 0 {
            order.iter().rev().for_each(&mut look)
        } else {
            order.iter().for_each(&mut look)
        }
        if !moved {
            break;
        }
    }
    let first = layer.iter().copied().min().unwrap_or(0);
    layer.iter_mut().for_each(|layer| *layer -= first);
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(count: usize, pairs: &[(u32, u32)]) -> Vec<u32> {
        let edges: Vec<Edge> = pairs.iter().map(|&(from, to)| Edge { from, to, weight: 1.0 }).collect();
        layers(count, &edges)
    }

    #[test]
    fn a_chain_takes_a_layer_each() {
        assert_eq!(ranked(4, &[(0, 1), (1, 2), (2, 3)]), [0, 1, 2, 3]);
    }

    #[test]
    fn who_feeds_the_end_stands_near_the_end() {
        // 4 feeds 3 only; 5 is fed by 0 only.
        assert_eq!(ranked(6, &[(0, 1), (1, 2), (2, 3), (4, 3), (0, 5)]), [0, 1, 2, 3, 2, 1]);
    }
}
