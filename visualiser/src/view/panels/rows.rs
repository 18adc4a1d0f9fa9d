//! The rows of the inspector as they are painted: names at the left, figures at the right, nothing clipped.

use std::sync::Arc;

use axonscope_model::{Level, LinkageId};
use bevy_egui::egui::{self, Color32, FontId, Galley, Rect, Sense, Stroke, pos2, vec2};

use super::super::chosen::Selected;
use super::super::inspect::{PostboxRow, Row};
use super::super::palette::{Palette, Rgba, type_size};
use super::super::picture::Trouble;
use super::super::type_face;
use super::spark::paint_spark;
use super::{section, strong, text};

const HEIGHT: f32 = 20.0;
const SPARK: egui::Vec2 = vec2(112.0, 18.0);
/// In a card narrower than this boxes have no line of their past.
const WIDE: f32 = 300.0;
const RATE_WIDTH: f32 = 74.0;
const GAP: f32 = 12.0;

/// What was clicked, and where something can be.
#[derive(Clone, Debug, Default)]
pub(super) struct Clicked {
    /// To be gone to.
    pub(super) to: Option<Selected>,
    /// To be tapped, or not any more.
    pub(super) tap: Option<(LinkageId, bool)>,
    /// For the report.
    pub(super) links: Vec<serde_json::Value>,
}

fn color_of(trouble: Trouble, palette: &Palette, otherwise: Rgba) -> Rgba {
    match trouble {
        Trouble::Alarm => palette.alarm,
        Trouble::Warning => palette.warning,
        Trouble::None => otherwise,
    }
}

pub(super) fn show_row(ui: &mut egui::Ui, palette: &Palette, row: &Row, clicked: &mut Clicked) {
    match row {
        Row::Section(heading) => section(ui, palette, heading),
        Row::Words { words, trouble } => {
            ui.add(egui::Label::new(text(words, type_size::BODY, color_of(*trouble, palette, palette.quiet))).wrap());
        }
        Row::Banner { words, evidence, trouble } => show_banner(ui, palette, words, evidence, *trouble),
        Row::Figure { name, figure, trouble } => {
            let colors = (palette.quiet, color_of(*trouble, palette, palette.text));
            show_pair(ui, name, figure, colors, Sense::hover(), 0.0);
        }
        Row::Spark { name, trace, of, trouble } => {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::hover());
            let label = galley(ui, name, type_size::TINY, palette.faint, false);
            let line = Rect::from_min_max(pos2(rect.min.x + 64.0, rect.min.y + 3.0), rect.max - vec2(0.0, 4.0));
            ui.painter().galley(pos2(rect.min.x, line.max.y - label.size().y), label, Color32::PLACEHOLDER);
            paint_spark(ui.painter(), line, trace, *of, palette, color_of(*trouble, palette, palette.accent));
            let since = if trace.since_selected { "since it was selected" } else { "the last two minutes" };
            response.on_hover_text(format!("{name}, {since}"));
        }
        Row::Postbox(row) => show_postbox(ui, palette, row, clicked),
        Row::Link { name, to, figure, tap } => {
            let room = if tap.is_some() { 40.0 } else { 0.0 };
            let colors = (palette.accent, palette.quiet);
            let response = show_pair(ui, name, figure, colors, Sense::click(), room);
            if response.clicked() {
                clicked.to = Some(*to);
            }
            let at = response.rect.left_center() + vec2(12.0, 0.0);
            clicked.links.push(serde_json::json!({ "name": name, "x": at.x.round(), "y": at.y.round() }));
            if let Some((linkage, on)) = tap
                && show_toggle(ui, palette, response.rect, *linkage, *on)
            {
                clicked.tap = Some((*linkage, !on));
            }
        }
        Row::Aside(words) => {
            ui.indent("aside", |ui| {
                ui.add(egui::Label::new(text(words, type_size::TINY, palette.faint)).wrap());
            });
        }
        Row::Sample { text: sample, cut } => {
            let cut = cut.as_deref().unwrap_or_default();
            show_pair(ui, sample, cut, (palette.text, palette.quiet), Sense::hover(), 0.0);
        }
        Row::Line { at, level, text: line } => {
            let (word, color) = match level {
                Level::Error => ("ERROR ", palette.alarm),
                Level::Warn => ("WARN ", palette.warning),
                Level::Info => ("INFO ", palette.text),
                Level::Debug => ("DEBUG ", palette.quiet),
                Level::Trace => ("TRACE ", palette.quiet),
            };
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                ui.label(text(at, type_size::SMALL, palette.faint));
                ui.label(text(format!("{word}{line}"), type_size::SMALL, color));
            });
        }
    }
}

