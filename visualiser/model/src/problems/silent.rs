//! A component that takes nothing although its producers send: its inbox fills, and is not yet full.

use crate::change::State;
use crate::display;
use crate::query::PostboxRef;

use super::past::SystemPast;
use super::survey::Survey;
use super::told::Told;
use super::words::{self, list, name};
use super::{MOST_NAMED, Problem, Severity, is_enough, problem, ways};

/// How long an inbox is at least left alone before that is told of, and at most.
const SHORTEST_NS: u64 = 2_000_000_000;
const LONGEST_NS: u64 = 12_000_000_000;
/// How many times its usual pause.
const PAUSES: u64 = 3;
/// How many must have come meanwhile: fewer may be a batch that is waited for.
const ARRIVED: u32 = 3;

pub(super) fn find(survey: &Survey<'_>, past: &SystemPast, told: &mut Told, found: &mut Vec<Problem>) {
    for inbox in &survey.unread {
        if is_enough(found) {
            return;
        }
        let owner = inbox.owner();
        let neglect = past.neglect(inbox.id(), inbox.depth());
        if neglect.arrived < ARRIVED || !is_neglected(*inbox, past) || told.has(owner) {
            continue;
        }
        // Whoever waits to send is held up by others, and whoever runs works.
        let is_held = owner.postboxes().any(|postbox| postbox.blocked_since() > 0) || owner.poll_started_at() > 0;
        let lives = matches!(owner.state(), State::Starting | State::Running);
        let senders: Vec<PostboxRef<'_>> =
            ways::sources(*inbox).into_iter().filter(|sender| sender.rate() > 0.0).take(MOST_NAMED).collect();
        if is_held || !lives || senders.is_empty() {
            continue;
        }
        let mut names: Vec<String> = senders.iter().map(|sender| name(sender.owner())).collect();
        names.dedup();
        let box_name = words::box_name(*inbox);
        let who = list(&names);
        let sentence = format!(
            "{} takes nothing from its {box_name}, although {who} {} to it.",
            name(owner),
            words::verb(names.len(), "send")
        );
        let rate: f64 = senders.iter().map(|sender| sender.rate()).sum();
        let evidence = format!(
            "{} · nothing taken for {} · {} {} come meanwhile, {}",
            words::fill(*inbox),
            display::duration_ns(neglect.ns),
            display::count(neglect.arrived.into()),
            if neglect.arrived == 1 { "has" } else { "have" },
            display::rate(rate),
        );
        let mut problem = problem(survey.system, Severity::Warning, "silent", sentence, evidence);
        problem.components.push(owner.id());
        problem.components.extend(senders.iter().map(|sender| sender.owner().id()));
        problem.postboxes.push(inbox.id());
        problem.linkages = inbox.linkages_in().map(|linkage| linkage.id()).take(MOST_NAMED).collect();
        found.push(problem);
        told.add(owner);
    }
}

/// Whether nothing has been taken out for much longer than is usual for it. What is usual is not known better than by how
/// many it took since its program began; that errs on the side of patience.
pub(super) fn is_neglected(inbox: PostboxRef<'_>, past: &SystemPast) -> bool {
    let pause_ns = match inbox.messages() {
        0 => 0,
        taken => inbox.owner().system().uptime_ns() / taken,
    };
    let patience_ns = (PAUSES * pause_ns).clamp(SHORTEST_NS, LONGEST_NS);
    inbox.depth() > 0 && past.neglect(inbox.id(), inbox.depth()).ns >= patience_ns
}
