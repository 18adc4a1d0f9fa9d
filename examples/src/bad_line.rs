//! What a bad line does to bytes: the faults, and one direction of a connection that has them.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How bad the line is. None of it by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Faults {
    /// Each byte arrives so late.
    pub delay: Duration,
    /// So many bytes pass in a second.
    pub throttle: Option<u64>,
    /// One bit is wrong in every so many bytes.
    pub corrupt_every: Option<u64>,
    /// All connections are reset so often.
    pub cut_every: Option<Duration>,
    /// Nothing is read, and nothing is delivered.
    pub is_frozen: bool,
}

/// A line that means nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("\"{0}\" is none of: delay MILLIS, throttle BYTES, corrupt BYTES, cut, cut every SECONDS, freeze, clear, tell")]
pub struct Unknown(String);

impl Faults {
    /// These faults and what `line` says.
    pub fn told(self, line: &str) -> Result<Self, Unknown> {
        let unknown = || Unknown(line.to_owned());
        let words: Vec<_> = line.split_whitespace().collect();
        let number = |word: &str| word.parse().ok().filter(|&number: &u64| number > 0).ok_or_else(unknown);
        Ok(match *words.as_slice() {
            ["delay", millis] => Self { delay: Duration::from_millis(number(millis)?), ..self },
            ["throttle", bytes] => Self { throttle: Some(number(bytes)?), ..self },
            ["corrupt", bytes] => Self { corrupt_every: Some(number(bytes)?), ..self },
            ["cut", "every", seconds] => Self { cut_every: Some(Duration::from_secs(number(seconds)?)), ..self },
            ["freeze"] => Self { is_frozen: true, ..self },
            ["clear"] => Self::default(),
            ["tell"] => self,
            _ => return Err(unknown()),
        })
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("good");
        }
        f.write_str("bad:")?;
        if !self.delay.is_zero() {
            write!(f, " delay {} ms", self.delay.as_millis())?;
        }
        if let Some(bytes) = self.throttle {
            write!(f, " throttle {bytes} B/s")?;
        }
        if let Some(bytes) = self.corrupt_every {
            write!(f, " corrupt every {bytes} B")?;
        }
        if let Some(every) = self.cut_every {
            write!(f, " cut every {} s", every.as_secs())?;
        }
        f.write_str(if self.is_frozen { " frozen" } else { "" })
    }
}

/// The most that is held of one direction. A line that is full takes no more.
const HELD_BYTES: usize = 64 * 1024;

/// A throttled line delivers as often as this in a second.
const DELIVERIES: u64 = 50;

/// Carries what comes from `from` to `to`, with the `faults` of each moment, until it ends. Counts the bits it has turned.
pub async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut faults: watch::Receiver<Faults>,
    wrong_bits: &AtomicU64,
) -> io::Result<()> {
    let mut line = Line::default();
    let mut room = [0; 4096];
    let mut has_ended = false;
    loop {
        if has_ended && line.is_empty() {
            return to.shutdown().await;
        }
        let now = Instant::now();
        let told = *faults.borrow_and_update();
        let due_at = line.due_at().filter(|_| !told.is_frozen);
        let is_due = due_at.is_some_and(|at| at <= now);
        tokio::select! {
            changed = faults.changed() => if changed.is_err() { return Ok(()) },
            read = from.read(&mut room), if !has_ended && !told.is_frozen && line.held < HELD_BYTES => {
                let read = read?;
                has_ended = read == 0;
                let turned = line.take_in(&mut room[..read], told);
                wrong_bits.fetch_add(turned, Ordering::Relaxed);
            }
            written = to.write(line.due(told)), if is_due => line.give_out(written?, told),
            () = sleep_until(due_at.unwrap_or(now)), if due_at.is_some() && !is_due => {}
        }
    }
}

/// What is on its way.
#[derive(Default)]
struct Line {
    /// Each with the time it arrives at the other end.
    chunks: VecDeque<(Instant, Vec<u8>)>,
    /// Of the first chunk.
    delivered: usize,
    held: usize,
    /// When a throttled line delivers again.
    next_delivery: Option<Instant>,
    /// Since the last wrong bit.
    right_bytes: u64,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    fn due_at(&self) -> Option<Instant> {
        let (arrival, _) = self.chunks.front()?;
        Some(self.next_delivery.map_or(*arrival, |next| next.max(*arrival)))
    }

    /// What may be delivered at once.
    fn due(&self, faults: Faults) -> &[u8] {
        let Some((_, chunk)) = self.chunks.front() else { return &[] };
        let limit = faults.throttle.map_or(usize::MAX, |rate| (rate / DELIVERIES).max(1) as usize);
        let rest = &chunk[self.delivered..];
        &rest[..rest.len().min(limit)]
    }

