//! What is wrong: questions to the model and to its short past. Each answer is one plain sentence with its figures.

use std::collections::HashMap;

use axonscope_ingest::answers::{Problem, Severity};
use axonscope_model::{Model, PostboxId, PostboxKind, PostboxRef, State, Status, System, SystemId, display};

/// An inbox this full is about to make its senders wait.
const FULL: f32 = 0.85;
/// How long it must stay so full to be told of.
const FULL_FOR_NS: u64 = 2_000_000_000;
/// How long a sender must have waited without a break.
const BLOCKED_FOR_NS: u64 = 1_000_000_000;
/// How much of its time it must have waited, if not without a break.
const BLOCKED_SHARE: f32 = 0.5;
/// How many full inboxes are remembered, and how many problems are told of.
const MANY: usize = 10_000;
/// How long a name may be in a sentence.
const NAME_CHARS: usize = 64;

/// What the model does not remember.
#[derive(Default)]
pub(crate) struct Past {
    /// Since when an inbox has been full, on the session's clock.
    full_since: HashMap<(SystemId, PostboxId), u64>,
}

impl Past {
    /// Looks at every inbox. To be called about once a second while anything happens.
    pub(crate) fn observe(&mut self, model: &Model, now_ns: u64) {
        let mut full = HashMap::new();
        for system in model.systems().filter(|system| system.status().is_connected()) {
            for inbox in system.postboxes().filter(|postbox| is_full(*postbox)).take(MANY - full.len()) {
                let key = (system.id(), inbox.id());
                full.insert(key, self.full_since.get(&key).copied().unwrap_or(now_ns));
            }
        }
        self.full_since = full;
    }
}

fn is_full(postbox: PostboxRef<'_>) -> bool {
    postbox.kind() == PostboxKind::Inbox && postbox.fill().is_some_and(|fill| fill >= FULL)
}

/// All problems, the worst first.
pub(crate) fn problems(model: &Model, past: &Past, system: Option<SystemId>, now_ns: u64) -> Vec<Problem> {
    let mut found = Vec::new();
    for known in model.systems().filter(|known| system.is_none_or(|system| system == known.id())) {
        if let Status::Lost { at_ns } = known.status() {
            found.push(lost(known, now_ns.saturating_sub(*at_ns)));
        }
        failed(known, &mut found);
        // What has gone does not wait or fill up any more.
        if known.status().is_connected() {
            for postbox in known.postboxes() {
                let full_ns =
                    past.full_since.get(&(known.id(), postbox.id())).map(|since| now_ns.saturating_sub(*since));
                found.extend(problem_of(postbox, full_ns));
            }
        }
        found.truncate(MANY);
    }
    found.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    found
}

fn lost(system: &System, ago_ns: u64) -> Problem {
    Problem {
        system: system.id(),
        severity: Severity::Error,
        kind: "lost-system".to_owned(),
        sentence: format!("{} is gone without a farewell.", display::label(&system.title(), NAME_CHARS)),
        evidence: format!("its stream ended {} ago", display::duration_ns(ago_ns)),
        ..Problem::default()
    }
}

fn failed(system: &System, found: &mut Vec<Problem>) {
    for component in system.components().filter(|component| component.state() == State::Failed) {
        found.push(Problem {
            system: system.id(),
            severity: Severity::Error,
            kind: "failed-component".to_owned(),
            sentence: format!("{} failed.", display::label(component.name(), NAME_CHARS)),
            evidence: component.state_detail().to_owned(),
            components: vec![component.id()],
            ..Problem::default()
        });
    }
}

fn problem_of(postbox: PostboxRef<'_>, full_ns: Option<u64>) -> Option<Problem> {
    match postbox.kind() {
        PostboxKind::Inbox => full_ns.filter(|ns| *ns >= FULL_FOR_NS).map(|ns| full(postbox, ns)),
        PostboxKind::Outbox => blocked(postbox).or_else(|| dropping(postbox)),
        // Not among the boxes of a system.
        PostboxKind::Grip => None,
    }
}

fn of(postbox: PostboxRef<'_>, severity: Severity, kind: &str, sentence: String, evidence: String) -> Problem {
    let owner = postbox.owner();
    Problem {
        system: owner.system().id(),
        severity,
        kind: kind.to_owned(),
        sentence,
        evidence,
        components: vec![owner.id()],
        postboxes: vec![postbox.id()],
        linkages: Vec::new(),
    }
}

/// "encoder's outbox".
fn whose(postbox: PostboxRef<'_>) -> String {
    let owner = display::label(postbox.owner().name(), NAME_CHARS).into_owned();
    format!("{owner}'s {}", display::label(postbox.name(), NAME_CHARS))
}

fn full(inbox: PostboxRef<'_>, full_ns: u64) -> Problem {
    let sentence = format!("{} is nearly full: messages come faster than they are taken.", whose(inbox));
    let evidence = format!(
        "{} of {} waiting, for {}; {} taken",
        display::count(inbox.depth().into()),
        display::count(inbox.capacity().into()),
        display::duration_ns(full_ns),
        display::rate(inbox.rate()),
    );
    let mut problem = of(inbox, Severity::Warning, "full-inbox", sentence, evidence);
    problem.linkages = inbox.linkages_in().map(|linkage| linkage.id()).take(64).collect();
    problem
}

fn blocked(outbox: PostboxRef<'_>) -> Option<Problem> {
    let system = outbox.owner().system();
    let since = outbox.blocked_since();
    let waits_ns = if since == 0 { 0 } else { system.sampled_at().saturating_sub(since) };
    let share = outbox.blocked_share();
    if waits_ns < BLOCKED_FOR_NS && share < BLOCKED_SHARE {
        return None;
    }
    let evidence = if waits_ns >= BLOCKED_FOR_NS {
        format!("waiting for {} now", display::duration_ns(waits_ns))
    } else {
        format!("waited {:.0} % of the time lately", share * 100.0)
    };
    let sentence = format!("{} waits for room at the other end.", whose(outbox));
    let mut problem = of(outbox, Severity::Warning, "blocked-sender", sentence, evidence);
    problem.linkages = outbox.linkages_out().map(|linkage| linkage.id()).take(64).collect();
    Some(problem)
}

fn dropping(outbox: PostboxRef<'_>) -> Option<Problem> {
    if outbox.dropped() == 0 || outbox.is_linked() {
        return None;
    }
    let sentence = format!("{} is not linked to anything and threw messages away.", whose(outbox));
    let evidence = format!("{} dropped so far", display::count(outbox.dropped()));
    Some(of(outbox, Severity::Note, "unlinked-outbox", sentence, evidence))
}
