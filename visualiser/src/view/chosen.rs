//! What a person has selected, whatever kind of thing it is; and what lies under a point, from the smallest to the largest.
//!
//! [`Look::selected`] is the component that stays bright. A box, a linkage or a system is selected beside that, for as long
//! as nothing else is.

use axonscope_model::{LinkageId, PostboxId, SystemId};
use bevy::prelude::*;

use super::camera::Eye;
use super::canvas::Shape;
use super::curve::Curve;
use super::level::DETAIL_FROM;
use super::palette::{Palette, Rgba, size};
use super::picture::{Link, NodeKey, Picture};
use super::stage::{Look, Stage};

/// Something that can be inspected.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Selected {
    System(SystemId),
    Component(NodeKey),
    /// A box of that component.
    Postbox(NodeKey, PostboxId),
    Linkage(SystemId, LinkageId),
}

impl Selected {
    pub(crate) fn system(self) -> SystemId {
        match self {
            Self::System(system) | Self::Linkage(system, _) => system,
            Self::Component((system, _)) | Self::Postbox((system, _), _) => system,
        }
    }

    /// The component that stays bright.
    pub(crate) fn component(self) -> Option<NodeKey> {
        match self {
            Self::Component(key) | Self::Postbox(key, _) => Some(key),
            Self::System(_) | Self::Linkage(..) => None,
        }
    }
}

/// What is selected beside a component, and the component it was selected beside: nothing once another one is.
pub(crate) type Closer = (Option<NodeKey>, Selected);

impl Look {
    /// What is selected.
    pub(crate) fn chosen(&self) -> Option<Selected> {
        match self.closer {
            Some((beside, chosen)) if beside == self.selected => Some(chosen),
            _ => self.selected.map(Selected::Component),
        }
    }

    pub(crate) fn choose(&mut self, chosen: Option<Selected>) {
        self.selected = chosen.and_then(Selected::component);
        self.closer = chosen.filter(|chosen| !matches!(chosen, Selected::Component(_))).map(|it| (self.selected, it));
    }
}

/// Logical pixels from its middle at which a linkage is still meant, and a box beyond its rim.
const LINKAGE_REACH: f32 = 6.0;
const BOX_REACH: f32 = 2.5;
/// Parts that a curve is looked at in.
const PARTS: usize = 32;

/// What is under a point of the world: a box, a component, a linkage, a composite, a system.
pub(crate) fn under(stage: &Stage, eye: &Eye, at: Vec2, now: f64) -> Option<Selected> {
    let picture = &stage.picture;
    let node = picture.node_at(at, stage.eased(now), |number, _| stage.is_shown(number, eye.zoom));
    if let Some(found) = postbox_at(stage, eye, at) {
        return Some(found);
    }
    if let Some(node) = node.filter(|node| !is_open(stage, eye, node.key)) {
        return Some(Selected::Component(node.key));
    }
    let linkage = linkage_at(stage, eye, at);
    linkage.or(node.map(|node| Selected::Component(node.key))).or_else(|| {
        let hull = picture.systems.iter().find(|hull| hull.rect.contains(at));
        hull.map(|hull| Selected::System(hull.system))
    })
}

fn is_open(stage: &Stage, eye: &Eye, key: NodeKey) -> bool {
    let number = stage.picture.index.get(&key).copied().unwrap_or_default() as usize;
    stage.picture.nodes.get(number).is_some_and(|node| node.is_composite()) && stage.levels.is_open(number, eye.zoom)
}

fn postbox_at(stage: &Stage, eye: &Eye, at: Vec2) -> Option<Selected> {
    let picture = &stage.picture;
    if eye.zoom < DETAIL_FROM {
        return None;
    }
    let reach = size::VESSEL + BOX_REACH / eye.zoom;
    let near = Rect::from_center_half_size(at, Vec2::splat(reach));
    let docks = picture.where_nodes.within(near).into_iter().filter(|&node| stage.is_shown(node as usize, eye.zoom));
    let docks = docks.flat_map(|node| picture.docks_of(node));
    let distance = |dock| picture.dock_position(dock).truncate().distance(at);
    let found = docks.map(|dock| (distance(dock), dock)).filter(|(distance, _)| *distance <= reach);
    let (_, dock) = found.min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Selected::Postbox(picture.nodes[dock.node as usize].key, dock.postbox))
}

fn linkage_at(stage: &Stage, eye: &Eye, at: Vec2) -> Option<Selected> {
    let picture = &stage.picture;
    let reach = LINKAGE_REACH / eye.zoom;
    let near = Rect::from_center_half_size(at, Vec2::splat(reach));
    let is_drawn = |link: &Link| {
        [link.from, link.to].iter().all(|&dock| {
            let node = picture.boxes[dock as usize].node as usize;
            let is_open = !picture.nodes[node].is_composite() || stage.levels.is_open(node, eye.zoom);
            is_open && stage.is_shown(node, eye.zoom)
        })
    };
    let links = picture.where_links.within(near).into_iter().map(|link| &picture.links[link as usize]);
    let found = links.filter(|link| is_drawn(link)).map(|link| (distance(&curve(picture, link), at), link));
    let (_, link) = found.filter(|(distance, _)| *distance <= reach).min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Selected::Linkage(link.key.0, link.key.1))
}

