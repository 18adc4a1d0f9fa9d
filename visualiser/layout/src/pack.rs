//! Puts whole pictures next to each other in one world without overlap, and lets those that are there stay where they are.

/// The room one picture needs, in its own coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cluster {
    /// Names the cluster from one call to the next, so that it keeps its origin.
    pub key: u64,
    /// Smallest local coordinates; what is no number counts as 0.
    pub min: [f32; 2],
    /// Largest local coordinates, not below `min`.
    pub max: [f32; 2],
}

/// Remembers where each cluster was put.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    placed: Vec<(Cluster, [f32; 2])>,
}

/// The world is packed wider than tall by this much, as screens are.
const ASPECT: f32 = 1.6;
/// Coordinates stay below this.
const FAR: f32 = 1.0e7;
/// Less than this, in world units, is rounding and moves nobody.
const SLACK: f32 = 0.01;
/// Up to so many are put anew when the whole has become this many times as large as it would be then.
const FEW: usize = 4;
const LOOSE: f32 = 1.1;

impl Packing {
    /// An empty world.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where in the world the origin of each cluster lies, in the order given, at least `gap` between any two.
    ///
    /// A cluster seen in the last call stays. If it grew into another, that one moves to the nearest free place. A new
    /// cluster goes right of or below those there are, whichever keeps the whole compact and wide; the very first gets the
    /// origin itself. One that is gone leaves its place free and moves nobody. When one of a few shrinks, and that leaves the
    /// whole larger than it need be, the others are put anew round the largest. Of clusters with equal keys only the first is
    /// remembered.
    pub fn place(&mut self, clusters: &[Cluster], gap: f32) -> Vec<[f32; 2]> {
        let gap = if gap.is_finite() { gap.clamp(0.0, FAR) } else { 0.0 };
        let clusters: Vec<Cluster> = clusters.iter().map(sane).collect();
        let mut origins = vec![None; clusters.len()];
        let mut fixed: Vec<Rect> = Vec::with_capacity(clusters.len());
        let shrinks = self.any_shrinks(&clusters);
        for (index, origin) in self.in_order(&clusters) {
            let rect = Rect::of(&clusters[index], origin);
            let free = rect.nearest_free(&fixed, gap);
            origins[index] = Some([origin[0] + (free.min[0] - rect.min[0]), origin[1] + (free.min[1] - rect.min[1])]);
            fixed.push(free);
        }
        for (index, cluster) in clusters.iter().enumerate() {
            if origins[index].is_none() {
                let rect = Rect::of(cluster, [0.0; 2]);
                let free = rect.beside(&fixed, gap);
                origins[index] = Some([free.min[0] - rect.min[0], free.min[1] - rect.min[1]]);
                fixed.push(free);
            }
        }
        let mut origins: Vec<[f32; 2]> = origins.into_iter().map(Option::unwrap_or_default).collect();
        if shrinks && clusters.len() <= FEW {
            let mut anew = Packing::new().place(&clusters, gap);
            if extent(&clusters, &origins) > LOOSE * extent(&clusters, &anew) {
                let area = |index: usize| Rect::of(&clusters[index], [0.0; 2]).area();
                let largest = (0..clusters.len()).max_by(|&a, &b| area(a).total_cmp(&area(b))).unwrap_or_default();
                let by = [0, 1].map(|axis| origins[largest][axis] - anew[largest][axis]);
                anew.iter_mut().for_each(|origin| *origin = [origin[0] + by[0], origin[1] + by[1]]);
                origins = anew;
            }
        }
        self.placed = clusters.into_iter().zip(origins.iter().copied()).collect();
        origins
    }

    /// From now on a cluster that was placed has its origin there.
    pub fn put(&mut self, key: u64, origin: [f32; 2]) {
        if let Some((_, own)) = self.placed.iter_mut().find(|(cluster, _)| cluster.key == key) {
            *own = origin.map(sane_side);
        }
    }

