//! The carousel from outside.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod process;

use process::Example;

#[test]
fn tunes_are_played_whole_and_one_after_the_other() {
    let carousel = Example::start(env!("CARGO_BIN_EXE_carousel"), &["lamb", "frere", "lamb", "--beat-ms", "1"]);
    let played = carousel.ended_well();
    let lamb = "E D C D E E E D D D E G G".split(' ').map(|note| format!("Lamb: {note}"));
    let frere = "C D E C C D E C E F G E F G".split(' ').map(|note| format!("Frere: {note}"));
    assert_eq!(played, lamb.clone().chain(frere).chain(lamb).collect::<Vec<_>>());
}

#[test]
fn a_tune_can_be_interrupted() {
    let carousel = Example::start(env!("CARGO_BIN_EXE_carousel"), &["--beat-ms", "3600000"]);
    carousel.line(|line| (line == "Ode: E").then_some(()));
    carousel.interrupt();
    assert_eq!(carousel.ended_well(), [""; 0]);
}
