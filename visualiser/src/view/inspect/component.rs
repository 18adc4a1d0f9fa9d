//! What is known of a component, and of what is inside a composite.

use axonscope_model::{ComponentRef, PostboxKind, PostboxRef, State, display};
use axonscope_session::{Subject, Trace};

use super::super::picture::Trouble;
use super::parts::{ago, figures, name, now};
use super::{Of, Row, Sheet};

const BOXES_MAX: usize = 24;
/// Components inside a composite that are looked at: this is done in each frame.
const INSIDE_MAX: usize = 2000;

pub(super) fn sheet(component: ComponentRef<'_>, past: impl Fn(Subject) -> Option<Trace>) -> Sheet {
    let system = component.system();
    let mut path = format!("{} / {}", name(&system.title()), display::escape(&component.path()));
    if !component.type_name().is_empty() {
        path += &format!(" · {}", name(component.type_name()));
    }
    let mut sheet = Sheet { title: name(component.name()), path, rows: Vec::new() };
    if !component.description().is_empty() {
        sheet.words(display::label(component.description(), 600));
    }
    state(&mut sheet, component);
    if component.is_composite() {
        inside(&mut sheet, component);
    }

    let mut boxes: Vec<PostboxRef<'_>> = component.postboxes().collect();
    boxes.sort_by_key(|postbox| (postbox.is_standard(), postbox.kind() == PostboxKind::Outbox, postbox.id()));
    if !boxes.is_empty() {
        sheet.section("Boxes");
        sheet.some_of(&boxes, BOXES_MAX, |sheet, &postbox| sheet.postbox(postbox, &past));
    }
    activity(&mut sheet, component, past(Subject::Component(component.id())));

    sheet.linkages("From", boxes.iter().flat_map(|postbox| postbox.linkages_in()), |linkage| linkage.source());
    sheet.linkages("To", boxes.iter().flat_map(|postbox| postbox.linkages_out()), |linkage| linkage.sink());
    let apart = |others: &mut dyn Iterator<Item = ComponentRef<'_>>| {
        let mut ids: Vec<_> = others.map(|other| other.id()).collect();
        ids.sort();
        ids.dedup();
        ids.into_iter().filter_map(|id| system.component(id)).collect::<Vec<_>>()
    };
    let type_of =
        |other: ComponentRef<'_>| if other.type_name().is_empty() { String::new() } else { name(other.type_name()) };
    sheet.components("Uses", &apart(&mut component.uses().map(|usage| usage.sink().owner())), type_of);
    sheet.components("Used by", &apart(&mut component.used_by().map(|usage| usage.source().owner())), type_of);
    if let Some(parent) = component.parent() {
        sheet.components("Inside of", &[parent], type_of);
    }
    sheet.log("Log", system, component.log(), component.log_gone());
    sheet.labels(component.labels());
    sheet
}

/// How it is doing, in a sentence.
fn state(sheet: &mut Sheet, component: ComponentRef<'_>) {
    let is_gone = !component.system().status().is_connected();
    let fullest = component.postboxes().filter(|postbox| postbox.kind() == PostboxKind::Inbox);
    let fullest = fullest.filter_map(|postbox| postbox.fill()).fold(0.0, f32::max);
    let banner = |words: String, evidence: String, trouble| Row::Banner { words, evidence, trouble };
    match component.state() {
        _ if is_gone => sheet.words("gone with its system; this is what was last known"),
        State::Failed => {
            let why = display::label(component.state_detail(), 400).into_owned();
            sheet.rows.push(banner("failed".into(), why, Trouble::Alarm));
        }
        State::Running if Trouble::of_fill(Some(fullest)) != Trouble::None => {
            let words = format!("inbox {} full", display::share(fullest));
            let evidence = format!("busy {} · {}", display::share(component.busy_share()), doing(component));
            sheet.rows.push(banner(words, evidence, Trouble::of_fill(Some(fullest))));
        }
        State::Starting => sheet.words("starting"),
        State::Finished => sheet.words("finished"),
        State::Running => sheet.words(doing(component)),
    }
    if component.has_anomaly() {
        let words = "incomplete here: something told of it did not fit".to_owned();
        sheet.rows.push(banner(words, String::new(), Trouble::Warning));
    }
}

