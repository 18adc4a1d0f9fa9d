//! An overlay of processes: an application-level multicast tree, which also joins multicast islands.
//!
//! The tree is built and kept as in Overcast (Jannotti, Gifford, Johnson, Kaashoek and O'Toole, "Overcast: Reliable
//! Multicasting with an Overlay Network", OSDI 2000), simplified. One node of the overlay is one process:
//!
//! ```text
//!            ┌ joiner ──────┐                    ┌ server ─────────┐
//!  parent ◀──┼▶ parent NAME ─┼─▶┐            ┌◀──┼─ child NAME ◀────┼──▶ child
//!            └──────────────┘  │            │   │  child NAME ◀────┼──▶ child
//!                              ▼            ▼   └─────────────────┘
//!  generator or file ─▶ source [   router   ] console ─▶ console
//!         ears ─▶ … ─▶  island [            ] island ─▶ … ─▶ mouth
//! ```
//!
//! - **Joining.** A newcomer asks the root where it is and who its children are, and fetches some bytes from it and from
//!   each of them. It goes down to a child as long as that is about as good ([`place`]), and becomes a child of where it
//!   stops. A node has a most of children; where there is no room the newcomer goes up again and to the side.
//! - **Up and down.** Each node tells its parent who is born and who died below it, so the root knows the tree
//!   ([`tree`]). Each node knows its ancestors, as its parent tells it.
//! - **What is sent.** Anything for all goes up to the root, which numbers it, and from there down to everybody, its
//!   origin included: that is how an origin learns that it has arrived. What has not is sent again by another way, and the
//!   root takes each once and in order. So everybody has the same messages in the same order.
//! - **Failure.** A link on which nothing comes for a while is broken. A node whose parent is lost asks its ancestors, the
//!   nearest first, and says what it had last; the new parent sends what came after, as far as its ring reaches. What is
//!   missed is counted. Newcomers are given the ring too, so all rings go equally far back.
//! - **No circles.** A node refuses its own ancestors. Two that move at once may still each find a place below the other;
//!   their lists of ancestors then go round until one of them finds itself in its own, and leaves.
//!
//! Left out of Overcast: a node does not look for a better place later, and the root has no stand-in. While there is no
//! root each subtree stays as it is, and its top asks at the root's address until there is one again.
//!
//! Nobody waits for another node: a link that takes no more is ended, so a slow node hinders no other, and comes back for
//! what the ring still has.

pub mod codec;
pub mod demo;
pub mod generator;
pub mod island;
pub mod joiner;
pub mod link;
pub mod node;
pub mod place;
pub mod ring;
pub mod router;
pub mod tree;
pub mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axonscope_runtime::library::{ConsoleOut, FileReader};
use axonscope_runtime::{AddError, ConnectedServer, Connection, System, Unstarted};
use bytes::BytesMut;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::codec::decode;
use self::generator::Generator;
use self::island::Island;
use self::joiner::Joiner;
use self::link::{Event, Frames, Heartbeat, Link};
use self::node::{Node, Settings};
use self::router::{Router, RouterOptions, Summary};
use self::wire::{LONGEST_NAME, Message, NodeId, Peer};

/// How long a connection may take to say who it is before it is named by its address.
const OPENING_WAIT: Duration = Duration::from_millis(200);
/// How many connections there may be beside those of children: newcomers who ask and measure.
const GUESTS: usize = 64;
/// How much of a file is one message, in bytes.
const CHUNK: usize = 1024;

/// How a node is to be.
pub struct Options {
    /// What people call it.
    pub name: String,
    /// Where the root listens; none for the root itself.
    pub root: Option<SocketAddr>,
    /// The multicast island it joins to the overlay.
    pub island: Option<Island>,
    /// What it sends to all.
    pub source: Option<Source>,
    /// The most children it has.
    pub fan_out: usize,
    /// How deep it goes at most, while there is room elsewhere.
    pub max_depth: usize,
    /// Differences smaller than this are taken for chance when nodes are measured.
    pub floor: Duration,
    /// How many messages it keeps for children that come back.
    pub ring: usize,
    /// When it speaks, and when others are dead.
    pub heartbeat: Heartbeat,
    /// Print each message.
    pub print: bool,
    /// Print the tree below it whenever it changes.
    pub status: bool,
}

/// What a node sends to all.
pub enum Source {
    /// A file, at so many bytes a second.
    File(PathBuf, u64),
    /// Numbered messages.
    Generator(Generator),
}

/// Makes all components, joins them, and starts them. How the node stands can be read from what is returned at any time,
/// also after the system has ended.
pub fn start(system: &System, listener: TcpListener, options: Options) -> anyhow::Result<watch::Receiver<Summary>> {
    let Options { name, root, island, source, fan_out, max_depth, floor, ring, heartbeat, print, status } = options;
    let me = Peer { id: NodeId(fastrand::u64(..)), address: listener.local_addr()?, name: fit_name(&name) };
    let (summary, summary_seen) = watch::channel(Summary::default());
    let node = Node::new(Settings { me, root, fan_out, ring });

    let router_options = RouterOptions { print, status, island: island.is_some() };
    let router = system.add("router", Router::new(node, router_options, summary))?;
    let joiner = system.add("joiner", Joiner::new(heartbeat, ring, max_depth, floor))?;
    let console = system.add("console", ConsoleOut::new())?;
    let welcome = move |connection: Connection<'_>| welcome(connection, heartbeat, ring);
    let server = ConnectedServer::new(listener, welcome)
        .outbox::<Event>("outbox")
        .connections(fan_out.saturating_add(GUESTS))
        .wait_for_opening(OPENING_WAIT);
    let server = system.add("server", server)?;

    system.link((&server, "outbox"), (&router, "links"))?;
    system.link((&joiner, "outbox"), (&router, "links"))?;
    system.link((&router, "seek"), (&joiner, "inbox"))?;
    system.link((&router, "console"), (&console, "inbox"))?;
    let mut components = island.map_or(Ok(Default::default()), |island| island.add(system, router.id()))?;
    if let Some(source) = source {
        let source = match source {
            Source::File(path, rate) => system.add("file", FileReader::new(path).chunk(CHUNK).rate(rate))?,
            Source::Generator(generator) => {
                let generator = system.add("generator", generator)?;
                system.link((&router, "nodes"), (&generator, "nodes"))?;
                generator
            }
        };
        system.link((&source, "outbox"), (&router, "source"))?;
        components.0.push(source);
    }
    components.0.extend([console, router, joiner, server]);
    components.start();
    Ok(summary_seen)
}

/// One more connection: a link, named by who comes if it comes to be a child.
fn welcome(connection: Connection<'_>, heartbeat: Heartbeat, ring: usize) -> Result<Unstarted, AddError> {
    let Connection { stream, peer, opening, server } = connection;
    let name = match decode(&mut BytesMut::from(&opening[..])) {
        Ok(Some(Message::Attach(attach))) => format!("child {}", attach.me.name),
        _ => format!("guest {peer}"),
    };
    let link = server.add(name, Link::new(Frames::new(stream), heartbeat, ring))?;
    server.system().pass_outward((&link, "outbox"), (server.id(), "outbox"))?;
    Ok(link)
}

/// A name as others accept it.
fn fit_name(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    name[..name.floor_char_boundary(LONGEST_NAME)].to_owned()
}
