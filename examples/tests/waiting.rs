//! The two examples in which components wait: who is named, and that Shutdown reaches all of them.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod process;

use process::Example;

#[test]
fn backlog_names_the_one_for_whom_all_others_wait() {
    let backlog = Example::start(env!("CARGO_BIN_EXE_backlog"), &[]);
    let sentence = "orders waits for checker, checker waits for packer, whose inbox is full (64 of 64)";
    backlog.line(|line| (line == sentence).then_some(()));
    backlog.terminate();
    backlog.ended_well();
}

#[test]
fn a_backlog_without_end_ends_when_it_is_asked_to() {
    let backlog = Example::start(env!("CARGO_BIN_EXE_backlog"), &["--work-ms", "3600000"]);
    backlog.line(|line| line.contains("for packer, whose inbox is full").then_some(()));
    backlog.terminate();
    backlog.ended_well();
}

#[test]
fn deadlock_names_both() {
    let deadlock = Example::start(env!("CARGO_BIN_EXE_deadlock"), &["--work-ms", "1"]);
    let sentence = deadlock.line(|line| Some(line.to_owned()));
    assert_eq!(sentence, "alice waits for bob, bob waits for alice: none of them will ever go on");
    deadlock.interrupt();
    assert_eq!(deadlock.ended_well(), ["end it with Ctrl-C: Shutdown reaches also those who wait"]);
}
