//! Uses as thin straight lines from rim to rim: nothing flows, so there is no dash, no arrow and no box at their ends.

use bevy::prelude::*;

use super::draw::{Instances, Ribbon};
use super::nodes::Neighbours;
use super::palette::{Palette, Rgba, size};
use super::picture::{Node, Picture};
use super::stage::Look;

/// How strongly uses away from the selected component are drawn.
const DIMMED: f32 = 0.35;

/// Below linkages, and those of the component that is asked for above the rest.
pub(super) fn push_uses(picture: &Picture, look: &Look, near: &Neighbours, palette: &Palette, out: &mut Instances) {
    for asked_for in [false, true] {
        for usage in &picture.uses {
            let ends = [usage.user, usage.used].map(|end| &picture.nodes[end as usize]);
            let is_asked = ends.iter().any(|end| [look.selected, look.hovered].contains(&Some(end.key)));
            if is_asked != asked_for {
                continue;
            }
            let Some((from, to)) = between(ends[0], ends[1]) else { continue };
            let far = near.dims(usage.user as usize) || near.dims(usage.used as usize);
            let strength = if far && !is_asked { DIMMED } else { 1.0 } * if usage.gone { 0.5 } else { 1.0 };
            let (color, width) = if is_asked { (palette.quiet, size::USE_ASKED) } else { (palette.usage, size::USE) };
            out.ribbons.push(Ribbon {
                from: from.to_array(),
                width,
                bend: ((from + to) / 2.0).to_array(),
                glow: 0.0,
                to: to.to_array(),
                phase: 0.0,
                speed: 0.0,
                dotted: 0,
                color: color.fade(strength).packed(),
                dash: Rgba::CLEAR.packed(),
            });
        }
    }
}

/// From rim to rim on the straight line between the middles, inwards to the rim of a ring that one of them is in; none
/// where they touch.
fn between(user: &Node, used: &Node) -> Option<(Vec3, Vec3)> {
    let way = (used.position - user.position).truncate();
    let length = way.length();
    let along = way.try_normalize()?;
    let encloses = |ring: &Node, other: &Node| ring.is_composite() && length + other.radius <= ring.radius;
    // From inside a ring the near side of its rim lies away from its middle.
    let (from, to) = if encloses(used, user) {
        (-user.radius, length - used.radius)
    } else if encloses(user, used) {
        (user.radius, length + used.radius)
    } else {
        (user.radius, (length - used.radius).max(user.radius))
    };
    let at = |distance: f32| user.position + (along * distance).extend(0.0);
    ((to - from).abs() > 1.0).then(|| (at(from), at(to)))
}
