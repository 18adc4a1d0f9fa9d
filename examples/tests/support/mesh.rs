//! Nodes as processes, and members of multicast groups.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::process::Stdio;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::UdpSocket;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that runs as a process, until it is dropped.
pub(crate) struct Process {
    /// What it is called.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Messages that were printed while other lines were looked for.
    messages: VecDeque<(u64, String)>,
}

impl Process {
    /// Starts it, and waits until it listens. Nobody is dead before the machine could have been merely busy.
    pub(crate) async fn start(name: &str, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mesh"))
            .args(["--until-eof", "--name", name, "--heartbeat", "200", "--dead-after", "20000"])
            .args(options)
            // No visualiser is to be found by accident.
            .env("AXONSCOPE_ENDPOINT", "http://127.0.0.1:1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        let address = first.strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { name: name.to_owned(), address, child, lines, messages: VecDeque::new() }
    }

    async fn next_line(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        line.unwrap_or_else(|_| panic!("{} says nothing", self.name)).unwrap()
    }

    /// Reads on to the first line that is like this. Messages on the way are kept.
    pub(crate) async fn line_matching(&mut self, like_this: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.next_line().await.unwrap_or_else(|| panic!("{} has ended", self.name));
            if like_this(&line) {
                return line;
            }
            self.messages.extend(message(&line));
        }
    }

    /// Reads on to the first line with this in it.
    pub(crate) async fn line_with(&mut self, part: &str) -> String {
        self.line_matching(|line| line.contains(part)).await
    }

    /// The messages from where the last call ended to number `last`.
    pub(crate) async fn messages_until(&mut self, last: u64) -> Vec<(u64, String)> {
        self.messages_while(|messages| messages.last().is_none_or(|message| message.0 < last)).await
    }

    /// The next so many messages.
    pub(crate) async fn some_messages(&mut self, count: usize) -> Vec<(u64, String)> {
        self.messages_while(|messages| messages.len() < count).await
    }

    async fn messages_while(&mut self, more: impl Fn(&[(u64, String)]) -> bool) -> Vec<(u64, String)> {
        let mut messages = Vec::new();
        while more(&messages) {
            match self.messages.pop_front() {
                Some(message) => messages.push(message),
                None => {
                    let line = self.next_line().await.unwrap_or_else(|| panic!("{} has ended", self.name));
                    self.messages.extend(message(&line));
                }
            }
        }
        messages
    }

    /// Kills it as nothing can resist.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, waits until it has, and says what it said last.
    pub(crate) async fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let mut last = String::new();
        while let Some(line) = self.next_line().await {
            last = line;
        }
        assert!(self.child.wait().await.unwrap().success(), "{}", self.name);
        last
    }
}

fn message(line: &str) -> Option<(u64, String)> {
    let (sequence, text) = line.strip_prefix("message ")?.split_once(' ')?;
    Some((sequence.parse().unwrap(), text.to_owned()))
}

/// A program in an island, which has nothing to do with nodes.
pub(crate) struct MemberOfGroup {
    /// The island.
    pub(crate) group: SocketAddrV4,
    ears: UdpSocket,
    mouth: UdpSocket,
    own: SocketAddr,
}

impl MemberOfGroup {
    /// Joins the group at the loopback interface, at a port that is free.
    pub(crate) async fn join(ip: Ipv4Addr) -> Self {
        let ears = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
        ears.set_reuse_address(true).unwrap();
        ears.set_nonblocking(true).unwrap();
        ears.bind(&SocketAddrV4::new(ip, 0).into()).unwrap();
        ears.join_multicast_v4(&ip, &Ipv4Addr::LOCALHOST).unwrap();
        let ears = UdpSocket::from_std(ears.into()).unwrap();
        let group = SocketAddrV4::new(ip, ears.local_addr().unwrap().port());
        let mouth = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
        mouth.set_nonblocking(true).unwrap();
        mouth.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        mouth.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
        let mouth = UdpSocket::from_std(mouth.into()).unwrap();
        let own = mouth.local_addr().unwrap();
        Self { group, ears, mouth, own }
    }

    /// Says something to all in the island.
    pub(crate) async fn say(&self, text: &str) {
        self.mouth.send_to(text.as_bytes(), self.group).await.unwrap();
    }

    /// The next thing that somebody else says.
    pub(crate) async fn hear(&self) -> String {
        let mut buffer = [0; 2048];
        loop {
            let heard = timeout(PATIENCE, self.ears.recv_from(&mut buffer)).await.unwrap();
            let (length, from) = heard.unwrap();
            if from != self.own {
                return String::from_utf8_lossy(&buffer[..length]).into_owned();
            }
        }
    }

    /// How many things others have said that were not heard yet.
    pub(crate) fn unheard(&self) -> usize {
        let mut buffer = [0; 2048];
        let mut others = 0;
        while let Ok((_, from)) = self.ears.try_recv_from(&mut buffer) {
            others += usize::from(from != self.own);
        }
        others
    }
}
