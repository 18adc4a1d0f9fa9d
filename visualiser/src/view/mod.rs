//! The picture: Bevy plugins, one concern a file, reading model and layout through the session.
//!
//! Facts go one way: `painter` reads what changed into a picture and builds a canvas of what can be seen of it, for
//! `stage` to show and for `draw` to upload. What grows with the systems happens there, aside from the frames. Nothing here
//! knows the wire, and clicks go back one step only, as pins.

mod dirty;
pub(crate) mod grid;
mod index;
mod keys;
pub(crate) mod palette;

pub(crate) mod picture;

mod blame;
pub(crate) mod curve;
mod docks;
pub(crate) mod facts;
pub(crate) mod fit;
mod folded;
mod follow;
mod level;
mod read;

mod camera;
mod canvas;
mod detours;
pub(crate) mod flow;
mod gather;
mod glyphs;
mod linkages;
mod naming;
mod nodes;
mod scene;
mod uses;

mod arranging;
mod chosen;
mod dismiss;
mod draw;
mod finding;
mod folds;
mod going;
mod inspect;
mod labels;
mod latency;
pub mod offscreen;
mod paint;
mod painter;
mod panels;
mod pick;
mod pictogram;
mod present;
pub(crate) mod report;
#[cfg(test)]
mod sample;
mod seen;
mod stage;

use bevy::prelude::*;
use bevy::render::RenderPlugin;
use bevy::render::settings::WgpuSettings;
use bevy_egui::egui::{FontData, FontDefinitions, FontFamily};

pub use stage::Watched;

pub(crate) use camera::PictureCamera;
pub(crate) use folds::Folds;
pub(crate) use naming::Naming;
pub(crate) use present::Presenting;
pub(crate) use stage::{Look, Studio};

/// The order of a frame, set in one place: [`crate::app::VisualiserPlugin`].
#[derive(SystemSet, Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VisualiserSystems {
    /// Takes what changed from the session.
    Receive,
    /// Moves the eye and what eases, and follows the pointer.
    Arrange,
    /// Fills the canvas and says how soon the next frame is due.
    Present,
}

/// Everything drawn, for a window and without one.
pub(crate) fn plugin(app: &mut App) {
    app.add_plugins((keys::plugin, present::plugin)).init_resource::<naming::Naming>();
    app.add_plugins((stage::plugin, camera::plugin, draw::plugin, paint::plugin, panels::plugin, latency::plugin))
        .add_plugins((going::plugin, finding::plugin, folds::plugin))
        .init_resource::<report::Said>();
}

/// What only a window has: pointer and keys, and whether anybody can see it.
pub(crate) fn hands_plugin(app: &mut App) {
    app.add_plugins((keys::hands_plugin, present::hands_plugin, panels::help::hands_plugin));
    app.add_plugins((
        arranging::plugin,
        dismiss::plugin,
        pick::plugin,
        seen::plugin,
        panels::hands_plugin,
        panels::inspector::hands_plugin,
    ));
}

/// What we draw with: the shaders read instances from storage buffers, which OpenGL does not give a vertex.
const BACKENDS: wgpu::Backends = wgpu::Backends::PRIMARY;

pub(crate) fn renderer() -> RenderPlugin {
    let settings = WgpuSettings { backends: Some(BACKENDS), ..default() };
    RenderPlugin { render_creation: settings.into(), ..default() }
}

/// The family of all text, or its strong cut.
fn type_face(strong: bool) -> FontFamily {
    if strong { FontFamily::Name("strong".into()) } else { FontFamily::Proportional }
}

/// Inter (SIL Open Font License) in two cuts before egui's own fonts, which know more signs.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let cuts: [(&str, &'static [u8]); 2] = [
        ("Inter", include_bytes!("fonts/Inter-Regular.otf")),
        ("Inter SemiBold", include_bytes!("fonts/Inter-SemiBold.otf")),
    ];
    for (name, data) in cuts {
        fonts.font_data.insert(name.to_owned(), FontData::from_static(data).into());
    }
    let rest = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (strong, cut) in [(false, "Inter"), (true, "Inter SemiBold")] {
        let family = std::iter::once(cut.to_owned()).chain(rest.iter().cloned()).collect();
        fonts.families.insert(type_face(strong), family);
    }
    fonts
}
