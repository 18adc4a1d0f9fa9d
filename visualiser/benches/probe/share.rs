//! Shares and differences of paired rounds, as lines.

use anyhow::Result;

use crate::support::pairs::{Ratio, median};
use crate::support::{Better, Line};

/// Which throughput must be kept while a visualiser watches, and while none does.
pub(crate) const GOAL_WATCHED: (&str, f64) = ("goal-0.97", 0.97);
pub(crate) const GOAL_ALONE: (&str, f64) = ("goal-0.99", 0.99);

/// What is left of the bare program's throughput, from seconds for the same work: 1.0 is all of it.
pub(crate) fn share(case: &str, took: &[f64], bare: &[f64]) -> Line {
    let Ratio { median, low, high } = Ratio::paired(bare, took);
    Line::alone("probe", format!("throughput_share@{case}"), median, "share").between(low, high)
}

/// The same, printed beside a goal.
pub(crate) fn print_share(case: &str, took: &[f64], bare: &[f64], goal: Option<(&'static str, f64)>) -> Result<()> {
    let line = share(case, took, bare);
    match goal {
        Some((name, goal)) => line.against(name, goal, Better::More).print(),
        None => line.print(),
    }
}

/// Nanoseconds more than bare, for each of `count`.
pub(crate) fn added_ns(metric: &str, took: &[f64], bare: &[f64], count: u64) -> Line {
    let added: Vec<f64> = took.iter().zip(bare).map(|(took, bare)| (took - bare) * 1e9 / count as f64).collect();
    middle(metric, &added, "ns")
}

/// The median and where it lies.
pub(crate) fn middle(metric: &str, figures: &[f64], unit: &'static str) -> Line {
    // Its ratio to 1 is itself.
    let Ratio { median: _, low, high } = Ratio::paired(figures, &vec![1.0; figures.len()]);
    Line::alone("probe", metric.to_owned(), median(figures), unit).between(low, high)
}
