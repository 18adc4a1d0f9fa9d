//! Everything known about what is selected, on a card at the right that can be made narrower and hidden.

use bevy::prelude::*;
use bevy::window::RequestRedraw;
use bevy_egui::{EguiContexts, egui};

use super::super::VisualiserSystems;
use super::super::camera::Eye;
use super::super::chosen::{self, Selected};
use super::super::going::Go;
use super::super::inspect::{Row, Sheet};
use super::super::keys::{Does, Pressed};
use super::super::palette::{Palette, Theme, type_size};
use super::super::report::Said;
use super::super::stage::{Look, Stage, Watched};
use super::problems::{Below, problem_card};
use super::rows::{Clicked, show_row};
use super::{card, strong, text};
use axonscope_model::Model;
use axonscope_session::Subject;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Inspector>()
        .init_resource::<Said>()
        .add_systems(Update, (keep_past, make_room).chain().in_set(VisualiserSystems::Arrange));
}

/// What the card asks the window to do: keys are the window's.
pub(crate) fn hands_plugin(app: &mut App) {
    app.add_systems(Update, (press_keys, copy).chain().in_set(VisualiserSystems::Arrange));
}

const MARGIN: f32 = 20.0;
/// Air inside the card, at both sides together.
const AIR: f32 = 44.0;
const WIDTH: f32 = 400.0;
const WIDTH_MIN: f32 = 280.0;
const WIDTH_MAX: f32 = 640.0;
/// How wide the edge is that can be dragged.
const EDGE: f32 = 8.0;

/// The card.
#[derive(Resource)]
pub(crate) struct Inspector {
    width: f32,
    hidden: bool,
    /// What is to be put on the clipboard.
    to_copy: Option<String>,
    /// What was copied last, of what.
    copied: Option<Selected>,
    /// Asked for by a key: all that is shown, as soon as it is read.
    wants_copy: bool,
}

impl Default for Inspector {
    fn default() -> Self {
        Self { width: WIDTH, hidden: false, to_copy: None, copied: None, wants_copy: false }
    }
}

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn show_inspector(
    mut contexts: EguiContexts,
    watched: Res<Watched>,
    below: Res<Below>,
    mut inspector: ResMut<Inspector>,
    mut look: ResMut<Look>,
    mut eye: ResMut<Eye>,
    mut said: ResMut<Said>,
    mut go: MessageWriter<Go>,
    mut redraw: MessageWriter<RequestRedraw>,
) -> Result {
    let chosen = look.chosen();
    let ctx = contexts.ctx_mut()?;
    let screen = ctx.viewport_rect();
    let width = inspector.width.min(screen.width() * 0.6).max(WIDTH_MIN.min(screen.width() - 2.0 * MARGIN));
    let is_covered = chosen.is_some() && !inspector.hidden || below.0 > 0.0;
    let covered = if is_covered { width + MARGIN } else { 0.0 };
    if eye.covered.right != covered {
        eye.covered.right = covered;
    }
    let wants_copy = std::mem::take(&mut inspector.bypass_change_detection().wants_copy);
    let Some(chosen) = chosen else {
        said.0.insert("inspector".into(), serde_json::Value::Null);
        return Ok(());
    };
    let sheet = watched.0.read(|model: &Model| Sheet::read(&watched.0, model, chosen));
    let Some(sheet) = sheet else {
        // It has gone.
        look.choose(None);
        return Ok(());
    };
    if wants_copy {
        inspector.to_copy = Some(sheet.text());
        inspector.copied = Some(chosen);
    }
    let shown = (!inspector.hidden).then_some(width);
    let mut told = told(&sheet, chosen, shown, inspector.copied == Some(chosen));
    if inspector.hidden {
        said.0.insert("inspector".into(), told);
        return Ok(());
    }

    let palette = Palette::of(look.theme);
    let problems = watched.0.latest_problems();
    let height = screen.height() - 2.0 * MARGIN - eye.covered.below - below.0;
    let is_light = look.theme == Theme::Light;
    let mut clicked = Clicked::default();
    let area = egui::Area::new("inspector".into()).fade_in(false).anchor(egui::Align2::RIGHT_TOP, [-MARGIN, MARGIN]);
    area.show(ctx, |ui| {
        // An area is as high as it was before; without this a card could never grow.
        ui.set_max_height(height);
        let frame = card(palette).show(ui, |ui| {
            ui.set_width(width - AIR);
            ui.spacing_mut().item_spacing.y = 6.0;
            if is_light {
                // egui blends its fade too dark on light cards.
                ui.spacing_mut().scroll.fade.strength = 0.0;
            }
            if show_head(ui, palette, &sheet, inspector.copied == Some(chosen)) {
                inspector.to_copy = Some(sheet.text());
                inspector.copied = Some(chosen);
            }
            let scroll = egui::ScrollArea::vertical().id_salt(chosen).max_height(height - AIR - 60.0);
            scroll.show(ui, |ui| {
                // What is wrong is told by its problem, where there is one.
                let is_told = matches!(chosen, Selected::Component((system, component))
                    if problem_card(ui, palette, &problems, system, component));
                let told = sheet.rows.iter().position(|row| is_told && matches!(row, Row::Banner { .. }));
                for (number, row) in sheet.rows.iter().enumerate().filter(|(number, _)| Some(*number) != told) {
                    ui.push_id(number, |ui| show_row(ui, palette, row, &mut clicked));
                }
            });
        });
        drag_edge(ui, frame.response.rect, &mut inspector);
    });
    told["links"] = clicked.links.into();
    if said.0.get("inspector") != Some(&told) {
        // Whoever reads the report does so in the next frame.
        redraw.write(RequestRedraw);
        said.0.insert("inspector".into(), told);
    }
    if let Some((linkage, on)) = clicked.tap {
        watched.0.tap(chosen.system(), linkage, on);
    }
    match clicked.to {
        Some(Selected::Component(key)) => drop(go.write(Go::To(key))),
        Some(to) => drop(go.write(Go::Show(to))),
        None => {}
    }
    Ok(())
}

