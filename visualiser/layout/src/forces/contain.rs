//! Composites: a ring is drawn round its children, wherever they go, and keeps them together.

use crate::bodies::{Bodies, Ring};
use crate::laws::Laws;
use crate::vector::{add, boxed, length, middle, scaled, sub};

/// Pulls every child towards the centre of its ring.
pub(crate) fn apply<const D: usize>(bodies: &Bodies<D>, laws: &Laws, pulls: &mut [[f32; D]]) {
    for ring in &bodies.rings {
        let centre = bodies.at[ring.body as usize];
        for k in ring.first..ring.first + ring.count {
            let child = bodies.members[k as usize] as usize;
            let pull = laws.contain * bodies.heat[child];
            pulls[child] = add(pulls[child], scaled(sub(centre, bodies.at[child]), pull));
        }
    }
}

/// How a ring finds its centre: from the middle of the box round its children in shrinking steps, as shares of the box's
/// side, each towards the child that is furthest. The smallest circle of all would cost more and look the same.
const FIRST_STEP: f32 = 0.12;
const NEXT_STEP: f32 = 0.75;
const STEPS: usize = 12;

/// Draws each ring round its children, innermost first. A pinned ring keeps its centre and grows instead.
pub(crate) fn enclose<const D: usize>(bodies: &mut Bodies<D>, laws: &Laws) {
    for index in (0..bodies.rings.len()).rev() {
        enclose_one(bodies, bodies.rings[index], laws);
    }
}

/// Draws one ring round its children as they are.
pub(crate) fn enclose_one<const D: usize>(bodies: &mut Bodies<D>, ring: Ring, laws: &Laws) {
    let body = ring.body as usize;
    let children = bodies.members(ring).iter().map(|&child| child as usize);
    let is_pinned = bodies.held[body] && bodies.pin_of(body).is_some();
    if !is_pinned && let Some([min, max]) = boxed(children.map(|child| (bodies.at[child], bodies.extent(child)))) {
        let mut centre = middle(min, max);
        let mut step = 0.5 * FIRST_STEP * sub(max, min).into_iter().fold(0.0, f32::max);
        for _ in 0..STEPS {
            let (distance, way) = furthest(bodies, ring, centre);
            centre = add(centre, scaled(way, step / distance));
            step *= NEXT_STEP;
        }
        bodies.at[body] = centre;
    }
    bodies.radius[body] = furthest(bodies, ring, bodies.at[body]).0 + laws.ring_padding;
}

/// How far from a point whatever of a ring's children is furthest from it, and the way there.
fn furthest<const D: usize>(bodies: &Bodies<D>, ring: Ring, from: [f32; D]) -> (f32, [f32; D]) {
    let mut best = (1.0e-3, [0.0; D]);
    for &child in bodies.members(ring) {
        let child = child as usize;
        let way = sub(bodies.at[child], from);
        let found = if bodies.ringed[child] {
            (length(way) + bodies.radius[child], way)
        } else {
            let half = bodies.half[child];
            let corner = std::array::from_fn(|axis| way[axis] + half[axis].copysign(way[axis]));
            (length(corner), corner)
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
        let mut pulls = [[0.0; 2]; 5];
        apply(&bodies, &Laws::default(), &mut pulls);
        assert!(pulls[2][0] > 0.0 && pulls[3][0] < 0.0);
        assert!((pulls[2][0] + pulls[3][0]).abs() < 0.2);
    }
}
