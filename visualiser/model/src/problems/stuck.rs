//! A component that does not come back from what it does: whoever shares its thread waits, and nobody can reach it.

use crate::display;

use super::past::SystemPast;
use super::slow::{blocked_names, longest_wait, name_victims};
use super::survey::Survey;
use super::told::Told;
use super::waits::{End, Waits};
use super::words::{name, verb};
use super::{Problem, Severity, problem};

/// How long a poll may run.
const LONGEST_NS: u64 = 1_000_000_000;
/// For how long it must have been seen to.
const SEEN_NS: u64 = 400_000_000;

pub(super) fn find(
    survey: &Survey<'_>,
    waits: &Waits<'_>,
    past: &SystemPast,
    told: &mut Told,
    found: &mut Vec<Problem>,
) {
    let sampled_at = survey.system.sampled_at();
    for component in &survey.polled {
        let ns = sampled_at.saturating_sub(component.poll_started_at());
        if ns < LONGEST_NS || past.poll_seen_ns(component.id(), sampled_at) < SEEN_NS || told.has(*component) {
            continue;
        }
        let victims = waits.ending(End::At(component.slot()));
        let holds = match &*blocked_names(&victims) {
            "" => String::new(),
            who => format!(": {who} {}", verb(victims.len(), "wait")),
        };
        let sentence = format!("{} is stuck in one step and answers nobody{holds}.", name(*component));
        let mut parts = vec![format!("one poll has run for {}", display::duration_ns(ns))];
        let waiting: u64 = component.postboxes().map(|postbox| u64::from(postbox.depth())).sum();
        if waiting > 0 {
            parts.push(format!("{} waiting", display::count(waiting)));
        }
        parts.extend(longest_wait(&victims));
        let mut problem = problem(survey.system, Severity::Error, "never-yields", sentence, parts.join(" · "));
        problem.components.push(component.id());
        name_victims(&mut problem, &victims);
        found.push(problem);
        told.add(*component);
        victims.iter().for_each(|wait| told.add(wait.by));
    }
}
