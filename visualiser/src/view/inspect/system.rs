//! What is known of a whole system.

use axonscope_model::{ComponentRef, Status, System, display};
use axonscope_session::{Subject, Trace};

use super::super::picture::Trouble;
use super::parts::{name, time_of_day};
use super::{Of, Row, Sheet};

const ANOMALIES_MAX: usize = 5;
/// With more components it is not looked for the busiest of them in each frame.
const RANKED_MAX: usize = 2000;

pub(super) fn sheet(system: &System, past: impl Fn(Subject) -> Option<Trace>) -> Sheet {
    let facts = system.facts();
    let path = format!("pid {} on {} · {}", facts.pid, name(&facts.host), name(&facts.program));
    let mut sheet = Sheet { title: name(&system.title()), path, rows: Vec::new() };
    let (words, trouble) = match system.status() {
        Status::Live => ("live".to_owned(), Trouble::None),
        Status::Stale(why) => (why.to_string(), Trouble::Warning),
        Status::Lost { .. } => ("lost: its stream ended without a farewell".to_owned(), Trouble::Alarm),
        Status::Left { reason, .. } if reason.is_empty() => ("left".to_owned(), Trouble::None),
        Status::Left { reason, .. } => (format!("left: {}", display::label(reason, 400)), Trouble::None),
    };
    sheet.rows.push(match trouble {
        Trouble::None => Row::Words { words, trouble },
        _ => Row::Banner { words, evidence: "this is what was last known".into(), trouble },
    });

    sheet.section("Activity");
    sheet.figure("messages", display::rate(system.messages_per_second()));
    if let Some(trace) = past(Subject::System) {
        let (name, of, trouble) = ("messages".into(), Of::Rate, Trouble::None);
        sheet.rows.push(Row::Spark { name, trace, of, trouble });
    }
    sheet.figure("changes", display::rate(system.changes_per_second()));
    sheet.figure("up", display::duration_ns(system.uptime_ns()));
    sheet.figure("started", time_of_day(system, facts.started_at));

    sheet.section("What is in it");
    sheet.figure("components", display::count(system.component_count() as u64));
    sheet.figure("boxes", display::count(system.postbox_count() as u64));
    sheet.figure("linkages", display::count(system.linkage_count() as u64));
    if system.use_count() > 0 {
        sheet.figure("uses", display::count(system.use_count() as u64));
    }

    sheet.section("Losses");
    let counted = [
        ("changes lost and made good", system.lost()),
        ("came and went unseen", system.merged()),
        ("had no room in the probe", system.no_room()),
        ("left out at a limit here", system.refused()),
        ("did not fit what was known", system.anomaly_count()),
    ];
    for (what, count) in counted {
        let trouble = if count > 0 && what != "came and went unseen" { Trouble::Warning } else { Trouble::None };
        sheet.rows.push(Row::Figure { name: what.to_owned(), figure: display::count(count), trouble });
    }
    for anomaly in system.recent_anomalies().collect::<Vec<_>>().into_iter().rev().take(ANOMALIES_MAX) {
        sheet.rows.push(Row::Aside(anomaly.to_string()));
    }

    if system.component_count() <= RANKED_MAX {
        let mut busiest: Vec<ComponentRef<'_>> = system.components().filter(|one| !one.is_composite()).collect();
        let rate = |one: &ComponentRef<'_>| one.rate_in() + one.rate_out();
        busiest.sort_by(|a, b| rate(b).total_cmp(&rate(a)).then(a.id().cmp(&b.id())));
        busiest.truncate(6);
        sheet.components("Busiest", &busiest, |one| display::rate(rate(&one)));
    }
    sheet.log("Log", system, system.log(), system.log_gone());
    sheet.labels(&facts.labels);
    sheet
}
