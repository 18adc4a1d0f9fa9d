//! Puts the stage on the canvas, and decides when anything has to be drawn again.

use std::sync::Arc;
use std::time::Duration;

use bevy::prelude::*;
use bevy::winit::{UpdateMode, WinitSettings};

use super::VisualiserSystems;
use super::camera::Eye;
use super::draw::{Canvas, Instances};
use super::flow::Flows;
use super::palette::Palette;
use super::stage::{Look, Stage};
use super::{linkages, nodes, uses};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Painted>()
        .add_systems(Update, (paint_ground, paint_canvas, set_pace).chain().in_set(VisualiserSystems::Present));
}

/// What the canvas shows now.
#[derive(Resource, Default)]
struct Painted {
    of: Option<(u64, Look)>,
    flows: Flows,
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

fn paint_canvas(
    mut stage: ResMut<Stage>,
    look: Res<Look>,
    mut painted: ResMut<Painted>,
    mut canvas: ResMut<Canvas>,
    time: Res<Time<Real>>,
) {
    let version = stage.version;
    if painted.of.as_ref().is_some_and(|(of, with)| *of == version && *with == *look) {
        return;
    }
    painted.of = Some((version, look.clone()));
    let now = time.elapsed_secs_f64();
    let palette = Palette::of(look.theme);
    let near = nodes::Neighbours::of(&stage.picture, &look);
    painted.flows.advance(&stage.picture, now, look.still);

    let mut instances = Instances::default();
    nodes::push_grounds(&stage, palette, now, &mut instances);
    instances.shapes_below = instances.shapes.len();
    uses::push_uses(&stage.picture, &look, &near, palette, &mut instances);
    linkages::push_linkages(&stage.picture, &near, &painted.flows, palette, &mut instances);
    nodes::push_nodes(&mut stage, &look, &near, palette, now, &mut instances);
    *canvas = Canvas { generation: canvas.generation + 1, instances: Arc::new(instances), built_at: now };
}

/// Sixty frames a second while something moves; none at all otherwise, until something wakes the window.
fn set_pace(
    stage: Res<Stage>,
    eye: Res<Eye>,
    look: Res<Look>,
    painted: Res<Painted>,
    settings: Option<ResMut<WinitSettings>>,
) {
    let Some(mut settings) = settings else { return };
    let moving = stage.animating || eye.is_gliding() || painted.flows.any() && !look.still || !stage.ghosts.is_empty();
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
