//! The pipeline as people run it.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn lines_come_back_and_the_program_ends_with_its_input() {
    let mut pipeline = Command::new(env!("CARGO_BIN_EXE_pipeline"))
        // Nobody listens there; the program must not mind.
        .env("AXONSCOPE_ENDPOINT", "http://127.0.0.1:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = (0..1000).map(|n| format!("line {n} ☃\n")).collect();
    let mut input = pipeline.stdin.take().unwrap();
    let sent = lines.clone();
    let writer = std::thread::spawn(move || input.write_all(sent.as_bytes()).unwrap());
    let output = pipeline.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), lines);
}
