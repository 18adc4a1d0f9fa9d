//! A program appears, whichever of the two starts first, and the picture follows it while it changes.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::{ChatServer, Visualiser, components, free_address};

#[test]
fn the_visualiser_first_then_the_program() {
    let visualiser = Visualiser::start();
    let chat = ChatServer::start(&visualiser.url);
    let systems = visualiser.picture_until("the chat server", is_live_with_a_server);
    assert_eq!(systems[0]["pid"], chat.process.id());
}

#[test]
fn the_program_first_then_the_visualiser() {
    let address = free_address();
    let chat = ChatServer::start(&format!("http://{address}"));
    let visualiser = Visualiser::start_at(&address);
    let systems = visualiser.picture_until("the chat server", is_live_with_a_server);
    assert_eq!(systems[0]["pid"], chat.process.id());
}

#[test]
fn three_clients_appear_as_handlers_and_disappear_as_they_leave() {
    let visualiser = Visualiser::start();
    let chat = ChatServer::start(&visualiser.url);
    visualiser.picture_until("the chat server", is_live_with_a_server);

    let mut clients: Vec<_> = (0..3).map(|_| chat.client()).collect();
    let systems = visualiser.picture_until("three handlers", |systems| handlers(systems).len() == 3);
    let ids: BTreeSet<u64> = handlers(&systems).iter().map(|handler| handler["id"].as_u64().unwrap()).collect();
    assert_every_end_of_every_linkage_exists(&systems[0]);

    drop(clients.pop());
    let systems = visualiser.picture_until("two handlers", |systems| handlers(systems).len() == 2);
    let left: BTreeSet<u64> = handlers(&systems).iter().map(|handler| handler["id"].as_u64().unwrap()).collect();
    assert!(left.is_subset(&ids), "those that stay keep their ids");

    drop(clients);
    let systems = visualiser.picture_until("no handler", |systems| handlers(systems).is_empty());
    assert_every_end_of_every_linkage_exists(&systems[0]);
    assert_eq!((&systems[0]["lost"], &systems[0]["anomalies"]), (&Value::from(0), &Value::from(0)));
}

#[test]
fn what_clients_say_is_counted_where_it_flows() {
    let visualiser = Visualiser::start();
    let chat = ChatServer::start(&visualiser.url);
    let mut clients: Vec<_> = (0..2).map(|_| chat.client()).collect();
    for n in 0..20 {
        for client in &mut clients {
            support::say(client, &format!("line {n}"));
        }
    }
    visualiser.picture_until("forty messages", |systems| {
        let most = |system: &Value| {
            let postboxes = system["postboxes"].as_array().unwrap();
            postboxes.iter().map(|postbox| postbox["messages"].as_u64().unwrap()).max()
        };
        systems.first().and_then(most) >= Some(40)
    });
}

fn is_live_with_a_server(systems: &[Value]) -> bool {
    systems.len() == 1
        && systems[0]["name"] == "chat_server"
        && systems[0]["status"] == "live"
        && !systems[0]["components"].as_array().unwrap().is_empty()
}

fn handlers(systems: &[Value]) -> Vec<&Value> {
    systems.first().map(|system| components(system, "type", "Handler")).unwrap_or_default()
}

fn assert_every_end_of_every_linkage_exists(system: &Value) {
    let ids = |list: &str, field: &str| -> BTreeSet<u64> {
        system[list].as_array().unwrap().iter().filter_map(|thing| thing[field].as_u64()).collect()
    };
    let (postboxes, components) = (ids("postboxes", "id"), ids("components", "id"));
    assert!(ids("linkages", "source").is_subset(&postboxes) && ids("linkages", "sink").is_subset(&postboxes));
    assert!(ids("postboxes", "owner").is_subset(&components) && ids("components", "parent").is_subset(&components));
}
