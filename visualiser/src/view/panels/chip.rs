//! A chip beside the search box: what is looked at closely, more of it or less, and its end.

use axonscope_model::display;
use axonscope_model::finding::Sense;
use axonscope_model::{ComponentId, System};
use axonscope_session::Focus;
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::super::finding::{Finding, stepped};
use super::super::going::Go;
use super::super::palette::{Palette, type_size};
use super::super::stage::{Look, Watched};
use super::search::{HEIGHT, MARGIN, WIDTH, link};
use super::{strong, text};

/// Components of a path that are named, at each end.
const NAMED: usize = 4;
const NAME_CHARS: usize = 20;

pub(super) fn show_chip(
    mut contexts: EguiContexts,
    mut finding: ResMut<Finding>,
    mut go: MessageWriter<Go>,
    look: Res<Look>,
    watched: Res<Watched>,
) -> Result {
    let Some(focus) = finding.focus.filter(|_| look.chrome) else { return Ok(()) };
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?.clone();
    let area = egui::Area::new("focus".into()).fade_in(false).fixed_pos([MARGIN + WIDTH + 12.0, MARGIN]);
    let mut next = Some(focus);
    let mut goes_to = None;
    area.show(&ctx, |ui| {
        super::card(palette).inner_margin(egui::Margin::symmetric(16, 0)).show(ui, |ui| {
            ui.set_height(HEIGHT);
            ui.horizontal_centered(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                match focus {
                    Focus::Near { system, component, up, down } => {
                        let name = watched.0.read(|model| name(model.system(system), component));
                        show_near(ui, palette, &name, (up, down), finding.found.reached, &mut |by| {
                            next = stepped(Some(focus), None, by.0, by.1);
                        });
                    }
                    Focus::Way { system, from, to } => {
                        let names = watched.0.read(|model| {
                            let named = |id: &ComponentId| (*id, name(model.system(system), *id));
                            let path =
                                finding.found.path.as_ref().map(|path| path.components.iter().map(named).collect());
                            path.unwrap_or_else(|| vec![named(&from), named(&to)])
                        });
                        let sense = finding.found.path.as_ref().map(|path| path.sense);
                        goes_to = show_way(ui, palette, &names, sense).map(|component| (system, component));
                    }
                }
                ui.add_space(6.0);
                if link(ui, palette, "end") {
                    next = None;
                }
                ui.label(text("Esc", type_size::TINY, palette.quiet));
            });
        });
    });
    if next != Some(focus) {
        finding.focus = next;
    }
    if let Some(key) = goes_to {
        go.write(Go::To(key));
    }
    Ok(())
}

fn name(system: Option<&System>, component: ComponentId) -> String {
    match system.and_then(|system| system.component(component)) {
        Some(component) => display::label(component.name(), NAME_CHARS).into_owned(),
        None => "what has gone".to_owned(),
    }
}

/// "2 up · room · 1 down", with more and less of each.
fn show_near(
    ui: &mut egui::Ui,
    palette: &Palette,
    name: &str,
    (up, down): (u32, u32),
    reached: usize,
    step: &mut dyn FnMut((i32, i32)),
) {
    let mut show_side = |ui: &mut egui::Ui, words: &str, steps: u32, by: (i32, i32)| {
        ui.label(text(format!("{steps} {words}"), type_size::BODY, palette.text));
        if link(ui, palette, " − ") {
            step((-by.0, -by.1));
        }
        if link(ui, palette, " + ") {
            step(by);
        }
    };
    show_side(ui, "up", up, (1, 0));
    ui.label(strong(format!("→  {name}  →"), type_size::BODY, palette.text));
    show_side(ui, "down", down, (0, 1));
    let others = if reached == 1 { "other" } else { "others" };
    ui.label(text(format!("{} {others}", display::count(reached as u64)), type_size::SMALL, palette.quiet));
}

/// "alice → room → logger"; whoever was clicked.
fn show_way(
    ui: &mut egui::Ui,
    palette: &Palette,
    names: &[(ComponentId, String)],
    sense: Option<Sense>,
) -> Option<ComponentId> {
    let arrow = match sense {
        None => "no way",
        Some(Sense::Down) => "→",
        Some(Sense::Up) => "←",
        Some(Sense::Either) => "–",
    };
    let mut clicked = None;
    for (place, (component, name)) in names.iter().enumerate() {
        if place > 0 && (place <= NAMED || place + NAMED >= names.len()) {
            ui.label(text(arrow, type_size::BODY, palette.quiet));
        }
        if place < NAMED || place + NAMED >= names.len() {
            if link(ui, palette, name) {
                clicked = Some(*component);
            }
        } else if place == NAMED {
            ui.label(text(format!("{} more", names.len() - 2 * NAMED), type_size::SMALL, palette.quiet));
        }
    }
    clicked
}
