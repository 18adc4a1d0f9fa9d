//! Reads pictures and builds canvases of them: all the work that grows with the systems, so that it can be done aside.

use std::collections::HashMap;
use std::sync::Arc;

use axonscope_model::Model;
use axonscope_session::names::Names;
use axonscope_session::{Findings, Places, Session, Versions};

use super::canvas::{Canvas, Instances};
use super::detours::Detours;
use super::flow::Flows;
use super::folded::Folded;
use super::folds::Folds;
use super::follow::Leaver;
use super::gather::Crowd;
use super::glyphs::TypeGlyphs;
use super::level::{DETAIL_FROM, Levels};
use super::nodes::Neighbours;
use super::palette::TypeHues;
use super::picture::{NodeKey, Picture};
use super::scene::{Asked, Built, Scene, Window};

/// What it knows from one picture to the next.
#[derive(Default)]
pub(crate) struct Painter {
    shown: Shown,
    /// How often a picture was read.
    readings: u64,
    seen: Option<(Versions, Option<NodeKey>, Folds)>,
    found: Arc<Findings>,
    /// What the wiring of the picture is of: the structure of the model, who is shown with all boxes, and how many components
    /// a filter hides.
    wiring: Option<(u64, Option<NodeKey>, u32)>,
    places: Option<Arc<Places>>,
    /// Everything that existed had a place.
    is_whole: bool,
    flows: Flows,
    detours: Detours,
    hues: TypeHues,
    glyphs: TypeGlyphs,
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
    pub(crate) folded: Arc<Folded>,
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
    /// Gathered linkages for which there was no room.
    pub(crate) left_out: usize,
    /// Those that the picture was read at, or after.
    pub(crate) versions: Option<Versions>,
}

impl Painter {
    pub(crate) fn set_names(&mut self, names: Arc<Names>) {
        self.hues = TypeHues::new(names);
    }

    /// Something is different from what it has read.
    pub(crate) fn is_behind(&self, session: &Session, selected: Option<NodeKey>, folds: &Folds) -> bool {
        let same = |(versions, with, by): &(Versions, Option<NodeKey>, Folds)| {
            *versions == session.versions() && *with == selected && by == folds
        };
        !self.seen.as_ref().is_some_and(same) || !Arc::ptr_eq(&self.found, &session.findings())
    }

    /// Reads what is different, if anything is.
    pub(crate) fn read(&mut self, session: &Session, asked: &Asked, now: f64, leavers: usize) -> Option<Reading> {
        // What changes while it is read is read again.
        if !self.is_behind(session, asked.selected, &asked.folds) {
            return None;
        }
        self.found = session.findings();
        let seen = self.seen.replace((session.versions(), asked.selected, asked.folds.clone()));
        let is_refolded = seen.is_none_or(|(.., before)| before != asked.folds);
        let places = session.places();
        let (mut picture, is_same) = session.read(|model| self.next_picture(model, &places, asked.selected));
        if !is_same || is_refolded {
            picture.glyphs = Arc::new(self.glyphs_of(&picture));
            self.shown.folded = Arc::new(asked.folds.folded(&picture.nodes, &self.shown.folded));
        }
        picture.fold(&self.shown.folded);
        let moved = is_refolded || !is_same || self.places.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &places));
        self.places = Some(places);
        if moved {
            picture.turn_docks();
        }
        picture.blame(&session.latest_problems());
        // What is hidden has not left.
        let hides = self.places.as_ref().is_some_and(|places| places.systems.iter().any(|there| there.left_out > 0));
        let leavers = if hides { 0 } else { leavers };
        let leavers = picture.follow(&self.shown.picture, now, asked.still, leavers, &self.shown.folded);
        picture.sum_up();
        if moved {
            picture.index_places();
            self.shown.levels = Arc::new(Levels::of(&picture.nodes, &self.shown.folded));
        }
        self.shown.near = Arc::new(Neighbours::of(&picture, asked.selected, &self.found));
        self.retired = Some(std::mem::replace(&mut self.shown.picture, Arc::new(picture)));
        self.readings += 1;
        Some(Reading { shown: self.shown.clone(), leavers })
    }

    fn glyphs_of(&mut self, picture: &Picture) -> HashMap<u32, Arc<str>> {
        let mut known: HashMap<u32, Arc<str>> = HashMap::new();
        for node in &picture.nodes {
            known.entry(node.type_name).or_insert_with(|| self.glyphs.of(picture.word(node.type_name)));
        }
        known
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
        let Shown { picture, levels, near, .. } = &self.shown;
        let links = if window.zooms.until < DETAIL_FROM { Vec::new() } else { picture.where_links.within(window.rect) };
        self.detours.find(picture, levels, &links, window.zooms, self.readings);
        let scene = Scene::new(picture, levels, near, &self.detours, asked.theme, &window);
        let Built { instances, travels, crowds, left_out } = scene.build(asked, &mut self.flows, &mut self.hues, now);
        let before: &Instances = &self.canvas.instances;
        let dirty = Arc::new(instances.dirty_since(before));
        self.canvas = Canvas {
            generation: self.canvas.generation + 1,
            instances: Arc::new(instances),
            dirty,
            flows_since: self.flows.since,
        };
        self.painted = Some((self.readings, asked.clone(), window));
        let versions = self.seen.as_ref().map(|(versions, ..)| *versions);
        Painting { canvas: self.canvas.clone(), travels, crowds: Arc::new(crowds), left_out, versions }
    }
}
