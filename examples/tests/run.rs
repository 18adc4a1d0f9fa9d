//! Networks from a file, and from files that are wrong.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod process;

use std::path::{Path, PathBuf};

use process::Example;
use tempfile::TempDir;

fn wiring(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "wirings", name].iter().collect();
    path.to_str().unwrap().to_owned()
}

fn run(directory: &Path, wiring: &str) -> Example {
    Example::start_in(directory, env!("CARGO_BIN_EXE_axonscope-examples"), &["run", wiring])
}

#[test]
fn shout_shouts() {
    let directory = TempDir::new().unwrap();
    let mut shout = run(directory.path(), &wiring("shout.toml"));
    shout.say("hello\nnaïve ☃");
    assert_eq!(shout.ended_well(), ["HELLO!", "NAÏVE ☃!"]);
}

#[test]
fn the_sieve_has_two_ways_out() {
    let directory = TempDir::new().unwrap();
    let mut sieve = run(directory.path(), &wiring("sieve.toml"));
    sieve.say("a component\nsomething else\ncomponents again\n");
    assert_eq!(sieve.ended_well(), ["1 a dear component", "3 dear components again"]);
    assert_eq!(std::fs::read_to_string(directory.path().join("rest.txt")).unwrap(), "2 something else\n");
}

#[test]
fn the_clock_ticks_until_it_is_asked_to_end() {
    let directory = TempDir::new().unwrap();
    let clock = run(directory.path(), &wiring("clock.toml"));
    assert_eq!(clock.line(|line| Some(line.to_owned())), "tick 1");
    clock.line(|line| (line == "tick 2").then_some(()));
    clock.terminate();
    clock.ended_well();
    // What is written, though not all of it, was there before the end.
    assert!(std::fs::read_to_string(directory.path().join("clock.txt")).unwrap().starts_with("tick 1\n"));
}

#[test]
fn every_wiring_there_is_is_tested() {
    let there = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("wirings")).unwrap();
    let mut names: Vec<_> = there.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["clock.toml", "shout.toml", "sieve.toml"]);
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place() {
    let directory = TempDir::new().unwrap();
    let shout = std::fs::read_to_string(wiring("shout.toml")).unwrap();
    std::fs::write(directory.path().join("wrong.toml"), shout.replace("loud -> louder", "loud -> luoder")).unwrap();
    let line = 1 + shout.lines().position(|line| line.contains("loud -> louder")).unwrap();
    let (status, stdout, stderr) = run(directory.path(), "wrong.toml").ended();
    assert_eq!((status.code(), stdout.len()), (Some(2), 0));
    let expected = format!("wrong.toml:{line}:14: there is no component `luoder`; did you mean `louder`");
    assert!(stderr[0].starts_with(&expected), "{stderr:#?}");
    assert_eq!(stderr.len(), 1, "{stderr:#?}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (status, _, stderr) = run(Path::new("."), "nowhere.toml").ended();
    assert_eq!(status.code(), Some(2));
    assert!(stderr.len() == 1 && stderr[0].starts_with("cannot read nowhere.toml: "), "{stderr:#?}");
}

#[test]
fn a_component_that_fails_is_named_and_fails_the_program() {
    let directory = TempDir::new().unwrap();
    let text = r#"
        links = ["poem -> screen"]
        [components]
        poem = { kind = "file-in", path = "poem.txt" }
        screen = { kind = "console-out" }
    "#;
    std::fs::write(directory.path().join("read.toml"), text).unwrap();
    let (status, stdout, stderr) = run(directory.path(), "read.toml").ended();
    assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{stderr:#?}");
    assert!(stderr.len() == 1 && stderr[0].starts_with("read/poem: cannot open poem.txt: "), "{stderr:#?}");

    std::fs::write(directory.path().join("poem.txt"), "roses\nare red").unwrap();
    assert_eq!(run(directory.path(), "read.toml").ended_well(), ["roses", "are red"]);
}

#[test]
fn kinds_are_listed_with_boxes_and_options() {
    let kinds = Example::start(env!("CARGO_BIN_EXE_axonscope-examples"), &["kinds"]).ended_well();
    let at = kinds.iter().position(|line| line.starts_with("contains ")).unwrap();
    assert!(kinds[at].ends_with("[inbox -> outbox, rejected]"), "{}", kinds[at]);
    assert_eq!(kinds[at + 1].trim(), "text = a text, needed");
    assert!(kinds.iter().any(|line| line.starts_with("console-in ") && line.ends_with("[-> outbox]")), "{kinds:#?}");
}
