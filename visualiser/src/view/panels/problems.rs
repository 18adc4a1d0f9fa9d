//! What is wrong, on a card at the lower right: the worst first, a sentence and its figures each. A click goes there.

use axonscope_model::ComponentId;
use axonscope_model::SystemId;
use axonscope_model::display;
use axonscope_session::{MOST_PROBLEMS, Problem, Severity};
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::super::camera::Eye;
use super::super::going::Go;
use super::super::keys::{Does, Pressed};
use super::super::palette::{Palette, Rgba, Theme, type_size};
use super::super::report::Said;
use super::super::stage::{Look, Watched};
use super::{card, strong, text};

const WIDTH: f32 = 400.0;
/// From this width of the window on there is room for rows.
const ROOMY: f32 = 880.0;
const MARGIN: f32 = 20.0;
/// Inside the card, at both sides together.
const INSIDE: f32 = 44.0;
/// Rows that are shown until somebody asks for more, and at most then.
const ROWS: usize = 6;
const ROWS_MAX: usize = 200;
/// How high the rows may be together, in shares of the window.
const SHARE: f32 = 0.38;
/// How many components are brought into view together.
const TOGETHER: usize = 12;
/// How long a sentence and its evidence may be.
const SENTENCE_CHARS: usize = 200;
const EVIDENCE_CHARS: usize = 240;

/// How much of the window's lower right the card takes; panels above it leave that room.
#[derive(Resource, Default)]
pub(super) struct Below(pub(super) f32);

/// How many rows are asked for: all of them, or none but how many there are.
#[derive(Default)]
pub(super) struct Rows {
    all: bool,
    none: bool,
    /// The problem that a key flies to next.
    next: usize,
}

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn show_problems(
    mut contexts: EguiContexts,
    watched: Res<Watched>,
    look: Res<Look>,
    eye: Res<Eye>,
    mut below: ResMut<Below>,
    pressed: Res<Pressed>,
    mut asked: Local<Rows>,
    mut go: MessageWriter<Go>,
    mut said: ResMut<Said>,
) -> Result {
    let problems = watched.0.latest_problems();
    if problems.is_empty() {
        below.0 = 0.0;
        asked.all = false;
        said.0.remove("problems");
        return Ok(());
    }
    asked.none ^= pressed.is(Does::Problems);
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?;
    let room = ctx.viewport_rect().height() - 2.0 * MARGIN - eye.covered.below;
    // A small window is for the picture: there the count stands alone.
    let is_roomy = ctx.viewport_rect().width() >= ROOMY && !asked.none;
    let shown = if !is_roomy {
        0
    } else if asked.all {
        ROWS_MAX
    } else {
        ROWS
    }
    .min(problems.len());
    let mut rows = Vec::new();
    let mut clicked = None;
    let area = egui::Area::new("problems".into()).fade_in(false);
    let area = area.anchor(egui::Align2::RIGHT_BOTTOM, [-MARGIN, -MARGIN - eye.covered.below]);
    let response = area.show(ctx, |ui| {
        ui.set_max_height(room);
        card(palette).show(ui, |ui| {
            ui.set_width(WIDTH - INSIDE);
            ui.spacing_mut().item_spacing.y = 3.0;
            if look.theme == Theme::Light {
                // egui blends its fade too dark on light cards.
                ui.spacing_mut().scroll.fade.strength = 0.0;
            }
            show_heading(ui, palette, &problems);
            egui::ScrollArea::vertical().max_height(room * SHARE).show(ui, |ui| {
                for (number, problem) in problems.iter().take(shown).enumerate() {
                    let row = show_row(ui, palette, number, problem);
                    rows.push(row.rect);
                    if row.clicked() {
                        clicked = Some(number);
                    }
                }
            });
            if let Some(words) = rest(problems.len(), asked.all).filter(|_| is_roomy) {
                let more =
                    ui.add(egui::Label::new(text(words, type_size::SMALL, palette.accent)).sense(egui::Sense::click()));
                if more.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
                    asked.all = !asked.all;
                }
            }
        });
    });
    below.0 = response.response.rect.height() + MARGIN;
    if pressed.is(Does::NextProblem) {
        clicked = Some(asked.next % problems.len());
    }
    asked.next = clicked.map_or(asked.next, |number| number + 1);
    if let Some(problem) = clicked.and_then(|number| problems.get(number)) {
        go.write(way_to(problem));
    }
    said.0.insert("problems".to_owned(), report(&problems, &rows));
    Ok(())
}

/// "Problems" at the left, how many at the right.
fn show_heading(ui: &mut egui::Ui, palette: &Palette, problems: &[Problem]) {
    ui.horizontal(|ui| {
        ui.label(strong("Problems", type_size::HEADING, palette.text));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let worst = problems.first().map_or(Severity::Note, |problem| problem.severity);
            let more = if problems.len() < MOST_PROBLEMS { "" } else { "+" };
            let count = format!("{}{more}", display::count(problems.len() as u64));
            ui.label(strong(count, type_size::HEADING, color(palette, worst)));
        });
    });
    ui.add_space(6.0);
}

