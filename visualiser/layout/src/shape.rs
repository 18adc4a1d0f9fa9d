//! A shape for parts that have none yet: the large lines from the pivots, the small ones from stress, turned and drawn out
//! so that messages flow to the right.

use std::collections::HashMap;

use crate::bodies::{Bodies, NONE};
use crate::forces::charge;
use crate::graph::Graph;
use crate::laws::Laws;
use crate::levels::{Level, Link};
use crate::rng::Rng;
use crate::springs::{Springs, reach};
use crate::vector::{add, dot, flat, length, scaled, sub};
use crate::{groups, multilevel, pivots, room, stress};

/// Turning by this much from one body to the next never lines two of them up.
const GOLDEN_ANGLE: f32 = 2.399_963;
/// How much further right a body starts for each step down the flow, and how well those steps are found.
const RANKED: f32 = 90.0;
const RANKING_ROUNDS: usize = 40;
/// A part where this share of the springs, taken together, points one way is turned that way.
const DIRECTED: f64 = 0.25;
/// Bodies are told apart at first when they are further from each other than this.
const APART: f32 = 40.0;
/// A part of so many bodies is small: its shape comes from the stress of all pairs, then from its flow.
const SMALL: usize = 400;
/// Heat of a large part, of which only the details are left to be found.
const ALMOST: f32 = 0.3;
/// How much longer than its rest length a spring of a large part starts.
const AIRY: f32 = 1.2;
/// And at most, where there is no room for all that stands close.
const AIRIEST: f32 = 6.0;
/// How densely the loose ends of a hub are set round it.
const FAN: f32 = 60.0;

/// Gives whole parts a shape, each somewhere near the origin, and the heat that the shape leaves to be done.
pub(crate) fn make<const D: usize>(
    parts: &[&[u32]],
    bodies: &mut Bodies<D>,
    springs: &Springs,
    graph: &Graph,
    laws: &Laws,
    rng: &mut Rng,
) {
    let mut steps = vec![NONE; bodies.len()];
    let mut of = vec![NONE; bodies.len()];
    for (&part, index) in parts.iter().zip(0..) {
        part.iter().for_each(|&body| of[body as usize] = index);
        if is_small(part) {
            let mut places: Vec<[f32; D]> = pivots::shape(graph, part, &mut steps);
            stress::relax(graph, part, &mut places, &mut steps, rng);
            part.iter().zip(places).for_each(|(&body, at)| bodies.at[body as usize] = at);
        } else if part.iter().any(|&body| bodies.ringed[body as usize]) {
            groups::lay_out(part, bodies, springs, laws, rng);
        } else {
            lay_out_large(part, bodies, springs, laws, rng);
        }
    }
    let turns = turns(parts.len(), &of, bodies, springs);
    let ranks = ranks(&of, bodies, springs);
    for (&part, turn) in parts.iter().zip(turns) {
        if !is_small(part) {
            let turn = Turn { scale: 1.0, ..turn };
            part.iter().for_each(|&body| bodies.at[body as usize] = turn.apply(bodies.at[body as usize]));
            part.iter().for_each(|&body| bodies.heat[body as usize] = ALMOST);
            continue;
        }
        let tangled = part.iter().any(|&body| graph.of(body).len() > 2);
        let mut taken: HashMap<[i32; D], u32> = HashMap::new();
        for &body in part {
            let mut at = turn.apply(bodies.at[body as usize]);
            at[0] += RANKED * ranks[body as usize];
            let before = taken.entry(at.map(|side| (side / APART).round() as i32)).or_default();
            let aside = flat(sunflower(*before, 0.75 * APART));
            *before += 1;
            // What is perfectly straight cannot bend; only a chain should stay so.
            let shake = if tangled { std::array::from_fn(|_| rng.spread()) } else { [0.0; D] };
            bodies.at[body as usize] = add(add(at, aside), shake);
            bodies.heat[body as usize] = 1.0;
        }
        fan(part, bodies, graph, laws);
    }
}

