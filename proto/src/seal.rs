//! How messages are encoded for both services: as protobuf says, with a seal in front that shows whether they came whole.
//!
//! TCP's own sum lets one error in 65 536 pass, and nothing between two machines has to keep it: without a seal a wrong bit
//! in a name would be believed, and shown until the next snapshot.

use std::marker::PhantomData;

use prost::Message;
use prost::bytes::{Buf, BufMut};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Field 15 as a `fixed32`: no message of a service has another use for it.
const TAG: u8 = 15 << 3 | 5;

/// What a seal adds to a message.
pub const SEAL_BYTES: usize = 1 + size_of::<u32>();

/// Seals what is sent. Takes what comes without a seal as well, but not from who has sealed before.
#[derive(Debug)]
pub struct SealedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for SealedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + 'static, U: Message + Default + 'static> Codec for SealedCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = Sealer<T>;
    type Decoder = Unsealer<U>;

    fn encoder(&mut self) -> Sealer<T> {
        Sealer(PhantomData)
    }

    fn decoder(&mut self) -> Unsealer<U> {
        Unsealer { is_sealed: false, message: PhantomData }
    }
}

/// Of one stream.
#[derive(Debug)]
pub struct Sealer<T>(PhantomData<T>);

impl<T: Message + 'static> Encoder for Sealer<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        seal(&message.encode_to_vec(), out);
        Ok(())
    }
}

/// Of one stream.
#[derive(Debug)]
pub struct Unsealer<U> {
    /// Whoever speaks does seal: a message without a seal has had its tag garbled.
    is_sealed: bool,
    message: PhantomData<U>,
}

impl<U: Message + Default + 'static> Decoder for Unsealer<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = bytes.copy_to_bytes(bytes.remaining());
        match unseal(&bytes) {
            Sealed::Whole => self.is_sealed = true,
            Sealed::Not if !self.is_sealed => {}
            Sealed::Not | Sealed::Broken => return Err(Status::data_loss("a message was garbled on its way")),
        }
        U::decode(bytes).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sealed {
    Not,
    Whole,
    Broken,
}

fn seal(message: &[u8], out: &mut impl BufMut) {
    out.put_u8(TAG);
    out.put_u32_le(crc32fast::hash(message));
    out.put_slice(message);
}

fn unseal(bytes: &[u8]) -> Sealed {
    match bytes.split_first_chunk::<SEAL_BYTES>() {
        Some(([TAG, sum @ ..], message)) if u32::from_le_bytes(*sum) == crc32fast::hash(message) => Sealed::Whole,
        _ if bytes.first() == Some(&TAG) => Sealed::Broken,
        _ => Sealed::Not,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Farewell, Report, report::Content};

    fn report() -> Report {
        let content = Content::Farewell(Farewell { reason: "finished}, and more".into() });
        Report { seq: 7, captured_at: 300, content: Some(content), ..Report::default() }
    }

    #[test]
    fn a_sealed_message_is_the_message_to_whoever_knows_no_seals() {
        let mut sealed = Vec::new();
        seal(&report().encode_to_vec(), &mut sealed);
        assert_eq!(sealed.len(), report().encoded_len() + SEAL_BYTES);
        assert_eq!(unseal(&sealed), Sealed::Whole);
        assert_eq!(Report::decode(sealed.as_slice()), Ok(report()));
    }

    #[test]
    fn a_message_without_a_seal_is_not_doubted() {
        assert_eq!(unseal(&report().encode_to_vec()), Sealed::Not);
        assert_eq!(unseal(&[]), Sealed::Not);
    }

    #[test]
    fn no_wrong_bit_after_the_tag_goes_unnoticed_and_in_the_tag_it_is_no_seal() {
        let mut sealed = Vec::new();
        seal(&report().encode_to_vec(), &mut sealed);
        for at in 0..sealed.len() * 8 {
            sealed[at / 8] ^= 1 << (at % 8);
            assert_eq!(unseal(&sealed), if at < 8 { Sealed::Not } else { Sealed::Broken }, "bit {at}");
            sealed[at / 8] ^= 1 << (at % 8);
        }
        assert_eq!(unseal(&sealed[..3]), Sealed::Broken);
    }
}
