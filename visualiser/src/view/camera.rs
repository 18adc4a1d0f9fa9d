//! The eye: where it looks and how close, gliding, following what it was fitted to, and never stolen by what is new.

use axonscope_model::SystemId;
use bevy::camera::ScalingMode;
use bevy::prelude::*;

use super::VisualiserSystems;
use super::fit::{Covered, ZOOM_FIT, ZOOM_MIN, fitted};
use super::level::followed;
use super::palette::motion;
use super::picture::Picture;
use super::stage::{Look, Stage};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Eye>()
        .add_systems(Update, (follow_systems, glide_eye, ease_level).chain().in_set(VisualiserSystems::Arrange))
        .add_systems(Update, aim_camera.in_set(VisualiserSystems::Present));
}

/// The camera that draws the picture.
#[derive(Component)]
#[require(Camera2d)]
pub(crate) struct PictureCamera;

/// Where the picture is looked at from.
#[derive(Resource, Clone, Debug)]
pub(crate) struct Eye {
    /// The world point in the middle of the screen.
    pub(crate) center: Vec2,
    /// Logical pixels a world unit.
    pub(crate) zoom: f32,
    /// The zoom that is gone by where something appears or vanishes: it follows `zoom` in time, so that whatever it passes
    /// fades.
    pub(crate) level: f32,
    /// Logical pixels.
    pub(crate) screen: Vec2,
    pub(crate) covered: Covered,
    /// No closer than this when fitting.
    closest: f32,
    /// How often a person has moved it.
    moves: u64,
    glide: Option<Glide>,
    /// The systems that are kept in view until a person moves the eye.
    following: Option<Vec<SystemId>>,
    /// When the first system was seen, in seconds of the app's clock.
    first_seen_at: Option<f64>,
}

#[derive(Clone, Debug)]
struct Glide {
    from: (Vec2, f32),
    to: (Vec2, f32),
    /// From 0 to 1.
    done: f32,
    secs: f32,
}

/// What is covered above and below the picture while it is presented, in logical pixels.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Room {
    pub(crate) above: f32,
    pub(crate) below: f32,
}

const ZOOM_MAX: f32 = 6.0;
/// Programs that are started together appear together: for so long after the first system, in seconds, another one is
/// taken into view as well.
const TOGETHER_SECS: f64 = 3.0;

impl Default for Eye {
    fn default() -> Self {
        Self {
            center: Vec2::ZERO,
            zoom: 1.0,
            level: 1.0,
            screen: Vec2::new(1600.0, 1000.0),
            covered: Covered::default(),
            closest: ZOOM_FIT,
            moves: 0,
            glide: None,
            following: Some(Vec::new()),
            first_seen_at: None,
        }
    }
}

impl Eye {
    pub(crate) fn screen_from_world(&self, at: Vec2) -> Vec2 {
        let off = (at - self.center) * self.zoom;
        Vec2::new(off.x, -off.y) + self.screen / 2.0
    }

    pub(crate) fn world_from_screen(&self, at: Vec2) -> Vec2 {
        let off = at - self.screen / 2.0;
        self.center + Vec2::new(off.x, -off.y) / self.zoom
    }

    /// Moves the picture by logical pixels.
    pub(crate) fn pan(&mut self, by: Vec2) {
        self.center -= Vec2::new(by.x, -by.y) / self.zoom;
        self.let_go();
    }

    /// Comes `factor` times closer; the world point under `at` stays there.
    pub(crate) fn zoom_at(&mut self, at: Vec2, factor: f32) {
        let anchor = self.world_from_screen(at);
        self.zoom = (self.zoom * factor).clamp(ZOOM_MIN, ZOOM_MAX);
        self.center += anchor - self.world_from_screen(at);
        self.let_go();
    }

    /// Glides to where all of `rect` is seen beside the panels, and keeps `systems` in view from then on.
    pub(crate) fn fit(&mut self, rect: Rect, systems: Vec<SystemId>) {
        let to = self.fitted(rect);
        self.glide_to(to);
        self.following = Some(systems);
    }

