//! The order in each layer from top to bottom, so that few edges cross.

use super::net::Net;

/// Sweeps over all layers, at most; and how many in a row may bring nothing.
const SWEEPS: usize = 24;
const IN_VAIN: usize = 6;
/// Nets beyond this many vertices and waypoints are swept less often and not improved pair by pair.
const LARGE: usize = 4_000;
const SWEEPS_LARGE: usize = 8;

/// Orders every layer. `before` says how high each vertex was in an earlier picture, where it was in one: what was above
/// stays above unless edges want it otherwise.
///
/// Sweeps to the right and to the left put each vertex at the mean place of its neighbours (Sugiyama, Tagawa and Toda,
/// "Methods for visual understanding of hierarchical system structures", 1981), and neighbours in a layer change places
/// where that saves a crossing (Gansner et al., 1993). The best order that was met is kept.
pub(super) fn order(net: &mut Net, before: &[Option<f32>]) {
    begin(net, before);
    let is_large = net.len() > LARGE;
    let (mut best, mut fewest) = (net.layers.clone(), crossings(net));
    let mut in_vain = 0;
    for sweep in 0..if is_large { SWEEPS_LARGE } else { SWEEPS } {
        if fewest == 0 || in_vain == IN_VAIN {
            break;
        }
        let mut place = net.places();
        let depth = net.layers.len();
        if sweep % 2 == 0 {
            (1..depth).for_each(|layer| straighten(net, layer, true, &mut place));
        } else {
            (0..depth.saturating_sub(1)).rev().for_each(|layer| straighten(net, layer, false, &mut place));
        }
        if !is_large {
            exchange(net, &mut place);
        }
        in_vain += 1;
        let now = crossings(net);
        if now < fewest {
            (best, fewest, in_vain) = (net.layers.clone(), now, 0);
        }
    }
    net.layers = best;
}

/// The first order: as it was before, else as a walk from the left meets the vertices, so that trees do not cross.
fn begin(net: &mut Net, before: &[Option<f32>]) {
    let mut met = vec![u32::MAX; net.len()];
    let mut next = 0;
    let firsts: Vec<u32> = net.layers.iter().flatten().copied().collect();
    let mut stack = Vec::new();
    for first in firsts {
        stack.push(first);
        while let Some(vertex) = stack.pop() {
            if met[vertex as usize] == u32::MAX {
                met[vertex as usize] = next;
                next += 1;
                let neighbours = net.right[vertex as usize].iter().chain(&net.left[vertex as usize]).rev();
                stack.extend(neighbours.filter(|&&other| met[other as usize] == u32::MAX));
            }
        }
    }
    let height = |vertex: u32| before.get(vertex as usize).copied().flatten();
    for layer in &mut net.layers {
        layer.sort_by_key(|&vertex| met[vertex as usize]);
        // Those that were there before, in their order, take the places that such ones have now.
        let known: Vec<usize> = (0..layer.len()).filter(|&at| height(layer[at]).is_some()).collect();
        let mut sorted: Vec<u32> = known.iter().map(|&at| layer[at]).collect();
        sorted.sort_by(|&a, &b| height(b).unwrap_or(0.0).total_cmp(&height(a).unwrap_or(0.0)));
        for (at, vertex) in known.into_iter().zip(sorted) {
            layer[at] = vertex;
        }
    }
}

/// Puts the vertices of a layer at the mean place of their neighbours on one side; those that have none stay.
fn straighten(net: &mut Net, layer: usize, to_left: bool, place: &mut [u32]) {
    let sides = if to_left { &net.left } else { &net.right };
    let mean = |vertex: u32| {
        let neighbours = &sides[vertex as usize];
        let sum: u64 = neighbours.iter().map(|&other| u64::from(place[other as usize])).sum();
        sum as f32 / neighbours.len() as f32
    };
    let row = &mut net.layers[layer];
    let movable: Vec<usize> = (0..row.len()).filter(|&at| !sides[row[at] as usize].is_empty()).collect();
    let mut sorted: Vec<(f32, u32)> = movable.iter().map(|&at| (mean(row[at]), row[at])).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, (_, vertex)) in movable.into_iter().zip(sorted) {
        row[at] = vertex;
    }
    for (&vertex, at) in row.iter().zip(0..) {
        place[vertex as usize] = at;
    }
}

