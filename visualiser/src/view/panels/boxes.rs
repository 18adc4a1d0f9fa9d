//! The boxes of the selected component, a row each.

use axonscope_model::{PostboxKind, PostboxRef, display};
use bevy_egui::egui;

use super::super::palette::{Palette, type_size};
use super::super::picture::Trouble;
use super::text;

pub(super) fn show_box(ui: &mut egui::Ui, palette: &Palette, postbox: PostboxRef<'_>) {
    let trouble = Trouble::of_fill(postbox.fill());
    let color = match trouble {
        Trouble::Alarm => palette.alarm,
        Trouble::Warning => palette.warning,
        Trouble::None => palette.quiet,
    };
    let response = ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::hover());
        if postbox.kind() == PostboxKind::Inbox {
            ui.painter().circle_stroke(rect.center(), 5.5, egui::Stroke::new(1.6, color.egui()));
        } else {
            ui.painter().circle_filled(rect.center(), 4.0, color.egui());
        }
        ui.label(text(display::label(postbox.name(), 18), type_size::BODY, palette.text));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(text(display::rate(postbox.rate()), type_size::BODY, palette.quiet));
            let (figure, quiet) = figures(postbox);
            ui.label(text(figure, type_size::BODY, if quiet { palette.quiet } else { palette.text }));
        });
    });
    response.response.on_hover_ui(|ui| {
        let carries = if postbox.message_type().is_empty() { "not known" } else { postbox.message_type() };
        ui.label(text(format!("carries {}", display::label(carries, 60)), type_size::SMALL, palette.text));
        let most = format!(
            "most waiting {} · {} messages in all",
            display::count(postbox.high_water().into()),
            display::count(postbox.messages())
        );
        ui.label(text(most, type_size::SMALL, palette.quiet));
        if !postbox.description().is_empty() {
            ui.label(text(display::escape(postbox.description()), type_size::SMALL, palette.quiet));
        }
    });
}

/// Depth and capacity of an inbox, messages of an outbox, and what either dropped; whether that deserves attention.
fn figures(postbox: PostboxRef<'_>) -> (String, bool) {
    let dropped = if postbox.dropped() > 0 {
        format!(" · {} dropped", display::count(postbox.dropped()))
    } else {
        String::new()
    };
    let linked = if postbox.is_linked() { "" } else { "unlinked · " };
    let held = match (postbox.kind(), postbox.capacity()) {
        (PostboxKind::Inbox, 0) => display::count(postbox.depth().into()),
        (PostboxKind::Inbox, capacity) => {
            format!("{} / {}", display::count(postbox.depth().into()), display::count(capacity.into()))
        }
        (PostboxKind::Outbox | PostboxKind::Grip, _) => display::count(postbox.messages()),
    };
    (format!("{linked}{held}{dropped}"), !postbox.is_linked())
}
