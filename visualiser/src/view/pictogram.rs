//! Simple pictures for types of components, drawn with a pen inside a disc.

use axonscope_session::names::Picture;
use bevy_egui::egui::epaint::PathShape;
use bevy_egui::egui::{Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2};

/// How large a picture is, in shares of its disc.
const SHARE: f32 = 0.52;
/// How wide the pen is, in shares of the picture.
const PEN: f32 = 0.16;

/// Draws into a disc; all in one colour.
pub(super) fn draw(painter: &Painter, picture: Picture, center: Pos2, radius: f32, color: Color32) {
    let pen =
        Pen { painter, center, unit: radius * SHARE, stroke: Stroke::new((radius * SHARE * PEN).max(1.2), color) };
    match picture {
        Picture::Clock => {
            pen.circle(0.0, 0.0, 0.9);
            pen.line(&[(0.0, -0.5), (0.0, 0.05), (0.4, 0.3)]);
        }
        Picture::Person => {
            pen.circle(0.0, -0.45, 0.4);
            pen.line(&arc((0.0, 0.85), (0.75, 0.75), 0.5, 1.0));
        }
        Picture::File => {
            pen.closed(&[(-0.6, -0.9), (0.2, -0.9), (0.6, -0.5), (0.6, 0.9), (-0.6, 0.9)]);
            pen.line(&[(-0.28, 0.0), (0.28, 0.0)]);
            pen.line(&[(-0.28, 0.42), (0.28, 0.42)]);
        }
        Picture::Network => {
            pen.line(&[(0.0, -0.6), (-0.65, 0.55)]);
            pen.line(&[(0.0, -0.6), (0.65, 0.55)]);
            pen.line(&[(-0.65, 0.55), (0.65, 0.55)]);
            for (x, y) in [(0.0, -0.6), (-0.65, 0.55), (0.65, 0.55)] {
                pen.dot(x, y, 0.26);
            }
        }
        Picture::Filter => {
            pen.closed(&[(-0.85, -0.75), (0.85, -0.75), (0.2, 0.1), (0.2, 0.8), (-0.2, 0.6), (-0.2, 0.1)])
        }
        Picture::Disk => {
            pen.line(&arc((0.0, -0.6), (0.75, 0.28), 0.0, 1.0));
            pen.line(&[(-0.75, -0.6), (-0.75, 0.6)]);
            pen.line(&[(0.75, -0.6), (0.75, 0.6)]);
            pen.line(&arc((0.0, 0.0), (0.75, 0.28), 0.0, 0.5));
            pen.line(&arc((0.0, 0.6), (0.75, 0.28), 0.0, 0.5));
        }
        Picture::Gear => {
            pen.circle(0.0, 0.0, 0.58);
            pen.dot(0.0, 0.0, 0.18);
            for tooth in 0..8 {
                let (sin, cos) = (std::f32::consts::TAU * tooth as f32 / 8.0).sin_cos();
                pen.line(&[(0.58 * cos, 0.58 * sin), (0.95 * cos, 0.95 * sin)]);
            }
        }
        Picture::Speech => {
            let rect = Rect::from_min_max(pen.at(-0.85, -0.75), pen.at(0.85, 0.4));
            let round = CornerRadius::same((pen.unit * 0.3).clamp(1.0, 255.0) as u8);
            painter.rect_stroke(rect, round, pen.stroke, StrokeKind::Middle);
            pen.line(&[(-0.45, 0.42), (-0.45, 0.85), (0.0, 0.42)]);
        }
        Picture::Sound => {
            pen.closed(&[(-0.85, -0.3), (-0.5, -0.3), (-0.05, -0.7), (-0.05, 0.7), (-0.5, 0.3), (-0.85, 0.3)]);
            for reach in [0.35, 0.75] {
                pen.line(&arc((0.05, 0.0), (reach, reach), -0.125, 0.125));
            }
        }
        Picture::Lens => {
            pen.circle(-0.15, -0.15, 0.6);
            pen.line(&[(0.3, 0.3), (0.85, 0.85)]);
        }
    }
}

/// Points of an ellipse from one turn to another, clockwise on the screen from the right.
fn arc((x, y): (f32, f32), (width, height): (f32, f32), from: f32, to: f32) -> Vec<(f32, f32)> {
    const STEPS: usize = 24;
    let point = |step: usize| {
        let turn = from + (to - from) * step as f32 / STEPS as f32;
        let (sin, cos) = (std::f32::consts::TAU * turn).sin_cos();
        (x + width * cos, y + height * sin)
    };
    (0..=STEPS).map(point).collect()
}

/// Draws in units of the picture: from -1 to 1, to the right and down.
struct Pen<'a> {
    painter: &'a Painter,
    center: Pos2,
    unit: f32,
    stroke: Stroke,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        self.center + Vec2::new(x, y) * self.unit
    }

    fn points(&self, points: &[(f32, f32)]) -> Vec<Pos2> {
        points.iter().map(|&(x, y)| self.at(x, y)).collect()
    }

    fn circle(&self, x: f32, y: f32, radius: f32) {
        self.painter.circle_stroke(self.at(x, y), radius * self.unit, self.stroke);
    }

    fn dot(&self, x: f32, y: f32, radius: f32) {
        self.painter.circle_filled(self.at(x, y), radius * self.unit, self.stroke.color);
    }

    fn line(&self, points: &[(f32, f32)]) {
        self.painter.add(Shape::Path(PathShape::line(self.points(points), self.stroke)));
    }

    fn closed(&self, points: &[(f32, f32)]) {
        self.painter.add(Shape::Path(PathShape::closed_line(self.points(points), self.stroke)));
    }
}
