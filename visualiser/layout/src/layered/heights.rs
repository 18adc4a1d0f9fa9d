//! How high everything in a layer lies: long edges straight, neighbours at one height, nothing on top of another.

use super::net::Net;

/// Half the height of a waypoint: so much room has an edge that passes.
const WAYPOINT: f32 = 9.0;

/// The height of the middle of each vertex and waypoint, growing downwards from one to the next of a layer. `half` is half
/// the height of the room of each vertex; rooms of one layer do not overlap.
///
/// After Brandes and Köpf ("Fast and simple horizontal coordinate assignment", 2001), turned by a right angle: four
/// extreme alignments with the upper or lower median neighbour to the left or right, by weight, and for each the mean of the
/// middle two. Blocks are packed as a graph of their own rather than in classes, which avoids the mistakes of the original.
pub(super) fn heights(net: &Net, half: &[f32]) -> Vec<f32> {
    let half_of = |vertex: u32| half.get(vertex as usize).copied().unwrap_or(WAYPOINT);
    let place = net.places();
    let mut found: Vec<Vec<f32>> = Vec::with_capacity(4);
    let marked = conflicts(net, &place);
    for to_left in [true, false] {
        for upwards in [true, false] {
            let root = align(net, &place, &marked, to_left, upwards);
            found.push(pack(net, &root, &half_of, upwards));
        }
    }
    // All four in the frame of the narrowest: those that lean up by their tops, the others by their bottoms.
    let range =
        |at: &Vec<f32>| at.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &y| (low.min(y), high.max(y)));
    let ranges: Vec<(f32, f32)> = found.iter().map(range).collect();
    let narrowest = (0..4).min_by(|&a, &b| (ranges[a].1 - ranges[a].0).total_cmp(&(ranges[b].1 - ranges[b].0)));
    let frame = ranges[narrowest.unwrap_or(0)];
    for (index, at) in found.iter_mut().enumerate() {
        let by = if index % 2 == 0 { frame.0 - ranges[index].0 } else { frame.1 - ranges[index].1 };
        at.iter_mut().for_each(|y| *y += by);
    }
    let middle = |vertex: usize| {
        let mut four = [0, 1, 2, 3].map(|index| found[index][vertex]);
        four.sort_by(f32::total_cmp);
        0.5 * (four[1] + four[2])
    };
    (0..net.len()).map(middle).collect()
}

/// The edges, by their ends, that give way to a stretch between two waypoints which they cross.
fn conflicts(net: &Net, place: &[u32]) -> std::collections::HashSet<(u32, u32)> {
    let mut marked = std::collections::HashSet::new();
    let inner_left = |vertex: u32| {
        let left = net.left[vertex as usize].first().copied();
        left.filter(|&left| net.is_waypoint(vertex) && net.is_waypoint(left))
    };
    for (layer, left) in net.layers.iter().skip(1).zip(&net.layers) {
        let (mut upper, mut scanned) = (0u32, 0);
        for (at, &vertex) in layer.iter().enumerate() {
            let inner = inner_left(vertex).map(|left| place[left as usize]);
            if inner.is_none() && at + 1 < layer.len() {
                continue;
            }
            let lower = inner.unwrap_or(left.len() as u32);
            for &other in &layer[scanned..=at] {
                for &end in &net.left[other as usize] {
                    let crosses = place[end as usize] < upper || place[end as usize] > lower;
                    if crosses && inner_left(other) != Some(end) {
                        marked.insert((end, other));
                    }
                }
            }
            (scanned, upper) = (at + 1, lower);
        }
    }
    marked
}

/// The block of each vertex, named by one of it: vertices that are at one height.
fn align(
    net: &Net,
    place: &[u32],
    marked: &std::collections::HashSet<(u32, u32)>,
    to_left: bool,
    upwards: bool,
) -> Vec<u32> {
    let mut root: Vec<u32> = (0..net.len() as u32).collect();
    let mut taken = vec![false; net.len()];
    let sides = if to_left { &net.left } else { &net.right };
    let depth = net.layers.len();
    let mut ends: Vec<u32> = Vec::new();
    for step in 0..depth {
        let layer = &net.layers[if to_left { step } else { depth - 1 - step }];
        let mut last = None;
        for step in 0..layer.len() {
            let vertex = layer[if upwards { step } else { layer.len() - 1 - step }];
            ends.clear();
            ends.extend(&sides[vertex as usize]);
            if ends.is_empty() {
                continue;
            }
            ends.sort_by_key(|&end| place[end as usize]);
            let (low, high) =
                medians(&ends, |end| if to_left { net.weight(end, vertex) } else { net.weight(vertex, end) });
            for median in if upwards { [low, high] } else { [high, low] } {
                let end = ends[median];
                let pair = if to_left { (end, vertex) } else { (vertex, end) };
                let at = place[end as usize];
                let in_order = last.is_none_or(|last| if upwards { last < at } else { last > at });
                if root[vertex as usize] == vertex && !taken[end as usize] && !marked.contains(&pair) && in_order {
                    taken[end as usize] = true;
                    root[vertex as usize] = root[end as usize];
                    last = Some(at);
                }
            }
        }
    }
    root
}

