//! How a part of the world is looked at so that all of it is seen beside the panels.

use bevy_math::{Rect, Vec2};

pub(crate) const ZOOM_MIN: f32 = 0.002;
/// No closer than this when fitting: a system of two components does not fill the wall.
pub(crate) const ZOOM_FIT: f32 = 1.5;
/// Air round what is fitted, in logical pixels.
const MARGIN: f32 = 36.0;

/// What panels cover at each edge of the screen, in logical pixels.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub(crate) struct Covered {
    pub(crate) left: f32,
    pub(crate) right: f32,
    pub(crate) above: f32,
    pub(crate) below: f32,
}

impl Covered {
    fn size(self) -> Vec2 {
        Vec2::new(self.left + self.right, self.above + self.below)
    }

    /// The world point in the middle of the screen when `at` is in the middle of what is free.
    pub(crate) fn center(self, at: Vec2, zoom: f32) -> Vec2 {
        at + Vec2::new(self.right - self.left, self.above - self.below) / (2.0 * zoom)
    }
}

/// The world point in the middle of a screen, and logical pixels a world unit; no closer than `closest`.
pub(crate) fn fitted(rect: Rect, screen: Vec2, covered: Covered, closest: f32) -> (Vec2, f32) {
    let free = (screen - covered.size() - 2.0 * MARGIN).max(Vec2::splat(64.0));
    let zoom = (free / rect.size().max(Vec2::splat(1.0))).min_element().clamp(ZOOM_MIN, closest);
    (covered.center(rect.center(), zoom), zoom)
}