fn is_small(part: &[u32]) -> bool {
    part.len() <= SMALL
}

/// Lays out a part without composites level by level.
fn lay_out_large<const D: usize>(part: &[u32], bodies: &mut Bodies<D>, springs: &Springs, laws: &Laws, rng: &mut Rng) {
    let mut local = vec![NONE; bodies.len()];
    for (&body, index) in part.iter().zip(0..) {
        local[body as usize] = index;
    }
    let links = springs.joints.iter().filter(|joint| local[joint.ends[0] as usize] != NONE).map(|joint| Link {
        ends: joint.ends.map(|end| local[end as usize]),
        rest: joint.rest,
        steps: 1.0,
        stiffness: joint.gives[0] * springs.degree[joint.ends[0] as usize],
    });
    let charge = part.iter().map(|&body| charge::of(bodies, body)).collect();
    let inertia = part.iter().map(|&body| springs.degree[body as usize]).collect();
    let finest = Level::new(vec![1.0; part.len()], charge, inertia, links.collect());
    let places: Vec<[f32; D]> = multilevel::lay_out(finest, laws, rng);
    // Drawn so large that springs are a little longer than they would like, as they are when the rest is pushing too, and
    // that there is room for what stands in it.
    let halves: Vec<[f32; D]> = part.iter().map(|&body| bodies.half[body as usize]).collect();
    let air = (room::scale(&places, &halves, laws.body_gap) / AIRY).clamp(1.0, AIRIEST);
    for (&body, at) in part.iter().zip(places) {
        bodies.at[body as usize] = scaled(at, AIRY * air);
        bodies.air[body as usize] = air;
    }
}

/// A stretch, and the turn that takes one direction, of length 1, to the right.
struct Turn<const D: usize> {
    scale: f32,
    to_right: [f32; D],
}

impl<const D: usize> Turn<D> {
    fn apply(&self, at: [f32; D]) -> [f32; D] {
        // Mirrored at the middle between the two directions, then at the right: a turn in the plane of both.
        let half = add(self.to_right, flat([1.0, 0.0]));
        let size = dot(half, half);
        let mut turned = if size > 1.0e-6 { sub(scaled(half, 2.0 * dot(half, at) / size), at) } else { at };
        // The first mirror leaves what is across the plane the wrong way round, the second puts all of it right.
        turned.iter_mut().skip(1).for_each(|side| *side = -*side);
        if size <= 1.0e-6 {
            turned[0] = -turned[0];
        }
        scaled(turned, self.scale)
    }
}

/// How to turn each part so that its flow, if it has one, goes right, and to stretch it so that its springs are content.
fn turns<const D: usize>(count: usize, of: &[u32], bodies: &Bodies<D>, springs: &Springs) -> Vec<Turn<D>> {
    // The length of all springs, what they would be content with, and the way they go together.
    let mut sums = vec![(0.0f64, 0.0f64, [0.0f64; D]); count];
    for joint in &springs.joints {
        let [a, b] = joint.ends.map(|end| end as usize);
        if let Some((long, rest, along)) = sums.get_mut(of[a] as usize) {
            let way = sub(bodies.at[b], bodies.at[a]);
            *long += f64::from(length(way));
            *rest += f64::from(joint.rest(bodies));
            along.iter_mut().zip(way).for_each(|(sum, side)| *sum += f64::from(side));
        }
    }
    let turn = |(long, rest, along): (f64, f64, [f64; D])| {
        let scale = if long > 1.0e-6 { (rest / long).min(1.0e5) as f32 } else { FAN };
        let size = along.iter().map(|side| side * side).sum::<f64>().sqrt();
        let to_right = if size > DIRECTED * long && size > 0.0 {
            along.map(|side| (side / size) as f32)
        } else {
            // The longest side lies level already.
            flat([1.0f32.copysign(along[0] as f32), 0.0])
        };
        Turn { scale, to_right }
    };
    sums.into_iter().map(turn).collect()
}

