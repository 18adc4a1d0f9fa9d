//! Systems, composites, components and their postboxes as shapes.

use std::f32::consts::TAU;

use axonscope_model::{PostboxKind, State};
use axonscope_session::{Findings, Focus};
use bevy::platform::collections::HashMap;
use bevy::prelude::*;

use super::canvas::{Instances, Shape, kind};
use super::gather::Crowd;
use super::level::{DETAIL_FROM, Span};
use super::palette::{Palette, Rgba, TypeHues, size};
use super::picture::{LinkKey, Node, NodeKey, Picture, Trouble};
use super::scene::Scene;
use super::stage::{Look, Stage};

/// How strongly what is not selected and not a neighbour of it is drawn.
const DIMMED: f32 = 0.45;
/// And what may be wrong.
const STALE: f32 = 0.55;
/// How much of the rim is drawn of what has not begun to run.
const STARTING: f32 = 0.6;
/// Of a closed composite, in shares of its ring.
const INNER_RIM: f32 = 0.8;

/// The hues of the types of one picture, each looked up once.
pub(super) struct Hues<'a> {
    pub(super) hues: &'a mut TypeHues,
    pub(super) known: HashMap<u32, f32>,
}

impl Hues<'_> {
    fn of_word(&mut self, picture: &Picture, type_name: u32) -> f32 {
        *self.known.entry(type_name).or_insert_with(|| self.hues.hue(picture.word(type_name)))
    }
}

/// What lies below the linkages: hulls and rings.
pub(super) fn push_grounds(scene: &Scene<'_>, out: &mut Instances) {
    let palette = scene.palette;
    for hull in &scene.picture.systems {
        let strength = if hull.gone { 0.5 } else { 1.0 };
        let rim = if hull.stale { palette.warning.fade(0.7) } else { palette.hull_rim.fade(strength) };
        let mut shape = Shape::disc(hull.rect.center().extend(0.0), 0.0, palette.hull.fade(0.9), rim, size::HAIRLINE);
        shape.half_size = hull.rect.half_size().to_array();
        out.shapes.push(shape.with_kind(kind::ROUNDED, size::HULL_CORNER, 0.0));
    }
    for (number, node) in composites(scene) {
        let span = scene.levels.of_ring(number);
        if !span.meets(scene.zooms) {
            continue;
        }
        let (rim, width) = match node.trouble() {
            Trouble::Alarm => (palette.alarm, size::RIM),
            _ => (palette.ring_rim, size::HAIRLINE),
        };
        let fill = palette.ring.fade(if node.gone { 0.35 } else { 0.75 });
        let rim = rim.fade(if node.gone { 0.5 } else { 1.0 });
        let shape = Shape::disc(node.position, node.radius, fill, rim, width).within(span);
        out.shapes.push(eased(shape, node));
    }
}

/// What lies above the linkages: discs with what they tell, then docks.
pub(super) fn push_nodes(scene: &Scene<'_>, hues: &mut Hues<'_>, out: &mut Instances) {
    for &number in &scene.nodes {
        let node = &scene.picture.nodes[number as usize];
        let span = scene.levels.of_disc(number as usize);
        if !span.meets(scene.zooms) {
            continue;
        }
        let strength = if scene.near.dims(number as usize) { DIMMED } else { 1.0 };
        let strength = strength * if node.stale { STALE } else { 1.0 };
        let hue = hues.of_word(scene.picture, node.type_name);
        if node.is_composite() {
            push_closed(scene, node, hue, strength, span, out);
        } else {
            push_disc(scene, node, hue, strength, span, out);
        }
    }
    push_docks(scene, out);
    for &number in &scene.nodes {
        push_dot_of_trouble(scene, number, out);
    }
}

fn composites<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = (usize, &'a Node)> {
    let nodes = scene.nodes.iter().map(|&number| (number as usize, &scene.picture.nodes[number as usize]));
    nodes.filter(|(_, node)| node.is_composite())
}

/// A shape that goes with its node from where that was.
fn eased(shape: Shape, node: &Node) -> Shape {
    if node.is_in_place() {
        return shape;
    }
    let share = node.was.1 / node.radius.max(1e-3);
    let off = Vec3::from_array(shape.position) - node.position;
    shape.eased_from(node.was.0 + off * share, share)
}

