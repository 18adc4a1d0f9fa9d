//! Linkages as ribbons from dot to vessel, wider and with travelling dashes where messages flow.

use bevy::prelude::*;

use super::canvas::{Instances, Ribbon, Shape, kind};
use super::flow::{self, Flows};
use super::gather::Gathered;
use super::level::{DASHES_FROM, DETAIL_FROM, Span};
use super::palette::{Rgba, size};
use super::picture::{Dock, Link, Picture, Trouble};
use super::scene::Scene;

/// How strongly linkages away from the selected component are drawn.
const DIMMED: f32 = 0.3;
/// Pixels by which a curve may leave the straight line and be drawn as one.
const STRAIGHT: f32 = 0.8;
/// Below this zoom the dots of a passthrough run together.
const DOTS_FROM: f32 = 0.25;

/// Ribbons that can be drawn cheaply, and those that cannot.
#[derive(Default)]
pub(super) struct Ribbons {
    pub(super) straight: Vec<Ribbon>,
    pub(super) curved: Vec<Ribbon>,
}

pub(super) fn push_linkages(scene: &Scene<'_>, flows: &Flows, ribbons: &mut Ribbons, out: &mut Instances) {
    let picture = scene.picture;
    // Trouble is drawn last, above the rest.
    for loud in [false, true] {
        for link in scene.links.iter().map(|&link| &picture.links[link as usize]) {
            if (link.trouble != Trouble::None) == loud {
                push_linkage(scene, link, flows, ribbons, out);
            }
        }
    }
}

fn push_linkage(scene: &Scene<'_>, link: &Link, flows: &Flows, ribbons: &mut Ribbons, out: &mut Instances) {
    let (picture, near, palette) = (scene.picture, scene.near, scene.palette);
    let [from, to] = [link.from, link.to].map(|dock| &picture.boxes[dock as usize]);
    let span = scene.of_end(from.node).and(scene.of_end(to.node));
    if !span.meets(scene.zooms) {
        return;
    }
    let curve = Curve::between(picture, from, to);
    let was = if picture.is_easing { Curve::was_between(picture, from, to) } else { curve };
    let leads = near.leads(link.key);
    let far = leads.map_or_else(|| near.dims(from.node as usize) || near.dims(to.node as usize), |leads| !leads);
    let strength = if far { DIMMED } else { 1.0 } * if link.gone { 0.35 } else { 1.0 };
    let (color, more, glow) = match link.trouble {
        Trouble::None if leads == Some(true) => (palette.accent, 1.4, 0.0),
        Trouble::None => (palette.linkage, 0.0, 0.0),
        Trouble::Warning => (palette.warning, 0.8, 0.0),
        Trouble::Alarm => (palette.alarm, 1.6, 7.0),
    };
    let width = if link.passthrough { size::HAIRLINE + more } else { width(link.rate) + more };
    let (speed, phase) = if link.passthrough { (-1.0, 0.0) } else { flows.of(link.key) };
    let color = color.fade(strength * if link.passthrough { 0.8 } else { 0.9 });
    let ribbon = Ribbon {
        from: curve.from.to_array(),
        width,
        bend: curve.bend.to_array(),
        glow,
        to: curve.to.to_array(),
        phase,
        from_was: was.from.to_array(),
        speed,
        bend_was: was.bend.to_array(),
        color: color.packed(),
        to_was: was.to.to_array(),
        dash: palette.dash.fade(strength).packed(),
        span: span.packed(),
        padding: [0; 3],
    };
    let closest = scene.zooms.until;
    let is_plain = glow == 0.0
        && if speed > 0.0 { closest < DASHES_FROM } else { speed == 0.0 || closest < DOTS_FROM }
        && curve.aside().max(was.aside()) * closest < STRAIGHT;
    let lane = if is_plain { &mut ribbons.straight } else { &mut ribbons.curved };
    lane.push(ribbon);

    let length = curve.from.distance(curve.to);
    let span = span.and(Span::from(DETAIL_FROM));
    if length > 40.0 && span.meets(scene.zooms) {
        let share = 1.0 - ((size::VESSEL + 7.0) / length).min(0.4);
        let (at, along) = curve.point(share);
        let head = 2.6 + width * 0.7;
        let arrow = Shape::disc(at, head, color.opaque().fade(strength), Rgba::CLEAR, 0.0);
        let arrow = arrow.with_kind(kind::ARROW, along.x, along.y).within(span);
        out.shapes.push(arrow.eased_from(was.point(share).0, 1.0));
    }
}

/// What joins composites that are closed, and neighbourhoods: straight from rim to rim.
pub(super) fn push_gathered(scene: &Scene<'_>, gathered: &[Gathered], ribbons: &mut Ribbons) {
    let palette = scene.palette;
    for join in gathered {
        let color = match join.trouble {
            Trouble::None => palette.linkage,
            Trouble::Warning => palette.warning,
            Trouble::Alarm => palette.alarm,
        };
        let (from, to) = (join.from.to_array(), join.to.to_array());
        // As wide on the screen as a linkage close up, at most, with as many as there are.
        let pixels = (0.6 + 0.3 * flow::decades(join.rate) + 0.5 * (join.count as f32).log10()).min(size::LINKAGE_MAX);
        let strength = if join.is_dimmed { DIMMED } else { 1.0 } * if join.gone { 0.35 } else { 1.0 };
        ribbons.straight.push(Ribbon {
            from,
            width: pixels / scene.zoom(),
            bend: [0.0; 3],
            glow: 0.0,
            to,
            phase: 0.0,
            from_was: from,
            speed: 0.0,
            bend_was: [0.0; 3],
            color: color.fade(0.9 * strength).packed(),
            to_was: to,
            dash: 0,
            span: join.span.packed(),
            padding: [0; 3],
        });
    }
}

/// World units: wider by the logarithm of the rate.
fn width(rate: f64) -> f32 {
    (size::LINKAGE + size::LINKAGE_PER_DECADE * flow::decades(rate)).min(size::LINKAGE_MAX)
}

/// A gentle curve that leaves and enters the rims outwards; the way back bends to the other side.
#[derive(Clone, Copy)]
struct Curve {
    from: Vec3,
    bend: Vec3,
    to: Vec3,
}

/// An end of a curve: where it is, which way is outwards there, and the radius of the disc it may have to go round.
type End = (Vec3, Vec2, Option<f32>);

impl Curve {
    fn between(picture: &Picture, from: &Dock, to: &Dock) -> Self {
        let end = |dock: &Dock| -> End {
            let node = &picture.nodes[dock.node as usize];
            (picture.dock_position(dock), Vec2::from_angle(dock.angle), (!node.is_composite()).then_some(node.radius))
        };
        Self::of(end(from), end(to))
    }

    /// The same when the picture was read.
    fn was_between(picture: &Picture, from: &Dock, to: &Dock) -> Self {
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

    /// How far it leaves the straight line, in world units.
    fn aside(&self) -> f32 {
        self.bend.distance((self.from + self.to) / 2.0) / 2.0
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
