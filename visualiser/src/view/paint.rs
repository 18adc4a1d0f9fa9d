//! Paints what changes with nearly every frame and is little, and decides when anything has to be drawn again.

use std::time::Duration;

use bevy::prelude::*;
use bevy::winit::{UpdateMode, WinitSettings};

use super::VisualiserSystems;
use super::camera::Eye;
use super::canvas::{Overlay, Shape, kind};
use super::chosen;
use super::finding::{rows::Table, twigs::Tree};
use super::nodes;
use super::palette::{Palette, Rgba, size};
use super::present::Presenting;
use super::stage::{Ghost, Look, Stage, Studio, Watched, prepare_picture};

pub(super) fn plugin(app: &mut App) {
    let systems = (paint_ground, paint_marks, set_pace).chain().after(prepare_picture);
    app.add_systems(Update, systems.in_set(VisualiserSystems::Present));
}

/// From one frame to the next while something moves.
const FRAME: Duration = Duration::from_micros(16_600);
/// With nothing moving, how long figures that only time changes may stand: the uptime in a hull, and seconds in the
/// inspector.
const IDLE: Duration = Duration::from_secs(60);
const IDLE_INSPECTING: Duration = Duration::from_secs(1);

fn paint_ground(look: Res<Look>, mut clear: ResMut<ClearColor>) {
    let ground = Palette::of(look.theme).ground.bevy();
    if clear.0 != ground {
        clear.0 = ground;
    }
}

/// Rings round what is selected or hovered, and ghosts.
fn paint_marks(
    stage: Res<Stage>,
    look: Res<Look>,
    eye: Res<Eye>,
    presenting: Res<Presenting>,
    mut overlay: ResMut<Overlay>,
    time: Res<Time<Real>>,
) {
    let now = time.elapsed_secs_f64();
    let palette = Palette::of(look.theme);
    let ghost = |ghost: &Ghost| {
        let rim = palette.faint.fade(0.8 * ghost.presence(now));
        let shape = Shape::disc(ghost.position, ghost.radius, Rgba::CLEAR, rim, size::HAIRLINE);
        shape.with_kind(kind::DASHED, 0.0, 16.0)
    };
    let part = presenting.part();
    let marks = nodes::marks(&stage, &look, part, eye.zoom, stage.eased(now), palette);
    let beside = chosen::marks(&stage.picture, look.chosen(), palette);
    overlay.marks = stage.ghosts.iter().map(ghost).chain(marks).chain(beside).collect();
}

/// The event loop draws a frame whenever it is told to wait otherwise than before; so what is due is waited for in whole
/// steps, which are the same from one frame to the next.
fn in_steps(due: Duration) -> Duration {
    const STEP: Duration = Duration::from_millis(500);
    let steps = due.as_millis().div_ceil(STEP.as_millis()) as u32;
    if due.is_zero() { FRAME } else { STEP * steps.max(1) }
}

/// Sixty frames a second while something moves; none at all otherwise, until something wakes the window.
#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn set_pace(
    stage: Res<Stage>,
    studio: Res<Studio>,
    eye: Res<Eye>,
    look: Res<Look>,
    table: Res<Table>,
    tree: Res<Tree>,
    presenting: Res<Presenting>,
    watched: Res<Watched>,
    settings: Option<ResMut<WinitSettings>>,
    time: Res<Time<Real>>,
) {
    let Some(mut settings) = settings else { return };
    let is_moving = stage.is_moving(time.elapsed_secs_f64()) || !stage.ghosts.is_empty();
    let reads = table.rows.is_at_work() || tree.twigs.is_at_work();
    let moving = is_moving || reads || eye.is_gliding() || stage.travels || studio.is_at_work();
    // For the first minute it is told in seconds how long ago.
    let now_ns = watched.0.now_ns();
    let is_recent = |since_ns: u64| now_ns.saturating_sub(since_ns) < 60_000_000_000;
    let is_ticking = stage.picture.systems.iter().any(|hull| hull.since_ns.is_some_and(is_recent));
    let wait = match (moving, look.chosen()) {
        (true, _) => FRAME,
        (false, Some(_)) => IDLE_INSPECTING,
        (false, None) if is_ticking => IDLE_INSPECTING,
        (false, None) => IDLE,
    };
    let due = presenting.wakes_in(time.elapsed_secs_f64(), &watched.0);
    let wait = due.map_or(wait, |due| wait.min(in_steps(due)));
    let mode = UpdateMode::reactive_low_power(wait);
    if settings.focused_mode != mode {
        settings.focused_mode = mode;
        settings.unfocused_mode = mode;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_waited_for_in_whole_steps() {
        let steps = |ms| in_steps(Duration::from_millis(ms)).as_millis();
        assert_eq!((steps(10_490), steps(10_470), steps(500), steps(3)), (10_500, 10_500, 500, 500));
        assert_eq!(in_steps(Duration::ZERO), FRAME);
        assert_eq!(in_steps(Duration::from_micros(3)).as_millis(), 500);
    }
}
