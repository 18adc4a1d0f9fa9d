//! Which composites are closed: by a person, or because there are more nodes than can be looked at. What neither says
//! follows the zoom.

use std::sync::Arc;

use axonscope_model::{ComponentId, SystemId};
use bevy::platform::collections::HashMap;
use bevy::prelude::*;

use super::VisualiserSystems;
use super::camera::Eye;
use super::folded::Folded;
use super::going;
use super::keys::{Does, Pressed};
use super::picture::{Node, NodeKey, Picture};
use super::report::Said;
use super::stage::{Look, Stage};
use crate::options::FOLD_ABOVE;

pub(super) fn plugin(app: &mut App) {
    app.add_message::<Fold>()
        .init_resource::<Folds>()
        .add_systems(Update, (press_keys, fold).chain().after(going::go).in_set(VisualiserSystems::Arrange))
        .add_systems(Update, say_folded.in_set(VisualiserSystems::Present));
}

/// What a person asks to be opened or closed.
#[derive(Message, Clone, Copy, PartialEq, Debug)]
pub(crate) enum Fold {
    /// Closes what is open at this zoom, opens what is closed.
    Toggle(NodeKey),
    /// Closes everything from so many composites deep on; nothing by depth without one.
    Depth(Option<u32>),
    /// Opens whatever is closed round something, so that it is seen.
    Reveal(NodeKey),
    /// Everything follows the zoom again.
    Forget,
}

/// Composites that a person has closed or opened. A copy costs nothing, and equal means the same choices.
#[derive(Resource, Clone, Debug)]
pub(crate) struct Folds {
    /// True for closed.
    by_hand: Arc<HashMap<NodeKey, bool>>,
    depth: Option<u32>,
    budget: usize,
    /// Rises with each choice.
    version: u64,
}

impl Default for Folds {
    fn default() -> Self {
        Self { by_hand: Arc::default(), depth: None, budget: FOLD_ABOVE, version: 0 }
    }
}

impl PartialEq for Folds {
    fn eq(&self, other: &Self) -> bool {
        (self.version, self.depth, self.budget) == (other.version, other.depth, other.budget)
    }
}

/// Choices that are kept; one too many is refused.
const BY_HAND_MAX: usize = 16_384;

impl Folds {
    pub(crate) fn with_budget(budget: usize) -> Self {
        Self { budget, ..Self::default() }
    }

    /// Closes (true) or opens (false) a composite, or lets it follow depth and zoom.
    pub(crate) fn set(&mut self, composite: NodeKey, closed: Option<bool>) {
        if self.by_hand.get(&composite).copied() == closed || self.by_hand.len() >= BY_HAND_MAX && closed.is_some() {
            return;
        }
        let by_hand = Arc::make_mut(&mut self.by_hand);
        match closed {
            Some(closed) => drop(by_hand.insert(composite, closed)),
            None => drop(by_hand.remove(&composite)),
        }
        self.version += 1;
    }

    /// Closes everything that lies in so many composites, or nothing by its depth; choices for single ones are
    /// forgotten.
    pub(crate) fn depth(&mut self, depth: Option<u32>) {
        (self.by_hand, self.depth) = (Arc::default(), depth);
        self.version += 1;
    }

    /// Another number for other choices.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What has to be chosen otherwise among what is `kept` for these to be the choices.
    pub(crate) fn changes_to(&self, kept: &axonscope_session::Folds) -> Vec<(SystemId, ComponentId, Option<bool>)> {
        let new = self.by_hand.iter().filter(|(key, closed)| kept.get(*key) != Some(closed));
        let gone = kept.keys().filter(|key| !self.by_hand.contains_key(*key));
        new.map(|(key, closed)| (key.0, key.1, Some(*closed))).chain(gone.map(|key| (key.0, key.1, None))).collect()
    }

    /// Makes what is kept the choices.
    pub(crate) fn take_kept(&mut self, kept: &axonscope_session::Folds) {
        let is_same =
            kept.len() == self.by_hand.len() && kept.iter().all(|(key, closed)| self.by_hand.get(key) == Some(closed));
        if !is_same {
            self.by_hand = Arc::new(kept.iter().take(BY_HAND_MAX).map(|(key, closed)| (*key, *closed)).collect());
            self.version += 1;
        }
    }

    /// How many nodes may be shown before composites are closed for want of room.
    pub(crate) fn set_budget(&mut self, budget: usize) {
        self.budget = budget;
    }

