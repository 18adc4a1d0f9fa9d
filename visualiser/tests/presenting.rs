//! Presenting in the real window, as a person does: one key, the tour by hand, larger type, and back; and the help.
//!
//! Where Xvfb or xdotool is missing (`./test` installs them) these tests say so and check nothing.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::desktop::Window;
use support::{ChatServer, say};

/// A window on a chat server in which two talk, once all of it is shown and rests.
fn chat() -> Option<(Window, ChatServer, Vec<std::net::TcpStream>)> {
    let window = Window::open(&[])?;
    let server = ChatServer::start(&window.url);
    let clients = ["alice", "bob"].map(|name| {
        let mut client = server.client();
        say(&mut client, name);
        client
    });
    window.shows_at_rest("all of the chat", |shown| {
        let names: Vec<&str> = shown["nodes"].as_array()?.iter().filter_map(|node| node["path"].as_str()).collect();
        let all = ["alice", "bob"].iter().all(|name| names.iter().any(|path| path.ends_with(name)));
        all.then_some(())
    });
    Some((window, server, clients.into()))
}

/// Whatever is presented, if anything is.
fn presented(shown: &Value) -> Option<&Value> {
    Some(&shown["presenting"]).filter(|presented| presented.is_object())
}

#[test]
fn one_key_presents_and_the_tour_is_led_by_keys() {
    let Some((window, server, _clients)) = chat() else { return };
    window.press(&["F5"]);
    let scale = window.shows("the presentation", |shown| {
        let presented = presented(shown)?;
        let has_words = presented["line"].as_str().is_some_and(|line| line.ends_with('.'));
        (has_words && presented["stop"] == 1 && presented["target"] == "All").then(|| presented["scale"].as_f64())?
    });
    assert!(scale >= 1.5, "{scale} cannot be read from the back of a room");

    window.press(&["ctrl+plus"]);
    window.shows("larger type", |shown| (presented(shown)?["scale"].as_f64()? > scale).then_some(()));
    window.press(&["space"]);
    window.shows("the tour to pause", |shown| (presented(shown)?["tour"] == "Paused").then_some(()));

    // Somebody joins, and that is said in words.
    let mut dave = server.client();
    say(&mut dave, "dave");
    window.shows("words about dave", |shown| presented(shown)?["line"].as_str()?.contains("dave").then_some(()));

    window.press(&["Escape"]);
    window.shows("the end", |shown| shown["presenting"].is_null().then_some(()));
    // The other key for it, and a person who moves the picture has it in hand.
    window.press(&["shift+p"]);
    window.shows("the presentation again", |shown| (presented(shown)?["tour"] == "Running").then_some(()));
    window.press(&["Up"]);
    window.shows("the tour to end", |shown| (presented(shown)?["tour"] == "Ended").then_some(()));
    window.press(&["F5"]);
    window.shows("the end", |shown| shown["presenting"].is_null().then_some(()));
    window.close();
}

#[test]
fn the_tour_goes_to_what_is_busy_and_back() {
    let Some(window) = Window::open(&[]) else { return };
    let _program = support::Process::start(&mut support::example("backlog", &window.url));
    window.shows("what flows", |shown| (shown["nodes"].as_array()?.len() > 2).then_some(()));
    window.press(&["F5"]);
    // The round is planned from what flows by then.
    let target = support::until("a stop besides everything", || {
        window.press(&["Right"]);
        let (stop, target) = window.shows("the presentation", |shown| {
            let presented = presented(shown)?;
            Some((presented["stop"].as_u64()?, presented["target"].as_str()?.to_owned()))
        });
        if stop > 1 {
            return Ok(target);
        }
        window.press(&["F5"]);
        window.shows("the end", |shown| shown["presenting"].is_null().then_some(()));
        window.press(&["F5"]);
        Err(format!("stop {stop}: {target}"))
    });
    assert!(target.starts_with("Part") || target.starts_with("System"), "{target}");
    window.press(&["Left"]);
    window.shows("everything", |shown| (presented(shown)?["target"] == "All").then_some(()));
    window.close();
}

#[test]
fn help_opens_and_closes() {
    let Some(window) = Window::open(&[]) else { return };
    for key in ["F1", "question"] {
        window.press(&[key]);
        window.shows("the help", |shown| (shown["help"] == true).then_some(()));
        window.press(&["Escape"]);
        window.shows("no help", |shown| (shown["help"] == false).then_some(()));
    }
    // Help over a presentation closes first.
    window.press(&["F5", "F1"]);
    window.shows("the help", |shown| (shown["help"] == true).then_some(()));
    window.press(&["Escape"]);
    window.shows("no help", |shown| (shown["help"] == false && presented(shown).is_some()).then_some(()));
    window.press(&["Escape"]);
    window.shows("the end", |shown| shown["presenting"].is_null().then_some(()));
    window.close();
}
