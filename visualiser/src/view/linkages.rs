//! Linkages as ribbons from dot to vessel, wider and with travelling dashes where messages flow.

use bevy::prelude::*;

use super::canvas::{Instances, Ribbon, Shape, kind};
use super::curve::{Curve, width};
use super::flow::{self, Flows};
use super::gather::Gathered;
use super::level::{DASHES_FROM, DETAIL_FROM, Span};
use super::palette::{Rgba, size};
use super::picture::{Link, Trouble};
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
