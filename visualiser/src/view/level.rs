//! What is drawn at which zoom: composites close and open, discs become dots and neighbourhoods.
//!
//! Everything drawn has a [`Span`] of zoom, at whose ends it fades. So nothing flickers at a threshold, and a picture at one
//! zoom is the same from wherever one came to it. The fade is narrow, so that hardly any zoom is in the middle of one;
//! nothing pops, because the eye's `level` follows its zoom in time.

use bevy::math::Vec2;
use bevy::platform::collections::HashMap;

use super::fit::APART_FROM;
pub(crate) use super::fit::FADE;
use super::folded::Folded;
use super::picture::{Node, Picture};

/// Logical pixels: a ring smaller than this is drawn closed.
const RING_RADIUS_MIN: f32 = 28.0;
/// Logical pixels: a closed composite smaller than this is one of a neighbourhood.
const CLOSED_RADIUS_MIN: f32 = 4.5;
/// A neighbourhood is a square of the plane this long on the screen, up to twice that.
const NEIGHBOURHOOD: f32 = 64.0;
/// From here on boxes, arcs and arrowheads are drawn, in logical pixels a world unit.
pub(crate) const DETAIL_FROM: f32 = 0.2;
/// From here on dashes are; as in `draw.wgsl`.
pub(crate) const DASHES_FROM: f32 = 0.11;

/// From where to where something is drawn, in logical pixels a world unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Span {
    pub(crate) from: f32,
    pub(crate) until: f32,
}

impl Span {
    pub(crate) const ALWAYS: Self = Self { from: 0.0, until: f32::INFINITY };

    pub(crate) fn from(from: f32) -> Self {
        Self { from, ..Self::ALWAYS }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    /// Any of it can be seen at one of the zooms between.
    pub(crate) fn meets(self, zooms: Self) -> bool {
        self.from < zooms.until && self.until * FADE > zooms.from && self.from < self.until
    }

    /// How much of it is to be seen, 0 to 1; as in `draw.wgsl`.
    pub(crate) fn strength(self, zoom: f32) -> f32 {
        let ramp = |at: f32| {
            let t = if at <= 0.0 { 1.0 } else { ((zoom / at - 1.0) / (FADE - 1.0)).clamp(0.0, 1.0) };
            t * t * (3.0 - 2.0 * t)
        };
        ramp(self.from) * (1.0 - ramp(self.until))
    }

    /// As `draw.wgsl` unpacks it: two logarithms of base 2, from -10 to 10.
    pub(crate) fn packed(self) -> u32 {
        let half = |zoom: f32| (((zoom.max(1e-6).log2() + 10.0) / 20.0).clamp(0.0, 1.0) * 65_535.0).round() as u32;
        half(self.from) | half(self.until) << 16
    }
}

/// At which zooms the nodes of a picture are drawn.
#[derive(Default)]
pub(crate) struct Levels {
    /// From here on all composites around it are open.
    inside: Vec<f32>,
    /// From here on its own inside is drawn; never of one that has none.
    opens: Vec<f32>,
    /// From here on it is large enough to be one of its own.
    alone: Vec<f32>,
    /// From here on some nodes are drawn by themselves.
    pub(crate) some_apart_from: f32,
    /// From here on all are, and nothing is gathered.
    pub(crate) all_apart_from: f32,
}

/// Who stands for whom at one zoom.
#[derive(PartialEq)]
pub(crate) struct Standins {
    /// For each node a node, or [`Picture::nodes`] of them and the number of a neighbourhood.
    pub(crate) of: Vec<u32>,
    /// What makes each neighbourhood one.
    pub(crate) neighbourhoods: Vec<Neighbourhood>,
}

/// Small discs in one square of the plane, in one composite of one system.
#[derive(PartialEq)]
pub(crate) struct Neighbourhood {
    /// World units.
    pub(crate) side: f32,
    pub(crate) middle: Vec2,
    pub(crate) span: Span,
}

impl Standins {
    /// The zooms above `from` and up to `until` from which on neighbourhoods are half as long in the world.
    pub(crate) fn zooms_between(from: f32, until: f32) -> impl Iterator<Item = f32> {
        // A hair closer, so that no rounding makes it the one before.
        let first = NEIGHBOURHOOD / side_at(from) * 2.0 * 1.000_1;
        std::iter::successors(Some(first), |zoom| Some(2.0 * zoom)).take_while(move |&zoom| zoom < until)
    }
}

/// How long a neighbourhood is at this zoom, in world units.
fn side_at(zoom: f32) -> f32 {
    (NEIGHBOURHOOD / zoom).log2().ceil().exp2()
}

impl Levels {
    pub(crate) fn of(nodes: &[Node], folded: &Folded) -> Self {
        let mut levels = Self { some_apart_from: f32::INFINITY, ..Self::default() };
        for (node, radius) in nodes.iter().zip(common_radii(nodes)) {
            let inside =
                node.parent.map_or(0.0, |parent| levels.inside[parent as usize].max(levels.opens[parent as usize]));
            let chosen = folded.choices.get(&node.key);
            let opens = match chosen {
                _ if !node.is_composite() => f32::INFINITY,
                Some(true) => f32::INFINITY,
                Some(false) => APART_FROM,
                None => RING_RADIUS_MIN / radius,
            };
            let alone = opens.min(APART_FROM);
            let alone = if node.is_composite() { alone.min(CLOSED_RADIUS_MIN / radius) } else { alone };
            let apart = inside.max(alone).max(if opens.is_finite() { opens } else { 0.0 });
            levels.all_apart_from =
                levels.all_apart_from.max(if chosen == Some(&true) { f32::INFINITY } else { apart });
            levels.some_apart_from = levels.some_apart_from.min(inside.max(alone));
            levels.inside.push(inside);
            levels.opens.push(opens);
            levels.alone.push(alone);
        }
        levels
    }

