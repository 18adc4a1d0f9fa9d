//! An X server without a screen, a window of ours on it, hands for its keys and pointer, and eyes: what it says it shows.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{Process, axonscope, until};

/// An X server of its own and one window in it.
pub(crate) struct Desktop {
    display: String,
    _server: Process,
    _turn: MutexGuard<'static, ()>,
}

impl Desktop {
    /// None, with a line that says so, where Xvfb or xdotool is missing.
    pub(crate) fn start() -> Option<Self> {
        let there = |program: &str| {
            Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !there("Xvfb") || !there("xdotool") {
            eprintln!("skipped: Xvfb or xdotool is missing");
            return None;
        }
        let screen = ["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"];
        let turn = super::turn();
        let server = Process::start(Command::new("Xvfb").args(screen));
        let display = server.line("the X server to say its number", |line| line.trim().parse::<u32>().ok());
        Some(Self { display: format!(":{display}"), _server: server, _turn: turn })
    }

    pub(crate) fn open(self) -> Window {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report");
        let mut command = axonscope(["--listen", "127.0.0.1:0", "--report"]);
        command.arg(&report).env("DISPLAY", &self.display).env_remove("WAYLAND_DISPLAY");
        let process = Process::start(&mut command);
        let url = process.line("the visualiser to listen", |line| {
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        let mut window = Window { desktop: self, process, url, id: String::new(), report, _folder: folder };
        window.id = until("the window", || {
            let ids = window.xdotool(&["search", "--onlyvisible", "--name", "^Axonscope"]);
            ids.lines().next().map(str::to_owned).ok_or_else(|| format!("there is none; {}", window.process.stderr()))
        });
        window.xdotool(&["windowfocus", "--sync", &window.id]);
        window
    }
}

/// The visualiser's window.
pub(crate) struct Window {
    desktop: Desktop,
    pub(crate) process: Process,
    pub(crate) url: String,
    id: String,
    report: PathBuf,
    _folder: TempDir,
}

impl Window {
    pub(crate) fn xdotool(&self, args: &[&str]) -> String {
        let output = Command::new("xdotool").args(args).env("DISPLAY", &self.desktop.display).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Presses keys one after another, by their X names.
    pub(crate) fn press(&self, keys: &[&str]) {
        for key in keys {
            self.xdotool(&["key", key]);
        }
    }

    pub(crate) fn write(&self, text: &str) {
        self.xdotool(&["type", "--delay", "20", text]);
    }

    pub(crate) fn click(&self, at: (f64, f64)) {
        self.point(at);
        // The window has to see the pointer there first.
        self.xdotool(&["sleep", "0.2", "click", "1"]);
    }

    /// Clicks on a node, by the end of its path, once the window has seen the pointer there: it may move meanwhile.
    pub(crate) fn click_on(&self, name: &str) {
        let mut pointed = None;
        until(&format!("the pointer to be on {name}"), || {
            let shown = self.last()?;
            if shown["hovered"].as_str().is_some_and(|path| path.ends_with(name)) {
                return Ok(());
            }
            if pointed.is_none_or(|at: Instant| at.elapsed() > Duration::from_secs(2)) {
                self.point(self.place_of(name));
                pointed = Some(Instant::now());
            }
            Err(format!("it shows {shown}"))
        });
        self.xdotool(&["click", "1"]);
    }

    pub(crate) fn point(&self, at: (f64, f64)) {
        self.xdotool(&["mousemove", "--window", &self.id, &at.0.to_string(), &at.1.to_string()]);
    }

    /// What it shows, once that satisfies `holds`.
    pub(crate) fn shows<T>(&self, what: &str, holds: impl Fn(&Value) -> Option<T>) -> T {
        until(what, || {
            let shown = self.last()?;
            holds(&shown).ok_or_else(|| format!("it shows {shown}; {}", self.process.stderr()))
        })
    }

    /// What it has said last.
    fn last(&self) -> Result<Value, String> {
        let lines = std::fs::read_to_string(&self.report).map_err(|error| error.to_string())?;
        // The last may not be written to its end.
        let line = lines.rsplit('\n').nth(1).ok_or_else(|| "it has said nothing yet".to_owned())?;
        serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))
    }

    /// Waits until nothing of what it shows has changed for a second.
    fn rests(&self) {
        let mut last = (String::new(), Instant::now());
        until("the window to rest", || {
            let lines = std::fs::read_to_string(&self.report).map_err(|error| error.to_string())?;
            if lines != last.0 {
                last = (lines, Instant::now());
            }
            let is_moving = !last.0.contains(r#""moving":false"#);
            if is_moving || last.1.elapsed() < Duration::from_secs(1) { Err("it moves".to_owned()) } else { Ok(()) }
        });
    }

    /// Where a node is on the screen, by the end of its path, once nothing moves.
    pub(crate) fn place_of(&self, name: &str) -> (f64, f64) {
        self.rests();
        self.shows(name, |shown| {
            let mut nodes = shown["nodes"].as_array()?.iter();
            let node = nodes.find(|node| node["path"].as_str().is_some_and(|path| path.ends_with(name)))?;
            Some((node["x"].as_f64()?, node["y"].as_f64()?))
        })
    }

    pub(crate) fn close(mut self) {
        self.press(&["ctrl+q"]);
        assert!(self.process.ended().success(), "{}", self.process.stderr());
    }
}
