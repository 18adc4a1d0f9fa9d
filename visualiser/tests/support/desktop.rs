//! An X server without a screen, a window of ours on it, hands for its keys and pointer, and eyes: what it says it shows.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{Process, axonscope, until};

/// An X server of its own, for windows one after another.
pub(crate) struct Screen {
    display: String,
    _server: Process,
    _turn: MutexGuard<'static, ()>,
}

impl Screen {
    /// So many pixels; none, with a line that says so, where Xvfb or xdotool is missing.
    ///
    /// One test has a screen at a time: X servers that start together may take the same number, and windows side by side are
    /// slow.
    pub(crate) fn start(width: u32, height: u32) -> Option<Self> {
        static TURN: Mutex<()> = Mutex::new(());
        let there = |program: &str| {
            Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !there("Xvfb") || !there("xdotool") {
            eprintln!("skipped: Xvfb or xdotool is missing");
            return None;
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let size = format!("{width}x{height}x24");
        let screen = ["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp"];
        let server = Process::start(Command::new("Xvfb").args(screen));
        let display = server.line("the X server to say its number", |line| line.trim().parse::<u32>().ok());
        Some(Self { display: format!(":{display}"), _server: server, _turn: turn })
    }

    /// A visualiser with a window here, where programs connect to it, and which window that is, once it has the keyboard.
    pub(crate) fn show(&self, command: &mut Command) -> (Process, String, String) {
        let window = Process::start(command.env("DISPLAY", &self.display).env_remove("WAYLAND_DISPLAY"));
        let url = window.line("the visualiser to listen", |line| {
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        let id = until("the window", || {
            let ids = self.xdotool(&["search", "--onlyvisible", "--name", "^Axonscope"]);
            ids.lines().next().map(str::to_owned).ok_or_else(|| format!("there is none; {}", window.stderr()))
        });
        self.xdotool(&["windowfocus", "--sync", &id]);
        (window, url, id)
    }

    pub(crate) fn xdotool(&self, args: &[&str]) -> String {
        let output = Command::new("xdotool").args(args).env("DISPLAY", &self.display).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// The visualiser's window, on a screen of its own.
pub(crate) struct Window {
    pub(crate) process: Process,
    pub(crate) url: String,
    id: String,
    report: PathBuf,
    folder: TempDir,
    screen: Screen,
}

impl Window {
    /// With further options. None where there is nothing to open windows with.
    pub(crate) fn open(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let screen = Screen::start(1600, 1000)?;
        Some(Self::open_in(screen, folder, options))
    }

    /// It keeps what a person arranges in that folder, where its report is too, if it is not told otherwise.
    fn open_in(screen: Screen, folder: TempDir, options: &[&str]) -> Self {
        let report = folder.path().join("report");
        let mut command = axonscope(["--listen", "127.0.0.1:0", "--report"]);
        command.arg(&report).arg("--config").arg(folder.path().join("settings")).args(options);
        let (process, url, id) = screen.show(&mut command);
        Self { process, url, id, report, folder, screen }
    }

    /// Closes it and opens another, which finds what was kept.
    pub(crate) fn anew(mut self) -> Self {
        self.end();
        Self::open_in(self.screen, self.folder, &[])
    }

    pub(crate) fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.press(&["ctrl+q"]);
        assert!(self.process.ended().success(), "{}", self.process.stderr());
    }

    // === impl hands ===

    pub(crate) fn xdotool(&self, args: &[&str]) -> String {
        self.screen.xdotool(args)
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

    pub(crate) fn point(&self, at: (f64, f64)) {
        self.xdotool(&["mousemove", "--window", &self.id, &at.0.to_string(), &at.1.to_string()]);
    }

    pub(crate) fn click(&self, at: (f64, f64)) {
        self.point(at);
        // The window has to see the pointer there first.
        self.xdotool(&["sleep", "0.2", "click", "1"]);
    }

    pub(crate) fn double_click(&self, at: (f64, f64)) {
        self.point(at);
        self.xdotool(&["click", "--repeat", "2", "--delay", "60", "1"]);
    }

    /// As slowly as a hand: what begins and ends within one frame is no drag.
    pub(crate) fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        self.point(from);
        self.xdotool(&["sleep", "0.1", "mousedown", "1", "sleep", "0.2"]);
        for step in 1..=8 {
            let along = |from: f64, to: f64| from + (to - from) * f64::from(step) / 8.0;
            self.point((along(from.0, to.0), along(from.1, to.1)));
            self.xdotool(&["sleep", "0.1"]);
        }
        self.xdotool(&["mouseup", "1"]);
    }

    /// Clicks on a node, by the end of its path, once the window has seen the pointer there: it may move meanwhile.
    pub(crate) fn click_on(&self, name: &str) {
        let mut pointed = None;
        until(&format!("the pointer to be on {name}"), || {
            let shown = self.last()?;
            if pointed.is_some() && shown["hovered"].as_str().is_some_and(|path| path.ends_with(name)) {
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

    // === impl eyes ===

    /// What it shows, once that satisfies `holds`.
    pub(crate) fn shows<T>(&self, what: &str, holds: impl Fn(&Value) -> Option<T>) -> T {
        until(what, || {
            let shown = self.last()?;
            holds(&shown).ok_or_else(|| format!("it shows {shown}; {}", self.process.stderr()))
        })
    }

    /// The same, once nothing has moved for a second: between two movements it may say that nothing does.
    pub(crate) fn shows_at_rest<T>(&self, what: &str, holds: impl Fn(&Value) -> Option<T>) -> T {
        let mut last = (Vec::new(), Instant::now());
        until(what, || {
            let shown = self.last()?;
            let places: Vec<Value> = ["center", "zoom", "nodes", "systems"].map(|of| shown[of].clone()).into();
            if shown["moving"] != false || places != last.0 {
                last = (places, Instant::now());
            }
            let rests = last.1.elapsed() >= Duration::from_secs(1);
            let found = if rests { holds(&shown) } else { None };
            found.ok_or_else(|| format!("it shows {shown}; {}", self.process.stderr()))
        })
    }

    /// What it has said last.
    pub(crate) fn last(&self) -> Result<Value, String> {
        let lines = std::fs::read_to_string(&self.report).map_err(|error| error.to_string())?;
        // The last may not be written to its end.
        let line = lines.rsplit('\n').nth(1).ok_or_else(|| "it has said nothing yet".to_owned())?;
        serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))
    }

    /// Where a node is on the screen, by the end of its path, once nothing moves.
    pub(crate) fn place_of(&self, name: &str) -> (f64, f64) {
        self.shows_at_rest(name, |shown| {
            let mut nodes = shown["nodes"].as_array()?.iter();
            let node = nodes.find(|node| node["path"].as_str().is_some_and(|path| path.ends_with(name)))?;
            Some((node["x"].as_f64()?, node["y"].as_f64()?))
        })
    }
}
