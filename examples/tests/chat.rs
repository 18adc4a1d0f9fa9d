//! The chat server from outside: real sockets, and what its system looks like meanwhile.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axonscope_examples::chat::{self, Options};
use axonscope_runtime::System;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

struct Server {
    system: System,
    address: SocketAddr,
    log: tempfile::NamedTempFile,
}

async fn serve(slow_logger: Duration) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let system = System::new("chat");
    let log = tempfile::NamedTempFile::new().unwrap();
    let options = Options { log: log.path().into(), slow_logger, heartbeat: Duration::from_secs(3600) };
    chat::start(&system, listener, options).unwrap();
    Server { system, address, log }
}

impl Server {
    fn handlers(&self) -> Vec<String> {
        let description = self.system.describe();
        let handlers = description.components.iter().filter(|component| &*component.type_name == "Handler");
        let mut names: Vec<_> = handlers.map(|handler| handler.name.to_string()).collect();
        names.sort();
        names
    }

    async fn until_handlers_are(&self, expected: &[&str]) {
        for _ in 0..1000 {
            if self.handlers() == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the handlers are {:?}, not {expected:?}", self.handlers());
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn join(server: &Server, name: &str) -> Self {
        let mut client = Self(BufReader::new(TcpStream::connect(server.address).await.unwrap()));
        client.say(name).await;
        client.hear("* welcome; what is your name?").await;
        client
    }

    async fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn next(&mut self) -> String {
        let mut line = String::new();
        timeout(Duration::from_secs(30), self.0.read_line(&mut line)).await.unwrap().unwrap();
        line.trim_end().to_owned()
    }

    async fn hear(&mut self, expected: &str) {
        assert_eq!(self.next().await, expected);
    }
}

#[tokio::test]
async fn people_come_talk_and_go() {
    let server = serve(Duration::ZERO).await;
    let mut alice = Client::join(&server, "alice").await;
    alice.hear("* hello alice, 1 here").await;
    let mut bob = Client::join(&server, "/nick bob").await;
    bob.hear("* hello bob, 2 here").await;
    alice.hear("* bob is here").await;
    let mut other_bob = Client::join(&server, "bob").await;
    other_bob.hear("* hello bob 2, 3 here").await;
    alice.hear("* bob 2 is here").await;
    bob.hear("* bob 2 is here").await;
    server.until_handlers_are(&["alice", "bob", "bob"]).await;

    alice.say("hi all").await;
    bob.hear("alice: hi all").await;
    other_bob.hear("alice: hi all").await;
    bob.say("this casino is great").await;
    bob.say("hello").await;
    alice.hear("bob: hello").await;
    other_bob.hear("bob: hello").await;
    other_bob.say("/nick robert").await;
    for client in [&mut alice, &mut bob, &mut other_bob] {
        client.hear("* bob 2 is now robert").await;
    }
    let description = server.system.describe();
    let room = description.components.iter().find(|component| &*component.name == "room").unwrap().id;
    let mut boxes: Vec<_> =
        description.postboxes.iter().filter(|postbox| postbox.owner == room).map(|postbox| &*postbox.name).collect();
    boxes.sort_unstable();
    assert_eq!(boxes, ["control", "inbox", "log", "signal", "to alice", "to bob", "to robert"]);

    drop(bob);
    alice.hear("* bob has left").await;
    alice.say("/quit").await;
    server.until_handlers_are(&["bob"]).await;
    assert!(timeout(Duration::from_secs(30), server.system.shutdown()).await.unwrap().is_empty());
    while !other_bob.next().await.contains("goes down") {}
    let log = std::fs::read_to_string(server.log.path()).unwrap();
    assert!(log.contains("alice joined\nbob joined\n"), "{log}");
    assert!(log.contains("bob: this casino is great\n"), "{log}");
}

#[tokio::test]
async fn somebody_without_a_name_has_an_address() {
    let server = serve(Duration::ZERO).await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    server.until_handlers_are(&[&silent.local_addr().unwrap().to_string()]).await;
    drop(silent);
    server.until_handlers_are(&[]).await;
    server.system.shutdown().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_makes_nobody_wait() {
    let server = serve(Duration::ZERO).await;
    let deaf = Client::join(&server, "deaf").await;
    server.until_handlers_are(&["deaf"]).await;
    let mut alice = Client::join(&server, "alice").await;
    alice.hear("* hello alice, 2 here").await;
    let mut bob = Client::join(&server, "bob").await;
    bob.hear("* hello bob, 3 here").await;
    alice.hear("* bob is here").await;
    let long = "x".repeat(4000);
    let description = server.system.describe();
    let deaf_id = description.components.iter().find(|component| &*component.name == "deaf").unwrap().id;
    let inbox = description.postboxes.iter().find(|postbox| postbox.owner == deaf_id && &*postbox.name == "inbox");
    let dropped = &inbox.unwrap().activity.dropped;
    // More than all socket buffers on the way hold.
    let mut rounds = 0;
    while dropped.load(Ordering::Relaxed) == 0 {
        alice.say(&long).await;
        bob.hear(&format!("alice: {long}")).await;
        rounds += 1;
        assert!(rounds < 20_000);
    }
    alice.say("still here?").await;
    bob.hear("alice: still here?").await;
    drop(deaf);
    server.system.shutdown().await;
}

#[tokio::test]
async fn a_slow_logger_fills_the_inboxes_before_it() {
    let server = serve(Duration::from_secs(3600)).await;
    let mut alice = Client::join(&server, "alice").await;
    alice.hear("* hello alice, 1 here").await;
    for _ in 0..500 {
        alice.say("hello").await;
    }
    let full = |component: &str| {
        let description = server.system.describe();
        let owner = description.components.iter().find(|info| &*info.name == component).unwrap().id;
        let inbox = description.postboxes.iter().find(|postbox| postbox.owner == owner && &*postbox.name == "inbox");
        let inbox = inbox.unwrap();
        Some(inbox.activity.depth.load(Ordering::Relaxed)) == inbox.capacity
    };
    for _ in 0..1000 {
        if ["logger", "room", "moderator"].into_iter().all(full) {
            assert!(timeout(Duration::from_secs(30), server.system.shutdown()).await.unwrap().is_empty());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the inboxes before the logger did not fill");
}
