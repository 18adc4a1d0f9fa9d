//! TCP over real sockets: nothing lost, each direction with its own end, and a stop that waits for no peer.
#![allow(clippy::unwrap_used)]

#[path = "support/bench.rs"]
mod bench;
mod support;

use std::time::Duration;

use axonscope_runtime::library::{TcpClient, TcpConnection};
use axonscope_runtime::{Io, State, Stop, System};
use bench::{Bench, bench, failure};
use bytes::Bytes;
use support::{all, run, settle, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

async fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (near.unwrap(), far.unwrap().0)
}

#[tokio::test]
async fn every_byte_goes_both_ways_at_once() {
    let (near, far) = connected().await;
    let Bench { input, output, component } = bench(TcpConnection::new(near).chunk(1000));
    let sent: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let (mut from_component, mut to_component) = far.into_split();
    let mut received = Vec::new();
    let (_, _, output) = soon("all bytes", async {
        tokio::join!(
            async {
                for piece in sent.chunks(7777) {
                    input.send(Bytes::copy_from_slice(piece)).await.unwrap();
                }
                drop(input);
                from_component.read_to_end(&mut received).await.unwrap();
            },
            async {
                to_component.write_all(&sent).await.unwrap();
                to_component.shutdown().await.unwrap();
            },
            all(output),
        )
    })
    .await;
    assert!(received == sent);
    assert!(output.iter().all(|chunk| chunk.len() <= 1000));
    assert!(output.concat() == sent);
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
}

#[tokio::test]
async fn the_end_of_the_peers_stream_is_passed_on_and_an_answer_still_goes_back() {
    let (near, mut far) = connected().await;
    let system = System::new("test");
    let connection = system.add("connection", TcpConnection::new(near)).unwrap();
    let count = run(|mut io: Io<Bytes, Bytes>, _| async move {
        let mut count = 0;
        while let Some(bytes) = io.inbox.recv().await? {
            count += bytes.len();
        }
        io.outbox.send(format!("{count} bytes").into()).await?;
        Ok(())
    });
    let count = system.add("count", count).unwrap();
    for (source, sink) in [(&connection, &count), (&count, &connection)] {
        system.link((source, "outbox"), (sink, "inbox")).unwrap();
        system.link((source, "signal"), (sink, "control")).unwrap();
    }
    count.start();
    let connection = connection.start();
    far.write_all(b"hello").await.unwrap();
    far.shutdown().await.unwrap();
    let mut answer = String::new();
    soon("the answer", far.read_to_string(&mut answer)).await.unwrap();
    assert_eq!(answer, "5 bytes");
    assert_eq!(soon("the end", connection.ended()).await, State::Finished);
}

#[tokio::test]
async fn a_client_that_has_said_all_still_hears_the_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let Bench { input, output, component } = bench(TcpClient::new(listener.local_addr().unwrap()));
    input.send(Bytes::from_static(b"request")).await.unwrap();
    drop(input);
    let (mut server, _) = soon("the connection", listener.accept()).await.unwrap();
    let mut request = String::new();
    soon("the request", server.read_to_string(&mut request)).await.unwrap();
    assert_eq!(request, "request");
    server.write_all(b"answer").await.unwrap();
    drop(server);
    assert_eq!(soon("the answer", all(output)).await.concat(), b"answer");
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
}

#[tokio::test]
async fn a_half_open_connection_ends_when_it_is_idle() {
    for peer_ends_first in [true, false] {
        let (near, mut far) = connected().await;
        let connection = TcpConnection::new(near).half_open(Duration::from_millis(20));
        let Bench { input, output, component } = bench(connection);
        let input = peer_ends_first.then_some(input);
        if peer_ends_first {
            far.shutdown().await.unwrap();
        }
        assert_eq!(soon("the end", component.ended()).await, State::Finished);
        drop((input, output, far));
    }
}

#[tokio::test]
async fn shutdown_waits_for_no_peer() {
    let (near, far) = connected().await;
    let Bench { input, output: _output, component } = bench(TcpConnection::new(near));
    // The peer neither writes nor reads: this ends when all there is between the two is full.
    let full = async {
        while input.try_send(Bytes::from_static(&[0; 64 * 1024])).is_ok() || input.capacity() > 0 {
            settle().await;
        }
    };
    soon("a connection that is full", full).await;
    component.stop(Stop::Shutdown);
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
    drop(far);
}

#[tokio::test]
async fn a_reset_is_a_failure_that_names_the_peer_or_an_end() {
    for peer_may_leave in [false, true] {
        let (near, far) = connected().await;
        let peer = near.peer_addr().unwrap();
        let connection = TcpConnection::new(near);
        let bench = bench(if peer_may_leave { connection.peer_may_leave() } else { connection });
        // So closed, it is reset.
        socket2::SockRef::from(&far).set_linger(Some(Duration::ZERO)).unwrap();
        drop(far);
        if peer_may_leave {
            assert_eq!(soon("the end", bench.component.ended()).await, State::Finished);
        } else {
            let message = failure(&bench.component).await;
            assert!(message.starts_with(&format!("the connection with {peer}: ")), "{message}");
        }
    }
}

#[tokio::test]
async fn a_client_that_cannot_connect_names_the_address() {
    // Accepts nothing: when its queue is full, whoever connects gets no answer.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = JoinSet::new();
    for _ in 0..8 {
        queue.spawn(TcpStream::connect(address));
    }
    settle().await;
    let late = bench(TcpClient::new(address).timeout(Duration::from_millis(50)));
    assert_eq!(failure(&late.component).await, format!("cannot connect to {address} within 50ms"));

    let waiting = bench(TcpClient::new(address));
    settle().await;
    waiting.component.stop(Stop::Shutdown);
    assert_eq!(soon("the end", waiting.component.ended()).await, State::Finished);
    drop((queue, listener));

    let refused = bench(TcpClient::new(address));
    let message = failure(&refused.component).await;
    assert!(message.starts_with(&format!("cannot connect to {address}: ")), "{message}");
}
