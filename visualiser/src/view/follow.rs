//! How one picture follows another: what stays eases from where it was to its new place, what is new grows, what has left
//! is a ghost for a while.

use std::collections::HashMap;
use std::f32::consts::TAU;
use std::sync::Arc;

use axonscope_model::{PostboxId, SystemId};
use bevy_math::{Vec2, Vec3};

use super::folded::Folded;
use super::index::Index;
use super::palette::size;
use super::picture::{Node, Picture, Trouble};

/// After so long, in seconds, everything is in its place.
const EASE_SECS: f64 = 1.0;
/// Nine tenths of the way in a fifth of a second.
const EASE_RATE: f64 = 12.0;
/// Notable nodes that are kept by name: more than are ever labelled at once.
const NOTABLE_MAX: usize = 2048;

/// A component that left a system which is still there.
pub(crate) struct Leaver {
    pub(crate) position: Vec3,
    pub(crate) radius: f32,
    pub(crate) name: Arc<str>,
}

impl Picture {
    /// How much of their way the things of this picture have gone: 0 when it was read, then 1; exponentially, so that a
    /// picture read half-way goes on where this one was, at the same pace.
    pub(crate) fn eased(&self, now: f64) -> f32 {
        let passed = now - self.read_at;
        if !self.is_easing || passed >= EASE_SECS { 1.0 } else { 1.0 - (-passed.max(0.0) * EASE_RATE).exp() as f32 }
    }

    pub(crate) fn is_easing_at(&self, now: f64) -> bool {
        self.is_easing && now - self.read_at < EASE_SECS
    }

    /// Makes this, read at `now`, begin where `old` is shown then. At most `leavers` of those that left are handed out.
    pub(crate) fn follow(
        &mut self,
        old: &Picture,
        now: f64,
        still: bool,
        leavers: usize,
        folded: &Folded,
    ) -> Vec<Leaver> {
        self.read_at = now;
        let eased = old.eased(now);
        let is_same = Arc::ptr_eq(&self.index, &old.index);
        let before = |number: usize, node: &Node| {
            if is_same { old.nodes.get(number) } else { old.node(node.key) }
        };
        for (number, node) in self.nodes.iter_mut().enumerate() {
            node.was = match before(number, node) {
                _ if still => (node.position, node.radius),
                Some(before) => before.shown(eased),
                None => (node.position, 0.0),
            };
        }
        self.follow_docks(old, eased, is_same, still);
        self.is_easing = self.nodes.iter().any(|node| !node.is_in_place())
            || self.boxes.iter().any(|dock| dock.angle != dock.angle_was);
        if is_same || still {
            return Vec::new();
        }
        let stays = |node: &Node| self.systems.iter().any(|hull| hull.system == node.key.0);
        // What a closed composite hid leaves unseen.
        let is_hidden = |node: &Node| {
            let rounds = std::iter::successors(node.parent, |&round| old.nodes[round as usize].parent);
            rounds.into_iter().any(|round| folded.closes(old.nodes[round as usize].key))
        };
        let left = |node: &&Node| {
            !self.index.contains_key(&node.key) && !node.is_composite() && stays(node) && !is_hidden(node)
        };
        let leaver = |node: &Node| {
            let (position, radius) = node.shown(eased);
            Leaver { position, radius, name: old.word(node.name).clone() }
        };
        old.nodes.iter().filter(left).take(leavers).map(leaver).collect()
    }

