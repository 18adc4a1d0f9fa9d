//! What is on stage: the latest picture, what is fading out of it, and whoever prepares the next.
//!
//! A small picture is prepared at once, where the frame is made; a large one aside, one at a time, while the last stays
//! on stage. Either way a frame in which nothing has changed costs nothing that grows with the picture.

use std::collections::VecDeque;
use std::sync::Arc;

use axonscope_session::names::Names;
use axonscope_session::{Session, Versions};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};

use super::VisualiserSystems;
use super::camera::Eye;
use super::canvas::Canvas;
use super::chosen::Closer;
use super::folded::Folded;
use super::folds::Folds;
use super::follow::Leaver;
use super::gather::Crowd;
use super::level::Levels;
use super::nodes::Neighbours;
use super::painter::{Painter, Painting, Reading, Shown};
use super::palette::{Theme, motion};
use super::picture::{NodeKey, Picture};
use super::scene::{Asked, Window};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Stage>()
        .init_resource::<Studio>()
        .init_resource::<Look>()
        .add_systems(Update, (take_picture, drop_ghosts).chain().in_set(VisualiserSystems::Receive))
        .add_systems(Update, prepare_picture.in_set(VisualiserSystems::Present));
}

/// The session whose systems are shown.
#[derive(Resource, Clone)]
pub struct Watched(pub Session);

/// The latest picture and what has just left it.
#[derive(Resource, Default)]
pub(crate) struct Stage {
    pub(crate) picture: Arc<Picture>,
    pub(crate) levels: Arc<Levels>,
    pub(crate) near: Arc<Neighbours>,
    pub(crate) folded: Arc<Folded>,
    pub(crate) ghosts: VecDeque<Ghost>,
    /// Rises with each picture.
    pub(crate) version: u64,
    /// Dashes travel on the canvas.
    pub(crate) travels: bool,
    /// Neighbourhoods on the canvas.
    pub(crate) crowds: Arc<Vec<Crowd>>,
    /// Gathered linkages for which the canvas has no room.
    pub(crate) left_out: usize,
    /// Rises with each canvas.
    pub(crate) hung: u64,
    /// The versions that what is on the canvas was read at, or after; none before the first.
    shows: Option<Versions>,
}

/// Where pictures are prepared.
#[derive(Resource)]
pub(crate) struct Studio {
    /// The painter, while it is not at work.
    painter: Option<Box<Painter>>,
    work: Option<Task<Prepared>>,
    /// When the work began, and before when no other begins: it takes no more than half the time there is. In seconds
    /// of the app's clock.
    began_at: f64,
    not_before: f64,
    /// Something is to be prepared then.
    is_due: bool,
    /// Everything is prepared at once, however large, for pictures without a window.
    pub(crate) at_once: bool,
}

/// The painter back, a reading if anything was different, and a painting.
type Prepared = (Box<Painter>, Option<Reading>, Painting);

impl Default for Studio {
    fn default() -> Self {
        Self {
            painter: Some(Box::default()),
            work: None,
            began_at: 0.0,
            not_before: 0.0,
            is_due: false,
            at_once: false,
        }
    }
}

impl Studio {
    /// What types are called; to be set before anything is prepared.
    pub(crate) fn set_names(&mut self, names: Arc<Names>) {
        if let Some(painter) = &mut self.painter {
            painter.set_names(names);
        }
    }

    /// Something is being prepared, or will be soon.
    pub(crate) fn is_at_work(&self) -> bool {
        self.work.is_some() || self.is_due
    }
}

/// A component that left a system which is still there.
pub(crate) struct Ghost {
    pub(crate) position: Vec3,
    pub(crate) radius: f32,
    pub(crate) name: Arc<str>,
    pub(crate) left_at: f64,
}

impl Ghost {
    /// How much of it is still to be seen: 1, then falling to 0.
    pub(crate) fn presence(&self, now: f64) -> f32 {
        let age = (now - self.left_at) as f32;
        (1.0 - (age - motion::GHOST) / motion::FADE).clamp(0.0, 1.0)
    }

    pub(crate) fn is_fading(&self, now: f64) -> bool {
        now - self.left_at > f64::from(motion::GHOST) - 0.1
    }
}

/// How a person looks at the picture.
#[derive(Resource, Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    pub(crate) selected: Option<NodeKey>,
    pub(crate) hovered: Option<NodeKey>,
    /// What is selected beside a component; ask [`Look::chosen`].
    pub(crate) closer: Option<Closer>,
    /// Nothing moves but what must: no growing, fading or gliding, and no travelling dashes.
    pub(crate) still: bool,
    /// The instant and the address are written into the picture.
    pub(crate) chrome: bool,
    /// How many times as large type and lines are as usual.
    pub(crate) scale: f32,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: Theme::Dark, selected: None, hovered: None, closer: None, still: false, chrome: true, scale: 1.0 }
    }
}

/// Ghosts at a time; a system that loses more at once shows the first of them.
const GHOSTS_MAX: usize = 64;
/// Nodes of a picture that is prepared at once: that takes less time than a frame and saves one.
const SMALL: usize = 1000;

impl Stage {
    /// What the canvas depends on. Who is hovered matters where something is used only.
    fn asked(&self, look: &Look, folds: &Folds) -> Asked {
        let hovered = look.hovered.filter(|_| !self.picture.uses.is_empty());
        Asked { theme: look.theme, selected: look.selected, hovered, still: look.still, folds: folds.clone() }
    }

