//! The bounded way from the wire to the model: async on the side of the streams, a plain thread on the other.
//!
//! A sender waits for room, in order of asking, so that no stream starves another. Room is counted in bytes until the
//! receiver drops what it took.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axonscope_model::{Hello, Refusal, SystemId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::from_proto::Batch;
use crate::limits::{QUEUE_BYTES, SMALLEST_REPORT_BYTES};

/// Numbers the streams of probes, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Connection(pub u64);

/// What streams of probes say, in order.
pub enum Input {
    /// A stream said Hello; it waits for the answer. It replaces an older stream of the same instance, of which whatever
    /// still comes is to be ignored.
    Connect {
        /// The stream.
        connection: Connection,
        /// What it said.
        hello: Hello,
        /// The answer goes here; without one the stream is refused.
        reply: oneshot::Sender<Result<SystemId, Refusal>>,
    },
    /// One Report.
    Batch {
        /// The stream.
        connection: Connection,
        /// Its changes, in order.
        batch: Box<Batch>,
    },
    /// The stream has ended.
    Closed {
        /// The stream.
        connection: Connection,
        /// The reason it gave, if it said farewell.
        farewell: Option<String>,
    },
}

/// An input, which takes its room in the queue.
pub struct Held {
    input: Input,
    arrived_at: Instant,
    room: Room,
}

/// Room in the queue, free again when this is dropped.
pub struct Room(#[allow(dead_code)] OwnedSemaphorePermit);

impl Held {
    /// When it was received, before it waited for room.
    pub fn arrived_at(&self) -> Instant {
        self.arrived_at
    }

    /// What was said, and the room it takes.
    pub fn into_parts(self) -> (Input, Room) {
        (self.input, self.room)
    }
}

/// What the receiver woke up for.
pub enum Next {
    /// A stream said something.
    Input(Held),
    /// [`Nudge::nudge`] was called.
    Nudged,
    /// The time is up.
    TimedOut,
    /// Nothing will come any more.
    Closed,
}

/// The side of the streams.
#[derive(Clone)]
pub struct Sender(Arc<Shared>);

/// The side of the model.
pub struct Receiver(Arc<Shared>);

/// Wakes the receiver without saying anything.
#[derive(Clone)]
pub struct Nudge(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    ready: Condvar,
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Held>,
    nudged: bool,
    closed: bool,
}

/// A queue with room for [`QUEUE_BYTES`].
pub fn queue() -> (Sender, Receiver) {
    let shared = Arc::new(Shared {
        state: Mutex::default(),
        ready: Condvar::new(),
        room: Arc::new(Semaphore::new(QUEUE_BYTES)),
    });
    (Sender(shared.clone()), Receiver(shared))
}

impl Shared {
    /// Nothing that is done under this lock can panic half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        // What waits holds replies that streams wait for.
        state.waiting.clear();
        self.room.close();
        self.ready.notify_all();
    }
}

impl Sender {
    /// Waits for room. False when the receiver is gone.
    pub async fn send(&self, input: Input) -> bool {
        let arrived_at = Instant::now();
        let weight = match &input {
            Input::Batch { batch, .. } => batch.weight().clamp(SMALLEST_REPORT_BYTES, QUEUE_BYTES),
            _ => SMALLEST_REPORT_BYTES,
        };
        let Ok(room) = self.0.room.clone().acquire_many_owned(weight as u32).await else { return false };
        let mut state = self.0.lock();
        if state.closed {
            return false;
        }
        state.waiting.push_back(Held { input, arrived_at, room: Room(room) });
        drop(state);
        self.0.ready.notify_one();
        true
    }
}

impl Receiver {
    /// Waits for the next input, at most this long; `None` waits for ever.
    pub fn next(&self, timeout: Option<Duration>) -> Next {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut state = self.0.lock();
        loop {
            if state.closed {
                return Next::Closed;
            }
            if let Some(held) = state.waiting.pop_front() {
                return Next::Input(held);
            }
            if std::mem::take(&mut state.nudged) {
                return Next::Nudged;
            }
            state = match deadline {
                None => self.0.ready.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Next::TimedOut;
                    }
                    self.0.ready.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.lock().waiting.is_empty()
    }

    /// To wake this receiver with.
    pub fn nudge(&self) -> Nudge {
        Nudge(self.0.clone())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Nudge {
    /// Wakes the receiver if it waits; else its next wait ends at once when nothing else is there.
    pub fn nudge(&self) {
        self.0.lock().nudged = true;
        self.0.ready.notify_one();
    }

    /// Whether anything waits, or is being taken in: it has room in the queue.
    pub fn is_busy(&self) -> bool {
        self.0.room.available_permits() < QUEUE_BYTES
    }

    /// Ends the queue: the receiver gets [`Next::Closed`] at once, senders are told so.
    pub fn close(&self) {
        self.0.close();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn closed(connection: u64) -> Input {
        Input::Closed { connection: Connection(connection), farewell: None }
    }

    fn connection(next: Next) -> u64 {
        match next {
            Next::Input(Held { input: Input::Closed { connection, .. }, .. }) => connection.0,
            _ => panic!("nothing came"),
        }
    }

    #[tokio::test]
    async fn inputs_come_in_order() {
        let (sender, receiver) = queue();
        for n in 0..100 {
            assert!(sender.send(closed(n)).await);
        }
        for n in 0..100 {
            assert_eq!(connection(receiver.next(Some(Duration::ZERO))), n);
        }
        assert!(matches!(receiver.next(Some(Duration::ZERO)), Next::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_makes_the_sender_wait_until_what_was_taken_is_dropped() {
        let (sender, receiver) = queue();
        let fits = QUEUE_BYTES / SMALLEST_REPORT_BYTES;
        for n in 0..fits {
            assert!(sender.send(closed(n as u64)).await);
        }
        let late = tokio::time::timeout(Duration::from_secs(1), sender.send(closed(9)));
        assert!(late.await.is_err(), "there was room");
        let taken = receiver.next(None);
        let late = tokio::time::timeout(Duration::from_secs(1), sender.send(closed(9)));
        assert!(late.await.is_err(), "what is taken still counts");
        drop(taken);
        assert!(sender.send(closed(9)).await);
    }

    #[tokio::test]
    async fn a_receiver_that_goes_frees_waiting_senders() {
        let (sender, receiver) = queue();
        while sender.0.room.available_permits() >= SMALLEST_REPORT_BYTES {
            sender.send(closed(1)).await;
        }
        let waits = tokio::spawn(async move { sender.send(closed(2)).await });
        tokio::task::yield_now().await;
        drop(receiver);
        assert!(!waits.await.unwrap());
    }

    #[test]
    fn a_nudge_wakes_once() {
        let (_sender, receiver) = queue();
        receiver.nudge().nudge();
        receiver.nudge().nudge();
        assert!(matches!(receiver.next(None), Next::Nudged));
        assert!(matches!(receiver.next(Some(Duration::ZERO)), Next::TimedOut));
    }
}