    fn any_shrinks(&self, clusters: &[Cluster]) -> bool {
        self.placed.iter().any(|(before, _)| {
            let now = clusters.iter().find(|cluster| cluster.key == before.key);
            let room = |cluster: &Cluster, axis: usize| cluster.max[axis] - cluster.min[axis];
            now.is_some_and(|now| (0..2).any(|axis| room(now, axis) < room(before, axis) - SLACK))
        })
    }

    /// The clusters that have an origin, with it: first those that grew, for they push, then outwards from the one that
    /// grew most, so that a push travels on.
    fn in_order(&self, clusters: &[Cluster]) -> Vec<(usize, [f32; 2])> {
        let mut seen = Vec::new();
        let mut known = Vec::new();
        for (index, cluster) in clusters.iter().enumerate() {
            if seen.contains(&cluster.key) {
                continue;
            }
            seen.push(cluster.key);
            if let Some((before, origin)) = self.placed.iter().find(|(before, _)| before.key == cluster.key) {
                let by = |axis: usize| (before.min[axis] - cluster.min[axis]).max(cluster.max[axis] - before.max[axis]);
                known.push((index, *origin, by(0).max(by(1)).max(0.0)));
            }
        }
        let centre = |index: usize, origin: [f32; 2]| Rect::of(&clusters[index], origin).centre();
        let most = known.iter().copied().max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)));
        let from = most.map_or([0.0; 2], |(index, origin, _)| centre(index, origin));
        known.sort_by(|a, b| {
            let away = |at: [f32; 2]| (at[0] - from[0]).hypot(at[1] - from[1]);
            let (near_a, near_b) = (away(centre(a.0, a.1)), away(centre(b.0, b.1)));
            (b.2 > SLACK).cmp(&(a.2 > SLACK)).then(near_a.total_cmp(&near_b)).then(a.0.cmp(&b.0))
        });
        known.into_iter().map(|(index, origin, _)| (index, origin)).collect()
    }
}

/// How large a screen the whole needs.
fn extent(clusters: &[Cluster], origins: &[[f32; 2]]) -> f32 {
    let rects = clusters.iter().zip(origins).map(|(cluster, origin)| Rect::of(cluster, *origin));
    let whole = rects.reduce(|one, other| Rect {
        min: [0, 1].map(|axis| one.min[axis].min(other.min[axis])),
        max: [0, 1].map(|axis| one.max[axis].max(other.max[axis])),
    });
    whole.map_or(0.0, |whole| (whole.size(0) / ASPECT).max(whole.size(1)))
}

/// A cluster in the world.
#[derive(Clone, Copy, Debug)]
struct Rect {
    min: [f32; 2],
    max: [f32; 2],
}

impl Rect {
    fn of(cluster: &Cluster, origin: [f32; 2]) -> Self {
        let at = |local: [f32; 2]| [local[0] + origin[0], local[1] + origin[1]];
        Self { min: at(cluster.min), max: at(cluster.max) }
    }

    fn centre(&self) -> [f32; 2] {
        [0.5 * (self.min[0] + self.max[0]), 0.5 * (self.min[1] + self.max[1])]
    }

    fn size(&self, axis: usize) -> f32 {
        self.max[axis] - self.min[axis]
    }

    fn area(&self) -> f32 {
        self.size(0) * self.size(1)
    }

    fn moved_to(&self, min: [f32; 2]) -> Self {
        Self { min, max: [min[0] + self.size(0), min[1] + self.size(1)] }
    }

    fn is_free(&self, fixed: &[Rect], gap: f32) -> bool {
        fixed.iter().all(|other| {
            (0..2).any(|axis| {
                self.min[axis] >= other.max[axis] + gap - SLACK || other.min[axis] >= self.max[axis] + gap - SLACK
            })
        })
    }

    /// The free place with the least distance from this one.
    ///
    /// The nearest point outside a set of boxes lies straight across from here or at a corner of boundaries, so that only
    /// those need a look.
    fn nearest_free(&self, fixed: &[Rect], gap: f32) -> Self {
        let mut sides = [vec![self.min[0]], vec![self.min[1]]];
        for other in fixed {
            for (axis, sides) in sides.iter_mut().enumerate() {
                sides.extend([other.max[axis] + gap, other.min[axis] - gap - self.size(axis)]);
            }
        }
        let away = |min: [f32; 2]| (min[0] - self.min[0]).hypot(min[1] - self.min[1]);
        self.best(&sides, fixed, gap, away)
    }

