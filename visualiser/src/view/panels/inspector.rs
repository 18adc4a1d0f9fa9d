//! Everything known about what is selected, on a card at the right.

use axonscope_model::{ComponentRef, LinkageRef, PostboxKind, PostboxRef, State, System, display};
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};

use super::super::camera::Eye;
use super::super::palette::{Palette, Rgba, type_size};
use super::super::picture::{NodeKey, Trouble};
use super::super::stage::{Look, Stage, Watched};
use super::{card, row, section, strong, text};

const WIDTH: f32 = 400.0;
const MARGIN: f32 = 20.0;
/// Linkages listed on each side; a hub's others are counted.
const LINKAGES_MAX: usize = 12;
const BOXES_MAX: usize = 24;

pub(super) fn show_inspector(
    mut contexts: EguiContexts,
    watched: Res<Watched>,
    stage: Res<Stage>,
    mut look: ResMut<Look>,
    mut eye: ResMut<Eye>,
) -> Result {
    let covered = if look.selected.is_some() { WIDTH + MARGIN } else { 0.0 };
    if eye.covered.x != covered {
        eye.covered.x = covered;
    }
    let Some(key) = look.selected else { return Ok(()) };
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?;
    let height = ctx.viewport_rect().height() - 2.0 * MARGIN - eye.covered.y;
    let mut chosen = None;
    egui::Area::new("inspector".into()).fade_in(false).anchor(egui::Align2::RIGHT_TOP, [-MARGIN, MARGIN]).show(
        ctx,
        |ui| {
            // An area is as high as it was before; without this a card could never grow.
            ui.set_max_height(height);
            card(palette).show(ui, |ui| {
                ui.set_width(WIDTH - 44.0);
                ui.spacing_mut().item_spacing.y = 7.0;
                egui::ScrollArea::vertical().max_height(height - 44.0).show(ui, |ui| {
                    watched.0.read(|model| {
                        let system = model.system(key.0);
                        if let Some((system, component)) =
                            system.and_then(|system| Some((system, system.component(key.1)?)))
                        {
                            chosen = show_component(ui, palette, system, component);
                        }
                    });
                });
            });
        },
    );
    if let Some(component) = chosen {
        let key: NodeKey = (key.0, component);
        look.selected = Some(key);
        if let Some(node) = stage.picture.node(key) {
            eye.fly_to(node.position.truncate());
        }
    }
    Ok(())
}

/// Shows it all; what was clicked, if a name was.
fn show_component(
    ui: &mut egui::Ui,
    palette: &Palette,
    system: &System,
    component: ComponentRef<'_>,
) -> Option<axonscope_model::ComponentId> {
    ui.label(strong(display::label(component.name(), 40), type_size::TITLE, palette.text));
    let type_name = display::label(component.type_name(), 40);
    let path = format!("{} / {}", display::label(&system.title(), 40), display::escape(&component.path()));
    ui.label(text(format!("{path} · {type_name}"), type_size::SMALL, palette.quiet));
    if !component.description().is_empty() {
        ui.label(text(display::escape(component.description()), type_size::BODY, palette.text));
    }
    show_state(ui, palette, system, component);

    section(ui, palette, "Boxes");
    let mut boxes: Vec<PostboxRef<'_>> = component.postboxes().collect();
    boxes.sort_by_key(|postbox| (postbox.is_standard(), postbox.kind() == PostboxKind::Outbox, postbox.id()));
    for postbox in boxes.iter().take(BOXES_MAX) {
        show_box(ui, palette, *postbox);
    }
    if boxes.len() > BOXES_MAX {
        ui.label(text(format!("and {} more", boxes.len() - BOXES_MAX), type_size::SMALL, palette.quiet));
    }

    section(ui, palette, "Activity");
    row(ui, palette, "busy", display::share(component.busy_share()));
    row(
        ui,
        palette,
        "messages in",
        format!("{} · {}", display::count(component.messages_in()), display::rate(component.rate_in())),
    );
    row(
        ui,
        palette,
        "messages out",
        format!("{} · {}", display::count(component.messages_out()), display::rate(component.rate_out())),
    );
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

    let incoming = boxes.iter().flat_map(|postbox| postbox.linkages_in());
    let from = show_linkages(ui, palette, "From", incoming, |linkage| linkage.source());
    let outgoing = boxes.iter().flat_map(|postbox| postbox.linkages_out());
    let to = show_linkages(ui, palette, "To", outgoing, |linkage| linkage.sink());
    if !component.labels().is_empty() {
        section(ui, palette, "Labels");
        for (name, value) in component.labels() {
            row(ui, palette, &display::label(name, 24), display::label(value, 40));
        }
    }
    from.or(to)
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

fn show_box(ui: &mut egui::Ui, palette: &Palette, postbox: PostboxRef<'_>) {
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
        (PostboxKind::Outbox, _) => display::count(postbox.messages()),
    };
    (format!("{linked}{held}{dropped}"), !postbox.is_linked())
}

fn show_linkages<'a>(
    ui: &mut egui::Ui,
    palette: &Palette,
    heading: &str,
    linkages: impl Iterator<Item = LinkageRef<'a>>,
    far_end: impl Fn(LinkageRef<'a>) -> PostboxRef<'a>,
) -> Option<axonscope_model::ComponentId> {
    let mut linkages: Vec<LinkageRef<'a>> = linkages.collect();
    if linkages.is_empty() {
        return None;
    }
    linkages.sort_by(|a, b| b.rate().total_cmp(&a.rate()).then(a.id().cmp(&b.id())));
    section(ui, palette, heading);
    let mut chosen = None;
    for &linkage in linkages.iter().take(LINKAGES_MAX) {
        let owner = far_end(linkage).owner();
        ui.horizontal(|ui| {
            let words = format!(
                "{} · {} → {}",
                display::label(owner.name(), 18),
                display::label(linkage.source().name(), 12),
                display::label(linkage.sink().name(), 12)
            );
            if ui.link(text(words, type_size::BODY, palette.accent)).clicked() {
                chosen = Some(owner.id());
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let figure =
                    if linkage.is_passthrough() { "passthrough".into() } else { display::rate(linkage.rate()) };
                ui.label(text(figure, type_size::BODY, palette.quiet));
            });
        });
    }
    if linkages.len() > LINKAGES_MAX {
        ui.label(text(format!("and {} more", linkages.len() - LINKAGES_MAX), type_size::SMALL, palette.quiet));
    }
    chosen
}
