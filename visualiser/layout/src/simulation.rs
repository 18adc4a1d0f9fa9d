//! Takes requests in, orders the forces, and knows when to rest.

use std::collections::HashMap;
use std::sync::Arc;

use crate::bodies::{self, Bodies};
use crate::courtesy::Courtesy;
use crate::forces::center::{Parts, Sum};
use crate::forces::collide::Grid;
use crate::forces::{center, charge, collide, contain, flow, link};
use crate::graph::Graph;
use crate::heat;
use crate::laws::Laws;
use crate::place::Arrival;
use crate::request::LayoutRequest;
use crate::result::Layout;
use crate::rng::Rng;
use crate::springs::{self, Springs};
use crate::tree::Tree;
use crate::vector::{add, scaled, sub};

/// Heat of a body that joins others, of one whose springs changed, and of what a pinned one drags along.
const JOINING: f32 = 0.3;
const CHANGED: f32 = 0.1;
const DRAGGED: f32 = 0.15;
/// No body moves further than this in a tick of its own accord.
const FASTEST: f32 = 400.0;
/// Overlaps smaller than this, air included, are left alone.
const TOUCH: f32 = 1.0;
/// So many still ticks in a row mean rest.
const STILL_TICKS: u32 = 6;
/// So many ticks more are spent on overlaps once everything is cold.
const TIDYING_TICKS: u32 = 600;

/// A layout in the making, in the plane or, with `D` = 3, in space. Equal seeds and equal calls give equal pictures, on
/// machines of one kind, for any number of threads.
///
/// Called from within a rayon pool, [`Simulation::tick`] and [`Simulation::set_request`] use its threads; otherwise they
/// start none.
#[derive(Clone, Debug)]
pub struct Simulation<const D: usize = 2> {
    laws: Laws,
    rng: Rng,
    bodies: Bodies<D>,
    springs: Springs,
    parts: Parts,
    sums: Vec<Sum<D>>,
    tree: Tree<D>,
    grid: Grid<D>,
    /// What others by their charge, and what springs, composites and the origin do to each body: scratch for one tick.
    repulsions: Vec<[f32; D]>,
    pulls: Vec<[f32; D]>,
    layout: Layout,
    still: u32,
    tidying: u32,
    resting: bool,
    courtesy: Courtesy,
}

impl<const D: usize> Simulation<D> {
    const DIMENSIONS: () = assert!(D == 2 || D == 3, "a layout is in the plane or in space");

    /// An empty picture. The seed decides where things go that could as well go elsewhere.
    pub fn new(seed: u64) -> Self {
        Self::with_laws(seed, Laws::default())
    }

    /// The same under other [`Laws`].
    pub fn with_laws(seed: u64, laws: Laws) -> Self {
        let () = Self::DIMENSIONS;
        Self {
            laws,
            rng: Rng::new(seed),
            bodies: Bodies::default(),
            springs: Springs::default(),
            parts: Parts::default(),
            sums: Vec::new(),
            tree: Tree::default(),
            grid: Grid::default(),
            repulsions: Vec::new(),
            pulls: Vec::new(),
            layout: Layout::default(),
            still: 0,
            tidying: 0,
            resting: true,
            courtesy: Courtesy::default(),
        }
    }

    /// Does this every now and then while it works, on whichever thread, so that whoever shares a processor with it gets a
    /// turn: some hundred times in a tick of ten thousand bodies, and between the steps of taking a request. It changes
    /// nothing of what comes out. A first shape of thousands is made without it.
    pub fn give_way_by(&mut self, give_way: Arc<dyn Fn() + Send + Sync>) {
        self.courtesy = Courtesy::of(give_way);
    }

    /// Takes what is to be laid out from now on; false, and nothing happens, if it is what was asked for last.
    ///
    /// Bodies keep their places by key. New ones are placed near what they are linked to, inside their composite, or in a
    /// shape of their own, and only what a change concerns warms up. [`Simulation::layout`] shows all bodies at once.
    pub fn set_request(&mut self, request: &LayoutRequest) -> bool {
        if self.has_structure_of(request) {
            if !self.take_sizes_and_pins(request) {
                return false;
            }
        } else {
            self.take_structure(request);
        }
        self.courtesy.give_way();
        contain::enclose(&mut self.bodies, &self.laws);
        self.bodies.write(&mut self.layout);
        self.wake();
        true
    }

