//! Coarser and coarser graphs of one graph: solar systems become single bodies (Hachul and Jünger, "Drawing Large Graphs with
//! a Potential-Field-Based Multilevel Algorithm", 2004). A star of any size and a path of any length shrink alike.
//!
//! What stands for many keeps their charge and their inertia, and a link that stands for a path its length and its give, as
//! springs in a row have them. So a coarse graph is at rest where the fine one would be.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::rng::mix;

/// A spring of a coarse graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) ends: [u32; 2],
    /// The length at which it is content, in world units.
    pub(crate) rest: f32,
    /// The links of the finest level that it stands for, in a row.
    pub(crate) steps: f32,
    /// Pull for each unit of length beyond that.
    pub(crate) stiffness: f32,
}

/// A graph with what forces need to know of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Level {
    /// How many bodies of the finest level each is.
    pub(crate) stands_for: Vec<f32>,
    /// How strongly each body repels others.
    pub(crate) charge: Vec<f32>,
    /// How slowly each body follows a pull.
    pub(crate) inertia: Vec<f32>,
    /// At most one for each pair.
    pub(crate) links: Vec<Link>,
    /// For each body which links touch it: as a range of `touching`.
    starts: Vec<u32>,
    touching: Vec<u32>,
    /// For each of `touching` its other end.
    others: Vec<u32>,
    /// All links are one step.
    is_finest: bool,
}

/// Where the bodies of a level are in the next coarser one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merge {
    /// The coarse body that stands for each.
    pub(crate) into: Vec<u32>,
    /// The body in the middle of each coarse one.
    pub(crate) suns: Vec<u32>,
    /// How far each is from the one in the middle, along links.
    pub(crate) away: Vec<f32>,
}

const NONE: u32 = u32::MAX;