/// The places of the lower and the upper median among these, by weight.
fn medians(ends: &[u32], weight: impl Fn(u32) -> f32) -> (usize, usize) {
    let half = 0.5 * ends.iter().map(|&end| weight(end)).sum::<f32>();
    let (mut sum, mut low, mut high) = (0.0, None, ends.len() - 1);
    for (at, &end) in ends.iter().enumerate() {
        sum += weight(end);
        if sum >= half {
            low.get_or_insert(at);
        }
        if sum > half {
            high = at;
            break;
        }
    }
    (low.unwrap_or(high), high)
}

/// Heights as low in number as they can be, or as high, and then each block drawn towards what follows.
fn pack(net: &Net, root: &[u32], half_of: &impl Fn(u32) -> f32, upwards: bool) -> Vec<f32> {
    // What lies between two blocks, by the block above.
    let mut below: Vec<Vec<(u32, f32)>> = vec![Vec::new(); net.len()];
    let mut above: Vec<Vec<(u32, f32)>> = vec![Vec::new(); net.len()];
    let mut waits = vec![0u32; net.len()];
    for pair in net.layers.iter().flat_map(|layer| layer.windows(2)) {
        let (upper, lower) = (root[pair[0] as usize], root[pair[1] as usize]);
        let apart = half_of(pair[0]) + half_of(pair[1]);
        below[upper as usize].push((lower, apart));
        above[lower as usize].push((upper, apart));
        waits[lower as usize] += 1;
    }
    let mut order: Vec<u32> =
        (0..net.len() as u32).filter(|&v| root[v as usize] == v && waits[v as usize] == 0).collect();
    let mut next = 0;
    while let Some(&block) = order.get(next) {
        next += 1;
        for &(lower, _) in &below[block as usize] {
            waits[lower as usize] -= 1;
            if waits[lower as usize] == 0 {
                order.push(lower);
            }
        }
    }
    let mut at = vec![0.0f32; net.len()];
    let (first, then, sign): (_, _, f32) = if upwards { (&above, &below, 1.0) } else { (&below, &above, -1.0) };
    let forwards: Vec<u32> = if upwards { order } else { order.into_iter().rev().collect() };
    for &block in &forwards {
        let pushed = first[block as usize].iter().map(|&(other, apart)| sign * at[other as usize] + apart);
        at[block as usize] = sign * pushed.fold(0.0, f32::max);
    }
    // A block that nothing pushed from the other side would lie far from what it is joined to.
    for &block in forwards.iter().rev() {
        let room = then[block as usize].iter().map(|&(other, apart)| sign * at[other as usize] - apart);
        let furthest = room.fold(f32::INFINITY, f32::min);
        if furthest.is_finite() {
            at[block as usize] = sign * (sign * at[block as usize]).max(furthest);
        }
    }
    (0..net.len()).map(|vertex| at[root[vertex] as usize]).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::layered::order::tests::net;

    #[test]
    fn a_chain_is_straight_and_a_fan_is_even() {
        let chain = heights(&net(&[0, 1, 2], &[(0, 1), (1, 2)]), &[40.0, 60.0, 40.0]);
        assert!(chain.iter().all(|y| *y == chain[0]), "{chain:?}");
        let fan = heights(&net(&[0, 1, 1, 1], &[(0, 1), (0, 2), (0, 3)]), &[40.0; 4]);
        assert_eq!(fan[0], fan[2]);
        assert_eq!((fan[2] - fan[1], fan[3] - fan[2]), (80.0, 80.0));
    }

    #[test]
    fn medians_go_by_weight() {
        assert_eq!(medians(&[0, 1, 2], |_| 1.0), (1, 1));
        assert_eq!(medians(&[0, 1, 2, 3], |_| 1.0), (1, 2));
        assert_eq!(medians(&[0, 1, 2], |end| if end == 2 { 5.0 } else { 1.0 }), (2, 2));
        assert_eq!(medians(&[7], |_| 0.3), (0, 0));
    }

    #[test]
    fn a_long_edge_is_straight_between_its_waypoints() {
        let pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)];
        let net = net(&[0, 1, 2, 3, 4], &pairs);
        let at = heights(&net, &[40.0; 5]);
        assert!(at[5] == at[6] && at[6] == at[7], "{at:?}");
    }
}