    /// Puts the bodies of the last request, in its order, where they were in another picture; those that are pinned, those
    /// beyond the end of the list, and those whose place is no number, stay where they are. Nothing warms up.
    pub fn move_to(&mut self, places: &[[f32; 3]]) {
        let bodies = &mut self.bodies;
        for (i, place) in places.iter().enumerate().take(bodies.len()) {
            if let Some(place) = bodies::sane_pin(Some(*place))
                && bodies.pin_of(i).is_none()
            {
                bodies.at[i] = std::array::from_fn(|axis| place[axis]);
                bodies.velocity[i] = [0.0; D];
            }
        }
        contain::enclose(bodies, &self.laws);
        bodies.write(&mut self.layout);
        self.wake();
    }

    /// Takes what is to be laid out together with a place for each of its bodies, which is where they stay: nothing warms
    /// up, and from there on only what overlaps is pushed apart. Pins come before places, and a body without a place that
    /// is one is put at the origin.
    pub fn put(&mut self, request: &LayoutRequest, places: &[[f32; 3]]) {
        let mut bodies = Bodies::new(request);
        for (at, place) in bodies.at.iter_mut().zip(places) {
            if let Some(place) = bodies::sane_pin(Some(*place)) {
                *at = std::array::from_fn(|axis| place[axis]);
            }
        }
        let springs = Springs::new(request, &bodies, &self.laws);
        let (of, parts) = Graph::new(&bodies, &springs).parts();
        self.take_over(bodies, springs, Parts::new(of, parts.len()));
        let pinned: Vec<u32> = self.bodies.pins.iter().map(|pin| pin.0).collect();
        self.obey_pins(&pinned);
        contain::enclose(&mut self.bodies, &self.laws);
        self.bodies.write(&mut self.layout);
        self.wake();
    }

    /// From now on only what overlaps moves.
    pub fn cool(&mut self) {
        self.bodies.heat.fill(0.0);
        self.bodies.velocity.fill([0.0; D]);
    }

    /// Moves everything a little closer to where it belongs; true while it still moves.
    pub fn tick(&mut self) -> bool {
        if self.resting {
            return false;
        }
        let hot = self.bodies.heat.iter().any(|&heat| heat > 0.0);
        let overlap = if hot { self.push() } else { collide::apply(&self.bodies, &mut self.grid, &self.laws) };
        self.courtesy.give_way();
        let furthest = self.go(hot);
        self.courtesy.give_way();
        contain::enclose(&mut self.bodies, &self.laws);
        if hot {
            center::bring_home(&mut self.bodies);
        }
        self.bodies.write(&mut self.layout);

        self.still = if furthest < self.laws.still { self.still + 1 } else { 0 };
        if hot && self.still >= STILL_TICKS && overlap < TOUCH {
            self.bodies.heat.fill(0.0);
        }
        if !hot {
            self.tidying += 1;
            self.resting = overlap < TOUCH || self.tidying >= TIDYING_TICKS;
        }
        !self.resting
    }

    /// True when [`Simulation::tick`] would do nothing.
    pub fn at_rest(&self) -> bool {
        self.resting
    }

    /// Where everything is now, in the order of the last request's bodies.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Warms everything up to at least this heat, from 0 to 1.
    pub fn reheat(&mut self, heat: f32) {
        let heat = if heat.is_finite() { heat.clamp(0.0, 1.0) } else { 0.0 };
        self.bodies.heat.iter_mut().for_each(|own| *own = own.max(heat));
        self.wake();
    }

    fn wake(&mut self) {
        self.still = 0;
        self.tidying = 0;
        self.resting = self.bodies.len() == 0;
    }

