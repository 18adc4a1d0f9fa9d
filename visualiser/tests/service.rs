//! A web service on plain tokio, attached by a layer alone, over a Unix socket and over TCP at the same time.

#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use serde_json::Value;
use support::{Process, axonscope, components, example, until};

fn json(endpoint: &str) -> Value {
    let output = axonscope(["export", "--format", "json", "--endpoint", endpoint]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

#[test]
fn the_picture_shows_what_a_service_is_made_of_and_which_queue_fills() {
    let folder = tempfile::tempdir().unwrap();
    let sockets = ["one", "other"].map(|name| format!("unix:{}", folder.path().join(name).display()));
    let visualisers = sockets.clone().map(|socket| {
        let process = Process::start(&mut axonscope(["--headless", "--listen", &socket]));
        process.line("the visualiser to listen", |line| line.contains("unix:").then_some(()));
        process
    });
    let mut service = Process::start(example("plain_tokio", &sockets.join(",")).args([
        "--listen",
        "127.0.0.1:0",
        "--press-ms",
        "200",
        "--queue",
        "4",
    ]));
    let address = service.line("the service to listen", |line| line.strip_prefix("listening on ").map(str::to_owned));
    let _load = Process::start(example("plain_tokio_load", "").args([
        "--server",
        &address,
        "--per-second",
        "30",
        "--people",
        "16",
        "--seconds",
        "600",
    ]));

    for socket in &sockets {
        let system = until("the service at work", || {
            let picture = json(socket);
            let system = picture["systems"][0].clone();
            let is_full = system["postboxes"].as_array().is_some_and(|boxes| {
                boxes.iter().any(|postbox| {
                    postbox["name"] == "orders" && postbox["kind"] == "inbox" && postbox["depth"] == postbox["capacity"]
                })
            });
            let wait = || components(&system, "name", "POST /orders")[0]["many"]["open"].as_u64() > Some(1);
            // The second is there once a first poster was printed.
            let is_linked = system["linkages"].as_array().is_some_and(|linkages| linkages.len() == 2);
            if is_full && is_linked && wait() { Ok(system) } else { Err(format!("{system:#}")) }
        });
        let names = ["service", "POST /orders", "press", "print", "mailer"];
        for name in names {
            assert_eq!(components(&system, "name", name).len(), 1, "{name} in {system:#}");
        }
        let id = |name: &str| components(&system, "name", name)[0]["id"].clone();
        assert_eq!(components(&system, "name", "POST /orders")[0]["parent"], id("service"));
        assert_eq!(components(&system, "name", "print")[0]["parent"], id("press"));
        // Who is at fault, and who waits.
        until("what is wrong in words", || {
            let output = axonscope(["lint", "--endpoint", socket]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let names_both = said.contains("press is too slow") && said.contains("POST /orders waits");
            if names_both && output.status.code() == Some(1) { Ok(()) } else { Err(said) }
        });
    }
    service.interrupt();
    service.ended();
    for socket in &sockets {
        until("its farewell", || {
            let picture = json(socket);
            if picture["systems"][0]["status"] == "left" { Ok(()) } else { Err(format!("{picture:#}")) }
        });
    }
    drop(visualisers);
}
