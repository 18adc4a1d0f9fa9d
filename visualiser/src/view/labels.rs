//! Names and figures beside what they belong to: the more important first, none over another, none over a disc.

use std::sync::Arc;

use axonscope_model::display;
use bevy::math::{Rect, Vec2};
use bevy::prelude::{Real, Res, ResMut, Result, Time};
use bevy_egui::EguiContexts;
use bevy_egui::egui::{self, Color32, FontId, Galley};

use super::camera::Eye;
use super::draw::{Pads, Shape, kind};
use super::nodes::{Neighbours, grown};
use super::palette::{Palette, Rgba, size, type_size};
use super::picture::{Node, Picture, Trouble};
use super::stage::{Look, Stage};
use super::type_face;

/// Labels at a time; the least important of more are left out.
const LABELS_MAX: usize = 400;
/// Discs smaller than this on the screen carry no name, in logical pixels, unless they are hubs, in trouble or asked for.
const RADIUS_TO_NAME: f32 = 9.5;
/// Discs of this size in the world are hubs.
const RADIUS_OF_HUB: f32 = 28.0;
const RADIUS_TO_GLYPH: f32 = 13.0;
const ZOOM_FOR_FACTS: f32 = 1.3;
const ZOOM_FOR_BOX_NAMES: f32 = 1.9;
/// How far the halo of a label reaches, in logical pixels.
const HALO: f32 = 6.0;

/// Draws every label of the picture into the background layer of `ctx`.
pub(super) fn paint_labels(ctx: &egui::Context, stage: &Stage, look: &Look, eye: &Eye, now: f64) -> Vec<Shape> {
    let palette = Palette::of(look.theme);
    let painter = ctx.layer_painter(egui::LayerId::background());
    let near = Neighbours::of(&stage.picture, look);
    let mut page = Page::new(painter, palette.hull, eye);

    for node in stage.picture.nodes.iter().filter(|node| !node.is_composite()) {
        page.block_disc(eye.screen_from_world(node.position.truncate()), node.radius * eye.zoom);
    }
    for dock in &stage.picture.boxes {
        page.block_disc(eye.screen_from_world(stage.picture.dock_position(dock).truncate()), size::VESSEL * eye.zoom);
    }
    paint_hull_titles(&mut page, stage, eye, palette);

    let mut order: Vec<(f32, usize)> = stage
        .picture
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| is_visible(node, eye) && deserves_name(node, look, eye))
        .map(|(index, node)| (importance(node, index, look, &near), index))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for &(_, index) in order.iter().take(LABELS_MAX) {
        let node = &stage.picture.nodes[index];
        let strength = grown(node, now) * if near.dims(index) { 0.5 } else { 1.0 } * if node.gone { 0.7 } else { 1.0 };
        if node.is_composite() {
            paint_ring_title(&mut page, node, eye, palette, strength);
        } else {
            paint_node_labels(&mut page, node, look, eye, palette, strength);
        }
    }
    paint_box_names(&mut page, &stage.picture, look, eye, palette);
    for ghost in &stage.ghosts {
        let at = eye.screen_from_world(ghost.position.truncate()) + Vec2::new(0.0, ghost.radius * eye.zoom + 3.0);
        let text = page.galley(&format!("{} left", ghost.name), type_size::SMALL, false);
        page.put_below(at, text, palette.faint.fade(ghost.presence(now)), true);
    }
    page.pads
}

fn is_visible(node: &Node, eye: &Eye) -> bool {
    let at = eye.screen_from_world(node.position.truncate());
    let reach = node.radius * eye.zoom + 40.0;
    at.x > -reach && at.y > -reach && at.x < eye.screen.x + reach && at.y < eye.screen.y + reach
}

fn deserves_name(node: &Node, look: &Look, eye: &Eye) -> bool {
    let asked = look.selected == Some(node.key) || look.hovered == Some(node.key);
    node.radius * eye.zoom >= RADIUS_TO_NAME
        || asked
        || is_notable(node)
        || !node.is_composite() && node.radius >= RADIUS_OF_HUB
}

/// Selected, then in trouble, then composites, then what is large and busy.
fn importance(node: &Node, index: usize, look: &Look, near: &Neighbours) -> f32 {
    let chosen = if look.selected == Some(node.key) || look.hovered == Some(node.key) { 1e6 } else { 0.0 };
    let trouble = match node.trouble() {
        Trouble::Alarm => 1e5,
        Trouble::Warning => 5e4,
        Trouble::None => 0.0,
    };
    let bright = if near.dims(index) { 0.0 } else { 1e4 };
    let composite = if node.is_composite() { 2e3 } else { 0.0 };
    chosen
        + trouble
        + bright
        + composite
        + node.radius * 10.0
        + (1.0 + node.rate_in + node.rate_out).log10() as f32 * 20.0
}

