//! An inbox that its component waits at although nobody can send to it.

use crate::change::PostboxKind;
use crate::display;

use super::past::SystemPast;
use super::survey::Survey;
use super::told::Told;
use super::waits::Waits;
use super::words::{self, count_of, name};
use super::{Problem, Severity, is_enough, problem};

/// How long a component may be unlinked: it is made before it is linked, and may be linked anew.
const SETTLE_NS: u64 = 1_500_000_000;

pub(super) fn find(
    survey: &Survey<'_>,
    waits: &Waits<'_>,
    past: &SystemPast,
    told: &mut Told,
    found: &mut Vec<Problem>,
) {
    // Whoever would link it may wait for somebody: while it does, nothing is said of those that came since.
    let held_ns = waits.longest_ns(past);
    for inbox in &survey.starved {
        if is_enough(found) {
            return;
        }
        let owner = inbox.owner();
        let ns = past.starved_ns(inbox.id());
        // Whoever waits at several inboxes goes on when a message comes to another.
        let waits_elsewhere = owner.waits_at().any(|other| other.slot() != inbox.slot() && !other.is_standard());
        // Where programs are told of by hand, or by their spans, linkages may be seen only once they are used. Whoever has a
        // control box is of a runtime that tells of all of them.
        let tells_all = owner.postboxes().any(|postbox| postbox.kind() == PostboxKind::Inbox && postbox.is_standard());
        if ns < SETTLE_NS || ns <= held_ns || waits_elsewhere || !tells_all || told.has(owner) {
            continue;
        }
        let sentence =
            format!("{} waits for messages, but nothing is linked to its {}.", name(owner), words::box_name(*inbox));
        let mut parts = vec![format!("it has waited for {}", display::duration_ns(ns))];
        parts.push(match inbox.messages() {
            0 => "nothing ever came".to_owned(),
            taken => format!("{} came before", count_of(taken, "message")),
        });
        let mut problem = problem(survey.system, Severity::Warning, "unlinked-inbox", sentence, parts.join(" · "));
        problem.components.push(owner.id());
        problem.postboxes.push(inbox.id());
        found.push(problem);
        told.add(owner);
    }
}
