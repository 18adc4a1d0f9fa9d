//! One system in the studio: its simulation, and how that reads in the world.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axonscope_layout::{Cluster, Simulation};
use axonscope_model::SystemId;

use crate::places::{Place, SystemPlaces};
use crate::request::{Drawing, Legend};
use crate::sizes::{HULL_PADDING, TITLE_HEIGHT};

/// Hulls are packed in steps of this, so that one that breathes does not push its neighbours with every tick.
const STEP: f32 = 32.0;

pub(crate) struct Picture {
    pub(crate) system: SystemId,
    pub(crate) simulation: Simulation,
    legend: Legend,
    /// The versions that are drawn.
    pub(crate) structure: u64,
    pub(crate) arranged: u64,
    /// How far a person moved the whole.
    pub(crate) shift: [f32; 2],
    pub(crate) born: Instant,
    /// How long the last request took, and when that ended.
    pub(crate) took: Duration,
    pub(crate) took_until: Instant,
    /// When the next request may be made, if one waits.
    pub(crate) due: Option<Instant>,
    /// Since it was published.
    pub(crate) moved: bool,
    published: Option<Arc<SystemPlaces>>,
}

impl Picture {
    pub(crate) fn new(system: SystemId, seed: u64) -> Picture {
        let now = Instant::now();
        Picture {
            system,
            simulation: Simulation::new(seed),
            legend: Legend::default(),
            structure: 0,
            arranged: 0,
            shift: [0.0; 2],
            born: now,
            took: Duration::ZERO,
            took_until: now,
            due: None,
            moved: false,
            published: None,
        }
    }

    /// Whether anything was asked of its simulation yet.
    pub(crate) fn is_drawn(&self) -> bool {
        self.structure > 0
    }

    pub(crate) fn take(&mut self, drawing: Drawing) {
        self.simulation.set_request(&drawing.request);
        self.legend = drawing.legend;
        self.moved = true;
    }

    /// The room it needs.
    pub(crate) fn cluster(&self) -> Cluster {
        let (min, max) = self.hull();
        let shifted = |axis: usize, side: f32| side + self.shift[axis];
        Cluster {
            key: self.system.0,
            min: [0, 1].map(|axis| (shifted(axis, min[axis]) / STEP).floor() * STEP),
            max: [0, 1].map(|axis| (shifted(axis, max[axis]) / STEP).ceil() * STEP),
        }
    }

    /// In its own coordinates.
    fn hull(&self) -> ([f32; 2], [f32; 2]) {
        let bounds = self.simulation.layout().bounds;
        let min = [bounds.min[0] - HULL_PADDING, bounds.min[1] - HULL_PADDING];
        (min, [bounds.max[0] + HULL_PADDING, bounds.max[1] + HULL_PADDING + TITLE_HEIGHT])
    }

    /// Where everything is when the packing puts its origin there. What has not moved is what was published before.
    pub(crate) fn places_at(&mut self, packed: [f32; 2]) -> Arc<SystemPlaces> {
        let origin = [packed[0] + self.shift[0], packed[1] + self.shift[1]];
        if let Some(published) = &self.published
            && !self.moved
            && published.origin == origin
        {
            return published.clone();
        }
        let (min, max) = self.hull();
        let in_world = |local: [f32; 2]| [local[0] + origin[0], local[1] + origin[1]];
        let layout = self.simulation.layout();
        let mut places = vec![Place::default(); self.legend.slots as usize];
        for ((entry, at), ring) in self.legend.entries.iter().zip(&layout.positions).zip(&layout.radii) {
            let [x, y] = in_world([at[0], at[1]]);
            places[entry.slot as usize] = Place {
                component: entry.component,
                position: [x, y, at[2]],
                radius: entry.radius.unwrap_or(*ring),
                pinned: entry.pinned,
            };
        }
        let places =
            Arc::new(SystemPlaces { system: self.system, origin, min: in_world(min), max: in_world(max), places });
        self.moved = false;
        self.published = Some(places.clone());
        places
    }
}
