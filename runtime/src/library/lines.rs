//! Lines from a stream of bytes, never longer than a bound.

use std::io;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads lines of at most a given length. What has been read of a line survives a wait that is given up, so it can be
/// used in `select!`.
pub struct LineReader<R> {
    stream: R,
    limit: usize,
    held: Vec<u8>,
    /// So much of `held` is known to have no line end.
    searched: usize,
}

/// Why there is no next line.
#[derive(Debug, Error)]
pub enum ReadLineError {
    /// The line is longer than the reader takes. Nothing more can be read.
    #[error("a line of more than {limit} bytes")]
    TooLong {
        /// How long lines may be, in bytes.
        limit: usize,
    },
    /// The stream failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Lines of `stream` of at most `limit` bytes, their end not counted.
    pub fn new(stream: R, limit: usize) -> Self {
        Self { stream, limit, held: Vec::new(), searched: 0 }
    }

    /// The next line without its line end (`\n` or `\r\n`); none at the end of the stream. A last line without an end
    /// counts. Bytes that are not UTF-8 become replacement characters.
    pub async fn next_line(&mut self) -> Result<Option<String>, ReadLineError> {
        loop {
            if let Some(found) = self.held[self.searched..].iter().position(|&byte| byte == b'\n') {
                let end = self.searched + found;
                self.searched = 0;
                let mut line: Vec<u8> = self.held.drain(..=end).collect();
                line.pop();
                return self.checked(line).map(Some);
            }
            self.searched = self.held.len();
            if self.searched > self.limit + 1 {
                return Err(ReadLineError::TooLong { limit: self.limit });
            }
            if self.stream.read_buf(&mut self.held).await? == 0 {
                self.searched = 0;
                let line = std::mem::take(&mut self.held);
                return if line.is_empty() { Ok(None) } else { self.checked(line).map(Some) };
            }
        }
    }

    fn checked(&self, mut line: Vec<u8>) -> Result<String, ReadLineError> {
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.len() > self.limit {
            return Err(ReadLineError::TooLong { limit: self.limit });
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    async fn lines(bytes: &[u8], limit: usize) -> Result<Vec<String>, ReadLineError> {
        let mut reader = LineReader::new(bytes, limit);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().await? {
            lines.push(line);
        }
        Ok(lines)
    }

    #[tokio::test]
    async fn lines_lose_their_ends() {
        assert_eq!(lines(b"one\ntwo\r\n\nlast", 10).await.unwrap(), ["one", "two", "", "last"]);
        assert_eq!(lines(b"", 10).await.unwrap(), [""; 0]);
        assert_eq!(lines(b"\xff\n", 10).await.unwrap(), ["\u{fffd}"]);
    }

    #[tokio::test]
    async fn a_line_may_be_as_long_as_the_limit() {
        assert_eq!(lines(b"12345\r\n12345\n12345", 5).await.unwrap().len(), 3);
        for long in [&b"123456\n"[..], b"123456", b"1234567890"] {
            assert!(matches!(lines(long, 5).await, Err(ReadLineError::TooLong { limit: 5 })));
        }
    }

    #[tokio::test]
    async fn an_endless_line_takes_bounded_memory() {
        let mut reader = LineReader::new(tokio::io::repeat(b'x'), 1000);
        assert!(reader.next_line().await.is_err());
        assert!(reader.held.capacity() < 8192);
    }

    #[tokio::test]
    async fn a_wait_given_up_loses_nothing() {
        let (mut near, far) = tokio::io::duplex(64);
        let mut reader = LineReader::new(far, 100);
        tokio::io::AsyncWriteExt::write_all(&mut near, b"hel").await.unwrap();
        let given_up = tokio::time::timeout(std::time::Duration::from_millis(20), reader.next_line()).await;
        assert!(given_up.is_err());
        tokio::io::AsyncWriteExt::write_all(&mut near, b"lo\n").await.unwrap();
        assert_eq!(reader.next_line().await.unwrap().unwrap(), "hello");
    }
}
