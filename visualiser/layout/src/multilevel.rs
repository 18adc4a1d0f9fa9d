//! A first shape for a large part: laid out coarsely, then finer and finer (Walshaw, "A Multilevel Algorithm for
//! Force-Directed Graph Drawing", 2003; Hachul and Jünger, 2004; Hu, "Efficient and High Quality Force-Directed Graph
//! Drawing", 2005). Each level begins where the coarser one came to rest and has only its own details left to find.

use crate::bodies::NONE;
use crate::courtesy::Courtesy;
use crate::graph::Graph;
use crate::laws::Laws;
use crate::levels::{Level, Link, Merge};
use crate::rng::Rng;
use crate::tree::Tree;
use crate::vector::{add, length, scaled, sub};
use crate::walk::Repulsion;
use crate::{pivots, stress};

/// Ticks of each level, and the heat of its first and of its last.
const TICKS: i32 = 50;
const FIRST: f32 = 0.8;
const LAST: f32 = 0.05;

/// Places for the bodies of a connected graph, near the origin, at lengths that links are content with.
pub(crate) fn lay_out<const D: usize>(finest: Level, laws: &Laws, rng: &mut Rng) -> Vec<[f32; D]> {
    let mut levels: Vec<(Level, Merge)> = Vec::new();
    let mut level = finest;
    while level.len() > stress::MOST {
        let (coarse, merge) = level.coarser();
        levels.push((std::mem::replace(&mut level, coarse), merge));
    }
    let mut places = lay_out_coarsest(&level, rng);
    let mut relaxing = Relaxing::default();
    while let Some((fine, merge)) = levels.pop() {
        places = spread_out(&fine, &merge, &places, rng);
        relaxing.run(&fine, &mut places, laws);
    }
    places
}

/// Places by the stress of all pairs, which is not too much for the coarsest level.
fn lay_out_coarsest<const D: usize>(level: &Level, rng: &mut Rng) -> Vec<[f32; D]> {
    let graph = Graph::joined(level.len(), level.links.iter().map(|link| (link.ends[0], link.ends[1])));
    let all: Vec<u32> = (0..level.len() as u32).collect();
    let mut places = pivots::shape(&graph, &all, &mut vec![NONE; level.len()]);
    stress::relax_level(level, &mut places, rng);
    stretch(level, &mut places);
    places
}

/// Scales places so that links are, on the whole, as long as they would like to be.
fn stretch<const D: usize>(level: &Level, places: &mut [[f32; D]]) {
    let (mut long, mut rest) = (0.0f64, 0.0f64);
    for link in &level.links {
        let [a, b] = link.ends.map(|end| places[end as usize]);
        long += f64::from(length(sub(b, a)));
        rest += f64::from(link.rest);
    }
    if long > 0.0 {
        places.iter_mut().for_each(|at| *at = scaled(*at, (rest / long) as f32));
    }
}

/// Places the bodies of a level by those of the coarser one: suns where their systems are, the others on the way to the
/// systems that they are linked to, as far as they are from their sun.
fn spread_out<const D: usize>(fine: &Level, merge: &Merge, coarse: &[[f32; D]], rng: &mut Rng) -> Vec<[f32; D]> {
    let place = |body: u32| {
        let own = merge.into[body as usize];
        let (sun, away) = (coarse[own as usize], merge.away[body as usize]);
        let (mut sum, mut count) = ([0.0; D], 0.0f32);
        for (other, link) in fine.around(body) {
            let system = merge.into[other as usize];
            if system != own {
                let share = away / (away + link.rest + merge.away[other as usize]);
                sum = add(sum, scaled(sub(coarse[system as usize], sun), share));
                count += 1.0;
            }
        }
        if count > 0.0 { (add(sun, scaled(sum, 1.0 / count)), 0.05 * away) } else { (sun, 0.6 * away) }
    };
    let places =
        (0..fine.len() as u32).map(place).map(|(at, shake)| at.map(|side| side + shake.max(1.0) * rng.spread()));
    places.collect()
}

/// Forces on one level, and the storage they reuse from one level to the next.
#[derive(Default)]
struct Relaxing<const D: usize> {
    tree: Tree<D>,
    velocities: Vec<[f32; D]>,
    pulls: Vec<[f32; D]>,
}

impl<const D: usize> Relaxing<D> {
    fn run(&mut self, level: &Level, places: &mut [[f32; D]], laws: &Laws) {
        self.velocities.clear();
        self.velocities.resize(places.len(), [0.0; D]);
        // Every body is moved by its pull over twice the stiffness of all its links: as fast as is still steady.
        let mut eases = vec![0.0f32; places.len()];
        for link in &level.links {
            link.ends.iter().for_each(|&end| eases[end as usize] += 2.0 * link.stiffness);
        }
        eases.iter_mut().for_each(|ease| *ease = if *ease > 0.0 { 1.0 / *ease } else { 0.0 });
        let mean = level.links.iter().map(|link| link.rest).sum::<f32>() / level.links.len().max(1) as f32;
        let cooling = (LAST / FIRST).powf(1.0 / (TICKS - 1) as f32);
        for tick in 0..TICKS {
            let heat = FIRST * cooling.powi(tick);
            self.tree.build(0..places.len() as u32, |i| (places[i as usize], level.charge[i as usize]), |_| true);
            self.tree.sum(Repulsion { soft: 0.2 * mean.max(1.0), theta: laws.theta }, &Courtesy::default());
            self.pull(&level.links, places, &eases, heat);
            for (i, force) in self.tree.forces() {
                let i = i as usize;
                let push = laws.charge * level.inertia[i] * eases[i] * heat;
                let velocity = add(add(self.velocities[i], self.pulls[i]), scaled(force, push));
                self.velocities[i] = velocity.map(|speed| (speed * laws.momentum).clamp(-2.0 * mean, 2.0 * mean));
                places[i] = add(places[i], self.velocities[i]);
            }
        }
    }

    fn pull(&mut self, links: &[Link], places: &[[f32; D]], eases: &[f32], heat: f32) {
        self.pulls.clear();
        self.pulls.resize(places.len(), [0.0; D]);
        for link in links {
            let [a, b] = link.ends.map(|end| end as usize);
            let ahead = |i: usize, pull: [f32; D]| add(add(places[i], self.velocities[i]), pull);
            let way = sub(ahead(b, self.pulls[b]), ahead(a, self.pulls[a]));
            let long = length(way);
            if long > 1.0e-3 {
                let pull = scaled(way, (long - link.rest) / long * link.stiffness * heat);
                self.pulls[a] = add(self.pulls[a], scaled(pull, eases[a]));
                self.pulls[b] = sub(self.pulls[b], scaled(pull, eases[b]));
            }
        }
    }
}
