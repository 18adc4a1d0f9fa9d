//! The panels: rounded cards over the picture, one a file.

mod chip;
mod empty;
pub(super) mod help;
pub(super) mod search;
mod spark;
mod table;
mod tree;

mod fitting;
mod legend;
mod problems;

pub(crate) mod inspector;
mod rows;
mod status;

use bevy::asset::AssetEventSystems;
use bevy::prelude::*;
use bevy_egui::egui::{self, CornerRadius, FontId, Frame, Margin, RichText, Stroke};
use bevy_egui::{EguiContexts, EguiInput, EguiPostUpdateSet, EguiPreUpdateSet, EguiPrimaryContextPass};

use super::palette::{Palette, Rgba, type_size};
use super::{VisualiserSystems, labels, present, type_face};

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((inspector::plugin, legend::plugin))
        .init_resource::<status::Throughput>()
        .init_resource::<problems::Below>()
        .add_systems(PreUpdate, (drop_unchanged_modifiers, keep_tab).after(EguiPreUpdateSet::ProcessInput))
        // Else a letter that is written for the first time is missing for a frame, which may be the last for long.
        .configure_sets(PostUpdate, AssetEventSystems.after(EguiPostUpdateSet::PostProcessOutput))
        // Fonts hold from the next pass of egui's on, so they are set before the first.
        .add_systems(Update, set_style.in_set(VisualiserSystems::Receive))
        .add_systems(
            EguiPrimaryContextPass,
            (
                labels::paint_all_labels,
                (status::show_status, problems::show_problems, inspector::show_inspector, empty::show_empty)
                    .chain()
                    .run_if(not(present::is_presenting)),
                legend::show_legend,
                help::show_help,
            )
                .chain(),
        );
}

/// Panels that are of use only where there are a pointer and keys.
pub(super) fn hands_plugin(app: &mut App) {
    app.add_systems(
        EguiPrimaryContextPass,
        (search::show_search, chip::show_chip, table::show_table, tree::show_tree)
            .chain()
            .after(empty::show_empty)
            .run_if(not(present::is_presenting)),
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

/// Tab selects in the picture. egui would give the keyboard to a panel as well, the search box first, and what is pressed
/// next would be typed there.
fn keep_tab(mut inputs: Query<&mut EguiInput>, mut contexts: EguiContexts) {
    let is_tab = |event: &egui::Event| matches!(event, egui::Event::Key { key: egui::Key::Tab, .. });
    let is_writing = contexts.ctx_mut().is_ok_and(|ctx| ctx.text_edit_focused());
    for mut input in &mut inputs {
        if !is_writing && input.events.iter().any(is_tab) {
            input.events.retain(|event| !is_tab(event));
        }
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
        // Larger and smaller type is ours: egui's own zoom would take panels and labels elsewhere than the picture.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        // Bars beside what they move, not on it.
        ctx.all_styles_mut(|style| style.spacing.scroll.floating_allocated_width = 10.0);
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
