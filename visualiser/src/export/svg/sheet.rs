//! The sheet that is drawn on: pixels, y down, and the elements of SVG.

use std::fmt::Write as _;

use bevy_math::{Rect, Vec2, Vec3};

use super::letters;
use crate::export::xml::escaped;
use crate::view::palette::Rgba;

/// What is written so far, and where in the world it looks.
pub(super) struct Sheet {
    pub(super) out: String,
    pub(super) zoom: f32,
    center: Vec2,
    screen: Vec2,
}

/// A text on the sheet.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    /// Pixels.
    pub(super) size: f32,
    pub(super) strong: bool,
    pub(super) color: Rgba,
}

impl Words<'_> {
    /// Width and height of the line.
    pub(super) fn extent(&self) -> Vec2 {
        Vec2::new(letters::width(self.text, self.size, self.strong), self.size * letters::LINE)
    }
}

impl Sheet {
    pub(super) fn new(screen: Vec2, (center, zoom): (Vec2, f32)) -> Self {
        Self { out: String::new(), zoom, center, screen }
    }

    pub(super) fn at(&self, world: Vec3) -> Vec2 {
        let off = (world.truncate() - self.center) * self.zoom;
        Vec2::new(off.x, -off.y) + self.screen / 2.0
    }

    pub(super) fn rect(&self, world: Rect) -> Rect {
        Rect::from_corners(self.at(world.min.extend(0.0)), self.at(world.max.extend(0.0)))
    }

    /// So many pixels are a world unit wide; no line is thinner than one.
    pub(super) fn stroke(&self, world: f32) -> f32 {
        if world > 0.0 { (world * self.zoom).max(1.0) } else { 0.0 }
    }

    /// Everything that `draw` draws is one thing: whoever points at it reads `told`.
    pub(super) fn group(&mut self, class: &str, told: &str, draw: impl FnOnce(&mut Self)) {
        let _ = write!(self.out, "<g class=\"{class}\"><title>{}</title>", escaped_lines(told));
        draw(self);
        self.out.push_str("</g>\n");
    }

    /// A disc whose rim lies inside its radius, as in the window.
    pub(super) fn disc(&mut self, at: Vec2, radius: f32, fill: Rgba, rim: Rgba, width: f32) {
        let inner = (radius - width / 2.0).max(0.0);
        let _ = write!(self.out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{inner:.1}\"", at.x, at.y);
        self.paint(fill, rim, width, "");
        self.out.push_str("/>");
    }

    /// A ring of so many dashes.
    pub(super) fn dashed(&mut self, at: Vec2, radius: f32, fill: Rgba, rim: Rgba, width: f32, dashes: f32) {
        let inner = (radius - width / 2.0).max(0.1);
        let step = std::f32::consts::TAU * inner / dashes;
        let _ = write!(self.out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{inner:.1}\"", at.x, at.y);
        self.paint(fill, rim, width, &format!(" stroke-dasharray=\"{:.1} {:.1}\"", step * 0.56, step * 0.44));
        self.out.push_str("/>");
    }

    /// A part of a ring: from there so far, in turns clockwise from the top.
    pub(super) fn arc(&mut self, at: Vec2, radius: f32, from: f32, turns: f32, color: Rgba, width: f32) {
        let turns = turns.clamp(0.0, 0.9995);
        let inner = (radius - width / 2.0).max(0.1);
        let on_rim = |turn: f32| {
            let (sin, cos) = (turn * std::f32::consts::TAU).sin_cos();
            at + Vec2::new(sin, -cos) * inner
        };
        let (start, end, large) = (on_rim(from), on_rim(from + turns), i32::from(turns > 0.5));
        let _ = write!(
            self.out,
            "<path d=\"M{:.1} {:.1}A{inner:.1} {inner:.1} 0 {large} 1 {:.1} {:.1}\"",
            start.x, start.y, end.x, end.y
        );
        self.paint(Rgba::CLEAR, color, width, "");
        self.out.push_str("/>");
    }

    /// The lower part of a disc, so full from 0 to 1.
    pub(super) fn liquid(&mut self, at: Vec2, radius: f32, full: f32, color: Rgba) {
        if full >= 0.999 {
            return self.disc(at, radius, color, Rgba::CLEAR, 0.0);
        }
        let level = radius - 2.0 * radius * full;
        let half = (radius * radius - level * level).max(0.0).sqrt();
        let (left, right, y) = (at.x - half, at.x + half, at.y + level);
        let large = i32::from(full > 0.5);
        let _ =
            write!(self.out, "<path d=\"M{left:.1} {y:.1}A{radius:.1} {radius:.1} 0 {large} 0 {right:.1} {y:.1}Z\"");
        self.paint(color, Rgba::CLEAR, 0.0, "");
        self.out.push_str("/>");
    }

