//! UDP and multicast over real sockets.
#![allow(clippy::unwrap_used)]

#[path = "support/bench.rs"]
mod bench;
mod support;

use std::net::{Ipv4Addr, SocketAddrV4};

use axonscope_runtime::library::{Datagram, Multicast, Udp, UdpConnected};
use axonscope_runtime::{State, Stop};
use bench::{Bench, bench};
use bytes::Bytes;
use support::{settle, soon};
use tokio::net::UdpSocket;

async fn udp() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn a_datagram_that_cannot_be_sent_leaves_the_others_alone() {
    let (socket, peer) = (udp().await, udp().await);
    let own = socket.local_addr().unwrap();
    let Bench { input, mut output, component } = bench(Udp::new(socket));
    for bytes in [Bytes::from(vec![0; 70_000]), Bytes::from_static(b"sent")] {
        input.send(Datagram { peer: peer.local_addr().unwrap(), bytes }).await.unwrap();
    }
    let mut received = [0; 100];
    assert_eq!(soon("the datagram", peer.recv_from(&mut received)).await.unwrap(), (4, own));
    peer.send_to(b"", own).await.unwrap();
    let expected = Datagram { peer: peer.local_addr().unwrap(), bytes: Bytes::new() };
    assert_eq!(soon("the empty one", output.recv()).await, Some(expected));
    component.stop(Stop::Shutdown);
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
}

#[tokio::test]
async fn all_is_sent_before_the_end() {
    let (socket, peer) = (udp().await, udp().await);
    socket.connect(peer.local_addr().unwrap()).await.unwrap();
    let Bench { input, component, .. } = bench(UdpConnected::new(socket));
    for number in 0..50 {
        input.send(Bytes::copy_from_slice(&[number])).await.unwrap();
    }
    drop(input);
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
    for number in 0..50 {
        let mut received = [0; 10];
        assert_eq!(soon("a datagram", peer.recv(&mut received)).await.unwrap(), 1);
        assert_eq!(received[0], number);
    }
}

#[tokio::test]
async fn a_peer_that_is_not_there_yet_gets_what_comes_later() {
    let (socket, peer) = (udp().await, udp().await);
    let address = peer.local_addr().unwrap();
    socket.connect(address).await.unwrap();
    peer.connect(socket.local_addr().unwrap()).await.unwrap();
    drop(peer);
    let Bench { input, component, .. } = bench(UdpConnected::new(socket));
    input.send(Bytes::from_static(b"lost")).await.unwrap();
    settle().await;
    let peer = UdpSocket::bind(address).await.unwrap();
    input.send(Bytes::from_static(b"heard")).await.unwrap();
    let heard = async {
        let mut received = [0; 10];
        while peer.recv(&mut received).await.unwrap() != b"heard".len() {}
    };
    soon("the second", heard).await;
    component.stop(Stop::Shutdown);
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
}

/// A group that no other test in no other process is likely to use.
fn group(last: u8, port: u16) -> SocketAddrV4 {
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    SocketAddrV4::new(Ipv4Addr::new(239, 192 | (high & 15), low, last), port)
}

#[tokio::test]
async fn members_of_a_group_hear_each_other_and_no_other_group() {
    let port = udp().await.local_addr().unwrap().port();
    let join = |last| bench(Multicast::join(group(last, port), Ipv4Addr::LOCALHOST).unwrap());
    let (mut first, mut second, mut stranger) = (join(1), join(1), join(2));
    let hear = async |member: &mut Bench<Bytes, Datagram>| soon("a message", member.output.recv()).await.unwrap();

    stranger.input.send(Bytes::from_static(b"stranger")).await.unwrap();
    assert_eq!(hear(&mut stranger).await.bytes, "stranger", "it is on its way no more");
    first.input.send(Bytes::from_static(b"first")).await.unwrap();
    for member in [&mut first, &mut second] {
        assert_eq!(hear(member).await.bytes, "first");
    }
    second.input.send(Bytes::from_static(b"second")).await.unwrap();
    let (heard_first, heard_second) = (hear(&mut first).await, hear(&mut second).await);
    assert_eq!(heard_first.bytes, "second");
    assert_eq!(heard_first, heard_second, "from the same sender");

    drop(first.input);
    assert_eq!(soon("the end", first.component.ended()).await, State::Finished);
    for member in [&second, &stranger] {
        member.component.stop(Stop::Shutdown);
        assert_eq!(soon("the end", member.component.ended()).await, State::Finished);
    }
}
