//! Curves bend aside where they would run behind the discs of others, in pictures small enough that one looks at single
//! linkages.

use std::collections::HashMap;

use axonscope_model::{LinkageId, SystemId};
use bevy::math::{Rect, Vec2};

use super::curve::Curve;
use super::level::{DETAIL_FROM, Levels, Span};
use super::picture::{Link, Picture};

/// With more linkages in sight none makes a detour.
const LINKS_MAX: usize = 2000;
/// Air kept between a curve and a disc it passes, in world units: more than a vessel on its rim.
const AIR: f32 = 11.0;
/// A curve goes no further out of its way than so much of its length, and in world units.
const SHARE_MAX: f32 = 0.45;
const ASIDE_MAX: f32 = 170.0;
/// Places looked at along a curve.
const STEPS: usize = 18;

/// By how much the bends of curves are moved, and were when the picture before was read.
#[derive(Default)]
pub(crate) struct Detours {
    now: HashMap<(SystemId, LinkageId), Vec2>,
    before: HashMap<(SystemId, LinkageId), Vec2>,
    readings: u64,
}

impl Detours {
    /// Finds those of `links`, which are what can be seen at these zooms.
    pub(crate) fn find(&mut self, picture: &Picture, levels: &Levels, links: &[u32], zooms: Span, readings: u64) {
        let old = std::mem::take(&mut self.now);
        if self.readings != readings {
            (self.before, self.readings) = (old, readings);
        }
        if links.len() > LINKS_MAX || zooms.until < DETAIL_FROM {
            return;
        }
        for &link in links {
            let link = &picture.links[link as usize];
            let aside = detour(picture, levels, link, zooms.until);
            if aside != Vec2::ZERO {
                self.now.insert(link.key, aside);
            }
        }
    }

    /// Of one linkage, and what it was; in world units.
    pub(crate) fn of(&self, link: &Link) -> (Vec2, Vec2) {
        let aside = |of: &HashMap<(SystemId, LinkageId), Vec2>| of.get(&link.key).copied().unwrap_or_default();
        (aside(&self.now), aside(&self.before))
    }
}

fn detour(picture: &Picture, levels: &Levels, link: &Link, zoom: f32) -> Vec2 {
    let ends = [link.from, link.to].map(|dock| &picture.boxes[dock as usize]);
    let curve = Curve::between(picture, ends[0], ends[1]);
    let [from, bend, to] = [curve.from, curve.bend, curve.to].map(|at| at.truncate());
    let around = Rect::from_corners(from, to).union_point(bend).inflate(AIR);
    let discs: Vec<(Vec2, f32)> = picture
        .where_nodes
        .within(around)
        .into_iter()
        .filter(|&node| ends.iter().all(|end| end.node != node))
        .filter(|&node| levels.of_disc(node as usize).strength(zoom) > 0.5)
        .map(|node| &picture.nodes[node as usize])
        .map(|node| (node.position.truncate(), node.radius + AIR))
        .collect();
    if discs.is_empty() { Vec2::ZERO } else { around_discs(from, bend, to, &discs) }
}

/// How far to move the bend of a curve so that it keeps off these discs; nothing where that does not help.
fn around_discs(from: Vec2, bend: Vec2, to: Vec2, discs: &[(Vec2, f32)]) -> Vec2 {
    let limit = (SHARE_MAX * from.distance(to)).min(ASIDE_MAX);
    let Some(first) = deepest(from, bend, to, discs) else { return Vec2::ZERO };
    let (mut best, mut aside) = ((first.depth, Vec2::ZERO), Vec2::ZERO);
    for _ in 0..4 {
        let Some(hit) = deepest(from, bend + aside, to, discs) else { return aside };
        if hit.depth < best.0 {
            best = (hit.depth, aside);
        }
        // The bend moves a point of the curve by a share of its own way.
        aside += hit.outwards * (hit.depth + 1.0) / (2.0 * hit.t * (1.0 - hit.t));
        aside = aside.clamp_length_max(limit);
    }
    match deepest(from, bend + aside, to, discs) {
        None => aside,
        Some(hit) if hit.depth < best.0 => aside,
        Some(_) => best.1,
    }
}

/// Where a curve is deepest inside a disc.
struct Hit {
    t: f32,
    depth: f32,
    /// The way out, across the curve.
    outwards: Vec2,
}

fn deepest(from: Vec2, bend: Vec2, to: Vec2, discs: &[(Vec2, f32)]) -> Option<Hit> {
    let mut worst: Option<Hit> = None;
    // Near its ends a curve cannot be moved.
    for step in 2..STEPS - 1 {
        let t = step as f32 / STEPS as f32;
        let s = 1.0 - t;
        let at = from * (s * s) + bend * (2.0 * s * t) + to * (t * t);
        for &(middle, reach) in discs {
            let depth = reach - at.distance(middle);
            if depth > 0.0 && worst.as_ref().is_none_or(|worst| depth > worst.depth) {
                let along = (bend - from) * s + (to - bend) * t;
                let across = along.perp().normalize_or_zero();
                let outwards = if (at - middle).dot(across) >= 0.0 { across } else { -across };
                worst = Some(Hit { t, depth, outwards });
            }
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::folded::Folded;
    use crate::view::sample;

    #[test]
    fn a_curve_bends_away_from_a_disc_on_its_way_and_stays_where_none_is() {
        let (from, to) = (Vec2::ZERO, Vec2::new(400.0, 0.0));
        let bend = (from + to) / 2.0;
        assert_eq!(around_discs(from, bend, to, &[(Vec2::new(200.0, 90.0), 35.0)]), Vec2::ZERO);
        let disc = [(Vec2::new(200.0, 10.0), 35.0)];
        let aside = around_discs(from, bend, to, &disc);
        assert!(aside.y < -40.0, "below, where it is nearer to the rim: {aside}");
        assert!(deepest(from, bend + aside, to, &disc).is_none());
    }

    #[test]
    fn no_curve_goes_far_out_of_its_way() {
        let (from, to) = (Vec2::ZERO, Vec2::new(100.0, 0.0));
        let wall: Vec<(Vec2, f32)> = (-20..20).map(|n| (Vec2::new(50.0, 20.0 * n as f32), 30.0)).collect();
        assert!(around_discs(from, Vec2::new(50.0, 0.0), to, &wall).length() <= 45.1);
    }

    #[test]
    fn a_linkage_goes_round_a_component_between_its_ends() {
        let picture = sample::picture(
            &[(None, 0.0, 0.0, 24.0), (None, 200.0, 0.0, 24.0), (None, 400.0, 0.0, 24.0)],
            &[(0, 2, 1.0)],
        );
        let levels = Levels::of(&picture.nodes, &Folded::default());
        let mut detours = Detours::default();
        detours.find(&picture, &levels, &[0], Span { from: 0.9, until: 1.1 }, 1);
        let (now, before) = detours.of(&picture.links[0]);
        assert!(now != Vec2::ZERO && before == Vec2::ZERO);
        detours.find(&picture, &levels, &[0], Span { from: 0.9, until: 1.1 }, 2);
        assert_eq!(detours.of(&picture.links[0]), (now, now));
        detours.find(&picture, &levels, &[0], Span { from: 0.01, until: 0.02 }, 2);
        assert_eq!(detours.of(&picture.links[0]), (Vec2::ZERO, now));
    }
}
