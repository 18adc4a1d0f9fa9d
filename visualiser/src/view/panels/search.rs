//! The search box at the top left, with the best matches under it while somebody types.

use axonscope_session::Hit;
use bevy::prelude::*;
use bevy_egui::egui::text::{CCursor, CCursorRange, LayoutJob};
use bevy_egui::egui::{FontId, Key, Modifiers, TextFormat};
use bevy_egui::{EguiContexts, egui};

use axonscope_model::display;

use super::super::camera::Eye;
use super::super::finding::Finding;
use super::super::going::Go;
use super::super::palette::{Palette, type_size};
use super::super::pick::is_held;
use super::super::stage::{Look, Stage};
use super::super::type_face;
use super::{strong, text};

pub(super) const MARGIN: f32 = 20.0;
pub(super) const WIDTH: f32 = 360.0;
pub(super) const HEIGHT: f32 = 44.0;
const BOX: &str = "search box";
const LISTED: usize = 8;
const ROW: f32 = 40.0;
const NAME_CHARS: usize = 32;
const PLACE_CHARS: usize = 48;

pub(in super::super) fn show_search(
    mut contexts: EguiContexts,
    mut finding: ResMut<Finding>,
    mut go: MessageWriter<Go>,
    mut eye: ResMut<Eye>,
    look: Res<Look>,
    stage: Res<Stage>,
    keys: Res<ButtonInput<KeyCode>>,
) -> Result {
    let is_shown = !stage.picture.systems.is_empty() && look.chrome;
    let covered = if is_shown { MARGIN + HEIGHT } else { 0.0 };
    if eye.covered.above != covered {
        eye.covered.above = covered;
    }
    if !is_shown {
        (finding.wants_keyboard, finding.has_keyboard) = (false, false);
        return Ok(());
    }
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?.clone();
    let mut asked = Asked::default();
    let listed = finding.found.best.len().min(LISTED);
    if finding.has_keyboard || finding.wants_keyboard {
        asked = read_keys(&ctx, listed > 0, is_held(&keys, [KeyCode::AltLeft, KeyCode::AltRight]));
    }
    let area =
        egui::Area::new("search".into()).fade_in(false).fixed_pos([MARGIN, MARGIN]).order(egui::Order::Foreground);
    area.show(&ctx, |ui| {
        super::card(palette).inner_margin(egui::Margin::symmetric(16, 0)).show(ui, |ui| {
            ui.set_width(WIDTH - 32.0);
            show_box(ui, palette, finding.bypass_change_detection(), &mut asked);
        });
        if let Some(error) = &finding.error {
            ui.add_space(4.0);
            let words = display::label(&error.to_string(), 160).into_owned();
            note(ui, palette, &words);
        }
        let is_open = finding.has_keyboard && !finding.text.trim().is_empty() && finding.filter().is_some();
        if is_open {
            ui.add_space(6.0);
            super::card(palette).inner_margin(egui::Margin::symmetric(8, 8)).show(ui, |ui| {
                ui.set_width(WIDTH - 16.0);
                ui.spacing_mut().item_spacing.y = 0.0;
                show_best(ui, palette, &finding, &mut asked);
            });
        }
    });
    take(asked, &mut finding, &mut go, listed);
    Ok(())
}

/// What was done in it.
#[derive(Default)]
struct Asked {
    is_typed: bool,
    is_cleared: bool,
    turns_hiding: bool,
    down: usize,
    up: usize,
    enters: bool,
    clicked: Option<usize>,
}

fn take(asked: Asked, finding: &mut Finding, go: &mut MessageWriter<Go>, listed: usize) {
    if asked.is_typed {
        finding.read_text();
    }
    if asked.is_cleared {
        finding.clear();
    }
    if asked.turns_hiding {
        finding.hides = !finding.hides;
    }
    if listed > 0 && asked.down + asked.up > 0 {
        finding.chosen = (finding.chosen + asked.down + listed - asked.up % listed) % listed;
    }
    let chosen = asked.clicked.or_else(|| (asked.enters && !asked.is_typed).then_some(finding.chosen));
    if let Some(hit) = chosen.and_then(|chosen| finding.found.best.get(chosen)) {
        go.write(Go::To((hit.system, hit.component)));
    }
}