    /// What is closed among `nodes`, of which parents come before what they contain; `before` was until now.
    pub(crate) fn folded(&self, nodes: &[Node], before: &Folded) -> Folded {
        Folded::of(nodes, |composite, depth| self.choice(composite, depth), self.budget, before)
    }

    fn choice(&self, composite: NodeKey, depth: u32) -> Option<bool> {
        let by_depth = || self.depth.is_some_and(|closed_from| depth >= closed_from).then_some(true);
        self.by_hand.get(&composite).copied().or_else(by_depth)
    }
}

/// Rings smaller than this are flown to when they are opened, in logical pixels.
const RADIUS_TO_SEE_INTO: f32 = 90.0;

pub(super) fn fold(mut asked: MessageReader<Fold>, mut folds: ResMut<Folds>, stage: Res<Stage>, mut eye: ResMut<Eye>) {
    for fold in asked.read() {
        match *fold {
            Fold::Toggle(key) => {
                let Some(&number) = stage.picture.index.get(&key) else { continue };
                let node = &stage.picture.nodes[number as usize];
                if !node.is_composite() {
                    continue;
                }
                let is_open = stage.levels.is_open(number as usize, eye.zoom);
                folds.set(key, Some(is_open));
                if !is_open && node.ring * eye.zoom < RADIUS_TO_SEE_INTO {
                    eye.show(Rect::from_center_half_size(node.position.truncate(), Vec2::splat(node.ring * 1.2)));
                }
            }
            Fold::Reveal(key) => {
                for composite in around(&stage.picture, key).filter(|composite| stage.folded.closes(*composite)) {
                    folds.set(composite, Some(false));
                }
            }
            Fold::Depth(depth) => folds.depth(depth),
            Fold::Forget => folds.depth(None),
        }
    }
}

/// The composites that something is in, from the innermost.
fn around(picture: &Picture, key: NodeKey) -> impl Iterator<Item = NodeKey> {
    let parent = |node: &&Node| node.parent.map(|parent| &picture.nodes[parent as usize]);
    std::iter::successors(picture.node(key), parent).skip(1).map(|node| node.key)
}

/// `C` opens and closes what is selected; comma and full stop close and open a depth of all.
fn press_keys(
    pressed: Res<Pressed>,
    look: Res<Look>,
    folds: Res<Folds>,
    stage: Res<Stage>,
    mut fold: MessageWriter<Fold>,
) {
    let deepest = || deepest(&stage.picture.nodes);
    for does in pressed.iter() {
        match does {
            Does::FoldShallower => {
                fold.write(Fold::Depth(Some(folds.depth.unwrap_or(deepest() + 1).saturating_sub(1))));
            }
            Does::FoldDeeper => {
                fold.write(Fold::Depth(folds.depth.map(|depth| depth + 1).filter(|&depth| depth <= deepest())));
            }
            Does::FoldByZoom => drop(fold.write(Fold::Forget)),
            Does::Fold => {
                // Of what is no composite, the one it is in.
                let node = look.selected.and_then(|key| stage.picture.node(key));
                let key = node.and_then(|node| match node.parent {
                    _ if node.is_composite() => Some(node.key),
                    parent => parent.map(|parent| stage.picture.nodes[parent as usize].key),
                });
                fold.write_batch(key.map(Fold::Toggle));
            }
            _ => {}
        }
    }
}

