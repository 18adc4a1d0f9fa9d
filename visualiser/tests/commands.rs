//! The commands that ask a running visualiser, against a real program.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{ChatServer, Process, Visualiser, axonscope, components, until};

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// A chat server with `handlers` clients, seen whole.
fn chat(visualiser: &Visualiser, handlers: usize) -> (ChatServer, Vec<std::net::TcpStream>) {
    let chat = ChatServer::start(&visualiser.url);
    let clients = (0..handlers).map(|_| chat.client()).collect();
    visualiser.picture_until("the chat server and its handlers", |systems| {
        systems
            .iter()
            .any(|system| system["pid"] == chat.process.id() && components(system, "type", "Handler").len() == handlers)
    });
    (chat, clients)
}

#[test]
fn ls_has_a_line_for_each_system() {
    let visualiser = Visualiser::start();
    let _first = chat(&visualiser, 0);
    let (second, _clients) = chat(&visualiser, 1);
    let output = visualiser.ask(&["ls"]);
    assert!(output.status.success());
    let list = text(output.stdout);
    assert_eq!(list.lines().count(), 3, "{list}");
    assert!(list.lines().next().unwrap().starts_with("SYSTEM"), "{list}");
    let pid = second.process.id().to_string();
    assert!(list.lines().any(|line| line.starts_with("chat_server") && line.contains("live") && line.contains(&pid)));
}

#[test]
fn json_holds_systems_components_postboxes_linkages_totals_rates_positions_and_the_instant() {
    let visualiser = Visualiser::start();
    let _chat = chat(&visualiser, 2);
    // The first places come a moment after the components.
    visualiser.picture_until("places", |systems| {
        systems[0]["components"].as_array().unwrap().iter().all(|component| component["place"]["x"].is_number())
    });
    let picture = visualiser.picture();
    assert_eq!(picture["format"], "axonscope-1");
    let instant = picture["instant"].as_str().unwrap();
    assert!(
        instant.parse::<jiff::Timestamp>().is_ok_and(|at| at.duration_until(jiff::Timestamp::now()).as_secs() < 60)
    );
    let system = &picture["systems"][0];
    for list in ["components", "postboxes", "linkages"] {
        assert!(!system[list].as_array().unwrap().is_empty(), "no {list}");
    }
    assert!(system["messages_per_second"].is_number() && system["extent"]["max_x"].is_number());
    let place = &system["components"][0]["place"];
    assert!(["x", "y", "z", "radius"].iter().all(|field| place[field].is_number()), "{place}");
    let postbox = &system["postboxes"][0];
    assert!(["messages", "depth", "messages_per_second"].iter().all(|field| postbox[field].is_number()), "{postbox}");
}

