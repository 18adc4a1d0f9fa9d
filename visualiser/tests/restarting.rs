//! Either side may die at any time, without a word, and come back.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use serde_json::Value;
use support::{ChatServer, Visualiser, components};

#[test]
fn a_killed_program_stays_grey_with_its_last_state_and_its_restart_is_a_new_instance() {
    let visualiser = Visualiser::start();
    let mut chat = ChatServer::start(&visualiser.url);
    let _client = chat.client();
    let before = visualiser.picture_until("a handler", |systems| {
        systems.len() == 1 && components(&systems[0], "type", "Handler").len() == 1
    });

    chat.process.kill();
    let dead = visualiser.picture_until("the loss to show", |systems| systems[0]["status"] == "lost");
    for list in ["components", "postboxes", "linkages"] {
        assert_eq!(ids(&dead[0], list), ids(&before[0], list), "the last state of {list} is kept");
    }
    assert_ne!(dead[0]["status_detail"], "", "it says why");

    let again = ChatServer::start(&visualiser.url);
    let systems = visualiser.list_until("the restart", |systems| {
        systems.iter().any(|system| system["status"] == "live" && system["pid"] == again.process.id())
    });
    let find = |status: &str| systems.iter().find(|system| system["status"] == status).unwrap();
    assert_eq!(systems.len(), 2);
    assert_eq!(find("lost")["pid"], before[0]["pid"]);
    assert_ne!(find("lost")["id"], find("live")["id"]);
}

#[test]
fn a_program_that_ends_on_purpose_has_left() {
    let visualiser = Visualiser::start();
    let mut chat = ChatServer::start(&visualiser.url);
    visualiser.list_until("the chat server", is_live);
    chat.process.interrupt();
    chat.process.ended();
    visualiser.list_until("its farewell", |systems| systems.len() == 1 && systems[0]["status"] == "left");
}

#[test]
fn a_visualiser_that_restarts_gets_every_system_back_without_touching_the_programs() {
    let mut visualiser = Visualiser::start();
    let mut chats = [ChatServer::start(&visualiser.url), ChatServer::start(&visualiser.url)];
    let clients = [chats[0].client(), chats[1].client(), chats[1].client()];
    let whole = |systems: &[Value]| {
        let mut handlers: Vec<usize> = systems
            .iter()
            .filter(|system| system["status"] == "live")
            .map(|system| components(system, "type", "Handler").len())
            .collect();
        handlers.sort_unstable();
        handlers == [1, 2]
    };
    visualiser.picture_until("both systems, whole", whole);

    let address = visualiser.address().to_owned();
    visualiser.process.kill();
    let visualiser = Visualiser::start_at(&address);
    let began = Instant::now();
    visualiser.picture_until("both systems again", whole);
    println!("both systems were back after {:?}; the goal is {:?}", began.elapsed(), Duration::from_secs(5));
    assert!(chats.iter_mut().all(|chat| chat.process.is_running()));
    drop(clients);
}

#[test]
fn two_programs_of_one_name_stay_two() {
    let visualiser = Visualiser::start();
    let chats = [ChatServer::start(&visualiser.url), ChatServer::start(&visualiser.url)];
    let systems = visualiser
        .list_until("both", |systems| systems.len() == 2 && systems.iter().all(|system| system["status"] == "live"));
    let of = |field: &str| -> Vec<u64> { systems.iter().map(|system| system[field].as_u64().unwrap()).collect() };
    let mut ordinals = of("ordinal");
    ordinals.sort_unstable();
    assert_eq!(ordinals, [1, 2]);
    let (mut pids, mut started) = (of("pid"), chats.each_ref().map(|chat| u64::from(chat.process.id())));
    pids.sort_unstable();
    started.sort_unstable();
    assert_eq!(pids, started);

    // A client of one is no business of the other.
    let _client = chats[0].client();
    let systems = visualiser.picture_until("one handler", |systems| {
        systems.iter().any(|system| !components(system, "type", "Handler").is_empty())
    });
    let with_handler: Vec<&Value> =
        systems.iter().filter(|system| !components(system, "type", "Handler").is_empty()).collect();
    assert_eq!(with_handler.len(), 1);
    assert_eq!(with_handler[0]["pid"], chats[0].process.id());
}

fn is_live(systems: &[Value]) -> bool {
    systems.len() == 1 && systems[0]["status"] == "live"
}

fn ids(system: &Value, list: &str) -> Vec<u64> {
    let mut ids: Vec<u64> =
        system[list].as_array().unwrap().iter().map(|thing| thing["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    ids
}
