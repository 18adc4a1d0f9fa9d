//! How a part of the world is looked at so that all of it is seen beside the panels.

use bevy_math::{Rect, Vec2};

pub(crate) const ZOOM_MIN: f32 = 0.002;
/// No closer than this when fitting: a system of two components does not fill the wall.
pub(crate) const ZOOM_FIT: f32 = 1.5;
/// From further away discs are too small to be seen one by one, and everything but open rings goes into neighbourhoods,
/// in logical pixels a world unit: discs are 1.7 pixels then.
pub(super) const APART_FROM: f32 = 1.7 / axonscope_session::sizes::DISC_RADIUS;
/// What appears at a zoom is there in full this many times closer.
pub(crate) const FADE: f32 = 1.06;
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

/// From afar what is gathered is gathered anew at each power of two of the zoom, and fades over until somewhat closer. A
/// picture that stays is not looked at in the midst of that, but a hair further away.
fn aside_of_fades(zoom: f32) -> f32 {
    let power = zoom.max(f32::MIN_POSITIVE).log2().floor().exp2();
    if zoom < APART_FROM && zoom < power * FADE { power } else { zoom }
}

/// The world point in the middle of a screen, and logical pixels a world unit; no closer than `closest`.
pub(crate) fn fitted(rect: Rect, screen: Vec2, covered: Covered, closest: f32) -> (Vec2, f32) {
    let free = (screen - covered.size() - 2.0 * MARGIN).max(Vec2::splat(64.0));
    let zoom = aside_of_fades((free / rect.size().max(Vec2::splat(1.0))).min_element()).clamp(ZOOM_MIN, closest);
    (covered.center(rect.center(), zoom), zoom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fitted_from_afar_does_not_stay_in_the_midst_of_a_fade() {
        for (zoom, expected) in [(0.032, 0.03125), (0.0625, 0.0625), (0.06, 0.06), (0.5, 0.5), (0.51, 0.51), (1.5, 1.5)]
        {
            assert_eq!(aside_of_fades(zoom), expected, "{zoom}");
        }
        assert_eq!(aside_of_fades(0.0).max(ZOOM_MIN), ZOOM_MIN);
    }
}
