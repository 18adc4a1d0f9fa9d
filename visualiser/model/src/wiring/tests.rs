//! Wirings of scripts, and in what other scripts differ from them.
#![allow(clippy::unwrap_used)]

use crate::tests::script::change;
use crate::{Hello, Limits, Model, SystemId};

use super::Wiring;

fn system(script: &str) -> (Model, SystemId) {
    let mut model = Model::new(Limits::default());
    let id = model.connect(Hello { name: "chat".to_owned(), ..Hello::default() }, 0).unwrap();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let applied = model.apply(id, change(&line.split(' ').collect::<Vec<_>>()));
        assert_eq!(applied.anomaly, None, "{line}");
    }
    (model, id)
}

fn wiring(script: &str) -> Wiring {
    let (model, id) = system(script);
    Wiring::of(model.system(id).unwrap())
}

#[track_caller]
fn check(expected: &Wiring, script: &str, differences: &[&str]) {
    let (model, id) = system(script);
    let found = expected.differences(model.system(id).unwrap());
    let found: Vec<String> = found.into_iter().map(|difference| difference.sentence).collect();
    assert_eq!(found, differences);
}

const CHAT: &str = "
    add 1 server type Server
    out 10 outbox of 1
    add 2 alice in 1 type Handler
    out 20 outbox of 2
    out 21 signal of 2
    add 3 room type Room
    in 30 inbox of 3
    in 31 control of 3
    link 100 20 10 outward
    link 101 10 30
    link 102 21 31
";

#[test]
fn it_names_everything_by_path_and_needs_no_ids() {
    let wiring = wiring(CHAT);
    assert_eq!(wiring.parts.keys().collect::<Vec<_>>(), ["room", "server", "server/alice"]);
    let shown =
        |links: &std::collections::BTreeSet<super::Link>| links.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&wiring.links), ["server.outbox -> room.inbox", "server/alice.outbox -> server.outbox"]);
    assert_eq!(shown(wiring.signals.as_ref().unwrap()), ["server/alice.signal -> room.control"]);
    let other_ids = CHAT.replace("add 3", "add 7").replace("of 3", "of 7").replace("101", "191");
    assert_eq!(self::wiring(&other_ids), wiring);
}

#[test]
fn a_system_does_not_differ_from_its_own_wiring() {
    check(&wiring(CHAT), CHAT, &[]);
}

#[test]
fn every_difference_is_named_once() {
    let changed = CHAT.replace("room type Room", "room type Hall").replace("link 101 10 30", "link 109 20 30")
        + "add 4 ghost\nunbox 31";
    check(
        &wiring(CHAT),
        &changed,
        &[
            "room should be a Room, and is a Hall.",
            "ghost is not expected.",
            "The linkage from server.outbox to room.inbox is missing.",
            "The linkage from server/alice.signal to room.control is missing.",
            "The linkage from server/alice.outbox to room.inbox is not expected.",
        ],
    );
}

#[test]
fn linkages_of_what_is_missing_go_with_it() {
    check(&wiring(CHAT), &format!("{CHAT}\ndel 3"), &["room is missing, with its linkage."]);
}

#[test]
fn boxes_are_missed_by_name() {
    let other = CHAT.replace("in 30 inbox", "in 30 letters");
    let found = [
        "room has no inbox inbox.",
        "The linkage from server.outbox to room.inbox is missing.",
        "The linkage from server.outbox to room.letters is not expected.",
    ];
    check(&wiring(CHAT), &other, &found);
}

#[test]
fn what_may_come_and_go_is_no_difference() {
    let mut expected = wiring(CHAT);
    expected.optional.push("server/*".to_owned());
    check(&expected, &format!("{CHAT}\ndel 2"), &[]);
    check(&expected, &format!("{CHAT}\nadd 5 bob in 1\nadd 6 voice in 5\nout 60 outbox of 6\nlink 300 60 30"), &[]);
}

#[test]
fn of_signals_nothing_need_be_said() {
    let expected = Wiring { signals: None, ..wiring(CHAT) };
    check(&expected, &format!("{CHAT}\nunlink 102"), &[]);
}

#[test]
fn siblings_of_one_name_are_numbered() {
    let twins = wiring("add 1 worker\nadd 2 worker\nadd 3 worker in 2");
    assert_eq!(twins.parts.keys().collect::<Vec<_>>(), ["worker", "worker#2", "worker#2/worker"]);
}