    /// A disc, or a composite that is closed.
    pub(crate) fn of_disc(&self, node: usize) -> Span {
        Span { from: self.inside[node].max(self.alone[node]), until: self.opens[node] }
    }

    /// The ring round what a composite contains.
    pub(crate) fn of_ring(&self, node: usize) -> Span {
        Span::from(self.inside[node].max(self.opens[node]))
    }

    /// Whether its inside is drawn at this zoom.
    pub(crate) fn is_open(&self, node: usize, zoom: f32) -> bool {
        zoom >= self.inside[node].max(self.opens[node])
    }

    /// It is drawn by itself at this zoom, as a disc or a ring.
    pub(crate) fn is_apart(&self, node: usize, zoom: f32) -> bool {
        zoom >= self.inside[node].max(self.alone[node])
    }

    /// Who stands for whom at `zoom`.
    pub(crate) fn standins(&self, picture: &Picture, zoom: f32) -> Standins {
        let count = picture.nodes.len() as u32;
        let side = side_at(zoom);
        let mut known: HashMap<(u32, i32, i32), u32> = HashMap::default();
        let mut neighbourhoods: Vec<Neighbourhood> = Vec::new();
        let mut of = Vec::with_capacity(count as usize);
        for (index, node) in picture.nodes.iter().enumerate() {
            let closed_round = node.parent.filter(|&parent| zoom < self.inside[index] && (parent as usize) < index);
            if let Some(parent) = closed_round {
                of.push(of[parent as usize]);
            } else if zoom >= self.alone[index] {
                of.push(index as u32);
            } else {
                let cell = (node.position.truncate() / side).floor();
                // Systems apart, and composites apart.
                let home = node.parent.unwrap_or(count + node.key.0.0 as u32);
                let next = neighbourhoods.len() as u32;
                let span = Span { from: NEIGHBOURHOOD / side, until: 2.0 * NEIGHBOURHOOD / side };
                let span = span.and(Span { from: self.inside[index], until: self.alone[index] });
                let number = *known.entry((home, cell.x as i32, cell.y as i32)).or_insert_with(|| {
                    neighbourhoods.push(Neighbourhood { side, middle: (cell + 0.5) * side, span });
                    next
                });
                let until = &mut neighbourhoods[number as usize].span.until;
                *until = until.max(span.until);
                of.push(count + number);
            }
        }
        Standins { of, neighbourhoods }
    }
}

/// Composites equally deep in one system open together where their radii are no further apart than this, so that what is
/// alike looks alike.
const ALIKE: f32 = 1.6;

/// For each node a radius in the middle of those of composites like it; at least 1.
fn common_radii(nodes: &[Node]) -> Vec<f32> {
    let mut radii: Vec<f32> = nodes.iter().map(|node| node.radius.max(1.0)).collect();
    let mut depths: Vec<u32> = Vec::with_capacity(nodes.len());
    let mut composites = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let depth = node.parent.map_or(0, |parent| depths[parent as usize] + 1);
        depths.push(depth);
        if node.is_composite() {
            composites.push((node.key.0, depth, radii[index], index));
        }
    }
    composites.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
    let alike = |a: &(_, u32, f32, usize), b: &(_, u32, f32, usize)| (a.0, a.1) == (b.0, b.1) && a.2 <= ALIKE * b.2;
    let mut rest = &composites[..];
    while let Some(largest) = rest.first() {
        let (group, others) = rest.split_at(rest.partition_point(|other| alike(largest, other)));
        let smallest = group.last().map_or(largest.2, |smallest| smallest.2);
        group.iter().for_each(|composite| radii[composite.3] = (largest.2 * smallest).sqrt());
        rest = others;
    }
    radii
}

