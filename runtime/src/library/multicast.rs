//! Multicast: datagrams to all who have joined a group.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::udp::{Datagram, exchange};
use crate::component::{Component, Context, Io};
use crate::error::Outcome;
use crate::name::Name;

/// Sends each datagram that comes to its group from `outbox`, with who sent it, and the bytes that come to `inbox` to
/// the group.
///
/// Several on one machine can join one group. Each of them, the sender included, gets what any of them sends, unless
/// the sender's [`loopback`](Self::loopback) is off. Errors and stopping are as with [`Udp`](super::Udp).
///
/// ```
/// use axonscope_runtime::System;
/// use axonscope_runtime::library::Multicast;
/// use std::net::{Ipv4Addr, SocketAddrV4};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Only within this machine.
/// let group = SocketAddrV4::new(Ipv4Addr::new(239, 255, 0, 1), 5007);
/// let member = Multicast::join(group, Ipv4Addr::LOCALHOST)?.ttl(0)?;
///
/// let system = System::new("member");
/// system.add("group", member)?.start();
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Multicast {
    socket: UdpSocket,
    group: SocketAddrV4,
}

impl Multicast {
    /// Joins the group at the interface that has the address `interface`, and sends by the same; with
    /// [`Ipv4Addr::UNSPECIFIED`] the system chooses one. What it sends stays in the local network (see
    /// [`ttl`](Self::ttl)) and comes back to this machine too. The port may be shared with others that allow it.
    ///
    /// It is a member once this returns, before the component runs. An error says what was wrong with which group.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn join(group: SocketAddrV4, interface: Ipv4Addr) -> io::Result<Self> {
        let refused = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot join the group {group} at {interface}: {error}"))
        };
        let socket = open(group, interface).map_err(refused)?;
        Ok(Self { socket, group })
    }

    /// How many routers may pass on what it sends, and one more: 0 stays on this machine, 1, the default, in the local
    /// network. At most 255.
    pub fn ttl(self, ttl: u8) -> io::Result<Self> {
        self.socket.set_multicast_ttl_v4(ttl.into())?;
        Ok(self)
    }

    /// Whether members on this machine, itself among them, get what it sends; on unless told otherwise. At the loopback
    /// interface Linux delivers everything all the same.
    pub fn loopback(self, loopback: bool) -> io::Result<Self> {
        self.socket.set_multicast_loop_v4(loopback)?;
        Ok(self)
    }
}

fn open(group: SocketAddrV4, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    if !group.ip().is_multicast() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a multicast address"));
    }
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // Several processes on one machine can then join, and each gets every datagram.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // At the group's own address nothing else that comes to the port is received. Windows knows only interfaces here.
    let ip = if cfg!(windows) { Ipv4Addr::UNSPECIFIED } else { *group.ip() };
    socket.bind(&SocketAddrV4::new(ip, group.port()).into())?;
    socket.join_multicast_v4(group.ip(), &interface)?;
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_ttl_v4(1)?;
    socket.set_multicast_loop_v4(true)?;
    UdpSocket::from_std(socket.into())
}

impl Component for Multicast {
    type Boxes = Io<Bytes, Datagram>;

    fn description(&self) -> Name {
        format!("Exchanges datagrams with the group {}", self.group).into()
    }

    async fn run(self, io: Io<Bytes, Datagram>, ctx: Context) -> Outcome {
        let group = SocketAddr::V4(self.group);
        let to = |bytes| (Some(group), bytes);
        exchange(&self.socket, io, &ctx, to, |peer, bytes| Datagram { peer, bytes }).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn the_socket_is_set_as_was_asked() {
        let group = SocketAddrV4::new(Ipv4Addr::new(239, 255, 0, 1), 0);
        let member = Multicast::join(group, Ipv4Addr::LOCALHOST).unwrap();
        assert_eq!((member.socket.multicast_ttl_v4().unwrap(), member.socket.multicast_loop_v4().unwrap()), (1, true));
        let member = member.ttl(7).unwrap().loopback(false).unwrap();
        assert_eq!((member.socket.multicast_ttl_v4().unwrap(), member.socket.multicast_loop_v4().unwrap()), (7, false));
    }

    #[tokio::test]
    async fn an_error_names_the_group() {
        let nowhere = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        let error = Multicast::join(nowhere, Ipv4Addr::LOCALHOST).err().unwrap();
        assert_eq!(error.to_string(), "cannot join the group 127.0.0.1:0 at 127.0.0.1: it is not a multicast address");
    }
}
