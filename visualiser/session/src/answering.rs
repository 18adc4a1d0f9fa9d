//! What readers ask over the network, answered.

use std::sync::Arc;

use axonscope_ingest::answers::{Answers, ComponentPlace, Summary, SystemLayout, Told};
use axonscope_ingest::feed::Feed;
use axonscope_model::problems::Problem;
use axonscope_model::{ComponentId, SystemId};

use crate::shared::Shared;
use crate::summary::summary;

/// Answers from what is shared.
pub(crate) struct Answering(pub(crate) Arc<Shared>);

impl Answers for Answering {
    fn list(&self) -> Vec<Summary> {
        self.0.ask();
        let now_ns = self.0.now_ns();
        self.0.read(|model| model.systems().map(|system| summary(system, now_ns)).collect())
    }

    /// Systems that are not placed yet have no places; components that appeared since are not in it.
    fn layout(&self, system: Option<SystemId>) -> Vec<SystemLayout> {
        let places = self.0.places();
        let known: Vec<SystemId> = self.0.read(|model| model.systems().map(|system| system.id()).collect());
        let wanted = known.into_iter().filter(|known| system.is_none_or(|system| system == *known));
        wanted
            .map(|system| match places.system(system) {
                None => SystemLayout { system, ..SystemLayout::default() },
                Some(placed) => SystemLayout {
                    system,
                    places: placed
                        .places
                        .iter()
                        .filter(|place| place.component != ComponentId(0))
                        .map(|place| ComponentPlace {
                            component: place.component,
                            position: place.position,
                            radius: place.radius,
                            pinned: place.pinned,
                        })
                        .collect(),
                    min: placed.min,
                    max: placed.max,
                },
            })
            .collect()
    }

    fn problems(&self, system: Option<SystemId>) -> Vec<Problem> {
        self.0.ask();
        self.0.look_for_problems();
        let latest = self.0.problems.latest();
        latest.iter().filter(|problem| system.is_none_or(|system| system == problem.system)).cloned().collect()
    }

    fn watch(&self, system: Option<SystemId>, feed: &Arc<Feed>, tell: &mut dyn FnMut(SystemId, Told)) -> bool {
        self.0.watch(system, feed, tell)
    }
}
