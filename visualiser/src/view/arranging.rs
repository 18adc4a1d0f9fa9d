//! Arranging by keys: how everything is arranged, and the way back; and what a person prefers, kept as it changes.

use axonscope_session::Style;
use bevy::prelude::*;

use super::VisualiserSystems;
use super::camera::Eye;
use super::report::Said;
use super::stage::{Look, Stage, Watched};
use crate::settings::Settings;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Settings>()
        .add_systems(Update, (press_keys, keep_settings).chain().in_set(VisualiserSystems::Arrange));
}

/// Y for the other arrangement, and the usual keys for taking back and doing again.
fn press_keys(
    keys: Res<ButtonInput<KeyCode>>,
    mut contexts: bevy_egui::EguiContexts,
    mut eye: ResMut<Eye>,
    stage: Res<Stage>,
    watched: Res<Watched>,
) -> Result {
    if keys.get_just_pressed().next().is_none() || contexts.ctx_mut()?.egui_wants_keyboard_input() {
        return Ok(());
    }
    let session = &watched.0;
    let command =
        is_held(&keys, [KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::SuperLeft, KeyCode::SuperRight]);
    let shift = is_held(&keys, [KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    for key in keys.get_just_pressed() {
        match (key, command) {
            (KeyCode::KeyZ, true) if shift => drop(session.redo()),
            (KeyCode::KeyZ, true) => drop(session.undo()),
            (KeyCode::KeyY, true) => drop(session.redo()),
            (KeyCode::KeyY, false) => {
                session.set_style(match session.style() {
                    Style::Force => Style::Layered,
                    Style::Layered => Style::Force,
                });
                // Everything goes elsewhere, and the eye with it.
                eye.keep_in_view(stage.picture.systems.iter().map(|hull| hull.system).collect());
            }
            _ => {}
        }
    }
    Ok(())
}

/// One of them goes with what is pressed in this frame: a quick press may be over before the frame that tells of it.
fn is_held<const N: usize>(keys: &ButtonInput<KeyCode>, any: [KeyCode; N]) -> bool {
    keys.any_pressed(any) || keys.any_just_pressed(any) || keys.any_just_released(any)
}

/// Has settings written when they are different.
fn keep_settings(
    mut settings: ResMut<Settings>,
    mut said: ResMut<Said>,
    look: Res<Look>,
    watched: Res<Watched>,
    mut looked: Local<Option<(super::palette::Theme, Style)>>,
    mut kept: Local<Option<Settings>>,
) {
    let now = (look.theme, watched.0.style());
    let before = looked.replace(now);
    if before != Some(now) {
        said.0.insert("arrangement".to_owned(), format!("{:?}", now.1).to_lowercase().into());
    }
    // What the command line asks for is for this window only, until a person changes it.
    if before.is_some_and(|before| before.0 != now.0) {
        settings.theme = now.0;
    }
    if before.is_some_and(|before| before.1 != now.1) {
        settings.arrangement = now.1.into();
    }
    if kept.as_ref() != Some(&*settings) {
        if kept.is_some() {
            settings.keep(watched.0.keeper());
        }
        *kept = Some(settings.clone());
    }
}
