//! A line of the last two minutes, without axes: whether it rises, falls, or has been like that all the time.

use axonscope_session::{HISTORY_SECS, Trace};
use bevy_egui::egui::{self, Pos2, Rect, Stroke};

use super::super::inspect::Of;
use super::super::palette::{Palette, Rgba};

/// Paints a trace into `rect`, now at its right edge; what is not known is left out.
pub(super) fn paint_spark(painter: &egui::Painter, rect: Rect, trace: &Trace, of: Of, palette: &Palette, color: Rgba) {
    let values: Vec<Option<f32>> = match of {
        Of::Share => trace.shares.clone(),
        Of::Rate => trace.rates.iter().map(|rate| rate.map(|rate| rate as f32)).collect(),
    };
    let top = top(&values, of);
    let base = Stroke::new(1.0, palette.card_rim.egui());
    painter.hline(rect.x_range(), rect.max.y, base);
    for run in runs(&values) {
        let at = |(index, value): (usize, f32)| place(rect, values.len(), index, value / top);
        let points: Vec<Pos2> = run.into_iter().map(at).collect();
        match points[..] {
            [alone] => drop(painter.circle_filled(alone, 1.2, color.egui())),
            _ => drop(painter.add(egui::Shape::line(points, Stroke::new(1.5, color.egui())))),
        }
    }
}

/// What the top edge stands for: all of a share, the largest rate and somewhat more.
fn top(values: &[Option<f32>], of: Of) -> f32 {
    match of {
        Of::Share => 1.0,
        Of::Rate => values.iter().flatten().fold(0.0_f32, |most, value| most.max(*value)).max(1e-3) * 1.1,
    }
}

/// Values without a gap between them, with their numbers.
fn runs(values: &[Option<f32>]) -> Vec<Vec<(usize, f32)>> {
    let numbered: Vec<(usize, Option<f32>)> = values.iter().copied().enumerate().collect();
    let known = numbered.split(|(_, value)| value.is_none()).filter(|run| !run.is_empty());
    known.map(|run| run.iter().filter_map(|&(index, value)| Some((index, value?))).collect()).collect()
}

/// The last of `count` values is at the right edge, and two minutes are the whole width.
fn place(rect: Rect, count: usize, index: usize, height: f32) -> Pos2 {
    let from_right = (count - 1 - index) as f32 / (HISTORY_SECS - 1) as f32;
    egui::pos2(
        rect.max.x - rect.width() * from_right,
        rect.max.y - (rect.height() - 1.0) * height.clamp(0.0, 1.0) - 0.5,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_gap() {
        let found = runs(&[None, Some(1.0), Some(2.0), None, None, Some(3.0)]);
        assert_eq!(found, [vec![(1, 1.0), (2, 2.0)], vec![(5, 3.0)]]);
        assert!(runs(&[None]).is_empty() && runs(&[]).is_empty());
    }

    #[test]
    fn now_is_at_the_right_edge_and_two_minutes_are_the_width() {
        let rect = Rect::from_min_max(egui::pos2(100.0, 0.0), egui::pos2(219.0, 20.0));
        assert_eq!(place(rect, 120, 119, 0.0).x, 219.0);
        assert_eq!(place(rect, 120, 0, 0.0).x, 100.0);
        assert_eq!(place(rect, 10, 0, 0.0).x, 210.0);
    }

    #[test]
    fn a_share_has_a_fixed_scale_and_a_rate_one_of_its_own() {
        assert_eq!(top(&[Some(0.1)], Of::Share), 1.0);
        assert!((top(&[Some(50.0), None, Some(10.0)], Of::Rate) - 55.0).abs() < 1e-3);
        assert!(top(&[], Of::Rate) > 0.0);
    }
}
