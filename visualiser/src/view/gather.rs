//! Seen from afar: what lies inside composites that are closed, or too small to be seen one by one, is gathered into one
//! disc, and the linkages between two such discs into one ribbon.

use bevy::math::{Rect, Vec2, Vec3};
use bevy::platform::collections::HashMap;

use super::flow::Stream;
use super::level::{FADE, Levels, Span, Standins};
use super::nodes::Neighbours;
use super::picture::{NodeKey, Picture, Trouble};

/// Ribbons between gathered discs at a time; the strongest of more are drawn.
const JOINS_MAX: usize = 6000;

/// World units: a neighbourhood of discs that stand close is filled by its crowd.
const RADIUS_OF_ONE: f32 = 46.0;

/// Small discs of one neighbourhood, as one.
pub(crate) struct Crowd {
    pub(crate) position: Vec3,
    /// World units: its area tells how much lies in it.
    pub(crate) radius: f32,
    /// Components, those inside composites included.
    pub(crate) count: u32,
    pub(crate) trouble: Trouble,
    /// The node whose type most of them have.
    pub(crate) like: u32,
    pub(crate) is_dimmed: bool,
    pub(crate) gone: bool,
    pub(crate) span: Span,
}

/// All linkages between two discs of which at least one stands for others.
#[derive(Clone)]
pub(crate) struct Gathered {
    pub(crate) from: Vec3,
    pub(crate) to: Vec3,
    /// The two nodes, unless one is a neighbourhood.
    nodes: Option<(NodeKey, NodeKey)>,
    /// Messages a second from the first to the second, and back.
    pub(crate) forth: f64,
    pub(crate) back: f64,
    pub(crate) count: u32,
    pub(crate) trouble: Trouble,
    pub(crate) is_dimmed: bool,
    pub(crate) gone: bool,
    pub(crate) span: Span,
}

impl Gathered {
    /// Messages a second, both ways.
    pub(crate) fn rate(&self) -> f64 {
        self.forth + self.back
    }

    pub(crate) fn stream(&self) -> Option<Stream> {
        self.nodes.map(|(from, to)| Stream::Gathered(from, to))
    }
}

/// What stands for what is not drawn by itself at some of the zooms of a canvas.
#[derive(Default)]
pub(crate) struct Afar {
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) joins: Vec<Gathered>,
    /// Ribbons that are too many to be drawn.
    pub(crate) left_out: usize,
}

impl Afar {
    /// Gathers for all of `zooms`: the furthest, the closest, and those between from which on neighbourhoods are others. What
    /// two have is there once.
    pub(crate) fn of(picture: &Picture, levels: &Levels, near: &Neighbours, zooms: Span) -> Self {
        let mut afar = Self::default();
        let furthest = zooms.from / FADE;
        if furthest >= levels.all_apart_from {
            return afar;
        }
        let between = Standins::zooms_between(furthest, zooms.until);
        let mut known: Option<Standins> = None;
        for zoom in [furthest].into_iter().chain(between).chain([zooms.until]) {
            let standins = levels.standins(picture, zoom);
            if known.as_ref() != Some(&standins) {
                afar.gather(picture, levels, near, zooms, (zoom, &standins), known.as_ref());
                known = Some(standins);
            }
        }
        afar
    }