/// What a component that runs is doing: working, or waiting for whom.
fn doing(component: ComponentRef<'_>) -> String {
    if let Some(outbox) = component.postboxes().find(|postbox| postbox.blocked_since() > 0) {
        let waits = now(component.system()).saturating_sub(outbox.blocked_since());
        return format!("blocked: waits to send from {} for {}", name(outbox.name()), display::duration_ns(waits));
    }
    match component.waits_at().next() {
        Some(inbox) if component.poll_started_at() == 0 => format!("waits at {}", name(inbox.name())),
        _ => "running".to_owned(),
    }
}

/// Sums of a composite, and what it contains.
fn inside(sheet: &mut Sheet, composite: ComponentRef<'_>) {
    let (mut count, mut failed, mut busiest, mut sent) = (0usize, 0usize, 0.0_f32, 0.0);
    let mut next = composite.children().next();
    let depth = composite.depth();
    // As a tree is read, until what is no longer inside.
    while let Some(component) = next.filter(|component| component.depth() > depth) {
        count += 1;
        failed += usize::from(component.state() == State::Failed);
        busiest = busiest.max(component.busy_share());
        // Boxes that messages pass by count what others have sent.
        sent += if component.is_composite() { 0.0 } else { component.rate_out() };
        next = component.next_in_tree().filter(|_| count < INSIDE_MAX);
    }
    sheet.section("Inside");
    let more = if count == INSIDE_MAX { " or more" } else { "" };
    sheet.figure("components", format!("{}{more}", display::count(count as u64)));
    sheet.figure("messages sent inside", display::rate(sent));
    sheet.figure("busiest", display::share(busiest));
    if failed > 0 {
        let (name, figure) = ("failed".to_owned(), display::count(failed as u64));
        sheet.rows.push(Row::Figure { name, figure, trouble: Trouble::Alarm });
    }
    // In an order that stays, as whoever reads a row may want to click on it.
    let children: Vec<ComponentRef<'_>> = composite.children().take(INSIDE_MAX).collect();
    sheet.components("Contains", &children, |child| match child.is_composite() {
        true => format!("{} inside", display::count(child.children().count() as u64)),
        false => display::rate(child.rate_in() + child.rate_out()),
    });
}

fn activity(sheet: &mut Sheet, component: ComponentRef<'_>, trace: Option<Trace>) {
    let system = component.system();
    sheet.section("Activity");
    if component.stands_for_many() {
        let (rate, open) = (display::rate(component.begun_rate()), display::count(component.open().into()));
        sheet.figure("stands for", format!("{rate} · {open} open · {} in all", display::count(component.begun())));
    }
    let busy = component.busy_share();
    match component.scheduled_share() {
        None => sheet.figure("busy", display::share(busy)),
        Some(scheduled) => {
            let [busy, ready, idle] = [busy, scheduled, idle(busy, scheduled)].map(display::share);
            sheet.figure("busy · scheduled · idle", format!("{busy} · {ready} · {idle}"));
        }
    }
    if let Some(trace) = trace {
        let trouble = if busy >= 0.9 { Trouble::Alarm } else { Trouble::None };
        if trace.shares.iter().flatten().any(|share| *share > 0.005) {
            sheet.rows.push(Row::Spark { name: "busy".into(), trace: trace.clone(), of: Of::Share, trouble });
        }
        if trace.rates.iter().flatten().any(|rate| *rate > 0.0) {
            let (name, of, trouble) = ("messages".into(), Of::Rate, Trouble::None);
            sheet.rows.push(Row::Spark { name, trace, of, trouble });
        }
    }
    if component.last_active_at() > 0 {
        sheet.figure("last active", ago(system, component.last_active_at()));
    }
    if component.postboxes().next().is_some() {
        sheet.figure("messages in", figures(component.messages_in(), component.rate_in()));
        sheet.figure("messages out", figures(component.messages_out(), component.rate_out()));
    }
    sheet.figure("polls", display::count(component.polls()));
    if component.restarts() > 0 {
        sheet.figure("restarts", display::count(component.restarts().into()));
    }
    if component.first_seen_at() > 0 {
        sheet.figure("seen for", display::duration_ns(now(system).saturating_sub(component.first_seen_at())));
    }
}

/// What is left of the time; both shares are measured, and may come to a little more than all of it.
fn idle(busy: f32, scheduled: f32) -> f32 {
    (1.0 - busy - scheduled).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_is_the_rest_and_never_less_than_nothing() {
        assert!((idle(0.2, 0.3) - 0.5).abs() < 1e-6);
        assert_eq!(idle(0.7, 0.4), 0.0);
    }
}
