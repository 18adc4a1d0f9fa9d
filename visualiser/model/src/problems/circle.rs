//! A deadlock: components each of which waits for the next, and the last for the first.

use crate::display;

use super::told::Told;
use super::waits::{End, Wait, Waits, Why};
use super::words::{self, list, name};
use super::{MOST_NAMED, Problem, Severity, problem};

/// What such a problem is called.
pub(super) const KIND: &str = "deadlock";

pub(super) fn find(waits: &Waits<'_>, told: &mut Told, found: &mut Vec<Problem>) {
    for (number, circle) in waits.circles.iter().enumerate() {
        let members: Vec<&Wait<'_>> = circle.iter().filter_map(|slot| waits.get(*slot)).collect();
        let Some(first) = members.first() else { continue };
        let behind = waits.ending(End::Circle(number));
        let mut problem =
            problem(first.by.system(), Severity::Error, KIND, sentence(&members), evidence(&members, &behind));
        for wait in members.iter().take(MOST_NAMED) {
            problem.components.push(wait.by.id());
            problem.postboxes.extend(match wait.why {
                Why::Room(outbox) => vec![outbox.id(), wait.inbox.id()],
                Why::Message(inbox) => vec![inbox.id()],
            });
            problem.linkages.extend(&wait.linkages);
        }
        members.iter().chain(&behind).for_each(|wait| told.add(wait.by));
        found.push(problem);
    }
}

fn sentence(members: &[&Wait<'_>]) -> String {
    let names: Vec<String> = members.iter().map(|wait| name(wait.by)).collect();
    match &*names {
        [one] => format!("{one} waits for itself."),
        [_, _] => format!("{} wait for each other.", list(&names)),
        _ => format!("{} wait for each other in a circle.", list(&names)),
    }
}

fn evidence(members: &[&Wait<'_>], behind: &[&Wait<'_>]) -> String {
    // A circle is as old as its youngest wait.
    let ns = members.iter().map(|wait| wait.ns).min().unwrap_or(0);
    let wait = |wait: &&Wait<'_>| match wait.why {
        Why::Room(_) => format!("{} for room at {}", name(wait.by), name(wait.on)),
        Why::Message(_) => format!("{} for a message from {}", name(wait.by), name(wait.on)),
    };
    let mut parts = vec!["nobody will go on".to_owned(), format!("for {}", display::duration_ns(ns))];
    parts.extend(members.iter().take(3).map(wait));
    if members.len() > 3 {
        parts.push(format!("and {} more", members.len() - 3));
    }
    if !behind.is_empty() {
        parts.push(format!("{} {} behind them", behind.len(), words::verb(behind.len(), "wait")));
    }
    parts.join(" · ")
}
