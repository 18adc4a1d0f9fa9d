//! The line at the bottom: what is connected, how much happens, what was lost.

use std::collections::VecDeque;
use std::time::Duration;

use axonscope_model::{Status, display};
use axonscope_session::{Figures, Latency, Style};
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::super::camera::Eye;
use super::super::palette::{Palette, type_size};
use super::super::stage::{Look, Stage, Watched};
use super::{strong, text};

/// Height of the line in logical pixels.
const HEIGHT: f32 = 32.0;

/// Frames of the last second.
#[derive(Resource, Default)]
pub(super) struct Throughput(VecDeque<f64>);

struct Totals {
    live: usize,
    gone: usize,
    components: usize,
    linkages: usize,
    messages: f64,
    changes: f64,
    lost: u64,
    odd: u64,
    refused: u64,
    no_room: u64,
}

pub(super) fn show_status(
    mut contexts: EguiContexts,
    watched: Res<Watched>,
    look: Res<Look>,
    stage: Res<Stage>,
    mut eye: ResMut<Eye>,
    mut frames: ResMut<Throughput>,
    time: Res<Time<Real>>,
) -> Result {
    let covered = if look.chrome { HEIGHT } else { 0.0 };
    if eye.covered.y != covered {
        eye.covered.y = covered;
    }
    if !look.chrome {
        return Ok(());
    }
    let now = time.elapsed_secs_f64();
    frames.0.push_back(now);
    while frames.0.front().is_some_and(|then| now - then > 1.0) {
        frames.0.pop_front();
    }
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?;
    let totals = watched.0.read(totals);
    let screen = ctx.viewport_rect();
    let bar = egui::Rect::from_min_max(egui::pos2(screen.min.x, screen.max.y - HEIGHT), screen.max);
    let painter = ctx.layer_painter(egui::LayerId::background());
    painter.rect_filled(bar, 0.0, palette.bar.egui());
    painter.hline(bar.x_range(), bar.min.y, egui::Stroke::new(1.0, palette.card_rim.egui()));

    egui::Area::new("status".into()).fade_in(false).fixed_pos(bar.min).interactable(true).show(ctx, |ui| {
        ui.set_min_size(bar.size());
        ui.set_max_size(bar.size());
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(20.0);
            let loud = stage.picture.alarms;
            let dot = match (loud, totals.live) {
                (1.., _) => palette.alarm,
                (0, 1..) => palette.accent,
                (0, 0) => palette.faint,
            };
            ui.label(text("●  ", type_size::TINY, dot));
            if loud > 0 {
                ui.label(strong(format!("{loud} in trouble"), type_size::SMALL, palette.alarm));
                ui.label(text(" · ", type_size::SMALL, palette.quiet));
            }
            ui.label(text(sentence(&totals), type_size::SMALL, palette.quiet));
            let trouble = totals.lost + totals.odd + totals.refused + totals.no_room;
            let loss = loss(&totals);
            ui.label(if trouble > 0 {
                strong(loss, type_size::SMALL, palette.warning)
            } else {
                text(loss, type_size::SMALL, palette.quiet)
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.add_space(20.0);
                let address = watched.0.address().map(|address| format!("{address} · ")).unwrap_or_default();
                // A picture says when it was taken; a window how fast it is drawn.
                let pace = if look.still {
                    jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string()
                } else {
                    format!("{} frames/s", frames.0.len())
                };
                ui.label(text(format!("{address}{pace}"), type_size::SMALL, palette.quiet));
                if watched.0.is_measured() {
                    ui.add_space(24.0);
                    let latency = watched.0.latency();
                    let label = ui.label(text(on_the_way(&latency), type_size::SMALL, palette.text));
                    if let Some(stages) = stages(&latency) {
                        label.on_hover_text(text(stages, type_size::SMALL, palette.text));
                    }
                }
                ui.add_space(24.0);
                if watched.0.style() == Style::Layered
                    && watched.0.places().systems.iter().any(|places| places.style == Style::Force)
                {
                    let words = "too large for layers, arranged by forces";
                    ui.label(text(words, type_size::SMALL, palette.warning));
                    ui.add_space(24.0);
                }
                let hidden = out_of_view(&stage, &eye);
                if hidden > 0 {
                    let words = format!(
                        "{hidden} {} out of view · F shows all",
                        if hidden == 1 { "system" } else { "systems" }
                    );
                    ui.label(strong(words, type_size::SMALL, palette.accent));
                }
            });
        });
    });
    Ok(())
}