/// Its name, where it is, and a button; whether that was pressed.
fn show_head(ui: &mut egui::Ui, palette: &Palette, sheet: &Sheet, is_copied: bool) -> bool {
    let mut pressed = false;
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let word = if is_copied { "copied" } else { "copy" };
            let button = egui::Button::new(text(word, type_size::TINY, palette.quiet))
                .fill(palette.card.egui())
                .stroke(egui::Stroke::new(1.0, palette.card_rim.egui()))
                .corner_radius(egui::CornerRadius::same(7));
            pressed = ui.add(button).on_hover_text("copy all of this as text (Ctrl-C)").clicked();
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let title = egui::Label::new(strong(&sheet.title, type_size::TITLE, palette.text)).truncate();
                ui.add(title);
            });
        });
    });
    ui.add(egui::Label::new(text(&sheet.path, type_size::SMALL, palette.quiet)).wrap());
    pressed
}

/// The left edge makes the card wider and narrower.
fn drag_edge(ui: &egui::Ui, card: egui::Rect, inspector: &mut Inspector) {
    let edge = egui::Rect::from_x_y_ranges(card.min.x - EDGE / 2.0..=card.min.x + EDGE / 2.0, card.y_range());
    let response = ui.interact(edge, ui.id().with("edge"), egui::Sense::drag());
    if response.dragged() {
        inspector.width = (inspector.width - response.drag_delta().x).clamp(WIDTH_MIN, WIDTH_MAX);
    }
    response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
}

fn told(sheet: &Sheet, chosen: Selected, width: Option<f32>, is_copied: bool) -> serde_json::Value {
    let kind = match chosen {
        Selected::System(_) => "system",
        Selected::Component(_) => "component",
        Selected::Postbox(..) => "postbox",
        Selected::Linkage(..) => "linkage",
    };
    serde_json::json!({
        "kind": kind, "title": sheet.title, "path": sheet.path, "width": width.map(f32::round), "copied": is_copied,
        "text": is_copied.then(|| sheet.text()),
    })
}

/// What is selected has a past, however much else there is.
fn keep_past(look: Res<Look>, watched: Res<Watched>, mut last: Local<Option<Selected>>) {
    let chosen = look.chosen();
    if *last == chosen {
        return;
    }
    *last = chosen;
    let subjects: Vec<_> = watched.0.read(|model| {
        let system = chosen.and_then(|chosen| model.system(chosen.system()));
        let (Some(chosen), Some(system)) = (chosen, system) else { return Vec::new() };
        let subjects = match chosen {
            Selected::System(_) => vec![Subject::System],
            Selected::Postbox(_, postbox) => vec![Subject::Postbox(postbox)],
            Selected::Linkage(_, linkage) => system.linkage(linkage).map_or(Vec::new(), |linkage| {
                [linkage.source(), linkage.sink()].map(|end| Subject::Postbox(end.id())).into()
            }),
            Selected::Component((_, id)) => {
                let boxes = system.component(id).into_iter().flat_map(|component| component.postboxes());
                std::iter::once(Subject::Component(id))
                    .chain(boxes.map(|postbox| Subject::Postbox(postbox.id())))
                    .collect()
            }
        };
        subjects.into_iter().map(|subject| (system.id(), subject)).collect()
    });
    watched.0.select_past(subjects);
}

/// What has just been selected is not covered by the card about it.
fn make_room(
    look: Res<Look>,
    stage: Res<Stage>,
    inspector: Res<Inspector>,
    mut eye: ResMut<Eye>,
    mut redraw: MessageWriter<RequestRedraw>,
    mut last: Local<Option<Selected>>,
    mut is_due: Local<bool>,
) {
    let chosen = look.chosen();
    if *last != chosen {
        (*last, *is_due) = (chosen, chosen.is_some() && !inspector.hidden);
    }
    let Some(chosen) = chosen.filter(|_| *is_due) else { return };
    if eye.covered.right == 0.0 {
        // The card is there from this frame's end on.
        redraw.write(RequestRedraw);
        return;
    }
    *is_due = false;
    if let Some(rect) = chosen::place(&stage.picture, chosen).filter(|_| !matches!(chosen, Selected::System(_))) {
        eye.uncover(rect);
    }
}

fn press_keys(pressed: Res<Pressed>, look: Res<Look>, mut inspector: ResMut<Inspector>) {
    if pressed.is(Does::Inspector) {
        inspector.hidden = !inspector.hidden;
    }
    if pressed.is(Does::Copy) && look.chosen().is_some() {
        inspector.wants_copy = true;
    }
}

/// Puts what is to be copied on the clipboard, and keeps it there.
fn copy(mut inspector: ResMut<Inspector>, mut clipboard: Local<Option<arboard::Clipboard>>) {
    let Some(text) = inspector.bypass_change_detection().to_copy.take() else { return };
    if clipboard.is_none() {
        *clipboard = arboard::Clipboard::new().inspect_err(|error| warn!(%error, "there is no clipboard")).ok();
    }
    if let Some(clipboard) = &mut *clipboard
        && let Err(error) = clipboard.set_text(text)
    {
        warn!(%error, "nothing was copied");
    }
}