/// Framed in the colour of trouble.
fn show_banner(ui: &mut egui::Ui, palette: &Palette, words: &str, evidence: &str, trouble: Trouble) {
    let color = color_of(trouble, palette, palette.quiet);
    ui.add_space(6.0);
    egui::Frame::new()
        .fill(color.fade(0.14).egui())
        .stroke(Stroke::new(1.0, color.fade(0.6).egui()))
        .corner_radius(egui::CornerRadius::same(8))
        .inner_margin(egui::Margin::symmetric(12, 9))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(strong(words, type_size::BODY, color)).wrap());
            if !evidence.is_empty() {
                ui.add(egui::Label::new(text(evidence, type_size::SMALL, palette.text)).wrap());
            }
        });
}

fn show_postbox(ui: &mut egui::Ui, palette: &Palette, row: &PostboxRow, clicked: &mut Clicked) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT + 4.0), Sense::click());
    let (color, middle) = (color_of(row.trouble, palette, palette.quiet), rect.center().y);
    let icon = pos2(rect.min.x + 7.0, middle);
    if row.is_inbox {
        ui.painter().circle_stroke(icon, 5.5, Stroke::new(1.6, color.egui()));
    } else {
        ui.painter().circle_filled(icon, 4.0, color.egui());
    }
    let mut right = rect.max.x;
    if rect.width() >= WIDE && !row.is_quiet {
        let line =
            Rect::from_min_max(pos2(right - SPARK.x, middle - SPARK.y / 2.0), pos2(right, middle + SPARK.y / 2.0));
        let color = color_of(row.trouble, palette, palette.accent);
        match &row.trace {
            Some((trace, of)) => paint_spark(ui.painter(), line, trace, *of, palette, color),
            None => drop(ui.painter().hline(line.x_range(), line.max.y, Stroke::new(1.0, palette.card_rim.egui()))),
        }
        right = line.min.x - GAP;
    }
    let put = |words: &str, color: Rgba, right: f32| {
        let galley = galley(ui, words, type_size::BODY, color, false);
        let at = pos2(right - galley.size().x, middle - galley.size().y / 2.0);
        let left = at.x;
        ui.painter().galley(at, galley, Color32::PLACEHOLDER);
        left
    };
    if !row.rate.is_empty() {
        let left = put(&row.rate, palette.quiet, right);
        right = left.min(right - RATE_WIDTH) - GAP;
    }
    let held = color_of(row.trouble, palette, if row.is_quiet { palette.quiet } else { palette.text });
    let left = put(&row.held, held, right);
    let from = rect.min.x + 22.0;
    let room = left - GAP - from;
    let name = if response.hovered() { palette.accent } else { palette.text };
    let name = shortened(ui, &row.name, type_size::BODY, name, room).0;
    ui.painter().galley(pos2(from, middle - name.size().y / 2.0), name, Color32::PLACEHOLDER);
    if response.clicked() {
        clicked.to = Some(row.to);
    }
    let full = format!("{}\n{}", row.name, row.told);
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(full);
}

