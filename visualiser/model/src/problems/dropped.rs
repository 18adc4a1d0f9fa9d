//! An outbox that threw messages away because it leads nowhere. One that dropped nothing is no problem, nor is a signal.

use super::survey::Survey;
use super::told::Told;
use super::words::{count_of, name, whose};
use super::{Problem, Severity, is_enough, problem};

pub(super) fn find(survey: &Survey<'_>, told: &Told, found: &mut Vec<Problem>) {
    for outbox in survey.dropping.iter().filter(|outbox| !told.has(outbox.owner())) {
        if is_enough(found) {
            return;
        }
        let sentence = match outbox.linkages_out().next() {
            None => format!("{} is not linked to anything, and its messages are lost.", whose(*outbox)),
            Some(linkage) => format!(
                "{} leads out of {}, which is not linked to anything, and its messages are lost.",
                whose(*outbox),
                name(linkage.sink().owner()),
            ),
        };
        let evidence = format!("{} dropped so far", count_of(outbox.dropped(), "message"));
        let mut problem = problem(survey.system, Severity::Warning, "dropped-messages", sentence, evidence);
        problem.components.push(outbox.owner().id());
        problem.postboxes.push(outbox.id());
        problem.linkages = outbox.linkages_out().map(|linkage| linkage.id()).collect();
        found.push(problem);
    }
}
