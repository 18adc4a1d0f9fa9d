//! One system in the studio: its simulation, and how that reads in the world.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axonscope_layout::{Cluster, Layered, Layout, Simulation, Style};
use axonscope_model::SystemId;
use axonscope_model::finding::Slots;

use crate::places::{Place, Places, SystemPlaces};
use crate::request::Drawing;
use crate::sizes::{DEPARTED, HULL_PADDING, TITLE_HEIGHT};

/// Hulls are packed in steps of this, so that one that breathes does not push its neighbours with every tick.
const STEP: f32 = 32.0;
/// How much heat "arrange again" brings.
const REARRANGE_HEAT: f32 = 1.0;

pub(crate) struct Picture {
    pub(crate) system: SystemId,
    simulation: Simulation,
    /// While it is arranged so. The simulation keeps what it had, and goes on from there afterwards.
    layered: Option<Box<Layered>>,
    /// How it is to be arranged. What is too large for layers is arranged by forces all the same.
    style: Style,
    drawing: Drawing,
    /// What is being drawn up, and the memory for it.
    draft: Drawing,
    /// The versions that are drawn.
    pub(crate) structure: u64,
    pub(crate) arranged: u64,
    /// What was not hidden; none where nothing was.
    pub(crate) kept: Option<Arc<Slots>>,
    /// How large it is shown: less than it was laid out once it has departed.
    scale: f32,
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
    /// What was published before that: nobody reads it any more, so that its memory serves the next.
    outdated: Option<Arc<SystemPlaces>>,
}

impl Picture {
    /// While it is arranged, `give_way` is done every now and then.
    pub(crate) fn new(system: SystemId, seed: u64, give_way: Arc<dyn Fn() + Send + Sync>) -> Picture {
        let now = Instant::now();
        let mut simulation = Simulation::new(seed);
        simulation.give_way_by(give_way);
        Picture {
            system,
            simulation,
            layered: None,
            style: Style::Force,
            drawing: Drawing::default(),
            draft: Drawing::default(),
            structure: 0,
            arranged: 0,
            kept: None,
            scale: 1.0,
            shift: [0.0; 2],
            born: now,
            took: Duration::ZERO,
            took_until: now,
            due: None,
            moved: false,
            published: None,
            outdated: None,
        }
    }

    /// Whether anything was asked of its simulation yet.
    pub(crate) fn is_drawn(&self) -> bool {
        self.structure > 0
    }

    /// Where the next request is drawn up.
    pub(crate) fn draft(&mut self) -> &mut Drawing {
        &mut self.draft
    }

    /// True if it is shown larger or smaller from now on.
    pub(crate) fn set_departed(&mut self, departed: bool) -> bool {
        let before = std::mem::replace(&mut self.scale, if departed { DEPARTED } else { 1.0 });
        let differs = before != self.scale;
        self.moved |= differs;
        differs
    }

    /// The draft, of which all is copied, is what is laid out from now on.
    pub(crate) fn take_draft(&mut self) {
        self.draft.finish();
        std::mem::swap(&mut self.draft, &mut self.drawing);
        self.arrange();
    }

    // === impl arranging ===

    /// Takes over how it is to be arranged; true if that is different.
    pub(crate) fn set_style(&mut self, style: Style) -> bool {
        let is_new = std::mem::replace(&mut self.style, style) != style;
        if is_new && self.is_drawn() {
            self.arrange();
        }
        is_new
    }

    fn arrange(&mut self) {
        self.moved = true;
        if self.style == Style::Layered {
            let mut layered = self.layered.take().unwrap_or_default();
            if layered.set_request(&self.drawing.request).is_ok() {
                self.layered = Some(layered);
                return;
            }
        }
        self.layered = None;
        self.simulation.set_request(&self.drawing.request);
    }

    /// Moves everything a little closer to where it belongs.
    pub(crate) fn tick(&mut self) {
        match &mut self.layered {
            Some(layered) => layered.tick(),
            None => self.simulation.tick(),
        };
        self.moved = true;
    }

    /// Nothing moves by itself.
    pub(crate) fn at_rest(&self) -> bool {
        self.layered.as_ref().map_or_else(|| self.simulation.at_rest(), |layered| layered.at_rest())
    }

    /// Arranges everything again.
    pub(crate) fn rearrange(&mut self) {
        match &mut self.layered {
            Some(layered) => layered.rearrange(),
            None => self.simulation.reheat(REARRANGE_HEAT),
        }
        self.moved = true;
    }

    /// Puts everything where it was, and leaves it there. The origin that the packing had given it then; none if it was not
    /// there.
    pub(crate) fn put_back(&mut self, places: &Places) -> Option<[f32; 2]> {
        let places = places.system(self.system)?;
        let [x, y] = places.origin;
        let local = self.drawing.legend.entries.iter().map(|entry| {
            let at = places.of(entry.slot, entry.component).map(|place| place.position);
            at.map_or([f32::NAN; 3], |at| [at[0] - x, at[1] - y, at[2]])
        });
        let local: Vec<[f32; 3]> = local.collect();
        match &mut self.layered {
            Some(layered) => layered.move_to(&local),
            None => {
                self.simulation.move_to(&local);
                self.simulation.cool();
            }
        }
        self.moved = true;
        Some([x - self.shift[0], y - self.shift[1]])
    }