fn push_docks(scene: &Scene<'_>, out: &mut Instances) {
    let (picture, palette) = (scene.picture, scene.palette);
    let detail = Span::from(DETAIL_FROM);
    if !detail.meets(scene.zooms) {
        return;
    }
    for &number in &scene.nodes {
        let node = &picture.nodes[number as usize];
        let span = scene.of_end(number).and(detail);
        if node.gone || !span.meets(scene.zooms) {
            continue;
        }
        let strength = if scene.near.dims(number as usize) { DIMMED } else { 1.0 } * if node.gone { 0.5 } else { 1.0 };
        for dock in picture.docks_of(number) {
            let position = picture.dock_position(dock);
            let was = if picture.is_easing { picture.dock_was(dock) } else { position };
            if dock.kind == PostboxKind::Outbox {
                let (fill, rim) = (palette.mark.fade(strength), palette.ground.fade(strength));
                let dot = Shape::disc(position, size::DOT, fill, rim, 1.0);
                out.shapes.push(dot.within(span).eased_from(was, 1.0));
                continue;
            }
            let (liquid, rim, extra) = match Trouble::of_fill(dock.fill) {
                Trouble::None => (palette.mark.fade(0.75), palette.mark, 0.0),
                Trouble::Warning => (palette.warning, palette.warning, 1.0),
                Trouble::Alarm => (palette.alarm, palette.alarm, 2.0),
            };
            let (liquid, rim) = (liquid.fade(strength), rim.fade(strength));
            let mut vessel = Shape::disc(position, size::VESSEL + extra, liquid, rim, size::RIM + 0.5 * extra)
                .with_kind(kind::VESSEL, dock.fill.unwrap_or(0.0), 0.0);
            vessel.glass = palette.ground.packed();
            out.shapes.push(vessel.within(span).eased_from(was, 1.0));
        }
    }
}

/// Too far away for crosses and vessels, a disc in trouble has the colour of trouble all over, and a rim that is wider.
fn push_dot_of_trouble(scene: &Scene<'_>, number: u32, out: &mut Instances) {
    let node = &scene.picture.nodes[number as usize];
    let color = match node.trouble() {
        _ if node.gone || node.is_composite() => return,
        Trouble::None => return,
        Trouble::Warning => scene.palette.warning,
        Trouble::Alarm => scene.palette.alarm,
    };
    let span = scene.levels.of_disc(number as usize).and(Span { from: 0.0, until: DETAIL_FROM });
    if span.meets(scene.zooms) {
        let dot = Shape::disc(node.position, node.radius * 1.4, color, color, 0.0).within(span);
        out.shapes.push(eased(dot, node));
    }
}

/// A composite whose inside is not drawn: a disc with a second rim, which shows what is wrong inside.
fn push_closed(scene: &Scene<'_>, node: &Node, hue: f32, strength: f32, span: Span, out: &mut Instances) {
    let palette = scene.palette;
    let (fill, rim) = palette.component(hue);
    let (fill, rim) = if node.gone { (palette.hull, palette.faint) } else { (fill, rim) };
    let (outer, pixels) = match node.trouble().max(node.trouble_inside) {
        _ if node.gone => (palette.faint, 1.0),
        Trouble::None => (rim, 1.0),
        Trouble::Warning => (palette.warning, 2.0),
        Trouble::Alarm => (palette.alarm, 3.0),
    };
    let width = pixels / scene.zoom();
    let ground = Shape::disc(node.position, node.radius, palette.hull, outer.fade(strength), width);
    out.shapes.push(eased(ground.within(span), node));
    let inner = Shape::disc(
        node.position,
        node.radius * INNER_RIM,
        fill.fade(strength),
        rim.fade(strength),
        1.5 / scene.zoom(),
    );
    out.shapes.push(eased(inner.within(span), node));
}

/// Neighbourhoods of discs that are too small to be seen one by one.
pub(super) fn push_crowds(scene: &Scene<'_>, crowds: &[Crowd], hues: &mut Hues<'_>, out: &mut Instances) {
    let palette = scene.palette;
    for crowd in crowds {
        let like = &scene.picture.nodes[crowd.like as usize];
        let (fill, rim) = palette.component(hues.of_word(scene.picture, like.type_name));
        let (fill, rim) = if crowd.gone { (palette.hull, palette.faint) } else { (fill, rim) };
        let (rim, pixels) = match crowd.trouble {
            _ if crowd.gone => (rim, 1.0),
            Trouble::None => (rim, 1.2),
            Trouble::Warning => (palette.warning, 2.0),
            Trouble::Alarm => (palette.alarm, 3.0),
        };
        let strength = if crowd.is_dimmed && scene.near.dims_any() { DIMMED } else { 1.0 };
        let radius = crowd.radius.max(2.0 / scene.zoom());
        let width = pixels / scene.zoom();
        let disc = Shape::disc(crowd.position, radius, fill.fade(strength), rim.fade(strength), width);
        out.shapes.push(disc.within(crowd.span));
    }
}

