//! A person arranges the picture in the real window: what is dragged is where it was put after everything has started
//! anew, undo takes it back, and layers flow from left to right.
//!
//! Where Xvfb or xdotool is missing (`./test` installs them) these tests say so and check nothing.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use axonscope_probe::Probe;
use serde_json::Value;
use support::desktop::Window;

/// A component as the window reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    /// On the screen.
    at: [f64; 2],
    in_world: [f64; 2],
    pinned: bool,
}

/// The stages, once nothing moves and they satisfy `holds`.
fn shows_stages(window: &Window, what: &str, holds: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
    window
        .shows_at_rest(what, |shown| Some(stages(shown)).filter(|stages| stages.len() == NAMES.len() && holds(stages)))
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
    let Some(window) = Window::open(&[]) else { return };
    let running = program(&window.url);
    let before = shows_stages(&window, "four stages", |_| true);
    let to = [before[1].at[0], before[1].at[1] + 220.0];
    window.drag(before[1].at.into(), to.into());
    let dragged = shows_stages(&window, "a stage that is pinned", |stages| stages[1].pinned);
    assert!(are_apart(dragged[1].at, to) < 30.0, "{dragged:?}");
    window.press(&["ctrl+z"]);
    let undone = shows_stages(&window, "no pin any more", |stages| stages.iter().all(|stage| !stage.pinned));
    for (undone, before) in undone.iter().zip(&before) {
        assert!(are_apart(undone.in_world, before.in_world) < 2.0, "{undone:?} {before:?}");
    }
    window.press(&["ctrl+shift+z"]);
    let redone = shows_stages(&window, "the pin again", |stages| stages[1].pinned);
    assert!(are_apart(redone[1].in_world, dragged[1].in_world) < 2.0);
    // Theme, movement and arrangement are a person's too.
    window.press(&["t"]);
    window.press(&["m"]);
    window.press(&["y"]);
    window.shows_at_rest("light layers that do not move", |shown| {
        (shown["theme"] == "light" && shown["arrangement"] == "layered" && shown["still"] == true).then_some(())
    });
    window.press(&["y"]);
    window.shows_at_rest("forces", |shown| (shown["arrangement"] == "force").then_some(()));
    let window = window.anew();
    drop(running);
    let _running = program(&window.url);
    let again = shows_stages(&window, "the pin of before", |stages| stages[1].pinned);
    assert!(are_apart(again[1].in_world, dragged[1].in_world) < 2.0, "{again:?} {dragged:?}");
    window.shows_at_rest("what was preferred before", |shown| {
        (shown["theme"] == "light" && shown["still"] == true).then_some(())
    });
    window.close();
}

#[test]
fn a_system_is_dragged_by_its_title() {
    let Some(window) = Window::open(&[]) else { return };
    let _running = program(&window.url);
    let before = shows_stages(&window, "four stages", |_| true);
    let rect: Vec<f64> = window.shows_at_rest("its hull", |shown| {
        shown["systems"][0]["rect"].as_array().map(|sides| sides.iter().filter_map(Value::as_f64).collect())
    });
    let title = (rect[0] + 60.0, rect[1] + 24.0);
    window.drag(title, (title.0 + 90.0, title.1 - 60.0));
    // On its way there it eases.
    let moved = |stages: &[Seen]| are_apart(stages[0].at, [before[0].at[0] + 90.0, before[0].at[1] - 60.0]) < 6.0;
    let after = shows_stages(&window, "a system elsewhere", moved);
    for (after, before) in after.iter().zip(&before) {
        let by = [after.at[0] - before.at[0], after.at[1] - before.at[1]];
        assert!(are_apart(by, [90.0, -60.0]) < 6.0, "{by:?}");
        assert!(!after.pinned);
    }
    window.press(&["ctrl+z"]);
    shows_stages(&window, "the system where it was", |stages| are_apart(stages[0].at, before[0].at) < 2.0);
    window.close();
}

#[test]
fn layers_flow_from_left_to_right_hold_pins_and_are_arranged_again() {
    let Some(window) = Window::open(&["--arrangement", "layered"]) else { return };
    let _running = program(&window.url);
    let in_layers = |stages: &[Seen]| {
        stages.windows(2).all(|pair| {
            pair[0].in_world[0] + 60.0 < pair[1].in_world[0] && (pair[0].in_world[1] - pair[1].in_world[1]).abs() < 2.0
        })
    };
    let before = shows_stages(&window, "four layers", in_layers);
    window.drag(before[3].at.into(), (before[3].at[0] - 10.0, before[3].at[1] + 200.0));
    let pinned = shows_stages(&window, "a pin", |stages| stages[3].pinned);
    assert!(in_layers(&pinned[..3]), "the others stay: {pinned:?}");
    window.press(&["r"]);
    let again = shows_stages(&window, "the pin, held", |stages| stages[3].pinned);
    assert!(are_apart(again[3].in_world, pinned[3].in_world) < 2.0);
    window.press(&["ctrl+z"]);
    window.press(&["ctrl+z"]);
    shows_stages(&window, "four layers as before", |stages| in_layers(stages) && !stages[3].pinned);
    window.press(&["y"]);
    window.shows_at_rest("forces", |shown| (shown["arrangement"] == "force").then_some(()));
    window.close();
}