    fn gather(
        &mut self,
        picture: &Picture,
        levels: &Levels,
        near: &Neighbours,
        zooms: Span,
        (zoom, standins): (f32, &Standins),
        known: Option<&Standins>,
    ) {
        let count = picture.nodes.len() as u32;
        let crowds = crowds(picture, near, standins);
        let span_of = |standin: u32| match standin.checked_sub(count) {
            Some(crowd) => standins.neighbourhoods[crowd as usize].span,
            None if levels.is_open(standin as usize, zooms.from) => levels.of_ring(standin as usize),
            None => levels.of_disc(standin as usize),
        };
        let disc = |standin: u32| match standin.checked_sub(count) {
            Some(crowd) => (crowds[crowd as usize].position, crowds[crowd as usize].radius),
            None => (picture.nodes[standin as usize].position, picture.nodes[standin as usize].radius),
        };
        let mut pairs: HashMap<(u32, u32), Gathered> = HashMap::default();
        for link in picture.links.iter().filter(|link| !link.passthrough) {
            let ends = [link.from, link.to].map(|dock| picture.boxes[dock as usize].node);
            let [from, to] = ends.map(|end| standins.of[end as usize]);
            // Boxes of a composite are drawn while that is open.
            let has_box = |end: u32| !picture.nodes[end as usize].is_composite() || levels.is_open(end as usize, zoom);
            let is_direct = [from, to] == ends && ends.iter().all(|&end| has_box(end));
            let is_known = known.is_some_and(|known| [from, to] == ends.map(|end| known.of[end as usize]))
                && from < count
                && to < count;
            if from == to || is_direct || is_known {
                continue;
            }
            let pair = pairs.entry((from.min(to), from.max(to))).or_insert(Gathered {
                from: Vec3::ZERO,
                to: Vec3::ZERO,
                nodes: None,
                forth: 0.0,
                back: 0.0,
                count: 0,
                trouble: Trouble::None,
                is_dimmed: true,
                gone: true,
                span: Span::ALWAYS,
            });
            *if from <= to { &mut pair.forth } else { &mut pair.back } += link.rate;
            pair.count += 1;
            pair.trouble = pair.trouble.max(link.trouble);
            pair.is_dimmed &= ends.iter().any(|&end| near.dims(end as usize));
            pair.gone &= link.gone;
        }
        let mut joins: Vec<((u32, u32), Gathered)> = pairs.into_iter().collect();
        // In an order of their own, so that the same is drawn the same.
        joins.sort_unstable_by(|a, b| {
            let rank = |join: &Gathered| (join.trouble, join.count);
            rank(&b.1).cmp(&rank(&a.1)).then(b.1.rate().total_cmp(&a.1.rate())).then(a.0.cmp(&b.0))
        });
        self.left_out = self.left_out.max(joins.len().saturating_sub(JOINS_MAX));
        joins.truncate(JOINS_MAX);
        joins.sort_unstable_by_key(|(pair, _)| *pair);
        for ((from, to), mut join) in joins {
            join.span = span_of(from).and(span_of(to));
            let Some(ends) = rim_to_rim(disc(from), disc(to)).filter(|_| join.span.meets(zooms)) else { continue };
            (join.from, join.to) = ends;
            if from.max(to) < count {
                join.nodes = Some((picture.nodes[from as usize].key, picture.nodes[to as usize].key));
            }
            self.joins.push(join);
        }
        self.crowds.extend(crowds.into_iter().filter(|crowd| crowd.span.meets(zooms)));
    }
}

fn crowds(picture: &Picture, near: &Neighbours, standins: &Standins) -> Vec<Crowd> {
    let nowhere = |neighbourhood: &super::level::Neighbourhood| Crowd {
        position: Vec3::ZERO,
        radius: 0.0,
        count: 0,
        trouble: Trouble::None,
        like: 0,
        is_dimmed: true,
        gone: true,
        span: neighbourhood.span,
    };
    let mut crowds: Vec<Crowd> = standins.neighbourhoods.iter().map(nowhere).collect();
    let mut discs = vec![0u32; crowds.len()];
    let mut votes = vec![0u32; crowds.len()];
    let count = picture.nodes.len() as u32;
    for (number, node) in picture.nodes.iter().enumerate() {
        let Some(crowd) = standins.of[number].checked_sub(count).map(|crowd| crowd as usize) else { continue };
        let (sum, vote) = (&mut crowds[crowd], &mut votes[crowd]);
        sum.trouble = sum.trouble.max(node.trouble());
        sum.is_dimmed &= near.dims(number);
        sum.gone &= node.gone;
        // Who is inside a composite that is part of the crowd is counted with that.
        if node.parent.is_some_and(|parent| standins.of[parent as usize] == standins.of[number]) {
            continue;
        }
        sum.count += node.inside.max(1);
        sum.position += node.position;
        discs[crowd] += 1;
        // The type of most of them, if one has the majority.
        if *vote == 0 {
            sum.like = number as u32;
        }
        let is_like = picture.nodes[sum.like as usize].type_name == node.type_name;
        *vote = if is_like { *vote + 1 } else { *vote - 1 };
    }
    for ((crowd, discs), neighbourhood) in crowds.iter_mut().zip(discs).zip(&standins.neighbourhoods) {
        // Discs do not overlap: each stays in its square, however full that is.
        crowd.radius = (RADIUS_OF_ONE * (crowd.count as f32).sqrt()).min(0.42 * neighbourhood.side);
        let room = Vec2::splat((0.46 * neighbourhood.side - crowd.radius).max(0.0));
        let off = (crowd.position / discs.max(1) as f32).truncate() - neighbourhood.middle;
        crowd.position = (neighbourhood.middle + off.clamp(-room, room)).extend(0.0);
    }
    crowds
}

/// The straight way between two discs, if there is any between their rims.
fn rim_to_rim((from, from_radius): (Vec3, f32), (to, to_radius): (Vec3, f32)) -> Option<(Vec3, Vec3)> {
    let way = to - from;
    let length = way.length();
    let along = way.try_normalize()?;
    (length > from_radius + to_radius).then(|| (from + along * from_radius, to - along * to_radius))
}