/// How many composites the deepest composite lies in.
fn deepest(nodes: &[Node]) -> u32 {
    let mut depths = Vec::with_capacity(nodes.len());
    let mut deepest = 0;
    for node in nodes {
        let depth = node.parent.map_or(0, |parent: u32| depths[parent as usize] + 1);
        depths.push(depth);
        if node.is_composite() {
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn say_folded(stage: Res<Stage>, mut said: ResMut<Said>, mut told: Local<Option<(usize, usize, usize)>>) {
    let folded = &stage.folded;
    let now = (folded.closed, folded.shown, folded.all);
    if told.replace(now) != Some(now) {
        said.0.insert("folded".into(), serde_json::json!({ "closed": now.0, "shown": now.1, "of": now.2 }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sample::{self, key};

    /// A ring of a ring of two and one more, and a ring of three beside.
    fn nested() -> Picture {
        let rings = [(None, 300.0), (Some(0), 100.0), (Some(1), 24.0), (Some(1), 24.0), (Some(0), 24.0), (None, 200.0)];
        let discs = [(Some(5), 24.0), (Some(5), 24.0), (Some(5), 24.0)];
        let nodes: Vec<_> = rings.iter().chain(&discs).map(|&(parent, radius)| (parent, 0.0, 0.0, radius)).collect();
        sample::picture(&nodes, &[])
    }

    #[test]
    fn what_is_as_deep_and_as_full_as_the_last_is_closed_with_it() {
        let rings = [(None, 100.0), (None, 100.0), (None, 100.0), (None, 100.0)];
        let discs = [0, 0, 1, 1, 2, 2, 3].map(|ring| (Some(ring), 24.0));
        let nodes: Vec<_> = rings.iter().chain(&discs).map(|&(parent, radius)| (parent, 0.0, 0.0, radius)).collect();
        let folded = Folds::with_budget(9).folded(&sample::picture(&nodes, &[]).nodes, &Folded::default());
        assert_eq!((closed(&folded), folded.shown), (vec![0, 1, 2], 5), "one alone would have done");
    }

    #[test]
    fn what_something_is_in_is_told_from_the_innermost() {
        let picture = nested();
        assert_eq!(around(&picture, key(2)).collect::<Vec<_>>(), [key(1), key(0)]);
        assert_eq!(around(&picture, key(5)).count(), 0);
        assert_eq!(around(&picture, (SystemId(99), ComponentId(99))).count(), 0);
    }

    fn closed(folded: &Folded) -> Vec<u32> {
        (0..9).filter(|&node| folded.choices.get(&key(node)) == Some(&true)).collect()
    }

    #[test]
    fn within_the_budget_nothing_is_closed() {
        let folded = Folds::with_budget(9).folded(&nested().nodes, &Folded::default());
        assert_eq!((closed(&folded), folded.shown, folded.all), (vec![], 9, 9));
    }

    #[test]
    fn above_the_budget_the_deepest_are_closed_first_and_then_the_fullest() {
        let nodes = nested().nodes;
        for (budget, expected, shown) in
            [(8, vec![1], 7), (7, vec![1], 7), (6, vec![1, 5], 4), (3, vec![0, 1, 5], 2), (0, vec![0, 1, 5], 2)]
        {
            let folded = Folds::with_budget(budget).folded(&nodes, &Folded::default());
            assert_eq!((closed(&folded), folded.shown), (expected, shown), "{budget}");
        }
    }

    #[test]
    fn what_a_person_opened_is_closed_last() {
        let nodes = nested().nodes;
        let mut folds = Folds::with_budget(6);
        folds.set(key(1), Some(false));
        let folded = folds.folded(&nodes, &Folded::default());
        assert_eq!((closed(&folded), folded.shown), (vec![5], 6));
        folds.set_budget(3);
        assert_eq!(closed(&folds.folded(&nodes, &Folded::default())), [0, 5]);
    }

    #[test]
    fn what_was_closed_stays_closed_until_there_is_room_enough() {
        let nodes = nested().nodes;
        let before = Folds::with_budget(8).folded(&nodes, &Folded::default());
        let same = Folds::with_budget(8).folded(&nodes, &before);
        assert_eq!(same, before);
        let tight = Folds::with_budget(8).folded(&nodes[..8], &before);
        assert_eq!((closed(&tight), tight.shown), (vec![1], 6), "all eight would fit, but only just");
        let fewer = Folds::with_budget(8).folded(&nodes[..7], &before);
        assert_eq!((closed(&fewer), fewer.shown), (vec![], 7));
        let roomy = Folds::with_budget(20).folded(&nodes, &before);
        assert_eq!((closed(&roomy), roomy.by_budget()), (vec![], 0));
        assert_eq!(closed(&Folds::with_budget(8).folded(&nodes, &before)), [1]);
    }

    #[test]
    fn a_depth_closes_all_that_lie_so_deep_and_single_choices_come_first() {
        let nodes = nested().nodes;
        let mut folds = Folds::default();
        folds.depth(Some(1));
        let by_depth = folds.folded(&nodes, &Folded::default());
        assert_eq!((closed(&by_depth), by_depth.shown), (vec![1], 7));
        folds.depth(Some(0));
        folds.set(key(5), Some(false));
        let folded = folds.folded(&nodes, &Folded::default());
        assert_eq!((closed(&folded), folded.closed, folded.shown), (vec![0, 1], 2, 5));
        let before = folds.clone();
        folds.set(key(5), None);
        assert!(folds != before);
        assert_eq!(closed(&folds.folded(&nodes, &Folded::default())), [0, 1, 5]);
        assert_eq!(deepest(&nodes), 1);
    }
}
