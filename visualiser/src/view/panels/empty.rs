//! What a window without a system shows: one sentence, the address, and the lines that attach a program.

use axonscope_model::display::escape;
use axonscope_session::Listen;
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::super::palette::{Palette, type_size};
use super::super::stage::{Look, Stage, Watched};
use super::{card, strong, text};

const WIDTH: f32 = 540.0;

pub(super) fn show_empty(
    mut contexts: EguiContexts,
    stage: Res<Stage>,
    look: Res<Look>,
    watched: Res<Watched>,
) -> Result {
    if !stage.picture.systems.is_empty() {
        return Ok(());
    }
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?;
    let addresses = watched.0.addresses();
    // Panels do not fade in: a picture taken in the first instants would show them half transparent.
    egui::Area::new("empty".into()).fade_in(false).anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0]).show(ctx, |ui| {
        ui.set_width(WIDTH);
        ui.vertical_centered(|ui| {
            let Some(first) = addresses.first() else {
                ui.label(strong("There is no system to show", type_size::TITLE, palette.text));
                return;
            };
            ui.label(strong("Waiting for a program to look inside", type_size::TITLE, palette.text));
            ui.add_space(8.0);
            ui.label(text(format!("Listening on {}", places(addresses)), type_size::BODY, palette.quiet));
            ui.add_space(22.0);
            card(palette).show(ui, |ui| {
                ui.set_width(WIDTH - 44.0);
                ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                    let default =
                        watched.0.address().is_some_and(|address| address.port() == axonscope_proto::DEFAULT_PORT);
                    let variable = axonscope_proto::ENDPOINT_VARIABLE;
                    let lines = [
                        "let system = axonscope_runtime::System::new(\"my program\");".to_owned(),
                        "let _probe = axonscope_probe::init(&system)?;".to_owned(),
                        if default {
                            "// that is all".to_owned()
                        } else {
                            format!("// and run it with {variable}={}", escape(&first.to_string()))
                        },
                    ];
                    for line in lines {
                        ui.label(
                            egui::RichText::new(line)
                                .font(egui::FontId::monospace(type_size::BODY))
                                .color(palette.text.egui()),
                        );
                    }
                });
            });
        });
    });
    Ok(())
}

/// `127.0.0.1:7420 and unix:/path`.
fn places(addresses: &[Listen]) -> String {
    let place = |listen: &Listen| match listen {
        Listen::Tcp(address) => address.to_string(),
        Listen::Unix(_) => escape(&listen.to_string()).into_owned(),
    };
    addresses.iter().map(place).collect::<Vec<_>>().join(" and ")
}
