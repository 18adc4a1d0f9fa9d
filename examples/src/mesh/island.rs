//! A multicast island: what is said there is heard, and what comes down the tree is said there.
//!
//! ```text
//!  ears (Multicast) ─▶ own voice (Filter) ─▶ payload ─▶ router ─▶ to group ─▶ mouth (Udp)
//! ```
//!
//! Whoever speaks to a group hears itself. So the node speaks from a socket of its own, by whose address it knows its own
//! voice and leaves it out; nothing else could tell it from somebody who says the same.
//!
//! An island must have one node only: a second one would take the voice of the first for somebody's, and what each sends
//! up would come back by the other for ever.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use axonscope_runtime::library::{Datagram, Filter, Multicast, Transformer, Udp};
use axonscope_runtime::{AddError, Children, ComponentId, System};
use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

/// The sockets of an island.
pub struct Island {
    group: SocketAddrV4,
    ears: Multicast,
    mouth: UdpSocket,
    own: SocketAddr,
}

impl Island {
    /// Joins `group` at the interface that has the address `interface`.
    pub fn join(group: SocketAddrV4, interface: Ipv4Addr) -> io::Result<Self> {
        let ears = Multicast::join(group, interface)?;
        let mouth = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        mouth.set_nonblocking(true)?;
        // The interface's own address rather than any: datagrams then come from where `own` says.
        mouth.bind(&SocketAddrV4::new(interface, 0).into())?;
        mouth.set_multicast_if_v4(&interface)?;
        let mouth = UdpSocket::from_std(mouth.into())?;
        let own = mouth.local_addr()?;
        Ok(Self { group, ears, mouth, own })
    }

    /// Adds the island's components, and joins them with the boxes `island` of the router.
    pub fn add(self, system: &System, router: ComponentId) -> Result<Children, AddError> {
        let Self { group, ears, mouth, own } = self;
        let ears = system.add("ears", ears)?;
        let others = system.add("own voice", Filter::new(move |heard: &Datagram| heard.peer != own))?;
        let payload = system.add("payload", Transformer::new(|heard: Datagram| heard.bytes))?;
        let to_group = move |bytes: Bytes| Datagram { peer: group.into(), bytes };
        let to_group = system.add("to group", Transformer::new(to_group))?;
        let mouth = system.add("mouth", Udp::new(mouth))?;
        system.link((&ears, "outbox"), (&others, "inbox"))?;
        system.link((&others, "outbox"), (&payload, "inbox"))?;
        system.link((&payload, "outbox"), (router, "island"))?;
        system.link((router, "island"), (&to_group, "inbox"))?;
        system.link((&to_group, "outbox"), (&mouth, "inbox"))?;
        Ok(Children(vec![ears, others, payload, to_group, mouth]))
    }
}
