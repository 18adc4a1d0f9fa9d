//! The springs that count, cleaned of what pulls nowhere, and how each shares its pull between its ends.

use crate::bodies::{Bodies, NONE};
use crate::laws::Laws;
use crate::request::{LayoutRequest, Spring};

/// No spring pulls more than this many usual ones.
const HEAVIEST: f32 = 16.0;

/// Springs with both ends in different places of the tree, and what hangs on each body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Springs {
    pub(crate) list: Vec<Spring>,
    /// For each spring the two siblings that hold its source and its sink: the ends themselves unless it crosses a ring.
    pub(crate) ends: Vec<[u32; 2]>,
    /// For each body the sum of the weights of its springs, each counted as at least one; for a composite that of the
    /// springs that cross its ring.
    pub(crate) degree: Vec<f32>,
}

impl Springs {
    pub(crate) fn new(request: &LayoutRequest, bodies: &Bodies) -> Self {
        let list: Vec<Spring> = effective(request, &bodies.parent).collect();
        let ends: Vec<[u32; 2]> = list.iter().map(|spring| siblings(spring, &bodies.parent)).collect();
        let mut degree = vec![0.0f32; bodies.len()];
        for (spring, ends) in list.iter().zip(&ends) {
            for (own, held) in [(spring.source, ends[0]), (spring.sink, ends[1])] {
                degree[own as usize] += spring.weight.max(1.0);
                if held != own {
                    degree[held as usize] += spring.weight.max(1.0);
                }
            }
        }
        Self { list, ends, degree }
    }

    /// How much of the gap to its rest length a spring closes, and which share of that its sink moves.
    ///
    /// As in d3-force: a body with many springs is pulled by each of them the less, and moves the less.
    pub(crate) fn stiffness(&self, index: usize) -> (f32, f32) {
        let [source, sink] = self.ends[index].map(|end| self.degree[end as usize]);
        (self.list[index].weight / source.min(sink).max(1.0), source / (source + sink))
    }

    /// The distance between the siblings it holds at which a spring is content.
    pub(crate) fn rest_length(&self, index: usize, bodies: &Bodies, laws: &Laws) -> f32 {
        let [a, b] = self.ends[index];
        let busiest = self.degree[a as usize].max(self.degree[b as usize]);
        let room =
            if bodies.ringed[a as usize] || bodies.ringed[b as usize] { 0.0 } else { laws.hub_room * busiest.sqrt() };
        (laws.spring_gap + reach(bodies, a) + reach(bodies, b)).max(room)
    }
}

fn siblings(spring: &Spring, parent: &[u32]) -> [u32; 2] {
    let (mut a, mut b) = (spring.source, spring.sink);
    loop {
        let (up_a, up_b) = (parent[a as usize], parent[b as usize]);
        if up_a == up_b {
            return [a, b];
        }
        // Parents stand before their children, so the end with the later parent is further down.
        if up_b == NONE || (up_a != NONE && up_a > up_b) {
            a = up_a;
        } else {
            b = up_b;
        }
    }
}

/// The springs of a request that pull somewhere.
pub(crate) fn effective<'a>(request: &'a LayoutRequest, parent: &'a [u32]) -> impl Iterator<Item = Spring> + 'a {
    let count = request.bodies.len();
    request.springs.iter().filter_map(move |spring| {
        let (a, b) = (spring.source as usize, spring.sink as usize);
        let pulls = a != b && a < count && b < count && spring.weight > 0.0 && spring.weight.is_finite();
        (pulls && !inside(a, b, parent) && !inside(b, a, parent))
            .then(|| Spring { weight: spring.weight.min(HEAVIEST), ..*spring })
    })
}

/// Half the mean side of a body's box; its radius would count the empty corners.
pub(crate) fn reach(bodies: &Bodies, body: u32) -> f32 {
    let body = body as usize;
    let half = bodies.half[body];
    if bodies.ringed[body] { bodies.radius[body] } else { 0.5 * (half[0] + half[1]) }
}

fn inside(body: usize, composite: usize, parent: &[u32]) -> bool {
    let mut at = body;
    while parent[at] != NONE && at > composite {
        at = parent[at] as usize;
        if at == composite {
            return true;
        }
    }
    false
}
