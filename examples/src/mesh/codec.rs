//! Messages as bytes, and back: four bytes of length, one that says which message, then its fields, numbers with the
//! high byte first. Pure; a frame that is too long or makes no sense is an error, whatever its bytes.

use std::net::{IpAddr, SocketAddr};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;

use super::wire::{
    Attach, Data, Kind, LONGEST_LIST, LONGEST_NAME, LONGEST_PADDING, LONGEST_PAYLOAD, Message, NodeId, Peer, Place,
    Refusal, Up, Welcome,
};

/// The longest frame, in bytes after its length: a payload and what goes with it. Lists are shorter.
pub const LONGEST_FRAME: usize = LONGEST_PAYLOAD + 64;

/// Why bytes are no message. The connection they came by is of no more use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CodecError {
    /// The length says more than any message has.
    #[error("a frame of {0} bytes, where {LONGEST_FRAME} are the most")]
    TooLong(u64),
    /// The frame ends within a field.
    #[error("a frame that ends too early")]
    Short,
    /// The frame goes on after its last field.
    #[error("a frame with {0} bytes too many")]
    Long(usize),
    /// There is no such message.
    #[error("a message of the unknown kind {0}")]
    Unknown(u8),
    /// A field has a value that it cannot have.
    #[error("a message whose {0} makes no sense")]
    Senseless(&'static str),
}

/// Takes the first message off what has come; none if it has not come whole. After an error nothing that follows can be
/// understood.
pub fn decode(buffer: &mut BytesMut) -> Result<Option<Message>, CodecError> {
    let Some(length) = buffer.first_chunk().map(|length| u32::from_be_bytes(*length)) else { return Ok(None) };
    // Before waiting for the rest, so that nobody makes us wait for, or keep, more than a message has.
    if length as usize > LONGEST_FRAME {
        return Err(CodecError::TooLong(length.into()));
    }
    let whole = 4 + length as usize;
    if buffer.len() < whole {
        buffer.reserve(whole - buffer.len());
        return Ok(None);
    }
    let mut frame = buffer.split_to(whole).freeze();
    frame.advance(4);
    let message = message(&mut frame)?;
    if frame.is_empty() { Ok(Some(message)) } else { Err(CodecError::Long(frame.len())) }
}

