//! Linkages as ribbons from dot to vessel, wider and with travelling dashes where messages flow.

use bevy::prelude::*;

use super::canvas::{Instances, Ribbon, Shape, kind};
use super::curve::Curve;
use super::flow::{self, Dashes, Flows, Stream};
use super::gather::Gathered;
use super::level::{DASHES_FROM, DETAIL_FROM, Span};
use super::palette::{Rgba, size};
use super::picture::{Link, Trouble};
use super::scene::Scene;

/// How strongly linkages away from the selected component are drawn.
const DIMMED: f32 = 0.3;
/// Pixels by which a curve may leave the straight line and be drawn as one.
const STRAIGHT: f32 = 0.8;
/// How far the glow of a linkage into a full inbox reaches, in world units.
const GLOW: f32 = 7.0;
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
    let (aside, aside_was) = scene.detours.of(link);
    let curve = Curve::between(picture, from, to).moved(aside);
    let was = if picture.is_easing { Curve::was_between(picture, from, to).moved(aside_was) } else { curve };
    let leads = near.leads(link.key);
    let far = leads.map_or_else(|| near.dims(from.node as usize) || near.dims(to.node as usize), |leads| !leads);
    let strength = if far { DIMMED } else { 1.0 } * if link.gone { 0.35 } else { 1.0 };
    let (color, more, glow) = match link.trouble {
        Trouble::None if leads == Some(true) => (palette.accent, 1.4, 0.0),
        Trouble::None => (palette.linkage, 0.0, 0.0),
        Trouble::Warning => (palette.warning, 0.8, 0.0),
        Trouble::Alarm => (palette.alarm, 1.6, GLOW),
    };
    let width = if link.passthrough { size::HAIRLINE + more } else { flow::width(link.rate) + more };
    let dashes = match link.passthrough {
        true => Dashes { speed: -1.0, ..Dashes::default() },
        false => flows.of(Stream::Link(link.key)),
    };
    let speed = dashes.speed;
    let color = color.fade(strength * if link.passthrough { 0.8 } else { 0.9 });
    let ribbon = Ribbon {
        from: curve.from.to_array(),
        width,
        bend: curve.bend.to_array(),
        glow,
        to: curve.to.to_array(),
        phase: dashes.phase,
        from_was: was.from.to_array(),
        speed,
        bend_was: was.bend.to_array(),
        color: color.packed(),
        to_was: was.to.to_array(),
        dash: palette.dash.fade(strength).packed(),
        span: span.packed(),
        period: dashes.period,
        padding: [0; 2],
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

/// What joins composites that are closed, and neighbourhoods: straight from rim to rim. What flows goes where most of it
/// goes.
pub(super) fn push_gathered(
    scene: &Scene<'_>,
    gathered: &[Gathered],
    flows: &Flows,
    ribbons: &mut Ribbons,
    out: &mut Instances,
) {
    let palette = scene.palette;
    for join in gathered {
        let color = match join.trouble {
            Trouble::None => palette.linkage,
            Trouble::Warning => palette.warning,
            Trouble::Alarm => palette.alarm,
        };
        let (from, to) = if join.forth >= join.back { (join.from, join.to) } else { (join.to, join.from) };
        // As wide on the screen as a linkage close up, at most, with as many as there are.
        let pixels =
            (0.6 + 0.3 * flow::decades(join.rate()) + 0.5 * (join.count as f32).log10()).min(size::LINKAGE_MAX);
        let strength = if join.is_dimmed { DIMMED } else { 1.0 } * if join.gone { 0.35 } else { 1.0 };
        let dashes = join.stream().map(|stream| flows.of(stream)).unwrap_or_default();
        let is_close = dashes.speed > 0.0;
        // Among discs that can be told apart it is one linkage among others.
        let width = if is_close { flow::width(join.rate()).max(pixels / scene.zoom()) } else { pixels / scene.zoom() };
        let lane = if is_close { &mut ribbons.curved } else { &mut ribbons.straight };
        let (start, end) = (from.to_array(), to.to_array());
        let bend = if is_close { ((from + to) / 2.0).to_array() } else { [0.0; 3] };
        lane.push(Ribbon {
            from: start,
            width,
            bend,
            glow: if is_close && join.trouble == Trouble::Alarm { GLOW } else { 0.0 },
            to: end,
            phase: dashes.phase,
            from_was: start,
            speed: dashes.speed,
            bend_was: bend,
            color: color.fade(0.9 * strength).packed(),
            to_was: end,
            dash: palette.dash.fade(strength).packed(),
            span: join.span.packed(),
            period: dashes.period,
            padding: [0; 2],
        });
        let span = join.span.and(Span::from(DETAIL_FROM));
        let way = (to - from).truncate();
        if is_close && way.length() > 40.0 && span.meets(scene.zooms) {
            let along = way.normalize_or_zero();
            let head = 2.6 + width * 0.7;
            let at = to - (along * (head + 1.0)).extend(0.0);
            let arrow = Shape::disc(at, head, color.opaque().fade(strength), Rgba::CLEAR, 0.0);
            out.shapes.push(arrow.with_kind(kind::ARROW, along.x, along.y).within(span));
        }
    }
}