/// A mark, the sentence, and below it the evidence in the quiet colour. All of it can be clicked.
fn show_row(ui: &mut egui::Ui, palette: &Palette, number: usize, problem: &Problem) -> egui::Response {
    let row = ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        let (rect, _) = ui.allocate_exact_size(egui::vec2(12.0, 19.0), egui::Sense::hover());
        mark(ui, palette, problem.severity, rect.center());
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let sentence = display::label(&problem.sentence, SENTENCE_CHARS);
            ui.add(egui::Label::new(text(sentence, type_size::BODY, palette.text)).selectable(false).wrap());
            if !problem.evidence.is_empty() {
                let evidence = display::label(&problem.evidence, EVIDENCE_CHARS);
                ui.add(egui::Label::new(text(evidence, type_size::TINY, palette.quiet)).selectable(false).wrap());
            }
            ui.add_space(9.0);
        });
    });
    // By its place: words and figures change between press and release.
    let id = ui.id().with(("problem", number));
    let response = ui.interact(row.response.rect, id, egui::Sense::click());
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// Not by colour alone: a diamond is an error, a triangle a warning, a ring a note.
fn mark(ui: &egui::Ui, palette: &Palette, severity: Severity, center: egui::Pos2) {
    let color = color(palette, severity).egui();
    let corner = |x: f32, y: f32| center + egui::vec2(x, y);
    let filled = |corners: Vec<egui::Pos2>| egui::Shape::convex_polygon(corners, color, egui::Stroke::NONE);
    ui.painter().add(match severity {
        Severity::Error => filled(vec![corner(0.0, -6.0), corner(6.0, 0.0), corner(0.0, 6.0), corner(-6.0, 0.0)]),
        Severity::Warning => filled(vec![corner(0.0, -5.5), corner(6.0, 5.0), corner(-6.0, 5.0)]),
        Severity::Note => egui::Shape::circle_stroke(center, 4.0, egui::Stroke::new(1.6, color)),
    });
}

fn color(palette: &Palette, severity: Severity) -> Rgba {
    match severity {
        Severity::Note => palette.quiet,
        Severity::Warning => palette.warning,
        Severity::Error => palette.alarm,
    }
}

/// What stands below the rows.
fn rest(count: usize, is_unfolded: bool) -> Option<String> {
    match (count, is_unfolded) {
        (count, _) if count <= ROWS => None,
        (count, true) if count <= ROWS_MAX => Some("show fewer".to_owned()),
        (count, true) => Some(format!("and {} more; show fewer", display::count((count - ROWS_MAX) as u64))),
        (count, false) => Some(format!("and {} more", display::count((count - ROWS) as u64))),
    }
}

/// To the culprit, with its victims in view where they are few.
fn way_to(problem: &Problem) -> Go {
    let key = |component: &ComponentId| (problem.system, *component);
    match &*problem.components {
        [] => Go::ToSystem(problem.system),
        [one] => Go::To(key(one)),
        several => Go::ToAll(several.iter().take(TOGETHER).map(key).collect()),
    }
}

/// For tests of the window: what is listed, and where on the screen.
fn report(problems: &[Problem], rows: &[egui::Rect]) -> serde_json::Value {
    let row = |(problem, rect): (&Problem, &egui::Rect)| {
        serde_json::json!({
            "kind": problem.kind, "sentence": problem.sentence,
            "x": rect.center().x.round(), "y": (rect.top() + 8.0).round(),
        })
    };
    serde_json::json!({ "count": problems.len(), "rows": problems.iter().zip(rows).map(row).collect::<Vec<_>>() })
}

/// A framed card about a component that is culprit or victim of a problem, for the inspector; nothing for any other. True
/// when it was shown.
pub(super) fn problem_card(
    ui: &mut egui::Ui,
    palette: &Palette,
    problems: &[Problem],
    system: SystemId,
    component: ComponentId,
) -> bool {
    let names = |problem: &&Problem| problem.system == system && problem.components.contains(&component);
    let Some(problem) = problems.iter().find(names) else { return false };
    let color = color(palette, problem.severity);
    ui.add_space(6.0);
    egui::Frame::new()
        .fill(color.fade(0.14).egui())
        .stroke(egui::Stroke::new(1.0, color.fade(0.6).egui()))
        .corner_radius(egui::CornerRadius::same(8))
        .inner_margin(egui::Margin::symmetric(12, 9))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            let sentence = display::label(&problem.sentence, SENTENCE_CHARS);
            ui.label(strong(sentence, type_size::BODY, color));
            if !problem.evidence.is_empty() {
                let evidence = display::label(&problem.evidence, EVIDENCE_CHARS);
                ui.label(text(evidence, type_size::SMALL, palette.text));
            }
        });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_are_counted_and_can_be_asked_for() {
        assert_eq!(rest(6, false), None);
        assert_eq!(rest(18, false).as_deref(), Some("and 12 more"));
        assert_eq!(rest(18, true).as_deref(), Some("show fewer"));
        assert_eq!(rest(1_250, true).as_deref(), Some("and 1 050 more; show fewer"));
    }

    #[test]
    fn a_click_goes_to_all_that_are_named_or_to_the_system() {
        let of = |components: &[u64]| Problem {
            system: SystemId(3),
            components: components.iter().copied().map(ComponentId).collect(),
            ..Problem::default()
        };
        let key = |component| (SystemId(3), ComponentId(component));
        assert_eq!(way_to(&of(&[])), Go::ToSystem(SystemId(3)));
        assert_eq!(way_to(&of(&[7])), Go::To(key(7)));
        assert_eq!(way_to(&of(&[7, 8])), Go::ToAll(vec![key(7), key(8)]));
    }
}
