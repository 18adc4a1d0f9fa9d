//! Components that failed, for good or again and again.

use std::collections::HashSet;

use crate::change::State;
use crate::display;
use crate::query::ComponentRef;

use super::past::SystemPast;
use super::survey::Survey;
use super::told::Told;
use super::words::{count_of, name};
use super::{Problem, Severity, problem};

/// So many restarts within a minute are a habit.
const HABIT: u32 = 2;
/// How many composites around a failure are looked at.
const DEEPEST: usize = 64;
/// How much of what a component says of its failure is told.
const DETAIL_CHARS: usize = 200;

pub(super) fn find(survey: &Survey<'_>, past: &SystemPast, told: &mut Told, found: &mut Vec<Problem>) {
    for component in &survey.restarted {
        let (times, ns) = past.restarts(component.id());
        if times >= HABIT {
            let again = format!("{} within {}", count_of(times.into(), "restart"), display::duration_ns(ns));
            let sentence = format!("{} fails again and again.", name(*component));
            let evidence = with_detail(again, *component);
            tell(*component, "restarting", sentence, evidence, told, found);
        }
    }
    // A composite that failed because of a child is a victim of it.
    let mut drawn_in = HashSet::new();
    for component in &survey.failed {
        drawn_in.extend(component.ancestors().take(DEEPEST).map(ComponentRef::slot));
    }
    for component in survey.failed.iter().filter(|component| !drawn_in.contains(&component.slot())) {
        if told.has(*component) {
            continue;
        }
        let sentence = format!("{} failed.", name(*component));
        tell(*component, "failed", sentence, with_detail(String::new(), *component), told, found);
        let around = component.ancestors().take(DEEPEST).filter(|around| around.state() == State::Failed);
        if let Some(problem) = found.last_mut() {
            problem.components.extend(around.map(ComponentRef::id));
        }
    }
}

fn tell(
    component: ComponentRef<'_>,
    kind: &str,
    sentence: String,
    evidence: String,
    told: &mut Told,
    found: &mut Vec<Problem>,
) {
    let mut problem = problem(component.system(), Severity::Error, kind, sentence, evidence);
    problem.components.push(component.id());
    told.add(component);
    let around = component.ancestors().take(DEEPEST);
    around.filter(|around| around.state() == State::Failed).for_each(|around| told.add(around));
    found.push(problem);
}

fn with_detail(evidence: String, component: ComponentRef<'_>) -> String {
    match (component.state_detail(), evidence) {
        ("", evidence) => evidence,
        (detail, evidence) if evidence.is_empty() => display::label(detail, DETAIL_CHARS).into_owned(),
        (detail, evidence) => format!("{evidence} · {}", display::label(detail, DETAIL_CHARS)),
    }
}
