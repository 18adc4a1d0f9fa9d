//! One level of the tree: the components of a system, or those of one composite, beside each other.

use super::{Edge, TooLarge, cycles, heights, net::Net, order, rank};

/// Least air between the rooms of two layers; and how much more where a layer is tall, so that edges are not too steep.
const LAYER_GAP: f32 = 44.0;
const STEEPNESS: f32 = 0.06;
const LAYER_GAP_MOST: f32 = 240.0;
/// Air between parts that nothing joins.
const PART_GAP: f32 = 24.0;

/// Puts rooms, of which half the sides are given, so that edges lead to the right and no two overlap. `before` says how
/// high each was in an earlier picture. The whole is about `aspect` times as wide as tall, if it consists of many parts.
/// Returns the middle of each, around the origin.
///
/// # Errors
/// When there would be too many waypoints.
pub(super) fn lay_out(
    rooms: &[[f32; 2]],
    edges: &[Edge],
    before: &[Option<f32>],
    aspect: f32,
) -> Result<Vec<[f32; 2]>, TooLarge> {
    let mut at = vec![[0.0; 2]; rooms.len()];
    let mut boxes = Vec::new();
    let parts = parts(rooms.len(), edges);
    for part in &parts {
        boxes.push(lay_out_part(part, rooms, before, &mut at)?);
    }
    for (part, by) in parts.iter().zip(rows(&boxes, aspect)) {
        for &vertex in &part.vertices {
            let [x, y] = at[vertex as usize];
            at[vertex as usize] = [x + by[0], y + by[1]];
        }
    }
    Ok(at)
}

/// What hangs together, with edges between places in `vertices`.
struct Part {
    vertices: Vec<u32>,
    edges: Vec<Edge>,
}

/// In order of the first vertex of each.
fn parts(count: usize, edges: &[Edge]) -> Vec<Part> {
    let mut leader: Vec<u32> = (0..count as u32).collect();
    fn find(leader: &mut [u32], mut vertex: u32) -> u32 {
        while leader[vertex as usize] != vertex {
            leader[vertex as usize] = leader[leader[vertex as usize] as usize];
            vertex = leader[vertex as usize];
        }
        vertex
    }
    for edge in edges {
        let (a, b) = (find(&mut leader, edge.from), find(&mut leader, edge.to));
        leader[a.max(b) as usize] = a.min(b);
    }
    let mut number = vec![u32::MAX; count];
    let mut place = vec![0; count];
    let mut parts: Vec<Part> = Vec::new();
    for vertex in 0..count as u32 {
        let first = find(&mut leader, vertex) as usize;
        if number[first] == u32::MAX {
            number[first] = parts.len() as u32;
            parts.push(Part { vertices: Vec::new(), edges: Vec::new() });
        }
        let part = &mut parts[number[first] as usize];
        place[vertex as usize] = part.vertices.len() as u32;
        part.vertices.push(vertex);
    }
    for &Edge { from, to, weight } in edges {
        let part = number[find(&mut leader, from) as usize] as usize;
        parts[part].edges.push(Edge { from: place[from as usize], to: place[to as usize], weight });
    }
    parts
}

/// Writes where the vertices of a part are and returns the box round them.
fn lay_out_part(
    part: &Part,
    rooms: &[[f32; 2]],
    before: &[Option<f32>],
    at: &mut [[f32; 2]],
) -> Result<[[f32; 2]; 2], TooLarge> {
    let count = part.vertices.len();
    let edges = cycles::break_cycles(count, &part.edges);
    let mut net = Net::of(rank::layers(count, &edges), &edges)?;
    let own = |vertex: &u32| before.get(*vertex as usize).copied().flatten();
    order::order(&mut net, &part.vertices.iter().map(own).collect::<Vec<_>>());
    let room = |vertex: u32| rooms[part.vertices[vertex as usize] as usize];
    let halves: Vec<f32> = (0..count as u32).map(|vertex| room(vertex)[1]).collect();
    let height = heights::heights(&net, &halves);
    let mut x = 0.0;
    let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    let mut tall_before = 0.0;
    for layer in &net.layers {
        let own: Vec<u32> = layer.iter().copied().filter(|&vertex| !net.is_waypoint(vertex)).collect();
        let half = own.iter().map(|&vertex| room(vertex)[0]).fold(0.0, f32::max);
        let range = own.iter().map(|&vertex| height[vertex as usize]);
        let tall = range.clone().fold(0.0, f32::max) - range.fold(f32::INFINITY, f32::min).min(0.0);
        if x > 0.0 {
            x += (LAYER_GAP + STEEPNESS * tall.max(tall_before)).min(LAYER_GAP_MOST);
        }
        tall_before = tall;
        x += half;
        for vertex in own {
            let (y, room) = (-height[vertex as usize], room(vertex));
            at[part.vertices[vertex as usize] as usize] = [x, y];
            min = [min[0].min(x - room[0]), min[1].min(y - room[1])];
            max = [max[0].max(x + room[0]), max[1].max(y + room[1])];
        }
        x += half;
    }
    Ok([min, max])
}

/// How each box is to be moved so that they stand in rows, the tallest first, around the origin.
fn rows(boxes: &[[[f32; 2]; 2]], aspect: f32) -> Vec<[f32; 2]> {
    let size = |index: usize| [0, 1].map(|axis| boxes[index][1][axis] - boxes[index][0][axis]);
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&a, &b| size(b)[1].total_cmp(&size(a)[1]).then(a.cmp(&b)));
    let area: f32 = order.iter().map(|&index| (size(index)[0] + PART_GAP) * (size(index)[1] + PART_GAP)).sum();
    let widest = order.iter().map(|&index| size(index)[0]).fold((area * aspect).sqrt(), f32::max);
    let mut moves = vec![[0.0; 2]; boxes.len()];
    let (mut x, mut y, mut tall) = (0.0, 0.0, 0.0f32);
    let mut reached = [0.0f32; 2];
    for index in order {
        let [width, height] = size(index);
        if x > 0.0 && x + width > widest {
            (x, y, tall) = (0.0, y + tall + PART_GAP, 0.0);
        }
        moves[index] = [x - boxes[index][0][0], -y - boxes[index][1][1]];
        reached = [reached[0].max(x + width), reached[1].max(y + height)];
        x += width + PART_GAP;
        tall = tall.max(height);
    }
    moves.iter().map(|by| [by[0] - 0.5 * reached[0], by[1] + 0.5 * reached[1]]).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_in_rows_as_wide_as_a_screen() {
        let edges: Vec<Edge> = (0..30).map(|n| Edge { from: 2 * n, to: 2 * n + 1, weight: 1.0 }).collect();
        let at = lay_out(&[[60.0, 50.0]; 70], &edges, &[], 1.6).unwrap();
        let range = |axis: usize| at.iter().map(|at| at[axis]).fold(0.0, f32::max) * 2.0;
        assert!((1.0..2.5).contains(&(range(0) / range(1))), "{} by {}", range(0), range(1));
        for edge in &edges {
            assert!(at[edge.from as usize][0] + 120.0 < at[edge.to as usize][0]);
            assert_eq!(at[edge.from as usize][1], at[edge.to as usize][1]);
        }
    }
}
