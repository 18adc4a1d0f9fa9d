//! Uses as thin straight lines from rim to rim: nothing flows, so there is no dash, no arrow and no box at their ends.

use bevy::prelude::*;

use super::canvas::Ribbon;
use super::linkages::Ribbons;
use super::palette::size;
use super::picture::Node;
use super::scene::{Asked, Scene};

/// How strongly uses away from the selected component are drawn.
const DIMMED: f32 = 0.35;

/// Below linkages, and those of the component that is asked for above the rest.
pub(super) fn push_uses(scene: &Scene<'_>, asked: &Asked, ribbons: &mut Ribbons) {
    let (picture, near, palette) = (scene.picture, scene.near, scene.palette);
    for asked_for in [false, true] {
        for usage in picture.uses.iter() {
            let ends = [usage.user, usage.used].map(|end| &picture.nodes[end as usize]);
            let is_asked = ends.iter().any(|end| [asked.selected, asked.hovered].contains(&Some(end.key)));
            let span = scene.of_end(usage.user).and(scene.of_end(usage.used));
            if is_asked != asked_for || !span.meets(scene.zooms) {
                continue;
            }
            let Some((from, to)) = between(ends[0], ends[1], 1.0) else { continue };
            let (from_was, to_was) = between(ends[0], ends[1], 0.0).unwrap_or((from, to));
            let far = near.dims(usage.user as usize) || near.dims(usage.used as usize);
            let strength = if far && !is_asked { DIMMED } else { 1.0 } * if usage.gone { 0.5 } else { 1.0 };
            let (color, width) = if is_asked { (palette.quiet, size::USE_ASKED) } else { (palette.usage, size::USE) };
            ribbons.straight.push(Ribbon {
                from: from.to_array(),
                width,
                bend: [0.0; 3],
                glow: 0.0,
                to: to.to_array(),
                phase: 0.0,
                from_was: from_was.to_array(),
                speed: 0.0,
                bend_was: [0.0; 3],
                color: color.fade(strength).packed(),
                to_was: to_was.to_array(),
                dash: 0,
                span: span.packed(),
                period: 0.0,
                padding: [0; 2],
            });
        }
    }
}

/// From rim to rim on the straight line between the middles, inwards to the rim of a ring that one of them is in; none
/// where they touch. Once the nodes have gone so much of their way, 0 to 1.
fn between(user: &Node, used: &Node, eased: f32) -> Option<(Vec3, Vec3)> {
    let [(at_user, user_radius), (at_used, used_radius)] = [user, used].map(|node| node.shown(eased));
    let way = (at_used - at_user).truncate();
    let length = way.length();
    let along = way.try_normalize()?;
    let encloses = |ring: &Node, radius: f32, other: f32| ring.is_composite() && length + other <= radius;
    // From inside a ring the near side of its rim lies away from its middle.
    let (from, to) = if encloses(used, used_radius, user_radius) {
        (-user_radius, length - used_radius)
    } else if encloses(user, user_radius, used_radius) {
        (user_radius, length + used_radius)
    } else {
        (user_radius, (length - used_radius).max(user_radius))
    };
    let at = |distance: f32| at_user + (along * distance).extend(0.0);
    ((to - from).abs() > 1.0).then(|| (at(from), at(to)))
}