/// Puts a message behind what is in `buffer`.
///
/// What is over the bounds is cut to them, so that nobody refuses what we send; those who make messages know the bounds.
pub fn encode(message: &Message, buffer: &mut BytesMut) {
    let start = buffer.len();
    buffer.put_u32(0);
    match message {
        Message::Beat => buffer.put_u8(0),
        Message::Ask => buffer.put_u8(1),
        Message::Place(None) => buffer.put_u8(2),
        Message::Place(Some(Place { me, fan_out, ancestors, children })) => {
            buffer.put_u8(3);
            put_peer(buffer, me);
            buffer.put_u32(*fan_out);
            put_peers(buffer, ancestors);
            buffer.put_u8(children.len().min(LONGEST_LIST) as u8);
            for (child, below) in children.iter().take(LONGEST_LIST) {
                put_peer(buffer, child);
                buffer.put_u32(*below);
            }
        }
        Message::Measure(bytes) => {
            buffer.put_u8(4);
            buffer.put_u32(*bytes);
        }
        Message::Padding(padding) => {
            buffer.put_u8(5);
            put_bytes(buffer, padding);
        }
        Message::Attach(Attach { me, moves, had }) => {
            buffer.put_u8(if had.is_some() { 7 } else { 6 });
            put_peer(buffer, me);
            buffer.put_u32(*moves);
            if let Some((stream, last)) = had {
                buffer.put_u64(stream.0);
                buffer.put_u64(*last);
            }
        }
        Message::Welcome(Welcome { me, stream, first, live, ancestors }) => {
            buffer.put_u8(8);
            put_peer(buffer, me);
            buffer.put_u64(stream.0);
            buffer.put_u64(*first);
            buffer.put_u64(*live);
            put_peers(buffer, ancestors);
        }
        Message::Refused(refusal) => {
            buffer.put_u8(9);
            buffer.put_u8(match refusal {
                Refusal::Full => 0,
                Refusal::Circle => 1,
                Refusal::Adrift => 2,
            });
        }
        Message::Moved(stream, live, ancestors) => {
            buffer.put_u8(10);
            buffer.put_u64(stream.0);
            buffer.put_u64(*live);
            put_peers(buffer, ancestors);
        }
        Message::Adrift => buffer.put_u8(11),
        Message::Born { node, parent, moves } => {
            buffer.put_u8(12);
            put_peer(buffer, node);
            buffer.put_u64(parent.0);
            buffer.put_u32(*moves);
        }
        Message::Died { node, moves } => {
            buffer.put_u8(13);
            buffer.put_u64(node.0);
            buffer.put_u32(*moves);
        }
        Message::Data(Data { sequence, origin, number, kind, payload }) => {
            buffer.put_u8(14);
            buffer.put_u64(*sequence);
            put_origin(buffer, *origin, *number, *kind);
            put_bytes(buffer, payload);
        }
        Message::Up(Up { origin, number, oldest, kind, payload }) => {
            buffer.put_u8(15);
            put_origin(buffer, *origin, *number, *kind);
            buffer.put_u64(*oldest);
            put_bytes(buffer, payload);
        }
    }
    let length = (buffer.len() - start - 4) as u32;
    buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn message(frame: &mut Bytes) -> Result<Message, CodecError> {
    Ok(match frame.try_get_u8().map_err(short)? {
        0 => Message::Beat,
        1 => Message::Ask,
        2 => Message::Place(None),
        3 => {
            let (me, fan_out, ancestors) = (peer(frame)?, u32(frame)?, peers(frame)?);
            let children = (0..list_length(frame)?).map(|_| Ok((peer(frame)?, u32(frame)?)));
            Message::Place(Some(Place { me, fan_out, ancestors, children: children.collect::<Result<_, _>>()? }))
        }
        4 => {
            let bytes = u32(frame)?;
            if bytes > LONGEST_PADDING {
                return Err(CodecError::Senseless("size"));
            }
            Message::Measure(bytes)
        }
        5 => Message::Padding(bytes(frame)?),
        6 => Message::Attach(Attach { me: peer(frame)?, moves: u32(frame)?, had: None }),
        7 => {
            let (me, moves) = (peer(frame)?, u32(frame)?);
            Message::Attach(Attach { me, moves, had: Some((NodeId(u64(frame)?), u64(frame)?)) })
        }
        8 => {
            let (me, stream, first, live) = (peer(frame)?, NodeId(u64(frame)?), u64(frame)?, u64(frame)?);
            Message::Welcome(Welcome { me, stream, first, live, ancestors: peers(frame)? })
        }
        9 => Message::Refused(match u8(frame)? {
            0 => Refusal::Full,
            1 => Refusal::Circle,
            2 => Refusal::Adrift,
            _ => return Err(CodecError::Senseless("refusal")),
        }),
        10 => Message::Moved(NodeId(u64(frame)?), u64(frame)?, peers(frame)?),
        11 => Message::Adrift,
        12 => Message::Born { node: peer(frame)?, parent: NodeId(u64(frame)?), moves: u32(frame)? },
        13 => Message::Died { node: NodeId(u64(frame)?), moves: u32(frame)? },
        14 => {
            let sequence = u64(frame)?;
            let (origin, number, kind) = origin(frame)?;
            Message::Data(Data { sequence, origin, number, kind, payload: bytes(frame)? })
        }
        15 => {
            let (origin, number, kind) = origin(frame)?;
            Message::Up(Up { origin, number, kind, oldest: u64(frame)?, payload: bytes(frame)? })
        }
        unknown => return Err(CodecError::Unknown(unknown)),
    })
}

// Fields.

fn short(_: bytes::TryGetError) -> CodecError {
    CodecError::Short
}

fn u8(frame: &mut Bytes) -> Result<u8, CodecError> {
    frame.try_get_u8().map_err(short)
}

fn u32(frame: &mut Bytes) -> Result<u32, CodecError> {
    frame.try_get_u32().map_err(short)
}

fn u64(frame: &mut Bytes) -> Result<u64, CodecError> {
    frame.try_get_u64().map_err(short)
}

fn take(frame: &mut Bytes, length: usize) -> Result<Bytes, CodecError> {
    if frame.len() < length { Err(CodecError::Short) } else { Ok(frame.split_to(length)) }
}

fn put_bytes(buffer: &mut BytesMut, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(LONGEST_PAYLOAD)];
    buffer.put_u32(bytes.len() as u32);
    buffer.put_slice(bytes);
}

