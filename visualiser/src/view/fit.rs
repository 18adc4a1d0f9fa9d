//! How a part of the world is looked at so that all of it is seen beside the panels.

use bevy_math::{Rect, Vec2};

pub(crate) const ZOOM_MIN: f32 = 0.01;
/// No closer than this when fitting: a system of two components does not fill the wall.
pub(crate) const ZOOM_FIT: f32 = 1.5;
/// Air round what is fitted, in logical pixels.
const MARGIN: f32 = 36.0;

/// The world point in the middle of a screen, and logical pixels a world unit, where panels cover so much of the screen at
/// the right and at the bottom, and at the top; no closer than `closest`.
pub(crate) fn fitted(rect: Rect, screen: Vec2, covered: Vec2, top: f32, closest: f32) -> (Vec2, f32) {
    let free = (screen - covered - Vec2::new(0.0, top) - 2.0 * MARGIN).max(Vec2::splat(64.0));
    let zoom = (free / rect.size().max(Vec2::splat(1.0))).min_element().clamp(ZOOM_MIN, closest);
    (rect.center() + Vec2::new(covered.x, top - covered.y) / (2.0 * zoom), zoom)
}
