//! A shape for parts that have none yet: the large lines from the pivots, the small ones from stress, turned and drawn out
//! so that messages flow to the right.

use std::collections::HashMap;

use crate::bodies::{Bodies, NONE};
use crate::graph::Graph;
use crate::laws::Laws;
use crate::rng::Rng;
use crate::springs::{Springs, reach};
use crate::{pivots, stress};

/// Turning by this much from one body to the next never lines two of them up.
const GOLDEN_ANGLE: f32 = 2.399_963;
/// How much further right a body starts for each step down the flow, and how well those steps are found.
const RANKED: f32 = 90.0;
const RANKING_ROUNDS: usize = 40;
/// A part where this share of the springs, taken together, points one way is turned that way.
const DIRECTED: f64 = 0.25;
/// Bodies are told apart at first when they are further from each other than this.
const APART: f32 = 40.0;
/// How densely the loose ends of a hub are set round it.
const FAN: f32 = 60.0;

/// Gives whole parts a shape, each somewhere near the origin.
pub(crate) fn make(
    parts: &[&[u32]],
    bodies: &mut Bodies,
    springs: &Springs,
    graph: &Graph,
    laws: &Laws,
    rng: &mut Rng,
) {
    let mut steps = vec![NONE; bodies.len()];
    let mut of = vec![NONE; bodies.len()];
    for (&part, index) in parts.iter().zip(0..) {
        let mut places = pivots::shape(graph, part, &mut steps);
        stress::relax(graph, part, &mut places, &mut steps, rng);
        for (&body, at) in part.iter().zip(places) {
            of[body as usize] = index;
            bodies.at[body as usize] = at;
        }
    }
    let turns = turns(parts.len(), &of, bodies, springs, laws);
    let ranks = ranks(&of, bodies, springs);
    for (part, turn) in parts.iter().zip(turns) {
        let tangled = part.iter().any(|&body| graph.of(body).len() > 2);
        let mut taken: HashMap<[i32; 2], u32> = HashMap::new();
        for &body in *part {
            let [x, y] = turn.apply(bodies.at[body as usize]);
            let mut at = [x + RANKED * ranks[body as usize], y];
            let before = taken.entry(at.map(|side| (side / APART).round() as i32)).or_default();
            let aside = sunflower(*before, 0.75 * APART);
            *before += 1;
            // What is perfectly straight cannot bend; only a chain should stay so.
            let shake = if tangled { [rng.spread(), rng.spread()] } else { [0.0; 2] };
            at = [at[0] + aside[0] + shake[0], at[1] + aside[1] + shake[1]];
            bodies.at[body as usize] = at;
        }
        fan(part, bodies, graph, laws);
    }
}

/// A turn and a stretch.
struct Turn {
    scale: f32,
    cos: f32,
    sin: f32,
}

impl Turn {
    fn apply(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [self.scale * (x * self.cos - y * self.sin), self.scale * (x * self.sin + y * self.cos)]
    }
}

/// How to turn each part so that its flow, if it has one, goes right, and to stretch it so that its springs are content.
fn turns(count: usize, of: &[u32], bodies: &Bodies, springs: &Springs, laws: &Laws) -> Vec<Turn> {
    let mut sums = vec![[0.0f64; 4]; count];
    for (index, ends) in springs.ends.iter().enumerate() {
        let [a, b] = ends.map(|end| end as usize);
        if let Some([length, rest, right, up]) = sums.get_mut(of[a] as usize) {
            let way = [bodies.at[b][0] - bodies.at[a][0], bodies.at[b][1] - bodies.at[a][1]];
            *length += f64::from(way[0].hypot(way[1]));
            *rest += f64::from(springs.rest_length(index, bodies, laws));
            *right += f64::from(way[0]);
            *up += f64::from(way[1]);
        }
    }
    let turn = |[length, rest, right, up]: [f64; 4]| {
        let scale = if length > 1.0e-6 { (rest / length).min(1.0e5) as f32 } else { FAN };
        let along = right.hypot(up);
        if along > DIRECTED * length && along > 0.0 {
            Turn { scale, cos: (right / along) as f32, sin: (-up / along) as f32 }
        } else {
            // The longest side lies level already.
            Turn { scale, cos: 1.0f32.copysign(right as f32), sin: 0.0 }
        }
    };
    sums.into_iter().map(turn).collect()
}

/// How far down the flow each body of a new shape stands, in springs: as near as can be one further than what it receives
/// from (trophic levels; MacKay, Johnson and Sansom, "How directed is a directed network?", 2020).
fn ranks(of: &[u32], bodies: &Bodies, springs: &Springs) -> Vec<f32> {
    let mut ranks = vec![0.0f32; bodies.len()];
    for _ in 0..RANKING_ROUNDS {
        for (index, ends) in springs.ends.iter().enumerate() {
            let [a, b] = ends.map(|end| end as usize);
            if of[a] != NONE {
                let (strength, share) = springs.stiffness(index);
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

/// Spreads the loose ends of a hub round it: they are all alike, so that no shape can tell them apart.
fn fan(part: &[u32], bodies: &mut Bodies, graph: &Graph, laws: &Laws) {
    for &hub in part.iter().filter(|&&body| !bodies.ringed[body as usize]).collect::<Vec<_>>() {
        let ends = || graph.of(hub).iter().filter(|&&end| graph.of(end).len() == 1);
        if ends().count() < 4 {
            continue;
        }
        let centre = bodies.at[hub as usize];
        let inner = (laws.spring_gap + 2.0 * reach(bodies, hub)) / FAN;
        for (k, &end) in ends().enumerate() {
            let around = sunflower(k as u32 + (inner * inner) as u32, FAN);
            bodies.at[end as usize] = [centre[0] + around[0], centre[1] + around[1]];
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