fn bytes(frame: &mut Bytes) -> Result<Bytes, CodecError> {
    let length = u32(frame)? as usize;
    if length > LONGEST_PAYLOAD {
        return Err(CodecError::Senseless("payload"));
    }
    take(frame, length)
}

fn put_origin(buffer: &mut BytesMut, origin: NodeId, number: u64, kind: Kind) {
    buffer.put_u64(origin.0);
    buffer.put_u64(number);
    buffer.put_u8(matches!(kind, Kind::Island).into());
}

fn origin(frame: &mut Bytes) -> Result<(NodeId, u64, Kind), CodecError> {
    let (node, number) = (NodeId(u64(frame)?), u64(frame)?);
    let kind = match u8(frame)? {
        0 => Kind::Source,
        1 => Kind::Island,
        _ => return Err(CodecError::Senseless("origin")),
    };
    Ok((node, number, kind))
}

fn put_peer(buffer: &mut BytesMut, peer: &Peer) {
    buffer.put_u64(peer.id.0);
    match peer.address.ip() {
        IpAddr::V4(ip) => {
            buffer.put_u8(4);
            buffer.put_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            buffer.put_u8(6);
            buffer.put_slice(&ip.octets());
        }
    }
    buffer.put_u16(peer.address.port());
    let name = &peer.name[..peer.name.floor_char_boundary(LONGEST_NAME)];
    buffer.put_u8(name.len() as u8);
    buffer.put_slice(name.as_bytes());
}

fn peer(frame: &mut Bytes) -> Result<Peer, CodecError> {
    let id = NodeId(u64(frame)?);
    let ip: IpAddr = match u8(frame)? {
        4 => frame.try_get_u32().map_err(short)?.to_be_bytes().into(),
        6 => frame.try_get_u128().map_err(short)?.to_be_bytes().into(),
        _ => return Err(CodecError::Senseless("address")),
    };
    let port = frame.try_get_u16().map_err(short)?;
    let length = usize::from(u8(frame)?);
    let name = std::str::from_utf8(&take(frame, length)?).map(str::to_owned);
    match name {
        // It is printed, so it had better not do anything to a terminal.
        Ok(name) if length <= LONGEST_NAME && !name.contains(char::is_control) => {
            Ok(Peer { id, address: SocketAddr::new(ip, port), name })
        }
        _ => Err(CodecError::Senseless("name")),
    }
}

fn put_peers(buffer: &mut BytesMut, peers: &[Peer]) {
    buffer.put_u8(peers.len().min(LONGEST_LIST) as u8);
    for peer in peers.iter().take(LONGEST_LIST) {
        put_peer(buffer, peer);
    }
}

fn peers(frame: &mut Bytes) -> Result<Vec<Peer>, CodecError> {
    (0..list_length(frame)?).map(|_| peer(frame)).collect()
}

fn list_length(frame: &mut Bytes) -> Result<u8, CodecError> {
    let length = u8(frame)?;
    if usize::from(length) > LONGEST_LIST { Err(CodecError::Senseless("list")) } else { Ok(length) }
}

#[cfg(test)]
mod tests;
