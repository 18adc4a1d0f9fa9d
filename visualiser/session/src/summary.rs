//! One system in a line.

use axonscope_ingest::answers::{Standing, Summary};
use axonscope_model::{Status, System, display};

/// Sums a system up at this instant of the session's clock.
pub(crate) fn summary(system: &System, now_ns: u64) -> Summary {
    let facts = system.facts();
    let (standing, standing_detail) = standing(system.status(), now_ns);
    Summary {
        system: system.id(),
        name: system.name().to_owned(),
        ordinal: system.ordinal(),
        pid: facts.pid,
        host: facts.host.clone(),
        program: facts.program.clone(),
        labels: facts.labels.clone(),
        standing,
        standing_detail,
        silent_ms: now_ns.saturating_sub(system.heard_at_ns()) / 1_000_000,
        uptime_ms: system.uptime_ns() / 1_000_000,
        components: system.component_count() as u64,
        postboxes: system.postbox_count() as u64,
        linkages: system.linkage_count() as u64,
        messages_per_second: system.messages_per_second(),
        lost: system.lost(),
        anomalies: system.anomaly_count(),
        refused: system.refused() + system.no_room(),
    }
}

fn standing(status: &Status, now_ns: u64) -> (Standing, String) {
    let ago = |at_ns: u64| display::duration_ns(now_ns.saturating_sub(at_ns));
    match status {
        Status::Live => (Standing::Live, String::new()),
        Status::Stale(why) => (Standing::Stale, why.to_string()),
        Status::Lost { at_ns } => (Standing::Lost, format!("its stream ended without a farewell {} ago", ago(*at_ns))),
        Status::Left { reason, at_ns } if reason.is_empty() => (Standing::Left, format!("left {} ago", ago(*at_ns))),
        Status::Left { reason, .. } => (Standing::Left, reason.clone()),
    }
}
