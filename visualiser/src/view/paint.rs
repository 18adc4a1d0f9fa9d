//! Paints what changes with nearly every frame and is little, and decides when anything has to be drawn again.

use std::time::Duration;

use bevy::prelude::*;
use bevy::winit::{UpdateMode, WinitSettings};

use super::VisualiserSystems;
use super::camera::Eye;
use super::canvas::{Overlay, Shape, kind};
use super::finding::{rows::Table, twigs::Tree};
use super::nodes;
use super::palette::{Palette, Rgba, size};
use super::stage::{Ghost, Look, Stage, Studio, prepare_picture};

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
fn paint_marks(stage: Res<Stage>, look: Res<Look>, mut overlay: ResMut<Overlay>, time: Res<Time<Real>>) {
    let now = time.elapsed_secs_f64();
    let palette = Palette::of(look.theme);
    let ghost = |ghost: &Ghost| {
        let rim = palette.faint.fade(0.8 * ghost.presence(now));
        let shape = Shape::disc(ghost.position, ghost.radius, Rgba::CLEAR, rim, size::HAIRLINE);
        shape.with_kind(kind::DASHED, 0.0, 16.0)
    };
    let marks = nodes::marks(&stage.picture, look.selected, look.hovered, stage.eased(now), palette);
    overlay.marks = stage.ghosts.iter().map(ghost).chain(marks).collect();
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
    settings: Option<ResMut<WinitSettings>>,
    time: Res<Time<Real>>,
) {
    let Some(mut settings) = settings else { return };
    let is_moving = stage.is_moving(time.elapsed_secs_f64()) || !stage.ghosts.is_empty();
    let reads = table.rows.is_at_work() || tree.twigs.is_at_work();
    let moving = is_moving || reads || eye.is_gliding() || stage.travels || studio.is_at_work();
    let wait = match (moving, look.selected) {
        (true, _) => FRAME,
        (false, Some(_)) => IDLE_INSPECTING,
        (false, None) => IDLE,
    };
    let mode = UpdateMode::reactive_low_power(wait);
    if settings.focused_mode != mode {
        settings.focused_mode = mode;
        settings.unfocused_mode = mode;
    }
}
