//! What is written round the picture while presenting: a title above, and one calm line of large type below.

use bevy::prelude::*;
use bevy_egui::EguiContexts;
use bevy_egui::egui::text::{LayoutJob, TextFormat};
use bevy_egui::egui::{self, Align2, FontId};

use super::super::camera::Room;
use super::super::palette::{Palette, Rgba, type_size};
use super::super::stage::{Look, Stage, Watched};
use super::super::type_face;
use super::{APPEAR, Line, Presenting, State};

/// Above and below the type, in shares of its size.
const AIR: f32 = 0.55;
const MARGIN: f32 = 24.0;

/// What is covered above and below at a scale of type, in logical pixels.
pub(super) fn room(scale: f32) -> Room {
    let bar = |size: f32| (size * scale * (1.2 + 2.0 * AIR)).round();
    Room { above: bar(type_size::HEADING), below: bar(type_size::TITLE) }
}

pub(super) fn show_screen(
    mut contexts: EguiContexts,
    mut presenting: ResMut<Presenting>,
    stage: Res<Stage>,
    watched: Res<Watched>,
    look: Res<Look>,
    time: Res<Time<Real>>,
) -> Result {
    if presenting.narrator.is_none() {
        // A picture without a window: nobody else sums up.
        let presenting = presenting.bypass_change_detection();
        presenting.there.sum_up(&stage, &watched.0);
        (presenting.line.words, presenting.line.is_trouble) = presenting.line_now(0.0);
    }
    let ctx = contexts.ctx_mut()?;
    let palette = Palette::of(look.theme);
    let painter = ctx.layer_painter(egui::LayerId::background());
    let screen = ctx.viewport_rect();
    let Room { above, below } = room(look.scale);
    let rim = egui::Stroke::new(look.scale, palette.card_rim.egui());
    let top = egui::Rect::from_min_max(screen.min, egui::pos2(screen.max.x, screen.min.y + above));
    let bottom = egui::Rect::from_min_max(egui::pos2(screen.min.x, screen.max.y - below), screen.max);
    for (bar, edge) in [(top, top.max.y), (bottom, bottom.min.y)] {
        painter.rect_filled(bar, 0.0, palette.bar.egui());
        painter.hline(bar.x_range(), edge, rim);
    }
    let margin = MARGIN * look.scale;
    let figures = figures(&presenting);
    let size = type_size::SMALL * look.scale;
    let at = egui::pos2(top.max.x - margin, top.center().y);
    let right =
        painter.text(at, Align2::RIGHT_CENTER, figures, FontId::new(size, type_face(false)), palette.quiet.egui());
    let title = presenting.title.as_ref().unwrap_or(&presenting.there.title);
    let room = (right.min.x - top.min.x - 2.0 * margin).max(40.0);
    let title = line(&painter, title, type_size::HEADING * look.scale, true, palette.text, room);
    painter.galley(egui::pos2(top.min.x + margin, top.center().y - title.size().y / 2.0), title, palette.text.egui());

    let Line { words, is_trouble, since } = &presenting.line;
    let is_trouble = *is_trouble;
    let shown = ((time.elapsed_secs_f64() - since) / APPEAR).clamp(0.0, 1.0) as f32;
    let strength = if look.still { 1.0 } else { shown };
    let dot = if is_trouble { type_size::TITLE * look.scale * 0.3 } else { 0.0 };
    let room = bottom.width() - 2.0 * margin - 4.0 * dot;
    // A long sentence is written smaller before it is cut.
    let fitting = [type_size::TITLE, type_size::HEADING, type_size::BODY]
        .into_iter()
        .map(|size| line(&painter, words, size * look.scale, is_trouble, palette.text.fade(strength), room));
    let mut fitting = fitting.skip_while(|galley| galley.elided);
    let smallest = || line(&painter, words, type_size::BODY * look.scale, is_trouble, palette.text, room);
    let galley = fitting.next().unwrap_or_else(smallest);
    let left = bottom.center().x - (galley.size().x + 4.0 * dot) / 2.0;
    if is_trouble {
        let center = egui::pos2(left + dot, bottom.center().y);
        painter.circle_filled(center, dot, palette.alarm.fade(strength).egui());
    }
    let at = egui::pos2(left + 4.0 * dot, bottom.center().y - galley.size().y / 2.0);
    painter.galley(at, galley, palette.text.egui());
    Ok(())
}

/// One line, cut with an ellipsis where it is too long.
fn line(
    painter: &egui::Painter,
    words: &str,
    size: f32,
    strong: bool,
    color: Rgba,
    width: f32,
) -> std::sync::Arc<egui::Galley> {
    let format = TextFormat::simple(FontId::new(size, type_face(strong)), color.egui());
    let mut job = LayoutJob::single_section(words.to_owned(), format);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width);
    painter.layout_job(job)
}

/// How much there is and happens; or that the tour waits for whoever presents.
fn figures(presenting: &Presenting) -> String {
    let figures = &presenting.there.figures;
    match presenting.tour.state() {
        State::Paused => format!("tour paused · {figures}"),
        State::Running | State::Ended => figures.clone(),
    }
}
