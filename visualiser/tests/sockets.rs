//! A visualiser at a socket in the file system, alone and beside a port.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use support::{Process, axonscope, example, until};

/// `axonscope --headless` at these places, once it says that it listens at all of them.
fn start(places: &[&str]) -> (Process, Vec<String>) {
    let mut command = axonscope(["--headless"]);
    for place in places {
        command.args(["--listen", place]);
    }
    let process = Process::start(&mut command);
    let endpoints = until("the visualiser to listen", || {
        let said = process.stdout();
        let endpoints: Vec<String> = said
            .lines()
            .filter_map(|line| line.strip_prefix("listening on ")?.strip_suffix(" (Ctrl-C ends)"))
            .map(str::to_owned)
            .collect();
        if endpoints.len() == places.len() { Ok(endpoints) } else { Err(said + &process.stderr()) }
    });
    (process, endpoints)
}

fn ls(endpoint: &str) -> String {
    let output = axonscope(["ls", "--endpoint", endpoint]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_port_and_a_socket_lead_to_the_same_visualiser() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sock");
    let socket = format!("unix:{}", path.display());
    let (mut visualiser, endpoints) = start(&["127.0.0.1:0", &socket]);
    assert!(endpoints[0].starts_with("http://127.0.0.1:"), "{endpoints:?}");
    assert_eq!(endpoints[1], socket);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let _program = Process::start(&mut example("pipeline", &endpoints[0]));
    for endpoint in &endpoints {
        until("the pipeline", || {
            let list = ls(endpoint);
            if list.contains("pipeline") { Ok(()) } else { Err(list) }
        });
    }
    visualiser.interrupt();
    assert!(visualiser.ended().success());
    assert!(!path.exists(), "it takes its socket away");
    assert!(ls(&socket).contains("no visualiser answers"), "{}", ls(&socket));
}

#[test]
fn a_socket_of_the_dead_is_taken_over_and_one_of_the_living_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sock");
    let socket = format!("unix:{}", path.display());
    let (mut first, _) = start(&[&socket]);
    let refused = axonscope(["--headless", "--listen", &socket]).output().unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!((refused.status.code(), words.lines().count()), (Some(3), 1), "{words}");
    assert!(words.contains(&*path.to_string_lossy()) && words.contains("taken"), "{words}");

    first.kill();
    assert!(path.exists(), "nobody could take it away");
    let (_second, endpoints) = start(&[&socket]);
    assert!(ls(&endpoints[0]).contains("no system has connected"), "{}", ls(&endpoints[0]));
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter");
    std::fs::write(&path, "dear").unwrap();
    for (place, word) in [(path.clone(), "no socket"), (folder.path().join("no/folder/a.sock"), "cannot listen")] {
        let refused = axonscope(["--headless", "--listen", &format!("unix:{}", place.display())]).output().unwrap();
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(3) && words.contains(word), "{words}");
    }
    assert_eq!(std::fs::read_to_string(Path::new(&path)).unwrap(), "dear");
}
