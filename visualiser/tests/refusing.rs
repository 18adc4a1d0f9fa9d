//! What goes wrong at the command line: one clear line that says what to do, and the exit code that `--help` states.

#![allow(clippy::unwrap_used)]

mod support;

use std::net::TcpListener;
use std::process::Output;

use support::{ChatServer, Process, Visualiser, axonscope, free_address};

/// Runs `args`, which must fail with `code` and one line on standard error that holds all of `words`.
fn check(args: &[&str], code: i32, words: &[&str]) {
    check_output(args, &axonscope(args).output().unwrap(), code, words);
}

fn check_output(args: &[&str], output: &Output, code: i32, words: &[&str]) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?} said {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{args:?} said {stderr}");
    assert!(words.iter().all(|word| stderr.contains(word)), "{args:?} said {stderr}, without one of {words:?}");
    assert!(stderr.starts_with("axonscope: "), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check(&["--headless", "--listen", &address], 3, &[&address, "taken", "--listen"]);
}

#[test]
fn a_port_that_another_visualiser_has() {
    let visualiser = Visualiser::start();
    check(&["--headless", "--listen", visualiser.address()], 3, &[visualiser.address(), "taken"]);
}

#[test]
fn an_address_off_loopback() {
    for address in ["0.0.0.0:7420", "192.0.2.1:7420", "[::]:7420", "[2001:db8::1]:7420"] {
        check(&["--headless", "--listen", address], 2, &[address, "loopback", "127.0.0.1"]);
    }
}

#[test]
fn an_address_that_is_none() {
    for address in ["", "nonsense", "127.0.0.1", "127.0.0.1:99999", "\u{1b}[31m:1"] {
        let args = ["--headless", "--listen", address];
        let output = axonscope(args).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{address:?} said {stderr}");
        assert!(stderr.contains("127.0.0.1:7420") && !stderr.contains('\u{1b}'), "{address:?} said {stderr:?}");
    }
}

#[test]
fn nobody_there() {
    let url = format!("http://{}", free_address());
    for command in [&["ls"][..], &["watch"], &["export", "--format", "json"], &["export", "--format", "dot"]] {
        let args: Vec<&str> = command.iter().copied().chain(["--endpoint", &url]).collect();
        check(&args, 3, &[&url, "axonscope --headless", "--endpoint"]);
    }
}

#[test]
fn somebody_else_there() {
    // Takes connections and never says a word of HTTP/2.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in other.incoming() {
            drop(stream);
        }
    });
    let args = ["ls", "--endpoint", &url];
    let output = axonscope(args).output().unwrap();
    check_output(&args, &output, 3, &["visualiser"]);
}

#[test]
fn an_endpoint_that_is_none() {
    check(&["ls", "--endpoint", "https://127.0.0.1:7420"], 2, &["TLS", "http://"]);
    check(&["ls", "--endpoint", "nonsense"], 2, &["nonsense", "http://127.0.0.1:7420"]);
}

#[test]
fn nothing_there_to_show() {
    let visualiser = Visualiser::start();
    let expect = |args: &[&str], words: &[&str]| check_output(args, &visualiser.ask(args), 1, words);
    expect(&["ls"], &[&visualiser.url, "AXONSCOPE_ENDPOINT"]);
    expect(&["export", "--format", "json"], &[&visualiser.url, "probe"]);

    let chat = ChatServer::start(&visualiser.url);
    visualiser.list_until("the chat server", |systems| systems.len() == 1);
    expect(&["export", "--format", "json", "--system", "choir"], &["choir", "axonscope ls"]);
    expect(&["export", "--format", "dot", "--system", "\u{1b}[31m"], &["axonscope ls"]);
    drop(chat);
}

#[test]
fn a_command_line_that_makes_no_sense() {
    for args in [
        &["frobnicate"][..],
        &["export", "--format", "gif"],
        &["export"],
        &["export", "--format", "png", "--size", "huge"],
        &["--headless", "ls"],
    ] {
        let output = axonscope(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[test]
#[cfg(not(feature = "window"))]
fn pictures_and_windows_without_the_window() {
    let visualiser = Visualiser::start();
    let args = ["export", "--format", "png", "-o", "never.png"];
    check_output(&args, &visualiser.ask(&args), 4, &["window", "dot"]);
    check(&["--listen", "127.0.0.1:0"], 4, &["--headless"]);
}

#[test]
#[cfg(all(feature = "window", target_os = "linux"))]
fn no_display() {
    let output = axonscope(["--listen", "127.0.0.1:0"])
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .unwrap();
    check_output(&[], &output, 4, &["display", "--headless"]);
}

#[test]
fn help_and_version_are_fine() {
    for args in [&["--help"][..], &["--version"], &["ls", "--help"], &["watch", "--help"], &["export", "--help"]] {
        let output = axonscope(args).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn ctrl_c_ends_a_server_well() {
    let mut visualiser = Visualiser::start();
    visualiser.process.interrupt();
    assert_eq!(visualiser.process.ended().code(), Some(0));
}

#[test]
fn ctrl_c_ends_watching_well() {
    let visualiser = Visualiser::start();
    let mut watch = Process::start(axonscope(["watch"]).args(["--endpoint", &visualiser.url]));
    // It has its handler once it has connected; until then Ctrl-C is the shell's business.
    watch.line("watch to connect", |line| line.contains("watching").then_some(()));
    watch.interrupt();
    assert_eq!(watch.ended().code(), Some(0));
}
