//! What a person prefers, kept from one start to the next in a file of the folder of settings.

use std::ffi::OsString;
use std::path::PathBuf;

use axonscope_session::keeper::{Keeper, Wrong};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::options::{Arrangement, Theme};

/// Its name in the folder.
const FILE: &str = "settings.toml";
/// Of the form; a file of a newer one is left alone.
const VERSION: i64 = 1;
/// Readable from the back of a room.
const SCALE: f32 = 1.7;
/// How much larger than usual type may be while presenting.
pub(crate) const SCALES: std::ops::RangeInclusive<f32> = 1.0..=3.0;

/// A field of its own for everything that is kept; whoever adds one adds a line to `parse`, and no more.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "window", derive(bevy::prelude::Resource))]
pub struct Settings {
    version: i64,
    /// The window's colours.
    pub theme: Theme,
    /// How systems are arranged.
    pub arrangement: Arrangement,
    /// Nothing moves but what must.
    pub reduced_motion: bool,
    /// How many times as large as usual type and lines are while presenting, from 1 to 3.
    pub presenting_scale: f32,
    /// What others wrote into the file, or a newer version: it is written again.
    #[serde(flatten)]
    others: toml::Table,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            theme: Theme::default(),
            arrangement: Arrangement::default(),
            reduced_motion: false,
            presenting_scale: SCALE,
            others: toml::Table::new(),
        }
    }
}

impl Settings {
    /// Those that were kept, or the usual ones.
    pub fn read(keeper: Option<&Keeper>) -> Settings {
        keeper.and_then(|keeper| keeper.read(FILE, Settings::parse)).unwrap_or_default()
    }

    /// Has them written soon.
    pub fn keep(&self, keeper: Option<&Keeper>) {
        let Some(keeper) = keeper else { return };
        let own = self.clone();
        let compose = move |text: &str| {
            let (theirs, wrong) = Settings::parse(text);
            let is_newer = wrong == Some(Wrong::Newer);
            // Those of ours win; what only the file has stays.
            let others = if own.others.is_empty() { theirs.others } else { own.others.clone() };
            let text = toml::to_string(&Settings { others, ..own }).ok();
            (text.filter(|_| !is_newer), wrong)
        };
        keeper.keep(FILE, Box::new(compose));
    }

    /// What a file says; a line that makes no sense is as if it were not there, and named.
    fn parse(text: &str) -> (Settings, Option<Wrong>) {
        let mut settings = Settings::default();
        let mut table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => return (settings, Some(Wrong::Broken(error.to_string()))),
        };
        let mut wrong = None;
        let mut take = Taker { table: &mut table, wrong: &mut wrong };
        if take.one("version").unwrap_or(VERSION) > VERSION {
            return (settings, Some(Wrong::Newer));
        }
        settings.theme = take.one("theme").unwrap_or(settings.theme);
        settings.arrangement = take.one("arrangement").unwrap_or(settings.arrangement);
        settings.reduced_motion = take.one("reduced-motion").unwrap_or(settings.reduced_motion);
        let scale = take.one("presenting-scale").filter(|scale| SCALES.contains(scale));
        settings.presenting_scale = scale.unwrap_or(settings.presenting_scale);
        settings.others = table;
        (settings, wrong)
    }
}

/// Takes fields out of a file, and remembers the last that made no sense.
struct Taker<'a> {
    table: &'a mut toml::Table,
    wrong: &'a mut Option<Wrong>,
}

impl Taker<'_> {
    fn one<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        match self.table.remove(key)?.try_into() {
            Ok(value) => Some(value),
            Err(error) => {
                *self.wrong = Some(Wrong::Broken(format!("{key}: {error}")));
                None
            }
        }
    }
}

/// Where settings are kept: where a person says, else where this platform keeps them. None if nobody knows, or if what a
/// person says is empty.
pub fn folder(said: Option<OsString>) -> Option<PathBuf> {
    match said {
        Some(said) => (!said.is_empty()).then(|| PathBuf::from(said)),
        None => usual_folder(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)),
    }
}

fn usual_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let base = if cfg!(windows) {
        variable("APPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        // One that is relative is to be ignored, says the standard.
        let stated = variable("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
        stated.or_else(|| variable("HOME").map(|home| home.join(".config")))
    };
    base.map(|base| base.join("axonscope"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut settings = Settings { theme: Theme::Light, presenting_scale: 1.5, ..Settings::default() };
        settings.others.insert("of-tomorrow".to_owned(), 7.into());
        let text = toml::to_string(&settings).unwrap();
        assert_eq!(Settings::parse(&text), (settings, None), "{text}");
    }

    #[test]
    fn a_line_that_makes_no_sense_loses_nothing_else() {
        let (settings, wrong) = Settings::parse(
            "theme = \"pink\"\npresenting-scale = 9.0\nreduced-motion = true\narrangement = \"layered\"",
        );
        assert_eq!((settings.theme, settings.presenting_scale), (Theme::Dark, SCALE));
        assert_eq!((settings.reduced_motion, settings.arrangement), (true, Arrangement::Layered));
        assert!(matches!(wrong, Some(Wrong::Broken(reason)) if reason.contains("theme")));
        assert!(matches!(Settings::parse("theme").1, Some(Wrong::Broken(_))));
        assert_eq!(Settings::parse("version = 9").1, Some(Wrong::Newer));
    }

    #[test]
    fn settings_are_kept_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::start(folder.path().to_owned()).unwrap();
        assert_eq!(Settings::read(Some(&keeper)), Settings::default());
        let settings = Settings { theme: Theme::Light, ..Settings::default() };
        settings.keep(Some(&keeper));
        keeper.finish();
        assert_eq!(Settings::read(Some(&keeper)), settings);
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn the_folder_is_where_the_platform_keeps_such_things() {
        let of = |set: &[(&str, &str)]| {
            let found = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value));
            usual_folder(found).map(|folder| folder.display().to_string())
        };
        assert_eq!(of(&[("XDG_CONFIG_HOME", "/c"), ("HOME", "/h")]).unwrap(), "/c/axonscope");
        assert_eq!(of(&[("XDG_CONFIG_HOME", "c"), ("HOME", "/h")]).unwrap(), "/h/.config/axonscope");
        assert_eq!(of(&[]), None);
        assert_eq!(folder(Some(OsString::new())), None);
        assert_eq!(folder(Some("/x".into())), Some(PathBuf::from("/x")));
    }
}
