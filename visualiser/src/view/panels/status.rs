//! The line at the bottom: what is connected, how much happens, what was lost.

use std::collections::VecDeque;
use std::time::Duration;

use axonscope_model::{Status, display};
use axonscope_session::{Figures, Latency, Style};
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::super::camera::Eye;
use super::super::finding::rows::Table;
use super::super::palette::{Palette, type_size};
use super::super::stage::{Look, Stage, Watched};
use super::fitting::{self, Part};
use super::text;

/// Height of the line in logical pixels.
pub(super) const HEIGHT: f32 = 32.0;

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

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn show_status(
    mut contexts: EguiContexts,
    watched: Res<Watched>,
    look: Res<Look>,
    stage: Res<Stage>,
    mut eye: ResMut<Eye>,
    mut frames: ResMut<Throughput>,
    table: Res<Table>,
    time: Res<Time<Real>>,
) -> Result {
    let drawer = if table.is_open { super::table::HEIGHT } else { 0.0 };
    let covered = if look.chrome { HEIGHT + drawer } else { 0.0 };
    if eye.covered.below != covered {
        eye.covered.below = covered;
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

    let loud = stage.picture.alarms;
    let dot = match (loud, totals.live) {
        (1.., _) => palette.alarm,
        (0, 1..) => palette.accent,
        (0, 0) => palette.faint,
    };
    painter.circle_filled(bar.left_center() + egui::vec2(24.0, 0.0), 4.0, dot.egui());
    // A picture says when it was taken; a window how fast it is drawn.
    let pace = if look.still {
        jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string()
    } else {
        format!("{} frames/s", frames.0.len())
    };
    let mut right = Vec::new();
    right.extend(out_of_view(&stage, &eye).map(|words| Part::new(words, palette.accent, true, 5)));
    let layers_refused = watched.0.style() == Style::Layered
        && watched.0.places().systems.iter().any(|places| places.style == Style::Force);
    let words = layers_refused.then(|| "too large for layers, arranged by forces".to_owned());
    right.extend(words.map(|words| Part::new(words, palette.warning, false, 2)));
    let latency = watched.0.is_measured().then(|| watched.0.latency());
    right.extend(latency.as_ref().map(|latency| Part::new(on_the_way(latency), palette.text, false, 4)));
    right.extend(watched.0.address().map(|address| Part::new(address.to_string(), palette.quiet, false, 7)));
    right.push(Part::new(pace, palette.quiet, false, 9));
    let left = left_half(&totals, &stage, palette);
    let room = bar.width() - 36.0 - 20.0 - 24.0;
    let [left, right] = fitting::lay_out(&painter, [left, right], palette.quiet, room);
    fitting::paint(&painter, left, bar.left_center() + egui::vec2(36.0, 0.0), false);
    let right = fitting::paint(&painter, right, bar.right_center() - egui::vec2(20.0, 0.0), true);
    if let Some(stages) = latency.as_ref().and_then(stages) {
        egui::Area::new("status".into()).fade_in(false).fixed_pos(right.min).show(ctx, |ui| {
            let (_, place) = ui.allocate_space(right.size());
            let hover = ui.interact(place, ui.id().with("latency"), egui::Sense::hover());
            hover.on_hover_text(text(stages, type_size::SMALL, palette.text));
        });
    }
    Ok(())
}

/// What is wrong, what there is, what happens, and what the picture leaves out.
fn left_half(totals: &Totals, stage: &Stage, palette: &Palette) -> Vec<Part> {
    let mut parts = Vec::new();
    let loud = stage.picture.alarms;
    if loud > 0 {
        parts.push(Part::new(format!("{loud} in trouble"), palette.alarm, true, 0));
    }
    let folded = &stage.folded;
    if folded.by_budget() > 0 {
        let (shown, all) = (display::count(folded.shown as u64), display::count(folded.all as u64));
        parts.push(Part::new(format!("folded to {shown} of {all}: double-click opens"), palette.accent, true, 1));
    } else if folded.closed > 0 {
        parts.push(Part::new(format!("{} folded", display::count(folded.closed as u64)), palette.quiet, false, 3));
    }
    if stage.left_out > 0 {
        let words = format!("{} weaker linkages not drawn", display::count(stage.left_out as u64));
        parts.push(Part::new(words, palette.warning, true, 1));
    }
    parts.extend(sentence(totals).into_iter().map(|(words, rank)| Part::new(words, palette.quiet, false, rank)));
    // What was lost has been told again since.
    let trouble = totals.odd + totals.refused + totals.no_room > 0;
    let (color, rank) = if trouble { (palette.warning, 1) } else { (palette.quiet, 6) };
    parts.push(Part::new(loss(totals), color, trouble, rank));
    parts
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

/// What there is and what happens, each with its rank.
fn sentence(totals: &Totals) -> [(String, u8); 5] {
    let plural = |count: usize, noun: &str| {
        format!("{} {noun}{}", display::count(count as u64), if count == 1 { "" } else { "s" })
    };
    let gone = if totals.gone > 0 { format!(" ({} gone)", totals.gone) } else { String::new() };
    [
        (format!("{}{gone}", plural(totals.live, "system")), 2),
        (plural(totals.components, "component"), 3),
        (plural(totals.linkages, "linkage"), 6),
        (format!("messages {}", display::rate(totals.messages)), 4),
        (format!("changes {}", display::rate(totals.changes)), 8),
    ]
}

fn loss(totals: &Totals) -> String {
    let mut words = match totals.lost {
        0 => "0 lost".to_owned(),
        lost => format!("{} lost and made good", display::count(lost)),
    };
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

/// How many systems are seen by less than half.
fn out_of_view(stage: &Stage, eye: &Eye) -> Option<String> {
    let visible = eye.visible();
    let area = |rect: Rect| if rect.is_empty() { 0.0 } else { rect.width() * rect.height() };
    let is_hidden = |rect: Rect| area(visible.intersect(rect)) < 0.5 * area(rect).min(area(visible));
    let hidden = stage.picture.systems.iter().filter(|hull| !hull.rect.is_empty() && is_hidden(hull.rect)).count();
    let systems = if hidden == 1 { "system" } else { "systems" };
    (hidden > 0).then(|| format!("{hidden} {systems} out of view · F shows all"))
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
