//! The latest lines of a log.

use axonscope_model::{Level, Line, System, display};
use bevy_egui::egui;

use super::super::palette::{Palette, Rgba, type_size};
use super::{section, text};

/// As many lines as can be read at a glance; the model keeps a few more.
const LINES_MAX: usize = 10;
const LINE_CHARS: usize = 240;
/// Of the age, so that all lines begin at one place.
const AGE_WIDTH: f32 = 64.0;

/// The newest first.
pub(super) fn show_log<'a>(
    ui: &mut egui::Ui,
    palette: &Palette,
    heading: &str,
    system: &System,
    lines: impl DoubleEndedIterator<Item = &'a Line>,
    gone: u64,
) {
    let mut lines = lines.rev().peekable();
    if lines.peek().is_none() {
        return;
    }
    section(ui, palette, heading);
    let now = system.sampled_at().max(system.facts().monotonic_ns);
    for line in lines.by_ref().take(LINES_MAX) {
        show_line(ui, palette, line, now);
        if line.skipped > 0 {
            aside(ui, palette, format!("{} left out", display::count(line.skipped)));
        }
    }
    let earlier = gone + lines.count() as u64;
    if earlier > 0 {
        aside(ui, palette, format!("and {} before", display::count(earlier)));
    }
}

fn show_line(ui: &mut egui::Ui, palette: &Palette, line: &Line, now: u64) {
    let color = color_of(line.level, palette);
    ui.horizontal_top(|ui| {
        ui.allocate_ui_with_layout(egui::vec2(AGE_WIDTH, 16.0), egui::Layout::left_to_right(egui::Align::Min), |ui| {
            ui.set_min_width(AGE_WIDTH);
            ui.label(text(age(line.at, now), type_size::SMALL, palette.faint));
        });
        let words = match line.level {
            Level::Error | Level::Warn => format!("{} · {}", line.level, display::label(&line.text, LINE_CHARS)),
            Level::Info | Level::Debug | Level::Trace => display::label(&line.text, LINE_CHARS).into_owned(),
        };
        ui.add(egui::Label::new(text(words, type_size::SMALL, color)).wrap());
    });
}

/// Under the texts of the lines.
fn aside(ui: &mut egui::Ui, palette: &Palette, words: String) {
    ui.horizontal(|ui| {
        ui.add_space(AGE_WIDTH + ui.spacing().item_spacing.x);
        ui.label(text(words, type_size::TINY, palette.faint));
    });
}

/// A word stands beside the colours of trouble.
fn color_of(level: Level, palette: &Palette) -> Rgba {
    match level {
        Level::Error => palette.alarm,
        Level::Warn => palette.warning,
        Level::Info => palette.text,
        Level::Debug | Level::Trace => palette.quiet,
    }
}

/// "3 s ago", without the "ago": all of them are.
fn age(at: u64, now: u64) -> String {
    match (at, now.saturating_sub(at)) {
        (0, _) => String::new(),
        (_, 0..1_000_000_000) => "now".to_owned(),
        (_, passed) => display::duration_ns(passed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        const SECOND: u64 = 1_000_000_000;
        let shown = [(0, 5), (5, 5), (9, 3), (SECOND, 4 * SECOND), (1, 600 * SECOND)].map(|(at, now)| age(at, now));
        assert_eq!(shown, ["", "now", "now", "3 s", "9 min 59 s"]);
    }
}
