//! What is on stage: the latest picture, what is fading out of it, and when something has to move.

use std::collections::VecDeque;

use axonscope_session::{Session, Versions};
use bevy::prelude::*;

use super::VisualiserSystems;
use super::palette::{Theme, TypeHues, motion};
use super::picture::{NodeKey, Picture};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Stage>()
        .init_resource::<Look>()
        .add_systems(Update, receive_picture.in_set(VisualiserSystems::Receive))
        .add_systems(Update, ease_nodes.in_set(VisualiserSystems::Arrange));
}

/// The session whose systems are shown.
#[derive(Resource, Clone)]
pub struct Watched(pub Session);

/// The latest picture and what has just left it.
#[derive(Resource, Default)]
pub(crate) struct Stage {
    pub(crate) picture: Picture,
    pub(crate) ghosts: VecDeque<Ghost>,
    /// Rises with everything that changes what is drawn.
    pub(crate) version: u64,
    /// Something on stage is still growing, fading or easing.
    pub(crate) animating: bool,
    pub(crate) hues: TypeHues,
    seen: Option<(Versions, Option<NodeKey>)>,
}

/// A component that left a system which is still there.
pub(crate) struct Ghost {
    pub(crate) position: Vec3,
    pub(crate) radius: f32,
    pub(crate) name: String,
    pub(crate) left_at: f64,
}

impl Ghost {
    /// How much of it is still to be seen: 1, then falling to 0.
    pub(crate) fn presence(&self, now: f64) -> f32 {
        let age = (now - self.left_at) as f32;
        (1.0 - (age - motion::GHOST) / motion::FADE).clamp(0.0, 1.0)
    }
}

/// How a person looks at the picture.
#[derive(Resource, Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    pub(crate) selected: Option<NodeKey>,
    pub(crate) hovered: Option<NodeKey>,
    /// Nothing moves but what must: no growing, fading or gliding, and no travelling dashes.
    pub(crate) still: bool,
    /// The instant and the address are written into the picture.
    pub(crate) chrome: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: Theme::Dark, selected: None, hovered: None, still: false, chrome: true }
    }
}

/// Ghosts at a time; a system that loses more at once shows the first of them.
const GHOSTS_MAX: usize = 64;

fn receive_picture(mut stage: ResMut<Stage>, watched: Res<Watched>, mut look: ResMut<Look>, time: Res<Time<Real>>) {
    let now = time.elapsed_secs_f64();
    let versions = watched.0.versions();
    if stage.seen.as_ref() == Some(&(versions, look.selected)) {
        return;
    }
    stage.seen = Some((versions, look.selected));
    let places = watched.0.places();
    let picture = watched.0.read(|model| Picture::read(model, &places, look.selected));
    stage.change_to(picture, now, look.still);
    if look.selected.is_some_and(|key| stage.picture.node(key).is_none()) {
        look.selected = None;
    }
}

impl Stage {
    /// The versions that the picture on stage was read at, or after; none before the first.
    pub(super) fn shows(&self) -> Option<Versions> {
        self.seen.map(|(versions, _)| versions)
    }

    /// Shows another picture: what is new is born now, what is missing leaves a ghost, what stays keeps its age and eases
    /// to its new place.
    pub(crate) fn change_to(&mut self, mut picture: Picture, now: f64, still: bool) {
        let old = std::mem::take(&mut self.picture);
        for node in &mut picture.nodes {
            match old.node(node.key) {
                Some(before) => {
                    node.born_at = before.born_at;
                    node.eased_from(before);
                }
                None => node.born_at = if still { f64::NEG_INFINITY } else { now },
            }
        }
        for node in old.nodes.iter().filter(|node| !still && !picture.index.contains_key(&node.key)) {
            let stays = picture.systems.iter().any(|hull| hull.system == node.key.0);
            if stays && self.ghosts.len() < GHOSTS_MAX {
                let (position, radius, name) = (node.position, node.radius, node.name.clone());
                self.ghosts.push_back(Ghost { position, radius, name, left_at: now });
            }
        }
        self.picture = picture;
        self.version += 1;
    }
}

fn ease_nodes(mut stage: ResMut<Stage>, look: Res<Look>, time: Res<Time<Real>>) {
    let now = time.elapsed_secs_f64();
    let stage = &mut *stage;
    let nodes = &stage.picture.nodes;
    // Whoever takes its place drives a ghost away.
    let is_taken = |ghost: &Ghost| {
        nodes
            .iter()
            .any(|node| !node.is_composite() && node.position.distance(ghost.position) < node.radius + ghost.radius)
    };
    stage.ghosts.retain(|ghost| ghost.presence(now) > 0.0 && !is_taken(ghost));
    // Nine tenths of the way in a fifth of a second, whatever the frame rate.
    let step = if look.still { 1.0 } else { 1.0 - (-time.delta_secs().min(0.1) * 12.0).exp() };
    let mut easing = false;
    for node in &mut stage.picture.nodes {
        easing |= node.ease(step);
    }
    if easing {
        stage.picture.turn_docks();
    }
    let growing = stage.picture.nodes.iter().any(|node| now - node.born_at < f64::from(motion::GROW));
    let fading = stage.ghosts.iter().any(|ghost| now - ghost.left_at > f64::from(motion::GHOST) - 0.1);
    stage.animating = easing || growing || fading;
    if stage.animating {
        stage.version += 1;
    }
}
