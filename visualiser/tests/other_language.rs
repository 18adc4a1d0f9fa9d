//! A program in another language, with code that its own tools made of our .proto files.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::{Process, Visualiser, components};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");
const PROTOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/proto");

#[test]
fn a_python_program_is_seen_counted_and_leaves() {
    let made = generated();
    let visualiser = Visualiser::start();
    let mut client = Process::start(
        Command::new(python())
            .arg(Path::new(HERE).join("client.py"))
            .arg(visualiser.address())
            .env("PYTHONPATH", &made),
    );
    let systems = visualiser.picture_until("the Python program, and what flows in it", |systems| {
        let Some(system) = systems.first() else { return false };
        let counted = system["postboxes"].as_array().unwrap().iter().all(|postbox| postbox["messages"] != 0);
        system["status"] == "live" && counted && components(system, "name", "nest").len() == 1
    });
    let system = &systems[0];
    assert_eq!(system["pid"], client.id());
    assert_eq!((&system["name"], &system["labels"]["language"]), (&json!("snake"), &json!("Python")));
    assert_eq!((&system["lost"], &system["anomalies"], &system["refused"]), (&json!(0), &json!(0), &json!(0)));
    let parts = |list: &str, field: &str| -> Vec<Value> {
        system[list].as_array().unwrap().iter().map(|thing| thing[field].clone()).collect()
    };
    assert_eq!(parts("components", "type"), ["Feeder", "Eater", "Nest"]);
    assert_eq!(parts("components", "parent"), [json!(null), json!(null), json!(2)]);
    assert_eq!(parts("components", "state"), ["running", "running", "starting"]);
    assert_eq!(parts("postboxes", "kind"), ["outbox", "inbox"]);
    assert_eq!(parts("postboxes", "owner"), [1, 2]);
    assert_eq!((parts("linkages", "source"), parts("linkages", "sink")), (vec![json!(3)], vec![json!(4)]));
    assert!(parts("linkages", "messages")[0].as_u64().unwrap() >= 7);
    drawn(&visualiser);

    client.end_input();
    let systems = visualiser.list_until("its farewell", |systems| systems[0]["status"] == "left");
    assert_eq!(systems[0]["status_detail"], "all eaten");
    assert!(client.ended().success(), "{}", client.stderr());
}

/// A picture for a person to look at.
#[cfg(feature = "window")]
fn drawn(visualiser: &Visualiser) {
    let path = folder().join("snake.png");
    let output = visualiser.ask(&["export", "--format", "png", "-o", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::metadata(&path).unwrap().len() > 1000);
}

#[cfg(not(feature = "window"))]
fn drawn(_: &Visualiser) {}

/// Kept from one run to the next, in the target folder.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("python")
}

fn python() -> PathBuf {
    folder().join("venv").join("bin").join("python")
}

/// What Python's tools make of the .proto files, in a folder. Installs them first, unless they are there.
fn generated() -> PathBuf {
    let wanted = fs::read_to_string(Path::new(HERE).join("requirements.txt")).unwrap();
    let installed = folder().join("installed.txt");
    if !fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        let venv = folder().join("venv");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(python()).args(pip).arg(Path::new(HERE).join("requirements.txt")));
        fs::write(&installed, wanted).unwrap();
    }
    let made = folder().join("generated");
    fs::create_dir_all(&made).unwrap();
    run(Command::new(python())
        .args(["-m", "grpc_tools.protoc", "-I", PROTOS, "axonscope/v1/topology.proto", "axonscope/v1/visualiser.proto"])
        .arg(format!("--python_out={}", made.display()))
        .arg(format!("--grpc_python_out={}", made.display())));
    made
}

fn run(command: &mut Command) {
    let help = "this test needs python3 with venv (on Debian: apt-get install python3 python3-venv), and once a network \
                to install tests/python/requirements.txt from";
    match command.output() {
        Err(error) => panic!("{command:?}: {error}; {help}"),
        Ok(output) if !output.status.success() => {
            let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
            panic!("{command:?} failed:\n{said}{complained}\n{help}");
        }
        Ok(_) => {}
    }
}
