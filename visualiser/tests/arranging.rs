//! A person arranges the picture in the real window: what is dragged is where it was put after everything has started
//! anew, undo takes it back, and layers flow from left to right.
//!
//! Where Xvfb or xdotool is missing (`./test` installs them) these tests say so and check nothing.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::MutexGuard;

use axonscope_probe::Probe;
use serde_json::Value;
use support::{Process, axonscope, until};

/// An X server of its own.
struct Desktop {
    display: String,
    _server: Process,
    _turn: MutexGuard<'static, ()>,
}

impl Desktop {
    fn start() -> Option<Self> {
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
        let display = server.line("the X server to say its number", |line| line.trim().parse::<u32>().ok());
        Some(Self { display: format!(":{display}"), _server: server, _turn: turn })
    }

    /// A window that keeps what is arranged in `folder`, where its report is too.
    fn open(&self, folder: &Path, args: &[&str]) -> Window<'_> {
        let report = folder.join("report");
        let mut command = axonscope(["--listen", "127.0.0.1:0", "--config"]);
        command.arg(folder.join("settings")).arg("--report").arg(&report).args(args);
        command.env("DISPLAY", &self.display).env_remove("WAYLAND_DISPLAY");
        let process = Process::start(&mut command);
        let url = process.line("the visualiser to listen", |line| {
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        let mut window = Window { desktop: self, process, url, id: String::new(), report };
        window.id = until("the window", || {
            let ids = window.xdotool(&["search", "--onlyvisible", "--name", "^Axonscope"]);
            ids.lines().next().map(str::to_owned).ok_or_else(|| format!("there is none; {}", window.process.stderr()))
        });
        window.xdotool(&["windowfocus", "--sync", &window.id]);
        window
    }
}

struct Window<'a> {
    desktop: &'a Desktop,
    process: Process,
    url: String,
    id: String,
    report: std::path::PathBuf,
}

/// A component as the window reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    /// On the screen.
    at: [f64; 2],
    in_world: [f64; 2],
    pinned: bool,
}

impl Window<'_> {
    fn xdotool(&self, args: &[&str]) -> String {
        let output = Command::new("xdotool").args(args).env("DISPLAY", &self.desktop.display).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn press(&self, key: &str) {
        self.xdotool(&["key", key]);
    }

    /// Slowly enough to be seen on the way.
    fn drag(&self, from: [f64; 2], to: [f64; 2]) {
        // As slowly as a hand: what begins and ends within one frame is no drag.
        let point = |at: [f64; 2]| {
            let [x, y] = at.map(|side| side.to_string());
            self.xdotool(&["mousemove", "--window", &self.id, &x, &y, "sleep", "0.1"]);
        };
        point(from);
        self.xdotool(&["mousedown", "1", "sleep", "0.2"]);
        for step in 1..=8 {
            point([0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * f64::from(step) / 8.0));
        }
        self.xdotool(&["mouseup", "1"]);
    }

    /// What it shows when nothing moves, once that satisfies `holds`.
    fn shows<T>(&self, what: &str, holds: impl Fn(&Value) -> Option<T>) -> T {
        until(what, || {
            let lines = fs::read_to_string(&self.report).map_err(|error| error.to_string())?;
            // The last may not be written to its end.
            let line = lines.rsplit('\n').nth(1).ok_or_else(|| "it has said nothing yet".to_owned())?;
            let shown: Value = serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?;
            let is_still = shown["moving"] == false;
            let found = if is_still { holds(&shown) } else { None };
            found.ok_or_else(|| format!("it shows {line}; {}", self.process.stderr()))
        })
    }

    /// The stages, once nothing moves and they satisfy `holds`.
    fn stages(&self, what: &str, holds: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        self.shows(what, |shown| Some(stages(shown)).filter(|stages| stages.len() == NAMES.len() && holds(stages)))
    }

    fn close(mut self) {
        self.press("ctrl+q");
        assert!(self.process.ended().success(), "{}", self.process.stderr());
    }
}

const NAMES: [&str; 4] = ["reader", "parser", "sorter", "writer"];

/// In the order of the pipeline.
fn stages(shown: &Value) -> Vec<Seen> {
    let nodes = shown["nodes"].as_array().unwrap();
    let seen = |name: &&str| {
        let path = format!("mill / {name}");
        let node = nodes.iter().find(|node| node["path"] == path.as_str())?;
        let pair = |x: &Value, y: &Value| Some([x.as_f64()?, y.as_f64()?]);
        Some(Seen {
            at: pair(&node["x"], &node["y"])?,
            in_world: pair(&node["world"][0], &node["world"][1])?,
            pinned: node["pinned"] == true,
        })
    };
    NAMES.iter().filter_map(seen).collect()
}

