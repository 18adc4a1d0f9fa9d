//! The layers as a net in which every edge joins two neighbouring ones: long edges pass through waypoints.

use std::collections::HashMap;

use super::{Edge, TooLarge};

/// Vertices and waypoints together.
const MOST: usize = 60_000;

/// First the vertices, then the waypoints.
pub(super) struct Net {
    /// From left to right, each from top to bottom.
    pub(super) layers: Vec<Vec<u32>>,
    pub(super) layer: Vec<u32>,
    /// Who it is joined to in the layer to the left, and in the one to the right.
    pub(super) left: Vec<Vec<u32>>,
    pub(super) right: Vec<Vec<u32>>,
    /// How much each stretch pulls, from its left end to its right end.
    weight: HashMap<(u32, u32), f32>,
    /// So many are vertices.
    pub(super) real: usize,
}

impl Net {
    /// Of vertices in layers; each layer in order of number, waypoints last.
    ///
    /// # Errors
    /// When there would be too many waypoints.
    pub(super) fn of(layer: Vec<u32>, edges: &[Edge]) -> Result<Self, TooLarge> {
        let real = layer.len();
        let length = |edge: &Edge| (layer[edge.to as usize] - layer[edge.from as usize]) as usize;
        let total = real + edges.iter().map(|edge| length(edge) - 1).sum::<usize>();
        if total > MOST {
            return Err(TooLarge);
        }
        let depth = layer.iter().max().map_or(0, |&last| last as usize + 1);
        let mut net = Self {
            layers: vec![Vec::new(); depth],
            layer,
            left: vec![Vec::new(); total],
            right: vec![Vec::new(); total],
            real,
            weight: HashMap::with_capacity(total),
        };
        net.layer.resize(total, 0);
        let mut next = real as u32;
        for edge in edges {
            let mut at = edge.from;
            for layer in net.layer[edge.from as usize] + 1..net.layer[edge.to as usize] {
                net.layer[next as usize] = layer;
                net.join(at, next, edge.weight);
                (at, next) = (next, next + 1);
            }
            net.join(at, edge.to, edge.weight);
        }
        for vertex in 0..total {
            net.layers[net.layer[vertex] as usize].push(vertex as u32);
        }
        Ok(net)
    }

    fn join(&mut self, left: u32, right: u32, weight: f32) {
        self.weight.insert((left, right), weight);
        self.right[left as usize].push(right);
        self.left[right as usize].push(left);
    }

    pub(super) fn len(&self) -> usize {
        self.layer.len()
    }

    pub(super) fn weight(&self, left: u32, right: u32) -> f32 {
        self.weight.get(&(left, right)).copied().unwrap_or(1.0)
    }

    pub(super) fn is_waypoint(&self, vertex: u32) -> bool {
        vertex as usize >= self.real
    }

    /// The place of each in its layer.
    pub(super) fn places(&self) -> Vec<u32> {
        let mut place = vec![0; self.len()];
        for layer in &self.layers {
            for (&vertex, at) in layer.iter().zip(0..) {
                place[vertex as usize] = at;
            }
        }
        place
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_long_edge_has_a_waypoint_in_every_layer_it_passes() {
        let edges = [(0, 1), (1, 2), (0, 2)].map(|(from, to)| Edge { from, to, weight: 1.0 });
        let net = Net::of(vec![0, 1, 2], &edges).unwrap();
        assert_eq!(net.layers, [vec![0], vec![1, 3], vec![2]]);
        assert_eq!((&net.right[0][..], &net.left[2][..]), (&[1, 3][..], &[1, 3][..]));
        assert!(net.is_waypoint(3) && !net.is_waypoint(2));
    }

    #[test]
    fn what_would_need_too_many_waypoints_is_refused() {
        let chain = (1..400).map(|to| (to - 1, to));
        let leaps = (0..200).flat_map(|from| (300..400).map(move |to| (from, to)));
        let edges: Vec<Edge> = chain.chain(leaps).map(|(from, to)| Edge { from, to, weight: 1.0 }).collect();
        assert!(Net::of((0..400).collect(), &edges).is_err());
    }
}