    /// Glides to a point; keeps the zoom if that is close enough to read by.
    pub(crate) fn fly_to(&mut self, at: Vec2) {
        let zoom = self.zoom.max(1.0);
        self.glide_to((self.covered.center(at, zoom), zoom));
        self.following = None;
    }

    /// Glides to where all of `rect` is seen beside the panels.
    pub(crate) fn show(&mut self, rect: Rect) {
        let to = self.fitted(rect);
        self.glide_to(to);
        self.following = None;
    }

    /// Takes its time on the way, in seconds.
    pub(crate) fn show_slowly(&mut self, rect: Rect, secs: f32) {
        self.show(rect);
        if let Some(glide) = &mut self.glide {
            glide.secs = secs;
        }
    }

    /// It would have to go elsewhere to show `rect`, by more than so many logical pixels.
    pub(crate) fn is_off(&self, rect: Rect, by: f32) -> bool {
        let (center, zoom) = self.fitted(rect);
        (center - self.center).length() * self.zoom > by || !(0.93..=1.25).contains(&(zoom / self.zoom))
    }

    /// It shows `rect` already.
    pub(crate) fn is_at(&self, rect: Rect) -> bool {
        let (center, zoom) = self.fitted(rect);
        (center - self.center).length() * self.zoom < 2.0 && (zoom / self.zoom).ln().abs() < 0.01
    }

    /// How often a person has moved it: more than it was where somebody took it out of the hands of whoever moved it.
    pub(crate) fn moved_by_hand(&self) -> u64 {
        self.moves
    }

    /// Nothing but this covers the picture, of which all is as many times larger; or none of that any more.
    pub(crate) fn set_room(&mut self, room: Option<Room>, scale: f32) {
        let Room { above, below } = room.unwrap_or(Room { above: 0.0, below: 0.0 });
        self.covered = Covered { above, below, ..Covered::default() };
        self.closest = if room.is_some() { ZOOM_FIT * scale } else { ZOOM_FIT };
    }

    pub(crate) fn has_room(&self, room: Room) -> bool {
        self.covered == Covered { above: room.above, below: room.below, ..Covered::default() }
    }

    /// Glides as little as it takes for `rect`, or its middle where it is large, to lie beside the panels.
    pub(crate) fn uncover(&mut self, rect: Rect) {
        let (center, zoom) = self.glide.as_ref().map_or((self.center, self.zoom), |glide| glide.to);
        let half = (rect.half_size() * zoom + 24.0).min(0.25 * self.screen);
        let off = (rect.center() - center) * zoom;
        let at = Vec2::new(off.x, -off.y) + self.screen / 2.0;
        let Covered { left, right, below, .. } = self.covered;
        let min = half + Vec2::new(left, 0.0);
        let max = (self.screen - Vec2::new(right, below) - half).max(min);
        let by = at - at.clamp(min, max);
        if by.length() > 1.0 {
            self.glide_to((center + Vec2::new(by.x, -by.y) / zoom, zoom));
            self.following = None;
        }
    }

    /// Glides to where it was before.
    pub(crate) fn return_to(&mut self, center: Vec2, zoom: f32) {
        self.glide_to((center, zoom));
        self.following = None;
    }

    /// It was not taken over by a person; or all that was seen is gone.
    fn has_to_follow(&self, picture: &Picture) -> bool {
        self.glide.is_none() && self.following.is_some()
            || self.first_seen_at.is_some() && picture.bounds(None).is_none()
    }

    /// The first systems are fitted as they grow, until a person takes over; a system that appears later does not move the
    /// eye. Where nothing is left of what was seen, whatever comes next is first again.
    fn follow(&mut self, picture: &Picture, now: f64) {
        let Some(all) = picture.bounds(None) else {
            (self.first_seen_at, self.following, self.glide) = (None, Some(Vec::new()), None);
            return;
        };
        if now - *self.first_seen_at.get_or_insert(now) < TOGETHER_SECS {
            let placed = picture.systems.iter().filter(|hull| !hull.rect.is_empty());
            let is_first = self.following.as_ref().is_some_and(Vec::is_empty);
            self.following = Some(placed.map(|hull| hull.system).collect());
            if is_first {
                (self.center, self.zoom) = self.fitted(all);
            }
        }
        let Some(bounds) = picture.bounds(self.following.as_deref()) else { return };
        // Within these bounds the picture breathes without the eye moving; while the layout settles they are wider.
        if self.is_off(bounds, 60.0) {
            let systems = self.following.take().unwrap_or_default();
            self.fit(bounds, systems);
        }
    }

