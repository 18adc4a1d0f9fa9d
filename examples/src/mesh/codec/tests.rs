//! What is written can be read, and what cannot be read is an error.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn a_peer() -> impl Strategy<Value = Peer> {
    let ip = prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
    (any::<u64>(), ip, any::<u16>(), "[a-zß-ü ]{0,30}").prop_map(|(id, ip, port, name)| Peer {
        id: NodeId(id),
        address: SocketAddr::new(ip, port),
        name,
    })
}

fn some_bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![vec(any::<u8>(), 0..200).prop_map(Bytes::from), Just(Bytes::from(vec![7; LONGEST_PAYLOAD]))]
}

fn a_message() -> impl Strategy<Value = Message> {
    let kind = || prop_oneof![Just(Kind::Source), Just(Kind::Island)];
    let id = || any::<u64>().prop_map(NodeId);
    let peers = || vec(a_peer(), 0..LONGEST_LIST);
    let place = (a_peer(), any::<u32>(), peers(), vec((a_peer(), any::<u32>()), 0..LONGEST_LIST));
    let place = place.prop_map(|(me, fan_out, ancestors, children)| Place { me, fan_out, ancestors, children });
    let attach = (a_peer(), any::<u32>(), option::of((id(), any::<u64>())));
    let welcome = (a_peer(), id(), any::<u64>(), any::<u64>(), peers());
    let data = (any::<u64>(), id(), any::<u64>(), kind(), some_bytes());
    let up = (id(), any::<u64>(), any::<u64>(), kind(), some_bytes());
    prop_oneof![
        Just(Message::Beat),
        Just(Message::Ask),
        option::of(place).prop_map(Message::Place),
        (0..=LONGEST_PADDING).prop_map(Message::Measure),
        some_bytes().prop_map(Message::Padding),
        attach.prop_map(|(me, moves, had)| Message::Attach(Attach { me, moves, had })),
        welcome.prop_map(|(me, stream, first, live, ancestors)| {
            Message::Welcome(Welcome { me, stream, first, live, ancestors })
        }),
        prop_oneof![Just(Refusal::Full), Just(Refusal::Circle), Just(Refusal::Adrift)].prop_map(Message::Refused),
        (id(), any::<u64>(), peers()).prop_map(|(stream, live, list)| Message::Moved(stream, live, list)),
        Just(Message::Adrift),
        (a_peer(), id(), any::<u32>()).prop_map(|(node, parent, moves)| Message::Born { node, parent, moves }),
        (id(), any::<u32>()).prop_map(|(node, moves)| Message::Died { node, moves }),
        data.prop_map(|(sequence, origin, number, kind, payload)| {
            Message::Data(Data { sequence, origin, number, kind, payload })
        }),
        up.prop_map(|(origin, number, oldest, kind, payload)| {
            Message::Up(Up { origin, number, oldest, kind, payload })
        }),
    ]
}

fn frame(message: &Message) -> BytesMut {
    let mut buffer = BytesMut::new();
    encode(message, &mut buffer);
    buffer
}

proptest! {
    #[test]
    fn what_is_written_is_read(messages in vec(a_message(), 1..5), piece in 1..5000usize) {
        let mut written = BytesMut::new();
        for message in &messages {
            encode(message, &mut written);
        }
        let (mut buffer, mut read) = (BytesMut::new(), Vec::new());
        for piece in written.chunks(piece) {
            buffer.put_slice(piece);
            while let Some(message) = decode(&mut buffer).unwrap() {
                read.push(message);
            }
        }
        prop_assert_eq!(read, messages);
        prop_assert!(buffer.is_empty());
    }

    #[test]
    fn any_bytes_at_all_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..300)) {
        // Most such lengths are too long by far; this way the fields are reached too.
        for with_length in [false, true] {
            let mut buffer = BytesMut::new();
            if with_length {
                buffer.put_u32(bytes.len() as u32);
            }
            buffer.put_slice(&bytes);
            while let Ok(Some(message)) = decode(&mut buffer) {
                let mut again = frame(&message);
                prop_assert_eq!(decode(&mut again), Ok(Some(message)));
            }
        }
    }

    #[test]
    fn a_broken_message_is_a_message_or_an_error(message in a_message(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut buffer = frame(&message);
        let at = at.index(buffer.len());
        buffer[at] = byte;
        while let Ok(Some(_)) = decode(&mut buffer) {}
    }
}

#[test]
fn each_kind_of_nonsense_has_its_error() {
    let read = |bytes: &[u8]| decode(&mut BytesMut::from(bytes));
    assert_eq!(read(b"GET / HTTP/1.1\r\n"), Err(CodecError::TooLong(0x4745_5420)));
    assert_eq!(read(&[0, 0, 0, 0]), Err(CodecError::Short));
    assert_eq!(read(&[0, 0, 0, 3, 13, 0, 0]), Err(CodecError::Short));
    assert_eq!(read(&[0, 0, 0, 2, 0, 0]), Err(CodecError::Long(1)));
    assert_eq!(read(&[0, 0, 0, 1, 99]), Err(CodecError::Unknown(99)));
    assert_eq!(read(&[0, 0, 0, 2, 9, 9]), Err(CodecError::Senseless("refusal")));
    assert_eq!(read(&[0, 0, 0, 5, 4, 255, 0, 0, 0]), Err(CodecError::Senseless("size")));
    assert_eq!(read(&[0, 0, 0, 1]), Ok(None));
}

#[test]
fn the_longest_lists_fit_in_a_frame() {
    let peer = Peer { id: NodeId(1), address: "[::1]:1".parse().unwrap(), name: "x".repeat(LONGEST_NAME) };
    let children = vec![(peer.clone(), 1); LONGEST_LIST];
    let place = Place { me: peer.clone(), fan_out: 1, ancestors: vec![peer; LONGEST_LIST], children };
    assert!(frame(&Message::Place(Some(place))).len() < LONGEST_FRAME);
}