/// Whether any of a straight line may be seen in `rect`.
pub(crate) fn may_cross(rect: Rect, from: Vec3, to: Vec3) -> bool {
    let line = Rect::from_corners(from.truncate(), to.truncate());
    line.max.cmpge(rect.min).all() && line.min.cmple(rect.max).all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::folded::Folded;
    use crate::view::sample;

    fn afar(picture: &Picture, from: f32, until: f32) -> Afar {
        let levels = Levels::of(&picture.nodes, &Folded::default());
        Afar::of(picture, &levels, &Neighbours::default(), Span { from, until })
    }

    /// Two rings of two each.
    fn rings() -> Picture {
        sample::picture(
            &[
                (None, 0.0, 0.0, 100.0),
                (Some(0), -50.0, 0.0, 24.0),
                (Some(0), 50.0, 0.0, 24.0),
                (None, 400.0, 0.0, 100.0),
                (Some(3), 350.0, 0.0, 24.0),
                (Some(3), 450.0, 0.0, 24.0),
            ],
            &[(1, 2, 5.0), (2, 4, 10.0), (5, 1, 20.0), (4, 5, 7.0)],
        )
    }

    #[test]
    fn linkages_across_the_rims_of_closed_composites_are_one_ribbon() {
        let Afar { crowds, joins, left_out } = afar(&rings(), 0.12, 0.15);
        assert_eq!(left_out, 0);
        assert!(crowds.is_empty());
        assert_eq!(joins.len(), 1, "one for both ways, and none for what stays inside");
        assert_eq!((joins[0].forth, joins[0].back, joins[0].count), (10.0, 20.0, 2));
        assert_eq!((joins[0].from.x, joins[0].to.x), (100.0, 300.0));
    }

    #[test]
    fn nothing_is_gathered_close_up() {
        let Afar { crowds, joins, .. } = afar(&rings(), 0.5, 0.6);
        assert!(crowds.is_empty() && joins.is_empty());
    }

    #[test]
    fn while_they_open_both_can_be_seen() {
        let Afar { joins, .. } = afar(&rings(), 0.27, 0.35);
        assert_eq!(joins.len(), 1);
        assert!(joins[0].span.strength(0.27) > 0.99 && joins[0].span.strength(0.4) < 0.01, "{:?}", joins[0].span);
    }

    #[test]
    fn whatever_the_zoom_everything_is_shown() {
        let nodes: Vec<_> = (0..100).map(|n| (None, (n % 10) as f32 * 110.0, (n / 10) as f32 * 110.0, 24.0)).collect();
        let picture = sample::picture(&nodes, &[]);
        let levels = Levels::of(&picture.nodes, &Folded::default());
        for from in (0..120).map(|step| 0.02 * 1.02f32.powi(step)) {
            let afar = afar(&picture, from, 1.25 * from);
            for zoom in (0..=10).map(|step| from * (1.0 + 0.025 * step as f32)) {
                let together = |crowd: &Crowd| crowd.span.strength(zoom) * crowd.count as f32;
                let shown: f32 = afar.crowds.iter().map(together).sum();
                let alone: f32 = (0..100).map(|node| levels.of_disc(node).strength(zoom)).sum();
                // While one fades into the other both can be seen.
                assert!((90.0..=201.0).contains(&(shown + alone)), "{shown} and {alone} at {zoom} from {from}");
            }
        }
    }

    #[test]
    fn neighbourhoods_count_what_is_in_them_and_do_not_overlap() {
        let nodes: Vec<_> = (0..900).map(|n| (None, (n % 30) as f32 * 110.0, (n / 30) as f32 * 110.0, 24.0)).collect();
        let links: Vec<_> = (1..900).map(|n| (n - 1, n, 1.0)).collect();
        let mut picture = sample::picture(&nodes, &links);
        picture.nodes[77].fill = 1.0;
        let Afar { crowds, joins, .. } = afar(&picture, 0.045, 0.046);
        let at = |zoom: f32| crowds.iter().filter(move |crowd| crowd.span.strength(zoom) > 0.5);
        assert_eq!(at(0.045).map(|crowd| crowd.count).sum::<u32>(), 900);
        assert_eq!(at(0.045).filter(|crowd| crowd.trouble == Trouble::Alarm).count(), 1);
        let shown: Vec<&Crowd> = at(0.045).collect();
        for (number, a) in shown.iter().enumerate() {
            for b in &shown[..number] {
                assert!(a.position.distance(b.position) >= a.radius + b.radius);
            }
        }
        assert!(!joins.is_empty() && joins.len() < 200, "{} ribbons", joins.len());
    }
}
