//! Takes requests in, orders the forces, and knows when to rest.

use std::collections::HashMap;

use crate::bodies::{self, Bodies};
use crate::forces::center::Parts;
use crate::forces::collide::Grid;
use crate::forces::{center, charge, collide, contain, flow, link};
use crate::graph::Graph;
use crate::heat;
use crate::laws::Laws;
use crate::place::Arrival;
use crate::quadtree::Quadtree;
use crate::request::LayoutRequest;
use crate::result::Layout;
use crate::rng::Rng;
use crate::springs::{self, Springs};

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

/// A layout in the making. Equal seeds and equal calls give equal pictures, on every machine of one kind.
#[derive(Clone, Debug)]
pub struct Simulation {
    laws: Laws,
    rng: Rng,
    bodies: Bodies,
    springs: Springs,
    parts: Parts,
    tree: Quadtree,
    grid: Grid,
    layout: Layout,
    still: u32,
    tidying: u32,
    resting: bool,
}

impl Simulation {
    /// An empty picture. The seed decides where things go that could as well go elsewhere.
    pub fn new(seed: u64) -> Self {
        Self::with_laws(seed, Laws::default())
    }

    /// The same under other [`Laws`].
    pub fn with_laws(seed: u64, laws: Laws) -> Self {
        Self {
            laws,
            rng: Rng::new(seed),
            bodies: Bodies::default(),
            springs: Springs::default(),
            parts: Parts::default(),
            tree: Quadtree::default(),
            grid: Grid::default(),
            layout: Layout::default(),
            still: 0,
            tidying: 0,
            resting: true,
        }
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
        contain::enclose(&mut self.bodies, &self.laws);
        self.bodies.write(&mut self.layout);
        self.wake();
        true
    }

    /// Moves everything a little closer to where it belongs; true while it still moves.
    pub fn tick(&mut self) -> bool {
        if self.resting {
            return false;
        }
        let mut furthest = 0.0f32;
        let hot = self.bodies.heat.iter().any(|&heat| heat > 0.0);
        if hot {
            self.push();
            furthest = self.go();
            center::bring_home(&mut self.bodies, &self.laws);
        }
        let overlap = collide::apply(&mut self.bodies, &mut self.grid, &self.laws);
        contain::enclose(&mut self.bodies, &self.laws);
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

    /// All forces, before anything moves.
    fn push(&mut self) {
        let parts = &self.parts.of;
        charge::apply(&mut self.bodies, &mut self.tree, |i| parts[i] == bodies::NONE, &self.laws);
        link::apply(&mut self.bodies, &self.springs, &self.laws);
        flow::apply(&mut self.bodies, &self.springs, &self.laws);
        contain::apply(&mut self.bodies, &self.laws);
        center::apply(&mut self.bodies, &mut self.parts, &self.laws);
    }

    /// Moves by velocity, cools, and returns the longest way gone.
    fn go(&mut self) -> f32 {
        let bodies = &mut self.bodies;
        for i in 0..bodies.len() {
            let kept = bodies.velocity[i].map(|speed| (speed * self.laws.momentum).clamp(-FASTEST, FASTEST));
            let kept = if bodies.heat[i] > 0.0 && kept.iter().all(|speed| speed.is_finite()) { kept } else { [0.0; 2] };
            bodies.velocity[i] = kept;
            bodies.moved[i] = kept;
            bodies.heat[i] *= 1.0 - self.laws.cooling;
            if bodies.heat[i] < self.laws.coldest {
                bodies.heat[i] = 0.0;
            }
        }
        let furthest = bodies.carry();
        for &(pinned, _) in &bodies.pins {
            bodies.velocity[pinned as usize] = [0.0; 2];
        }
        contain::enclose(bodies, &self.laws);
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
        bodies.moved.fill([0.0; 2]);
        for &(pinned, place) in &bodies.pins {
            let i = pinned as usize;
            if some.binary_search(&pinned).is_ok() {
                bodies.moved[i] = [place[0] - bodies.at[i][0], place[1] - bodies.at[i][1]];
                bodies.at[i] = [place[0], place[1]];
                bodies.velocity[i] = [0.0; 2];
            }
        }
        for i in 0..bodies.len() {
            if bodies.parent[i] != bodies::NONE && bodies.pin_of(i).is_none() {
                let by = bodies.moved[bodies.parent[i] as usize];
                bodies.moved[i] = by;
                bodies.at[i] = [bodies.at[i][0] + by[0], bodies.at[i][1] + by[1]];
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
                if bodies.ringed[i] && old.ringed[k] {
                    bodies.radius[i] = old.radius[k];
                }
            }
            if let Some(place) = bodies.pin_of(i) {
                bodies.at[i] = [place[0], place[1]];
                placed[i] = true;
            }
        }
        let springs = Springs::new(request, &bodies);
        let graph = Graph::new(&bodies, &springs);
        let (of, parts) = graph.parts();
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
        Arrival { springs: &springs, graph: &graph, parts: &parts, placed, laws: &self.laws }.settle(
            &mut bodies,
            JOINING,
            &mut self.rng,
        );
        for &(pinned, place) in &bodies.pins {
            bodies.at[pinned as usize] = [place[0], place[1]];
        }
        self.parts = Parts { of, sums: vec![[0.0; 4]; parts.len()] };
        self.springs = springs;
        self.bodies = bodies;
    }
}
