//! Names and figures beside what they belong to: the more important first, none over another, none over a disc.

use axonscope_model::{State, display};
use bevy_math::{Rect, Vec2};

use super::Drawing;
use super::sheet::{Sheet, Words};
use crate::view::facts::fact;
use crate::view::grid::Grid;
use crate::view::palette::{Palette, size, type_size};
use crate::view::picture::{Hull, Node, Trouble};

/// Discs smaller than this carry no name, in pixels, unless they are hubs or in trouble; as in the window.
const RADIUS_TO_NAME: f32 = 9.5;
const RADIUS_TO_GLYPH: f32 = 13.0;
/// From further away the title of a system stands above its hull.
const ZOOM_FOR_TITLE_INSIDE: f32 = 0.45;

struct Page<'a> {
    sheet: &'a mut Sheet,
    palette: &'static Palette,
    taken: Grid,
}

impl Page<'_> {
    /// At the first of `places` (upper left corners) that is free.
    fn put(&mut self, places: &[Vec2], words: Words<'_>) -> Option<Rect> {
        let rect = |at: Vec2| Rect::from_corners(at, at + words.extent());
        let at = places.iter().copied().find(|&at| !self.taken.touches(rect(at)))?;
        self.taken.add(rect(at));
        self.sheet.text(at, words, Some(self.palette.hull));
        Some(rect(at))
    }

    fn write_hull(&mut self, hull: &Hull) {
        let rect = self.sheet.rect(hull.rect);
        let zoom = self.sheet.zoom;
        let inset = Vec2::new((40.0 * zoom).clamp(12.0, 44.0), (24.0 * zoom).clamp(8.0, 22.0));
        let color = if hull.gone { self.palette.quiet } else { self.palette.text };
        let title = Words { text: &hull.title, size: type_size::HEADING, strong: true, color };
        let facts = Words { text: &hull.facts, size: type_size::SMALL, strong: false, color: self.palette.quiet };
        let fits = |words: &Words<'_>| words.extent().x + 2.0 * inset.x <= rect.width();
        if zoom < ZOOM_FOR_TITLE_INSIDE || !fits(&title) {
            self.put(&[rect.min - Vec2::new(0.0, title.extent().y + 2.0)], title);
            return;
        }
        let at = rect.min + inset;
        let placed = self.put(&[at], title).unwrap_or_default();
        if let Some(word) = &hull.word {
            let color = if hull.gone { self.palette.quiet } else { self.palette.warning };
            let word = Words { text: word, size: type_size::SMALL, strong: true, color };
            if placed.width() + word.extent().x + 12.0 + 2.0 * inset.x <= rect.width() {
                self.put(&[at + Vec2::new(placed.width() + 10.0, 3.0)], word);
            }
        }
        if fits(&facts) {
            self.put(&[at + Vec2::new(0.0, title.extent().y + 3.0)], facts);
        }
    }

    fn write_ring(&mut self, drawing: &Drawing<'_>, node: &Node) {
        let top = self.sheet.at(node.position) - Vec2::new(0.0, node.radius * self.sheet.zoom);
        let text = drawing.picture.word(node.name);
        let name = Words { text, size: type_size::BODY, strong: false, color: self.palette.quiet };
        let above = top - Vec2::new(name.extent().x / 2.0, name.extent().y + 4.0);
        if self.put(&[above], name).is_some() {
            let text = format!("{} inside", display::count(node.children.into()));
            let inside = Words { text: &text, size: type_size::TINY, strong: false, color: self.palette.faint };
            self.put(&[top + Vec2::new(-inside.extent().x / 2.0, 6.0)], inside);
        }
    }

    fn write_disc(&mut self, drawing: &Drawing<'_>, node: &Node) {
        let (center, radius) = (self.sheet.at(node.position), node.radius * self.sheet.zoom);
        let color = if node.gone { self.palette.faint } else { self.palette.text };
        if radius >= RADIUS_TO_GLYPH && node.state != State::Failed {
            let type_name = drawing.picture.word(node.type_name);
            let text: String = type_name.chars().filter(|c| c.is_alphanumeric()).take(3).collect();
            let size = if radius >= 18.0 { type_size::BODY } else { type_size::TINY };
            let glyph = Words { text: &text, size, strong: true, color };
            if glyph.extent().x <= 2.0 * radius - 4.0 {
                self.sheet.text(center - glyph.extent() / 2.0, glyph, None);
            }
        }
        let text = drawing.picture.word(node.name);
        let name = Words { text, size: type_size::BODY, strong: false, color };
        let (extent, gap) = (name.extent(), radius + 5.0);
        let places = [
            center + Vec2::new(-extent.x / 2.0, gap),
            center + Vec2::new(-extent.x / 2.0, -gap - extent.y),
            center + Vec2::new(gap + 5.0, -extent.y / 2.0),
            center + Vec2::new(-gap - 5.0 - extent.x, -extent.y / 2.0),
        ];
        let Some(placed) = self.put(&places, name) else { return };
        if let Some((text, color)) = fact(node, self.palette) {
            let fact = Words { text: &text, size: type_size::SMALL, strong: false, color };
            let is_above = placed.max.y < center.y - radius;
            let top = if is_above { placed.min.y - 1.0 - fact.extent().y } else { placed.max.y + 1.0 };
            self.put(&[Vec2::new(placed.center().x - fact.extent().x / 2.0, top)], fact);
        }
    }
}

/// In trouble, then composites, then what is large and busy.
fn importance(node: &Node) -> f32 {
    let trouble = match node.trouble() {
        Trouble::Alarm => 1e5,
        Trouble::Warning => 5e4,
        Trouble::None => 0.0,
    };
    let composite = if node.is_composite() { 2e3 } else { 0.0 };
    trouble + composite + node.radius * 10.0 + (1.0 + node.rate_in + node.rate_out).log10() as f32 * 20.0
}

pub(super) fn push_labels(sheet: &mut Sheet, drawing: &Drawing<'_>, screen: Vec2) {
    let picture = drawing.picture;
    let mut page = Page { sheet, palette: drawing.palette, taken: Grid::new(screen) };
    let block = |page: &mut Page<'_>, center: Vec2, radius: f32| {
        // A label may come close to the round, not onto it.
        page.taken.add(Rect::from_center_half_size(center, Vec2::splat(radius * 0.8)));
    };
    for node in picture.nodes.iter().filter(|node| !node.is_composite()) {
        let (center, radius) = (page.sheet.at(node.position), node.radius * page.sheet.zoom);
        block(&mut page, center, radius);
    }
    for dock in &picture.boxes {
        let (center, radius) = (page.sheet.at(picture.dock_position(dock)), size::VESSEL * page.sheet.zoom);
        block(&mut page, center, radius);
    }
    for hull in picture.systems.iter().filter(|hull| !hull.rect.is_empty()) {
        page.write_hull(hull);
    }
    let mut order: Vec<&Node> = picture.nodes.iter().collect();
    order.sort_by(|a, b| importance(b).total_cmp(&importance(a)).then(a.key.cmp(&b.key)));
    for node in order {
        let is_large = node.radius * page.sheet.zoom >= RADIUS_TO_NAME;
        if !is_large && !node.is_notable() && (node.is_composite() || node.radius < size::HUB) {
            continue;
        }
        if node.is_composite() {
            page.write_ring(drawing, node);
        } else {
            page.write_disc(drawing, node);
        }
    }
}
