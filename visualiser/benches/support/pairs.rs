//! Rounds taken in turn, and what may be said about their ratios.

use anyhow::Result;

/// Runs every case once a block, forwards and backwards by turns (A B, B A, A B …), so that a machine that slowly gets
/// faster or slower favours nobody. Returns the figures of each case, one a block.
pub(crate) fn in_turn<C: Copy>(
    cases: &[C],
    blocks: usize,
    mut round: impl FnMut(C) -> Result<f64>,
) -> Result<Vec<Vec<f64>>> {
    let mut figures = vec![Vec::with_capacity(blocks); cases.len()];
    for block in 0..blocks {
        for place in 0..cases.len() {
            let case = if block % 2 == 0 { place } else { cases.len() - 1 - place };
            figures[case].push(round(cases[case])?);
        }
    }
    Ok(figures)
}

/// The median of paired ratios, and the interval that covers the true median with at least 95 %.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Ratio {
    /// Of `ours` to `peer`, block by block. The interval is that of order statistics: it assumes nothing about how the
    /// ratios are distributed, only that blocks are independent.
    pub(crate) fn paired(ours: &[f64], peer: &[f64]) -> Self {
        let mut ratios: Vec<f64> = ours.iter().zip(peer).map(|(ours, peer)| ours / peer).collect();
        ratios.sort_by(f64::total_cmp);
        let cut = outside(ratios.len());
        Self { median: median(&ratios), low: ratios[cut], high: ratios[ratios.len() - 1 - cut] }
    }
}

/// How many of `n` sorted figures may be left out at each end, so that the rest still spans the true median with 95 %:
/// each figure is below it with probability one half.
fn outside(n: usize) -> usize {
    let mut probability = 0.5f64.powi(n as i32);
    let mut below = 0.0;
    for k in 0..n / 2 {
        below += probability;
        if below > 0.025 {
            return k;
        }
        probability *= (n - k) as f64 / (k + 1) as f64;
    }
    n / 2
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