    /// All forces, before anything moves; returns the deepest overlap.
    fn push(&mut self) -> f32 {
        let Self { laws, bodies, springs, parts, sums, tree, grid, repulsions, pulls, courtesy, .. } = self;
        let courtesy = &*courtesy;
        let (bodies, parts) = (&*bodies, &*parts);
        let apart = |tree: &mut Tree<D>, repulsions: &mut Vec<[f32; D]>| {
            charge::gather(bodies, parts, tree);
            courtesy.give_way();
            tree.sum(charge::repulsion_of(laws), courtesy);
            repulsions.clear();
            repulsions.resize(bodies.len(), [0.0; D]);
            tree.forces().for_each(|(i, force)| repulsions[i as usize] = force);
        };
        let together = |pulls: &mut Vec<[f32; D]>, sums: &mut Vec<Sum<D>>, grid: &mut Grid<D>| {
            pulls.clear();
            pulls.resize(bodies.len(), [0.0; D]);
            link::apply(bodies, springs, laws, pulls);
            flow::apply(bodies, springs, laws, pulls);
            contain::apply(bodies, laws, pulls);
            center::apply(bodies, parts, sums, laws, pulls);
            courtesy.give_way();
            collide::apply(bodies, grid, laws)
        };
        if rayon::current_thread_index().is_some() {
            rayon::join(|| apart(tree, repulsions), || together(pulls, sums, grid)).1
        } else {
            apart(tree, repulsions);
            together(pulls, sums, grid)
        }
    }

    /// Moves by velocity and by what pushes overlapping bodies apart, cools, and returns the longest way gone by velocity.
    fn go(&mut self, hot: bool) -> f32 {
        let bodies = &mut self.bodies;
        let mut furthest = 0.0f32;
        if hot {
            for i in 0..bodies.len() {
                let repulsion = scaled(self.repulsions[i], self.laws.charge * bodies.heat[i]);
                let kept = add(add(bodies.velocity[i], repulsion), self.pulls[i])
                    .map(|speed| (speed * self.laws.momentum).clamp(-FASTEST, FASTEST));
                let sane = bodies.heat[i] > 0.0 && kept.iter().all(|speed| speed.is_finite());
                bodies.velocity[i] = if sane { kept } else { [0.0; D] };
                let is_tepid = bodies.heat[i] <= self.laws.tepid;
                bodies.heat[i] *= 1.0 - if is_tepid { self.laws.setting } else { self.laws.cooling };
                if bodies.heat[i] < self.laws.coldest {
                    bodies.heat[i] = 0.0;
                }
            }
            for &(pinned, _) in &bodies.pins {
                bodies.velocity[pinned as usize] = [0.0; D];
            }
            furthest = bodies.velocity.iter().flatten().fold(0.0, |furthest, side| furthest.max(side.abs()));
        }
        for (moved, (velocity, push)) in bodies.moved.iter_mut().zip(bodies.velocity.iter().zip(&self.grid.pushes)) {
            *moved = if hot { add(*velocity, *push) } else { *push };
        }
        bodies.carry();
        furthest
    }

    fn has_structure_of(&self, request: &LayoutRequest) -> bool {
        let bodies = &self.bodies;
        request.bodies.len() == bodies.len()
            && request.bodies.iter().zip(&bodies.key).all(|(body, &key)| body.key == key)
            && (0..bodies.len()).all(|i| bodies::parent_of(request, i) == bodies.parent[i])
            && springs::effective(request, &bodies.parent).eq(self.springs.list.iter().copied())
    }

    /// False if no size and no pin differs.
    fn take_sizes_and_pins(&mut self, request: &LayoutRequest) -> bool {
        let bodies = &mut self.bodies;
        let mut changed = false;
        for (i, body) in request.bodies.iter().enumerate() {
            let half = bodies::sane_size(body.half_size);
            if bodies.half[i] != half {
                bodies.half[i] = half;
                if !bodies.ringed[i] {
                    bodies.radius[i] = half[0].hypot(half[1]);
                    changed = true;
                }
            }
        }
        if changed {
            self.springs.measure(bodies, &self.laws);
            self.parts.measure(bodies, &self.laws);
        }
        let before = bodies.pins.clone();
        bodies.set_pins(request);
        if before == bodies.pins {
            return changed;
        }
        let mut dragged = Vec::new();
        for &(pinned, place) in before.iter().chain(&bodies.pins) {
            let pinned = pinned as usize;
            if before.binary_search_by_key(&(pinned as u32), |pin| pin.0).map(|k| before[k].1) != Ok(place)
                || bodies.pin_of(pinned) != Some(place)
            {
                dragged.push(pinned as u32);
            }
        }
        dragged.sort_unstable();
        dragged.dedup();
        self.obey_pins(&dragged);
        for spring in &self.springs.list {
            for (near, far) in [(spring.source, spring.sink), (spring.sink, spring.source)] {
                if dragged.binary_search(&near).is_ok() {
                    let heat = &mut self.bodies.heat[far as usize];
                    *heat = heat.max(DRAGGED);
                }
            }
        }
        for &body in &dragged {
            let heat = &mut self.bodies.heat[body as usize];
            *heat = heat.max(DRAGGED);
        }
        true
    }