#[test]
fn graphviz_draws_an_export() {
    let visualiser = Visualiser::start();
    let _chat = chat(&visualiser, 2);
    let output = visualiser.ask(&["export", "--format", "dot"]);
    assert!(output.status.success());
    let file = text(output.stdout);
    assert!(file.starts_with("digraph") && file.contains("Handler") && file.contains(" -> "), "{file}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("now.dot");
    std::fs::write(&path, file).unwrap();
    match Command::new("dot").arg("-Tsvg").arg(&path).output() {
        Ok(svg) => assert!(svg.status.success() && text(svg.stdout).contains("Handler")),
        Err(_) => println!("skipped: graphviz is not installed"),
    }
}

#[test]
fn an_export_goes_to_a_file_when_asked_and_says_nothing() {
    let visualiser = Visualiser::start();
    let _chat = chat(&visualiser, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("now.json");
    let output = visualiser.ask(&["export", "--format", "json", "-o", path.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty());
    let picture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(picture["systems"][0]["name"], "chat_server");
}

#[test]
fn an_export_that_cannot_be_written_says_so() {
    let visualiser = Visualiser::start();
    let _chat = chat(&visualiser, 0);
    let output = visualiser.ask(&["export", "--format", "json", "-o", "/nowhere/at/all.json"]);
    assert_eq!(output.status.code(), Some(5));
    let words = text(output.stderr);
    assert!(words.lines().count() == 1 && words.contains("/nowhere/at/all.json"), "{words}");
}

#[test]
fn an_export_may_be_of_one_system() {
    let visualiser = Visualiser::start();
    let _chats = [chat(&visualiser, 0), chat(&visualiser, 1)];
    let all = visualiser.picture();
    assert_eq!(all["systems"].as_array().unwrap().len(), 2);
    let output = visualiser.ask(&["export", "--format", "json", "--system", "chat_server 2"]);
    let one: Value = serde_json::from_str(&text(output.stdout)).unwrap();
    let ordinals: Vec<&Value> = one["systems"].as_array().unwrap().iter().map(|system| &system["ordinal"]).collect();
    assert_eq!(ordinals, [2]);
}

#[test]
fn lint_is_quiet_until_something_is_wrong() {
    let visualiser = Visualiser::start();
    let (mut chat_server, _clients) = chat(&visualiser, 1);
    let well = visualiser.ask(&["lint"]);
    assert!(well.status.success() && well.stdout.is_empty(), "{}", text(well.stdout));

    chat_server.process.kill();
    visualiser.list_until("the loss to show", |systems| systems[0]["status"] == "lost");
    let ill = visualiser.ask(&["lint", "--system", "chat_server"]);
    assert_eq!(ill.status.code(), Some(1));
    let problems = text(ill.stdout);
    assert!(problems.starts_with("error chat_server lost-system: "), "{problems}");
    assert_eq!(visualiser.ask(&["lint", "--system", "other"]).status.code(), Some(1));
}

#[test]
fn watch_tells_who_comes_and_goes() {
    let visualiser = Visualiser::start();
    let (chat_server, clients) = chat(&visualiser, 0);
    let watch = Process::start(axonscope(["watch"]).args(["--endpoint", &visualiser.url]));
    let tells = |what: &str, wanted: &[&str]| {
        until(what, || {
            let text = watch.stdout();
            let found = text.lines().any(|line| wanted.iter().all(|word| line.contains(word)));
            if found { Ok(()) } else { Err(text) }
        });
    };
    tells("the system", &["chat_server live: pid", &chat_server.process.id().to_string()]);
    assert!(clients.is_empty());
    let client = chat_server.client();
    tells("a visitor", &["chat_server + ", "(Handler)"]);
    tells("its linkages", &["chat_server link ", " -> "]);
    drop(client);
    tells("the visitor's end", &["chat_server - ", "(Handler)"]);
    tells("its linkages' end", &["chat_server unlink ", " -> "]);
    drop(chat_server);
    tells("the system's end", &["chat_server lost"]);
}

#[test]
fn watch_stops_quietly_when_nobody_reads_any_more() {
    let visualiser = Visualiser::start();
    let (chat_server, mut clients) = chat(&visualiser, 0);
    let mut watch = axonscope(["watch"])
        .args(["--endpoint", &visualiser.url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    watch.stdout.take().unwrap().read_exact(&mut first).unwrap();
    // Nobody reads now; the next line finds that out.
    let status = until("watch to end", || {
        clients.push(chat_server.client());
        watch.try_wait().unwrap().ok_or_else(|| "it runs".to_owned())
    });
    let mut complaints = String::new();
    watch.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert!(status.success(), "{status}: {complaints}");
    assert!(!complaints.contains("panicked") && !complaints.contains("roken pipe"), "{complaints}");
}

#[test]
fn watch_says_when_the_visualiser_ends() {
    let mut visualiser = Visualiser::start();
    let mut watch = Process::start(axonscope(["watch"]).args(["--endpoint", &visualiser.url]));
    watch.line("watch to connect", |line| line.contains("watching").then_some(()));
    visualiser.process.kill();
    assert_eq!(watch.ended().code(), Some(3));
    watch.line("the reason", |line| line.contains(&visualiser.url).then_some(()));
}