/// A program of four stages in a row, as long as what is returned lives.
fn program(url: &str) -> impl Sized + use<> {
    let probe = Probe::builder().name("mill").endpoint(url).unwrap().start().unwrap();
    let components: Vec<_> = NAMES.iter().map(|name| probe.manual().component(*name).add()).collect();
    let outboxes: Vec<_> = components[..3].iter().map(|component| component.outbox("lines").add()).collect();
    let inboxes: Vec<_> = components[1..].iter().map(|component| component.inbox("lines").add()).collect();
    let linkages: Vec<_> = outboxes.iter().zip(&inboxes).map(|(outbox, inbox)| outbox.link(inbox)).collect();
    (linkages, inboxes, outboxes, components, probe)
}

fn are_apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

#[test]
fn what_is_dragged_is_where_it_was_put_after_everything_has_started_anew_and_undo_takes_it_back() {
    let Some(desktop) = Desktop::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let window = desktop.open(folder.path(), &[]);
    let running = program(&window.url);
    let before = window.stages("four stages", |_| true);
    let to = [before[1].at[0], before[1].at[1] + 220.0];
    window.drag(before[1].at, to);
    let dragged = window.stages("a stage that is pinned", |stages| stages[1].pinned);
    assert!(are_apart(dragged[1].at, to) < 30.0, "{dragged:?}");
    window.press("ctrl+z");
    let undone = window.stages("no pin any more", |stages| stages.iter().all(|stage| !stage.pinned));
    for (undone, before) in undone.iter().zip(&before) {
        assert!(are_apart(undone.in_world, before.in_world) < 2.0, "{undone:?} {before:?}");
    }
    window.press("ctrl+shift+z");
    let redone = window.stages("the pin again", |stages| stages[1].pinned);
    assert!(are_apart(redone[1].in_world, dragged[1].in_world) < 2.0);
    // Theme and arrangement are a person's too.
    window.press("t");
    window.press("y");
    window
        .shows("light layers", |shown| (shown["theme"] == "light" && shown["arrangement"] == "layered").then_some(()));
    window.press("y");
    window.shows("forces", |shown| (shown["arrangement"] == "force").then_some(()));
    window.close();
    drop(running);

    let window = desktop.open(folder.path(), &[]);
    let _running = program(&window.url);
    let again = window.stages("the pin of before", |stages| stages[1].pinned);
    assert!(are_apart(again[1].in_world, dragged[1].in_world) < 2.0, "{again:?} {dragged:?}");
    assert!(window.shows("the theme of before", |shown| Some(shown["theme"] == "light")));
    window.close();
}

#[test]
fn a_system_is_dragged_by_its_title() {
    let Some(desktop) = Desktop::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let window = desktop.open(folder.path(), &[]);
    let _running = program(&window.url);
    let before = window.stages("four stages", |_| true);
    let rect: Vec<f64> = window.shows("its hull", |shown| {
        shown["systems"][0]["rect"].as_array().map(|sides| sides.iter().filter_map(Value::as_f64).collect())
    });
    let title = [rect[0] + 60.0, rect[1] + 24.0];
    window.drag(title, [title[0] + 90.0, title[1] - 60.0]);
    // On its way there it eases.
    let moved = |stages: &[Seen]| are_apart(stages[0].at, [before[0].at[0] + 90.0, before[0].at[1] - 60.0]) < 6.0;
    let after = window.stages("a system elsewhere", moved);
    for (after, before) in after.iter().zip(&before) {
        let by = [after.at[0] - before.at[0], after.at[1] - before.at[1]];
        assert!(are_apart(by, [90.0, -60.0]) < 6.0, "{by:?}");
        assert!(!after.pinned);
    }
    window.press("ctrl+z");
    window.stages("the system where it was", |stages| are_apart(stages[0].at, before[0].at) < 2.0);
    window.close();
}

#[test]
fn layers_flow_from_left_to_right_hold_pins_and_are_arranged_again() {
    let Some(desktop) = Desktop::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let window = desktop.open(folder.path(), &["--arrangement", "layered"]);
    let _running = program(&window.url);
    let in_layers = |stages: &[Seen]| {
        stages.windows(2).all(|pair| {
            pair[0].in_world[0] + 60.0 < pair[1].in_world[0] && (pair[0].in_world[1] - pair[1].in_world[1]).abs() < 2.0
        })
    };
    let before = window.stages("four layers", in_layers);
    window.drag(before[3].at, [before[3].at[0] - 10.0, before[3].at[1] + 200.0]);
    let pinned = window.stages("a pin", |stages| stages[3].pinned);
    assert!(in_layers(&pinned[..3]), "the others stay: {pinned:?}");
    window.press("r");
    let again = window.stages("the pin, held", |stages| stages[3].pinned);
    assert!(are_apart(again[3].in_world, pinned[3].in_world) < 2.0);
    window.press("ctrl+z");
    window.press("ctrl+z");
    window.stages("four layers as before", |stages| in_layers(stages) && !stages[3].pinned);
    window.press("y");
    window.shows("forces", |shown| (shown["arrangement"] == "force").then_some(()));
    window.close();
}
