//! Systems, composites, components and their postboxes as shapes.

use std::f32::consts::TAU;

use axonscope_model::{PostboxKind, State};
use bevy::prelude::*;

use super::draw::{Instances, Shape, kind};
use super::palette::{Palette, Rgba, motion, size};
use super::picture::{Node, Picture, Trouble};
use super::stage::{Look, Stage};

/// How strongly what is not selected and not a neighbour of it is drawn.
const DIMMED: f32 = 0.45;

/// What lies below the linkages: hulls and rings.
pub(super) fn push_grounds(stage: &Stage, palette: &Palette, now: f64, out: &mut Instances) {
    for hull in &stage.picture.systems {
        let strength = if hull.gone { 0.5 } else { 1.0 };
        let rim = palette.hull_rim.fade(strength);
        let mut shape = Shape::disc(hull.rect.center().extend(0.0), 0.0, palette.hull.fade(0.9), rim, size::HAIRLINE);
        shape.half_size = hull.rect.half_size().to_array();
        out.shapes.push(shape.with_kind(kind::ROUNDED, size::HULL_CORNER, 0.0));
    }
    for node in stage.picture.nodes.iter().filter(|node| node.is_composite()) {
        let radius = node.radius * grown(node, now);
        let (rim, width) = match node.trouble() {
            Trouble::Alarm => (palette.alarm, size::RIM),
            _ => (palette.ring_rim, size::HAIRLINE),
        };
        let fill = palette.ring.fade(if node.gone { 0.35 } else { 0.75 });
        out.shapes.push(Shape::disc(node.position, radius, fill, rim.fade(if node.gone { 0.5 } else { 1.0 }), width));
    }
    for ghost in &stage.ghosts {
        let rim = palette.faint.fade(0.8 * ghost.presence(now));
        let shape = Shape::disc(ghost.position, ghost.radius, Rgba::CLEAR, rim, size::HAIRLINE);
        out.shapes.push(shape.with_kind(kind::DASHED, 0.0, 16.0));
    }
}

/// What lies above the linkages: discs with what they tell, then docks.
pub(super) fn push_nodes(
    stage: &mut Stage,
    look: &Look,
    near: &Neighbours,
    palette: &Palette,
    now: f64,
    out: &mut Instances,
) {
    let Stage { picture, hues, .. } = stage;
    for (index, node) in picture.nodes.iter().enumerate().filter(|(_, node)| !node.is_composite()) {
        let strength = if near.dims(index) { DIMMED } else { 1.0 };
        push_disc(node, hues.hue(&node.type_name), strength, palette, now, out);
    }
    for dock in &picture.boxes {
        let node = &picture.nodes[dock.node as usize];
        let strength = if near.dims(dock.node as usize) { DIMMED } else { 1.0 } * if node.gone { 0.5 } else { 1.0 };
        let position = node.position + (Vec2::from_angle(dock.angle) * node.radius * grown(node, now)).extend(0.0);
        if dock.kind == PostboxKind::Outbox {
            out.shapes.push(Shape::disc(
                position,
                size::DOT,
                palette.mark.fade(strength),
                palette.ground.fade(strength),
                1.0,
            ));
            continue;
        }
        let trouble = Trouble::of_fill(dock.fill);
        let (liquid, rim, extra) = match trouble {
            Trouble::None => (palette.mark.fade(0.75), palette.mark, 0.0),
            Trouble::Warning => (palette.warning, palette.warning, 1.0),
            Trouble::Alarm => (palette.alarm, palette.alarm, 2.0),
        };
        let mut vessel = Shape::disc(
            position,
            size::VESSEL + extra,
            liquid.fade(strength),
            rim.fade(strength),
            size::RIM + 0.5 * extra,
        )
        .with_kind(kind::VESSEL, dock.fill.unwrap_or(0.0), 0.0);
        vessel.glass = palette.ground.packed();
        out.shapes.push(vessel);
    }
    if let Some(node) = look.selected.and_then(|key| picture.node(key)) {
        let radius = node.radius + size::SELECTION_AIR + size::VESSEL;
        out.shapes.push(Shape::disc(node.position, radius, Rgba::CLEAR, palette.mark, 1.6));
    }
    if let Some(node) = look.hovered.filter(|key| look.selected != Some(*key)).and_then(|key| picture.node(key))
        && !node.is_composite()
    {
        let radius = node.radius + size::SELECTION_AIR + size::VESSEL;
        out.shapes.push(Shape::disc(node.position, radius, Rgba::CLEAR, palette.faint, size::HAIRLINE));
    }
}