/// Taken before the box sees them.
fn read_keys(ctx: &egui::Context, has_list: bool, has_alt: bool) -> Asked {
    ctx.input_mut(|input| {
        let takes_h =
            [Modifiers::ALT, Modifiers::NONE].into_iter().any(|with| has_alt && input.consume_key(with, Key::H));
        let mut asked = Asked { turns_hiding: takes_h, ..Asked::default() };
        if asked.turns_hiding {
            // The letter of the key is no text.
            input.events.retain(|event| !matches!(event, egui::Event::Text(text) if text.eq_ignore_ascii_case("h")));
        }
        if has_list {
            asked.down = usize::from(input.consume_key(Modifiers::NONE, Key::ArrowDown));
            asked.up = usize::from(input.consume_key(Modifiers::NONE, Key::ArrowUp));
        }
        asked.enters = input.key_pressed(Key::Enter);
        asked.is_cleared = input.key_pressed(Key::Escape);
        asked
    })
}

fn show_box(ui: &mut egui::Ui, palette: &Palette, finding: &mut Finding, asked: &mut Asked) {
    ui.allocate_ui_with_layout(
        egui::vec2(ui.available_width(), HEIGHT),
        egui::Layout::left_to_right(egui::Align::Center),
        |ui| {
            ui.set_min_height(HEIGHT);
            show_glass(ui, palette);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if !finding.text.is_empty() {
                    show_count(ui, palette, finding, asked);
                }
                if std::mem::take(&mut finding.wants_keyboard) {
                    // Before it is shown, so that it takes what is typed already.
                    ui.memory_mut(|memory| memory.request_focus(egui::Id::new(BOX)));
                    select_all(ui.ctx(), &finding.text);
                }
                let hint = text("Find  /", type_size::BODY, palette.quiet);
                let edit = egui::TextEdit::singleline(&mut finding.text)
                    .id(egui::Id::new(BOX))
                    .frame(egui::Frame::NONE)
                    .font(FontId::new(type_size::BODY, type_face(false)))
                    .text_color(palette.text.egui())
                    .hint_text(hint)
                    .char_limit(400)
                    .desired_width(ui.available_width());
                let response = ui.add(edit);
                if asked.is_cleared {
                    response.surrender_focus();
                }
                finding.has_keyboard = response.has_focus() && !asked.is_cleared;
                asked.is_typed = response.changed();
            });
        },
    );
}

/// What is typed next replaces it.
fn select_all(ctx: &egui::Context, text: &str) {
    let id = egui::Id::new(BOX);
    let mut state = egui::text_edit::TextEditState::load(ctx, id).unwrap_or_default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()));
    state.cursor.set_char_range(Some(all));
    state.store(ctx, id);
}

fn show_glass(ui: &mut egui::Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(20.0, 20.0), egui::Sense::hover());
    let stroke = egui::Stroke::new(1.5, palette.quiet.egui());
    let middle = rect.center() - egui::vec2(2.0, 2.0);
    ui.painter().circle_stroke(middle, 4.5, stroke);
    ui.painter().line_segment([middle + egui::vec2(3.3, 3.3), middle + egui::vec2(7.0, 7.0)], stroke);
}

/// "3 of 18", and whether the rest is hidden.
fn show_count(ui: &mut egui::Ui, palette: &Palette, finding: &Finding, asked: &mut Asked) {
    let (word, color) = if finding.hides { ("rest hidden", palette.accent) } else { ("rest dimmed", palette.quiet) };
    let toggle =
        ui.add(egui::Label::new(text(word, type_size::TINY, color)).selectable(false).sense(egui::Sense::click()));
    toggle.clone().on_hover_text(text(
        "A click, or Alt-H, hides what does not match, or only dims it",
        type_size::SMALL,
        palette.text,
    ));
    asked.turns_hiding |= toggle.clicked();
    ui.add_space(8.0);
    if finding.filter().is_some() && finding.found.wanted.filter.as_ref() == finding.filter() {
        let [count, total] = [finding.found.count, finding.found.total].map(|count| display::count(count as u64));
        ui.label(text(format!("{count} of {total}"), type_size::SMALL, palette.quiet));
    }
}

