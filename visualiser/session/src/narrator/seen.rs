//! What there is at one look: as much of the model as sentences are made of.

use std::collections::{BTreeMap, HashMap};

use axonscope_model::{ComponentId, ComponentRef, Model, PostboxKind, State, Status, System, SystemId, display};

/// Components of a system that are known one by one; of more only their number is.
const WHO_MAX: usize = 5000;
const NAME_CHARS: usize = 32;

/// Everything at one look.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) systems: BTreeMap<SystemId, SeenSystem>,
}

/// A system at one look.
#[derive(Clone, Debug, Default)]
pub(super) struct SeenSystem {
    pub(super) title: String,
    pub(super) is_connected: bool,
    /// It said that it would go.
    pub(super) said_farewell: bool,
    /// Messages a second.
    pub(super) rate: f64,
    pub(super) count: usize,
    pub(super) who: Option<HashMap<ComponentId, Who>>,
}

/// A component at one look.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) type_name: String,
    pub(super) parent: Option<ComponentId>,
    pub(super) state: State,
    pub(super) restarts: u32,
    /// The fullest of its inboxes, 0 to 1.
    pub(super) fill: f32,
    /// It waits for others most of the time, and so is not slow itself.
    pub(super) waits: bool,
}

impl Seen {
    pub(super) fn of(model: &Model) -> Seen {
        Seen { systems: model.systems().map(|system| (system.id(), SeenSystem::of(system))).collect() }
    }

    /// Systems that are there now.
    pub(super) fn connected(&self) -> usize {
        self.systems.values().filter(|system| system.is_connected).count()
    }

    pub(super) fn who(&self, system: SystemId, component: ComponentId) -> Option<&Who> {
        self.systems.get(&system)?.who.as_ref()?.get(&component)
    }
}

impl SeenSystem {
    fn of(system: &System) -> SeenSystem {
        let count = system.component_count();
        let who = || system.components().map(|component| (component.id(), Who::of(component))).collect();
        SeenSystem {
            title: display::label(&system.title(), NAME_CHARS).into_owned(),
            is_connected: system.status().is_connected(),
            said_farewell: matches!(system.status(), Status::Left { .. }),
            rate: system.messages_per_second(),
            count,
            who: (count <= WHO_MAX).then(who),
        }
    }
}

impl Who {
    fn of(component: ComponentRef<'_>) -> Who {
        let (mut fill, mut blocked) = (0f32, 0f32);
        for postbox in component.postboxes() {
            if postbox.kind() == PostboxKind::Inbox {
                fill = fill.max(postbox.fill().unwrap_or(0.0));
            }
            let waits_now = postbox.blocked_since() > 0;
            blocked = blocked.max(if waits_now { 1.0 } else { postbox.blocked_share() });
        }
        Who {
            name: display::label(component.name(), NAME_CHARS).into_owned(),
            type_name: component.type_name().to_owned(),
            parent: component.parent().map(ComponentRef::id),
            state: component.state(),
            restarts: component.restarts(),
            fill,
            waits: blocked >= 0.5,
        }
    }
}