fn paint_hull_titles(page: &mut Page<'_>, stage: &Stage, eye: &Eye, palette: &Palette) {
    for hull in stage.picture.systems.iter().filter(|hull| !hull.rect.is_empty()) {
        let corner = eye.screen_from_world(Vec2::new(hull.rect.min.x, hull.rect.max.y));
        let width = hull.rect.width() * eye.zoom;
        let inset = Vec2::new((40.0 * eye.zoom).clamp(12.0, 44.0), (24.0 * eye.zoom).clamp(8.0, 22.0));
        if width < 60.0 {
            continue;
        }
        let title = page.galley(&hull.title, type_size::HEADING, true);
        let fits = |galley: &Galley| galley.size().x + 2.0 * inset.x <= width;
        let word = hull.word.as_ref().map(|word| page.galley(word, type_size::SMALL, true));
        let facts = page.galley(&hull.facts, type_size::SMALL, false);
        let color = if hull.gone { palette.quiet } else { palette.text };
        let mut at = corner + inset;
        let height = title.size().y;
        if fits(&title) {
            let title_width = title.size().x;
            page.put_at(at, title, color, false);
            if let Some(word) = word
                && title_width + word.size().x + 12.0 + 2.0 * inset.x <= width
            {
                let color = if hull.gone { palette.quiet } else { palette.warning };
                page.put_at(at + Vec2::new(title_width + 10.0, 3.0), word, color, false);
            }
            at.y += height + 3.0;
            if fits(&facts) {
                page.put_at(at, facts, palette.quiet, false);
            }
        } else {
            // A hull too small for its name wears it above.
            let above = corner - Vec2::new(0.0, height + 2.0);
            page.put_at(above, title, color, true);
        }
    }
}

fn paint_ring_title(page: &mut Page<'_>, node: &Node, eye: &Eye, palette: &Palette, strength: f32) {
    let at = eye.screen_from_world(node.position.truncate()) - Vec2::new(0.0, node.radius * eye.zoom);
    let name = page.galley(&node.name, type_size::BODY, false);
    let above = at - Vec2::new(0.0, name.size().y + 4.0);
    if page.put_below(above, name, palette.quiet.fade(strength), true) && eye.zoom >= ZOOM_FOR_FACTS * 0.5 {
        let inside = page.galley(&format!("{} inside", display::count(node.children.into())), type_size::TINY, false);
        page.put_below(at + Vec2::new(0.0, 6.0), inside, palette.faint.fade(strength), true);
    }
}

fn paint_node_labels(page: &mut Page<'_>, node: &Node, look: &Look, eye: &Eye, palette: &Palette, strength: f32) {
    let center = eye.screen_from_world(node.position.truncate());
    let radius = node.radius * eye.zoom;
    if radius >= RADIUS_TO_GLYPH && node.state != axonscope_model::State::Failed {
        let glyph: String = node.type_name.chars().filter(|c| c.is_alphanumeric()).take(3).collect();
        let galley = page.galley(&glyph, if radius >= 18.0 { type_size::BODY } else { type_size::TINY }, true);
        if galley.size().x <= 2.0 * radius - 4.0 {
            let at = center - Vec2::new(galley.size().x, galley.size().y) / 2.0;
            let color = if node.gone { palette.faint } else { palette.text };
            page.paint(at, galley, color.fade(strength), false);
        }
    }
    let chosen = look.selected == Some(node.key) || look.hovered == Some(node.key);
    let name = page.galley(&node.name, type_size::BODY, false);
    let size = name.size();
    let gap = radius + 5.0;
    let places = [
        center + Vec2::new(-size.x / 2.0, gap),
        center + Vec2::new(-size.x / 2.0, -gap - size.y),
        center + Vec2::new(gap + 5.0, -size.y / 2.0),
        center + Vec2::new(-gap - 5.0 - size.x, -size.y / 2.0),
    ];
    let color = palette.text.fade(strength);
    let Some(placed) = page.put_first(&places, name, color, chosen) else { return };
    let told = chosen || eye.zoom >= ZOOM_FOR_FACTS || is_notable(node);
    if let Some((fact, color)) = fact(node, palette).filter(|_| told) {
        let fact = page.galley(&fact, type_size::SMALL, false);
        let is_above = placed.max.y < center.y - radius;
        let top = if is_above { placed.min.y - 1.0 - fact.size().y } else { placed.max.y + 1.0 };
        // What names a cause is never left out for want of room.
        let only_if_free = node.trouble() != Trouble::Alarm;
        page.put_below(Vec2::new(placed.center().x, top), fact, color.fade(strength), only_if_free);
    }
}

