//! Layers from left to right: what sends stands to the left of what receives, as messages flow.
//!
//! Sugiyama's way: cycles are broken (`cycles`), vertices get layers (`rank`), long edges waypoints (`net`), layers an order
//! (`order`) and heights (`heights`); what hangs together is put in rows (`level`). Composites are laid out from the
//! innermost outwards, each as one level, and are one vertex of the level around them.

mod cycles;
mod heights;
mod level;
mod net;
mod order;
mod rank;

use std::collections::HashMap;

use crate::bodies::{self, Bodies, NONE};
use crate::forces::contain;
use crate::laws::Laws;
use crate::request::LayoutRequest;
use crate::result::Layout;
use crate::simulation::Simulation;
use crate::vector::{add, sub};

/// So many bodies and so many springs, and no more, are arranged in layers.
const MOST_BODIES: usize = 20_000;
const MOST_SPRINGS: usize = 60_000;
/// What nothing joins stands in rows: in a system wider than tall by this much, as screens are; in a ring it makes a
/// column, beside what is linked to it from outside.
const ASPECT: f32 = 1.6;
const ASPECT_IN_RING: f32 = 0.5;
/// More air above and below a ring than force leaves, so that its name and the one above it both have room.
const RING_TITLE: f32 = 12.0;
/// Ticks in which a request pushes apart what pins have put on top of each other; the rest is shown.
const TIDYING_TICKS: usize = 40;

/// A picture is too large to be arranged in layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {MOST_BODIES} components, or too many linkages, to arrange in layers")
    }
}

impl std::error::Error for TooLarge {}

/// One vertex sends to another of its level.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Edge {
    from: u32,
    to: u32,
    weight: f32,
}

/// A layout in layers that follows requests, as [`Simulation`] does for forces: what was above stays above where edges
/// let it, the picture stays where it was as a whole, and pins hold. Equal calls give equal pictures.
#[derive(Clone, Debug)]
pub struct Layered {
    /// Pushes apart what pins put on top of each other, and draws the rings.
    solid: Simulation,
    laws: Laws,
    request: LayoutRequest,
    /// Where each body is when nobody pins it.
    places: Vec<[f32; 3]>,
}

impl Default for Layered {
    fn default() -> Self {
        Self::new()
    }
}

impl Layered {
    /// An empty picture.
    pub fn new() -> Self {
        let (laws, request) = (Laws::default(), LayoutRequest::default());
        Self { solid: Simulation::with_laws(1, laws), laws, request, places: Vec::new() }
    }

    /// Takes what is to be laid out from now on; false, and nothing happens, if it is what was asked for last.
    ///
    /// # Errors
    /// When it is too large, in which case nothing happens either.
    pub fn set_request(&mut self, request: &LayoutRequest) -> Result<bool, TooLarge> {
        if *request == self.request {
            return Ok(false);
        }
        if !differs_in_pins_only(request, &self.request) {
            let known: HashMap<u64, [f32; 3]> =
                self.request.bodies.iter().zip(&self.places).map(|(body, &place)| (body.key, place)).collect();
            let before: Vec<Option<[f32; 3]>> =
                request.bodies.iter().map(|body| known.get(&body.key).copied()).collect();
            let mut places = arrange(request, &before, &self.laws)?;
            stay(&mut places, &before, request);
            self.places = places;
        }
        self.request.clone_from(request);
        self.show();
        Ok(true)
    }

    /// Arranges everything again, without regard to how it was; the whole stays where it is, and pins hold.
    pub fn rearrange(&mut self) {
        let before: Vec<Option<[f32; 3]>> = self.places.iter().copied().map(Some).collect();
        if let Ok(mut places) = arrange(&self.request, &[], &self.laws) {
            stay(&mut places, &before, &self.request);
            self.places = places;
        }
        self.show();
    }

    /// Puts the bodies of the last request, in its order, where they were in another picture; those that are pinned, those
    /// beyond the end of the list, and those whose place is no number, stay where they are.
    pub fn move_to(&mut self, places: &[[f32; 3]]) {
        for (own, place) in self.places.iter_mut().zip(places) {
            *own = bodies::sane_pin(Some(*place)).unwrap_or(*own);
        }
        self.show();
    }

    /// Pushes what overlaps a little further apart; true while it still moves.
    pub fn tick(&mut self) -> bool {
        self.solid.tick()
    }

    /// True when [`Layered::tick`] would do nothing.
    pub fn at_rest(&self) -> bool {
        self.solid.at_rest()
    }

    /// Where everything is now, in the order of the last request's bodies.
    pub fn layout(&self) -> &Layout {
        self.solid.layout()
    }

    fn show(&mut self) {
        self.solid.put(&self.request, &self.places);
        for _ in 0..TIDYING_TICKS {
            if !self.solid.tick() {
                return;
            }
        }
    }
}

fn differs_in_pins_only(one: &LayoutRequest, other: &LayoutRequest) -> bool {
    one.springs == other.springs
        && one.bodies.len() == other.bodies.len()
        && one.bodies.iter().zip(&other.bodies).all(|(a, b)| {
            (a.key, a.parent, a.half_size.map(f32::to_bits)) == (b.key, b.parent, b.half_size.map(f32::to_bits))
        })
}

