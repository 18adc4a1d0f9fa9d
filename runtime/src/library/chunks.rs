//! Chunks of bytes from a stream.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How long a chunk is at most unless its reader says otherwise, in bytes.
pub(super) const DEFAULT_CHUNK: usize = 16 * 1024;

/// Reads chunks of at most `size` bytes. What has been read survives a wait that is given up.
pub(super) struct Chunks {
    held: BytesMut,
    size: usize,
}

impl Chunks {
    /// A size of zero is taken as a byte.
    pub(super) fn new(size: usize) -> Self {
        Self { held: BytesMut::new(), size: size.max(1) }
    }

    /// What has come, as soon as anything has; none at the end of the stream.
    pub(super) async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Bytes>> {
        // Small chunks share one allocation, until there is little left of it.
        if self.held.capacity() <= self.size / 4 {
            self.held.reserve(self.size);
        }
        stream.read_buf(&mut (&mut self.held).limit(self.size)).await?;
        Ok(self.take())
    }

    /// A whole chunk: less only before the end of the stream, none at the end.
    pub(super) async fn next_whole(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Bytes>> {
        while self.held.len() < self.size {
            let missing = self.size - self.held.len();
            self.held.reserve(missing);
            if stream.read_buf(&mut (&mut self.held).limit(missing)).await? == 0 {
                break;
            }
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Option<Bytes> {
        (!self.held.is_empty()).then(|| self.held.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_chunk_is_what_has_come_and_never_longer_than_the_size() {
        let (mut near, mut far) = tokio::io::duplex(64);
        let mut chunks = Chunks::new(4);
        near.write_all(b"123456").await.unwrap();
        assert_eq!(chunks.next(&mut far).await.unwrap().unwrap(), "1234");
        assert_eq!(chunks.next(&mut far).await.unwrap().unwrap(), "56");
        near.write_all(b"7").await.unwrap();
        drop(near);
        assert_eq!(chunks.next(&mut far).await.unwrap().unwrap(), "7");
        assert_eq!(chunks.next(&mut far).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_whole_chunk_waits_for_its_bytes() {
        let (mut near, mut far) = tokio::io::duplex(64);
        let mut chunks = Chunks::new(4);
        near.write_all(b"123").await.unwrap();
        tokio::select! {
            biased;
            _ = chunks.next_whole(&mut far) => panic!("a byte is missing"),
            () = std::future::ready(()) => {}
        }
        near.write_all(b"45").await.unwrap();
        drop(near);
        assert_eq!(chunks.next_whole(&mut far).await.unwrap().unwrap(), "1234");
        assert_eq!(chunks.next_whole(&mut far).await.unwrap().unwrap(), "5");
        assert_eq!(chunks.next_whole(&mut far).await.unwrap(), None);
    }
}
