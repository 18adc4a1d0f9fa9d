//! Linkages as ribbons from dot to vessel, wider and with travelling dashes where messages flow.

use bevy::prelude::*;

use super::draw::{Instances, Ribbon, Shape, kind};
use super::flow::Flows;
use super::nodes::Neighbours;
use super::palette::{Palette, Rgba, size};
use super::picture::{Dock, Link, Picture, Trouble};

/// How strongly linkages away from the selected component are drawn.
const DIMMED: f32 = 0.3;

pub(super) fn push_linkages(
    picture: &Picture,
    near: &Neighbours,
    flows: &Flows,
    palette: &Palette,
    out: &mut Instances,
) {
    // Trouble is drawn last, above the rest.
    for loud in [false, true] {
        for link in picture.links.iter().filter(|link| (link.trouble != Trouble::None) == loud) {
            push_linkage(picture, link, near, flows, palette, out);
        }
    }
}

fn push_linkage(
    picture: &Picture,
    link: &Link,
    near: &Neighbours,
    flows: &Flows,
    palette: &Palette,
    out: &mut Instances,
) {
    let [from, to] = [link.from, link.to].map(|dock| &picture.boxes[dock as usize]);
    let curve = Curve::between(picture, from, to);
    let far = near.dims(from.node as usize) || near.dims(to.node as usize);
    let strength = if far { DIMMED } else { 1.0 } * if link.gone { 0.35 } else { 1.0 };
    let (color, more, glow) = match link.trouble {
        Trouble::None => (palette.linkage, 0.0, 0.0),
        Trouble::Warning => (palette.warning, 0.8, 0.0),
        Trouble::Alarm => (palette.alarm, 1.6, 7.0),
    };
    let width = if link.passthrough { size::HAIRLINE } else { width(link.rate) + more };
    let (speed, phase) = if link.passthrough { (0.0, 0.0) } else { flows.of(link.key) };
    out.ribbons.push(Ribbon {
        from: curve.from.to_array(),
        width,
        bend: curve.bend.to_array(),
        glow,
        to: curve.to.to_array(),
        phase,
        speed,
        dotted: u32::from(link.passthrough),
        color: color.fade(strength * if link.passthrough { 0.8 } else { 0.9 }).packed(),
        dash: palette.dash.fade(strength).packed(),
    });
    let length = curve.from.distance(curve.to);
    if length > 40.0 {
        let (at, along) = curve.point(1.0 - ((size::VESSEL + 7.0) / length).min(0.4));
        let head = 2.6 + width * 0.7;
        let arrow = Shape::disc(at, head, color.fade(strength), Rgba::CLEAR, 0.0);
        out.shapes.push(arrow.with_kind(kind::ARROW, along.x, along.y));
    }
}

/// World units: wider by the logarithm of the rate.
fn width(rate: f64) -> f32 {
    (size::LINKAGE + size::LINKAGE_PER_DECADE * (1.0 + rate).log10() as f32).min(size::LINKAGE_MAX)
}

/// A gentle curve that leaves and enters the rims outwards; the way back bends to the other side.
struct Curve {
    from: Vec3,
    bend: Vec3,
    to: Vec3,
}

impl Curve {
    fn between(picture: &Picture, from: &Dock, to: &Dock) -> Self {
        let (start, end) = (picture.dock_position(from), picture.dock_position(to));
        let chord = end - start;
        let length = chord.length();
        let mut bend = (start + end) / 2.0 + Vec3::new(-chord.y, chord.x, 0.0) * 0.06;
        for (dock, on_the_way) in [(from, chord), (to, -chord)] {
            let outwards = Vec2::from_angle(dock.angle);
            let node = &picture.nodes[dock.node as usize];
            if outwards.dot(on_the_way.truncate()) >= 0.0 {
                bend += (outwards * (0.11 * length).min(45.0)).extend(0.0);
            } else if !node.is_composite() {
                // The dock lies on the far side: go round the disc on the side the dock is nearer to.
                let aside = on_the_way.truncate().normalize_or_zero().perp();
                let side = if aside.dot(outwards) >= 0.0 { 1.0 } else { -1.0 };
                bend += ((aside * side * 1.5 + outwards * 0.8) * node.radius).extend(0.0);
            }
        }
        Self { from: start, bend, to: end }
    }

    /// Where it is at `t` from 0 to 1, and which way it goes there, of length 1.
    fn point(&self, t: f32) -> (Vec3, Vec2) {
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
    fn width_grows_by_decades_and_has_an_end() {
        assert_eq!(width(0.0), size::LINKAGE);
        let step = width(99_999.0) - width(9_999.0);
        assert!((step - size::LINKAGE_PER_DECADE).abs() < 1e-3 || width(99_999.0) == size::LINKAGE_MAX);
        assert_eq!(width(1e30), size::LINKAGE_MAX);
    }

    #[test]
    fn a_curve_begins_and_ends_at_its_docks() {
        let curve = Curve { from: Vec3::ZERO, bend: Vec3::new(5.0, 3.0, 0.0), to: Vec3::new(10.0, 0.0, 0.0) };
        assert_eq!(curve.point(0.0).0, curve.from);
        assert_eq!(curve.point(1.0).0, curve.to);
        assert!(curve.point(0.5).1.x > 0.99);
    }
}