/// A line in a small card of its own.
fn note(ui: &mut egui::Ui, palette: &Palette, words: &str) {
    super::card(palette).inner_margin(egui::Margin::symmetric(16, 8)).show(ui, |ui| {
        ui.set_width(WIDTH - 32.0);
        ui.add(egui::Label::new(text(words, type_size::SMALL, palette.quiet)).wrap());
    });
}

fn show_best(ui: &mut egui::Ui, palette: &Palette, finding: &Finding, asked: &mut Asked) {
    let best = &finding.found.best;
    if best.is_empty() {
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            ui.add_space(10.0);
            ui.label(text("Nothing matches", type_size::BODY, palette.quiet));
        });
        ui.add_space(6.0);
    }
    for (place, hit) in best.iter().take(LISTED).enumerate() {
        // Pressed rather than clicked: by the time of a click the box has lost the keyboard, and the list is gone.
        if show_hit(ui, palette, finding, hit, place == finding.chosen).is_pointer_button_down_on() {
            asked.clicked = Some(place);
        }
    }
    let more = finding.found.count.saturating_sub(LISTED);
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        let more = if more > 0 { format!("{} more · ", display::count(more as u64)) } else { String::new() };
        ui.label(text(format!("{more}Enter flies there · Esc clears"), type_size::TINY, palette.quiet));
    });
    ui.add_space(2.0);
}

fn show_hit(ui: &mut egui::Ui, palette: &Palette, finding: &Finding, hit: &Hit, is_chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), ROW), egui::Sense::click());
    let painter = ui.painter();
    if is_chosen || response.hovered() {
        let fill = palette.accent.fade(if is_chosen { 0.16 } else { 0.08 });
        painter.rect_filled(rect, 8.0, fill.egui());
    }
    let left = rect.min + egui::vec2(10.0, 4.0);
    painter.galley(left, painter.layout_job(name_job(palette, finding, &hit.name)), palette.text.egui());
    let type_name = display::label(&hit.type_name, 24);
    let place = display::label(&hit.place, PLACE_CHARS);
    let words = if hit.type_name.is_empty() { place.into_owned() } else { format!("{type_name} · {place}") };
    let font = FontId::new(type_size::TINY, type_face(false));
    let words = display::label(&words, 56).into_owned();
    painter.text(left + egui::vec2(0.0, 18.0), egui::Align2::LEFT_TOP, words, font, palette.quiet.egui());
    response
}

/// The name with the letters that were found standing out.
fn name_job(palette: &Palette, finding: &Finding, name: &str) -> LayoutJob {
    let shown = display::label(name, NAME_CHARS);
    // What had to be escaped has other letters.
    let letters = if shown == name { finding.filter().map(|filter| filter.letters_in(name)) } else { None };
    let letters = letters.unwrap_or_default();
    let mut job = LayoutJob::default();
    for (place, letter) in shown.chars().enumerate() {
        let is_found = letters.binary_search(&place).is_ok();
        let color = if is_found { palette.accent } else { palette.text };
        let format = TextFormat::simple(FontId::new(type_size::BODY, type_face(is_found)), color.egui());
        job.append(letter.encode_utf8(&mut [0; 4]), 0.0, format);
    }
    job
}

/// A word that can be clicked.
pub(super) fn link(ui: &mut egui::Ui, palette: &Palette, words: &str) -> bool {
    let label = egui::Label::new(strong(words, type_size::SMALL, palette.accent)).selectable(false);
    ui.add(label.sense(egui::Sense::click())).clicked()
}
