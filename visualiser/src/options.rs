//! What a person may choose about windows and pictures, known with and without the window.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use axonscope_model::{ComponentId, SystemId};
use axonscope_session::names::Names;

use axonscope_session::Style;
use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// Dark for screens, light for paper and bright rooms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Light on near black.
    #[default]
    Dark,
    /// Dark on near white.
    Light,
}

/// As many components are shown without closing composites for want of room.
pub const FOLD_ABOVE: usize = 2000;
/// How systems are arranged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrangement {
    /// By forces: what is linked stands together.
    #[default]
    Force,
    /// In layers: messages flow from left to right.
    Layered,
}

impl From<Arrangement> for Style {
    fn from(arrangement: Arrangement) -> Self {
        match arrangement {
            Arrangement::Force => Style::Force,
            Arrangement::Layered => Style::Layered,
        }
    }
}

impl From<Style> for Arrangement {
    fn from(style: Style) -> Self {
        match style {
            Style::Force => Arrangement::Force,
            Style::Layered => Arrangement::Layered,
        }
    }
}

/// How the window opens.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// Its colours, if other than those that a person prefers.
    pub theme: Option<Theme>,
    /// What a person prefers.
    pub settings: Settings,
    /// Whether the status line says how long events take to the screen; a key of the window changes that.
    pub latency: bool,
    /// Whether it begins by presenting.
    pub presents: bool,
    /// Of the presentation, instead of the names of the systems.
    pub title: Option<String>,
    /// What a person calls the types of components.
    pub names: Arc<Names>,
    /// How many components are shown before composites are closed for want of room.
    pub fold_above: usize,
    /// Where to write what the window shows, for tests of it.
    pub report: Option<PathBuf>,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            theme: None,
            settings: Settings::default(),
            latency: false,
            presents: false,
            title: None,
            names: Arc::default(),
            fold_above: FOLD_ABOVE,
            report: None,
        }
    }
}

/// How a picture is drawn.
#[derive(Clone, Debug, Default)]
pub struct PictureOptions {
    /// In pixels.
    pub size: PictureSize,
    /// Its colours.
    pub theme: Theme,
    /// In both themes side by side, each half as wide.
    pub is_pair: bool,
    /// As it is presented: everything larger, with a title.
    pub presents: bool,
    /// Instead of the names of the systems.
    pub title: Option<String>,
    /// The component whose inspector is open.
    pub selected: Option<(SystemId, ComponentId)>,
    /// What a person calls the types of components.
    pub names: Arc<Names>,
    /// Composites are closed while more nodes than this are shown; none is as in the window.
    pub fold_above: Option<usize>,
}

/// Width and height in pixels, each from 64 to 16384; written like `1600x1000`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PictureSize {
    /// To the right.
    pub width: u32,
    /// Down.
    pub height: u32,
}

impl Default for PictureSize {
    fn default() -> Self {
        Self { width: 1600, height: 1000 }
    }
}

impl std::fmt::Display for PictureSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for PictureSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |digits: &str| digits.parse().ok().filter(|side| (64..=16_384).contains(side));
        text.split_once(['x', 'X', '×'])
            .and_then(|(width, height)| Some(Self { width: side(width)?, height: side(height)? }))
            .ok_or_else(|| "write WIDTHxHEIGHT in pixels, each from 64 to 16384, such as 1600x1000".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_numbers_within_limits() {
        assert_eq!("800x600".parse(), Ok(PictureSize { width: 800, height: 600 }));
        assert_eq!("64X16384".parse(), Ok(PictureSize { width: 64, height: 16_384 }));
        for wrong in ["", "800", "800x", "x600", "63x600", "800x16385", "-1x600", "800x600x2", "8e2x600", "800 x 600"] {
            assert!(wrong.parse::<PictureSize>().is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn a_size_prints_as_it_is_written() {
        let size = PictureSize::default();
        assert_eq!(size.to_string().parse(), Ok(size));
    }
}
