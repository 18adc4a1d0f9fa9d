//! Lines from a stream of bytes, never longer than a bound.

use std::io;
use std::ops::Range;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads lines of at most a given length. What has been read of a line survives a wait that is given up, so it can be
/// used in `select!`.
///
/// ```
/// use axonscope_runtime::library::LineReader;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut reader = LineReader::new(&b"one\r\ntwo"[..], 80);
/// assert_eq!(reader.next_line().await?.as_deref(), Some("one"));
/// assert_eq!(reader.next_line().await?.as_deref(), Some("two"));
/// assert_eq!(reader.next_line().await?, None);
/// # Ok(())
/// # }
/// ```
pub struct LineReader<R> {
    stream: R,
    splitter: Splitter,
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
        Self { stream, splitter: Splitter::new(limit) }
    }

    /// The next line without its line end (`\n` or `\r\n`); none at the end of the stream. A last line without an end
    /// counts. Bytes that are not UTF-8 become replacement characters.
    pub async fn next_line(&mut self) -> Result<Option<String>, ReadLineError> {
        loop {
            if let Some(line) = self.splitter.next_line()? {
                return Ok(Some(line));
            }
            if self.stream.read_buf(self.splitter.room()).await? == 0 {
                return self.splitter.last_line();
            }
        }
    }
}

/// Finds lines in bytes that come piece by piece. It does no input of its own.
pub(super) struct Splitter {
    limit: usize,
    held: Vec<u8>,
    /// Where in `held` the next line begins.
    begin: usize,
    /// So far `held` is known to have no further line end.
    searched: usize,
}

impl Splitter {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: Vec::new(), begin: 0, searched: 0 }
    }

    /// Where to append what comes next. Lines that have been taken go first, all at once.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.held.drain(..self.begin);
        self.searched -= self.begin;
        self.begin = 0;
        &mut self.held
    }

    /// The next whole line; none if more bytes are needed.
    pub(super) fn next_line(&mut self) -> Result<Option<String>, ReadLineError> {
        let Some(found) = self.held[self.searched..].iter().position(|&byte| byte == b'\n') else {
            self.searched = self.held.len();
            // One more than the limit may be the first half of a line end.
            if self.searched - self.begin > self.limit.saturating_add(1) {
                return Err(ReadLineError::TooLong { limit: self.limit });
            }
            return Ok(None);
        };
        let line = self.begin..self.searched + found;
        self.begin = line.end + 1;
        self.searched = self.begin;
        self.checked(line).map(Some)
    }

    /// What is left at the end, if anything.
    pub(super) fn last_line(&mut self) -> Result<Option<String>, ReadLineError> {
        let line = self.begin..self.held.len();
        self.begin = line.end;
        self.searched = line.end;
        if line.is_empty() { Ok(None) } else { self.checked(line).map(Some) }
    }

    fn checked(&self, line: Range<usize>) -> Result<String, ReadLineError> {
        let line = &self.held[line];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > self.limit {
            return Err(ReadLineError::TooLong { limit: self.limit });
        }
        Ok(String::from_utf8_lossy(line).into_owned())
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
        assert!(reader.splitter.held.capacity() < 8192);
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_were_cut() {
        let text = b"one\ntwo\r\n\nlast";
        for size in 1..=text.len() {
            let mut splitter = Splitter::new(5);
            let mut lines = Vec::new();
            for piece in text.chunks(size) {
                splitter.room().extend_from_slice(piece);
                while let Some(line) = splitter.next_line().unwrap() {
                    lines.push(line);
                }
            }
            lines.extend(splitter.last_line().unwrap());
            assert_eq!(lines, ["one", "two", "", "last"], "pieces of {size}");
        }
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