    /// Puts the bodies given where their pins say; a composite takes along what is inside it.
    fn obey_pins(&mut self, some: &[u32]) {
        let bodies = &mut self.bodies;
        bodies.moved.fill([0.0; D]);
        for &(pinned, place) in &bodies.pins {
            let i = pinned as usize;
            if some.binary_search(&pinned).is_ok() {
                let place = std::array::from_fn(|axis| place[axis]);
                bodies.moved[i] = sub(place, bodies.at[i]);
                bodies.at[i] = place;
                bodies.velocity[i] = [0.0; D];
            }
        }
        for i in 0..bodies.len() {
            if bodies.parent[i] != bodies::NONE && bodies.pin_of(i).is_none() {
                let by = bodies.moved[bodies.parent[i] as usize];
                bodies.moved[i] = by;
                bodies.at[i] = add(bodies.at[i], by);
            }
        }
    }

    fn take_structure(&mut self, request: &LayoutRequest) {
        let old = std::mem::take(&mut self.bodies);
        let mut bodies = Bodies::new(request);
        let mut placed = vec![false; bodies.len()];
        let mut was = vec![bodies::NONE; bodies.len()];
        let index: HashMap<u64, u32> = old.key.iter().zip(0..).map(|(&key, i)| (key, i)).collect();
        for i in 0..bodies.len() {
            if let Some(&k) = index.get(&bodies.key[i]) {
                let k = k as usize;
                was[i] = k as u32;
                placed[i] = true;
                bodies.at[i] = old.at[k];
                bodies.velocity[i] = old.velocity[k];
                bodies.heat[i] = old.heat[k];
                bodies.air[i] = old.air[k];
                if bodies.ringed[i] && old.ringed[k] {
                    bodies.radius[i] = old.radius[k];
                }
            }
            if let Some(place) = bodies.pin_of(i) {
                bodies.at[i] = std::array::from_fn(|axis| place[axis]);
                placed[i] = true;
            }
        }
        self.courtesy.give_way();
        let springs = Springs::new(request, &bodies, &self.laws);
        self.courtesy.give_way();
        let graph = Graph::new(&bodies, &springs);
        let (of, parts) = graph.parts();
        self.courtesy.give_way();
        let (then, now) = (heat::signatures(&old, &self.springs), heat::signatures(&bodies, &springs));
        let mut sources = Vec::new();
        for i in 0..bodies.len() {
            let changed = was[i] == bodies::NONE || then[was[i] as usize] != now[i];
            if changed {
                sources.push((i as u32, if placed[i] { CHANGED } else { JOINING }));
            }
        }
        let alone = |&(body, _): &(u32, f32)| of[body as usize] != bodies::NONE;
        sources.retain(alone);
        heat::spread(&mut bodies, &graph, &sources);
        self.courtesy.give_way();
        Arrival { springs: &springs, graph: &graph, parts: &parts, placed, laws: &self.laws }.settle(
            &mut bodies,
            JOINING,
            &mut self.rng,
        );
        for &(pinned, place) in &bodies.pins {
            bodies.at[pinned as usize] = std::array::from_fn(|axis| place[axis]);
        }
        self.take_over(bodies, springs, Parts::new(of, parts.len()));
    }

    fn take_over(&mut self, bodies: Bodies<D>, springs: Springs, parts: Parts) {
        self.parts = parts;
        self.parts.measure(&bodies, &self.laws);
        self.springs = springs;
        self.springs.measure(&bodies, &self.laws);
        self.bodies = bodies;
    }
}
