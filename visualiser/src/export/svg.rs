//! The picture of the window as vectors, with text that is text: what a thing is and its figures show when pointed at.
//!
//! It is written from the same reading as the window's, with its curves, colours and sizes (`view/pure.rs`), and needs
//! neither Bevy nor a graphics driver. Everything is open that can be opened. Names are hostile, and are made printable and
//! escaped wherever they stand.

mod letters;
mod sheet;

mod labels;
mod told;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;

use axonscope_model::{Model, PostboxKind, State, System, SystemId, display};
use axonscope_session::{Places, Session};
use bevy_math::{Rect, Vec2};

use super::xml::escaped;
use crate::options::{PictureOptions, Theme};
use crate::view::curve::Curve;
use crate::view::fit::{Covered, ZOOM_FIT, fitted};
use crate::view::flow;
use crate::view::palette::{Palette, Rgba, TypeHues, size, type_size};
use crate::view::picture::{Dock, Link, Node, Picture, Trouble};
use sheet::{Sheet, Words, along};

/// The line at the bottom, in pixels.
const FOOT: f32 = 32.0;
/// As in `draw.wgsl`, in world units: from one dash to the next, how much of that is bright, and the same for dots.
const DASH: (f32, f32) = (12.0, 28.0);
const DOT: (f32, f32) = (3.1, 3.9);

/// Writes what a session knows, as of `instant`.
///
/// # Errors
/// Whatever `out` returns.
pub fn write(session: &Session, options: &PictureOptions, instant: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let places = session.places();
    let text = session.read(|model| drawn(model, &places, options, instant));
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn drawn(model: &Model, places: &Places, options: &PictureOptions, instant: &str) -> String {
    let (mut picture, _) = Picture::read(model, places, None);
    picture.turn_docks();
    picture.sum_up();
    let screen = Vec2::new(options.size.width as f32, options.size.height as f32);
    let bounds = picture.bounds(None).unwrap_or(Rect::new(0.0, 0.0, 1.0, 1.0));
    let mut sheet = Sheet::new(screen, fitted(bounds, screen, Covered { below: FOOT, ..Covered::default() }, ZOOM_FIT));
    let mut drawing = Drawing { model, picture: &picture, palette: Palette::of(options.theme), hues: HashMap::new() };
    let mut hues = TypeHues::default();
    // In the order of the window, so that each type has the colour that it has there.
    for node in picture.nodes.iter().filter(|node| !node.is_composite()) {
        drawing.hues.entry(node.type_name).or_insert_with(|| hues.hue(picture.word(node.type_name)));
    }
    begin(&mut sheet, &drawing, screen, options.theme, instant);
    drawing.push_grounds(&mut sheet);
    drawing.push_uses(&mut sheet);
    // Trouble is drawn last, above the rest.
    for loud in [false, true] {
        for link in picture.links.iter().filter(|link| (link.trouble != Trouble::None) == loud) {
            drawing.push_link(&mut sheet, link);
        }
    }
    for node in picture.nodes.iter().filter(|node| !node.is_composite()) {
        drawing.push_disc(&mut sheet, node);
    }
    for dock in &picture.boxes {
        drawing.push_dock(&mut sheet, dock);
    }
    labels::push_labels(&mut sheet, &drawing, screen);
    push_foot(&mut sheet, &drawing, screen, instant);
    sheet.out.push_str("</g>\n</svg>\n");
    sheet.out
}

/// What is drawn, and with which colours.
struct Drawing<'a> {
    model: &'a Model,
    picture: &'a Picture,
    palette: &'static Palette,
    /// Of the types, by their word.
    hues: HashMap<u32, f32>,
}

fn begin(sheet: &mut Sheet, drawing: &Drawing<'_>, screen: Vec2, theme: Theme, instant: &str) {
    let (width, height) = (screen.x, screen.y);
    let names: Vec<String> =
        drawing.model.systems().map(|system| display::label(&system.title(), 40).into_owned()).collect();
    let _ = writeln!(
        sheet.out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" data-instant=\"{}\" data-theme=\"{}\">",
        escaped(instant),
        format!("{theme:?}").to_lowercase(),
    );
    let _ = writeln!(
        sheet.out,
        "<title>{}</title>\n<desc>Axonscope, {}</desc>",
        escaped(&names.join(", ")),
        escaped(instant)
    );
    sheet.out.push_str("<g font-family=\"Inter, sans-serif\">\n");
    let ground = drawing.palette.ground;
    sheet.rounded(Rect::from_corners(Vec2::ZERO, screen), 0.0, ground, Rgba::CLEAR, 0.0);
    sheet.out.push('\n');
}