    fn follow_docks(&mut self, old: &Picture, eased: f32, is_same: bool, still: bool) {
        let shown = |angle_was: f32, angle: f32| angle_was + (angle - angle_was) * eased;
        let known: HashMap<(SystemId, PostboxId), f32> = if is_same || still {
            HashMap::new()
        } else {
            let docks = old.boxes.iter();
            docks.map(|d| ((old.nodes[d.node as usize].key.0, d.postbox), shown(d.angle_was, d.angle))).collect()
        };
        for (number, dock) in self.boxes.iter_mut().enumerate() {
            let before = match old.boxes.get(number) {
                _ if still => None,
                Some(before) if is_same => Some(shown(before.angle_was, before.angle)),
                _ => known.get(&(self.nodes[dock.node as usize].key.0, dock.postbox)).copied(),
            };
            // The short way round.
            dock.angle_was = before.map_or(dock.angle, |before| {
                let turn = (dock.angle - before + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0;
                if turn.abs() < 1e-4 { dock.angle } else { dock.angle - turn }
            });
        }
    }

    /// Finds everything again: where nodes and linkages are, on their way included.
    pub(crate) fn index_places(&mut self) {
        let round = |(a, a_radius): (Vec2, f32), (b, b_radius): (Vec2, f32)| {
            ((a + b) / 2.0, a.distance(b) / 2.0 + a_radius.max(b_radius))
        };
        let nodes = self.nodes.iter().map(|node| {
            let reach = |radius| radius + size::VESSEL + size::STACK_STEP * 2.0;
            round((node.position.truncate(), reach(node.radius)), (node.was.0.truncate(), reach(node.was.1)))
        });
        self.where_nodes = Arc::new(Index::of(nodes.collect()));
        let links = self.links.iter().map(|link| {
            let [from, to] = [link.from, link.to].map(|dock| self.boxes[dock as usize].node as usize);
            let [from, to] = [from, to].map(|node| self.where_nodes.circle(node));
            let (middle, reach) = round(from, to);
            // Curves bend aside by a part of their length, and round a disc.
            (middle, reach * 1.2 + 60.0)
        });
        self.where_links = Arc::new(Index::of(links.collect()));
    }

    /// Counts what is inside composites and what is wrong, and finds what should be read from afar.
    pub(crate) fn sum_up(&mut self) {
        for node in &mut self.nodes {
            (node.inside, node.traffic_inside, node.trouble_inside) = (0, 0.0, Trouble::None);
        }
        // What is inside comes after what it is in.
        for number in (0..self.nodes.len()).rev() {
            let node = &self.nodes[number];
            let (inside, loudest) = (node.inside + 1, node.trouble_inside.max(node.trouble()));
            // What a composite sends is sent by what is in it.
            let sent = if node.is_composite() { node.traffic_inside } else { node.rate_out };
            if let Some(parent) = node.parent {
                let parent = &mut self.nodes[parent as usize];
                parent.inside += inside;
                parent.traffic_inside += sent;
                parent.trouble_inside = parent.trouble_inside.max(loudest);
            }
        }
        self.alarms = self.nodes.iter().filter(|node| node.trouble() == Trouble::Alarm && !node.gone).count();
        let hub = |node: &Node| !node.is_composite() && node.radius >= size::HUB;
        let notable = |node: &Node| node.is_notable() || hub(node);
        let mut found: Vec<u32> =
            (0..self.nodes.len() as u32).filter(|&number| notable(&self.nodes[number as usize])).collect();
        found.sort_by(|&a, &b| {
            let [a, b] = [a, b].map(|number| &self.nodes[number as usize]);
            b.trouble().cmp(&a.trouble()).then(b.radius.total_cmp(&a.radius)).then(a.key.cmp(&b.key))
        });
        found.truncate(NOTABLE_MAX);
        self.notable = found;
        let by_size = |&a: &u32, &b: &u32| {
            self.nodes[b as usize].radius.total_cmp(&self.nodes[a as usize].radius).then(a.cmp(&b))
        };
        let mut rings: Vec<u32> =
            (0..self.nodes.len() as u32).filter(|&number| self.nodes[number as usize].is_composite()).collect();
        rings.sort_by(by_size);
        self.rings = rings;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sample;

    fn at(x: f32) -> Picture {
        sample::picture(&[(None, x, 0.0, 24.0), (None, 500.0, 0.0, 24.0)], &[(0, 1, 1.0)])
    }

    fn shown(picture: &Picture, now: f64) -> f32 {
        picture.nodes[0].shown(picture.eased(now)).0.x
    }

    #[test]
    fn what_moves_goes_on_from_where_it_is_shown() {
        let mut first = at(0.0);
        first.follow(&Picture::default(), 10.0, true, 0, &Folded::default());
        assert!(!first.is_easing);
        let mut second = at(100.0);
        second.follow(&first, 20.0, false, 0, &Folded::default());
        assert_eq!(shown(&second, 20.0), 0.0);
        assert!((85.0..95.0).contains(&shown(&second, 20.2)), "nine tenths in a fifth of a second");
        let half_way = shown(&second, 20.05);
        let mut third = at(300.0);
        third.follow(&second, 20.05, false, 0, &Folded::default());
        assert!((shown(&third, 20.05) - half_way).abs() < 1e-3);
        assert_eq!(shown(&third, 22.0), 300.0);
    }

    #[test]
    fn what_is_new_grows_and_what_left_is_handed_out() {
        let mut first = at(0.0);
        let newborn = first.follow(&Picture::default(), 1.0, false, 9, &Folded::default());
        assert!(newborn.is_empty() && first.nodes[0].was.1 == 0.0);
        let mut second = sample::picture(&[(None, 0.0, 0.0, 24.0)], &[]);
        let left = second.follow(&first, 9.0, false, 9, &Folded::default());
        assert!(left.is_empty(), "its system is not on stage either");
        second.systems.push(crate::view::picture::Hull {
            system: sample::SYSTEM,
            title: String::new(),
            facts: String::new(),
            word: None,
            since_ns: None,
            stale: false,
            gone: false,
            rect: bevy_math::Rect::default(),
        });
        let left = second.follow(&first, 9.0, false, 9, &Folded::default());
        assert_eq!(left.iter().map(|leaver| (leaver.position.x, leaver.radius)).collect::<Vec<_>>(), [(500.0, 24.0)]);
    }

    #[test]
    fn rings_know_what_is_inside_them() {
        let mut picture = sample::picture(
            &[(None, 0.0, 0.0, 200.0), (Some(0), 0.0, 0.0, 90.0), (Some(1), 0.0, 0.0, 24.0), (None, 9.0, 9.0, 24.0)],
            &[],
        );
        picture.nodes[2].fill = 1.0;
        (picture.nodes[1].rate_out, picture.nodes[2].rate_out) = (7.0, 7.0);
        picture.sum_up();
        assert_eq!([0, 1].map(|node| picture.nodes[node].traffic_inside), [7.0, 7.0], "what passes out is sent once");
        assert_eq!([0, 1, 2, 3].map(|node| picture.nodes[node].inside), [2, 1, 0, 0]);
        assert_eq!(picture.nodes[0].trouble_inside, Trouble::Alarm);
        assert_eq!((picture.alarms, &picture.rings[..]), (1, &[0, 1][..]));
    }
}
