//! Finds what lies somewhere without looking at everything: circles by their middles, in one grid for each order of size.

use bevy_math::{Rect, Vec2};

/// Circles, found by where they are.
#[derive(Default)]
pub(crate) struct Index {
    circles: Vec<(Vec2, f32)>,
    grids: Vec<Grid>,
}

/// Circles of about one size. There are never more cells than thrice the circles, however far apart those are.
struct Grid {
    /// The largest radius in it.
    reach: f32,
    min: Vec2,
    cell: f32,
    columns: usize,
    rows: usize,
    /// Where the circles of each cell begin in `items`, and where those of the last end.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Index {
    /// Of circles by middle and radius. One that is nowhere (not finite) is never found.
    pub(crate) fn of(circles: Vec<(Vec2, f32)>) -> Self {
        let mut by_size: Vec<Vec<u32>> = Vec::new();
        for (&(middle, radius), item) in circles.iter().zip(0..) {
            if middle.is_finite() && radius.is_finite() {
                let size = radius.max(1.0).log2().ceil() as usize;
                if by_size.len() <= size {
                    by_size.resize_with(size + 1, Vec::new);
                }
                by_size[size].push(item);
            }
        }
        let grids = by_size.iter().filter(|items| !items.is_empty()).map(|items| Grid::of(&circles, items)).collect();
        Self { circles, grids }
    }

    /// Everything that touches `rect`, by its number among what the index was made of, in rising order.
    pub(crate) fn within(&self, rect: Rect) -> Vec<u32> {
        let mut found = Vec::new();
        for grid in &self.grids {
            grid.candidates(rect, |item| {
                let (middle, radius) = self.circles[item as usize];
                if middle.distance_squared(middle.clamp(rect.min, rect.max)) <= radius * radius {
                    found.push(item);
                }
            });
        }
        found.sort_unstable();
        found
    }

    /// Middle and radius of one of them.
    pub(crate) fn circle(&self, item: usize) -> (Vec2, f32) {
        self.circles[item]
    }

    /// Everything that a point lies in, in rising order.
    pub(crate) fn at(&self, point: Vec2) -> Vec<u32> {
        self.within(Rect { min: point, max: point })
    }
}

impl Grid {
    fn of(circles: &[(Vec2, f32)], items: &[u32]) -> Self {
        let (mut min, mut max, mut reach) = (Vec2::MAX, Vec2::MIN, 0f32);
        for &item in items {
            let (middle, radius) = circles[item as usize];
            (min, max, reach) = (min.min(middle), max.max(middle), reach.max(radius));
        }
        let (size, count) = (max - min, items.len() as f32);
        let cell = (2.0 * reach).max((size.x * size.y / count).sqrt()).max(size.max_element() / count).max(1.0);
        let [columns, rows] = [size.x, size.y].map(|length| (length / cell) as usize + 1);
        let cell_of = |item: u32| {
            let at = (circles[item as usize].0 - min) / cell;
            (at.y as usize).min(rows - 1) * columns + (at.x as usize).min(columns - 1)
        };
        let mut starts = vec![0u32; columns * rows + 1];
        items.iter().for_each(|&item| starts[cell_of(item) + 1] += 1);
        for cell in 1..starts.len() {
            starts[cell] += starts[cell - 1];
        }
        let (mut next, mut sorted) = (starts.clone(), vec![0; items.len()]);
        for &item in items {
            let place = &mut next[cell_of(item)];
            sorted[*place as usize] = item;
            *place += 1;
        }
        Self { reach, min, cell, columns, rows, starts, items: sorted }
    }

    fn candidates(&self, rect: Rect, mut each: impl FnMut(u32)) {
        let from = (rect.min - self.reach - self.min) / self.cell;
        let to = (rect.max + self.reach - self.min) / self.cell;
        if to.x < 0.0 || to.y < 0.0 || !from.is_finite() || !to.is_finite() {
            return;
        }
        for row in from.y.max(0.0) as usize..self.rows.min(to.y as usize + 1) {
            let first = row * self.columns + (from.x.max(0.0) as usize).min(self.columns);
            let end = row * self.columns + self.columns.min(to.x as usize + 1);
            if first < end {
                let items = self.starts[first] as usize..self.starts[end] as usize;
                self.items[items].iter().for_each(|&item| each(item));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look thrown, the same every time.
    fn circles(count: u32) -> Vec<(Vec2, f32)> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0
        };
        (0..count)
            .map(|_| (Vec2::new(next() * 9000.0 - 4000.0, next() * 500.0), 2.0 + 300.0 * next().powi(8)))
            .collect()
    }

    #[test]
    fn it_finds_what_a_walk_through_everything_finds() {
        let circles = circles(2000);
        let index = Index::of(circles.clone());
        for rect in [
            Rect::new(-100.0, -100.0, 400.0, 90.0),
            Rect::new(-1e6, -1e6, 1e6, 1e6),
            Rect::new(4990.0, 490.0, 6000.0, 600.0),
            Rect::new(7e5, 7e5, 8e5, 8e5),
            Rect::new(77.0, 200.0, 77.0, 200.0),
        ] {
            let touches = |&(middle, radius): &(Vec2, f32)| middle.distance(middle.clamp(rect.min, rect.max)) <= radius;
            let walked: Vec<u32> =
                circles.iter().zip(0..).filter(|(circle, _)| touches(circle)).map(|(_, item)| item).collect();
            assert_eq!(index.within(rect), walked, "{rect:?}");
        }
    }

    #[test]
    fn what_is_nowhere_or_all_in_one_place_is_no_fault() {
        let nan = Index::of(vec![(Vec2::NAN, 1.0), (Vec2::ZERO, f32::INFINITY), (Vec2::ONE, 1.0)]);
        assert_eq!(nan.at(Vec2::ONE), [2]);
        let same = Index::of(vec![(Vec2::ZERO, 0.0); 100]);
        assert_eq!(same.at(Vec2::ZERO).len(), 100);
        assert!(Index::default().at(Vec2::ZERO).is_empty());
    }

    #[test]
    fn far_apart_does_not_mean_many_cells() {
        let line = (0..1000).map(|n| (Vec2::new(n as f32 * 1e6, 0.0), 1.0)).collect();
        let index = Index::of(line);
        assert!(index.grids.iter().all(|grid| grid.columns * grid.rows <= 3001));
        assert_eq!(index.at(Vec2::new(5e6, 0.5)), [5]);
    }
}
