//! What the picture means: a card with a sample of everything that is drawn, in the colours and by the numbers it is drawn
//! with. Key `K`.

use bevy::prelude::*;
use bevy_egui::EguiContexts;
use bevy_egui::egui::{self, Pos2, Stroke, vec2};

use super::super::flow;
use super::super::keys::{Does, Pressed};
use super::super::palette::{Palette, Rgba, band, size, type_size};
use super::super::report::Said;
use super::super::stage::Look;
use super::{card, section, text};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Legend>().add_systems(Update, press_key);
}

/// Whether the legend is open.
#[derive(Resource, Default)]
pub(crate) struct Legend {
    pub(crate) is_open: bool,
}

fn press_key(pressed: Res<Pressed>, mut legend: ResMut<Legend>, mut said: ResMut<Said>) {
    if pressed.is(Does::Legend) {
        legend.is_open = !legend.is_open;
        said.0.insert("legend".into(), legend.is_open.into());
    }
}

/// One thing that is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Sample {
    Component,
    Composite,
    Closed,
    Outbox,
    /// How full it is.
    Inbox(f32),
    /// Messages a second, and how full the inbox is.
    Linkage(f64, f32),
    Passthrough,
    Use,
    Gathered,
    Busy,
    Blocked,
    Failed,
    Finished,
    Starting,
    Ghost,
    Incomplete,
    Culprit,
    Pinned,
}

const THINGS: [(Sample, &str); 7] = [
    (Sample::Component, "component, its type by colour"),
    (Sample::Composite, "composite, open"),
    (Sample::Closed, "composite, closed: how many inside"),
    (Sample::Outbox, "outbox: messages leave"),
    (Sample::Inbox(0.35), "inbox, filled as far as it is"),
    (Sample::Inbox(0.7), "inbox 60 % full or more"),
    (Sample::Inbox(1.0), "inbox 85 % full or more"),
];

const LINKAGES: [(Sample, &str); 7] = [
    (Sample::Linkage(0.0, 0.0), "linkage, nothing flows"),
    (Sample::Linkage(3.0, 0.0), "3 messages/s"),
    (Sample::Linkage(3000.0, 0.0), "3 000 messages/s: denser, wider"),
    (Sample::Linkage(300.0, 1.0), "into a full inbox"),
    (Sample::Passthrough, "passthrough: a box of a box"),
    (Sample::Gathered, "many linkages, gathered"),
    (Sample::Use, "one uses the other"),
];

const STATES: [(Sample, &str); 9] = [
    (Sample::Busy, "busy: share of the time"),
    (Sample::Blocked, "blocked in sending: share of it"),
    (Sample::Failed, "failed"),
    (Sample::Finished, "finished"),
    (Sample::Starting, "starting"),
    (Sample::Ghost, "left just now"),
    (Sample::Incomplete, "not all of it is known"),
    (Sample::Culprit, "a problem points at it"),
    (Sample::Pinned, "pinned by hand"),
];

const COLUMN: f32 = 292.0;
const SAMPLE: egui::Vec2 = egui::vec2(54.0, 26.0);

pub(super) fn show_legend(mut contexts: EguiContexts, look: Res<Look>, legend: Res<Legend>) -> Result {
    if !legend.is_open {
        return Ok(());
    }
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?;
    let columns = ((ctx.viewport_rect().width() - 80.0) / COLUMN).clamp(1.0, 3.0) as usize;
    let area = egui::Area::new("legend".into()).fade_in(false).constrain(true);
    area.anchor(egui::Align2::LEFT_BOTTOM, [20.0, -52.0]).show(ctx, |ui| {
        card(palette).show(ui, |ui| {
            let groups: [(&str, &[(Sample, &str)]); 3] =
                [("things", &THINGS), ("linkages", &LINKAGES), ("states", &STATES)];
            for row in groups.chunks(columns) {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = 0.0;
                    for (title, samples) in row {
                        ui.vertical(|ui| {
                            ui.spacing_mut().item_spacing.x = 8.0;
                            ui.set_width(COLUMN);
                            section(ui, palette, title);
                            samples.iter().for_each(|(sample, words)| show_sample(ui, palette, *sample, words));
                        });
                    }
                });
            }
        });
    });
    Ok(())
}

fn show_sample(ui: &mut egui::Ui, palette: &Palette, sample: Sample, words: &str) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(SAMPLE, egui::Sense::hover());
        paint_sample(ui.painter(), palette, sample, rect);
        ui.add_space(4.0);
        ui.label(text(words, type_size::SMALL, palette.text));
    });
}

/// Hue of a sample.
const HUE: f32 = 220.0;