fn push_disc(node: &Node, hue: f32, strength: f32, palette: &Palette, now: f64, out: &mut Instances) {
    let radius = node.radius * grown(node, now);
    let (fill, rim) = palette.component(hue);
    let (fill, rim) = if node.gone { (palette.hull, palette.faint) } else { (fill, rim) };
    // One that stands for many looks like the first of a stack.
    for step in (0..if node.many.is_some() { 2 } else { 0 }).rev() {
        let by = size::STACK_STEP * (step + 1) as f32;
        let position = node.position + Vec3::new(by, by, 0.0) * std::f32::consts::FRAC_1_SQRT_2;
        let rim = rim.fade(strength * if node.gone { 0.4 } else { 0.75 });
        out.shapes.push(Shape::disc(position, radius, palette.hull, rim, size::HAIRLINE));
    }
    // The ground shows through what is dimmed, not the linkages below it.
    out.shapes.push(Shape::disc(node.position, radius + 2.5, palette.hull, palette.hull, 0.0));
    let disc = match node.state {
        _ if node.gone => {
            Shape::disc(node.position, radius, fill, rim.fade(0.8), size::HAIRLINE).with_kind(kind::DASHED, 0.0, 18.0)
        }
        State::Finished => Shape::disc(node.position, radius, palette.hull, rim.fade(strength), size::RIM),
        _ => Shape::disc(node.position, radius, fill.fade(strength), rim.fade(strength), size::RIM),
    };
    out.shapes.push(disc);
    if node.gone {
        return;
    }
    if node.busy > 0.005 {
        let (color, width) = if node.busy >= 0.9 { (palette.alarm, 4.5) } else { (rim, 4.0) };
        let arc = Shape::disc(node.position, radius - 3.5, Rgba::CLEAR, color.fade(strength), width);
        out.shapes.push(arc.with_kind(kind::ARC, 0.0, node.busy.min(1.0)));
    }
    if node.blocked > 0.02 {
        // Amber however long it waits: whoever waits suffers, and red points at what it waits for.
        let arc = Shape::disc(node.position, radius + 5.5, Rgba::CLEAR, palette.warning.fade(strength), 2.5);
        out.shapes.push(arc.with_kind(kind::ARC, 1.0 - node.blocked / 2.0, node.blocked.min(1.0)));
    }
    if node.state == State::Failed {
        out.shapes.push(Shape::disc(node.position, radius + 3.0, Rgba::CLEAR, palette.alarm, 3.0));
        out.shapes.push(Shape::disc(node.position, radius * 0.55, Rgba::CLEAR, palette.alarm, 5.0).with_kind(
            kind::CROSS,
            0.0,
            0.0,
        ));
    } else if node.incomplete {
        let ring = Shape::disc(node.position, radius + 5.0, Rgba::CLEAR, palette.warning, 2.0);
        out.shapes.push(ring.with_kind(kind::DASHED, 0.0, 12.0));
    }
    if node.pinned {
        let at = node.position + (Vec2::from_angle(TAU * 0.375) * (radius + 4.0)).extend(0.0);
        out.shapes.push(Shape::disc(at, 3.0, palette.accent, palette.ground, 1.0));
    }
}

/// From 0 when it appears to 1, fast at first.
pub(super) fn grown(node: &Node, now: f64) -> f32 {
    let done = ((now - node.born_at) as f32 / motion::GROW).clamp(0.0, 1.0);
    1.0 - (1.0 - done).powi(3)
}

/// Which nodes stay bright beside the selected one: those a linkage or a use joins to it, and what lies inside or round it.
pub(crate) struct Neighbours {
    bright: Option<Vec<bool>>,
}

impl Neighbours {
    pub(crate) fn of(picture: &Picture, look: &Look) -> Self {
        let Some(&selected) = look.selected.and_then(|key| picture.index.get(&key)) else {
            return Self { bright: None };
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
        let chosen = &picture.nodes[selected as usize];
        if chosen.is_composite() {
            for (node, bright) in picture.nodes.iter().zip(&mut bright) {
                *bright |= chosen.contains(node.position.truncate());
            }
        }
        Self { bright: Some(bright) }
    }

    pub(crate) fn dims(&self, node: usize) -> bool {
        self.bright.as_ref().is_some_and(|bright| !bright[node])
    }
}
