//! The overlay from outside: real processes, what they print, and what they are sent.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axonscope_examples::mesh::link::Frames;
use axonscope_examples::mesh::wire::{Attach, Message, NodeId, Peer, Refusal, Welcome};
use support::mesh::{MemberOfGroup, Process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// On a busy machine all nodes are as good as each other, so that the same nodes make the same tree.
const ALL_EQUAL: [&str; 2] = ["--floor", "60000"];

async fn root(options: &[&str]) -> Process {
    Process::start("root", &[options, &["--fan-out", "2", "--max-depth", "2", "--status"]].concat()).await
}

async fn node(name: &str, root: &Process, options: &[&str]) -> Process {
    let address = root.address.to_string();
    let own = ["--root", &address, "--fan-out", "2", "--max-depth", "2", "--print"];
    let mut node = Process::start(name, &[&own, &ALL_EQUAL[..], options].concat()).await;
    node.line_with("parent is").await;
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_everything_in_order() {
    let mut root = root(&["--generate", "100", "--count", "200", "--wait-for", "5"]).await;
    let mut nodes = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        nodes.push(node(name, &root, &[]).await);
    }
    root.line_with("tree root(a(b c) d(e))").await;
    for node in &mut nodes {
        let messages = node.messages_until(200).await;
        let expected: Vec<_> = (1..=200).map(|number| (number, format!("number {number}"))).collect();
        assert_eq!(messages, expected, "at {}", node.name);
    }
    for node in nodes {
        assert_eq!(node.end().await, "received 200, missed 0, repeated 0, unsent 0, last 200");
    }
    root.line_with("tree root").await;
    assert_eq!(root.end().await, "received 200, missed 0, repeated 0, unsent 0, last 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_children_of_a_killed_node_find_others_and_miss_nothing() {
    let mut root = root(&["--generate", "200", "--count", "1000", "--wait-for", "5"]).await;
    let a = node("a", &root, &[]).await;
    let mut b = node("b", &root, &[]).await;
    let mut c = node("c", &root, &[]).await;
    let mut d = node("d", &root, &[]).await;
    let mut e = node("e", &root, &[]).await;
    root.line_with("tree root(a(b c) d(e))").await;
    let before = b.messages_until(100).await;
    a.kill().await;
    // Where to depends on whether they come before the root has missed the dead one, whose place is free then.
    for orphan in [&mut b, &mut c] {
        orphan.line_with("lost parent a").await;
        let parent = orphan.line_with("parent is").await;
        assert!(parent.ends_with(", missed 0"), "{parent}");
    }
    let whole = |line: &str| line.starts_with("tree") && ["b", "c", "d", "e"].iter().all(|name| line.contains(name));
    root.line_matching(|line| whole(line) && !line.contains('a')).await;
    let after = b.messages_until(1000).await;
    let all: Vec<_> = before.into_iter().chain(after).map(|(sequence, _)| sequence).collect();
    assert_eq!(all, (1..=1000).collect::<Vec<_>>());
    for node in [&mut c, &mut d, &mut e] {
        let all: Vec<_> = node.messages_until(1000).await.into_iter().map(|(sequence, _)| sequence).collect();
        assert_eq!(all, (1..=1000).collect::<Vec<_>>(), "at {}", node.name);
    }
    for node in [b, c, d, e] {
        let summary = node.end().await;
        assert!(summary.starts_with("received 1000, missed 0,"), "{summary}");
    }
    root.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_killed_and_comes_again_begins_with_what_is_new() {
    let root = root(&["--generate", "100"]).await;
    let first = node("again", &root, &[]).await;
    first.kill().await;
    let mut second = node("again", &root, &[]).await;
    let messages = second.some_messages(50).await;
    let first = messages[0].0;
    let sequences: Vec<_> = messages.iter().map(|(sequence, _)| *sequence).collect();
    assert_eq!(sequences, (first..first + 50).collect::<Vec<_>>());
    let summary = second.end().await;
    assert!(summary.contains("missed 0, repeated 0,"), "{summary}");
    root.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_islands_are_joined() {
    let west = MemberOfGroup::join(Ipv4Addr::new(239, 255, 76, 1)).await;
    let east = MemberOfGroup::join(Ipv4Addr::new(239, 255, 76, 2)).await;
    let root = root(&[]).await;
    let between = node("between", &root, &[]).await;
    let mut at_west = node("west", &root, &["--island", &west.group.to_string()]).await;
    let mut at_east = node("east", &root, &["--island", &east.group.to_string()]).await;
    for number in 1..=100 {
        west.say(&format!("from west {number}")).await;
        assert_eq!(east.hear().await, format!("from west {number}"));
        east.say(&format!("from east {number}")).await;
        assert_eq!(west.hear().await, format!("from east {number}"));
    }
    // The same words again and again are not taken for an echo.
    for _ in 0..10 {
        west.say("ping").await;
        assert_eq!(east.hear().await, "ping");
        east.say("ping").await;
        assert_eq!(west.hear().await, "ping");
    }
    // Nothing went round: each was numbered once, and the last words in each island are the last.
    west.say("the end").await;
    assert_eq!(east.hear().await, "the end");
    for node in [&mut at_west, &mut at_east] {
        let messages = node.messages_until(221).await;
        assert_eq!((messages.len(), &*messages[220].1), (221, "the end"));
    }
    for node in [between, at_west, at_east, root] {
        assert_eq!(node.end().await, "received 221, missed 0, repeated 0, unsent 0, last 221");
    }
    assert_eq!((west.unheard(), east.unheard()), (0, 0));
}

/// A child that is no process of ours, so that it stays away exactly as long as the test wants.
struct Child {
    frames: Frames,
    moves: u32,
}

impl Child {
    fn peer() -> Peer {
        Peer { id: NodeId(77), address: "127.0.0.1:9".parse().unwrap(), name: "by hand".to_owned() }
    }

    async fn attach(to: SocketAddr, moves: u32, had: Option<(NodeId, u64)>) -> (Self, Welcome) {
        let mut frames = Frames::new(TcpStream::connect(to).await.unwrap());
        frames.send(&Message::Attach(Attach { me: Self::peer(), moves, had })).await.unwrap();
        let mut child = Self { frames, moves };
        match child.next().await {
            Message::Welcome(welcome) => (child, welcome),
            other => panic!("{other:?}"),
        }
    }

    async fn next(&mut self) -> Message {
        loop {
            match timeout(PATIENCE, self.frames.next()).await.unwrap().unwrap() {
                Message::Beat => self.frames.send(&Message::Beat).await.unwrap(),
                other => return other,
            }
        }
    }

    async fn sequence(&mut self) -> u64 {
        match self.next().await {
            Message::Data(data) => data.sequence,
            other => panic!("after {} moves: {other:?}", self.moves),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stays_away_misses_what_fell_out_of_the_ring_and_no_more() {
    let mut root = root(&["--generate", "500", "--count", "100", "--wait-for", "1", "--ring", "16", "--print"]).await;
    let (mut child, welcome) = Child::attach(root.address, 1, None).await;
    assert_eq!((welcome.first, welcome.live), (1, 1));
    for sequence in 1..=10 {
        assert_eq!(child.sequence().await, sequence);
    }
    drop(child);
    root.messages_until(100).await;
    let (mut child, welcome) = Child::attach(root.address, 2, Some((welcome.stream, 10))).await;
    assert_eq!((welcome.first, welcome.live), (85, 101), "11 to 84 fell out of a ring of 16");
    for sequence in 85..=100 {
        assert_eq!(child.sequence().await, sequence);
    }
    drop(child);
    // Who stayed away for less misses nothing, and who knows another stream begins anew.
    let (_, welcome) = Child::attach(root.address, 3, Some((welcome.stream, 90))).await;
    assert_eq!(welcome.first, 91);
    let (_, welcome) = Child::attach(root.address, 4, Some((NodeId(1), 90))).await;
    assert_eq!((welcome.first, welcome.live), (85, 101));
    root.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_ends_one_connection_only() {
    let root = root(&["--generate", "100"]).await;
    let mut good = node("good", &root, &[]).await;
    let told_as_parent = Message::Moved(NodeId(1), 1, Vec::new());
    let mut wrong = bytes::BytesMut::new();
    axonscope_examples::mesh::codec::encode(&told_as_parent, &mut wrong);
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0, 0, 0, 1, 99], &[0, 0, 0, 0], &[255; 100], &wrong] {
        for address in [root.address, good.address] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(nonsense).await.unwrap();
            // It is closed: with an end, or broken as there was more than was read.
            let mut rest = Vec::new();
            let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap();
        }
    }
    let messages = good.some_messages(50).await;
    assert_eq!(messages[49].0, messages[0].0 + 49);
    let summary = good.end().await;
    assert!(summary.contains("missed 0,"), "{summary}");
    root.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ancestor_is_no_child() {
    let root = root(&[]).await;
    let (_child, welcome) = Child::attach(root.address, 1, None).await;
    let below = node("below", &root, &[]).await;
    let mut frames = Frames::new(TcpStream::connect(below.address).await.unwrap());
    let attach = Attach { me: welcome.me, moves: 1, had: None };
    frames.send(&Message::Attach(attach)).await.unwrap();
    loop {
        match timeout(PATIENCE, frames.next()).await.unwrap().unwrap() {
            Message::Beat => {}
            answer => {
                assert_eq!(answer, Message::Refused(Refusal::Circle));
                break;
            }
        }
    }
    below.end().await;
    root.end().await;
}