fn curve(picture: &Picture, link: &Link) -> Curve {
    let [from, to] = [link.from, link.to].map(|dock| &picture.boxes[dock as usize]);
    Curve::between(picture, from, to)
}

/// From a point to the nearest part of a curve.
fn distance(curve: &Curve, at: Vec2) -> f32 {
    let point = |part: usize| curve.point(part as f32 / PARTS as f32).0.truncate();
    (0..PARTS).map(|part| distance_to_line(at, point(part), point(part + 1))).fold(f32::INFINITY, f32::min)
}

fn distance_to_line(at: Vec2, from: Vec2, to: Vec2) -> f32 {
    let way = to - from;
    let along = ((at - from).dot(way) / way.length_squared().max(1e-6)).clamp(0.0, 1.0);
    at.distance(from + way * along)
}

/// What of the world is to be seen when something is gone to.
pub(crate) fn place(picture: &Picture, chosen: Selected) -> Option<Rect> {
    let round = |key: NodeKey| {
        let node = picture.node(key)?;
        Some(Rect::from_center_half_size(node.position.truncate(), Vec2::splat(node.radius)))
    };
    match chosen {
        Selected::System(system) => picture.bounds(Some(&[system])),
        Selected::Component(key) | Selected::Postbox(key, _) => round(key),
        Selected::Linkage(system, linkage) => {
            let link = picture.links.iter().find(|link| link.key == (system, linkage))?;
            let [from, to] =
                [link.from, link.to].map(|dock| picture.nodes[picture.boxes[dock as usize].node as usize].key);
            Some(round(from)?.union(round(to)?))
        }
    }
}

/// Beads along a linkage that is selected, a ring round a box, a rim round a system.
pub(crate) fn marks(picture: &Picture, chosen: Option<Selected>, palette: &Palette) -> Vec<Shape> {
    let ring = |at: Vec3, radius: f32| Shape::disc(at, radius, Rgba::CLEAR, palette.mark, 1.6);
    match chosen {
        None | Some(Selected::Component(_)) => Vec::new(),
        Some(Selected::System(system)) => {
            let hull = picture.systems.iter().filter(|hull| hull.system == system && !hull.rect.is_empty());
            let rim = |rect: Rect| {
                let mut rim = ring(rect.center().extend(0.0), 0.0);
                rim.half_size = (rect.half_size() + 4.0).to_array();
                rim.with_kind(super::canvas::kind::ROUNDED, size::HULL_CORNER + 4.0, 0.0)
            };
            hull.map(|hull| rim(hull.rect)).collect()
        }
        Some(Selected::Postbox(key, postbox)) => {
            let docks = picture.index.get(&key).into_iter().flat_map(|&node| picture.docks_of(node));
            let of_it = docks.filter(|dock| dock.postbox == postbox);
            of_it.map(|dock| ring(picture.dock_position(dock), size::VESSEL + 5.0)).collect()
        }
        Some(Selected::Linkage(system, linkage)) => {
            let Some(link) = picture.links.iter().find(|link| link.key == (system, linkage)) else { return Vec::new() };
            let curve = curve(picture, link);
            let length = curve.from.distance(curve.to).max(1.0);
            let beads = ((length / 9.0) as usize).clamp(4, 160);
            let at = |bead: usize| curve.point(bead as f32 / beads as f32).0;
            let bead = |bead: usize| Shape::disc(at(bead), 2.6, palette.mark, palette.ground, 0.6);
            let ends = [curve.from, curve.to].map(|end| ring(end, size::VESSEL + 4.0));
            (1..beads).map(bead).chain(ends).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use axonscope_model::ComponentId;

    use super::*;

    #[test]
    fn something_else_that_is_selected_ends_what_was_selected_beside() {
        let (a, b) = ((SystemId(1), ComponentId(1)), (SystemId(1), ComponentId(2)));
        let mut look = Look::default();
        assert_eq!(look.chosen(), None);
        look.choose(Some(Selected::Postbox(a, PostboxId(7))));
        assert_eq!((look.selected, look.chosen()), (Some(a), Some(Selected::Postbox(a, PostboxId(7)))));
        look.selected = Some(b);
        assert_eq!(look.chosen(), Some(Selected::Component(b)));
        look.choose(Some(Selected::System(SystemId(1))));
        assert_eq!((look.selected, look.chosen()), (None, Some(Selected::System(SystemId(1)))));
        look.choose(None);
        assert_eq!(look.chosen(), None);
    }

    #[test]
    fn a_linkage_is_meant_near_its_curve_only() {
        let curve = Curve { from: Vec3::ZERO, bend: Vec3::new(50.0, 40.0, 0.0), to: Vec3::new(100.0, 0.0, 0.0) };
        assert!(distance(&curve, Vec2::new(50.0, 20.0)) < 0.5, "the curve goes half as far as it bends");
        assert!(distance(&curve, Vec2::new(50.0, 0.0)) > 15.0);
        assert!((distance(&curve, Vec2::new(-3.0, 0.0)) - 3.0).abs() < 1e-3);
    }
}