impl Level {
    /// A level of these bodies; links of one pair become one that is as stiff as both.
    pub(crate) fn new(stands_for: Vec<f32>, charge: Vec<f32>, inertia: Vec<f32>, mut links: Vec<Link>) -> Self {
        for link in &mut links {
            link.ends.sort_unstable();
        }
        links.sort_by_key(|link| link.ends);
        links.dedup_by(|more, kept| {
            let same = more.ends == kept.ends;
            if same {
                let stiffness = kept.stiffness + more.stiffness;
                let mean = |kept_one: f32, other: f32| (kept_one * kept.stiffness + other * more.stiffness) / stiffness;
                (kept.rest, kept.steps) = (mean(kept.rest, more.rest), mean(kept.steps, more.steps));
                kept.stiffness = stiffness;
            }
            same
        });
        let mut starts = vec![0u32; charge.len() + 1];
        for end in links.iter().flat_map(|link| link.ends) {
            starts[end as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let (mut touching, mut others) = (vec![0; 2 * links.len()], vec![0; 2 * links.len()]);
        for (link, index) in links.iter().zip(0..) {
            for (end, other) in [(link.ends[0], link.ends[1]), (link.ends[1], link.ends[0])] {
                let place = &mut next[end as usize];
                (touching[*place as usize], others[*place as usize]) = (index, other);
                *place += 1;
            }
        }
        let is_finest = links.iter().all(|link| link.steps == 1.0);
        Self { stands_for, charge, inertia, links, starts, touching, others, is_finest }
    }

    pub(crate) fn len(&self) -> usize {
        self.charge.len()
    }

    /// What a body is linked to, and by which link.
    pub(crate) fn around(&self, body: u32) -> impl Iterator<Item = (u32, &Link)> {
        let links = self.touching[self.run(body)].iter().map(|&index| &self.links[index as usize]);
        self.others[self.run(body)].iter().copied().zip(links)
    }

    fn run(&self, body: u32) -> std::ops::Range<usize> {
        self.starts[body as usize] as usize..self.starts[body as usize + 1] as usize
    }

    /// The steps of the shortest way from a body to each (Dijkstra; breadth first while all links are one step).
    ///
    /// `queue` is scratch.
    pub(crate) fn steps_from(&self, body: u32, far: &mut [f32], queue: &mut Vec<u32>) {
        far.fill(f32::INFINITY);
        far[body as usize] = 0.0;
        if self.is_finest {
            queue.clear();
            queue.push(body);
            let mut next = 0;
            while let Some(&at) = queue.get(next) {
                next += 1;
                let steps = far[at as usize] + 1.0;
                for &other in &self.others[self.run(at)] {
                    if far[other as usize] == f32::INFINITY {
                        far[other as usize] = steps;
                        queue.push(other);
                    }
                }
            }
            return;
        }
        // Numbers of steps are positive, so that their bits are in the same order as they are.
        let mut heap = BinaryHeap::from([(Reverse(0u32), body)]);
        while let Some((Reverse(bits), at)) = heap.pop() {
            let steps = f32::from_bits(bits);
            if steps > far[at as usize] {
                continue;
            }
            for (other, link) in self.around(at) {
                let through = steps + link.steps;
                if through < far[other as usize] {
                    far[other as usize] = through;
                    heap.push((Reverse(through.to_bits()), other));
                }
            }
        }
    }

    /// The next coarser level, which of a connected graph of two bodies or more has at most half as many.
    pub(crate) fn coarser(&self) -> (Level, Merge) {
        let (merge, steps, give) = self.solar_systems();
        let together = |values: &[f32]| {
            let mut sums = vec![0.0; merge.suns.len()];
            merge.into.iter().zip(values).for_each(|(&into, value)| sums[into as usize] += value);
            sums
        };
        let [stands_for, charge, inertia] =
            [&self.stands_for, &self.charge, &self.inertia].map(|values| together(values));
        let between = self.links.iter().filter_map(|link| {
            let [a, b] = link.ends.map(|end| end as usize);
            let ends = [merge.into[a], merge.into[b]];
            (ends[0] != ends[1]).then(|| Link {
                ends,
                rest: link.rest + merge.away[a] + merge.away[b],
                steps: link.steps + steps[a] + steps[b],
                stiffness: 1.0 / (1.0 / link.stiffness + give[a] + give[b]),
            })
        });
        (Level::new(stands_for, charge, inertia, between.collect()), merge)
    }

    /// Suns, none within two links of another, planets beside them, and moons beside planets; and for each body the steps
    /// and the give of the links between it and its sun.
    fn solar_systems(&self) -> (Merge, Vec<f32>, Vec<f32>) {
        let count = self.len();
        let degree = |body: u32| self.starts[body as usize + 1] - self.starts[body as usize];
        // Hubs first, as their neighbours have nowhere else to go; the rest in no order that could leave a pattern.
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_by_key(|&body| (Reverse(degree(body)), mix(u64::from(body))));
        let mut merge = Merge { into: vec![NONE; count], suns: Vec::new(), away: vec![0.0; count] };
        let (mut steps, mut give) = (vec![0.0f32; count], vec![0.0f32; count]);
        let mut outer = vec![false; count];
        for &sun in &order {
            if merge.into[sun as usize] != NONE || outer[sun as usize] {
                continue;
            }
            let system = merge.suns.len() as u32;
            merge.suns.push(sun);
            merge.into[sun as usize] = system;
            for (planet, link) in self.around(sun) {
                if merge.into[planet as usize] != NONE {
                    continue;
                }
                merge.into[planet as usize] = system;
                merge.away[planet as usize] = link.rest;
                (steps[planet as usize], give[planet as usize]) = (link.steps, 1.0 / link.stiffness);
                self.around(planet).for_each(|(moon, _)| outer[moon as usize] = true);
            }
        }
        let systems = merge.into.clone();
        for moon in (0..count as u32).filter(|&body| systems[body as usize] == NONE) {
            let planets = self.around(moon).filter(|(planet, _)| systems[*planet as usize] != NONE);
            let nearest = planets.min_by(|(a, to_a), (b, to_b)| {
                let away = |planet: u32, link: &Link| merge.away[planet as usize] + link.rest;
                away(*a, to_a).total_cmp(&away(*b, to_b)).then(a.cmp(b))
            });
            if let Some((planet, link)) = nearest {
                merge.into[moon as usize] = systems[planet as usize];
                merge.away[moon as usize] = merge.away[planet as usize] + link.rest;
                steps[moon as usize] = steps[planet as usize] + link.steps;
                give[moon as usize] = give[planet as usize] + 1.0 / link.stiffness;
            } else {
                merge.into[moon as usize] = merge.suns.len() as u32;
                merge.suns.push(moon);
            }
        }
        (merge, steps, give)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(count: usize, pairs: impl IntoIterator<Item = [u32; 2]>) -> Level {
        let links = pairs.into_iter().map(|ends| Link { ends, rest: 100.0, steps: 1.0, stiffness: 0.5 });
        Level::new(vec![1.0; count], vec![1.0; count], vec![2.0; count], links.collect())
    }

    #[test]
    fn a_star_becomes_one_body_with_all_its_charge() {
        let (coarse, merge) = level(50, (1..50).map(|end| [0, end])).coarser();
        assert_eq!((coarse.len(), merge.suns), (1, vec![0]));
        assert_eq!((coarse.charge[0], coarse.inertia[0]), (50.0, 100.0));
        assert!(coarse.links.is_empty());
    }

    #[test]
    fn a_path_shrinks_and_keeps_its_length() {
        let fine = level(1000, (1..1000).map(|end| [end - 1, end]));
        let (coarse, merge) = fine.coarser();
        assert!(coarse.len() <= 500 && coarse.len() >= 200, "{}", coarse.len());
        assert_eq!(coarse.links.len(), coarse.len() - 1, "it is still a path");
        let length: f32 = coarse.links.iter().map(|link| link.rest).sum();
        assert!(length > 0.99 * 100_000.0 && length <= 100_000.0, "{length}");
        let give: f32 = coarse.links.iter().map(|link| 1.0 / link.stiffness).sum();
        assert!(give > 0.99 * 2000.0 && give <= 2000.0, "{give}");
        assert!(merge.into.iter().all(|&into| (into as usize) < coarse.len()));
    }

    #[test]
    fn links_between_the_same_two_become_one_as_stiff_as_both() {
        let both = level(2, [[0, 1], [1, 0]]);
        assert_eq!(both.links, [Link { ends: [0, 1], rest: 100.0, steps: 1.0, stiffness: 1.0 }]);
    }

    #[test]
    fn every_connected_graph_shrinks_to_one_body() {
        let mut now = level(300, (1..300).flat_map(|end| [[end / 3, end], [end / 7, end]]).filter(|[a, b]| a != b));
        while now.len() > 1 {
            let (coarse, _) = now.coarser();
            assert!(coarse.len() * 2 <= now.len(), "{} of {}", coarse.len(), now.len());
            now = coarse;
        }
        assert!((now.charge[0] - 300.0).abs() < 0.1);
    }
}
