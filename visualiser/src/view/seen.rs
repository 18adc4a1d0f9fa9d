//! Whether anybody can see the window: while nobody does, probes are asked to tell less often.

use bevy::ecs::system::NonSendMarker;
use bevy::prelude::*;
use bevy::window::{PrimaryWindow, WindowOccluded};
use bevy::winit::WINIT_WINDOWS;

use super::VisualiserSystems;
use super::stage::Watched;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, notice_onlookers.in_set(VisualiserSystems::Present));
}

/// How often a window that can be seen is asked whether it was made an icon: the answer comes from another process.
const ASK_SECS: f64 = 0.5;

#[derive(Default)]
struct Known {
    is_covered: bool,
    is_icon: bool,
    asked_at: Option<f64>,
}

fn notice_onlookers(
    mut covered: MessageReader<WindowOccluded>,
    mut known: Local<Known>,
    window: Query<Entity, With<PrimaryWindow>>,
    watched: Res<Watched>,
    time: Res<Time<Real>>,
    _main_thread: NonSendMarker,
) {
    if let Some(last) = covered.read().last() {
        known.is_covered = last.occluded;
    }
    let now = time.elapsed_secs_f64();
    // One that nobody sees is asked in every frame, of which there are few then, so that it wakes at once.
    if known.is_icon || known.asked_at.is_none_or(|at| now - at >= ASK_SECS) {
        known.asked_at = Some(now);
        known.is_icon = window.single().is_ok_and(|window| {
            WINIT_WINDOWS.with_borrow(|windows| windows.get_window(window).and_then(|window| window.is_minimized()))
                == Some(true)
        });
    }
    watched.0.set_looked_at(!known.is_covered && !known.is_icon);
}
