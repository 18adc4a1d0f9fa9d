//! Reads pictures and builds canvases of them: all the work that grows with the systems, so that it can be done aside.

use std::sync::Arc;

use axonscope_model::Model;
use axonscope_session::{Findings, Places, Session, Versions};

use super::canvas::{Canvas, Instances};
use super::flow::Flows;
use super::follow::Leaver;
use super::gather::Crowd;
use super::level::{Folds, Levels};
use super::nodes::Neighbours;
use super::palette::TypeHues;
use super::picture::{NodeKey, Picture};
use super::scene::{Asked, Scene, Window};

/// What it knows from one picture to the next.
#[derive(Default)]
pub(crate) struct Painter {
    shown: Shown,
    /// How often a picture was read.
    readings: u64,
    seen: Option<(Versions, Option<NodeKey>)>,
    found: Arc<Findings>,
    /// What the wiring of the picture is of: the structure of the model, who is shown with all boxes, and how many components
    /// a filter hides.
    wiring: Option<(u64, Option<NodeKey>, u32)>,
    places: Option<Arc<Places>>,
    /// Everything that existed had a place.
    is_whole: bool,
    folds: Folds,
    flows: Flows,
    hues: TypeHues,
    canvas: Canvas,
    /// Kept until the next is read, so that it is here and not in a frame that its memory is given back.
    retired: Option<Arc<Picture>>,
    painted: Option<(u64, Asked, Window)>,
}

/// A picture with what is known about all of it.
#[derive(Default, Clone)]
pub(crate) struct Shown {
    pub(crate) picture: Arc<Picture>,
    pub(crate) levels: Arc<Levels>,
    pub(crate) near: Arc<Neighbours>,
}

/// What a picture brings.
pub(crate) struct Reading {
    pub(crate) shown: Shown,
    pub(crate) leavers: Vec<Leaver>,
}

/// A canvas, and whether anything travels on it.
pub(crate) struct Painting {
    pub(crate) canvas: Canvas,
    pub(crate) travels: bool,
    pub(crate) crowds: Arc<Vec<Crowd>>,
    /// Those that the picture was read at, or after.
    pub(crate) versions: Option<Versions>,
}

impl Painter {
    /// Something is different from what it has read.
    pub(crate) fn is_behind(&self, session: &Session, selected: Option<NodeKey>) -> bool {
        self.seen != Some((session.versions(), selected)) || !Arc::ptr_eq(&self.found, &session.findings())
    }

    /// Reads what is different, if anything is.
    pub(crate) fn read(&mut self, session: &Session, asked: &Asked, now: f64, leavers: usize) -> Option<Reading> {
        // What changes while it is read is read again.
        let seen = (session.versions(), asked.selected);
        let found = session.findings();
        let finds_the_same = Arc::ptr_eq(&found, &self.found);
        self.found = found;
        if self.seen.replace(seen) == Some(seen) && finds_the_same {
            return None;
        }
        let places = session.places();
        let (mut picture, is_same) = session.read(|model| self.next_picture(model, &places, asked.selected));
        let moved = !is_same || self.places.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &places));
        self.places = Some(places);
        if moved {
            picture.turn_docks();
        }
        picture.blame(&session.latest_problems());
        // What is hidden has not left.
        let hides = self.places.as_ref().is_some_and(|places| places.systems.iter().any(|there| there.left_out > 0));
        let leavers = if hides { 0 } else { leavers };
        let leavers = picture.follow(&self.shown.picture, now, asked.still, leavers);
        picture.sum_up();
        if moved {
            picture.index_places();
            self.shown.levels = Arc::new(Levels::of(&picture.nodes, &self.folds));
        }
        self.shown.near = Arc::new(Neighbours::of(&picture, asked.selected, &self.found));
        self.retired = Some(std::mem::replace(&mut self.shown.picture, Arc::new(picture)));
        self.readings += 1;
        Some(Reading { shown: self.shown.clone(), leavers })
    }

    /// The next picture, and whether it shows the same things as the last.
    fn next_picture(&mut self, model: &Model, places: &Arc<Places>, expanded: Option<NodeKey>) -> (Picture, bool) {
        let left_out = places.systems.iter().map(|there| there.left_out).sum();
        let wiring = Some((model.structure_version(), expanded, left_out));
        let is_same = self.wiring == wiring && self.is_whole;
        if is_same {
            let mut picture = Picture::clone(&self.shown.picture);
            let is_placed = self.places.as_ref().is_some_and(|before| Arc::ptr_eq(before, places));
            if picture.read_activity(model, places) && (is_placed || picture.take_places(places)) {
                return (picture, true);
            }
        }
        let (picture, is_whole) = Picture::read(model, places, expanded);
        (self.wiring, self.is_whole) = (wiring, is_whole);
        (picture, false)
    }

    /// What is asked for can be seen on the last canvas.
    pub(crate) fn has_painted(&self, asked: &Asked, eye: &super::camera::Eye) -> bool {
        self.painted
            .as_ref()
            .is_some_and(|(readings, with, window)| *readings == self.readings && with == asked && window.covers(eye))
    }

    /// Builds a canvas of the last picture.
    pub(crate) fn paint(&mut self, asked: &Asked, window: Window, now: f64) -> Painting {
        let Shown { picture, levels, near } = &self.shown;
        let scene = Scene::new(picture, levels, near, asked.theme, &window);
        let (instances, travels, crowds) = scene.build(asked, &mut self.flows, &mut self.hues, now);
        let before: &Instances = &self.canvas.instances;
        let dirty = Arc::new(instances.dirty_since(before));
        self.canvas = Canvas {
            generation: self.canvas.generation + 1,
            instances: Arc::new(instances),
            dirty,
            flows_since: self.flows.since,
        };
        self.painted = Some((self.readings, asked.clone(), window));
        let versions = self.seen.map(|(versions, _)| versions);
        Painting { canvas: self.canvas.clone(), travels, crowds: Arc::new(crowds), versions }
    }
}
