//! Composites are opened and closed in the real window, by double-click and keys, and by the window itself above its budget.
//!
//! Where Xvfb or xdotool is missing (`./test` installs them) these tests say so and check nothing.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::MutexGuard;

use serde_json::Value;
use support::{Process, axonscope, example, until};

/// A window on an X server of its own, and what it says of itself.
struct Desktop {
    display: String,
    report: PathBuf,
    _folder: tempfile::TempDir,
    _programs: Vec<Process>,
    _turn: MutexGuard<'static, ()>,
}

impl Desktop {
    /// None where there is nothing to open windows with.
    fn open(options: &[&str]) -> Option<Self> {
        let there = |program: &str| {
            Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !there("Xvfb") || !there("xdotool") {
            eprintln!("skipped: Xvfb or xdotool is missing");
            return None;
        }
        let screen = ["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"];
        let turn = support::turn();
        let server = Process::start(Command::new("Xvfb").args(screen));
        let number = server.line("the X server to say its number", |line| line.trim().parse::<u32>().ok());
        let folder = tempfile::tempdir().unwrap();
        let (display, report) = (format!(":{number}"), folder.path().join("report"));
        let mut command = axonscope(["--listen", "127.0.0.1:0", "--report"]);
        command.arg(&report).args(options).env("DISPLAY", &display).env_remove("WAYLAND_DISPLAY");
        let window = Process::start(&mut command);
        let url = window.line("the visualiser to listen", |line| {
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        let program = Process::start(&mut example("backlog", &url));
        Some(Self { display, report, _folder: folder, _programs: vec![window, server, program], _turn: turn })
    }

    fn xdotool(&self, args: &[&str]) -> String {
        let output = Command::new("xdotool").args(args).env("DISPLAY", &self.display).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn press(&self, keys: &str) {
        let id = self.xdotool(&["search", "--onlyvisible", "--name", "^Axonscope"]);
        self.xdotool(&["windowfocus", "--sync", id.lines().next().unwrap_or_default()]);
        self.xdotool(&["key", keys]);
    }

    /// Waits until the last that the window said of itself answers.
    fn said<T>(&self, what: &str, answer: impl Fn(&Value) -> Option<T>) -> T {
        until(what, || {
            let text = std::fs::read_to_string(&self.report).unwrap_or_default();
            let last = text.lines().next_back().unwrap_or_default().to_owned();
            let said = serde_json::from_str(&last).ok();
            said.as_ref().and_then(&answer).ok_or(last)
        })
    }

    fn is_folded(&self, what: &str, closed: u64) {
        self.said(what, |said| (said["folded"]["closed"] == closed).then_some(()));
    }

    /// Clicks twice on a node, so far below its middle, in shares of its radius.
    fn double_click(&self, path: &str, below: f64) {
        let (x, y) = self.said(path, |said| {
            let node = said["nodes"].as_array()?.iter().find(|node| node["path"] == path)?;
            let is_still = said["moving"] == false;
            let y = node["y"].as_f64()? + below * node["radius"].as_f64()?;
            is_still.then_some((node["x"].as_f64()?, y))
        });
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "--repeat", "2", "--delay", "60", "1"]);
    }
}

fn path() -> &'static str {
    "backlog / pipeline"
}

#[test]
fn composites_close_and_open_by_double_click_and_keys() {
    let Some(desktop) = Desktop::open(&[]) else { return };
    desktop.is_folded("nothing to be closed", 0);
    let hides = |said: &Value| {
        let nodes = said["nodes"].as_array()?;
        let inside: Vec<_> = nodes.iter().filter(|node| node["path"] != path()).collect();
        (inside.len() == 3 && inside.iter().all(|node| node["shown"] == false)).then_some(())
    };
    desktop.double_click(path(), 0.75);
    desktop.is_folded("it to close by double-click", 1);
    desktop.said("what is inside to be hidden", hides);
    desktop.double_click(path(), 0.0);
    desktop.is_folded("it to open by double-click", 0);
    desktop.press("c");
    desktop.is_folded("the selected one to close", 1);
    desktop.press("shift+c");
    desktop.is_folded("all to follow the zoom", 0);
    desktop.press("comma");
    desktop.is_folded("the deepest to close", 1);
    desktop.press("period");
    desktop.is_folded("them to open", 0);
    desktop.press("k");
    desktop.said("the legend to open", |said| said["legend"].as_bool().filter(|open| *open));
}

#[test]
fn above_its_budget_the_window_folds_by_itself() {
    let Some(desktop) = Desktop::open(&["--fold-above", "2"]) else { return };
    let shown = desktop.said("it to fold", |said| (said["folded"]["closed"] == 1).then(|| said["folded"].clone()));
    assert_eq!((&shown["shown"], &shown["of"]), (&1.into(), &4.into()));
}
