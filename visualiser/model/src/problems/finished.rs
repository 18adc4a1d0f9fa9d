//! A component that has finished while others that live are still linked to it: what they send is lost.

use crate::change::State;
use crate::display;
use crate::query::PostboxRef;

use super::past::SystemPast;
use super::survey::Survey;
use super::told::Told;
use super::words::{count_of, list, name};
use super::{MOST_NAMED, Problem, Severity, is_enough, problem, ways};

/// How long it may take to undo linkages.
const SETTLE_NS: u64 = 1_000_000_000;

pub(super) fn find(survey: &Survey<'_>, past: &SystemPast, told: &mut Told, found: &mut Vec<Problem>) {
    for component in &survey.finished {
        if is_enough(found) {
            return;
        }
        let ns = past.finished_ns(component.id());
        if ns < SETTLE_NS || told.has(*component) {
            continue;
        }
        let inboxes: Vec<PostboxRef<'_>> = component
            .postboxes()
            .filter(|postbox| !postbox.is_standard())
            .filter(|postbox| ways::is_fed(*postbox))
            .collect();
        let mut senders: Vec<PostboxRef<'_>> = inboxes
            .iter()
            .flat_map(|inbox| ways::sources(*inbox))
            .filter(|sender| matches!(sender.owner().state(), State::Starting | State::Running))
            .take(MOST_NAMED)
            .collect();
        senders.sort_by_key(|sender| sender.id());
        senders.dedup_by_key(|sender| sender.slot());
        if senders.is_empty() {
            continue;
        }
        let mut names: Vec<String> = senders.iter().map(|sender| name(sender.owner())).collect();
        names.dedup();
        let sentence = format!(
            "{} has finished, but {} {} still linked to it.",
            name(*component),
            list(&names),
            if names.len() == 1 { "is" } else { "are" },
        );
        let mut parts = vec![format!("finished {} ago", display::duration_ns(ns))];
        let rate: f64 = senders.iter().map(|sender| sender.rate()).sum();
        if rate > 0.0 {
            parts.push(format!("{} sent to it", display::rate(rate)));
        }
        let dropped: u64 = senders.iter().chain(&inboxes).map(|postbox| postbox.dropped()).sum();
        if dropped > 0 {
            parts.push(format!("{} dropped", count_of(dropped, "message")));
        }
        let mut problem = problem(survey.system, Severity::Warning, "finished-but-linked", sentence, parts.join(" · "));
        problem.components.push(component.id());
        problem.components.extend(senders.iter().map(|sender| sender.owner().id()));
        problem.components.dedup();
        problem.postboxes = inboxes.iter().chain(&senders).map(|postbox| postbox.id()).collect();
        let linkages = inboxes.iter().flat_map(|inbox| inbox.linkages_in());
        problem.linkages = linkages.map(|linkage| linkage.id()).take(MOST_NAMED).collect();
        found.push(problem);
        told.add(*component);
    }
}
