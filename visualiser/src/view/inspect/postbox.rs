//! What is known of a box, and of a linkage between two.

use axonscope_model::{LinkageRef, PostboxKind, PostboxRef, display};
use axonscope_session::{Subject, Trace};

use super::super::chosen::Selected;
use super::super::picture::Trouble;
use super::parts::{figures, held, key, name, now, tap_of};
use super::{Of, Row, Sheet};

pub(super) fn sheet(postbox: PostboxRef<'_>, past: impl Fn(Subject) -> Option<Trace>) -> Sheet {
    let owner = postbox.owner();
    let system = owner.system();
    let path = format!("{} / {} · {}", name(&system.title()), display::escape(&owner.path()), postbox.kind());
    let mut sheet = Sheet { title: name(postbox.name()), path, rows: Vec::new() };
    if !postbox.description().is_empty() {
        sheet.words(display::label(postbox.description(), 600));
    }
    let trouble = Trouble::of_fill(postbox.fill());
    if trouble != Trouble::None {
        let words = format!("{} full", display::share(postbox.fill().unwrap_or_default()));
        let evidence = format!("{} takes {}", name(owner.name()), display::rate(postbox.rate()));
        sheet.rows.push(Row::Banner { words, evidence, trouble });
    }
    if postbox.has_anomaly() {
        let words = "incomplete here: something told of it did not fit".to_owned();
        sheet.rows.push(Row::Banner { words, evidence: String::new(), trouble: Trouble::Warning });
    }
    sheet.section("Activity");
    if postbox.kind() == PostboxKind::Inbox {
        sheet.figure("waiting", held(postbox));
        sheet.figure("most waiting", display::count(postbox.high_water().into()));
        sheet.figure("waited at", if postbox.is_waited_at() { "yes" } else { "no" });
    } else {
        sheet.figure("blocked", display::share(postbox.blocked_share()));
        if postbox.blocked_since() > 0 {
            let waits = now(system).saturating_sub(postbox.blocked_since());
            let figure = format!("for {}", display::duration_ns(waits));
            sheet.rows.push(Row::Figure { name: "waits to send".into(), figure, trouble: Trouble::Warning });
        }
        sheet.figure("waited in all", display::duration_ns(postbox.blocked_ns()));
    }
    sheet.figure("messages", figures(postbox.messages(), postbox.rate()));
    let trouble_of = |dropped| if dropped > 0 { Trouble::Warning } else { Trouble::None };
    let (dropped, figure) = (postbox.dropped(), display::count(postbox.dropped()));
    sheet.rows.push(Row::Figure { name: "dropped".into(), figure, trouble: trouble_of(dropped) });
    sparks(&mut sheet, past(Subject::Postbox(postbox.id())), trouble);
    sheet.section("What it is");
    sheet.figure(
        "carries",
        if postbox.message_type().is_empty() { "not known".into() } else { name(postbox.message_type()) },
    );
    let holds = match postbox.capacity() {
        0 => "not bounded, or not known".to_owned(),
        capacity => format!("{} messages", display::count(capacity.into())),
    };
    sheet.figure("holds", holds);
    sheet.components("Belongs to", &[owner], |owner| name(owner.type_name()));
    sheet.linkages("From", postbox.linkages_in(), |linkage| linkage.source());
    sheet.linkages("To", postbox.linkages_out(), |linkage| linkage.sink());
    sheet
}

fn sparks(sheet: &mut Sheet, trace: Option<Trace>, trouble: Trouble) {
    let Some(trace) = trace else { return };
    if trace.shares.iter().flatten().any(|share| *share > 0.0) {
        sheet.rows.push(Row::Spark { name: "fill".into(), trace: trace.clone(), of: Of::Share, trouble });
    }
    sheet.rows.push(Row::Spark { name: "rate".into(), trace, of: Of::Rate, trouble: Trouble::None });
}

pub(super) fn linkage_sheet(linkage: LinkageRef<'_>, past: impl Fn(Subject) -> Option<Trace>) -> Sheet {
    let (source, sink) = (linkage.source(), linkage.sink());
    let system = source.owner().system();
    let title = format!("{} → {}", name(source.owner().name()), name(sink.owner().name()));
    let kind = if linkage.is_passthrough() { "passthrough" } else { "linkage" };
    let path = format!("{} · {kind} · {} → {}", name(&system.title()), name(source.name()), name(sink.name()));
    let mut sheet = Sheet { title, path, rows: Vec::new() };
    let trouble = Trouble::of_fill(sink.fill());
    if trouble != Trouble::None {
        let words = format!("inbox {} full", display::share(sink.fill().unwrap_or_default()));
        let blocked = display::share(source.blocked_share());
        let evidence = format!("{} is blocked {blocked} of the time", name(source.owner().name()));
        sheet.rows.push(Row::Banner { words, evidence, trouble });
    }
    sheet.section("Activity");
    sheet.figure("messages", figures(linkage.messages(), linkage.rate()));
    if linkage.is_shared() {
        sheet.rows.push(Row::Aside("of all linkages that leave this outbox together: nobody counts them apart".into()));
    }
    let owner = if source.is_counted() { source } else { sink };
    if let Some(trace) = past(Subject::Postbox(owner.id())) {
        let (name, of, trouble) = ("rate".into(), Of::Rate, Trouble::None);
        sheet.rows.push(Row::Spark { name, trace, of, trouble });
    }
    if sink.kind() == PostboxKind::Inbox {
        sheet.figure("waiting", held(sink));
        let trace = past(Subject::Postbox(sink.id()));
        if let Some(trace) = trace.filter(|trace| trace.shares.iter().flatten().any(|share| *share > 0.0)) {
            sheet.rows.push(Row::Spark { name: "fill".into(), trace, of: Of::Share, trouble });
        }
    }
    sheet.figure("sender blocked", display::share(source.blocked_share()));
    let carries = if source.message_type().is_empty() { sink.message_type() } else { source.message_type() };
    sheet.figure("carries", if carries.is_empty() { "not known".into() } else { name(carries) });
    for (heading, end) in [("From", source), ("To", sink)] {
        sheet.section(heading);
        let owner = end.owner();
        let component =
            Row::Link { name: name(owner.name()), to: key(owner), figure: name(owner.type_name()), tap: None };
        let to = Selected::Postbox((system.id(), owner.id()), end.id());
        let postbox = Row::Link { name: name(end.name()), to, figure: held(end), tap: None };
        sheet.rows.extend([component, postbox]);
    }
    sheet.section("Messages");
    let tap = tap_of(linkage);
    let figure = if tap.is_some_and(|(_, on)| on) { "shown as they pass" } else { "not shown" };
    let to = Selected::Linkage(system.id(), linkage.id());
    sheet.rows.push(Row::Link { name: "this linkage".into(), to, figure: figure.into(), tap });
    sheet.samples(linkage);
    sheet
}