    /// Keeps these systems in view until a person moves the eye.
    pub(crate) fn keep_in_view(&mut self, systems: Vec<SystemId>) {
        self.following = Some(systems);
    }

    /// Stays where it is: a person has taken over.
    pub(crate) fn let_go(&mut self) {
        self.moves += 1;
        self.glide = None;
        self.following = None;
    }

    /// At once, for pictures without a window.
    pub(crate) fn jump_to_fit(&mut self, rect: Rect) {
        (self.center, self.zoom) = self.fitted(rect);
        self.glide = None;
        self.following = None;
    }

    pub(crate) fn is_gliding(&self) -> bool {
        self.glide.is_some() || self.level != self.zoom
    }

    fn glide_to(&mut self, to: (Vec2, f32)) {
        self.glide = Some(Glide { from: (self.center, self.zoom), to, done: 0.0, secs: motion::GLIDE });
    }

    fn fitted(&self, rect: Rect) -> (Vec2, f32) {
        fitted(rect, self.screen, self.covered, self.closest)
    }

    /// What can be seen, in world units.
    pub(crate) fn visible(&self) -> Rect {
        Rect::from_center_size(self.center, self.screen / self.zoom)
    }
}

fn follow_systems(mut eye: ResMut<Eye>, stage: Res<Stage>, time: Res<Time<Real>>) {
    let now = time.elapsed_secs_f64();
    if eye.has_to_follow(&stage.picture) {
        eye.follow(&stage.picture, now);
    }
}

fn glide_eye(mut eye: ResMut<Eye>, look: Res<Look>, time: Res<Time<Real>>) {
    let Some(mut glide) = eye.glide.take() else { return };
    let step = if look.still { 1.0 } else { time.delta_secs().min(0.1) / glide.secs.max(1e-3) };
    glide.done = (glide.done + step).min(1.0);
    let eased = glide.done * glide.done * (3.0 - 2.0 * glide.done);
    eye.center = glide.from.0.lerp(glide.to.0, eased);
    // Zoom by equal ratios in equal times, which looks steady.
    eye.zoom = glide.from.1 * (glide.to.1 / glide.from.1).powf(eased);
    if glide.done < 1.0 {
        eye.glide = Some(glide);
    }
}

/// What is passed last fades within a tenth of a second.
fn ease_level(mut eye: ResMut<Eye>, look: Res<Look>, time: Res<Time<Real>>) {
    if eye.level == eye.zoom {
        return;
    }
    let secs = if look.still { f32::INFINITY } else { time.delta_secs().min(0.1) };
    eye.level = followed(eye.level, eye.zoom, secs);
}

