//! Builds the canvas from a picture, for one window on it: what can be seen there, as it is to be seen from so far.

use bevy::math::{Rect, Vec3};
use bevy::platform::collections::HashMap;

use super::camera::Eye;
use super::canvas::{Instances, Shape};
use super::detours::Detours;
use super::flow::{Flows, Stream};
use super::folds::Folds;
use super::gather::{self, Afar, Crowd};
use super::level::{DASHES_FROM, Levels, Span};
use super::linkages::{self, Ribbons};
use super::nodes::{self, Hues, Neighbours};
use super::palette::{Palette, Theme, TypeHues};
use super::picture::{NodeKey, Picture};
use super::uses;

/// What a person asks of the picture besides where to look.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) theme: Theme,
    pub(crate) selected: Option<NodeKey>,
    pub(crate) hovered: Option<NodeKey>,
    pub(crate) still: bool,
    pub(crate) folds: Folds,
}

/// A part of the plane and the zooms it may be seen at: somewhat more than is seen now, so that a canvas built for it
/// lasts while the eye moves a little.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Window {
    pub(crate) rect: Rect,
    pub(crate) zooms: Span,
}

/// How much further than the screen a window reaches at each side, in shares of the screen, and how much closer and
/// further away.
const MARGIN: f32 = 0.25;
const CLOSER: f32 = 1.2;

impl Window {
    pub(crate) fn round(eye: &Eye) -> Self {
        let seen = eye.visible();
        let rect = Rect::from_center_size(seen.center(), seen.size() * (1.0 + 2.0 * MARGIN));
        let (from, until) = (eye.zoom.min(eye.level) / CLOSER, eye.zoom.max(eye.level) * CLOSER);
        Self { rect, zooms: Span { from, until } }
    }

    pub(crate) fn covers(&self, eye: &Eye) -> bool {
        let seen = eye.visible();
        let is_inside = self.rect.contains(seen.min) && self.rect.contains(seen.max);
        is_inside && [eye.zoom, eye.level].iter().all(|zoom| (self.zooms.from..=self.zooms.until).contains(zoom))
    }
}

/// Gathered ribbons that show what flows.
const STREAMS_MAX: usize = 400;

/// What a canvas shows.
pub(crate) struct Built {
    pub(crate) instances: Instances,
    /// Dashes do.
    pub(crate) travels: bool,
    pub(crate) crowds: Vec<Crowd>,
    /// Gathered linkages for which there was no room.
    pub(crate) left_out: usize,
}

/// What a canvas is built from.
pub(crate) struct Scene<'a> {
    pub(crate) picture: &'a Picture,
    pub(crate) levels: &'a Levels,
    pub(crate) near: &'a Neighbours,
    pub(crate) detours: &'a Detours,
    pub(crate) palette: &'a Palette,
    pub(crate) zooms: Span,
    pub(crate) rect: Rect,
    /// What can be seen in the window, in the order of the picture.
    pub(crate) nodes: Vec<u32>,
    pub(crate) links: Vec<u32>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        picture: &'a Picture,
        levels: &'a Levels,
        near: &'a Neighbours,
        detours: &'a Detours,
        theme: Theme,
        window: &Window,
    ) -> Self {
        let Window { rect, zooms } = *window;
        let is_far = zooms.until < levels.some_apart_from;
        let links = if is_far { Vec::new() } else { picture.where_links.within(rect) };
        let nodes = if is_far { Vec::new() } else { picture.where_nodes.within(rect) };
        Self { picture, levels, near, detours, palette: Palette::of(theme), zooms, rect, nodes, links }
    }

    /// Logical pixels a world unit, in the middle of what it is built for.
    pub(crate) fn zoom(&self) -> f32 {
        (self.zooms.from * self.zooms.until).sqrt()
    }

    /// When a linkage can end at that node: at the disc, or at the ring that is open.
    pub(crate) fn of_end(&self, node: u32) -> Span {
        let is_composite = self.picture.nodes[node as usize].is_composite();
        if is_composite { self.levels.of_ring(node as usize) } else { self.levels.of_disc(node as usize) }
    }

    /// What is drawn of it.
    pub(crate) fn build(&self, asked: &Asked, flows: &mut Flows, hues: &mut TypeHues, now: f64) -> Built {
        let mut out = Instances::default();
        let mut ribbons = Ribbons::default();
        let visible = || self.links.iter().map(|&link| &self.picture.links[link as usize]);
        let mut afar = Afar::of(self.picture, self.levels, self.near, self.zooms);
        afar.joins.retain(|join| gather::may_cross(self.rect, join.from, join.to));
        afar.crowds.retain(|crowd| self.sees(crowd.position, crowd.radius));

        let has_dashes = self.zooms.until > DASHES_FROM;
        if has_dashes {
            // Of many gathered ones the dashes could not be told apart.
            let joins = Some(&afar.joins).filter(|joins| joins.len() <= STREAMS_MAX).into_iter().flatten();
            let gathered = joins.filter_map(|join| Some((join.stream()?, join.rate())));
            let links = visible().filter(|link| !link.passthrough).map(|link| (Stream::Link(link.key), link.rate));
            flows.advance(links.chain(gathered), now, asked.still);
        }
        let hues = &mut Hues { hues, known: HashMap::default() };
        nodes::push_grounds(self, &mut out);
        out.shapes_below = out.shapes.len();
        uses::push_uses(self, asked, &mut ribbons);
        linkages::push_gathered(self, &afar.joins, flows, &mut ribbons, &mut out);
        linkages::push_linkages(self, flows, &mut ribbons, &mut out);
        nodes::push_nodes(self, hues, &mut out);
        nodes::push_crowds(self, &afar.crowds, hues, &mut out);
        out.is_plain = out.shapes.iter().all(Shape::is_plain);
        out.lines = ribbons.straight.len();
        out.ribbons = ribbons.straight;
        out.ribbons.append(&mut ribbons.curved);
        let travels = has_dashes && !asked.still && flows.any();
        Built { instances: out, travels, crowds: afar.crowds, left_out: afar.left_out }
    }

    pub(crate) fn sees(&self, position: Vec3, radius: f32) -> bool {
        let at = position.truncate();
        at.distance_squared(at.clamp(self.rect.min, self.rect.max)) <= radius * radius
    }
}

#[cfg(test)]
mod tests {
    use bevy::math::Vec2;

    use super::*;

    fn half() -> Eye {
        let mut eye = Eye::default();
        (eye.zoom, eye.level) = (0.5, 0.5);
        eye
    }

    #[test]
    fn a_window_lasts_while_the_eye_moves_a_little() {
        let mut eye = half();
        let window = Window::round(&eye);
        assert!(window.covers(&eye));
        eye.pan(Vec2::new(0.2 * eye.screen.x, 0.0));
        assert!(window.covers(&eye));
        eye.pan(Vec2::new(0.1 * eye.screen.x, 0.0));
        assert!(!window.covers(&eye), "beside what was built");
        let mut eye = half();
        eye.zoom_at(eye.screen / 2.0, 1.15);
        assert!(window.covers(&eye));
        eye.zoom_at(eye.screen / 2.0, 1.15);
        assert!(!window.covers(&eye), "closer than what was built");
    }
}
