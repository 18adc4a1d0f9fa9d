//! Everything known about what is selected, on a card at the right.

use axonscope_model::{ComponentId, ComponentRef, LinkageId, PostboxKind, PostboxRef, State, System, display};
use axonscope_session::Problem;
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::super::camera::Eye;
use super::super::going::Go;
use super::super::naming::Naming;
use super::super::palette::{Palette, Rgba, Theme, type_size};
use super::super::picture::Trouble;
use super::super::stage::{Look, Watched};
use super::boxes::show_box;
use super::linkages::{show_linkages, show_uses};
use super::log::show_log;
use super::problems::{Below, problem_card};
use super::{card, row, section, strong, text};

const WIDTH: f32 = 400.0;
const MARGIN: f32 = 20.0;
const BOXES_MAX: usize = 24;

pub(super) fn show_inspector(
    mut contexts: EguiContexts,
    watched: Res<Watched>,
    look: Res<Look>,
    below: Res<Below>,
    names: Res<Naming>,
    mut eye: ResMut<Eye>,
    mut go: MessageWriter<Go>,
) -> Result {
    let covered = if look.selected.is_some() || below.0 > 0.0 { WIDTH + MARGIN } else { 0.0 };
    if eye.covered.x != covered {
        eye.covered.x = covered;
    }
    let Some(key) = look.selected else { return Ok(()) };
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?;
    let height = ctx.viewport_rect().height() - 2.0 * MARGIN - eye.covered.y - below.0;
    let mut asked = Asked::default();
    egui::Area::new("inspector".into()).fade_in(false).anchor(egui::Align2::RIGHT_TOP, [-MARGIN, MARGIN]).show(
        ctx,
        |ui| {
            // An area is as high as it was before; without this a card could never grow.
            ui.set_max_height(height);
            card(palette).show(ui, |ui| {
                ui.set_width(WIDTH - 44.0);
                ui.spacing_mut().item_spacing.y = 7.0;
                if look.theme == Theme::Light {
                    // egui blends its fade too dark on light cards.
                    ui.spacing_mut().scroll.fade.strength = 0.0;
                }
                egui::ScrollArea::vertical().max_height(height - 44.0).show(ui, |ui| {
                    watched.0.read(|model| {
                        let system = model.system(key.0);
                        if let Some((system, component)) =
                            system.and_then(|system| Some((system, system.component(key.1)?)))
                        {
                            let problems = watched.0.latest_problems();
                            asked = show_component(ui, palette, (&names, &problems), system, component);
                        }
                    });
                });
            });
        },
    );
    if let Some((linkage, on)) = asked.tap {
        watched.0.tap(key.0, linkage, on);
    }
    if let Some(component) = asked.component {
        go.write(Go::To((key.0, component)));
    }
    Ok(())
}

/// What was clicked on the card.
#[derive(Default)]
pub(super) struct Asked {
    /// To be selected.
    pub(super) component: Option<ComponentId>,
    /// To be tapped, or not any more.
    pub(super) tap: Option<(LinkageId, bool)>,
}

/// Shows it all; what was clicked.
fn show_component(
    ui: &mut egui::Ui,
    palette: &Palette,
    (names, problems): (&Naming, &[Problem]),
    system: &System,
    component: ComponentRef<'_>,
) -> Asked {
    let mut asked = Asked::default();
    ui.label(strong(display::label(component.name(), 40), type_size::TITLE, palette.text));
    let type_name = names.of_type(component.type_name(), 40);
    let path = format!("{} / {}", display::label(&system.title(), 40), display::escape(&component.path()));
    ui.label(text(format!("{path} · {type_name}"), type_size::SMALL, palette.quiet));
    if !component.description().is_empty() {
        ui.label(text(display::escape(component.description()), type_size::BODY, palette.text));
    }
    if !problem_card(ui, palette, problems, system.id(), component.id()) {
        show_state(ui, palette, system, component);
    }

    let mut boxes: Vec<PostboxRef<'_>> = component.postboxes().collect();
    boxes.sort_by_key(|postbox| (postbox.is_standard(), postbox.kind() == PostboxKind::Outbox, postbox.id()));
    if !boxes.is_empty() {
        section(ui, palette, "Boxes");
    }
    for postbox in boxes.iter().take(BOXES_MAX) {
        show_box(ui, palette, *postbox);
    }
    if boxes.len() > BOXES_MAX {
        ui.label(text(format!("and {} more", boxes.len() - BOXES_MAX), type_size::SMALL, palette.quiet));
    }
    show_activity(ui, palette, system, component, !boxes.is_empty());

    let incoming = boxes.iter().flat_map(|postbox| postbox.linkages_in());
    show_linkages(ui, palette, "From", incoming, |linkage| linkage.source(), &mut asked);
    let outgoing = boxes.iter().flat_map(|postbox| postbox.linkages_out());
    show_linkages(ui, palette, "To", outgoing, |linkage| linkage.sink(), &mut asked);
    show_uses(ui, palette, "Uses", component.uses().map(|usage| usage.sink().owner()), &mut asked);
    show_uses(ui, palette, "Used by", component.used_by().map(|usage| usage.source().owner()), &mut asked);
    show_log(ui, palette, "Log", system, component.log(), component.log_gone());
    if !component.labels().is_empty() {
        section(ui, palette, "Labels");
        for (name, value) in component.labels() {
            row(ui, palette, &display::label(name, 24), display::label(value, 40));
        }
    }
    let of_system = format!("Log of {}", display::label(&system.title(), 30));
    show_log(ui, palette, &of_system, system, system.log(), system.log_gone());
    asked
}

