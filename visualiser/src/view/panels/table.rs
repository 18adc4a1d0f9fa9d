//! The table at the bottom: the same components as in the picture, sorted by a click, in rows that exist only while they
//! are seen.

use axonscope_model::display;
use axonscope_model::finding::Standing;
use axonscope_session::Session;
use bevy::prelude::*;
use bevy_egui::egui::{Align2, FontId, Pos2, Rect, Sense, UiBuilder, Vec2, pos2, vec2};
use bevy_egui::{EguiContexts, egui};

use super::super::finding::rows::{Column, Row, Table, whereabouts};
use super::super::going::Go;
use super::super::palette::{Palette, Rgba, band, type_size};
use super::super::picture::NodeKey;
use super::super::stage::{Look, Watched};
use super::super::type_face;

/// In logical pixels, of the whole drawer and of one row.
pub(super) const HEIGHT: f32 = 260.0;
const ROW: f32 = 24.0;
const HEAD: f32 = 34.0;
const MARGIN: f32 = 20.0;

/// Each column's width in shares of what there is.
const SHARES: [f32; 9] = [0.18, 0.12, 0.2, 0.09, 0.09, 0.09, 0.075, 0.075, 0.08];

/// What the panel has done about what is selected.
#[derive(Default)]
pub(super) struct Followed {
    selected: Option<NodeKey>,
    readings: u64,
}

pub(super) fn show_table(
    mut contexts: EguiContexts,
    mut table: ResMut<Table>,
    mut followed: Local<Followed>,
    mut go: MessageWriter<Go>,
    look: Res<Look>,
    watched: Res<Watched>,
) -> Result {
    if !table.is_open || !look.chrome {
        return Ok(());
    }
    let palette = Palette::of(look.theme);
    let ctx = contexts.ctx_mut()?.clone();
    let screen = ctx.viewport_rect();
    let bottom = screen.max.y - super::status::HEIGHT;
    let rect = Rect::from_min_max(pos2(screen.min.x, bottom - HEIGHT), pos2(screen.max.x, bottom));
    let table = table.bypass_change_detection();
    let mut clicked = None;
    egui::Area::new("table".into()).fade_in(false).fixed_pos(rect.min).show(&ctx, |ui| {
        ui.set_min_size(rect.size());
        ui.painter().rect_filled(rect, 0.0, palette.bar.egui());
        ui.painter().hline(rect.x_range(), rect.min.y, egui::Stroke::new(1.0, palette.card_rim.egui()));
        // Whatever is not a row or a heading is no picture either.
        ui.interact(rect, ui.id().with("ground"), Sense::click_and_drag());
        let inner = rect.shrink2(vec2(MARGIN, 0.0));
        show_headings(ui, palette, table, inner);
        let rows = Rect::from_min_max(inner.min + vec2(0.0, HEAD), inner.max - vec2(0.0, 4.0));
        clicked = show_rows(ui, palette, table, rows, &look, &watched.0, &mut followed);
    });
    if let Some(key) = clicked {
        followed.selected = Some(key);
        go.write(Go::To(key));
    }
    Ok(())
}

/// Where each column begins and ends.
fn columns(rect: Rect) -> impl Iterator<Item = (Column, f32, f32)> {
    let mut left = rect.min.x;
    Column::ALL.into_iter().zip(SHARES).map(move |(column, share)| {
        let from = left;
        left += share * rect.width();
        (column, from, left - 14.0)
    })
}

fn show_headings(ui: &mut egui::Ui, palette: &Palette, table: &mut Table, rect: Rect) {
    table.headings.clear();
    let font = FontId::new(type_size::TINY, type_face(true));
    for (column, from, to) in columns(rect) {
        let cell = Rect::from_min_max(pos2(from, rect.min.y), pos2(to, rect.min.y + HEAD));
        let response = ui.interact(cell, ui.id().with(column.title()), Sense::click());
        let is_by = table.sort.by == column;
        let color = if is_by || response.hovered() { palette.text } else { palette.quiet };
        let words = column.title().to_uppercase();
        let (at, align) = placed(cell, column);
        let written = ui.painter().text(at, align, words, font.clone(), color.egui());
        if is_by {
            show_arrow(ui, palette, written, column.is_figure(), table.sort.is_down);
        }
        table.headings.push((column, cell.center()));
        if response.clicked() {
            table.sort = column.click(table.sort);
        }
    }
}

/// A small triangle beside the heading: up for what grows downwards.
fn show_arrow(ui: &egui::Ui, palette: &Palette, heading: Rect, is_left: bool, is_down: bool) {
    let middle = pos2(if is_left { heading.min.x - 9.0 } else { heading.max.x + 9.0 }, heading.center().y);
    let tip = if is_down { 3.0 } else { -3.0 };
    let points = vec![middle + vec2(0.0, tip), middle + vec2(-4.0, -tip), middle + vec2(4.0, -tip)];
    ui.painter().add(egui::Shape::convex_polygon(points, palette.accent.egui(), egui::Stroke::NONE));
}

