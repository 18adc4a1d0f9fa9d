//! First places: what is new and alone in its part gets a whole shape, what joins others comes to stand beside them.

use std::collections::{HashMap, VecDeque};

use crate::bodies::{Bodies, NONE};
use crate::graph::Graph;
use crate::laws::Laws;
use crate::rng::Rng;
use crate::shape::{self, sunflower};
use crate::springs::{Springs, reach};
use crate::vector::{add, boxed, flat, length, scaled, sub};

/// A part is shaped anew when it has more new bodies than this, and more than twice its old ones.
const FEW: usize = 32;
/// Wider than tall by this much, as screens are.
const ASPECT: f32 = 1.6;

/// Up to so many new bodies of a part are each given a free place, looked for among so many points, so far apart.
const CAREFUL: usize = 64;
const TRIED: u32 = 300;
const TRY_APART: f32 = 32.0;
/// How far from the middle of its composite a new body would like to stand, as a share of the radius.
const INWARDS: f32 = 0.25;

/// What a request makes of the bodies: who hangs together, and who has a place already.
pub(crate) struct Arrival<'a> {
    pub(crate) springs: &'a Springs,
    pub(crate) graph: &'a Graph,
    pub(crate) parts: &'a [Vec<u32>],
    pub(crate) placed: Vec<bool>,
    pub(crate) laws: &'a Laws,
}