fn aim_camera(eye: Res<Eye>, mut camera: Query<(&mut Transform, &mut Projection), With<PictureCamera>>) {
    for (mut transform, mut projection) in &mut camera {
        let at = eye.center.extend(0.0);
        if transform.translation != at {
            transform.translation = at;
        }
        if let Projection::Orthographic(flat) = &*projection
            && flat.scale != 1.0 / eye.zoom
            && let Projection::Orthographic(flat) = &mut *projection
        {
            flat.scale = 1.0 / eye.zoom;
            flat.scaling_mode = ScalingMode::WindowSize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::Hull;
    use super::*;

    #[test]
    fn the_point_under_the_pointer_stays_there_while_zooming() {
        let mut eye = Eye { center: Vec2::new(3.0, -7.0), zoom: 0.8, ..Eye::default() };
        let pointer = Vec2::new(1234.0, 77.0);
        let before = eye.world_from_screen(pointer);
        eye.zoom_at(pointer, 1.7);
        assert!((eye.world_from_screen(pointer) - before).length() < 1e-2);
        assert!((eye.screen_from_world(before) - pointer).length() < 1e-2);
    }

    #[test]
    fn what_is_fitted_lies_beside_the_panels() {
        let covered = Covered { left: 320.0, right: 420.0, above: 64.0, below: 32.0 };
        let mut eye = Eye { covered, ..Eye::default() };
        let rect = Rect::from_corners(Vec2::new(-900.0, 100.0), Vec2::new(2000.0, 900.0));
        eye.jump_to_fit(rect);
        for corner in [rect.min, rect.max] {
            let at = eye.screen_from_world(corner);
            assert!(at.x > 320.0 && at.x < eye.screen.x - 420.0, "{at}");
            assert!(at.y > 64.0 && at.y < eye.screen.y - 32.0, "{at}");
        }
    }

    #[test]
    fn the_eye_knows_whether_it_is_where_it_would_go() {
        let mut eye = Eye::default();
        eye.set_room(Some(Room { above: 50.0, below: 80.0 }), 1.7);
        let rect = Rect::from_center_half_size(Vec2::new(40.0, -90.0), Vec2::new(700.0, 300.0));
        eye.jump_to_fit(rect);
        assert!(eye.is_at(rect) && !eye.is_off(rect, 24.0));
        let top = eye.screen_from_world(rect.max).y;
        let bottom = eye.screen_from_world(rect.min).y;
        assert!(top > 50.0 && bottom < eye.screen.y - 80.0, "{top} {bottom}");
        eye.pan(Vec2::new(30.0, 0.0));
        assert!(!eye.is_at(rect) && eye.is_off(rect, 24.0) && !eye.is_off(rect, 60.0));
        assert_eq!(eye.moved_by_hand(), 1);
    }

    #[test]
    fn what_a_panel_covers_comes_out_from_under_it_and_no_further() {
        let mut eye = Eye { covered: Covered { right: 420.0, below: 32.0, ..Covered::default() }, ..Eye::default() };
        let seen = Rect::from_center_half_size(eye.world_from_screen(Vec2::new(600.0, 400.0)), Vec2::splat(24.0));
        eye.uncover(seen);
        assert!(eye.glide.is_none(), "it can be seen already");
        let covered = Rect::from_center_half_size(eye.world_from_screen(Vec2::new(1500.0, 400.0)), Vec2::splat(24.0));
        eye.uncover(covered);
        (eye.center, eye.zoom) = eye.glide.take().map(|glide| glide.to).unwrap_or_default();
        let at = eye.screen_from_world(covered.center());
        assert!((at - Vec2::new(1600.0 - 420.0 - 48.0, 400.0)).length() < 1.0, "{at}");
    }

    #[test]
    fn whatever_comes_after_all_has_gone_is_first_again() {
        let picture = |at: f32| {
            let rect = Rect::from_center_size(Vec2::splat(at), Vec2::splat(400.0));
            let mut picture = Picture::default();
            picture.systems.push(Hull { system: SystemId(1), rect, ..Hull::default() });
            picture
        };
        let (mut eye, near, far) = (Eye::default(), picture(0.0), picture(90_000.0));
        eye.follow(&near, 1.0);
        eye.pan(Vec2::new(700.0, 0.0));
        assert!(!eye.has_to_follow(&far), "a person has taken over");
        assert!(eye.has_to_follow(&Picture::default()));
        eye.follow(&Picture::default(), 60.0);
        assert!(eye.has_to_follow(&far));
        eye.follow(&far, 90.0);
        assert!(eye.visible().contains(Vec2::splat(90_000.0)));
    }

    #[test]
    fn zoom_has_limits() {
        let mut eye = Eye::default();
        (0..200).for_each(|_| eye.zoom_at(Vec2::ZERO, 2.0));
        assert_eq!(eye.zoom, ZOOM_MAX);
        (0..200).for_each(|_| eye.zoom_at(Vec2::ZERO, 0.5));
        assert_eq!(eye.zoom, ZOOM_MIN);
        assert!(eye.center.is_finite());
    }
}
