//! The words that nodes speak with each other, and the bounds of what may be said.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

/// The longest payload of one message, in bytes: more than any datagram has.
pub const LONGEST_PAYLOAD: usize = 64 * 1024;
/// The longest name of a node, in bytes.
pub const LONGEST_NAME: usize = 64;
/// The most nodes that one list may have: the deepest a tree can be, and the most children of a node.
pub const LONGEST_LIST: usize = 64;
/// The most that may be asked for to measure with, in bytes.
pub const LONGEST_PADDING: u32 = 32 * 1024;

/// A node for as long as its process lives; started again it is another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u64);

/// A node, as others know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Who.
    pub id: NodeId,
    /// Where it listens.
    pub address: SocketAddr,
    /// What people call it.
    pub name: String,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.address)
    }
}

/// Where something that is sent to all came into the overlay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A source of the node's own: a file, or numbers.
    Source,
    /// The node's multicast island.
    Island,
}

/// Something for all, on its way down. The root has numbered it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Data {
    /// Its number in the stream, from 1, without gaps.
    pub sequence: u64,
    /// The node where it came into the overlay.
    pub origin: NodeId,
    /// Its number among what came in there, from 1.
    pub number: u64,
    /// How it came in.
    pub kind: Kind,
    /// What it says.
    pub payload: Bytes,
}

/// Something for all, on its way up to be numbered by the root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Up {
    /// The node where it came into the overlay.
    pub origin: NodeId,
    /// Its number among what came in there, from 1.
    pub number: u64,
    /// The lowest number that its origin may still send, so that the root waits for none that is lost for good.
    pub oldest: u64,
    /// How it came in.
    pub kind: Kind,
    /// What it says.
    pub payload: Bytes,
}

/// Where a node is in the tree, as it answers when asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Who answers.
    pub me: Peer,
    /// How many children it would have at most.
    pub fan_out: u32,
    /// Its parent first, the root last.
    pub ancestors: Vec<Peer>,
    /// Its children, each with how many nodes are below it.
    pub children: Vec<(Peer, u32)>,
}

/// A wish to be somebody's child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attach {
    /// Who wishes.
    pub me: Peer,
    /// The number of this attempt; no two of one node have the same.
    pub moves: u32,
    /// Where it was in which stream, if it had one: the root's id and the last sequence number it has.
    pub had: Option<(NodeId, u64)>,
}

/// The answer to [`Attach`]: you are a child of mine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Welcome {
    /// Who answers.
    pub me: Peer,
    /// The root's id, which names the stream: a root started again begins another one.
    pub stream: NodeId,
    /// The first sequence number that will be sent; what the child lacks before that is lost to it.
    pub first: u64,
    /// The first sequence number that is new: what comes before it had been sent when the child asked.
    pub live: u64,
    /// The answering node's ancestors: its parent first, the root last.
    pub ancestors: Vec<Peer>,
}

/// Why somebody may not be a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There are as many children as there may be.
    Full,
    /// It is the node itself, or an ancestor of it: that would be a circle.
    Circle,
    /// The node has no way to the root at present.
    Adrift,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Full => "it is full",
            Refusal::Circle => "it is below us",
            Refusal::Adrift => "it has no way to the root",
        })
    }
}

/// What one node says to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// I am still there.
    Beat,
    /// Where are you in the tree?
    Ask,
    /// The answer to [`Message::Ask`]. None: nowhere at present.
    Place(Option<Place>),
    /// Send me so many bytes, so that I can see how long that takes.
    Measure(u32),
    /// The answer to [`Message::Measure`].
    Padding(Bytes),
    /// May I be your child?
    Attach(Attach),
    /// Yes.
    Welcome(Welcome),
    /// No.
    Refused(Refusal),
    /// To a child: my place has changed. The new stream, its next sequence number, and my ancestors.
    Moved(NodeId, u64, Vec<Peer>),
    /// To a child: I have lost my way to the root.
    Adrift,
    /// To the parent: a node is below me, as a child of `parent`, where it came by its attempt number `moves`.
    Born {
        /// The node.
        node: Peer,
        /// Its parent.
        parent: NodeId,
        /// The number of the attempt by which it came there.
        moves: u32,
    },
    /// To the parent: a node, and all below it, are gone from where it came by its attempt number `moves`.
    Died {
        /// The node.
        node: NodeId,
        /// The number of the attempt by which it had come there.
        moves: u32,
    },
    /// To a child: something for all.
    Data(Data),
    /// To the parent: something to be numbered.
    Up(Up),
}
