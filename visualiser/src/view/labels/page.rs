//! The page that labels are put on: none over another, none over a disc, and no more than can be read.

use std::sync::Arc;

use bevy::math::{Rect, Vec2};
use bevy_egui::egui::{self, Color32, FontId, Galley};

use super::super::camera::Eye;
use super::super::canvas::{Shape, kind};
use super::super::palette::Rgba;
use super::super::type_face;
use super::lines::Lines;

/// Labels at a time; the least important of more are left out.
pub(super) const LABELS_MAX: usize = 400;
/// How far the halo of a label reaches, in logical pixels.
const HALO: f32 = 6.0;

/// Words as they are to be written.
pub(super) struct Words {
    text: String,
    size: f32,
    strong: bool,
    galley: Arc<Galley>,
}

impl Words {
    pub(super) fn size(&self) -> Vec2 {
        Vec2::new(self.galley.size().x, self.galley.size().y)
    }
}

/// Words in their place. Their galley is asked for in every frame: egui keeps those that are, and makes them anew when
/// it has thrown its letters away.
struct Label {
    at: egui::Pos2,
    text: String,
    size: f32,
    strong: bool,
    color: Color32,
}

/// All that is written, and what lies under it.
#[derive(Default)]
pub(super) struct Written {
    labels: Vec<Label>,
    pub(super) pads: Vec<Shape>,
}

impl Written {
    pub(super) fn paint(&self, painter: &egui::Painter) {
        for label in &self.labels {
            let galley = galley(painter, &label.text, label.size, label.strong);
            painter.galley(label.at, galley, label.color);
        }
    }
}

fn galley(painter: &egui::Painter, text: &str, size: f32, strong: bool) -> Arc<Galley> {
    painter.layout_no_wrap(text.to_owned(), FontId::new(size, type_face(strong)), Color32::PLACEHOLDER)
}

/// Where labels have been put, and what they must keep off.
pub(super) struct Page<'a> {
    painter: &'a egui::Painter,
    eye: &'a Eye,
    halo: Rgba,
    pub(super) written: Written,
    taken: Grid,
    lines: Lines,
}

impl<'a> Page<'a> {
    pub(super) fn new(painter: &'a egui::Painter, halo: Rgba, eye: &'a Eye, lines: Lines) -> Self {
        Self { painter, eye, halo, written: Written::default(), taken: Grid::new(eye.screen), lines }
    }

    pub(super) fn words(&self, text: &str, size: f32, strong: bool) -> Words {
        Words { text: text.to_owned(), size, strong, galley: galley(self.painter, text, size, strong) }
    }

    /// No more labels are written.
    pub(super) fn is_full(&self) -> bool {
        self.written.labels.len() >= LABELS_MAX
    }

    pub(super) fn block_disc(&mut self, center: Vec2, radius: f32) {
        // The square inside the circle: a label may come close to the round, not onto it.
        self.taken.add(Rect::from_center_half_size(center, Vec2::splat(radius * 0.8)));
    }

    /// At the first of `places` (top left corners) that is free, or at the very first one if `must`.
    pub(super) fn put_first(&mut self, places: &[Vec2], words: Words, color: Rgba, must: bool) -> Option<Rect> {
        let size = words.size();
        let rect = |at: &Vec2| Rect::from_corners(*at, *at + size);
        let free = places.iter().find(|at| !self.taken.touches(rect(at)));
        let at = free.or(places.first().filter(|_| must))?;
        self.taken.add(rect(at));
        self.write(*at, words, color, true);
        Some(rect(at))
    }

    /// Like [`Self::put_first`], at the place through which the fewest curves run; of two alike the first.
    pub(super) fn put_calmest(&mut self, places: &[Vec2], words: Words, color: Rgba, must: bool) -> Option<Rect> {
        let size = words.size();
        let mut ranked: Vec<(usize, Vec2)> =
            places.iter().map(|&at| (self.lines.through(Rect::from_corners(at, at + size)), at)).collect();
        ranked.sort_by_key(|(crossings, _)| *crossings);
        let ranked: Vec<Vec2> = ranked.into_iter().map(|(_, at)| at).collect();
        self.put_first(&ranked, words, color, must)
    }

    /// Centred below a point, if there is room or none is asked for.
    pub(super) fn put_below(&mut self, top: Vec2, words: Words, color: Rgba, only_if_free: bool) -> bool {
        let at = top - Vec2::new(words.size().x / 2.0, 0.0);
        self.put_first(&[at], words, color, !only_if_free).is_some()
    }

    pub(super) fn put_at(&mut self, at: Vec2, words: Words, color: Rgba, only_if_free: bool) {
        self.put_first(&[at], words, color, !only_if_free);
    }

    pub(super) fn write(&mut self, at: Vec2, words: Words, color: Rgba, with_halo: bool) {
        if self.is_full() {
            return;
        }
        let at = egui::pos2(at.x.round(), at.y.round());
        if with_halo {
            // Softly fading, so that linkages end before a name instead of being cut by it.
            let size = words.size();
            let center = self.eye.world_from_screen(Vec2::new(at.x, at.y) + size / 2.0);
            let halo = self.halo.fade(0.9 * f32::from(color.0[3]) / 255.0);
            let mut pad = Shape::disc(center.extend(0.0), 0.0, halo, Rgba::CLEAR, 0.0).with_kind(
                kind::PAD,
                HALO / self.eye.zoom,
                0.0,
            );
            pad.half_size = ((size / 2.0 + Vec2::new(HALO, 0.4 * HALO)) / self.eye.zoom).to_array();
            self.written.pads.push(pad);
        }
        let Words { text, size, strong, .. } = words;
        self.written.labels.push(Label { at, text, size, strong, color: color.egui() });
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
