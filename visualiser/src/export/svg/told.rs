//! What a thing tells of itself when it is pointed at: a few lines, with its figures.

use axonscope_model::{ComponentRef, LinkageRef, Model, PostboxKind, PostboxRef, State, Status, System, display};

/// The longest name, in characters.
const NAME: usize = 80;

fn name(text: &str) -> String {
    display::label(text, NAME).into_owned()
}

/// `1 component`, `8 components`.
fn many(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", display::count(count as u64), if count == 1 { "" } else { "s" })
}

pub(super) fn all(model: &Model) -> String {
    let live: Vec<&System> = model.systems().filter(|system| system.status().is_connected()).collect();
    let gone = model.systems().count() - live.len();
    let sum = |of: fn(&System) -> usize| live.iter().map(|system| of(system)).sum::<usize>();
    let rate: f64 = live.iter().map(|system| system.messages_per_second()).sum();
    let gone = if gone > 0 { format!(" ({gone} gone)") } else { String::new() };
    format!(
        "{}{gone} · {} · {} · messages {}",
        many(live.len(), "system"),
        many(sum(System::component_count), "component"),
        many(sum(System::linkage_count), "linkage"),
        display::rate(rate)
    )
}

pub(super) fn system(system: &System) -> String {
    let facts = system.facts();
    let status = match system.status() {
        Status::Live => "live",
        Status::Stale(_) => "not complete",
        Status::Lost { .. } => "lost",
        Status::Left { .. } => "left",
    };
    format!(
        "{}\npid {} on {}, {status}, up {}\n{}, {}, messages {}\n{} lost, {} did not fit",
        name(&system.title()),
        facts.pid,
        name(&facts.host),
        display::duration_ns(system.uptime_ns()),
        many(system.component_count(), "component"),
        many(system.linkage_count(), "linkage"),
        display::rate(system.messages_per_second()),
        display::count(system.lost()),
        display::count(system.anomaly_count()),
    )
}

pub(super) fn component(component: ComponentRef<'_>) -> String {
    let mut told = name(component.name());
    if !component.type_name().is_empty() {
        told += &format!(" · {}", name(component.type_name()));
    }
    told += match component.state() {
        State::Starting => "\nstarting",
        State::Running => "\nrunning",
        State::Finished => "\nfinished",
        State::Failed => "\nfailed",
    };
    if component.state() == State::Failed {
        told += &format!(": {}", name(component.state_detail()));
    }
    told += &format!(", busy {}", display::share(component.busy_share()));
    if component.stands_for_many() {
        let (rate, open) = (display::rate(component.begun_rate()), display::count(component.open().into()));
        told += &format!("\nstands for {rate}, {open} open");
    }
    let figures = |total: u64, rate: f64| format!("{}, {}", display::count(total), display::rate(rate));
    if component.postboxes().next().is_some() {
        told += &format!("\nmessages in {}", figures(component.messages_in(), component.rate_in()));
        told += &format!("\nmessages out {}", figures(component.messages_out(), component.rate_out()));
    }
    if component.is_composite() {
        told += &format!("\n{} inside", component.children().count());
    }
    told
}

pub(super) fn postbox(postbox: PostboxRef<'_>) -> String {
    let mut told = format!("{} {} of {}", postbox.kind(), name(postbox.name()), name(postbox.owner().name()));
    if !postbox.message_type().is_empty() {
        told += &format!("\ncarries {}", name(postbox.message_type()));
    }
    if postbox.kind() == PostboxKind::Inbox {
        told += &match postbox.capacity() {
            0 => format!("\n{} waiting", display::count(postbox.depth().into())),
            capacity => {
                format!("\n{} of {} waiting", display::count(postbox.depth().into()), display::count(capacity.into()))
            }
        };
    }
    told += &format!("\n{} in all, {}", display::count(postbox.messages()), display::rate(postbox.rate()));
    if postbox.dropped() > 0 {
        told += &format!(", {} dropped", display::count(postbox.dropped()));
    }
    told
}

pub(super) fn linkage(linkage: LinkageRef<'_>) -> String {
    let [source, sink] =
        [linkage.source(), linkage.sink()].map(|end| format!("{} {}", name(end.owner().name()), name(end.name())));
    let mut told = format!("{source} → {sink}\n{}", linkage.kind());
    told += &format!(", {} in all, {}", display::count(linkage.messages()), display::rate(linkage.rate()));
    if let Some(fill) = linkage.sink().fill().filter(|&fill| fill > 0.0) {
        told += &format!("\ninbox {} full", display::share(fill));
    }
    told
}