fn paint_sample(painter: &egui::Painter, palette: &Palette, sample: Sample, rect: egui::Rect) {
    let (center, radius) = (rect.center(), 10.0);
    let (fill, rim) = palette.component(HUE);
    let disc = |fill: Rgba, rim: Rgba| {
        painter.circle(center, radius, fill.egui(), line(size::RIM, rim));
    };
    let way = [rect.left_center(), rect.right_center()];
    let straight = |stroke: Stroke| {
        painter.line_segment(way, stroke);
    };
    match sample {
        Sample::Component => disc(fill, rim),
        Sample::Composite => {
            painter.circle(center, 12.0, palette.ring.egui(), line(size::HAIRLINE, palette.ring_rim));
        }
        Sample::Closed => {
            painter.circle(center, 12.5, palette.hull.egui(), line(1.0, rim));
            painter.circle(center, 10.0, fill.egui(), line(1.5, rim));
            let font = egui::FontId::new(type_size::TINY, super::super::type_face(true));
            painter.text(center, egui::Align2::CENTER_CENTER, "7", font, palette.text.egui());
        }
        Sample::Outbox => {
            painter.circle_filled(center, size::DOT, palette.mark.egui());
        }
        Sample::Inbox(full) => vessel(painter, palette, center, full),
        Sample::Linkage(rate, full) => linkage(painter, palette, way, rate, full),
        Sample::Passthrough => {
            painter.extend(egui::Shape::dashed_line(&way, line(size::HAIRLINE, palette.linkage), 3.0, 4.0));
        }
        Sample::Use => straight(line(size::USE, palette.usage)),
        Sample::Gathered => straight(line(size::LINKAGE_MAX, palette.linkage.fade(0.9))),
        Sample::Busy => {
            disc(fill, rim);
            arc(painter, center, radius - 3.0, (0.0, 0.6), line(3.0, rim));
        }
        Sample::Blocked => {
            disc(fill, rim);
            arc(painter, center, radius + 3.0, (0.8, 1.2), line(2.5, palette.warning));
        }
        Sample::Failed => {
            disc(fill, palette.alarm);
            for arm in [vec2(4.5, 4.5), vec2(4.5, -4.5)] {
                painter.line_segment([center - arm, center + arm], line(2.5, palette.alarm));
            }
        }
        Sample::Finished => disc(palette.hull, rim),
        Sample::Starting => {
            disc(fill.fade(0.5), rim.fade(0.25));
            arc(painter, center, radius, (0.0, 0.6), line(size::RIM, rim));
        }
        Sample::Ghost => dashed(painter, center, radius, line(size::HAIRLINE, palette.faint)),
        Sample::Incomplete => {
            disc(fill, rim);
            dashed(painter, center, radius + 2.5, line(1.6, palette.warning));
        }
        Sample::Culprit => {
            disc(fill, rim);
            dashed(painter, center, radius + 3.0, line(2.5, palette.alarm));
        }
        Sample::Pinned => {
            disc(fill, rim);
            painter.circle_filled(center + vec2(-8.5, -8.5), 3.0, palette.accent.egui());
        }
    }
}

fn trouble(palette: &Palette, full: f32, calm: Rgba) -> (Rgba, f32) {
    match full {
        band::ALARM.. => (palette.alarm, 2.0),
        band::WARNING.. => (palette.warning, 1.0),
        _ => (calm, 0.0),
    }
}

fn vessel(painter: &egui::Painter, palette: &Palette, center: Pos2, full: f32) {
    let (color, more) = trouble(palette, full, palette.mark);
    let radius = size::VESSEL + more;
    painter.circle_filled(center, radius, palette.ground.egui());
    // What lies below the level, as a polygon.
    let level = (2.0 * full - 1.0).clamp(-1.0, 1.0).asin();
    let points = (0..=24).map(|step| {
        let angle = -level + (std::f32::consts::PI + 2.0 * level) * step as f32 / 24.0;
        center + radius * vec2(angle.cos(), angle.sin())
    });
    let liquid = if more > 0.0 { color } else { color.fade(0.75) };
    painter.add(egui::Shape::convex_polygon(points.collect(), liquid.egui(), Stroke::NONE));
    painter.circle_stroke(center, radius, line(size::RIM, color));
}

fn linkage(painter: &egui::Painter, palette: &Palette, way: [Pos2; 2], rate: f64, full: f32) {
    let (color, more) = trouble(palette, full, palette.linkage);
    let width = flow::width(rate) + more;
    if full >= band::ALARM {
        for glow in [12.0, 8.0] {
            painter.line_segment(way, line(glow, color.fade(0.15)));
        }
    }
    painter.line_segment(way, line(width, color));
    if rate > 0.0 {
        let gap = flow::period(rate) - flow::DASH;
        let dashes = egui::Shape::dashed_line(&way, line(0.72 * width, palette.dash), flow::DASH, gap);
        painter.extend(dashes);
    }
}

/// From turn to turn, clockwise from the top.
fn arc(painter: &egui::Painter, center: Pos2, radius: f32, (from, until): (f32, f32), stroke: Stroke) {
    let points = (0..=24).map(|step| {
        let turn = (from + (until - from) * step as f32 / 24.0) * std::f32::consts::TAU;
        center + radius * vec2(turn.sin(), -turn.cos())
    });
    painter.add(egui::Shape::line(points.collect(), stroke));
}

fn dashed(painter: &egui::Painter, center: Pos2, radius: f32, stroke: Stroke) {
    const DASHES: usize = 12;
    for dash in 0..DASHES {
        let from = dash as f32 / DASHES as f32;
        arc(painter, center, radius, (from, from + 0.56 / DASHES as f32), stroke);
    }
}

fn line(width: f32, color: Rgba) -> Stroke {
    Stroke::new(width, color.egui())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_tell_the_bands_that_are_drawn() {
        let palette = Palette::of(super::super::super::palette::Theme::Dark);
        for (sample, words) in THINGS {
            let Sample::Inbox(full) = sample else { continue };
            let said = |share: f32| words.contains(&format!("{:.0} %", 100.0 * share));
            let color = trouble(palette, full, palette.mark).0;
            assert_eq!(said(band::ALARM), color == palette.alarm, "{words}");
            assert_eq!(said(band::WARNING), color == palette.warning, "{words}");
        }
    }

    #[test]
    fn every_sample_is_explained_once() {
        let all: Vec<Sample> = THINGS.iter().chain(&LINKAGES).chain(&STATES).map(|(sample, _)| *sample).collect();
        assert!((1..all.len()).all(|number| !all[..number].contains(&all[number])));
    }
}