    pub(super) fn rounded(&mut self, rect: Rect, corner: f32, fill: Rgba, rim: Rgba, width: f32) {
        let rect = rect.inflate(-width / 2.0);
        let corner = corner.min(rect.width() / 2.0).min(rect.height() / 2.0);
        let (min, size) = (rect.min, rect.size());
        let _ = write!(
            self.out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{corner:.1}\"",
            min.x, min.y, size.x, size.y
        );
        self.paint(fill, rim, width, "");
        self.out.push_str("/>");
    }

    /// A line along `d`, the data of a path.
    pub(super) fn path(&mut self, d: &str, color: Rgba, width: f32, more: &str) {
        let _ = write!(self.out, "<path d=\"{d}\"");
        self.paint(Rgba::CLEAR, color, width, more);
        self.out.push_str("/>");
    }

    /// The head of an arrow that points along `along`, which is of length 1.
    pub(super) fn arrow(&mut self, at: Vec2, along: Vec2, radius: f32, color: Rgba) {
        let across = along.perp();
        let [tip, left, right] = [
            at + along * radius,
            at - along * 0.7 * radius + across * 0.85 * radius,
            at - along * 0.7 * radius - across * 0.85 * radius,
        ];
        let _ = write!(
            self.out,
            "<path d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\"",
            tip.x, tip.y, left.x, left.y, right.x, right.y
        );
        self.paint(color, Rgba::CLEAR, 0.0, "");
        self.out.push_str("/>");
    }

    /// Words whose upper left corner is there; `halo` is the ground they stand on, if they may stand on lines.
    pub(super) fn text(&mut self, at: Vec2, words: Words<'_>, halo: Option<Rgba>) {
        let baseline = at.y + words.size * letters::ASCENT;
        let _ = write!(
            self.out,
            "<text x=\"{:.1}\" y=\"{baseline:.1}\" font-size=\"{}\" fill=\"{}\"",
            at.x,
            words.size,
            hex(words.color)
        );
        self.opacity("fill", words.color);
        if words.strong {
            self.out.push_str(" font-weight=\"600\"");
        }
        if let Some(halo) = halo {
            let _ = write!(
                self.out,
                " paint-order=\"stroke\" stroke=\"{}\" stroke-opacity=\"0.9\" stroke-width=\"4\" \
                 stroke-linejoin=\"round\"",
                hex(halo)
            );
        }
        let _ = writeln!(self.out, ">{}</text>", escaped(words.text));
    }

    fn paint(&mut self, fill: Rgba, stroke: Rgba, width: f32, more: &str) {
        if fill.0[3] == 0 {
            self.out.push_str(" fill=\"none\"");
        } else {
            let _ = write!(self.out, " fill=\"{}\"", hex(fill));
            self.opacity("fill", fill);
        }
        if width > 0.0 && stroke.0[3] > 0 {
            let _ = write!(self.out, " stroke=\"{}\" stroke-width=\"{width:.2}\"", hex(stroke));
            self.opacity("stroke", stroke);
        }
        self.out.push_str(more);
    }

    fn opacity(&mut self, of: &str, color: Rgba) {
        if color.0[3] < 255 {
            let _ = write!(self.out, " {of}-opacity=\"{:.2}\"", f32::from(color.0[3]) / 255.0);
        }
    }
}

fn hex(Rgba([r, g, b, _]): Rgba) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Its line ends are ours and stay.
fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}

/// The data of a path along a quadratic curve.
pub(super) fn along(from: Vec2, bend: Vec2, to: Vec2) -> String {
    format!("M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}", from.x, from.y, bend.x, bend.y, to.x, to.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_upside_down_on_a_sheet() {
        let sheet = Sheet::new(Vec2::new(200.0, 100.0), (Vec2::new(10.0, 0.0), 2.0));
        assert_eq!(sheet.at(Vec3::new(10.0, 0.0, 0.0)), Vec2::new(100.0, 50.0));
        assert_eq!(sheet.at(Vec3::new(20.0, 10.0, 0.0)), Vec2::new(120.0, 30.0));
    }

    #[test]
    fn what_a_thing_tells_cannot_end_it() {
        let mut sheet = Sheet::new(Vec2::ONE, (Vec2::ZERO, 1.0));
        sheet.group("x", "</title><script>\nsecond", |_| {});
        assert_eq!(sheet.out, "<g class=\"x\"><title>&lt;/title&gt;&lt;script&gt;\nsecond</title></g>\n");
    }
}
