//! What a person arranges through the handle: pins, folds, shifts, how everything is arranged, and the way back.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use axonscope_layout::Style;
use axonscope_model::{ComponentId, SystemId};

use crate::arrangement::{Arrangement, Restored, file};
use crate::keeper::{Keeper, Wrong};
use crate::session::Session;
use crate::shared::Shared;

/// Composites that a person keeps closed (true) or open (false); the others are left to the zoom. A new one each time
/// anything is different, so that comparing pointers is enough to know that nothing is.
pub type Folds = HashMap<(SystemId, ComponentId), bool>;

impl Session {
    /// Holds a component there in the world, or lets it go. A pin holds in the next instance of the program too.
    ///
    /// Pins of one component that follow each other are one step of undo, until [`Session::finish_step`].
    pub fn pin(&self, system: SystemId, component: ComponentId, at_in_world: Option<[f32; 3]>) {
        let shared = self.shared();
        let places = shared.places();
        let origin = places.system(system).map_or([0.0; 2], |places| places.origin);
        let at = at_in_world.map(|[x, y, z]| [x - origin[0], y - origin[1], z]);
        shared.read(|model| {
            if let Some(component) = model.system(system).and_then(|system| system.component(component)) {
                shared.arrangement().pin(component, at, self.style(), &places);
            }
        });
        self.has_arranged();
    }

    /// Keeps a composite closed (true) or open (false), or leaves it to the zoom. It stays so in the next instance of the
    /// program too.
    pub fn fold(&self, system: SystemId, component: ComponentId, closed: Option<bool>) {
        self.fold_some([(system, component, closed)]);
    }

    /// The same for several composites, as one step of undo.
    pub fn fold_some(&self, some: impl IntoIterator<Item = (SystemId, ComponentId, Option<bool>)>) {
        let shared = self.shared();
        let places = shared.places();
        shared.read(|model| {
            let known = some
                .into_iter()
                .filter_map(|(system, component, closed)| Some((model.system(system)?.component(component)?, closed)));
            shared.arrangement().fold(known, self.style(), &places);
        });
        self.show_folds();
        self.has_arranged();
    }

    /// Which composites are kept closed or open.
    pub fn folds(&self) -> Arc<Folds> {
        self.shared().folds.get()
    }

    /// Moves a whole system by so much in the world. Others make room. Moves that follow each other are one step of undo,
    /// until [`Session::finish_step`].
    pub fn move_system(&self, system: SystemId, by: [f32; 2]) {
        let shared = self.shared();
        let places = shared.places();
        shared.read(|model| {
            if let Some(system) = model.system(system) {
                shared.arrangement().shift(system, by, self.style(), &places);
            }
        });
        self.has_arranged();
    }

    /// What was dragged has been let go: the next pin or move is a step of its own.
    pub fn finish_step(&self) {
        self.shared().arrangement().finish_step();
    }

    /// Arranges everything again, from where it is. Pins hold.
    pub fn rearrange(&self) {
        let shared = self.shared();
        let places = shared.places();
        shared.arrangement().rearrange(self.style(), &places);
        shared.stir.rearrange();
    }

    /// Takes back what was pinned, folded, moved or arranged again last, and puts everything where it was; a hundred steps
    /// are kept. False if there is nothing to take back.
    pub fn undo(&self) -> bool {
        let (style, places) = (self.style(), self.places());
        let restored = self.shared().arrangement().undo(style, &places);
        self.restore(restored)
    }

    /// Does again what was taken back last. False if there is nothing.
    pub fn redo(&self) -> bool {
        let (style, places) = (self.style(), self.places());
        let restored = self.shared().arrangement().redo(style, &places);
        self.restore(restored)
    }

    /// How everything is arranged.
    pub fn style(&self) -> Style {
        self.shared().style()
    }

    /// Arranges everything in that way from now on. What was before is kept, and comes back with its style.
    pub fn set_style(&self, style: Style) {
        let is_layered = style == Style::Layered;
        if self.shared().is_layered.swap(is_layered, Ordering::AcqRel) != is_layered {
            self.shared().stir.structure();
        }
    }

    /// Whoever keeps settings in files, where that is wanted.
    pub fn keeper(&self) -> Option<&Keeper> {
        self.shared().keeper.as_ref()
    }

    fn restore(&self, restored: Option<Restored>) -> bool {
        let Some(Restored { style, places }) = restored else { return false };
        if style == self.style()
            && let Some(places) = places
        {
            self.shared().put_back(places);
        }
        self.show_folds();
        self.has_arranged();
        true
    }

    fn show_folds(&self) {
        let shared = self.shared();
        shared.read(|model| {
            for system in model.systems() {
                let folds = shared.arrangement().folds_of(system);
                shared.folds.set(system.id(), folds);
            }
        });
        shared.wake();
    }

    fn has_arranged(&self) {
        let shared = self.shared();
        shared.keep_arrangement();
        shared.stir.structure();
    }
}

/// The composites that are kept closed or open now, of all systems.
#[derive(Default)]
pub(crate) struct ShownFolds(Mutex<Arc<Folds>>);

impl ShownFolds {
    fn get(&self) -> Arc<Folds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what holds in one system; true if that is different.
    pub(crate) fn set(&self, system: SystemId, folds: HashMap<ComponentId, bool>) -> bool {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_system = |(key, _): &(&(SystemId, ComponentId), &bool)| key.0 == system;
        let is_same = shown.iter().filter(of_system).count() == folds.len()
            && folds.iter().all(|(component, closed)| shown.get(&(system, *component)) == Some(closed));
        if !is_same {
            let others = shown.iter().filter(|(key, _)| key.0 != system).map(|(key, closed)| (*key, *closed));
            let own = folds.into_iter().map(|(component, closed)| ((system, component), closed));
            *shown = Arc::new(others.chain(own).collect());
        }
        !is_same
    }

    /// Forgets systems that are not there any more.
    pub(crate) fn retain(&self, is_there: impl Fn(SystemId) -> bool) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !shown.keys().all(|(system, _)| is_there(*system)) {
            *shown = Arc::new(shown.iter().filter(|(key, _)| is_there(key.0)).map(|(k, c)| (*k, *c)).collect());
        }
    }
}

impl Shared {
    /// How everything is to be arranged.
    pub(crate) fn style(&self) -> Style {
        if self.is_layered.load(Ordering::Acquire) { Style::Layered } else { Style::Force }
    }

    /// Has the arrangement written soon, where it is kept at all.
    pub(crate) fn keep_arrangement(&self) {
        let Some(keeper) = &self.keeper else { return };
        let arrangement = self.arrangement_to_keep();
        let compose = move |text: &str| {
            let unsaved = arrangement.lock().unwrap_or_else(PoisonError::into_inner).take_unsaved();
            let (theirs, wrong) = file::parse(text);
            let is_newer = wrong == Some(Wrong::Newer);
            ((!is_newer).then(|| file::merged(theirs, &unsaved)), wrong)
        };
        keeper.keep(file::FILE, Box::new(compose));
    }
}

/// What was kept of earlier sessions. What could be read of a broken file is to be written again.
pub(crate) fn read_arrangement(keeper: Option<&Keeper>) -> Arrangement {
    let mut arrangement = Arrangement::default();
    let parse = |text: &str| {
        let (systems, wrong) = file::parse(text);
        arrangement.take_in(systems, wrong.is_some());
        ((), wrong)
    };
    keeper.and_then(|keeper| keeper.read(file::FILE, parse));
    arrangement
}
