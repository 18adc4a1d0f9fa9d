//! Turns what was read from a visualiser into the words of the file formats.

use std::collections::HashMap;

use axonscope_model as model;
use axonscope_session as session;
use axonscope_session::reader::{Fetched, FetchedSystem};

use super::json::{Component, Document, Extent, Linkage, Many, Place, Postbox, Summary, System, Use};

/// Everything that was fetched, as of now.
pub fn document(fetched: &Fetched) -> Document {
    let whole =
        |one: &FetchedSystem| Some(system(one.summary.clone().into(), fetched.model.system(one.system)?, &one.layout));
    Document::now(fetched.systems.iter().filter_map(whole).collect())
}

impl From<session::Summary> for Summary {
    fn from(told: session::Summary) -> Self {
        Self {
            id: told.system.0,
            name: told.name,
            ordinal: told.ordinal,
            pid: told.pid,
            host: told.host,
            program: told.program,
            labels: told.labels.into_iter().collect(),
            status: match told.standing {
                session::Standing::Live => "live",
                session::Standing::Stale => "stale",
                session::Standing::Lost => "lost",
                session::Standing::Left => "left",
            },
            status_detail: told.standing_detail,
            silent_ms: told.silent_ms,
            uptime_ms: told.uptime_ms,
            component_count: told.components,
            postbox_count: told.postboxes,
            linkage_count: told.linkages,
            messages_per_second: finite(told.messages_per_second),
            lost: told.lost,
            anomalies: told.anomalies,
            refused: told.refused,
        }
    }
}

fn system(summary: Summary, system: &model::System, layout: &session::SystemLayout) -> System {
    let places: HashMap<model::ComponentId, Place> = layout.places.iter().map(place).collect();
    System {
        summary,
        extent: extent(layout),
        components: system.tree().map(|told| component(told, &places)).collect(),
        postboxes: system.postboxes().map(postbox).collect(),
        linkages: system.linkages().map(linkage).collect(),
        uses: system.uses().map(usage).collect(),
    }
}

fn component(told: model::ComponentRef<'_>, places: &HashMap<model::ComponentId, Place>) -> Component {
    Component {
        id: told.id().0,
        parent: told.parent().map(|parent| parent.id().0),
        name: told.name().to_owned(),
        type_name: told.type_name().to_owned(),
        description: told.description().to_owned(),
        state: match told.state() {
            model::State::Starting => "starting",
            model::State::Running => "running",
            model::State::Finished => "finished",
            model::State::Failed => "failed",
        },
        state_detail: told.state_detail().to_owned(),
        labels: told.labels().iter().cloned().collect(),
        busy_ns: told.busy_ns(),
        polls: told.polls(),
        restarts: told.restarts(),
        busy_share: finite(told.busy_share().into()),
        scheduled_share: told.scheduled_share().map(|share| finite(share.into())),
        many: told.stands_for_many().then(|| Many {
            begun: told.begun(),
            open: told.open(),
            begun_per_second: finite(told.begun_rate()),
        }),
        place: places.get(&told.id()).copied(),
    }
}

fn postbox(told: model::PostboxRef<'_>) -> Postbox {
    Postbox {
        id: told.id().0,
        owner: told.owner().id().0,
        name: told.name().to_owned(),
        kind: match told.kind() {
            model::PostboxKind::Inbox => "inbox",
            model::PostboxKind::Outbox => "outbox",
            // Not among the boxes of a system.
            model::PostboxKind::Grip => "grip",
        },
        message_type: told.message_type().to_owned(),
        description: told.description().to_owned(),
        capacity: Some(told.capacity()).filter(|&capacity| capacity > 0),
        depth: told.depth(),
        high_water: told.high_water(),
        messages: told.messages(),
        dropped: told.dropped(),
        blocked_ns: told.blocked_ns(),
        waiting: told.is_waited_at(),
        messages_per_second: finite(told.rate()),
        blocked_share: finite(told.blocked_share().into()),
    }
}

fn linkage(told: model::LinkageRef<'_>) -> Linkage {
    let own = !told.is_shared();
    Linkage {
        id: told.id().0,
        source: told.source().id().0,
        sink: told.sink().id().0,
        kind: match told.kind() {
            model::LinkageKind::Direct => "direct",
            model::LinkageKind::Inward => "inward",
            model::LinkageKind::Outward => "outward",
            // Not among the linkages of a system.
            model::LinkageKind::Use => "use",
        },
        messages: own.then(|| told.messages()),
        messages_per_second: own.then(|| finite(told.rate())),
    }
}

fn usage(told: model::LinkageRef<'_>) -> Use {
    Use { id: told.id().0, user: told.source().owner().id().0, used: told.sink().owner().id().0 }
}

fn place(told: &session::ComponentPlace) -> (model::ComponentId, Place) {
    let [x, y, z] = told.position;
    (told.component, Place { x, y, z, radius: told.radius, pinned: told.pinned })
}

/// Nothing placed is a box without a size.
fn extent(layout: &session::SystemLayout) -> Option<Extent> {
    let ([min_x, min_y], [max_x, max_y]) = (layout.min, layout.max);
    (max_x > min_x && max_y > min_y).then_some(Extent { min_x, min_y, max_x, max_y })
}

/// JSON knows no infinities; nobody should have sent one.
fn finite(figure: f64) -> f64 {
    if figure.is_finite() { figure } else { 0.0 }
}
