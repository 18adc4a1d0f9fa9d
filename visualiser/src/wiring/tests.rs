//! What is read is what was written, and what is wrong is named with its line.
#![allow(clippy::unwrap_used)]

use super::*;

fn wrong(text: &str) -> Vec<String> {
    match parse(text, "w.toml") {
        Err(WiringError::Wrong(lines)) => lines,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_is_read_again() {
    let text = r#"
        name = "chat \"1\""
        optional = ["server/*"]
        links = ["server/127.0.0.1:80.to%2Eall -> room.inbox", "server.outbox -> room.inbox"]
        signals = ["room.signal -> server.control"]
        [components.room]
        type = "Room"
        inboxes = ["inbox"]
        [components.server]
        type = ""
        [components."server/127.0.0.1:80"]
        type = "Handler"
        outboxes = ["to%2Eall"]
    "#;
    let wiring = parse(text, "w.toml").unwrap();
    let mut written = Vec::new();
    crate::export::wiring::write(&wiring, &mut written).unwrap();
    assert_eq!(parse(std::str::from_utf8(&written).unwrap(), "again").unwrap(), wiring);
    assert_eq!(wiring.links.iter().map(|link| &*link.source.postbox).collect::<Vec<_>>(), ["outbox", "to%2Eall"]);
}

#[test]
fn what_the_runner_runs_can_be_expected() {
    let text = r#"
        name = "shout"
        links = ["self -> loud", "loud -> screen", "screen -> self"]
        [components.loud]
        kind = "upper-case"
        times = 3
        [components.screen]
        kind = "console-out"
    "#;
    let wiring = parse(text, "shout.toml").unwrap();
    assert_eq!(wiring.parts.keys().collect::<Vec<_>>(), ["shout", "shout/loud", "shout/screen"]);
    let links: Vec<String> = wiring.links.iter().map(ToString::to_string).collect();
    assert_eq!(
        links,
        [
            "shout.inbox -> shout/loud.inbox",
            "shout/loud.outbox -> shout/screen.inbox",
            "shout/screen.outbox -> shout.outbox"
        ]
    );
    assert_eq!(wiring.signals, None);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    assert_eq!(wrong("name = \"a"), ["w.toml:1:10: invalid basic string, expected `\"`"]);
    assert_eq!(
        wrong("nmae = 1\nlinks = 3\n[components.a]\ntpye = \"A\"\nlinks = []\n"),
        [
            "w.toml:1:1: `nmae` means nothing here; there is `name`, `optional`, `links`, `signals` and `components`",
            "w.toml:2:9: `links` must be a list of texts",
            "w.toml:4:1: `tpye` means nothing here; a component has `type`, `inboxes` and `outboxes`",
            "w.toml:5:1: `links` is in the table of `a`: move it above the first table",
        ]
    );
    assert_eq!(
        wrong("name = \"a\"\nlinks = [\n  \"a.x -> ghost.inbox\",\n  \"a\",\n]\n[components.a]\n"),
        [
            "w.toml:3:3: there is no component `ghost`; write a table `[components.…]` for it",
            "w.toml:4:3: a linkage is a text such as \"a.outbox -> b.inbox\", or \"a -> b\" for short",
        ]
    );
    assert_eq!(wrong(""), ["w.toml:1:1: there is no component; write a table `[components.NAME]` for each"]);
}

#[test]
fn a_wiring_without_a_name_has_that_of_its_file() {
    assert_eq!(parse("[components.a]", "a/b/chat.toml").unwrap().name, "chat");
}
