//! Which curves run through a place on the screen, so that names stand where fewest do.

use std::collections::HashMap;

use bevy::math::{Rect, Vec2, Vec3};

use super::super::camera::Eye;
use super::super::canvas::Ribbon;

/// With more curves on the canvas nobody can say where there are fewest.
const RIBBONS_MAX: usize = 1500;
/// Logical pixels from one point of a curve to the next: less than a line of text is high.
const STEP: f32 = 9.0;
const POINTS_MAX: usize = 200;
const CELL: f32 = 32.0;

/// Points of the curves that can be seen, each with the number of its curve, by cells of the screen.
#[derive(Default)]
pub(super) struct Lines {
    cells: HashMap<(i32, i32), Vec<(u32, Vec2)>>,
}

impl Lines {
    pub(super) fn of(ribbons: &[Ribbon], straight: usize, eye: &Eye) -> Self {
        let mut lines = Self::default();
        if ribbons.len() > RIBBONS_MAX {
            return lines;
        }
        let screen = Rect::from_corners(Vec2::ZERO, eye.screen);
        let on_screen = |at: [f32; 3]| eye.screen_from_world(Vec3::from_array(at).truncate());
        for (ribbon, number) in ribbons.iter().zip(0..) {
            let (from, to) = (on_screen(ribbon.from), on_screen(ribbon.to));
            let bend = if (number as usize) < straight { (from + to) / 2.0 } else { on_screen(ribbon.bend) };
            let steps =
                ((from.distance(bend) + bend.distance(to)) / STEP).ceil().clamp(1.0, POINTS_MAX as f32) as usize;
            for step in 0..=steps {
                let t = step as f32 / steps as f32;
                let at = from * (1.0 - t).powi(2) + bend * (2.0 * t * (1.0 - t)) + to * t.powi(2);
                if screen.contains(at) {
                    let cell = (at / CELL).floor();
                    lines.cells.entry((cell.x as i32, cell.y as i32)).or_default().push((number, at));
                }
            }
        }
        lines
    }

    /// How many curves run through a rectangle.
    pub(super) fn through(&self, rect: Rect) -> usize {
        let (min, max) = ((rect.min / CELL).floor().as_ivec2(), (rect.max / CELL).floor().as_ivec2());
        let mut found: Vec<u32> = Vec::new();
        for x in min.x..=max.x {
            for y in min.y..=max.y {
                let points = self.cells.get(&(x, y)).into_iter().flatten();
                found.extend(points.filter(|(_, at)| rect.contains(*at)).map(|(number, _)| *number));
            }
        }
        found.sort_unstable();
        found.dedup();
        found.len()
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;

    use super::*;

    #[test]
    fn curves_are_counted_where_they_run() {
        let eye = Eye::default();
        let at = |x: f32, y: f32| {
            let world = eye.world_from_screen(Vec2::new(x, y));
            [world.x, world.y, 0.0]
        };
        let line = |y: f32| Ribbon { from: at(100.0, y), to: at(500.0, y), ..Ribbon::zeroed() };
        let curve = Ribbon { bend: at(300.0, 500.0), ..line(100.0) };
        let lines = Lines::of(&[line(200.0), line(204.0), curve], 2, &eye);
        assert_eq!(lines.through(Rect::new(200.0, 190.0, 260.0, 212.0)), 2);
        assert_eq!(lines.through(Rect::new(270.0, 290.0, 330.0, 312.0)), 1, "the top of the curve");
        assert_eq!(lines.through(Rect::new(600.0, 190.0, 660.0, 212.0)), 0);
    }
}
