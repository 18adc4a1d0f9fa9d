//! Composites: a ring is drawn round its children, wherever they go, and keeps them together.

use crate::bodies::{Bodies, Ring};
use crate::laws::Laws;

/// Pulls every child towards the centre of its ring.
pub(crate) fn apply(bodies: &mut Bodies, laws: &Laws) {
    for ring in &bodies.rings {
        let centre = bodies.at[ring.body as usize];
        for k in ring.first..ring.first + ring.count {
            let child = bodies.members[k as usize] as usize;
            let pull = laws.contain * bodies.heat[child];
            let (at, velocity) = (bodies.at[child], &mut bodies.velocity[child]);
            *velocity = [velocity[0] + (centre[0] - at[0]) * pull, velocity[1] + (centre[1] - at[1]) * pull];
        }
    }
}

/// How a ring finds its centre: from the middle of the box round its children in shrinking steps, as shares of the box's
/// side, each towards the child that is furthest. The smallest circle of all would cost more and look the same.
const FIRST_STEP: f32 = 0.12;
const NEXT_STEP: f32 = 0.75;
const STEPS: usize = 12;

/// Draws each ring round its children, innermost first. A pinned ring keeps its centre and grows instead.
pub(crate) fn enclose(bodies: &mut Bodies, laws: &Laws) {
    for index in (0..bodies.rings.len()).rev() {
        let ring = bodies.rings[index];
        let body = ring.body as usize;
        let pinned = bodies.held[body] && bodies.pin_of(body).is_some();
        if !pinned {
            let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
            for &child in bodies.members(ring) {
                let child = child as usize;
                let half = bodies.extent(child);
                for axis in 0..2 {
                    min[axis] = min[axis].min(bodies.at[child][axis] - half[axis]);
                    max[axis] = max[axis].max(bodies.at[child][axis] + half[axis]);
                }
            }
            let mut centre = [0.5 * (min[0] + max[0]), 0.5 * (min[1] + max[1])];
            let mut step = 0.5 * FIRST_STEP * (max[0] - min[0]).max(max[1] - min[1]);
            for _ in 0..STEPS {
                let (distance, way) = furthest(bodies, ring, centre);
                centre = [centre[0] + way[0] / distance * step, centre[1] + way[1] / distance * step];
                step *= NEXT_STEP;
            }
            bodies.at[body] = centre;
        }
        bodies.radius[body] = furthest(bodies, ring, bodies.at[body]).0 + laws.ring_padding;
    }
}

/// The way from a point to whatever of a ring's children is furthest from it, and how far that is.
fn furthest(bodies: &Bodies, ring: Ring, from: [f32; 2]) -> (f32, [f32; 2]) {
    let mut best = (1.0e-3, [0.0; 2]);
    for &child in bodies.members(ring) {
        let child = child as usize;
        let way = [bodies.at[child][0] - from[0], bodies.at[child][1] - from[1]];
        let found = if bodies.ringed[child] {
            (way[0].hypot(way[1]) + bodies.radius[child], way)
        } else {
            let [width, height] = bodies.half[child];
            let corner = [way[0] + width.copysign(way[0]), way[1] + height.copysign(way[1])];
            (corner[0].hypot(corner[1]), corner)
        };
        if found.0 > best.0 {
            best = found;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::nested;

    #[test]
    fn a_ring_holds_the_corners_of_its_children() {
        let laws = Laws::default();
        let mut bodies = nested();
        enclose(&mut bodies, &laws);
        for (i, &parent) in bodies.parent.iter().enumerate().skip(1) {
            let (at, ring) = (bodies.at[i], bodies.at[parent as usize]);
            let far = if bodies.ringed[i] {
                (at[0] - ring[0]).hypot(at[1] - ring[1]) + bodies.radius[i]
            } else {
                ((at[0] - ring[0]).abs() + bodies.half[i][0]).hypot((at[1] - ring[1]).abs() + bodies.half[i][1])
            };
            assert!(far <= bodies.radius[parent as usize], "{i}");
        }
        // Not larger than it must be either: two leaves 200 apart, boxes of 40 by 40.
        assert!(bodies.radius[1] < 100.0 + 29.0 + laws.ring_padding, "{}", bodies.radius[1]);
    }

    #[test]
    fn children_are_pulled_in_and_the_whole_stays() {
        let mut bodies = nested();
        enclose(&mut bodies, &Laws::default());
        apply(&mut bodies, &Laws::default());
        assert!(bodies.velocity[2][0] > 0.0 && bodies.velocity[3][0] < 0.0);
        assert!((bodies.velocity[2][0] + bodies.velocity[3][0]).abs() < 0.2);
    }
}
