//! One influence a file. Each reads places and adds to pulls, scaled by heat; `collide` says by how much to move, and
//! `contain` moves, because what they promise must hold exactly. The simulation says in which order.

pub(crate) mod center;
pub(crate) mod charge;
pub(crate) mod collide;
pub(crate) mod contain;
pub(crate) mod flow;
pub(crate) mod link;

#[cfg(test)]
pub(crate) mod tests {
    use crate::bodies::Bodies;
    use crate::laws::Laws;
    use crate::request::{Body, LayoutRequest, Spring};
    use crate::springs::Springs;

    /// Hot bodies with boxes of 40 by 40 at the places given, linked as given.
    pub(crate) fn linked(places: &[[f32; 2]], pairs: &[(u32, u32)]) -> (Bodies<2>, Springs) {
        let body = |key: usize| Body { key: key as u64, parent: None, half_size: [20.0; 2], pin: None };
        let request = LayoutRequest {
            bodies: (0..places.len()).map(body).collect(),
            springs: pairs.iter().map(|&(source, sink)| Spring { source, sink, weight: 1.0, flows: true }).collect(),
        };
        let mut bodies = Bodies::new(&request);
        bodies.at.copy_from_slice(places);
        bodies.heat.fill(1.0);
        let springs = Springs::new(&request, &bodies, &Laws::default());
        (bodies, springs)
    }

    /// Bodies in a row, each linked to the next, all at the origin.
    pub(crate) fn chained(count: u32) -> (Bodies<2>, Springs) {
        let pairs: Vec<(u32, u32)> = (1..count).map(|i| (i - 1, i)).collect();
        linked(&vec![[0.0; 2]; count as usize], &pairs)
    }

    /// Two linked bodies, the first at the origin.
    pub(crate) fn pair(second: [f32; 2]) -> (Bodies<2>, Springs) {
        linked(&[[0.0; 2], second], &[(0, 1)])
    }

    /// A composite with a composite and a leaf in it; the inner one has two leaves, 200 apart.
    pub(crate) fn nested() -> Bodies<2> {
        let parents = [None, Some(0), Some(1), Some(1), Some(0)];
        let body =
            |(key, &parent): (usize, &Option<u32>)| Body { key: key as u64, parent, half_size: [20.0; 2], pin: None };
        let request = LayoutRequest { bodies: parents.iter().enumerate().map(body).collect(), springs: Vec::new() };
        let mut bodies = Bodies::new(&request);
        bodies.at.copy_from_slice(&[[0.0; 2], [0.0; 2], [-100.0, 0.0], [100.0, 0.0], [50.0, 300.0]]);
        bodies.heat.fill(1.0);
        bodies
    }
}