/// Neighbours change places as long as that saves crossings.
fn exchange(net: &mut Net, place: &mut [u32]) {
    const ROUNDS: usize = 8;
    for _ in 0..ROUNDS {
        let mut improved = false;
        for layer in 0..net.layers.len() {
            for at in 1..net.layers[layer].len() {
                let (upper, lower) = (net.layers[layer][at - 1], net.layers[layer][at]);
                let cost = |a: u32, b: u32| {
                    let side = |side: &[Vec<u32>]| between(&side[a as usize], &side[b as usize], place);
                    side(&net.left) + side(&net.right)
                };
                if cost(lower, upper) < cost(upper, lower) {
                    net.layers[layer].swap(at - 1, at);
                    place[upper as usize] = at as u32;
                    place[lower as usize] = at as u32 - 1;
                    improved = true;
                }
            }
        }
        if !improved {
            return;
        }
    }
}

/// How often edges of an upper vertex cross those of a lower one.
fn between(upper: &[u32], lower: &[u32], place: &[u32]) -> usize {
    let below = |&other: &u32| lower.iter().filter(|&&end| place[end as usize] < place[other as usize]).count();
    upper.iter().map(below).sum()
}

/// How many edges cross, counted with a tree of sums (Barth, Mutzel and Jünger, "Simple and efficient bilayer cross
/// counting", 2002).
pub(super) fn crossings(net: &Net) -> usize {
    let place = net.places();
    let mut total = 0;
    let mut ends = Vec::new();
    for (layer, right) in net.layers.iter().zip(net.layers.iter().skip(1)) {
        ends.clear();
        for &vertex in layer {
            let from = ends.len();
            ends.extend(net.right[vertex as usize].iter().map(|&other| place[other as usize]));
            ends[from..].sort_unstable();
        }
        let first = right.len().next_power_of_two();
        let mut sums = vec![0usize; 2 * first];
        for &end in &ends {
            let mut node = first + end as usize;
            sums[node] += 1;
            while node > 1 {
                if node.is_multiple_of(2) {
                    total += sums[node + 1];
                }
                node /= 2;
                sums[node] += 1;
            }
        }
    }
    total
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;
    use crate::layered::Edge;
    use crate::rng::Rng;

    pub(in crate::layered) fn net(layer: &[u32], pairs: &[(u32, u32)]) -> Net {
        let edges: Vec<Edge> = pairs.iter().map(|&(from, to)| Edge { from, to, weight: 1.0 }).collect();
        Net::of(layer.to_vec(), &edges).unwrap()
    }

    #[test]
    fn crossings_are_counted_as_pair_by_pair() {
        let mut rng = Rng::new(3);
        for _ in 0..50 {
            let pairs: Vec<(u32, u32)> = (0..20).map(|_| (rng.below(8) as u32, 8 + rng.below(8) as u32)).collect();
            let net = net(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], &pairs);
            let cross = |a: &(u32, u32), b: &(u32, u32)| a.0 < b.0 && a.1 > b.1;
            let slow: usize = pairs.iter().map(|a| pairs.iter().filter(|b| cross(a, b)).count()).sum();
            assert_eq!(crossings(&net), slow);
        }
    }

    #[test]
    fn what_need_not_cross_does_not() {
        let mut net = net(&[0, 0, 0, 1, 1, 1, 2, 2, 2], &[(0, 5), (1, 4), (2, 3), (5, 7), (4, 8), (3, 6)]);
        assert!(crossings(&net) > 0);
        order(&mut net, &[]);
        assert_eq!(crossings(&net), 0);
    }

    #[test]
    fn what_was_above_stays_above() {
        let before: Vec<Option<f32>> = [0.0, -10.0, 30.0, 20.0].map(Some).to_vec();
        let mut net = net(&[0, 1, 1, 1], &[(0, 1), (0, 2), (0, 3)]);
        order(&mut net, &before);
        assert_eq!(net.layers[1], [2, 3, 1]);
    }
}
