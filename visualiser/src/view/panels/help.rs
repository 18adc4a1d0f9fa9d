//! The help over everything: what each key does, in columns, and what the pointer does.

use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};
use serde_json::json;

use super::super::keys::{Does, GROUPS, Group, Pressed, lines};
use super::super::palette::{Palette, type_size};
use super::super::report::Said;
use super::super::stage::Look;
use super::super::{VisualiserSystems, pick, present};
use super::{card, section, strong, text};

pub(in super::super) fn hands_plugin(app: &mut App) {
    app.init_resource::<Help>().add_systems(
        Update,
        act_on_keys.before(present::act_on_keys).before(pick::press_keys).in_set(VisualiserSystems::Arrange),
    );
}

/// Whether it is open.
#[derive(Resource, Default)]
pub(crate) struct Help(bool);

/// Room for the keys of a line, and for what they do.
const KEYS: f32 = 118.0;
const SAYS: f32 = 206.0;
const COLUMN_GAP: f32 = 26.0;
const ROW: f32 = 24.0;
const MARGIN: f32 = 24.0;
/// From this width of the window on there are three columns; two in narrower ones.
const WIDE: f32 = 3.0 * (KEYS + SAYS) + 2.0 * COLUMN_GAP + 44.0 + 2.0 * MARGIN;
/// What only the pointer does.
const POINTER: &str = "Drag moves the picture, or a component and pins it there. The wheel comes closer. A double click \
                       unpins a component, opens or closes a composite, and on the ground shows everything.";

fn act_on_keys(mut help: ResMut<Help>, mut pressed: ResMut<Pressed>, mut said: ResMut<Said>) {
    let is_open = if help.0 { !pressed.is(Does::Help) && !pressed.take(Does::Leave) } else { pressed.is(Does::Help) };
    if help.0 != is_open {
        help.0 = is_open;
        said.0.insert("help".to_owned(), json!(is_open));
    }
}

pub(super) fn show_help(mut contexts: EguiContexts, help: Option<Res<Help>>, look: Res<Look>) -> Result {
    if !help.is_some_and(|help| help.0) {
        return Ok(());
    }
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?;
    let screen = ctx.viewport_rect();
    let columns: &[&[Group]] = if screen.width() >= WIDE {
        &[&[Group::Finding, Group::Presenting], &[Group::Knowing, Group::Arranging], &[Group::Looking, Group::Window]]
    } else {
        &[&[Group::Finding, Group::Knowing, Group::Presenting], &[Group::Looking, Group::Arranging, Group::Window]]
    };
    debug_assert_eq!(columns.iter().map(|column| column.len()).sum::<usize>(), GROUPS.len());
    // What lies behind steps back.
    let shade = egui::LayerId::new(egui::Order::Middle, "help behind".into());
    ctx.layer_painter(shade).rect_filled(screen, 0.0, palette.ground.fade(0.7).egui());
    let area = egui::Area::new("help".into()).order(egui::Order::Foreground).fade_in(false);
    area.anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0]).show(ctx, |ui| {
        let most = screen.size() - egui::vec2(2.0 * MARGIN, 2.0 * MARGIN);
        ui.set_max_size(most);
        card(palette).show(ui, |ui| {
            let count = columns.len() as f32;
            let width = (count * (KEYS + SAYS) + (count - 1.0) * COLUMN_GAP).min(most.x - 44.0);
            ui.set_width(width);
            egui::ScrollArea::vertical().max_height(most.y - 40.0).show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(strong("Keys", type_size::TITLE, palette.text));
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        ui.label(text("Esc closes this", type_size::SMALL, palette.quiet));
                    });
                });
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = 0.0;
                    for (number, column) in columns.iter().enumerate() {
                        if number > 0 {
                            ui.add_space(COLUMN_GAP);
                        }
                        ui.vertical(|ui| {
                            ui.set_width((KEYS + SAYS).min(width / count));
                            column.iter().for_each(|group| show_group(ui, palette, *group));
                        });
                    }
                });
                ui.add_space(16.0);
                ui.add(egui::Label::new(text(POINTER, type_size::SMALL, palette.quiet)).wrap());
            });
        });
    });
    Ok(())
}

fn show_group(ui: &mut egui::Ui, palette: &Palette, group: Group) {
    section(ui, palette, group.title());
    for (chords, says) in lines(group) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.set_height(ROW);
            let before = ui.cursor().min.x;
            for chord in chords {
                show_key(ui, palette, chord);
            }
            let used = ui.cursor().min.x - before;
            ui.add_space((KEYS - used).max(4.0));
            ui.add(egui::Label::new(text(says, type_size::SMALL, palette.text)).wrap());
        });
    }
}

/// A key as a small cap with a rim.
fn show_key(ui: &mut egui::Ui, palette: &Palette, chord: &str) {
    egui::Frame::new()
        .fill(palette.ring.egui())
        .stroke(egui::Stroke::new(1.0, palette.ring_rim.egui()))
        .corner_radius(egui::CornerRadius::same(5))
        .inner_margin(egui::Margin::symmetric(6, 2))
        .show(ui, |ui| ui.label(strong(chord, type_size::TINY, palette.text)));
}