    /// The free place right of or below the top left corner of the others that keeps them all most compact.
    fn beside(&self, fixed: &[Rect], gap: f32) -> Self {
        if fixed.is_empty() {
            return *self;
        }
        let edge = |axis: usize, high: bool| {
            let sides = fixed.iter().map(|rect| if high { rect.max[axis] } else { rect.min[axis] });
            if high { sides.fold(f32::NEG_INFINITY, f32::max) } else { sides.fold(f32::INFINITY, f32::min) }
        };
        let (left, right, bottom, top) = (edge(0, false), edge(0, true), edge(1, false), edge(1, true));
        let mut sides = [vec![left], vec![top - self.size(1)]];
        for other in fixed {
            sides[0].extend([other.min[0], other.max[0] + gap]);
            sides[1].extend([other.max[1] - self.size(1), other.min[1] - gap - self.size(1)]);
        }
        sides[0].retain(|&x| x >= left - SLACK);
        sides[1].retain(|&y| y + self.size(1) <= top + SLACK);
        let spread = |min: [f32; 2]| {
            let (width, height) = (right.max(min[0] + self.size(0)) - left, top - bottom.min(min[1]));
            // Among equally compact places the one nearest to the top left.
            (width / ASPECT).max(height) + 1.0e-3 * ((min[0] - left) + (top - min[1]))
        };
        self.best(&sides, fixed, gap, spread)
    }

    /// Of all free places on these sides the cheapest; the first of equally cheap ones.
    fn best(&self, sides: &[Vec<f32>; 2], fixed: &[Rect], gap: f32, cost: impl Fn([f32; 2]) -> f32) -> Self {
        let mut best: Option<(f32, Rect)> = None;
        for &x in &sides[0] {
            for &y in &sides[1] {
                let cost = cost([x, y]);
                if best.is_none_or(|(least, _)| cost < least) {
                    let rect = self.moved_to([x, y]);
                    if rect.is_free(fixed, gap) {
                        best = Some((cost, rect));
                    }
                }
            }
        }
        best.map_or(*self, |(_, rect)| rect)
    }
}

fn sane(cluster: &Cluster) -> Cluster {
    let (min, max) = (cluster.min.map(sane_side), cluster.max.map(sane_side));
    Cluster { key: cluster.key, min, max: [max[0].max(min[0]), max[1].max(min[1])] }
}