    /// Returns how many bits it turned.
    fn take_in(&mut self, bytes: &mut [u8], faults: Faults) -> u64 {
        let mut turned = 0;
        if let Some(every) = faults.corrupt_every {
            for byte in bytes.iter_mut() {
                self.right_bytes += 1;
                if self.right_bytes >= every {
                    self.right_bytes = 0;
                    *byte ^= 1 << fastrand::u8(..8);
                    turned += 1;
                }
            }
        }
        if !bytes.is_empty() {
            self.held += bytes.len();
            self.chunks.push_back((Instant::now() + faults.delay, bytes.to_vec()));
        }
        turned
    }

    fn give_out(&mut self, bytes: usize, faults: Faults) {
        self.held -= bytes;
        self.delivered += bytes;
        if self.chunks.front().is_some_and(|(_, chunk)| chunk.len() == self.delivered) {
            self.chunks.pop_front();
            self.delivered = 0;
        }
        self.next_delivery =
            faults.throttle.map(|rate| Instant::now() + Duration::from_secs_f64(bytes as f64 / rate as f64));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn faults_add_up_until_they_are_cleared() {
        let faults = Faults::default().told("delay 200").unwrap().told(" throttle  10000").unwrap();
        assert_eq!(faults.to_string(), "bad: delay 200 ms throttle 10000 B/s");
        let faults = faults.told("corrupt 5").unwrap().told("cut every 2").unwrap().told("freeze").unwrap();
        assert!(faults.is_frozen && faults.cut_every == Some(Duration::from_secs(2)));
        assert_eq!(faults.told("clear").unwrap().to_string(), "good");
    }

    #[test]
    fn what_is_no_fault_is_named() {
        for wrong in ["", "delay", "delay x", "delay -1", "throttle 0", "corrupt 1 2", "thaw"] {
            assert!(Faults::default().told(wrong).unwrap_err().to_string().starts_with(&format!("\"{wrong}\"")));
        }
    }

    /// Sends `sent` over a line with these faults. What came, how long that took, and the wrong bits.
    async fn send(faults: &str, sent: Vec<u8>) -> (Vec<u8>, Duration, u64) {
        let faults = faults.lines().fold(Faults::default(), |faults, line| faults.told(line).unwrap());
        let (_keep, faults) = watch::channel(faults);
        let wrong_bits = AtomicU64::new(0);
        let began = Instant::now();
        let (to, mut far) = tokio::io::duplex(1024);
        let mut came = Vec::new();
        let reading = far.read_to_end(&mut came);
        let carrying = async {
            carry(sent.as_slice(), to, faults, &wrong_bits).await.unwrap();
        };
        tokio::join!(carrying, async { reading.await.unwrap() });
        (came, began.elapsed(), wrong_bits.into_inner())
    }

    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|n| (n % 251) as u8).collect()
    }

    #[tokio::test]
    async fn a_good_line_delivers_what_it_was_given() {
        let (came, _, wrong_bits) = send("clear", bytes(300_000)).await;
        assert!(came == bytes(300_000) && wrong_bits == 0);
    }

    #[tokio::test]
    async fn a_delay_is_for_each_byte_and_not_for_each_after_the_other() {
        let (came, took, _) = send("delay 300", bytes(50_000)).await;
        assert!(came == bytes(50_000));
        // One after the other, its pieces would take 50 times as long.
        assert!((300..3000).contains(&took.as_millis()), "{took:?}");
    }

    #[tokio::test]
    async fn a_throttled_line_takes_its_time() {
        let (came, took, _) = send("throttle 100000", bytes(50_000)).await;
        assert!(came == bytes(50_000));
        assert!((480..5000).contains(&took.as_millis()), "{took:?}");
    }

    #[tokio::test]
    async fn a_corrupting_line_turns_one_bit_in_so_many_bytes() {
        let (came, _, wrong_bits) = send("corrupt 1000", bytes(10_500)).await;
        let turned: u32 = came.iter().zip(bytes(10_500)).map(|(came, sent)| (came ^ sent).count_ones()).sum();
        assert_eq!((came.len(), turned, wrong_bits), (10_500, 10, 10));
    }

    #[tokio::test]
    async fn a_frozen_line_delivers_nothing_until_it_is_told_otherwise() {
        let (told, faults) = watch::channel(Faults { is_frozen: true, ..Faults::default() });
        let (mut near, from) = tokio::io::duplex(1024);
        let (to, mut far) = tokio::io::duplex(1024);
        let carrying = tokio::spawn(async move { carry(from, to, faults, &AtomicU64::new(0)).await });
        near.write_all(b"hello").await.unwrap();
        let mut came = [0; 5];
        let waiting = tokio::time::timeout(Duration::from_millis(50), far.read_exact(&mut came)).await;
        assert!(waiting.is_err());
        told.send_replace(Faults::default());
        far.read_exact(&mut came).await.unwrap();
        assert_eq!(&came, b"hello");
        drop(near);
        carrying.await.unwrap().unwrap();
    }
}
