//! Composites are opened and closed in the real window, by double-click and keys, and by the window itself above its budget.
//!
//! Where Xvfb or xdotool is missing (`./test` installs them) these tests say so and check nothing.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::desktop::Window;
use support::{Process, example};

/// A window on a program, which ends after it.
struct Shown {
    window: Window,
    _program: Process,
}

impl Shown {
    fn open(options: &[&str]) -> Option<Self> {
        let window = Window::open(options)?;
        let program = Process::start(&mut example("backlog", &window.url));
        Some(Self { window, _program: program })
    }

    fn is_folded(&self, what: &str, closed: u64) {
        self.window.shows(what, |shown| (shown["folded"]["closed"] == closed).then_some(()));
    }

    /// Clicks twice on a node, so far below its middle, in shares of its radius.
    fn double_click(&self, path: &str, below: f64) {
        let at = self.window.shows_at_rest(path, |shown| {
            let node = shown["nodes"].as_array()?.iter().find(|node| node["path"] == path)?;
            Some((node["x"].as_f64()?, node["y"].as_f64()? + below * node["radius"].as_f64()?))
        });
        self.window.double_click(at);
    }
}

fn path() -> &'static str {
    "backlog / pipeline"
}

#[test]
fn composites_close_and_open_by_double_click_and_keys() {
    let Some(shown) = Shown::open(&[]) else { return };
    shown.is_folded("nothing to be closed", 0);
    let hides = |said: &Value| {
        let nodes = said["nodes"].as_array()?;
        let inside: Vec<_> = nodes.iter().filter(|node| node["path"] != path()).collect();
        (inside.len() == 3 && inside.iter().all(|node| node["shown"] == false)).then_some(())
    };
    shown.double_click(path(), 0.75);
    shown.is_folded("it to close by double-click", 1);
    shown.window.shows("what is inside to be hidden", hides);
    shown.double_click(path(), 0.0);
    shown.is_folded("it to open by double-click", 0);
    shown.window.press(&["c"]);
    shown.is_folded("the selected one to close", 1);
    shown.window.press(&["shift+c"]);
    shown.is_folded("all to follow the zoom", 0);
    shown.window.press(&["comma"]);
    shown.is_folded("the deepest to close", 1);
    shown.window.press(&["period"]);
    shown.is_folded("them to open", 0);
    shown.window.press(&["k"]);
    shown.window.shows("the legend to open", |said| said["legend"].as_bool().filter(|open| *open));
}

#[test]
fn above_its_budget_the_window_folds_by_itself() {
    let Some(shown) = Shown::open(&["--fold-above", "2"]) else { return };
    let folded =
        shown.window.shows("it to fold", |said| (said["folded"]["closed"] == 1).then(|| said["folded"].clone()));
    assert_eq!((&folded["shown"], &folded["of"]), (&1.into(), &4.into()));
}
