//! Wiring that differs from what was expected, once it has differed for a moment: programs come up piece by piece.

use std::collections::HashMap;

use crate::display;
use crate::system::System;
use crate::wiring::{Difference, Wiring};

use super::past::SystemPast;
use super::{Problem, Severity, problem};

/// How long a difference may last before it is told of.
const SETTLE_NS: u64 = 1_500_000_000;
/// How many differences of one wiring are told each.
const MOST_TOLD: usize = 100;

/// How a system differs from one wiring, and since when.
#[derive(Default)]
pub(super) struct Differing {
    /// The structure that was compared.
    structure: Option<u64>,
    /// Each difference, and when it was first seen.
    differences: Vec<(Difference, u64)>,
}

pub(super) fn find(
    system: &System,
    expected: &[Wiring],
    past: &mut SystemPast,
    now_ns: u64,
    found: &mut Vec<Problem>,
) -> bool {
    let mut differs = false;
    for (number, wiring) in expected.iter().enumerate().filter(|(_, wiring)| wiring.name == system.name()) {
        let known = past.unexpected.entry(number).or_default();
        known.renew(wiring, system, now_ns);
        differs |= !known.differences.is_empty();
        let ripe: Vec<&(Difference, u64)> =
            known.differences.iter().filter(|(_, since)| now_ns.saturating_sub(*since) >= SETTLE_NS).collect();
        found.extend(ripe.iter().take(MOST_TOLD).map(|(difference, since)| tell(system, difference, *since, now_ns)));
        if ripe.len() > MOST_TOLD {
            let sentence = format!("{} more differences from the expected wiring.", ripe.len() - MOST_TOLD);
            found.push(problem(system, Severity::Warning, "unexpected-wiring", sentence, String::new()));
        }
    }
    differs
}

impl Differing {
    /// Compares again if anything is there, or linked, that was not.
    fn renew(&mut self, wiring: &Wiring, system: &System, now_ns: u64) {
        if self.structure.replace(system.structure_version()) == Some(system.structure_version()) {
            return;
        }
        let before: HashMap<String, u64> =
            self.differences.drain(..).map(|(difference, since)| (difference.sentence, since)).collect();
        let now = wiring.differences(system).into_iter();
        self.differences = now
            .map(|difference| {
                let since = before.get(&difference.sentence).copied().unwrap_or(now_ns);
                (difference, since)
            })
            .collect();
    }
}

fn tell(system: &System, difference: &Difference, since: u64, now_ns: u64) -> Problem {
    let evidence = format!("other than expected for {}", display::duration_ns(now_ns.saturating_sub(since)));
    let mut problem = problem(system, Severity::Warning, "unexpected-wiring", difference.sentence.clone(), evidence);
    problem.components.extend(difference.component);
    problem.postboxes.clone_from(&difference.postboxes);
    problem.linkages.extend(difference.linkage);
    problem
}