fn placed(cell: Rect, column: Column) -> (Pos2, Align2) {
    if column.is_figure() {
        (cell.right_center(), Align2::RIGHT_CENTER)
    } else {
        (cell.left_center(), Align2::LEFT_CENTER)
    }
}

/// The rows that are seen; the one that was clicked.
fn show_rows(
    ui: &mut egui::Ui,
    palette: &Palette,
    table: &mut Table,
    rect: Rect,
    look: &Look,
    session: &Session,
    followed: &mut Followed,
) -> Option<NodeKey> {
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect));
    let ui = &mut inside;
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    ui.spacing_mut().scroll.fade.strength = 0.0;
    table.shown.clear();
    if table.rows.answer.is_empty() {
        if !table.rows.is_at_work() {
            ui.label(super::text("Nothing to list", type_size::BODY, palette.quiet));
        }
        return None;
    }
    let mut scroll = egui::ScrollArea::vertical().id_salt("rows").auto_shrink(false);
    let is_new = followed.selected != look.selected || (followed.readings == 0 && look.selected.is_some());
    if is_new && table.readings > 0 {
        (followed.selected, followed.readings) = (look.selected, table.readings);
        let place = look.selected.and_then(|key| table.rows.answer.iter().position(|row| row.key == key));
        if let Some(place) = place {
            scroll = scroll.vertical_scroll_offset((place as f32 + 0.5) * ROW - rect.height() / 2.0);
        }
    }
    let mut clicked = None;
    let (rows, shown) = (&table.rows.answer, &mut table.shown);
    scroll.show_rows(ui, ROW, rows.len(), |ui, range| {
        let seen = &rows[range.start.min(rows.len())..range.end.min(rows.len())];
        let texts: Vec<[String; 3]> = session.read(|model| {
            let texts = |row: &Row| {
                let component = model.system(row.key.0)?.component(row.key.1)?;
                Some([
                    display::label(component.name(), 40).into_owned(),
                    match component.type_name() {
                        "" => String::new(),
                        name => display::label(name, 30).into_owned(),
                    },
                    whereabouts(component),
                ])
            };
            seen.iter().map(|row| texts(row).unwrap_or_default()).collect()
        });
        for (row, texts) in seen.iter().zip(texts) {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
            shown.push((texts[0].clone(), rect.left_center() + vec2(30.0, 0.0)));
            let fill = match (look.selected == Some(row.key), response.hovered()) {
                (true, _) => 0.18,
                (false, true) => 0.07,
                (false, false) => 0.0,
            };
            if fill > 0.0 {
                ui.painter().rect_filled(rect.expand2(vec2(8.0, 0.0)), 4.0, palette.accent.fade(fill).egui());
            }
            show_row(ui, palette, row, texts, rect);
            if response.clicked() {
                clicked = Some(row.key);
            }
        }
    });
    clicked
}

fn show_row(ui: &egui::Ui, palette: &Palette, row: &Row, texts: [String; 3], rect: Rect) {
    let [mut name, mut type_name, mut system] = texts;
    for (column, from, to) in columns(rect) {
        let cell = Rect::from_min_max(pos2(from, rect.min.y), pos2(to, rect.max.y));
        let (words, color) = match column {
            Column::Name => (std::mem::take(&mut name), palette.text),
            Column::Type => (std::mem::take(&mut type_name), palette.quiet),
            Column::Where => (std::mem::take(&mut system), palette.quiet),
            _ => figure(palette, row, column),
        };
        let (at, align) = placed(cell, column);
        let font = FontId::new(type_size::BODY, type_face(false));
        ui.painter().with_clip_rect(cell.expand(2.0).intersect(ui.clip_rect())).text(
            at,
            align,
            words,
            font,
            color.egui(),
        );
    }
}

/// The words of trouble have its colours; what is nothing is quiet.
fn figure(palette: &Palette, row: &Row, column: Column) -> (String, Rgba) {
    let figures = &row.figures;
    let usual = |words: String, is_something: bool| (words, if is_something { palette.text } else { palette.faint });
    match column {
        Column::State => match row.standing {
            Standing::Failed => ("failed".to_owned(), palette.alarm),
            standing => (standing.to_string(), palette.quiet),
        },
        Column::RateIn => usual(display::rate(figures.rate_in), figures.rate_in > 0.0),
        Column::RateOut => usual(display::rate(figures.rate_out), figures.rate_out > 0.0),
        Column::Fill => match figures.fill {
            None => ("–".to_owned(), palette.faint),
            Some(fill) if fill >= band::ALARM => (display::share(fill), palette.alarm),
            Some(fill) if fill >= band::WARNING => (display::share(fill), palette.warning),
            Some(fill) => usual(display::share(fill), fill > 0.0),
        },
        Column::Busy => usual(display::share(figures.busy), figures.busy > 0.0),
        Column::Blocked if figures.blocked >= 0.1 => (display::share(figures.blocked), palette.warning),
        _ => usual(display::share(figures.blocked), figures.blocked > 0.0),
    }
}