impl Arrival<'_> {
    /// Places every body that has no place yet. Heat becomes 1 where a shape is new and `joining` where a body joins others.
    pub(crate) fn settle<const D: usize>(mut self, bodies: &mut Bodies<D>, joining: f32, rng: &mut Rng) {
        let known = std::mem::take(&mut self.placed);
        self.placed = (0..bodies.len()).map(|i| known[i] || bodies.pin_of(i).is_some()).collect();
        let mut fresh = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let old = part.iter().filter(|&&body| known[body as usize]).count();
            let new = part.len() - old;
            if old == 0 || (new > FEW && new > 2 * old) {
                fresh.push(number);
            } else if new > 0 {
                self.join(part, bodies, joining, rng);
            }
        }
        let before = bounds(bodies, (0..bodies.len()).filter(|&i| self.placed[i]));
        // A new shape comes to lie where those of its bodies are that had a place or a pin.
        let anchors = |number: usize| self.parts[number].iter().copied().filter(|&body| self.placed[body as usize]);
        let sum = |bodies: &Bodies<D>, number: usize| {
            anchors(number).map(|body| bodies.at[body as usize]).fold([0.0; D], add)
        };
        let goals: Vec<[f32; D]> = fresh.iter().map(|&number| sum(bodies, number)).collect();
        let parts: Vec<&[u32]> = fresh.iter().map(|&number| &self.parts[number][..]).collect();
        shape::make(&parts, bodies, self.springs, self.graph, self.laws, rng);
        let mut blocks = Vec::new();
        for (&number, goal) in fresh.iter().zip(goals) {
            let (found, count) = (sum(bodies, number), anchors(number).count() as f32);
            if count == 0.0 {
                blocks.push(number);
                continue;
            }
            for &body in &self.parts[number] {
                let at = &mut bodies.at[body as usize];
                *at = add(*at, scaled(sub(goal, found), 1.0 / count));
            }
        }
        for &body in fresh.iter().flat_map(|&number| &self.parts[number]) {
            self.placed[body as usize] = true;
        }
        self.stack(&blocks, before, bodies);
        self.shelve(bodies);
    }

    /// Puts new parts beside each other in rows, the tallest first, below what was there before.
    fn stack<const D: usize>(&self, blocks: &[usize], before: Option<[[f32; D]; 2]>, bodies: &mut Bodies<D>) {
        let mut boxes: Vec<(usize, [[f32; D]; 2])> = blocks
            .iter()
            .filter_map(|&number| Some((number, bounds(bodies, self.parts[number].iter().map(|&body| body as usize))?)))
            .collect();
        boxes.sort_by(|a, b| (b.1[1][1] - b.1[0][1]).total_cmp(&(a.1[1][1] - a.1[0][1])).then(a.0.cmp(&b.0)));
        let gap = self.laws.spring_gap;
        let area: f32 = boxes.iter().map(|(_, [min, max])| (max[0] - min[0] + gap) * (max[1] - min[1] + gap)).sum();
        let widest = boxes.iter().map(|(_, [min, max])| max[0] - min[0]).fold((area * ASPECT).sqrt(), f32::max);
        let (mut x, mut y, mut tall) = (0.0, 0.0, 0.0f32);
        let mut moves = Vec::new();
        let mut reached = [0.0f32; 2];
        for &(number, [min, max]) in &boxes {
            let (width, height) = (max[0] - min[0], max[1] - min[1]);
            if x > 0.0 && x + width > widest {
                (x, y, tall) = (0.0, y + tall + gap, 0.0);
            }
            moves.push((number, [x - min[0], -y - max[1]]));
            reached = [reached[0].max(x + width), reached[1].max(y + height)];
            x += width + gap;
            tall = tall.max(height);
        }
        let origin = match before {
            Some([min, max]) => [0.5 * (min[0] + max[0] - reached[0]), min[1] - gap],
            None => [-0.5 * reached[0], 0.5 * reached[1]],
        };
        for (number, by) in moves {
            let by = flat([origin[0] + by[0], origin[1] + by[1]]);
            for &body in &self.parts[number] {
                bodies.at[body as usize] = add(bodies.at[body as usize], by);
            }
        }
    }

    /// Places the new bodies of a part beside those they are linked to, or inside their composite.
    fn join<const D: usize>(&mut self, part: &[u32], bodies: &mut Bodies<D>, heat: f32, rng: &mut Rng) {
        let careful = part.iter().filter(|&&body| !self.placed[body as usize]).count() <= CAREFUL;
        let mut queue: VecDeque<u32> = part.iter().copied().filter(|&body| self.placed[body as usize]).collect();
        while let Some(body) = queue.pop_front() {
            if !self.placed[body as usize] {
                let at = self.beside(body, bodies);
                let free = if careful { self.free_spot(body, at, bodies) } else { None };
                bodies.at[body as usize] = free.unwrap_or_else(|| at.map(|side| side + 12.0 * rng.spread()));
                bodies.heat[body as usize] = heat;
                let friends = self.graph.of(body).iter().filter(|&&other| self.placed[other as usize]);
                bodies.air[body as usize] = friends.map(|&other| bodies.air[other as usize]).fold(1.0, f32::max);
                self.placed[body as usize] = true;
            }
            queue.extend(self.graph.of(body).iter().filter(|&&other| !self.placed[other as usize]));
        }
    }

    fn beside<const D: usize>(&self, body: u32, bodies: &Bodies<D>) -> [f32; D] {
        let parent = bodies.parent[body as usize];
        let is_friend = |other: &u32| self.placed[*other as usize] && *other != parent;
        let mean = |of: u32, without: u32| {
            let (mut sum, mut count) = ([0.0; D], 0.0f32);
            for &other in self.graph.of(of).iter().filter(|&other| is_friend(other) && *other != without) {
                sum = add(sum, bodies.at[other as usize]);
                count += 1.0;
            }
            (count > 0.0).then(|| scaled(sum, 1.0 / count))
        };
        let friend = self.graph.of(body).iter().copied().find(is_friend);
        let several = self.graph.of(body).iter().any(|other| is_friend(other) && Some(*other) != friend);
        let mut at = match friend {
            Some(_) if several => mean(body, NONE).unwrap_or([0.0; D]),
            // Beside its only friend, on the side away from that one's others.
            Some(friend) => {
                let centre = bodies.at[friend as usize];
                let rest = self.laws.spring_gap + reach(bodies, body) + reach(bodies, friend);
                let away = mean(friend, body).map(|others| sub(centre, others));
                let way = away.filter(|way| length(*way) > 1.0).unwrap_or(flat([1.0, 0.0]));
                add(centre, scaled(way, rest / length(way)))
            }
            None if parent != NONE => bodies.at[parent as usize],
            None => [0.0; D],
        };
        if parent != NONE && self.placed[parent as usize] && bodies.ringed[parent as usize] {
            // Inside, near the middle and on the side of its friends.
            let centre = bodies.at[parent as usize];
            let way = sub(at, centre);
            let towards = INWARDS * bodies.radius[parent as usize] / length(way).max(1.0);
            at = add(centre, scaled(way, towards.min(1.0)));
        }
        at
    }

    /// The nearest place to a point, or nearly so, where a body touches none of its siblings.
    fn free_spot<const D: usize>(&self, body: u32, wish: [f32; D], bodies: &Bodies<D>) -> Option<[f32; D]> {
        let room = |i: usize| {
            let gap = if bodies.ringed[i] { self.laws.ring_gap } else { 0.5 * self.laws.body_gap };
            bodies.extent(i).map(|side| side + gap)
        };
        let own = room(body as usize);
        let far = (TRIED as f32).sqrt() * TRY_APART;
        let is_near = |i: usize, at: [f32; D], reach: f32| {
            let other = room(i);
            (0..D).all(|axis| (bodies.at[i][axis] - at[axis]).abs() < own[axis] + other[axis] + reach)
        };
        let parent = bodies.parent[body as usize];
        let sibling = |i: &usize| self.placed[*i] && bodies.parent[*i] == parent && is_near(*i, wish, far);
        let siblings: Vec<usize> = (0..bodies.len()).filter(sibling).collect();
        (0..TRIED)
            .map(|k| add(wish, flat(sunflower(k, TRY_APART))))
            .find(|&at| siblings.iter().all(|&i| !is_near(i, at, 0.0)))
    }

    /// Lays new bodies that hang on nothing in rows, with the others of that kind or below everything.
    fn shelve<const D: usize>(&self, bodies: &mut Bodies<D>) {
        let alone = |i: &usize| bodies.parent[*i] == NONE && self.graph.of(*i as u32).is_empty();
        let (old, new): (Vec<usize>, Vec<usize>) = (0..bodies.len()).filter(alone).partition(|&i| self.placed[i]);
        if new.is_empty() {
            return;
        }
        let gap = self.laws.body_gap;
        let side = |axis: usize| new.iter().map(|&i| 2.0 * bodies.half[i][axis] + gap).fold(0.0, f32::max);
        let pitch = [side(0), side(1)];
        let all = (old.len() + new.len()) as f32;
        let mut columns = (all * ASPECT * pitch[1] / pitch[0]).sqrt().ceil().max(1.0);
        let mut corner = [-0.5 * (columns - 1.0) * pitch[0], 0.5 * ((all / columns).ceil() - 1.0) * pitch[1]];
        if let Some([min, max]) = bounds(bodies, old.iter().copied()) {
            columns = columns.max(((max[0] - min[0]) / pitch[0]).floor());
            corner = [min[0] + 0.5 * pitch[0], max[1] - 0.5 * pitch[1]];
        } else if let Some([min, max]) = bounds(bodies, (0..bodies.len()).filter(|&i| self.placed[i])) {
            columns = columns.max(((max[0] - min[0]) / pitch[0]).floor()).min(new.len() as f32);
            corner =
                [0.5 * (min[0] + max[0] - (columns - 1.0) * pitch[0]), min[1] - self.laws.spring_gap - 0.5 * pitch[1]];
        }
        let cell = |at: [f32; D]| {
            [((at[0] - corner[0]) / pitch[0]).round() as i64, ((corner[1] - at[1]) / pitch[1]).round() as i64]
        };
        let taken: HashMap<[i64; 2], ()> = old.iter().map(|&i| (cell(bodies.at[i]), ())).collect();
        let columns = columns as i64;
        let mut slots = (0i64..).map(|slot| [slot % columns, slot / columns]).filter(|slot| !taken.contains_key(slot));
        let heat = if old.is_empty() { 1.0 } else { 0.0 };
        for i in new {
            if let Some([column, row]) = slots.next() {
                bodies.at[i] = flat([corner[0] + column as f32 * pitch[0], corner[1] - row as f32 * pitch[1]]);
                bodies.heat[i] = heat;
            }
        }
    }
}

/// The box round some bodies, if there are any.
pub(crate) fn bounds<const D: usize>(bodies: &Bodies<D>, some: impl Iterator<Item = usize>) -> Option<[[f32; D]; 2]> {
    boxed(some.map(|i| (bodies.at[i], bodies.extent(i))))
}
