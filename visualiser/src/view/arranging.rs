//! Arranging by keys: how everything is arranged, and the way back; and what a person prefers, kept as it changes.

use std::sync::Arc;

use axonscope_session::Style;
use bevy::prelude::*;

use super::VisualiserSystems;
use super::camera::Eye;
use super::folds::{self, Folds};
use super::keys::{Does, Pressed};
use super::present::Presenting;
use super::report::Said;
use super::stage::{Look, Stage, Watched};
use crate::settings::Settings;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Settings>()
        .add_systems(Update, (press_keys, keep_settings).chain().in_set(VisualiserSystems::Arrange))
        .add_systems(Update, keep_folds.after(folds::fold).in_set(VisualiserSystems::Arrange));
}

/// The other arrangement, and the way back.
fn press_keys(pressed: Res<Pressed>, mut eye: ResMut<Eye>, stage: Res<Stage>, watched: Res<Watched>) {
    let session = &watched.0;
    for does in pressed.iter() {
        match does {
            Does::Redo => drop(session.redo()),
            Does::Undo => drop(session.undo()),
            Does::Layered => {
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
}

/// What is closed and opened by hand is kept by the session, which knows it again when a program starts anew; and what that
/// brings back, or undo, is shown.
fn keep_folds(
    mut folds: ResMut<Folds>,
    watched: Res<Watched>,
    mut last: Local<Option<(u64, Arc<axonscope_session::Folds>)>>,
) {
    let kept = watched.0.folds();
    match &*last {
        Some((version, _)) if *version != folds.version() => watched.0.fold_some(folds.changes_to(&kept)),
        Some((_, before)) if Arc::ptr_eq(before, &kept) => return,
        _ => folds.bypass_change_detection().take_kept(&kept),
    }
    *last = Some((folds.version(), watched.0.folds()));
}

/// Has settings written when they are different.
fn keep_settings(
    mut settings: ResMut<Settings>,
    mut said: ResMut<Said>,
    look: Res<Look>,
    presenting: Res<Presenting>,
    watched: Res<Watched>,
    mut looked: Local<Option<(super::palette::Theme, Style, bool, f32)>>,
    mut kept: Local<Option<Settings>>,
) {
    let now = (look.theme, watched.0.style(), look.still, presenting.scale());
    let before = looked.replace(now);
    if before != Some(now) {
        said.0.insert("arrangement".to_owned(), format!("{:?}", now.1).to_lowercase().into());
        said.0.insert("still".to_owned(), now.2.into());
    }
    // What the command line asks for is for this window only, until a person changes it.
    if before.is_some_and(|before| before.0 != now.0) {
        settings.theme = now.0;
    }
    if before.is_some_and(|before| before.1 != now.1) {
        settings.arrangement = now.1.into();
    }
    (settings.reduced_motion, settings.presenting_scale) = (now.2, now.3);
    if kept.as_ref() != Some(&*settings) {
        if kept.is_some() {
            settings.keep(watched.0.keeper());
        }
        *kept = Some(settings.clone());
    }
}