/// How far down the flow each body of a new shape stands, in springs: as near as can be one further than what it receives
/// from (trophic levels; MacKay, Johnson and Sansom, "How directed is a directed network?", 2020).
fn ranks<const D: usize>(of: &[u32], bodies: &Bodies<D>, springs: &Springs) -> Vec<f32> {
    let mut ranks = vec![0.0f32; bodies.len()];
    for _ in 0..RANKING_ROUNDS {
        for joint in &springs.joints {
            let [a, b] = joint.ends.map(|end| end as usize);
            if of[a] != NONE {
                let off = 0.5 * (ranks[b] - ranks[a] - 1.0);
                ranks[a] += off * joint.gives[0];
                ranks[b] -= off * joint.gives[1];
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

/// Spreads the loose ends of a hub round it: they are all alike, so that no shape can tell them apart.
fn fan<const D: usize>(part: &[u32], bodies: &mut Bodies<D>, graph: &Graph, laws: &Laws) {
    for &hub in part.iter().filter(|&&body| !bodies.ringed[body as usize]).collect::<Vec<_>>() {
        let ends = || graph.of(hub).iter().filter(|&&end| graph.of(end).len() == 1);
        if ends().count() < 4 {
            continue;
        }
        let centre = bodies.at[hub as usize];
        let inner = (laws.spring_gap + 2.0 * reach(bodies, hub)) / FAN;
        for (k, &end) in ends().enumerate() {
            let around = sunflower(k as u32 + (inner * inner) as u32, FAN);
            bodies.at[end as usize] = add(centre, flat(around));
        }
    }
}

/// The k-th of evenly spread points round the origin, about `apart` from each other.
pub(crate) fn sunflower(k: u32, apart: f32) -> [f32; 2] {
    let (radius, angle) = (apart * (k as f32).sqrt(), k as f32 * GOLDEN_ANGLE);
    [radius * angle.cos(), radius * angle.sin()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::{chained, linked};

    #[test]
    fn a_chain_starts_straight_and_to_the_right() {
        let (mut bodies, springs) = chained(6);
        let graph = Graph::new(&bodies, &springs);
        let (_, parts) = graph.parts();
        make(&[&parts[0]], &mut bodies, &springs, &graph, &Laws::default(), &mut Rng::new(1));
        for pair in bodies.at.windows(2) {
            assert!(pair[1][0] - pair[0][0] > 100.0 && (pair[1][1] - pair[0][1]).abs() < 1.0, "{:?}", bodies.at);
        }
    }

    #[test]
    fn ranks_follow_the_flow_and_ignore_conversations() {
        let (bodies, springs) = linked(&[[0.0; 2]; 5], &[(0, 1), (1, 2), (2, 3), (3, 2), (4, 2)]);
        let ranks = ranks(&[0; 5], &bodies, &springs);
        assert!(ranks[1] - ranks[0] > 0.8 && ranks[2] - ranks[1] > 0.8 && ranks[2] - ranks[4] > 0.8, "{ranks:?}");
        assert!((ranks[3] - ranks[2]).abs() < 0.25, "{ranks:?}");
    }

    #[test]
    fn loose_ends_stand_apart_round_their_hub() {
        let pairs: Vec<(u32, u32)> = (1..30).map(|end| (0, end)).collect();
        let (mut bodies, springs) = linked(&[[0.0; 2]; 30], &pairs);
        let graph = Graph::new(&bodies, &springs);
        fan(&graph.parts().1[0], &mut bodies, &graph, &Laws::default());
        for a in 1..30 {
            for b in 0..a {
                let way = [bodies.at[a][0] - bodies.at[b][0], bodies.at[a][1] - bodies.at[b][1]];
                assert!(way[0].hypot(way[1]) > APART, "{a} {b}");
            }
        }
    }
}
