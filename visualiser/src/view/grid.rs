//! Where something stands already on a screen, so that nothing is written over it.

use bevy_math::{Rect, Vec2};

/// Rectangles on the screen, found by the cells they lie in.
pub(crate) struct Grid {
    columns: usize,
    rows: usize,
    cells: Vec<Vec<Rect>>,
}

impl Grid {
    const CELL: f32 = 64.0;

    pub(crate) fn new(screen: Vec2) -> Self {
        let columns = (screen.x.clamp(1.0, 32_768.0) / Self::CELL).ceil() as usize + 1;
        let rows = (screen.y.clamp(1.0, 32_768.0) / Self::CELL).ceil() as usize + 1;
        Self { columns, rows, cells: vec![Vec::new(); columns * rows] }
    }

    pub(crate) fn add(&mut self, rect: Rect) {
        for cell in self.cells_of(rect) {
            self.cells[cell].push(rect);
        }
    }

    pub(crate) fn touches(&self, rect: Rect) -> bool {
        self.cells_of(rect).any(|cell| self.cells[cell].iter().any(|taken| !taken.intersect(rect).is_empty()))
    }

    fn cells_of(&self, rect: Rect) -> impl Iterator<Item = usize> + use<> {
        let along = |from: f32, to: f32, count: usize| {
            let cell = |at: f32| (at / Self::CELL).floor();
            if to < 0.0 || cell(from) >= count as f32 {
                return 1..1;
            }
            cell(from).max(0.0) as usize..(cell(to).max(0.0) as usize + 1).min(count)
        };
        let columns = self.columns;
        let across = along(rect.min.x, rect.max.x, columns);
        along(rect.min.y, rect.max.y, self.rows)
            .flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_touches_what_it_overlaps_and_nothing_else() {
        let mut grid = Grid::new(Vec2::new(640.0, 480.0));
        grid.add(Rect::new(60.0, 60.0, 140.0, 80.0));
        assert!(grid.touches(Rect::new(130.0, 70.0, 200.0, 90.0)));
        assert!(!grid.touches(Rect::new(141.0, 60.0, 200.0, 80.0)));
        assert!(!grid.touches(Rect::new(60.0, 81.0, 140.0, 99.0)));
    }

    #[test]
    fn what_lies_off_the_screen_is_neither_lost_nor_a_fault() {
        let mut grid = Grid::new(Vec2::new(640.0, 480.0));
        grid.add(Rect::new(-500.0, -500.0, -400.0, -400.0));
        grid.add(Rect::new(1e9, 1e9, 2e9, 2e9));
        assert!(!grid.touches(Rect::new(10.0, 10.0, 20.0, 20.0)));
        grid.add(Rect::new(-50.0, -50.0, 15.0, 15.0));
        assert!(grid.touches(Rect::new(10.0, 10.0, 20.0, 20.0)));
    }
}
