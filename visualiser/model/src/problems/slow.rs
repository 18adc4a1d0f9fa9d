//! A full inbox, and who waits because of it: one problem for the whole chain, named after the component at its end, which
//! is the one that is slow.

use std::collections::{BTreeMap, HashSet};

use crate::display;
use crate::query::{ComponentRef, PostboxRef};

use super::past::SystemPast;
use super::survey::Survey;
use super::told::Told;
use super::waits::{End, LASTING_NS, Wait, Waits, Why};
use super::words::{self, list, name};
use super::{MOST_NAMED, Problem, Severity, is_enough, problem, silent};

/// For how long an inbox must have been full, or a sender blocked, to be told of.
const FULL_FOR_NS: u64 = 1_500_000_000;

/// Whoever is busy for less of its time spends it otherwise.
const IDLE: f32 = 0.2;

pub(super) fn find(
    survey: &Survey<'_>,
    waits: &Waits<'_>,
    past: &SystemPast,
    told: &mut Told,
    found: &mut Vec<Problem>,
) {
    let mut culprits: BTreeMap<u32, Vec<PostboxRef<'_>>> =
        waits.roots().into_iter().map(|slot| (slot, Vec::new())).collect();
    for inbox in &survey.full {
        // Whoever waits is no culprit, however full its own inbox is by now.
        if waits.get(inbox.owner().slot()).is_none() {
            culprits.entry(inbox.owner().slot()).or_default().push(*inbox);
        }
    }
    for (slot, full) in culprits {
        let Some(culprit) = survey.system.component_at(slot) else { continue };
        let victims = waits.ending(End::At(slot));
        let full_ns = full.iter().filter_map(|inbox| past.full_ns(inbox.id())).max().unwrap_or(0);
        let lasts = |wait: &&Wait<'_>| match wait.why {
            Why::Room(outbox) => wait.ns >= LASTING_NS || past.blocked_ns(outbox.id()) >= FULL_FOR_NS,
            Why::Message(_) => false,
        };
        // One that runs all the while may not come back at all, which the next look will know.
        let runs_since = culprit.poll_started_at();
        let runs_ns = if runs_since == 0 { 0 } else { survey.system.sampled_at().saturating_sub(runs_since) };
        if runs_ns >= LASTING_NS / 2 {
            continue;
        }
        let ripe = full_ns >= FULL_FOR_NS || victims.iter().any(lasts);
        if ripe && !told.has(culprit) && !is_enough(found) {
            found.push(tell(culprit, &full, full_ns, &victims, past));
        }
        if ripe {
            told.add(culprit);
            victims.iter().for_each(|wait| told.add(wait.by));
        }
    }
}

fn tell(
    culprit: ComponentRef<'_>,
    full: &[PostboxRef<'_>],
    full_ns: u64,
    victims: &[&Wait<'_>],
    past: &SystemPast,
) -> Problem {
    // The inbox that most wait for, or the only one that is full.
    let inbox =
        victims.iter().find(|wait| wait.on.slot() == culprit.slot()).map(|wait| wait.inbox).or(full.first().copied());
    let neglect = inbox.filter(|inbox| silent::is_neglected(*inbox, past));
    let (who, wait) = (blocked_names(victims), words::verb(victims.len(), "wait"));
    let (kind, sentence) = match (neglect, &*who) {
        (Some(inbox), "") => {
            ("silent", format!("{} takes nothing from its {}.", name(culprit), words::box_name(inbox)))
        }
        (Some(inbox), who) => {
            ("silent", format!("{} takes nothing from its {}: {who} {wait}.", name(culprit), words::box_name(inbox)))
        }
        (None, "") => ("slow-consumer", format!("{} is too slow for what it gets.", name(culprit))),
        (None, who) => ("slow-consumer", format!("{} is too slow: {who} {wait}.", name(culprit))),
    };
    // Where others stand still for it, something does not work; else it may yet catch up.
    let stands = victims.iter().any(|wait| wait.share >= 0.9);
    let severity = if stands { Severity::Error } else { Severity::Warning };
    let evidence = evidence(culprit, inbox, full_ns, victims);
    let mut problem = problem(culprit.system(), severity, kind, sentence, evidence);
    problem.components.push(culprit.id());
    problem.postboxes.extend(inbox.map(PostboxRef::id));
    if victims.is_empty() {
        problem.linkages =
            full.iter().flat_map(|inbox| inbox.linkages_in()).map(|linkage| linkage.id()).take(MOST_NAMED).collect();
    }
    name_victims(&mut problem, victims);
    problem
}

/// Adds who waits, with what they wait at, and the linkages of the chain.
pub(super) fn name_victims(problem: &mut Problem, victims: &[&Wait<'_>]) {
    let mut passed = HashSet::new();
    for wait in victims.iter().take(MOST_NAMED) {
        problem.components.push(wait.by.id());
        if let Why::Room(outbox) = wait.why {
            problem.postboxes.push(outbox.id());
        }
        problem.linkages.extend(wait.linkages.iter().filter(|linkage| passed.insert(**linkage)));
    }
}

/// "room", "room and checker", "room, checker and 3 more"; the nearest first.
pub(super) fn blocked_names(victims: &[&Wait<'_>]) -> String {
    list(&victims.iter().map(|wait| name(wait.by)).collect::<Vec<_>>())
}

/// "checker has waited for 41 s", or how much of its time.
pub(super) fn longest_wait(victims: &[&Wait<'_>]) -> Option<String> {
    let longest = victims
        .iter()
        .max_by(|a, b| (a.ns, a.share).partial_cmp(&(b.ns, b.share)).unwrap_or(std::cmp::Ordering::Equal))?;
    Some(if longest.ns >= LASTING_NS {
        format!("{} has waited for {}", name(longest.by), display::duration_ns(longest.ns))
    } else {
        format!("{} waits {} of its time", name(longest.by), display::share(longest.share))
    })
}

fn evidence(culprit: ComponentRef<'_>, inbox: Option<PostboxRef<'_>>, full_ns: u64, victims: &[&Wait<'_>]) -> String {
    let mut parts = Vec::new();
    if let Some(inbox) = inbox {
        let full = if full_ns > 0 { format!(", full for {}", display::duration_ns(full_ns)) } else { String::new() };
        parts.push(format!("{}{full}", words::fill(inbox)));
        parts.push(format!("{} taken", display::rate(inbox.rate())));
    }
    let busy = display::share(culprit.busy_share());
    let waits_at = culprit.waits_at().find(|at| !at.is_standard() && Some(at.slot()) != inbox.map(PostboxRef::slot));
    parts.push(match waits_at {
        Some(at) => format!("busy {busy} · waits at its {}", words::box_name(at)),
        // Slow without work of its own, and nothing of the program holds it. Of whom no polls are told, no work is known.
        None if culprit.polls() > 0 && culprit.busy_share() < IDLE => {
            format!("busy {busy}: it waits for something outside")
        }
        None => format!("busy {busy}"),
    });
    parts.extend(longest_wait(victims));
    parts.join(" · ")
}