/// Where everything goes, regardless of pins, around the origin.
fn arrange(request: &LayoutRequest, before: &[Option<[f32; 3]>], laws: &Laws) -> Result<Vec<[f32; 3]>, TooLarge> {
    if request.bodies.len() > MOST_BODIES || request.springs.len() > MOST_SPRINGS {
        return Err(TooLarge);
    }
    let mut bodies: Bodies<2> = Bodies::new(request);
    let mut edges = lifted(request, &bodies.parent);
    let mut number = vec![0u32; bodies.len()];
    let mut lay_out = |bodies: &mut Bodies<2>, members: &[u32], parent: u32, aspect: f32| {
        for (&member, own) in members.iter().zip(0..) {
            number[member as usize] = own;
        }
        let edges: Vec<Edge> = edges
            .remove(&parent)
            .into_iter()
            .flatten()
            .map(|edge| Edge { from: number[edge.from as usize], to: number[edge.to as usize], ..edge })
            .collect();
        let room = |&i: &u32| {
            let [x, y] = bodies.extent(i as usize);
            let is_ring = bodies.ringed[i as usize];
            let gap = if is_ring { laws.ring_gap } else { 0.5 * laws.body_gap };
            [x + gap, y + gap + if is_ring { RING_TITLE } else { 0.0 }]
        };
        let rooms: Vec<[f32; 2]> = members.iter().map(room).collect();
        let height = |&i: &u32| before.get(i as usize).copied().flatten().map(|[_, y, _]| y);
        let before: Vec<Option<f32>> = members.iter().map(height).collect();
        let places = level::lay_out(&rooms, &edges, &before, aspect)?;
        for (&member, place) in members.iter().zip(places) {
            bodies.at[member as usize] = place;
        }
        Ok(())
    };
    for index in (0..bodies.rings.len()).rev() {
        let ring = bodies.rings[index];
        let members = bodies.members(ring).to_vec();
        lay_out(&mut bodies, &members, ring.body, ASPECT_IN_RING)?;
        contain::enclose_one(&mut bodies, ring, laws);
        let centre = bodies.at[ring.body as usize];
        for member in members {
            bodies.at[member as usize] = sub(bodies.at[member as usize], centre);
        }
    }
    let roots: Vec<u32> = (0..bodies.len() as u32).filter(|&i| bodies.parent[i as usize] == NONE).collect();
    lay_out(&mut bodies, &roots, NONE, ASPECT)?;
    for i in 0..bodies.len() {
        if bodies.parent[i] != NONE {
            bodies.at[i] = add(bodies.at[i], bodies.at[bodies.parent[i] as usize]);
        }
    }
    Ok(bodies.at.iter().map(|&[x, y]| [x, y, 0.0]).collect())
}

/// The edges of each level, by its composite: a spring between what is inside two of a level is one between these two.
fn lifted(request: &LayoutRequest, parent: &[u32]) -> HashMap<u32, Vec<Edge>> {
    let mut depth = vec![0u32; parent.len()];
    for i in 0..parent.len() {
        depth[i] = if parent[i] == NONE { 0 } else { depth[parent[i] as usize] + 1 };
    }
    let mut levels: HashMap<u32, Vec<Edge>> = HashMap::new();
    for spring in &request.springs {
        let (mut from, mut to) = (spring.source as usize, spring.sink as usize);
        if from >= parent.len() || to >= parent.len() || !spring.weight.is_finite() || spring.weight <= 0.0 {
            continue;
        }
        while from != to && parent[from] != parent[to] {
            // The deeper one first; at equal depth both.
            let (deep_from, deep_to) = (depth[from], depth[to]);
            if deep_from >= deep_to {
                from = parent[from] as usize;
            }
            if deep_to >= deep_from {
                to = parent[to] as usize;
            }
        }
        if from != to {
            let edge = Edge { from: from as u32, to: to as u32, weight: spring.weight };
            levels.entry(parent[from]).or_default().push(edge);
        }
    }
    levels
}

/// Moves the whole to where it was: by what bodies moved that were there before and are not pinned, else by their pins.
fn stay(places: &mut [[f32; 3]], before: &[Option<[f32; 3]>], request: &LayoutRequest) {
    let mean = |ways: &mut dyn Iterator<Item = [f32; 3]>| {
        let (mut sum, mut count) = ([0.0f64; 2], 0.0);
        for [x, y, _] in ways {
            sum = [sum[0] + f64::from(x), sum[1] + f64::from(y)];
            count += 1.0;
        }
        (count > 0.0).then(|| sum.map(|side| (side / count) as f32))
    };
    let known = places.iter().zip(before).filter_map(|(place, was)| Some(sub((*was)?, *place)));
    let pinned =
        places.iter().zip(&request.bodies).filter_map(|(place, body)| Some(sub(bodies::sane_pin(body.pin)?, *place)));
    if let Some(by) = mean(&mut known.into_iter()).or_else(|| mean(&mut pinned.into_iter())) {
        places.iter_mut().for_each(|place| *place = add(*place, [by[0], by[1], 0.0]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Body, Spring};

    #[test]
    fn springs_between_composites_are_edges_of_the_level_that_has_both() {
        let body = |parent| Body { key: 0, parent, half_size: [9.0; 2], pin: None };
        let bodies = [None, Some(0), None, Some(2), Some(3)].map(body).to_vec();
        let spring = |source, sink| Spring { source, sink, weight: 1.0, flows: true };
        let springs = vec![spring(1, 4), spring(4, 3), spring(9, 0), spring(2, 3), spring(1, 2)];
        let request = LayoutRequest { bodies, springs };
        let parent: Vec<u32> = (0..5).map(|i| bodies::parent_of(&request, i)).collect();
        let levels = lifted(&request, &parent);
        let edge = Edge { from: 0, to: 2, weight: 1.0 };
        assert_eq!(levels, HashMap::from([(NONE, vec![edge, edge])]));
    }
}
