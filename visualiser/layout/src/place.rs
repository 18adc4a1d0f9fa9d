//! First places: what is new and alone in its part gets a whole shape, what joins others comes to stand beside them.

use std::collections::{HashMap, VecDeque};

use crate::bodies::{Bodies, NONE};
use crate::graph::Graph;
use crate::laws::Laws;
use crate::pivots;
use crate::rng::Rng;
use crate::springs::{Springs, reach};
use crate::stress;

/// A part is shaped anew when it has more new bodies than this, and more than twice its old ones.
const FEW: usize = 32;
/// Turning by this much from one body to the next never lines two of them up.
const GOLDEN_ANGLE: f32 = 2.399_963;
/// Wider than tall by this much, as screens are.
const ASPECT: f32 = 1.6;

/// How much further right a new body starts for each step down the flow, and how well those steps are found.
const RANKED: f32 = 90.0;
const RANKING_ROUNDS: usize = 40;

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
    pub(crate) fn settle(mut self, bodies: &mut Bodies, joining: f32, rng: &mut Rng) {
        let mut fresh = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let old = part.iter().filter(|&&body| self.placed[body as usize]).count();
            let new = part.len() - old;
            if old == 0 || (new > FEW && new > 2 * old) {
                fresh.push((number, old));
            } else if new > 0 {
                self.join(part, bodies, joining, rng);
            }
        }
        let before = bounds(bodies, (0..bodies.len()).filter(|&i| self.placed[i]));
        let mut blocks = Vec::new();
        self.shape(&fresh, bodies, rng);
        for &(number, old) in &fresh {
            let part = &self.parts[number];
            if old == 0 {
                blocks.push(number);
            }
            for &body in part {
                self.placed[body as usize] = true;
                bodies.heat[body as usize] = 1.0;
            }
        }
        self.stack(&blocks, before, bodies);
        self.shelve(bodies);
    }

    /// Gives whole parts a shape: centred at the origin, or where their old bodies were.
    fn shape(&self, fresh: &[(usize, usize)], bodies: &mut Bodies, rng: &mut Rng) {
        let mut steps = vec![NONE; bodies.len()];
        let mut of = vec![NONE; bodies.len()];
        let mut anchors = vec![[0.0f32; 2]; fresh.len()];
        for (index, &(number, old)) in fresh.iter().enumerate() {
            let part = &self.parts[number];
            let placed = part.iter().filter(|&&body| old > 0 && self.placed[body as usize]);
            for at in placed.map(|&body| bodies.at[body as usize]) {
                let anchor = &mut anchors[index];
                *anchor = [anchor[0] + at[0] / old as f32, anchor[1] + at[1] / old as f32];
            }
            let mut places = pivots::shape(self.graph, part, &mut steps);
            stress::relax(self.graph, part, &mut places, &mut steps, rng);
            for (&body, at) in part.iter().zip(places) {
                of[body as usize] = index as u32;
                bodies.at[body as usize] = at;
            }
        }
        // How long the springs are, how long they should be, and where they point, all summed.
        let mut sums = vec![([0.0f64; 2], [0.0f64; 2]); fresh.len()];
        for (index, ends) in self.springs.ends.iter().enumerate() {
            let [a, b] = ends.map(|end| end as usize);
            if let Some((lengths, flow)) = sums.get_mut(of[a] as usize) {
                let way = [bodies.at[b][0] - bodies.at[a][0], bodies.at[b][1] - bodies.at[a][1]];
                lengths[0] += f64::from(way[0].hypot(way[1]));
                lengths[1] += f64::from(self.springs.rest_length(index, bodies, self.laws));
                flow[0] += f64::from(way[0]);
                flow[1] += f64::from(way[1]);
            }
        }
        let ranks = self.ranks(bodies, &of);
        for (index, &(number, _)) in fresh.iter().enumerate() {
            let (lengths, flow) = sums[index];
            let scale = if lengths[0] > 1.0e-6 { (lengths[1] / lengths[0]).min(1.0e5) } else { 60.0 } as f32;
            let along = flow[0].hypot(flow[1]);
            // The longest side already lies level. Where most springs point one way, that way goes right instead.
            let (cos, sin) = if along > 0.25 * lengths[0] && along > 0.0 {
                ((flow[0] / along) as f32, (-flow[1] / along) as f32)
            } else {
                (1.0f32.copysign(flow[0] as f32), 0.0)
            };
            let part = &self.parts[number];
            let tangled = part.iter().any(|&body| self.graph.of(body).len() > 2);
            let mut taken: HashMap<[i32; 2], u32> = HashMap::new();
            for &body in part {
                let [x, y] = bodies.at[body as usize];
                let ranked = RANKED * ranks[body as usize];
                let mut at = [scale * (x * cos - y * sin) + ranked, scale * (x * sin + y * cos)];
                let before = taken.entry(at.map(|side| (side / 40.0).round() as i32)).or_default();
                let around = sunflower(*before, 30.0);
                *before += 1;
                for axis in 0..2 {
                    at[axis] += around[axis] + if tangled { rng.spread() } else { 0.0 } + anchors[index][axis];
                }
                bodies.at[body as usize] = at;
            }
            self.fan(part, bodies);
        }
    }

    /// How far down the flow each body of a new shape stands, in springs: as far as can be one further than what it
    /// receives from (trophic levels; MacKay, Johnson and Sansom, "How directed is a directed network?", 2020).
    fn ranks(&self, bodies: &Bodies, of: &[u32]) -> Vec<f32> {
        let mut ranks = vec![0.0f32; bodies.len()];
        for _ in 0..RANKING_ROUNDS {
            for (index, ends) in self.springs.ends.iter().enumerate() {
                let [a, b] = ends.map(|end| end as usize);
                if of[a] != NONE {
                    let (strength, share) = self.springs.stiffness(index);
                    let off = (ranks[b] - ranks[a] - 1.0) * 0.5 * strength;
                    ranks[a] += off * (1.0 - share);
                    ranks[b] -= off * share;
                }
            }
        }
        for i in 0..bodies.len() {
            if bodies.parent[i] != NONE {
                ranks[i] += ranks[bodies.parent[i] as usize];
            }
        }
        ranks
    }

    /// Spreads the loose ends of a hub round it: they are all alike, so the shape could not tell them apart.
    fn fan(&self, part: &[u32], bodies: &mut Bodies) {
        for &hub in part.iter().filter(|&&body| !bodies.ringed[body as usize]) {
            let ends = || self.graph.of(hub).iter().filter(|&&end| self.graph.of(end).len() == 1);
            let count = ends().count();
            if count < 4 {
                continue;
            }
            let centre = bodies.at[hub as usize];
            let inner = (self.laws.spring_gap + 2.0 * reach(bodies, hub)) / 60.0;
            for (k, &end) in ends().enumerate() {
                let around = sunflower(k as u32 + (inner * inner) as u32, 60.0);
                bodies.at[end as usize] = [centre[0] + around[0], centre[1] + around[1]];
            }
        }
    }

    /// Puts new parts beside each other in rows, the tallest first, below what was there before.
    fn stack(&self, blocks: &[usize], before: Option<[[f32; 2]; 2]>, bodies: &mut Bodies) {
        let mut boxes: Vec<(usize, [[f32; 2]; 2])> = blocks
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
            for &body in &self.parts[number] {
                for axis in 0..2 {
                    bodies.at[body as usize][axis] += origin[axis] + by[axis];
                }
            }
        }
    }

    /// Places the new bodies of a part beside those they are linked to, or inside their composite.
    fn join(&mut self, part: &[u32], bodies: &mut Bodies, heat: f32, rng: &mut Rng) {
        let mut queue: VecDeque<u32> = part.iter().copied().filter(|&body| self.placed[body as usize]).collect();
        while let Some(body) = queue.pop_front() {
            if !self.placed[body as usize] {
                let at = self.beside(body, bodies);
                bodies.at[body as usize] = [at[0] + 12.0 * rng.spread(), at[1] + 12.0 * rng.spread()];
                bodies.heat[body as usize] = heat;
                self.placed[body as usize] = true;
            }
            queue.extend(self.graph.of(body).iter().filter(|&&other| !self.placed[other as usize]));
        }
    }

    fn beside(&self, body: u32, bodies: &Bodies) -> [f32; 2] {
        let parent = bodies.parent[body as usize];
        let is_friend = |other: &u32| self.placed[*other as usize] && *other != parent;
        let mean = |of: u32, without: u32| {
            let (mut sum, mut count) = ([0.0; 2], 0.0f32);
            for &other in self.graph.of(of).iter().filter(|&other| is_friend(other) && *other != without) {
                sum = [sum[0] + bodies.at[other as usize][0], sum[1] + bodies.at[other as usize][1]];
                count += 1.0;
            }
            (count > 0.0).then(|| [sum[0] / count, sum[1] / count])
        };
        let friend = self.graph.of(body).iter().copied().find(is_friend);
        let several = self.graph.of(body).iter().any(|other| is_friend(other) && Some(*other) != friend);
        let mut at = match friend {
            Some(_) if several => mean(body, NONE).unwrap_or_default(),
            // Beside its only friend, on the side away from that one's others.
            Some(friend) => {
                let centre = bodies.at[friend as usize];
                let rest = self.laws.spring_gap + reach(bodies, body) + reach(bodies, friend);
                let away = mean(friend, body).map(|others| [centre[0] - others[0], centre[1] - others[1]]);
                let [x, y] = away.filter(|way| way[0].hypot(way[1]) > 1.0).unwrap_or([1.0, 0.0]);
                let length = x.hypot(y);
                [centre[0] + x / length * rest, centre[1] + y / length * rest]
            }
            None if parent != NONE => bodies.at[parent as usize],
            None => [0.0; 2],
        };
        if parent != NONE && self.placed[parent as usize] && bodies.ringed[parent as usize] {
            let centre = bodies.at[parent as usize];
            let way = [at[0] - centre[0], at[1] - centre[1]];
            let (length, room) = (way[0].hypot(way[1]), 0.7 * bodies.radius[parent as usize]);
            if length > room {
                at = [centre[0] + way[0] / length * room, centre[1] + way[1] / length * room];
            }
        }
        at
    }

    /// Lays new bodies that hang on nothing in rows, with the others of that kind or below everything.
    fn shelve(&self, bodies: &mut Bodies) {
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
        let cell = |at: [f32; 2]| {
            [((at[0] - corner[0]) / pitch[0]).round() as i64, ((corner[1] - at[1]) / pitch[1]).round() as i64]
        };
        let taken: HashMap<[i64; 2], ()> = old.iter().map(|&i| (cell(bodies.at[i]), ())).collect();
        let columns = columns as i64;
        let mut slots = (0i64..).map(|slot| [slot % columns, slot / columns]).filter(|slot| !taken.contains_key(slot));
        let heat = if old.is_empty() { 1.0 } else { 0.0 };
        for i in new {
            if let Some([column, row]) = slots.next() {
                bodies.at[i] = [corner[0] + column as f32 * pitch[0], corner[1] - row as f32 * pitch[1]];
                bodies.heat[i] = heat;
            }
        }
    }
}

/// The k-th of evenly spread points round the origin, about `apart` from each other.
fn sunflower(k: u32, apart: f32) -> [f32; 2] {
    let (radius, angle) = (apart * (k as f32).sqrt(), k as f32 * GOLDEN_ANGLE);
    [radius * angle.cos(), radius * angle.sin()]
}

/// The box round some bodies, if there are any.
pub(crate) fn bounds(bodies: &Bodies, some: impl Iterator<Item = usize>) -> Option<[[f32; 2]; 2]> {
    let mut found = None;
    for i in some {
        let (at, half) = (bodies.at[i], bodies.extent(i));
        let [min, max] = found.get_or_insert([[f32::INFINITY; 2], [f32::NEG_INFINITY; 2]]);
        for axis in 0..2 {
            min[axis] = min[axis].min(at[axis] - half[axis]);
            max[axis] = max[axis].max(at[axis] + half[axis]);
        }
    }
    found
}