impl Drawing<'_> {
    fn system(&self, id: SystemId) -> Option<&System> {
        self.model.system(id)
    }

    fn system_of(&self, dock: &Dock) -> Option<&System> {
        self.system(self.picture.nodes[dock.node as usize].key.0)
    }

    /// Hulls, and the rings of composites.
    fn push_grounds(&self, sheet: &mut Sheet) {
        for hull in self.picture.systems.iter().filter(|hull| !hull.rect.is_empty()) {
            let strength = if hull.gone { 0.5 } else { 1.0 };
            let told = self.system(hull.system).map(told::system).unwrap_or_default();
            sheet.group("system", &told, |sheet| {
                let (rect, corner) = (sheet.rect(hull.rect), size::HULL_CORNER * sheet.zoom);
                let rim = self.palette.hull_rim.fade(strength);
                sheet.rounded(rect, corner, self.palette.hull.fade(0.9), rim, sheet.stroke(size::HAIRLINE));
            });
        }
        for node in self.picture.nodes.iter().filter(|node| node.is_composite()) {
            let (rim, width) = match node.trouble() {
                Trouble::Alarm => (self.palette.alarm, size::RIM),
                _ => (self.palette.ring_rim, size::HAIRLINE),
            };
            let fill = self.palette.ring.fade(if node.gone { 0.35 } else { 0.75 });
            let rim = rim.fade(if node.gone { 0.5 } else { 1.0 });
            sheet.group("composite", &self.told(node), |sheet| {
                sheet.disc(sheet.at(node.position), node.radius * sheet.zoom, fill, rim, sheet.stroke(width));
            });
        }
    }

    fn told(&self, node: &Node) -> String {
        let component = self.system(node.key.0).and_then(|system| system.component(node.key.1));
        component.map(told::component).unwrap_or_default()
    }

    /// Straight from rim to rim.
    fn push_uses(&self, sheet: &mut Sheet) {
        for usage in self.picture.uses.iter() {
            let [user, used] = [usage.user, usage.used].map(|end| &self.picture.nodes[end as usize]);
            let way = (used.position - user.position).truncate();
            let Some(along) = way.try_normalize().filter(|_| way.length() > user.radius + used.radius) else {
                continue;
            };
            let from = sheet.at(user.position + (along * user.radius).extend(0.0));
            let to = sheet.at(used.position - (along * used.radius).extend(0.0));
            let color = self.palette.usage.fade(if usage.gone { 0.5 } else { 1.0 });
            let [a, b] = [user, used].map(|node| self.picture.word(node.name).to_string());
            sheet.group("use", &format!("{a} uses {b}"), |sheet| {
                let d = format!("M{:.1} {:.1}L{:.1} {:.1}", from.x, from.y, to.x, to.y);
                sheet.path(&d, color, sheet.stroke(size::USE), "");
            });
        }
    }

    fn push_link(&self, sheet: &mut Sheet, link: &Link) {
        let [from, to] = [link.from, link.to].map(|dock| &self.picture.boxes[dock as usize]);
        let curve = Curve::between(self.picture, from, to);
        let [start, bend, end] = [curve.from, curve.bend, curve.to].map(|at| sheet.at(at));
        let d = along(start, bend, end);
        let strength = if link.gone { 0.35 } else { 1.0 };
        let (color, more, glow) = match link.trouble {
            Trouble::None => (self.palette.linkage, 0.0, 0.0),
            Trouble::Warning => (self.palette.warning, 0.8, 0.0),
            Trouble::Alarm => (self.palette.alarm, 1.6, 7.0),
        };
        let linkage = self.system(link.key.0).and_then(|system| system.linkage(link.key.1));
        let told = linkage.map(told::linkage).unwrap_or_default();
        let zoom = sheet.zoom;
        let dashes =
            |(bright, gap): (f32, f32)| format!(" stroke-dasharray=\"{:.2} {:.2}\"", bright * zoom, gap * zoom);
        sheet.group("linkage", &told, |sheet| {
            if link.passthrough {
                let color = color.fade(0.8 * strength);
                return sheet.path(&d, color, sheet.stroke(size::HAIRLINE), &dashes(DOT));
            }
            let wide = flow::width(link.rate) + more;
            if glow > 0.0 {
                sheet.path(&d, color.fade(0.16), sheet.stroke(wide + glow), "");
            }
            sheet.path(&d, color.fade(0.9 * strength), sheet.stroke(wide), "");
            if flow::flows(link) {
                let bright = self.palette.dash.fade(strength);
                sheet.path(&d, bright, sheet.stroke(wide) * 0.72, &dashes(DASH));
            }
            let length = curve.from.distance(curve.to);
            if length > 40.0 {
                let (at, way) = curve.point(1.0 - ((size::VESSEL + 7.0) / length).min(0.4));
                let head = (2.6 + wide * 0.7) * zoom;
                sheet.arrow(sheet.at(at), Vec2::new(way.x, -way.y), head, color.fade(strength));
            }
        });
    }

    fn push_disc(&self, sheet: &mut Sheet, node: &Node) {
        let palette = self.palette;
        let hue = self.hues.get(&node.type_name).copied().unwrap_or_default();
        let (fill, rim) = if node.gone { (palette.hull, palette.faint) } else { palette.component(hue) };
        let (at, radius) = (sheet.at(node.position), node.radius * sheet.zoom);
        let grown = |sheet: &Sheet, by: f32| radius + by * sheet.zoom;
        sheet.group("component", &self.told(node), |sheet| {
            // One that stands for many looks like the first of a stack.
            for step in (1..=if node.many.is_some() { 2 } else { 0 }).rev() {
                let by = size::STACK_STEP * step as f32 * sheet.zoom * std::f32::consts::FRAC_1_SQRT_2;
                let rim = rim.fade(if node.gone { 0.4 } else { 0.75 });
                sheet.disc(at + Vec2::new(by, -by), radius, palette.hull, rim, sheet.stroke(size::HAIRLINE));
            }
            sheet.disc(at, grown(sheet, 2.5), palette.hull, Rgba::CLEAR, 0.0);
            match node.state {
                _ if node.gone => {
                    let rim = rim.fade(0.8);
                    return sheet.dashed(at, radius, fill, rim, sheet.stroke(size::HAIRLINE), 18.0);
                }
                State::Finished => sheet.disc(at, radius, palette.hull, rim, sheet.stroke(size::RIM)),
                _ => sheet.disc(at, radius, fill, rim, sheet.stroke(size::RIM)),
            }
            if node.busy > 0.005 {
                let (color, width) = if node.busy >= 0.9 { (palette.alarm, 4.5) } else { (rim, 4.0) };
                sheet.arc(at, grown(sheet, -3.5), 0.0, node.busy, color, sheet.stroke(width));
            }
            if node.blocked > 0.02 {
                let from = 1.0 - node.blocked / 2.0;
                sheet.arc(at, grown(sheet, 5.5), from, node.blocked, palette.warning, sheet.stroke(2.5));
            }
            if node.state == State::Failed {
                sheet.disc(at, grown(sheet, 3.0), Rgba::CLEAR, palette.alarm, sheet.stroke(3.0));
                let arm = radius * 0.45;
                let [a, b] = [Vec2::splat(arm), Vec2::new(arm, -arm)];
                let cross = [a, b].map(|arm| {
                    let (from, to) = (at - arm, at + arm);
                    format!("M{:.1} {:.1}L{:.1} {:.1}", from.x, from.y, to.x, to.y)
                });
                sheet.path(&cross.concat(), palette.alarm, sheet.stroke(5.0), " stroke-linecap=\"round\"");
            } else if node.incomplete {
                sheet.dashed(at, grown(sheet, 5.0), Rgba::CLEAR, palette.warning, sheet.stroke(2.0), 12.0);
            }
        });
    }

    fn push_dock(&self, sheet: &mut Sheet, dock: &Dock) {
        let palette = self.palette;
        let node = &self.picture.nodes[dock.node as usize];
        let at = sheet.at(self.picture.dock_position(dock));
        let strength = if node.gone { 0.5 } else { 1.0 };
        let postbox = self.system_of(dock).and_then(|system| system.postbox(dock.postbox));
        let told = postbox.map(told::postbox).unwrap_or_default();
        sheet.group("postbox", &told, |sheet| {
            if dock.kind == PostboxKind::Outbox {
                let radius = size::DOT * sheet.zoom;
                return sheet.disc(at, radius, palette.mark.fade(strength), palette.ground, sheet.stroke(1.0));
            }
            let (liquid, rim, extra) = match Trouble::of_fill(dock.fill) {
                Trouble::None => (palette.mark.fade(0.75), palette.mark, 0.0),
                Trouble::Warning => (palette.warning, palette.warning, 1.0),
                Trouble::Alarm => (palette.alarm, palette.alarm, 2.0),
            };
            let radius = (size::VESSEL + extra) * sheet.zoom;
            sheet.disc(at, radius, palette.ground, Rgba::CLEAR, 0.0);
            if let Some(fill) = dock.fill.filter(|&fill| fill > 0.0) {
                sheet.liquid(at, radius, fill, liquid.fade(strength));
            }
            let width = sheet.stroke(size::RIM + 0.5 * extra);
            sheet.disc(at, radius, Rgba::CLEAR, rim.fade(strength), width);
        });
    }
}

/// What is connected and how much happens, and the instant.
fn push_foot(sheet: &mut Sheet, drawing: &Drawing<'_>, screen: Vec2, instant: &str) {
    let palette = drawing.palette;
    let bar = Rect::from_corners(Vec2::new(0.0, screen.y - FOOT), screen);
    sheet.rounded(bar, 0.0, palette.bar, Rgba::CLEAR, 0.0);
    let top = format!("M0 {:.1}H{:.1}", bar.min.y, bar.max.x);
    sheet.path(&top, palette.card_rim, 1.0, "");
    sheet.out.push('\n');
    let words = |text| Words { text, size: type_size::SMALL, strong: false, color: palette.quiet };
    let (left, right) = (told::all(drawing.model), instant.to_owned());
    let (left, right) = (words(&left), words(&right));
    let y = bar.center().y - left.extent().y / 2.0;
    sheet.text(Vec2::new(20.0, y), left, None);
    let at = screen.x - 20.0 - right.extent().x;
    if at > left.extent().x + 40.0 {
        sheet.text(Vec2::new(at, y), right, None);
    }
}