fn push_disc(scene: &Scene<'_>, node: &Node, hue: f32, strength: f32, span: Span, out: &mut Instances) {
    let palette = scene.palette;
    let radius = node.radius;
    let (fill, rim) = palette.component(hue);
    let (fill, rim) = if node.gone { (palette.hull, palette.faint) } else { (fill, rim) };
    let close = span.and(Span::from(DETAIL_FROM));
    let is_close = close.meets(scene.zooms);
    let mut push = |shape: Shape, span: Span| out.shapes.push(eased(shape.within(span), node));
    // One that stands for many looks like the first of a stack.
    for step in (0..if node.many.is_some() && is_close { 2 } else { 0 }).rev() {
        let by = size::STACK_STEP * (step + 1) as f32;
        let position = node.position + Vec3::new(by, by, 0.0) * std::f32::consts::FRAC_1_SQRT_2;
        let rim = rim.fade(strength * if node.gone { 0.4 } else { 0.75 });
        push(Shape::disc(position, radius, palette.hull, rim, size::HAIRLINE), close);
    }
    // The ground shows through what is dimmed, not the linkages below it.
    if is_close {
        push(Shape::disc(node.position, radius + 2.5, palette.hull, palette.hull, 0.0), close);
    }
    let disc = match node.state {
        _ if node.gone => {
            Shape::disc(node.position, radius, fill, rim.fade(0.8), size::HAIRLINE).with_kind(kind::DASHED, 0.0, 18.0)
        }
        State::Finished => Shape::disc(node.position, radius, palette.hull, rim.fade(strength), size::RIM),
        State::Starting => Shape::disc(node.position, radius, fill.fade(0.5 * strength), rim.fade(0.25), size::RIM),
        _ => Shape::disc(node.position, radius, fill.fade(strength), rim.fade(strength), size::RIM),
    };
    push(disc, span);
    if node.state == State::Starting && !node.gone {
        let arc = Shape::disc(node.position, radius, Rgba::CLEAR, rim.fade(strength), size::RIM);
        push(arc.with_kind(kind::ARC, 0.0, STARTING), close);
    }
    if node.gone || !is_close {
        return;
    }
    if node.busy > 0.005 {
        let (color, width) = if node.busy >= 0.9 { (palette.alarm, 4.5) } else { (rim, 4.0) };
        let arc = Shape::disc(node.position, radius - 3.5, Rgba::CLEAR, color.fade(strength), width);
        push(arc.with_kind(kind::ARC, 0.0, node.busy.min(1.0)), close);
    }
    if node.blocked > 0.02 {
        // Amber however long it waits: whoever waits suffers, and red points at what it waits for.
        let arc = Shape::disc(node.position, radius + 5.5, Rgba::CLEAR, palette.warning.fade(strength), 2.5);
        push(arc.with_kind(kind::ARC, 1.0 - node.blocked / 2.0, node.blocked.min(1.0)), close);
    }
    if node.blamed != Trouble::None {
        // A ring that is broken in places, beside the colour.
        let color = if node.blamed == Trouble::Alarm { palette.alarm } else { palette.warning };
        let ring = Shape::disc(node.position, radius + size::BLAME_AIR, Rgba::CLEAR, color, 3.0);
        push(ring.with_kind(kind::DASHED, 0.0, 26.0), close);
    }
    if node.state == State::Failed {
        push(Shape::disc(node.position, radius + 3.0, Rgba::CLEAR, palette.alarm, 3.0), close);
        let cross = Shape::disc(node.position, radius * 0.55, Rgba::CLEAR, palette.alarm, 5.0);
        push(cross.with_kind(kind::CROSS, 0.0, 0.0), close);
    } else if node.incomplete {
        let ring = Shape::disc(node.position, radius + 5.0, Rgba::CLEAR, palette.warning, 2.0);
        push(ring.with_kind(kind::DASHED, 0.0, 12.0), close);
    }
    if node.pinned {
        let off = (Vec2::from_angle(TAU * 0.375) * (radius + 4.0)).extend(0.0);
        push(Shape::disc(node.position + off, 3.0, palette.accent, palette.ground, 1.0), close);
    }
}