/// A name at the left and a figure at the right, whatever of the two is too long shortened, and `room` kept beside them.
fn show_pair(
    ui: &mut egui::Ui,
    name: &str,
    figure: &str,
    (name_color, figure_color): (Rgba, Rgba),
    sense: Sense,
    room: f32,
) -> egui::Response {
    let (rect, mut response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), sense);
    let width = rect.width() - room;
    let (figure_galley, figure_cut) = shortened(ui, figure, type_size::BODY, figure_color, width * 0.62);
    let left = width - figure_galley.size().x - if figure.is_empty() { 0.0 } else { GAP };
    let is_link = sense.senses_click();
    let (name_galley, name_cut) = shortened(ui, name, type_size::BODY, name_color, left);
    let y = |galley: &Galley| rect.center().y - galley.size().y / 2.0;
    let at = pos2(rect.min.x, y(&name_galley));
    if is_link && response.hovered() {
        let line = at.x..=at.x + name_galley.size().x;
        ui.painter().hline(line, at.y + name_galley.size().y, Stroke::new(1.0, name_color.egui()));
    }
    ui.painter().galley(at, name_galley, Color32::PLACEHOLDER);
    let at = pos2(rect.min.x + width - figure_galley.size().x, y(&figure_galley));
    ui.painter().galley(at, figure_galley, Color32::PLACEHOLDER);
    if name_cut || figure_cut {
        response = response.on_hover_text(format!("{name}\n{figure}"));
    }
    if is_link { response.on_hover_cursor(egui::CursorIcon::PointingHand) } else { response }
}

/// At the right edge of a row.
fn show_toggle(ui: &egui::Ui, palette: &Palette, row: Rect, linkage: LinkageId, on: bool) -> bool {
    let size = vec2(32.0, 17.0);
    let rect = Rect::from_min_size(pos2(row.max.x - size.x, row.center().y - size.y / 2.0), size);
    // A linkage from a component to itself is listed twice.
    let response = ui.interact(rect, ui.id().with((linkage.0, row.min.y.to_bits())), Sense::click());
    let (color, fill) = if on { (palette.card, palette.accent) } else { (palette.quiet, palette.card) };
    let rim = if on || response.hovered() { palette.accent } else { palette.card_rim };
    let painter = ui.painter();
    painter.rect(rect, 7.0, fill.egui(), Stroke::new(1.0, rim.egui()), egui::StrokeKind::Inside);
    let word = galley(ui, "tap", type_size::TINY, color, false);
    painter.galley(rect.center() - word.size() / 2.0, word, Color32::PLACEHOLDER);
    let meaning = if on { "show no more messages" } else { "show messages that pass here" };
    response.on_hover_text(meaning).clicked()
}

pub(super) fn galley(ui: &egui::Ui, words: &str, size: f32, color: Rgba, strong: bool) -> Arc<Galley> {
    ui.painter().layout_no_wrap(words.to_owned(), FontId::new(size, type_face(strong)), color.egui())
}

/// Words in at most that width, shortened in the middle where they are too long; and whether they are.
fn shortened(ui: &egui::Ui, words: &str, size: f32, color: Rgba, width: f32) -> (Arc<Galley>, bool) {
    let whole = galley(ui, words, size, color, false);
    if whole.size().x <= width {
        return (whole, false);
    }
    let fits = |kept: usize| galley(ui, &middle(words, kept), size, color, false).size().x <= width;
    let (mut few, mut many) = (1, words.chars().count());
    while few + 1 < many {
        let half = (few + many) / 2;
        if fits(half) { few = half } else { many = half }
    }
    (galley(ui, &middle(words, few), size, color, false), true)
}

/// So many characters of it, half of them from its beginning and half from its end.
fn middle(words: &str, kept: usize) -> String {
    let count = words.chars().count();
    let front = kept.div_ceil(2);
    let head: String = words.chars().take(front).collect();
    let tail: String = words.chars().skip(count - (kept - front).min(count)).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_keeps_its_beginning_and_its_end() {
        assert_eq!(middle("connection 4711", 7), "conn…711");
        assert_eq!(middle("connection 4711", 1), "c…");
        assert_eq!(middle("日本語テキスト", 4), "日本…スト");
    }
}
