//! The springs that count, cleaned of what pulls nowhere, and how each shares its pull between its ends.

use crate::bodies::{Bodies, NONE};
use crate::laws::Laws;
use crate::request::{LayoutRequest, Spring};

/// No spring pulls more than this many usual ones.
const HEAVIEST: f32 = 16.0;

/// A body with so many springs is held between others; more do not make each of them softer.
const FEW: f32 = 2.0;
/// The shares that a body gives to all its springs together: as much as is steady whatever its neighbours do. With the
/// momentum there is it would swing from five on.
const STEADY: f32 = 3.0;

/// A spring between two siblings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joint {
    /// What holds its source and its sink: the ends themselves unless it crosses a ring.
    pub(crate) ends: [u32; 2],
    /// Which share of the gap to its rest length each end closes in a tick at full heat. As in d3-force: a body with many
    /// springs is pulled by each of them the less, and moves the less.
    pub(crate) gives: [f32; 2],
    /// The distance between its ends at which it is content; as long as both ends' [`reach`] and [`Joint::air`] if one
    /// of them is a ring, which grows and shrinks.
    pub(crate) rest: f32,
}

impl Joint {
    /// The rest length as things are.
    pub(crate) fn rest<const D: usize>(&self, bodies: &Bodies<D>) -> f32 {
        let [a, b] = self.ends.map(|end| end as usize);
        if bodies.ringed[a] || bodies.ringed[b] {
            self.rest + bodies.ring_reach(a) + bodies.ring_reach(b)
        } else {
            self.rest
        }
    }
}

/// Springs with both ends in different places of the tree, and what hangs on each body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Springs {
    pub(crate) list: Vec<Spring>,
    /// For each spring what it joins.
    pub(crate) joints: Vec<Joint>,
    /// For each body the sum of the weights of its springs, each counted as at least one; for a composite that of the
    /// springs that cross its ring.
    pub(crate) degree: Vec<f32>,
}

impl Springs {
    pub(crate) fn new<const D: usize>(request: &LayoutRequest, bodies: &Bodies<D>, laws: &Laws) -> Self {
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
        let joint = |(spring, &ends): (&Spring, &[u32; 2])| {
            let [source, sink] = ends.map(|end| degree[end as usize]);
            // Whoever has few springs is pulled by each as much as it bears; between two with many a spring is as stiff as
            // one that holds a body between two.
            let strength = spring.weight / source.min(sink).clamp(1.0, FEW);
            let gives = [sink, source].map(|other| strength * other / (source + sink));
            Joint { ends, gives, rest: 0.0 }
        };
        let mut joints: Vec<Joint> = list.iter().zip(&ends).map(joint).collect();
        steady(&mut joints, bodies.len());
        let mut springs = Self { list, joints, degree };
        springs.measure(bodies, laws);
        springs
    }

    /// Finds the rest lengths anew, after sizes have changed.
    pub(crate) fn measure<const D: usize>(&mut self, bodies: &Bodies<D>, laws: &Laws) {
        for joint in &mut self.joints {
            let [a, b] = joint.ends;
            let busiest = self.degree[a as usize].max(self.degree[b as usize]);
            let is_ring = |body: u32| bodies.ringed[body as usize];
            let content = laws.spring_gap + leaf_reach(bodies, a) + leaf_reach(bodies, b);
            let air = 0.5 * (bodies.air[a as usize] + bodies.air[b as usize]);
            joint.rest = if is_ring(a) || is_ring(b) {
                content
            } else {
                air * content * (laws.hub_room * busiest.sqrt()).max(1.0)
            };
        }
    }
}

/// Softens springs of bodies that would give more than [`STEADY`] in all, so that none is thrown to and fro.
fn steady(joints: &mut [Joint], bodies: usize) {
    let mut given = vec![0.0f32; bodies];
    for joint in &*joints {
        joint.ends.iter().zip(joint.gives).for_each(|(&end, give)| given[end as usize] += give);
    }
    for joint in joints {
        let most = joint.ends.iter().fold(STEADY, |most, &end| most.max(given[end as usize]));
        joint.gives = joint.gives.map(|give| give * STEADY / most);
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

/// Half the mean side of a body's box, as its radius would count the empty corners; of a composite the radius of its ring.
pub(crate) fn reach<const D: usize>(bodies: &Bodies<D>, body: u32) -> f32 {
    leaf_reach(bodies, body) + bodies.ring_reach(body as usize)
}

fn leaf_reach<const D: usize>(bodies: &Bodies<D>, body: u32) -> f32 {
    let half = bodies.half[body as usize];
    if bodies.ringed[body as usize] { 0.0 } else { 0.5 * (half[0] + half[1]) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::linked;

    #[test]
    fn the_end_with_more_springs_gives_less_and_nobody_more_than_all() {
        let (_, springs) = linked(&[[0.0; 2]; 5], &[(0, 1), (0, 2), (0, 3), (3, 4)]);
        let [hub, end] = springs.joints[0].gives;
        assert!(end > 2.9 * hub && hub > 0.0, "{hub} {end}");
        assert_eq!(hub + end, 1.0);
        for body in 0..5 {
            let given: f32 = springs
                .joints
                .iter()
                .flat_map(|joint| joint.ends.iter().zip(joint.gives))
                .filter(|(end, _)| **end == body)
                .map(|(_, give)| give)
                .sum();
            assert!(given <= 1.0, "{body}: {given}");
        }
    }

    #[test]
    fn a_hub_keeps_its_neighbours_further_away() {
        let laws = Laws::default();
        let (bodies, springs) = linked(&[[0.0; 2]; 101], &(1..101).map(|end| (0, end)).collect::<Vec<_>>());
        assert_eq!(springs.joints[0].rest(&bodies), (laws.spring_gap + 40.0) * laws.hub_room * 10.0);
        let (bodies, springs) = linked(&[[0.0; 2]; 2], &[(0, 1)]);
        assert_eq!(springs.joints[0].rest(&bodies), laws.spring_gap + 40.0);
    }
}