fn show_activity(ui: &mut egui::Ui, palette: &Palette, system: &System, component: ComponentRef<'_>, has_boxes: bool) {
    section(ui, palette, "Activity");
    if component.stands_for_many() {
        let (rate, open) = (display::rate(component.begun_rate()), display::count(component.open().into()));
        let in_all = display::count(component.begun());
        row(ui, palette, "stands for", format!("{rate} · {open} open · {in_all} in all"));
    }
    let busy = component.busy_share();
    match component.scheduled_share() {
        None => row(ui, palette, "busy", display::share(busy)),
        Some(scheduled) => {
            let [busy, ready, idle] = [busy, scheduled, idle(busy, scheduled)].map(display::share);
            row(ui, palette, "busy · scheduled · idle", format!("{busy} · {ready} · {idle}"));
        }
    }
    if has_boxes {
        let figures = |total: u64, rate: f64| format!("{} · {}", display::count(total), display::rate(rate));
        row(ui, palette, "messages in", figures(component.messages_in(), component.rate_in()));
        row(ui, palette, "messages out", figures(component.messages_out(), component.rate_out()));
    }
    if component.last_active_at() > 0 {
        let ago = system.sampled_at().saturating_sub(component.last_active_at());
        row(
            ui,
            palette,
            "last active",
            if ago < 1_000_000 { "now".into() } else { format!("{} ago", display::duration_ns(ago)) },
        );
    }
    row(ui, palette, "polls", display::count(component.polls()));
    if component.restarts() > 0 {
        row(ui, palette, "restarts", display::count(component.restarts().into()));
    }
    row(ui, palette, "system up", display::duration_ns(system.uptime_ns()));
}

/// What is left of the time; both shares are measured, and may come to a little more than all of it.
fn idle(busy: f32, scheduled: f32) -> f32 {
    (1.0 - busy - scheduled).max(0.0)
}

fn show_state(ui: &mut egui::Ui, palette: &Palette, system: &System, component: ComponentRef<'_>) {
    let (word, color) = match component.state() {
        _ if !system.status().is_connected() => {
            ("gone with its system; this is what was last known".to_owned(), palette.quiet)
        }
        State::Starting => ("starting".to_owned(), palette.quiet),
        State::Running => (doing(component), palette.quiet),
        State::Finished => ("finished".to_owned(), palette.quiet),
        State::Failed => (format!("failed: {}", display::escape(component.state_detail())), palette.alarm),
    };
    let fullest = component.postboxes().filter_map(|postbox| postbox.fill()).fold(0.0, f32::max);
    match Trouble::of_fill(Some(fullest)) {
        Trouble::None => banner(ui, color, color == palette.alarm, &word),
        level => {
            let color = if level == Trouble::Alarm { palette.alarm } else { palette.warning };
            banner(
                ui,
                color,
                true,
                &format!("inbox {} full · busy {}", display::share(fullest), display::share(component.busy_share())),
            );
        }
    }
    if component.has_anomaly() {
        banner(ui, palette.warning, true, "incomplete here: something told of it did not fit");
    }
}

/// What a component that runs is doing: working, or waiting for whom.
fn doing(component: ComponentRef<'_>) -> String {
    if let Some(outbox) = component.postboxes().find(|postbox| postbox.blocked_since() > 0) {
        return format!("blocked: waits to send from {}", display::label(outbox.name(), 24));
    }
    match component.waits_at().next() {
        Some(inbox) if component.poll_started_at() == 0 => format!("waits at {}", display::label(inbox.name(), 24)),
        _ => "running".to_owned(),
    }
}

fn banner(ui: &mut egui::Ui, color: Rgba, framed: bool, words: &str) {
    if !framed {
        ui.label(text(words, type_size::BODY, color));
        return;
    }
    ui.add_space(6.0);
    egui::Frame::new()
        .fill(color.fade(0.14).egui())
        .stroke(egui::Stroke::new(1.0, color.fade(0.6).egui()))
        .corner_radius(egui::CornerRadius::same(8))
        .inner_margin(egui::Margin::symmetric(12, 9))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(strong(words, type_size::BODY, color));
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_is_the_rest_and_never_less_than_nothing() {
        assert!((idle(0.2, 0.3) - 0.5).abs() < 1e-6);
        assert_eq!(idle(0.7, 0.4), 0.0);
    }
}