    fn layout(&self) -> &Layout {
        self.layered.as_ref().map_or_else(|| self.simulation.layout(), |layered| layered.layout())
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
        let bounds = self.layout().bounds;
        let [min, max] = [bounds.min, bounds.max].map(|corner| [corner[0] * self.scale, corner[1] * self.scale]);
        let min = [min[0] - HULL_PADDING, min[1] - HULL_PADDING];
        (min, [max[0] + HULL_PADDING, max[1] + HULL_PADDING + TITLE_HEIGHT])
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
        let places = Arc::new(self.write_places(origin));
        self.moved = false;
        if let Some(published) = &self.published
            && *published == places
        {
            self.outdated = Some(places);
            return published.clone();
        }
        self.outdated = self.published.replace(places.clone());
        places
    }

    fn write_places(&mut self, origin: [f32; 2]) -> SystemPlaces {
        let mut places = self.outdated.take().and_then(Arc::into_inner).unwrap_or_default().places;
        let (min, max) = self.hull();
        let in_world = |local: [f32; 2]| [local[0] + origin[0], local[1] + origin[1]];
        let (legend, layout) = (&self.drawing.legend, self.layout());
        places.clear();
        places.resize(legend.slots as usize, Place::default());
        for ((entry, at), ring) in legend.entries.iter().zip(&layout.positions).zip(&layout.radii) {
            let [x, y] = in_world([at[0] * self.scale, at[1] * self.scale]);
            places[entry.slot as usize] = Place {
                component: entry.component,
                position: [x, y, at[2]],
                radius: entry.radius.unwrap_or(*ring) * self.scale,
                pinned: entry.pinned,
            };
        }
        let (system, structure) = (self.system, self.structure);
        let style = if self.layered.is_some() { Style::Layered } else { Style::Force };
        let left_out = legend.left_out;
        SystemPlaces { system, structure, style, origin, min: in_world(min), max: in_world(max), left_out, places }
    }
}

#[cfg(test)]
mod tests {
    use axonscope_model::{Change, ComponentId, Hello, Limits, Model, NewComponent};

    use super::*;

    fn drawn(count: u64) -> Picture {
        let mut model = Model::new(Limits::default());
        let Ok(system) = model.connect(Hello::default(), 1) else { panic!("there is room for one") };
        for id in 1..=count {
            let new = NewComponent { id: ComponentId(id), ..NewComponent::default() };
            let _ = model.apply(system, Change::ComponentAdded(new));
        }
        let mut picture = Picture::new(system, 1, Arc::new(|| ()));
        if let Some(system) = model.system(system) {
            let mut progress = picture.draft().begin(system, None);
            assert!(picture.draft().copy(system, &Default::default(), &mut progress, || true));
            picture.structure = system.structure_version();
        }
        picture.take_draft();
        picture
    }

    #[test]
    fn what_nobody_reads_any_more_is_written_over() {
        let mut picture = drawn(20);
        let mut publish = |x: f32| picture.places_at([x, 0.0]);
        let first = publish(0.0).places.as_ptr();
        let second = publish(1.0).places.as_ptr();
        assert_ne!(first, second);
        assert_eq!(publish(2.0).places.as_ptr(), first);
        let read = publish(3.0);
        let copy = SystemPlaces::clone(&read);
        publish(4.0);
        publish(5.0);
        assert_eq!(*read, copy, "somebody reads it still");
    }

    #[test]
    fn what_has_departed_takes_less_room_and_grows_again_when_it_returns() {
        let mut picture = drawn(20);
        let before = picture.places_at([0.0; 2]);
        let width = |places: &SystemPlaces| places.max[0] - places.min[0];
        assert!(picture.set_departed(true) && !picture.set_departed(true));
        let departed = picture.places_at([0.0; 2]);
        assert!(width(&departed) < 0.7 * width(&before));
        assert_eq!(departed.places[0].radius, before.places[0].radius * DEPARTED);
        assert!(picture.set_departed(false));
        assert_eq!(*picture.places_at([0.0; 2]), *before);
    }

    #[test]
    fn places_that_are_what_they_were_are_the_ones_before() {
        let mut picture = drawn(20);
        let before = picture.places_at([0.0; 2]);
        assert_eq!(before.places.len(), 20);
        picture.moved = true;
        assert!(Arc::ptr_eq(&before, &picture.places_at([0.0; 2])));
        picture.structure += 1;
        picture.moved = true;
        assert!(!Arc::ptr_eq(&before, &picture.places_at([0.0; 2])));
    }
}
