//! The backplane from outside.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod process;

use process::Example;

#[test]
fn everybody_reads_what_they_subscribed_to_and_in_order() {
    let mut backplane = Example::start(env!("CARGO_BIN_EXE_backplane"), &[]);
    let matches = |number| format!("sport: match {number}\n");
    backplane.say(&format!(
        "news: it works\ngossip: he said\n weather : rain: all day\nno room\n{}",
        (0..200).map(matches).collect::<String>()
    ));
    let read = backplane.ended_well();
    let of = |name: &str, room: &str| -> Vec<_> {
        let start = format!("{name} reads {room}: ");
        read.iter().filter_map(|line| line.strip_prefix(&start)).collect()
    };
    for (name, room) in [("alice", "news"), ("carol", "news")] {
        assert_eq!(of(name, room), ["it works"], "{read:#?}");
    }
    assert_eq!(of("bob", "weather"), ["rain: all day"]);
    let matches: Vec<_> = (0..200).map(|number| format!("match {number}")).collect();
    assert_eq!(of("alice", "sport"), matches);
    assert_eq!(of("bob", "sport"), matches);
    let excuses: Vec<_> = read.iter().filter(|line| line.starts_with("there is no room for")).collect();
    assert_eq!(excuses, ["there is no room for: gossip: he said", "there is no room for: no room"]);
    assert_eq!(read.len(), 3 + 2 * 200 + 2);
}

#[test]
fn rooms_close_when_the_program_is_asked_to_end() {
    let mut backplane = Example::start(env!("CARGO_BIN_EXE_backplane"), &[]);
    backplane.begin("sport: kick-off\n");
    backplane.line(|line| (line == "bob reads sport: kick-off").then_some(()));
    backplane.terminate();
    backplane.ended_well();
}
