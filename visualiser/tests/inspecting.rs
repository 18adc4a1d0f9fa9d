//! The inspector, used as a person does: things are clicked, read, gone to from there, and copied.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::desktop::Window;
use support::{Process, example};

/// A window, and a chain of three whose last is slow.
fn backlog() -> Option<(Window, Process)> {
    let window = Window::open(&[])?;
    let program = Process::start(&mut example("backlog", &window.url));
    Some((window, program))
}

fn inspects(shown: &Value, kind: &str, title: &str) -> Option<()> {
    (shown["inspector"]["kind"] == kind && shown["inspector"]["title"] == title).then_some(())
}

/// Where a linkage can be clicked.
fn on_linkage(window: &Window, from: &str, to: &str) -> (f64, f64) {
    window.shows_at_rest("a linkage at rest", |shown| {
        let ends = |join: &&Value| {
            join["from"].as_str().unwrap().ends_with(from) && join["to"].as_str().unwrap().ends_with(to)
        };
        let join = shown["joins"].as_array()?.iter().find(ends)?;
        Some((join["x"].as_f64()?, join["y"].as_f64()?))
    })
}

#[test]
fn what_is_clicked_is_inspected_whatever_it_is() {
    let Some((window, _program)) = backlog() else { return };
    window.click_on("checker");
    window.shows("the component", |shown| inspects(shown, "component", "checker"));
    window.click(on_linkage(&window, "orders", "checker"));
    window.shows("the linkage", |shown| inspects(shown, "linkage", "orders → checker"));
    let rect: Vec<f64> = window.shows_at_rest("the hull at rest", |shown| {
        let rect = shown["systems"][0]["rect"].as_array()?;
        Some(rect.iter().map(|side| side.as_f64().unwrap()).collect())
    });
    // In its lower edge, which is ground however large the ring inside is.
    window.click(((rect[0] + rect[2]) / 2.0, rect[3] - 6.0));
    window.shows("the system", |shown| inspects(shown, "system", "backlog"));
    window.press(&["Escape"]);
    window.shows("nothing", |shown| shown["inspector"].is_null().then_some(()));
    window.close();
}

#[test]
fn a_neighbour_in_the_card_is_gone_to_and_the_card_covers_nothing() {
    let Some((window, _program)) = backlog() else { return };
    window.click_on("packer");
    let width = window.shows("the card", |shown| {
        inspects(shown, "component", "packer")?;
        shown["inspector"]["width"].as_f64()
    });
    let at = window.place_of("packer");
    assert!(at.0 < 1600.0 - width - 20.0, "the card covers what was selected: {at:?}");
    // Of its rows the one that names whom it is linked from is found by clicking down the card.
    let rows = window.shows("rows", |shown| shown["inspector"]["links"].as_array().cloned());
    let row = rows.iter().find(|row| row["name"].as_str().unwrap().starts_with("checker")).unwrap();
    window.click((row["x"].as_f64().unwrap(), row["y"].as_f64().unwrap()));
    window.shows("the neighbour", |shown| inspects(shown, "component", "checker"));
    window.press(&["alt+Left"]);
    window.shows("the way back", |shown| inspects(shown, "component", "packer"));
    window.close();
}

#[test]
fn the_card_is_copied_and_hidden_by_keys() {
    let Some((window, _program)) = backlog() else { return };
    window.click_on("packer");
    window.shows("the card", |shown| inspects(shown, "component", "packer"));
    window.press(&["ctrl+c"]);
    let text = window.shows("that it is copied", |shown| shown["inspector"]["text"].as_str().map(str::to_owned));
    for word in ["packer", "ACTIVITY", "messages in", "FROM", "checker"] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    window.press(&["i"]);
    window.shows("no card", |shown| shown["inspector"]["width"].is_null().then_some(()));
    window.press(&["i"]);
    window.shows("the card again", |shown| shown["inspector"]["width"].as_f64());
    window.close();
}
