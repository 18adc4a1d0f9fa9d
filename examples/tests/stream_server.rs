//! The stream server from outside: real sockets.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod process;

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, UdpSocket};
use std::thread::{self, JoinHandle};

use axonscope_examples::stream::{CHUNK, wav};
use process::{Example, LONG};
use socket2::{Domain, Protocol, Socket, Type};

fn serve(args: &[&str]) -> (Example, SocketAddr) {
    let args = [&["--listen", "127.0.0.1:0"], args].concat();
    let server = Example::start(env!("CARGO_BIN_EXE_stream_server"), &args);
    let address = server.line(|line| line.strip_prefix("listening on ")?.parse().ok());
    (server, address)
}

/// Everything, to the end.
fn listen(server: SocketAddr) -> JoinHandle<Vec<u8>> {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    thread::spawn(move || {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        heard
    })
}

fn whole(seconds: u32) -> Vec<u8> {
    let tune = wav::tune(seconds);
    [&wav::header(tune.len() as u32)[..], &tune].concat()
}

#[test]
fn those_who_are_waited_for_get_the_whole_file() {
    let (server, address) =
        serve(&["--once", "--wait-for", "3", "--seconds", "2", "--rate", "300000", "--no-multicast"]);
    let listeners = [listen(address), listen(address), listen(address)];
    for listener in listeners {
        assert!(listener.join().unwrap() == whole(2));
    }
    assert_eq!(server.ended_well(), [""; 0]);
}

#[test]
fn whoever_comes_later_gets_the_same_from_then_on() {
    let (server, address) = serve(&["--rate", "200000", "--no-multicast"]);
    let mut streams = Vec::new();
    let mut heard = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        // It has been let in when something comes.
        let mut header = [0; 44];
        stream.read_exact(&mut header).unwrap();
        assert_eq!(header, wav::header(u32::MAX));
        heard.push(vec![0; 4 * CHUNK]);
        stream.read_exact(heard.last_mut().unwrap()).unwrap();
        streams.push(stream);
    }
    // The first one goes on until it has heard what the second one has.
    let [first, second] = &mut heard[..] else { panic!() };
    while !first.windows(second.len()).any(|window| window == second) {
        assert!(first.len() < 2_000_000);
        let mut more = [0; CHUNK];
        streams[0].read_exact(&mut more).unwrap();
        first.extend_from_slice(&more);
    }
    server.terminate();
    server.ended_well();
}

#[test]
fn the_group_gets_the_samples() {
    let member = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    let group = Ipv4Addr::new(239, 255, 75, 2);
    // The server is a member of its group too, on the same port.
    member.set_reuse_address(true).unwrap();
    member.bind(&SocketAddrV4::new(group, 0).into()).unwrap();
    member.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).unwrap();
    let member = UdpSocket::from(member);
    member.set_read_timeout(Some(LONG)).unwrap();
    let group = member.local_addr().unwrap().to_string();

    let (server, address) =
        serve(&["--once", "--wait-for", "1", "--seconds", "2", "--rate", "300000", "--group", &group]);
    let told = server.line(|line| line.strip_prefix("sending to ").map(str::to_owned));
    assert_eq!(told, format!("{group} by 127.0.0.1"));
    let listener = listen(address);
    // All of it is less than the system keeps for a socket, so nothing is lost on this machine.
    let (expected, mut heard) = (wav::tune(2), Vec::new());
    while heard.len() < expected.len() {
        let mut datagram = [0; 2 * CHUNK];
        let length = member.recv(&mut datagram).unwrap();
        assert!(length <= CHUNK);
        heard.extend_from_slice(&datagram[..length]);
    }
    assert!(heard == expected);
    assert!(listener.join().unwrap() == whole(2));
    server.ended_well();
}

#[test]
fn a_listener_who_does_not_read_is_shown_out_and_holds_nobody_up() {
    let (server, address) =
        serve(&["--once", "--wait-for", "2", "--seconds", "200", "--rate", "20000000", "--no-multicast"]);
    let mut deaf = TcpStream::connect(address).unwrap();
    let listener = listen(address);
    let whole = whole(200);
    assert!(listener.join().unwrap() == whole);
    let (status, _, stderr) = server.ended();
    assert!(status.success());
    assert!(stderr.len() == 1 && stderr[0].contains("too slow, shown out"), "{stderr:#?}");
    assert!(stderr[0].contains(&deaf.local_addr().unwrap().to_string()), "{stderr:#?}");
    // What it was sent has no gap, only an end.
    let mut heard = Vec::new();
    let _ = deaf.read_to_end(&mut heard);
    assert!(heard.len() < whole.len() && whole.starts_with(&heard));
}