/// Where the level of an eye has come to after so many seconds on its way to the zoom.
pub(super) fn followed(level: f32, zoom: f32, secs: f32) -> f32 {
    const SLOWEST: f32 = 0.6;
    const PER_SEC: f32 = 4.0;
    // Else a leap of the zoom would ask for a canvas of everything between.
    const FARTHEST: f32 = 1.16;
    let left = (zoom / level).ln();
    let step = (left.abs() * PER_SEC).max(SLOWEST) * secs;
    let level = if step.is_finite() && step < left.abs() { level * (step * left.signum()).exp() } else { zoom };
    level.clamp(zoom / FARTHEST, zoom * FARTHEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sample;

    #[test]
    fn what_appears_fades_in_and_what_vanishes_fades_out() {
        let span = Span { from: 0.1, until: 1.0 };
        assert_eq!([0.05, 0.1, 0.2, 0.9, 2.0].map(|zoom| span.strength(zoom)), [0.0, 0.0, 1.0, 1.0, 0.0]);
        assert!((0.4..0.6).contains(&span.strength(0.103)));
        assert!((0.4..0.6).contains(&span.strength(1.03)));
        // As one goes the other comes: together they are never less than half there.
        let next = Span { from: 1.0, until: 9.0 };
        assert!((0..100).map(|n| 0.9 + 0.005 * n as f32).all(|z| span.strength(z) + next.strength(z) > 0.99));
        assert_eq!(Span::ALWAYS.strength(0.01), 1.0);
        assert_eq!(Span::ALWAYS.strength(6.0), 1.0);
    }

    #[test]
    fn a_span_is_packed_finely_enough() {
        let unpack =
            |packed: u32| [packed & 0xffff, packed >> 16].map(|half| (half as f32 / 65_535.0 * 20.0 - 10.0).exp2());
        let [from, until] = unpack(Span { from: 0.083, until: 2.7 }.packed());
        assert!((from / 0.083 - 1.0).abs() < 0.001 && (until / 2.7 - 1.0).abs() < 0.001);
        let [from, until] = unpack(Span::ALWAYS.packed());
        assert!(from * FADE < 0.01 && until > 6.0, "beyond all zooms there are: {from} {until}");
    }

    /// A ring of two, a ring within it with one, and one beside.
    fn nested() -> Picture {
        sample::picture(
            &[
                (None, 0.0, 0.0, 200.0),
                (Some(0), -100.0, 0.0, 24.0),
                (Some(0), 80.0, 0.0, 70.0),
                (Some(2), 80.0, 0.0, 24.0),
                (None, 500.0, 0.0, 24.0),
            ],
            &[],
        )
    }

    #[test]
    fn a_composite_opens_when_its_ring_is_large_enough_and_after_what_it_is_in() {
        let picture = nested();
        let levels = Levels::of(&picture.nodes, &Folded::default());
        assert!(!levels.is_open(0, 0.13) && levels.is_open(0, 0.15));
        assert!(!levels.is_open(2, 0.3) && levels.is_open(2, 0.45));
        assert!(!levels.is_apart(1, 0.13) && levels.is_apart(1, 0.15));
        let far = levels.standins(&picture, 0.13).of;
        assert_eq!(far, [0, 0, 0, 0, 4], "the ring stands for all inside it");
        let nearer = levels.standins(&picture, 0.2).of;
        assert_eq!(nearer, [0, 1, 2, 2, 4]);
        assert_eq!(levels.standins(&picture, 1.0).of, [0, 1, 2, 3, 4]);
        assert!((0.39..0.41).contains(&levels.all_apart_from), "{}", levels.all_apart_from);
    }

    #[test]
    fn what_a_person_has_closed_stays_closed_and_what_is_opened_is_open() {
        let picture = nested();
        let mut folds = Folded::default();
        folds.choices.insert(sample::key(0), true);
        let closed = Levels::of(&picture.nodes, &folds);
        assert_eq!(closed.standins(&picture, 5.0).of, [0, 0, 0, 0, 4]);
        folds.choices.insert(sample::key(0), false);
        let open = Levels::of(&picture.nodes, &folds);
        assert_eq!(open.standins(&picture, 0.1).of[..2], [0, 1]);
    }

    #[test]
    fn a_closed_composite_is_drawn_by_itself_as_long_as_it_is_large_enough() {
        let picture = nested();
        let mut folds = Folded::default();
        folds.choices.insert(sample::key(0), true);
        let levels = Levels::of(&picture.nodes, &folds);
        let [far, near] = [0.015, 0.05].map(|zoom| levels.standins(&picture, zoom).of);
        assert_eq!(near[..4], [0; 4], "10 pixels");
        assert!(far.iter().all(|&standin| standin >= picture.nodes.len() as u32), "3 pixels: {far:?}");
    }

    #[test]
    fn small_discs_of_one_square_are_a_neighbourhood() {
        let picture =
            sample::picture(&[(None, 10.0, 10.0, 24.0), (None, 90.0, 10.0, 24.0), (None, 9000.0, 10.0, 24.0)], &[]);
        let levels = Levels::of(&picture.nodes, &Folded::default());
        let standins = levels.standins(&picture, 0.03);
        assert_eq!(standins.of, [3, 3, 4]);
        let span = standins.neighbourhoods[0].span;
        assert!(span.from <= 0.03 && span.until >= 0.03, "{span:?}");
        assert_eq!(levels.standins(&picture, 0.1).of, [0, 1, 2]);
    }

    #[test]
    fn composites_alike_open_together_and_others_do_not() {
        let rings = [(None, 900.0), (Some(0), 100.0), (Some(0), 130.0), (Some(0), 30.0), (None, 110.0)];
        let discs = [(Some(1), 24.0), (Some(2), 24.0), (Some(3), 24.0), (Some(4), 24.0)];
        let nodes: Vec<_> = rings.iter().chain(&discs).map(|&(parent, radius)| (parent, 0.0, 0.0, radius)).collect();
        let radii = common_radii(&sample::picture(&nodes, &[]).nodes);
        let middle = (100.0f32 * 130.0).sqrt();
        assert_eq!(radii[..5], [900.0, middle, middle, 30.0, 110.0], "the last is less deep");
        assert_eq!(radii[5..], [24.0; 4]);
    }

    #[test]
    fn the_level_follows_the_zoom_and_arrives() {
        let once = followed(1.0, 1.15, 0.016);
        assert!(1.0 < once && once < 1.02, "{once}");
        let (mut level, mut secs) = (0.02, 0.0);
        while level != 2.0 && secs < 9.0 {
            (level, secs) = (followed(level, 2.0, 0.016), secs + 0.016);
        }
        assert!(secs < 1.5, "{secs}");
        assert_eq!(followed(0.02, 2.0, f32::INFINITY), 2.0);
    }
}