/// Its line of facts is worth reading from afar.
fn is_notable(node: &Node) -> bool {
    node.trouble() != Trouble::None || node.blocked >= 0.1 || node.state != axonscope_model::State::Running
}

/// The one line that says most about a component now.
fn fact(node: &Node, palette: &Palette) -> Option<(String, Rgba)> {
    let loud = match node.trouble() {
        Trouble::Alarm => palette.alarm,
        Trouble::Warning => palette.warning,
        Trouble::None => palette.quiet,
    };
    match node.state {
        axonscope_model::State::Failed => return Some(("failed".into(), palette.alarm)),
        axonscope_model::State::Finished => return Some(("finished".into(), palette.quiet)),
        axonscope_model::State::Starting => return Some(("starting".into(), palette.quiet)),
        axonscope_model::State::Running => {}
    }
    if node.blocked >= 0.1 {
        return Some((format!("blocked {}", display::share(node.blocked)), palette.warning));
    }
    if node.trouble() != Trouble::None {
        return Some((format!("inbox {} full", display::share(node.fill)), loud));
    }
    if let Some((rate, open)) = node.many {
        return Some((format!("{} · {} open", display::rate(rate), display::count(open.into())), palette.quiet));
    }
    if node.busy >= 0.5 {
        return Some((format!("busy {}", display::share(node.busy)), palette.quiet));
    }
    if node.rate_in + node.rate_out > 0.0 {
        let text = match (node.rate_in > 0.0, node.rate_out > 0.0) {
            (true, true) => format!("{} in · {} out", display::rate(node.rate_in), display::rate(node.rate_out)),
            (true, false) => format!("{} in", display::rate(node.rate_in)),
            _ => format!("{} out", display::rate(node.rate_out)),
        };
        return Some((text, palette.quiet));
    }
    None
}

/// Names of boxes: of the selected component and what is hovered, and of all when very close.
fn paint_box_names(page: &mut Page<'_>, picture: &Picture, look: &Look, eye: &Eye, palette: &Palette) {
    for dock in &picture.boxes {
        let node = &picture.nodes[dock.node as usize];
        let asked = look.selected == Some(node.key) || look.hovered == Some(node.key);
        if !(asked && eye.zoom > 0.5 || eye.zoom >= ZOOM_FOR_BOX_NAMES) {
            continue;
        }
        let at = eye.screen_from_world(picture.dock_position(dock).truncate());
        let name = page.galley(&dock.name, type_size::TINY, false);
        let outwards = Vec2::from_angle(-dock.angle);
        let size = Vec2::new(name.size().x, name.size().y);
        let middle = at
            + outwards * (11.0 * eye.zoom.max(1.0) + size.x * 0.5 * outwards.x.abs() + size.y * 0.5 * outwards.y.abs());
        // A little further out where somebody stands already.
        let places = [0.0, 12.0, 24.0].map(|further| middle + outwards * further - size / 2.0);
        page.put_first(&places, name, palette.quiet, asked);
    }
}

/// Where labels have been put, and what they must keep off.
struct Page<'a> {
    painter: egui::Painter,
    eye: &'a Eye,
    halo: Rgba,
    pads: Vec<Shape>,
    taken: Grid,
}

impl<'a> Page<'a> {
    fn new(painter: egui::Painter, halo: Rgba, eye: &'a Eye) -> Self {
        Self { painter, eye, halo, pads: Vec::new(), taken: Grid::new(eye.screen) }
    }

