//! Where everything is drawn, as published by the layout thread.

use std::sync::Arc;

use axonscope_ingest::answers::{ComponentPlace, SystemLayout};
use axonscope_layout::Style;
use axonscope_model::{ComponentId, Model, SystemId};

/// Where everything is, at one instant. World units are pixels at zoom 1, x to the right, y up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// In order of first appearance. What has not moved is shared with the places before.
    pub systems: Vec<Arc<SystemPlaces>>,
    /// Whether anything will still move by itself.
    pub moving: bool,
}

impl Places {
    /// Those of one system.
    pub fn system(&self, system: SystemId) -> Option<&SystemPlaces> {
        self.systems.iter().find(|places| places.system == system).map(|places| &**places)
    }

    /// All places of the model, if `layouts` have them all.
    pub(crate) fn of_all(model: &Model, layouts: &[SystemLayout]) -> Option<Places> {
        let mut systems = Vec::new();
        for system in model.systems() {
            let layout = layouts.iter().find(|layout| layout.system == system.id())?;
            let mut places = vec![Place::default(); system.component_slots() as usize];
            let mut placed = 0;
            for place in &layout.places {
                if let Some(component) = system.component(place.component) {
                    let ComponentPlace { component: id, position, radius, pinned } = *place;
                    places[component.slot() as usize] = Place { component: id, position, radius, pinned };
                    placed += 1;
                }
            }
            if placed < system.component_count() {
                return None;
            }
            let (min, max) = (layout.min, layout.max);
            systems.push(Arc::new(SystemPlaces {
                system: system.id(),
                structure: system.structure_version(),
                style: Style::Force,
                origin: [0.0; 2],
                min,
                max,
                left_out: 0,
                places,
            }));
        }
        Some(Places { systems, moving: false })
    }

    /// Whether the others are these very ones, and not only equal.
    pub(crate) fn is(&self, others: &Places) -> bool {
        self.moving == others.moving
            && self.systems.len() == others.systems.len()
            && self.systems.iter().zip(&others.systems).all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

/// Where one system is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemPlaces {
    /// Which one.
    pub system: SystemId,
    /// The version of its structure that has these places; 0 where that is not known.
    pub structure: u64,
    /// How it is arranged. By forces where it is too large for layers.
    pub style: Style,
    /// Where its own coordinates begin.
    pub origin: [f32; 2],
    /// The hull's least x and y, some air included.
    pub min: [f32; 2],
    /// The hull's largest x and y, some air and the room for a title on top included.
    pub max: [f32; 2],
    /// How many components are left out because a filter hides them.
    pub left_out: u32,
    /// By slot of the component in the model.
    pub places: Vec<Place>,
}

impl SystemPlaces {
    /// Of the component in that slot of the model, if it is still the one that was placed there.
    pub fn of(&self, slot: u32, component: ComponentId) -> Option<&Place> {
        self.places.get(slot as usize).filter(|place| place.component == component && component != ComponentId(0))
    }
}

/// Where one component is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Which one; 0 in a slot that is empty.
    pub component: ComponentId,
    /// Its centre in the world.
    pub position: [f32; 3],
    /// Of the disc, or of the ring round a composite that contains something.
    pub radius: f32,
    /// Put there by a person.
    pub pinned: bool,
}
