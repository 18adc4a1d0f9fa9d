//! The tree at the left: systems, composites and what is in them, unfolded one by one.

use axonscope_model::display;
use axonscope_session::Session;
use bevy::prelude::*;
use bevy_egui::egui::{FontId, Rect, Sense, Vec2, pos2, vec2};
use bevy_egui::{EguiContexts, egui};

use super::super::camera::Eye;
use super::super::finding::twigs::{Tree, Twig};
use super::super::going::Go;
use super::super::palette::{Palette, type_size};
use super::super::stage::{Look, Watched};
use super::super::type_face;
use super::search;

const WIDTH: f32 = 300.0;
const ROW: f32 = 26.0;
const INDENT: f32 = 16.0;
const AIR: f32 = 12.0;

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn show_tree(
    mut contexts: EguiContexts,
    mut tree: ResMut<Tree>,
    mut go: MessageWriter<Go>,
    look: Res<Look>,
    mut eye: ResMut<Eye>,
    watched: Res<Watched>,
) -> Result {
    let is_shown = tree.is_open && look.chrome;
    let covered = if is_shown { search::MARGIN + WIDTH } else { 0.0 };
    if eye.covered.left != covered {
        eye.covered.left = covered;
    }
    if !is_shown {
        return Ok(());
    }
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?.clone();
    let tree = tree.bypass_change_detection();
    let top = search::MARGIN + search::HEIGHT + AIR;
    let height = (ctx.viewport_rect().height() - top - search::MARGIN - eye.covered.below).max(120.0);
    let mut done = Done::default();
    egui::Area::new("tree".into()).fade_in(false).fixed_pos([search::MARGIN, top]).show(&ctx, |ui| {
        ui.set_max_height(height);
        super::card(palette).inner_margin(egui::Margin::symmetric(10, 12)).show(ui, |ui| {
            ui.set_width(WIDTH - 20.0);
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            ui.spacing_mut().scroll.fade.strength = 0.0;
            show_twigs(ui, palette, tree, &look, &watched.0, height - 24.0, &mut done);
        });
    });
    if let Some(twig) = done.turns {
        tree.folds.turn(&twig);
    }
    match done.goes_to {
        Some(Twig { system, component: Some(component), .. }) => drop(go.write(Go::To((system, component)))),
        Some(Twig { system, component: None, .. }) => drop(go.write(Go::ToSystem(system))),
        None => {}
    }
    Ok(())
}

#[derive(Default)]
struct Done {
    turns: Option<Twig>,
    goes_to: Option<Twig>,
}

fn show_twigs(
    ui: &mut egui::Ui,
    palette: &Palette,
    tree: &mut Tree,
    look: &Look,
    session: &Session,
    height: f32,
    done: &mut Done,
) {
    let mut scroll = egui::ScrollArea::vertical().max_height(height).auto_shrink([false, true]);
    let twigs = &tree.twigs.answer;
    let wanted = |twig: &Twig| tree.scroll_to == twig.component.map(|component| (twig.system, component));
    if tree.scroll_to.is_some()
        && let Some(place) = twigs.iter().position(wanted)
    {
        tree.scroll_to = None;
        let is_all_seen = twigs.len() as f32 * ROW <= height;
        if !is_all_seen {
            scroll = scroll.vertical_scroll_offset(((place as f32 + 0.5) * ROW - height / 2.0).max(0.0));
        }
    }
    let shown = &mut tree.shown;
    shown.clear();
    scroll.show_rows(ui, ROW, twigs.len(), |ui, range| {
        let seen = &twigs[range.start.min(twigs.len())..range.end.min(twigs.len())];
        let names: Vec<String> = session.read(|model| {
            let name = |twig: &Twig| {
                let system = model.system(twig.system)?;
                Some(match twig.component {
                    None => {
                        let title = display::label(&system.title(), 40).into_owned();
                        if system.status().is_connected() { title } else { title + " · gone" }
                    }
                    Some(component) => display::label(system.component(component)?.name(), 40).into_owned(),
                })
            };
            seen.iter().map(|twig| name(twig).unwrap_or_default()).collect()
        });
        for (twig, name) in seen.iter().zip(names) {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
            let is_selected = look.selected.is_some() && look.selected == twig.component.map(|id| (twig.system, id));
            if is_selected || response.hovered() {
                let fill = palette.accent.fade(if is_selected { 0.18 } else { 0.07 });
                ui.painter().rect_filled(rect, 6.0, fill.egui());
            }
            let left = rect.min.x + 6.0 + INDENT * twig.depth.min(12) as f32;
            let fold = Rect::from_min_max(pos2(left - 4.0, rect.min.y), pos2(left + 14.0, rect.max.y));
            show_twig(ui, palette, twig, &name, left, rect);
            shown.push((name, pos2(left + 24.0, rect.center().y)));
            if response.clicked() {
                let on_fold = response.interact_pointer_pos().is_some_and(|at| fold.contains(at));
                if on_fold && twig.children > 0 {
                    done.turns = Some(*twig);
                } else {
                    done.goes_to = Some(*twig);
                }
            }
            if response.double_clicked() && twig.children > 0 {
                done.turns = Some(*twig);
            }
        }
    });
}

fn show_twig(ui: &egui::Ui, palette: &Palette, twig: &Twig, name: &str, left: f32, rect: Rect) {
    let painter = ui.painter().with_clip_rect(rect.shrink2(vec2(4.0, 0.0)).intersect(ui.clip_rect()));
    let middle = pos2(left + 4.0, rect.center().y);
    if twig.children > 0 {
        let (along, across) =
            if twig.is_open { (vec2(4.0, 0.0), vec2(0.0, 4.0)) } else { (vec2(0.0, 4.0), vec2(4.0, 0.0)) };
        let stroke = egui::Stroke::new(1.5, palette.quiet.egui());
        let tip = middle + across * 0.6;
        painter.line_segment([middle - along - across * 0.4, tip], stroke);
        painter.line_segment([middle + along - across * 0.4, tip], stroke);
    }
    let is_system = twig.component.is_none();
    let font = FontId::new(type_size::BODY, type_face(is_system));
    let at = pos2(left + 16.0, rect.center().y);
    painter.text(at, egui::Align2::LEFT_CENTER, name, font, palette.text.egui());
    if twig.children > 0 {
        let font = FontId::new(type_size::TINY, type_face(false));
        let count = display::count(twig.children.into());
        // Above a long name that would run under it.
        let at = rect.right_center() - vec2(8.0, 0.0);
        let size = painter.layout_no_wrap(count.clone(), font.clone(), palette.quiet.egui()).size();
        let ground =
            Rect::from_min_max(pos2(at.x - size.x - 6.0, rect.min.y + 2.0), pos2(rect.max.x, rect.max.y - 2.0));
        painter.rect_filled(ground, 4.0, palette.card.egui());
        painter.text(at, egui::Align2::RIGHT_CENTER, count, font, palette.quiet.egui());
    }
}