/// A ring with air round what is selected, and a fainter one round what is hovered. A composite that is open has its own
/// ring, which gets brighter: its name stands where there would be air.
pub(super) fn marks(
    stage: &Stage,
    look: &Look,
    presented: Option<NodeKey>,
    zoom: f32,
    eased: f32,
    palette: &Palette,
) -> impl Iterator<Item = Shape> {
    let picture = &stage.picture;
    let ring = move |number: u32, color: Rgba, width: f32| {
        let node = &picture.nodes[number as usize];
        let is_open = node.is_composite() && stage.levels.is_open(number as usize, zoom);
        let (position, radius) = node.shown(eased);
        let air = if is_open { 0.5 } else { size::SELECTION_AIR + size::VESSEL };
        Shape::disc(position, radius + air, Rgba::CLEAR, color, width)
    };
    let number = |key: Option<NodeKey>| key.and_then(|key| picture.index.get(&key)).copied();
    let selected = number(look.selected.or(presented)).map(|node| ring(node, palette.mark, 1.6));
    let hovered = number(look.hovered.filter(|key| look.selected != Some(*key)));
    let hovered = hovered.filter(|&node| !picture.nodes[node as usize].is_composite());
    selected.into_iter().chain(hovered.map(move |node| ring(node, palette.faint, size::HAIRLINE)))
}

/// Which nodes stay bright beside the selected one: those a linkage or a use joins to it, and what lies inside or round it.
#[derive(Default)]
pub(crate) struct Neighbours {
    bright: Option<Vec<bool>>,
    /// The linkages of a path that is looked at, in order.
    path: Vec<LinkKey>,
}

impl Neighbours {
    /// What a person looks at closely, or has filtered, comes before what is selected.
    pub(crate) fn of(picture: &Picture, selected: Option<NodeKey>, found: &Findings) -> Self {
        if found.dims() && (found.wanted.focus.is_some() || !found.wanted.hides) {
            return Self::found(picture, selected, found);
        }
        let Some(&selected) = selected.and_then(|key| picture.index.get(&key)) else {
            return Self::default();
        };
        let mut bright = vec![false; picture.nodes.len()];
        bright[selected as usize] = true;
        for link in &picture.links {
            let ends = [link.from, link.to].map(|dock| picture.boxes[dock as usize].node);
            if ends.contains(&selected) {
                ends.iter().for_each(|&end| bright[end as usize] = true);
            }
        }
        for usage in picture.uses.iter().filter(|usage| [usage.user, usage.used].contains(&selected)) {
            bright[usage.user as usize] = true;
            bright[usage.used as usize] = true;
        }
        // Whom it holds up.
        for &victim in picture.victims.get(&selected).into_iter().flatten() {
            bright[victim as usize] = true;
        }
        let chosen = &picture.nodes[selected as usize];
        if chosen.is_composite() {
            for (node, bright) in picture.nodes.iter().zip(&mut bright) {
                *bright |= chosen.position.distance_squared(node.position) <= chosen.radius * chosen.radius;
            }
        }
        Self { bright: Some(bright), path: Vec::new() }
    }

    fn found(picture: &Picture, selected: Option<NodeKey>, found: &Findings) -> Self {
        let is_bright = |node: &Node| {
            let is_clear = found.of(node.key.0).is_none_or(|hits| hits.is_clear(node.slot));
            is_clear || selected == Some(node.key)
        };
        let mut path = Vec::new();
        if let (Some(Focus::Way { system, .. }), Some(found)) = (found.wanted.focus, &found.path) {
            path.extend(found.linkages.iter().map(|linkage| (system, *linkage)));
            path.sort_unstable();
        }
        Self { bright: Some(picture.nodes.iter().map(is_bright).collect()), path }
    }

    /// Whether a linkage is on the path that is looked at; none where none is.
    pub(crate) fn leads(&self, link: LinkKey) -> Option<bool> {
        (!self.path.is_empty()).then(|| self.path.binary_search(&link).is_ok())
    }

    /// Something is selected.
    pub(crate) fn dims_any(&self) -> bool {
        self.bright.is_some()
    }

    pub(crate) fn dims(&self, node: usize) -> bool {
        self.bright.as_ref().is_some_and(|bright| !bright[node])
    }
}
