//! The page that labels are put on: none over another, none over a disc, and no more than can be read.

use std::sync::Arc;

use axonscope_session::names::Picture;
use bevy::math::{Rect, Vec2};
use bevy_egui::egui::{self, Color32, FontId, Galley};

use super::super::camera::Eye;
use super::super::canvas::{Shape, kind};
use super::super::grid::Grid;
use super::super::palette::Rgba;
use super::super::pictogram;
use super::super::type_face;
use super::lines::Lines;

/// Labels at a time; the least important of more are left out.
pub(super) const LABELS_MAX: usize = 400;
/// Between a label and what stands beside it, in logical pixels.
const AIR: f32 = 4.0;
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
    pictures: Vec<(Picture, egui::Pos2, f32, Color32)>,
    pub(super) pads: Vec<Shape>,
}

impl Written {
    pub(super) fn paint(&self, painter: &egui::Painter) {
        for label in &self.labels {
            let galley = galley(painter, &label.text, label.size, label.strong);
            painter.galley(label.at, galley, label.color);
        }
        for &(picture, center, radius, color) in &self.pictures {
            pictogram::draw(painter, picture, center, radius, color);
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
    /// How many times as large all type is as it is asked for.
    scale: f32,
    pub(super) written: Written,
    taken: Grid,
    lines: Lines,
}

impl<'a> Page<'a> {
    pub(super) fn new(painter: &'a egui::Painter, halo: Rgba, eye: &'a Eye, (scale, lines): (f32, Lines)) -> Self {
        Self { painter, eye, halo, scale, written: Written::default(), taken: Grid::new(eye.screen), lines }
    }

    pub(super) fn words(&self, text: &str, size: f32, strong: bool) -> Words {
        self.words_of(text, size * self.scale, strong)
    }

    /// Scaled as all type is, but to no more than `most`, if that is more than usual.
    pub(super) fn words_up_to(&self, text: &str, size: f32, strong: bool, most: f32) -> Words {
        self.words_of(text, (size * self.scale).min(most.max(size)), strong)
    }

    fn words_of(&self, text: &str, size: f32, strong: bool) -> Words {
        Words { text: text.to_owned(), size, strong, galley: galley(self.painter, text, size, strong) }
    }

    /// Draws a picture into a disc.
    pub(super) fn draw(&mut self, picture: Picture, center: Vec2, radius: f32, color: Rgba) {
        self.written.pictures.push((picture, egui::pos2(center.x, center.y), radius, color.egui()));
    }

    pub(super) fn scale(&self) -> f32 {
        self.scale
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
        // Two names in a row would read as one.
        let with_air = |at: &Vec2| Rect::from_corners(*at - Vec2::new(AIR, 0.0), *at + size + Vec2::new(AIR, 0.0));
        let free = places.iter().find(|at| !self.taken.touches(with_air(at)));
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