fn totals(model: &axonscope_model::Model) -> Totals {
    let mut totals = Totals {
        live: 0,
        gone: 0,
        components: 0,
        linkages: 0,
        messages: 0.0,
        changes: 0.0,
        lost: 0,
        odd: 0,
        refused: 0,
        no_room: 0,
    };
    for system in model.systems() {
        match system.status() {
            Status::Live | Status::Stale(_) => totals.live += 1,
            Status::Lost { .. } | Status::Left { .. } => totals.gone += 1,
        }
        totals.lost += system.lost();
        totals.odd += system.anomaly_count();
        totals.refused += system.refused();
        totals.no_room += system.no_room();
        if system.status().is_connected() {
            totals.components += system.component_count();
            totals.linkages += system.linkage_count();
            totals.messages += system.messages_per_second();
            totals.changes += system.changes_per_second();
        }
    }
    totals
}

fn sentence(totals: &Totals) -> String {
    let plural = |count: usize, noun: &str| {
        format!("{} {noun}{}", display::count(count as u64), if count == 1 { "" } else { "s" })
    };
    let gone = if totals.gone > 0 { format!(" ({} gone)", totals.gone) } else { String::new() };
    format!(
        "{}{gone} · {} · {} · messages {} · changes {} · ",
        plural(totals.live, "system"),
        plural(totals.components, "component"),
        plural(totals.linkages, "linkage"),
        display::rate(totals.messages),
        display::rate(totals.changes),
    )
}

fn loss(totals: &Totals) -> String {
    let mut words = format!("{} lost", display::count(totals.lost));
    if totals.odd > 0 {
        words += &format!(" · {} odd", display::count(totals.odd));
    }
    if totals.refused > 0 {
        words += &format!(" · {} refused", display::count(totals.refused));
    }
    if totals.no_room > 0 {
        let things = if totals.no_room == 1 { "thing" } else { "things" };
        words += &format!(" · {} {things} had no room in the probe", display::count(totals.no_room));
    }
    words
}

/// How long news took to the screen in the last minute.
fn on_the_way(latency: &Latency) -> String {
    let (what, found) = match (latency.event_to_pixel, latency.total_to_pixel) {
        (Some(events), _) => ("event to pixel", events),
        (None, Some(totals)) => ("total to pixel", totals),
        (None, None) if latency.clocks_differ > 0 => return "event to pixel: clocks differ".to_owned(),
        (None, None) => return "event to pixel: nothing new yet".to_owned(),
    };
    let others = if latency.clocks_differ > 0 { " · some clocks differ" } else { "" };
    format!("{what} {} · p99 {}{others}", short(found.p50), short(found.p99))
}

/// Where that time went.
fn stages(latency: &Latency) -> Option<String> {
    let stages = [
        ("from the wire to the model", latency.arrival_to_model),
        ("from there to its place", latency.model_to_places),
        ("from there to the screen", latency.places_to_pixel),
        ("totals, all the way", latency.total_to_pixel),
    ];
    let told = |(what, found): (&str, Option<Figures>)| {
        found.map(|found| format!("{what} {} · p99 {}", short(found.p50), short(found.p99)))
    };
    let lines: Vec<String> = stages.into_iter().filter_map(told).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn short(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1e3;
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        ..1000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1e3),
    }
}

/// Systems of which less than half can be seen.
fn out_of_view(stage: &Stage, eye: &Eye) -> usize {
    let visible = eye.visible();
    let area = |rect: Rect| if rect.is_empty() { 0.0 } else { rect.width() * rect.height() };
    let is_hidden = |rect: Rect| area(visible.intersect(rect)) < 0.5 * area(rect).min(area(visible));
    stage.picture.systems.iter().filter(|hull| !hull.rect.is_empty() && is_hidden(hull.rect)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(p50: u64, p99: u64) -> Option<Figures> {
        Some(Figures { count: 9, p50: Duration::from_micros(p50), p99: Duration::from_micros(p99) })
    }

    #[test]
    fn the_line_says_how_long_events_take_or_why_it_cannot() {
        let mut latency = Latency::default();
        assert_eq!(on_the_way(&latency), "event to pixel: nothing new yet");
        assert_eq!(stages(&latency), None);
        latency.clocks_differ = 3;
        assert_eq!(on_the_way(&latency), "event to pixel: clocks differ");
        latency.total_to_pixel = figures(24_000, 40_000);
        assert_eq!(on_the_way(&latency), "total to pixel 24 ms · p99 40 ms · some clocks differ");
        latency.clocks_differ = 0;
        latency.event_to_pixel = figures(8_140, 71_400);
        assert_eq!(on_the_way(&latency), "event to pixel 8.1 ms · p99 71 ms");
        assert_eq!(stages(&latency).as_deref(), Some("totals, all the way 24 ms · p99 40 ms"));
        latency.event_to_pixel = figures(940_000, 2_751_000);
        assert_eq!(on_the_way(&latency), "event to pixel 940 ms · p99 2.8 s");
    }
}
