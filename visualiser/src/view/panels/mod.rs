//! The panels: rounded cards over the picture, one a file.

mod boxes;
mod chip;
mod empty;
mod linkages;
mod log;
pub(super) mod search;
mod table;
mod tree;

mod problems;

mod inspector;
mod status;

use bevy::asset::AssetEventSystems;
use bevy::prelude::*;
use bevy_egui::egui::{self, CornerRadius, FontId, Frame, Margin, RichText, Stroke};
use bevy_egui::{EguiContexts, EguiInput, EguiPostUpdateSet, EguiPreUpdateSet, EguiPrimaryContextPass};

use super::palette::{Palette, Rgba, type_size};
use super::{VisualiserSystems, labels, type_face};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<status::Throughput>()
        .init_resource::<problems::Below>()
        .add_systems(PreUpdate, drop_unchanged_modifiers.after(EguiPreUpdateSet::ProcessInput))
        // Else a letter that is written for the first time is missing for a frame, which may be the last for long.
        .configure_sets(PostUpdate, AssetEventSystems.after(EguiPostUpdateSet::PostProcessOutput))
        // Fonts hold from the next pass of egui's on, so they are set before the first.
        .add_systems(Update, set_style.in_set(VisualiserSystems::Receive))
        .add_systems(
            EguiPrimaryContextPass,
            (
                labels::paint_all_labels,
                status::show_status,
                problems::show_problems,
                inspector::show_inspector,
                empty::show_empty,
            )
                .chain(),
        );
}

/// Panels that are of use only where there are a pointer and keys.
pub(super) fn hands_plugin(app: &mut App) {
    app.add_systems(
        EguiPrimaryContextPass,
        (search::show_search, chip::show_chip, table::show_table, tree::show_tree).chain().after(empty::show_empty),
    );
}

/// bevy_egui tells egui of the modifier keys in every frame, and egui asks for another frame after every event: together
/// they would never rest.
fn drop_unchanged_modifiers(mut inputs: Query<&mut EguiInput>, mut last: Local<egui::Modifiers>) {
    for mut input in &mut inputs {
        input.events.retain(|event| match event {
            egui::Event::ModifiersChanged(now) => std::mem::replace(&mut *last, *now) != *now,
            _ => true,
        });
    }
}

/// Type and colours of all that egui draws.
fn set_style(
    mut contexts: EguiContexts,
    look: Res<super::stage::Look>,
    mut styled: Local<Option<super::palette::Theme>>,
) {
    let Ok(ctx) = contexts.ctx_mut() else { return };
    if *styled == Some(look.theme) {
        return;
    }
    if styled.is_none() {
        ctx.set_fonts(super::fonts());
    }
    *styled = Some(look.theme);
    let palette = Palette::of(look.theme);
    let mut visuals = match look.theme {
        super::palette::Theme::Dark => egui::Visuals::dark(),
        super::palette::Theme::Light => egui::Visuals::light(),
    };
    visuals.override_text_color = Some(palette.text.egui());
    visuals.panel_fill = palette.bar.egui();
    // One that blinks would have a frame drawn for each blink.
    visuals.text_cursor.blink = false;
    visuals.selection.bg_fill = palette.accent.fade(0.3).egui();
    visuals.hyperlink_color = palette.accent.egui();
    ctx.set_visuals(visuals);
}

/// A rounded card with air inside.
fn card(palette: &Palette) -> Frame {
    Frame::new()
        .fill(palette.card.egui())
        .stroke(Stroke::new(1.0, palette.card_rim.egui()))
        .corner_radius(CornerRadius::same(14))
        .inner_margin(Margin::symmetric(22, 20))
}

fn text(words: impl Into<String>, size: f32, color: Rgba) -> RichText {
    RichText::new(words).font(FontId::new(size, type_face(false))).color(color.egui())
}

fn strong(words: impl Into<String>, size: f32, color: Rgba) -> RichText {
    RichText::new(words).font(FontId::new(size, type_face(true))).color(color.egui())
}

/// The heading of a section: small capitals in the quiet colour.
fn section(ui: &mut egui::Ui, palette: &Palette, words: &str) {
    ui.add_space(16.0);
    ui.label(strong(words.to_uppercase(), type_size::TINY, palette.quiet).extra_letter_spacing(0.6));
    ui.add_space(4.0);
}

/// A name at the left and its figure at the right.
fn row(ui: &mut egui::Ui, palette: &Palette, name: &str, figure: impl Into<String>) {
    ui.horizontal(|ui| {
        ui.label(text(name, type_size::BODY, palette.quiet));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(text(figure, type_size::BODY, palette.text));
        });
    });
}
