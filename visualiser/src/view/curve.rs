//! The way of a linkage from dot to vessel, and how wide it is.

use bevy_math::{Vec2, Vec3};

use super::picture::{Dock, Picture};

/// A gentle curve that leaves and enters the rims outwards; the way back bends to the other side.
#[derive(Clone, Copy)]
pub(crate) struct Curve {
    pub(crate) from: Vec3,
    pub(crate) bend: Vec3,
    pub(crate) to: Vec3,
}

/// An end of a curve: where it is, which way is outwards there, and the radius of the disc it may have to go round.
type End = (Vec3, Vec2, Option<f32>);

impl Curve {
    pub(crate) fn between(picture: &Picture, from: &Dock, to: &Dock) -> Self {
        let end = |dock: &Dock| -> End {
            let node = &picture.nodes[dock.node as usize];
            (picture.dock_position(dock), Vec2::from_angle(dock.angle), (!node.is_composite()).then_some(node.radius))
        };
        Self::of(end(from), end(to))
    }

    /// The same when the picture was read.
    pub(crate) fn was_between(picture: &Picture, from: &Dock, to: &Dock) -> Self {
        let end = |dock: &Dock| -> End {
            let node = &picture.nodes[dock.node as usize];
            (picture.dock_was(dock), Vec2::from_angle(dock.angle_was), (!node.is_composite()).then_some(node.was.1))
        };
        Self::of(end(from), end(to))
    }

    fn of(from: End, to: End) -> Self {
        let (start, end) = (from.0, to.0);
        let chord = end - start;
        let length = chord.length();
        let mut bend = (start + end) / 2.0 + Vec3::new(-chord.y, chord.x, 0.0) * 0.06;
        for ((_, outwards, disc), on_the_way) in [(from, chord), (to, -chord)] {
            if outwards.dot(on_the_way.truncate()) >= 0.0 {
                bend += (outwards * (0.11 * length).min(45.0)).extend(0.0);
            } else if let Some(radius) = disc {
                // The dock lies on the far side: go round the disc on the side the dock is nearer to.
                let aside = on_the_way.truncate().normalize_or_zero().perp();
                let side = if aside.dot(outwards) >= 0.0 { 1.0 } else { -1.0 };
                bend += ((aside * side * 1.5 + outwards * 0.8) * radius).extend(0.0);
            }
        }
        Self { from: start, bend, to: end }
    }

    /// The same with its bend elsewhere.
    pub(crate) fn moved(mut self, aside: Vec2) -> Self {
        self.bend += aside.extend(0.0);
        self
    }

    /// How far it leaves the straight line, in world units.
    pub(crate) fn aside(&self) -> f32 {
        self.bend.distance((self.from + self.to) / 2.0) / 2.0
    }

    /// Where it is at `t` from 0 to 1, and which way it goes there, of length 1.
    pub(crate) fn point(&self, t: f32) -> (Vec3, Vec2) {
        let s = 1.0 - t;
        let at = self.from * (s * s) + self.bend * (2.0 * s * t) + self.to * (t * t);
        let along = (self.bend - self.from) * (2.0 * s) + (self.to - self.bend) * (2.0 * t);
        (at, along.truncate().try_normalize().unwrap_or(Vec2::X))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_begins_and_ends_at_its_docks() {
        let curve = Curve { from: Vec3::ZERO, bend: Vec3::new(5.0, 3.0, 0.0), to: Vec3::new(10.0, 0.0, 0.0) };
        assert_eq!(curve.point(0.0).0, curve.from);
        assert_eq!(curve.point(1.0).0, curve.to);
        assert!(curve.point(0.5).1.x > 0.99);
    }
}