    fn galley(&self, text: &str, size: f32, strong: bool) -> Arc<Galley> {
        let font = FontId::new(size, type_face(strong));
        self.painter.layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER)
    }

    fn block_disc(&mut self, center: Vec2, radius: f32) {
        // The square inside the circle: a label may come close to the round, not onto it.
        self.taken.add(Rect::from_center_half_size(center, Vec2::splat(radius * 0.8)));
    }

    /// At the first of `places` (top left corners) that is free, or at the very first one if `must`.
    fn put_first(&mut self, places: &[Vec2], galley: Arc<Galley>, color: Rgba, must: bool) -> Option<Rect> {
        let size = Vec2::new(galley.size().x, galley.size().y);
        let rect = |at: &Vec2| Rect::from_corners(*at, *at + size);
        let free = places.iter().find(|at| !self.taken.touches(rect(at)));
        let at = free.or(places.first().filter(|_| must))?;
        self.taken.add(rect(at));
        self.paint(*at, galley, color, true);
        Some(rect(at))
    }

    /// Centred below a point, if there is room or none is asked for.
    fn put_below(&mut self, top: Vec2, galley: Arc<Galley>, color: Rgba, only_if_free: bool) -> bool {
        let at = top - Vec2::new(galley.size().x / 2.0, 0.0);
        self.put_first(&[at], galley, color, !only_if_free).is_some()
    }

    fn put_at(&mut self, at: Vec2, galley: Arc<Galley>, color: Rgba, only_if_free: bool) {
        self.put_first(&[at], galley, color, !only_if_free);
    }

    fn paint(&mut self, at: Vec2, galley: Arc<Galley>, color: Rgba, with_halo: bool) {
        let at = egui::pos2(at.x.round(), at.y.round());
        if with_halo {
            // Softly fading, so that linkages end before a name instead of being cut by it.
            let size = Vec2::new(galley.size().x, galley.size().y);
            let center = self.eye.world_from_screen(Vec2::new(at.x, at.y) + size / 2.0);
            let halo = self.halo.fade(0.9 * f32::from(color.0[3]) / 255.0);
            let mut pad = Shape::disc(center.extend(0.0), 0.0, halo, Rgba::CLEAR, 0.0).with_kind(
                kind::PAD,
                HALO / self.eye.zoom,
                0.0,
            );
            pad.half_size = ((size / 2.0 + Vec2::new(HALO, 0.4 * HALO)) / self.eye.zoom).to_array();
            self.pads.push(pad);
        }
        self.painter.galley(at, galley, color.egui());
    }
}

/// Rectangles on the screen, found by the cells they lie in.
struct Grid {
    columns: usize,
    rows: usize,
    cells: Vec<Vec<Rect>>,
}

impl Grid {
    const CELL: f32 = 64.0;

    fn new(screen: Vec2) -> Self {
        let columns = (screen.x.clamp(1.0, 32_768.0) / Self::CELL).ceil() as usize + 1;
        let rows = (screen.y.clamp(1.0, 32_768.0) / Self::CELL).ceil() as usize + 1;
        Self { columns, rows, cells: vec![Vec::new(); columns * rows] }
    }

    fn add(&mut self, rect: Rect) {
        for cell in self.cells_of(rect) {
            self.cells[cell].push(rect);
        }
    }

    fn touches(&self, rect: Rect) -> bool {
        self.cells_of(rect).any(|cell| self.cells[cell].iter().any(|taken| !taken.intersect(rect).is_empty()))
    }

    fn cells_of(&self, rect: Rect) -> impl Iterator<Item = usize> + use<> {
        let along = |from: f32, to: f32, count: usize| {
            let cell = |at: f32| (at / Self::CELL).floor();
            if to < 0.0 || cell(from) >= count as f32 {
                return 1..1;
            }
            cell(from).max(0.0) as usize..(cell(to).max(0.0) as usize + 1).min(count)
        };
        let columns = self.columns;
        let across = along(rect.min.x, rect.max.x, columns);
        along(rect.min.y, rect.max.y, self.rows)
            .flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }
}

/// The labels' system runs in egui's pass; everything it needs is read there.
pub(super) fn paint_all_labels(
    mut contexts: EguiContexts,
    stage: Res<Stage>,
    look: Res<Look>,
    eye: Res<Eye>,
    time: Res<Time<Real>>,
    mut pads: ResMut<Pads>,
) -> Result {
    pads.0 = paint_labels(contexts.ctx_mut()?, &stage, &look, &eye, time.elapsed_secs_f64());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_touches_what_it_overlaps_and_nothing_else() {
        let mut grid = Grid::new(Vec2::new(640.0, 480.0));
        grid.add(Rect::new(60.0, 60.0, 140.0, 80.0));
        assert!(grid.touches(Rect::new(130.0, 70.0, 200.0, 90.0)));
        assert!(!grid.touches(Rect::new(141.0, 60.0, 200.0, 80.0)));
        assert!(!grid.touches(Rect::new(60.0, 81.0, 140.0, 99.0)));
    }

    #[test]
    fn what_lies_off_the_screen_is_neither_lost_nor_a_fault() {
        let mut grid = Grid::new(Vec2::new(640.0, 480.0));
        grid.add(Rect::new(-500.0, -500.0, -400.0, -400.0));
        grid.add(Rect::new(1e9, 1e9, 2e9, 2e9));
        assert!(!grid.touches(Rect::new(10.0, 10.0, 20.0, 20.0)));
        grid.add(Rect::new(-50.0, -50.0, 15.0, 15.0));
        assert!(grid.touches(Rect::new(10.0, 10.0, 20.0, 20.0)));
    }
}