fn sane_side(side: f32) -> f32 {
    if side.is_finite() { side.clamp(-FAR, FAR) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cluster(key: u64, width: f32, height: f32) -> Cluster {
        Cluster { key, min: [-0.5 * width, -0.5 * height], max: [0.5 * width, 0.5 * height] }
    }

    fn overlap(clusters: &[Cluster], origins: &[[f32; 2]], gap: f32) -> Option<(usize, usize)> {
        let rects: Vec<Rect> =
            clusters.iter().zip(origins).map(|(cluster, &origin)| Rect::of(cluster, origin)).collect();
        (0..rects.len())
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .find(|&(a, b)| !rects[a].is_free(&rects[b..=b], gap - 0.5))
    }

    #[test]
    fn the_first_is_at_the_origin_and_a_flat_second_one_below() {
        let origins = Packing::new().place(&[cluster(1, 800.0, 600.0), cluster(2, 700.0, 150.0)], 40.0);
        assert_eq!(origins[0], [0.0, 0.0]);
        assert_eq!(origins[1][1], -300.0 - 40.0 - 75.0);
    }

    #[test]
    fn tall_ones_stand_side_by_side() {
        let origins = Packing::new().place(&[cluster(1, 300.0, 600.0), cluster(2, 300.0, 600.0)], 40.0);
        assert_eq!(origins[1], [340.0, 0.0]);
    }

    #[test]
    fn eight_alike_make_a_wide_block() {
        let clusters: Vec<Cluster> = (0..8).map(|key| cluster(key, 100.0, 100.0)).collect();
        let origins = Packing::new().place(&clusters, 10.0);
        let span = |axis: usize| {
            let sides = origins.iter().map(|origin| origin[axis]);
            sides.clone().fold(f32::MIN, f32::max) - sides.fold(f32::MAX, f32::min) + 100.0
        };
        assert!(span(0) > span(1) && span(0) < 3.0 * span(1), "{} by {}", span(0), span(1));
    }

    #[test]
    fn what_grows_pushes_its_neighbour_just_far_enough_and_nobody_else() {
        let mut packing = Packing::new();
        let mut clusters = [1, 2, 3].map(|key| cluster(key, 400.0, 200.0));
        let before = packing.place(&clusters, 20.0);
        assert_eq!(before, [[0.0, 0.0], [0.0, -220.0], [420.0, 0.0]]);
        clusters[0].max[0] += 30.0;
        assert_eq!(packing.place(&clusters, 20.0), [[0.0, 0.0], [0.0, -220.0], [450.0, 0.0]]);
    }

    #[test]
    fn when_one_of_a_few_shrinks_the_others_come_closer() {
        let mut packing = Packing::new();
        let mut clusters = [cluster(1, 400.0, 600.0), cluster(2, 200.0, 600.0)];
        assert_eq!(packing.place(&clusters, 20.0)[1], [320.0, 0.0]);
        clusters[0].min[1] += 50.0;
        assert_eq!(packing.place(&clusters, 20.0)[1], [320.0, 0.0], "little is won");
        for cluster in &mut clusters {
            (cluster.min[1], cluster.max[1]) = (-150.0, 150.0);
        }
        clusters[0].max[0] -= 130.0;
        assert_eq!(packing.place(&clusters, 20.0), [[0.0, 0.0], [190.0, 0.0]]);
        assert_eq!(packing.place(&clusters, 20.0)[1], [190.0, 0.0], "and stays there");
    }

    #[test]
    fn equal_keys_and_bad_numbers_still_get_places() {
        let odd = Cluster { key: 1, min: [f32::NAN, f32::INFINITY], max: [5.0, -1.0e30] };
        let origins = Packing::new().place(&[odd, odd, cluster(1, 10.0, 10.0)], f32::NAN);
        assert!(origins.iter().flatten().all(|side| side.is_finite()));
    }

    proptest! {
        #[test]
        fn never_overlaps_and_repeats(
            steps in prop::collection::vec(
                prop::collection::vec((0u64..12, 1.0f32..900.0, 1.0f32..900.0, -200.0f32..200.0), 0..12), 1..6),
            gap in 0.0f32..80.0,
        ) {
            let (mut one, mut two) = (Packing::new(), Packing::new());
            for step in steps {
                let clusters: Vec<Cluster> = step.iter().map(|&(key, width, height, off)| {
                    Cluster { key, min: [off, -off], max: [off + width, height - off] }
                }).collect();
                let origins = one.place(&clusters, gap);
                prop_assert_eq!(overlap(&clusters, &origins, gap), None);
                prop_assert_eq!(&two.place(&clusters, gap), &origins);
            }
        }

        #[test]
        fn arrivals_and_departures_move_nobody(
            sizes in prop::collection::vec((1.0f32..900.0, 1.0f32..900.0), 2..12),
            gone in 0usize..12,
        ) {
            let all: Vec<Cluster> =
                sizes.iter().zip(0..).map(|(&(width, height), key)| cluster(key, width, height)).collect();
            let mut packing = Packing::new();
            let mut last: Vec<[f32; 2]> = Vec::new();
            for count in 1..=all.len() {
                let origins = packing.place(&all[..count], 24.0);
                prop_assert_eq!(&origins[..last.len()], &last[..]);
                last = origins;
            }
            let gone = gone % all.len();
            let left: Vec<Cluster> = all.iter().filter(|cluster| cluster.key != gone as u64).copied().collect();
            let origins = packing.place(&left, 24.0);
            last.remove(gone);
            prop_assert_eq!(origins, last);
        }
    }
}
