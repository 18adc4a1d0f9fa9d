//! Where postboxes sit on the rim of their component: turned towards what they are linked to, and apart from each other.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use axonscope_model::PostboxKind;
use bevy_math::Vec2;

use super::palette::size;
use super::picture::Picture;

impl Picture {
    /// Turns each dock towards the middle of what it is linked to, then apart from its neighbours on the same rim.
    pub(crate) fn turn_docks(&mut self) {
        // First those of composites, by the middles of what they are linked to; then the others, which aim at the dock
        // of a composite and not at its middle.
        for of_composites in [true, false] {
            let mut pull = vec![Vec2::ZERO; self.boxes.len()];
            for link in &self.links {
                let [from, to] = [link.from, link.to].map(|dock| {
                    let dock = &self.boxes[dock as usize];
                    let node = &self.nodes[dock.node as usize];
                    // Where the dock of a composite sits is known in the second round.
                    let aim =
                        if of_composites || !node.is_composite() { node.position } else { self.dock_position(dock) };
                    (node.position.truncate(), aim.truncate())
                });
                // What lies outside a composite turns its dock more than what lies inside.
                let weight = if link.passthrough { 0.25 } else { 1.0 };
                pull[link.from as usize] += (to.1 - from.0).normalize_or_zero() * weight;
                pull[link.to as usize] += (from.1 - to.0).normalize_or_zero() * weight;
            }
            for (dock, pull) in self.boxes.iter_mut().zip(&pull) {
                if self.nodes[dock.node as usize].is_composite() == of_composites {
                    let unlinked = if dock.kind == PostboxKind::Inbox { PI * 0.75 } else { PI * 0.25 };
                    dock.angle = if pull.length_squared() > 1e-6 { pull.to_angle() } else { unlinked };
                }
            }
        }
        let mut by_node: Vec<u32> = (0..self.boxes.len() as u32).collect();
        by_node.sort_by(|&a, &b| {
            let (a, b) = (&self.boxes[a as usize], &self.boxes[b as usize]);
            a.node.cmp(&b.node).then(a.angle.total_cmp(&b.angle)).then(a.postbox.cmp(&b.postbox))
        });
        let node_of: Vec<u32> = self.boxes.iter().map(|dock| dock.node).collect();
        let mut starts = vec![0; self.nodes.len() + 1];
        node_of.iter().for_each(|&node| starts[node as usize + 1] += 1);
        (1..starts.len()).for_each(|node| starts[node] += starts[node - 1]);
        for on_one_rim in by_node.chunk_by(|&a, &b| node_of[a as usize] == node_of[b as usize]) {
            let radius = self.nodes[self.boxes[on_one_rim[0] as usize].node as usize].radius;
            let gap = ((2.0 * size::VESSEL + 1.0) / radius.max(1.0)).min(TAU / on_one_rim.len() as f32);
            let mut angles: Vec<f32> = on_one_rim.iter().map(|&dock| self.boxes[dock as usize].angle).collect();
            spread(&mut angles, gap);
            for (&dock, angle) in on_one_rim.iter().zip(angles) {
                self.boxes[dock as usize].angle = angle;
            }
        }
        self.docks_by_node = Arc::new((by_node, starts));
    }
}

/// Moves rising angles at least `gap` apart round the circle, each as little as a few rounds of mutual pushing allow.
fn spread(angles: &mut [f32], gap: f32) {
    let count = angles.len();
    if count < 2 {
        return;
    }
    for _ in 0..24 {
        let mut pushed = false;
        for left in 0..count {
            let right = (left + 1) % count;
            let turn = if right == 0 { TAU } else { 0.0 };
            let missing = gap - (angles[right] + turn - angles[left]);
            if missing > 1e-3 {
                angles[left] -= missing / 2.0;
                angles[right] += missing / 2.0;
                pushed = true;
            }
        }
        if !pushed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_that_are_far_apart_stay() {
        let mut angles = [-1.0, 0.0, 1.0];
        spread(&mut angles, 0.5);
        assert_eq!(angles, [-1.0, 0.0, 1.0]);
    }

    #[test]
    fn angles_that_coincide_are_pushed_apart_evenly() {
        let mut angles = [1.0, 1.0];
        spread(&mut angles, 0.4);
        assert!((angles[0] - 0.8).abs() < 0.01 && (angles[1] - 1.2).abs() < 0.01, "{angles:?}");
    }

    #[test]
    fn angles_are_pushed_apart_across_the_seam() {
        let mut angles = [-3.1, 3.1];
        spread(&mut angles, 0.6);
        assert!(angles[0] + TAU - angles[1] > 0.59, "{angles:?}");
    }
}
