//! Words in one line, of which the less important are left out where there is no room for all.

use bevy_egui::egui::{self, Color32, FontId, Pos2, TextFormat, text::LayoutJob};

use super::super::palette::{Rgba, type_size};
use super::super::type_face;

/// Words of one colour; `rank` 0 is never left out, and the highest is left out first.
pub(super) struct Part {
    pub(super) words: String,
    pub(super) color: Rgba,
    pub(super) strong: bool,
    pub(super) rank: u8,
}

impl Part {
    pub(super) fn new(words: impl Into<String>, color: Rgba, strong: bool, rank: u8) -> Self {
        Self { words: words.into(), color, strong, rank }
    }
}

/// Between two parts.
const SEPARATOR: &str = " · ";

/// Lays out what fits of two halves of a line that is `room` wide.
pub(super) fn lay_out(painter: &egui::Painter, halves: [Vec<Part>; 2], quiet: Rgba, room: f32) -> [LayoutJob; 2] {
    let measure = |words: &str, strong: bool| {
        let font = FontId::new(type_size::SMALL, type_face(strong));
        painter.layout_no_wrap(words.to_owned(), font, Color32::PLACEHOLDER).size().x
    };
    let gap = measure(SEPARATOR, false);
    let sizes: Vec<(f32, u8)> =
        halves.iter().flatten().map(|part| (measure(&part.words, part.strong) + gap, part.rank)).collect();
    let mut fits = fitting(&sizes, room).into_iter();
    halves.map(|half| {
        let mut job = LayoutJob::default();
        for part in half.into_iter().filter(|_| fits.next() == Some(true)) {
            let format = |color: Rgba, strong| TextFormat {
                font_id: FontId::new(type_size::SMALL, type_face(strong)),
                color: color.egui(),
                ..Default::default()
            };
            if !job.is_empty() {
                job.append(SEPARATOR, 0.0, format(quiet, false));
            }
            job.append(&part.words, 0.0, format(part.color, part.strong));
        }
        job
    })
}

/// Paints a line in the middle of the height of `bar`; to the right of `at`, or to the left of it.
pub(super) fn paint(painter: &egui::Painter, job: LayoutJob, at: Pos2, to_the_left: bool) -> egui::Rect {
    let galley = painter.layout_job(job);
    let size = galley.size();
    let corner = Pos2::new(if to_the_left { at.x - size.x } else { at.x }, (at.y - size.y / 2.0).round());
    painter.galley(corner, galley, Color32::PLACEHOLDER);
    egui::Rect::from_min_size(corner, size)
}

/// Which of these widths fit together into `room`: the highest ranks go first, and of one rank the last.
fn fitting(sizes: &[(f32, u8)], room: f32) -> Vec<bool> {
    let mut fits = vec![true; sizes.len()];
    let mut taken: f32 = sizes.iter().map(|size| size.0).sum();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&part| std::cmp::Reverse((sizes[part].1, part)));
    for part in order {
        if taken <= room || sizes[part].1 == 0 {
            break;
        }
        fits[part] = false;
        taken -= sizes[part].0;
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_is_left_out_first_and_the_most_important_never() {
        let sizes = [(100.0, 0), (50.0, 1), (70.0, 3), (30.0, 3), (40.0, 2)];
        assert_eq!(fitting(&sizes, 290.0), [true; 5]);
        assert_eq!(fitting(&sizes, 270.0), [true, true, true, false, true]);
        assert_eq!(fitting(&sizes, 200.0), [true, true, false, false, true]);
        assert_eq!(fitting(&sizes, 10.0), [true, false, false, false, false]);
    }
}