    /// The versions that what can be seen was read at, or after; none before the first.
    pub(super) fn shows(&self) -> Option<Versions> {
        self.shows
    }

    /// How much of its way everything has gone that is not in its place.
    pub(crate) fn eased(&self, now: f64) -> f32 {
        self.picture.eased(now)
    }

    /// Something on stage grows, fades or eases.
    pub(crate) fn is_moving(&self, now: f64) -> bool {
        self.picture.is_easing_at(now) || self.ghosts.iter().any(|ghost| ghost.is_fading(now))
    }

    /// It is shown, and can be picked, at this zoom.
    pub(crate) fn is_shown(&self, node: usize, zoom: f32) -> bool {
        self.levels.is_apart(node, zoom)
    }

    fn hang(&mut self, painting: Painting, canvas: &mut Canvas) {
        (*canvas, self.travels, self.crowds) = (painting.canvas, painting.travels, painting.crowds);
        (self.left_out, self.shows) = (painting.left_out, painting.versions);
        self.hung += 1;
    }

    fn show(&mut self, reading: Reading, now: f64, look: &mut Look) {
        let Shown { picture, levels, near, folded } = reading.shown;
        for leaver in reading.leavers {
            let Leaver { position, radius, name } = leaver;
            self.ghosts.push_back(Ghost { position, radius, name, left_at: now });
        }
        (self.picture, self.levels, self.near, self.folded) = (picture, levels, near, folded);
        self.version += 1;
        if look.selected.is_some_and(|key| self.picture.node(key).is_none()) {
            look.selected = None;
        }
    }
}

/// Shows what has been prepared aside, and reads at once what is small.
fn take_picture(
    mut studio: ResMut<Studio>,
    mut stage: ResMut<Stage>,
    mut canvas: ResMut<Canvas>,
    watched: Res<Watched>,
    mut look: ResMut<Look>,
    folds: Res<Folds>,
    time: Res<Time<Real>>,
) {
    let now = time.elapsed_secs_f64();
    let studio = &mut *studio;
    if let Some((painter, reading, painting)) = studio.work.as_mut().and_then(check_ready) {
        studio.work = None;
        studio.painter = Some(painter);
        studio.not_before = now + (now - studio.began_at).min(0.25);
        if let Some(reading) = reading {
            stage.show(reading, now, &mut look);
        }
        stage.hang(painting, &mut canvas);
    }
    if let Some(painter) = &mut studio.painter
        && (studio.at_once || is_small(&watched.0, &stage))
        && painter.is_behind(&watched.0, look.selected, &folds)
    {
        let asked = stage.asked(&look, &folds);
        let room = GHOSTS_MAX.saturating_sub(stage.ghosts.len());
        if let Some(reading) = painter.read(&watched.0, &asked, now, room) {
            stage.show(reading, now, &mut look);
        }
    }
}

/// Paints what is small at once, and has the rest prepared aside.
#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn prepare_picture(
    mut studio: ResMut<Studio>,
    mut stage: ResMut<Stage>,
    mut canvas: ResMut<Canvas>,
    watched: Res<Watched>,
    look: Res<Look>,
    folds: Res<Folds>,
    eye: Res<Eye>,
    time: Res<Time<Real>>,
) {
    let now = time.elapsed_secs_f64();
    let asked = stage.asked(&look, &folds);
    let Some(mut painter) = studio.painter.take() else { return };
    let is_painted = painter.has_painted(&asked, &eye);
    let window = Window::round(&eye);
    let is_here = studio.at_once || is_small(&watched.0, &stage);
    studio.is_due = !is_here && (!is_painted || painter.is_behind(&watched.0, look.selected, &folds));
    if is_here {
        if !is_painted {
            let painting = painter.paint(&asked, window, now);
            stage.hang(painting, &mut canvas);
        }
    } else if studio.is_due && now >= studio.not_before {
        let session = watched.0.clone();
        let room = GHOSTS_MAX.saturating_sub(stage.ghosts.len());
        studio.began_at = now;
        studio.work = Some(AsyncComputeTaskPool::get().spawn(async move {
            let reading = painter.read(&session, &asked, now, room);
            let painting = painter.paint(&asked, window, now);
            (painter, reading, painting)
        }));
        return;
    }
    studio.painter = Some(painter);
}

/// As many places as there are nodes, and nobody has to wait for the model to know that.
fn is_small(session: &Session, stage: &Stage) -> bool {
    let to_come: usize = session.places().systems.iter().map(|system| system.places.len()).sum();
    to_come.max(stage.picture.nodes.len()) <= SMALL
}

/// Ghosts fade, and whoever takes the place of one drives it away.
fn drop_ghosts(mut stage: ResMut<Stage>, time: Res<Time<Real>>) {
    if stage.ghosts.is_empty() {
        return;
    }
    let now = time.elapsed_secs_f64();
    let Stage { picture, ghosts, .. } = &mut *stage;
    let is_taken = |ghost: &Ghost| {
        let near = Rect::from_center_half_size(ghost.position.truncate(), Vec2::splat(ghost.radius));
        picture
            .where_nodes
            .within(near)
            .into_iter()
            .map(|node| &picture.nodes[node as usize])
            .any(|node| !node.is_composite() && node.position.distance(ghost.position) < node.radius + ghost.radius)
    };
    ghosts.retain(|ghost| ghost.presence(now) > 0.0 && !is_taken(ghost));
}
