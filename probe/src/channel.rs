//! Channels whose two ends are known: tokio's own, with a thin wrapper that draws a linkage from each component that
//! sends to the one that receives.
//!
//! An end belongs to the component in which it is first used: the [instrumented](crate::manual::Component::instrument)
//! future that is polled, or else the span that is entered. Until both ends have been used nothing is drawn, and sends and
//! receives cost what tokio's cost, and a few relaxed additions.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axonscope_probe::{Probe, channel};
//!
//! let probe = Probe::builder().name("mill").start()?;
//! let (jobs, mut queue) = channel::bounded::<String>("jobs", 32);
//! let reader = probe.manual().component("reader").add();
//! let worker = probe.manual().component("worker").add();
//! let sends = reader.instrument(async move { jobs.send("grind".to_owned()).await });
//! let takes = worker.instrument(async move { queue.recv().await });
//! let (sent, taken) = tokio::join!(sends, takes);
//! # sent?;
//! assert_eq!(taken.as_deref(), Some("grind"));
//! # Ok(())
//! # }
//! ```

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TryRecvError, TrySendError};

use crate::current::{self, Here};
use crate::manual::Waiting;
use crate::registry::PostboxMeter;
use crate::words::{LinkageKind, PostboxKind};

/// A channel that holds `capacity` messages before senders wait. `name` is what its boxes are called.
///
/// # Panics
/// As tokio's does, if `capacity` is 0.
pub fn bounded<T: Send + 'static>(name: impl Into<Arc<str>>, capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    let ends = Arc::new(Ends {
        name: name.into(),
        message_type: short(type_name::<T>()),
        capacity: u32::try_from(capacity).unwrap_or(u32::MAX),
        inbox: OnceLock::new(),
        outboxes: Mutex::default(),
    });
    (Sender { sender, ends: ends.clone(), outbox: OnceLock::new() }, Receiver { receiver, ends })
}

/// The end that sends. A clone belongs to the component in which it, in turn, is first used.
pub struct Sender<T> {
    sender: mpsc::Sender<T>,
    ends: Arc<Ends>,
    outbox: OnceLock<Bound>,
}

/// The end that receives.
pub struct Receiver<T> {
    receiver: mpsc::Receiver<T>,
    ends: Arc<Ends>,
}

/// A box of the component in which an end is used.
#[derive(Clone, Debug)]
struct Bound {
    here: Here,
    meter: Arc<PostboxMeter>,
}

/// What both ends know.
#[derive(Debug)]
struct Ends {
    name: Arc<str>,
    message_type: String,
    capacity: u32,
    inbox: OnceLock<Bound>,
    /// By component, so that all handles used in one share its outbox. It stays for as long as the component or the
    /// channel, lest a service that clones a sender for each request flickers.
    outboxes: Mutex<BTreeMap<u64, Bound>>,
}

/// How many components may be remembered before those that are gone are looked for.
const TIDY: usize = 64;

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), ends: self.ends.clone(), outbox: OnceLock::new() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({})", self.ends.name)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver({})", self.ends.name)
    }
}

impl<T: Send + 'static> Sender<T> {
    /// Sends, and waits for room while there is none. The error gives the message back: nobody receives any more.
    pub async fn send(&self, message: T) -> Result<(), SendError<T>> {
        let Some(outbox) = self.outbox() else { return self.sender.send(message).await };
        outbox.show(&message);
        match self.sender.try_send(message) {
            Ok(()) => {}
            Err(TrySendError::Full(message)) => {
                let _waiting = Waiting::new(&outbox.meter);
                self.sender.send(message).await?;
            }
            Err(TrySendError::Closed(message)) => return Err(SendError(message)),
        }
        self.sent(&outbox.meter);
        Ok(())
    }

    /// Sends if there is room now.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let Some(outbox) = self.outbox() else { return self.sender.try_send(message) };
        outbox.show(&message);
        let outcome = self.sender.try_send(message);
        match outcome {
            Ok(()) => self.sent(&outbox.meter),
            Err(_) => outbox.meter.count_dropped(1),
        }
        outcome
    }

    /// Sends from a thread that may block.
    pub fn blocking_send(&self, message: T) -> Result<(), SendError<T>> {
        let Some(outbox) = self.outbox() else { return self.sender.blocking_send(message) };
        outbox.show(&message);
        let _waiting = (self.sender.capacity() == 0).then(|| Waiting::new(&outbox.meter));
        self.sender.blocking_send(message)?;
        self.sent(&outbox.meter);
        Ok(())
    }

    /// Whether nobody receives any more.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Returns when nobody receives any more.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    fn sent(&self, outbox: &PostboxMeter) {
        outbox.count(1);
        self.ends.note_depth(self.sender.max_capacity() - self.sender.capacity());
    }

    fn outbox(&self) -> Option<Bound> {
        if let Some(outbox) = self.outbox.get() {
            return Some(outbox.clone());
        }
        let outbox = self.ends.bind_outbox()?;
        if outbox.here.is_settled {
            let _ = self.outbox.set(outbox.clone());
        }
        Some(outbox)
    }
}

impl<T: Send + 'static> Receiver<T> {
    /// The next message, once there is one; none when all senders are gone and everything was taken.
    pub async fn recv(&mut self) -> Option<T> {
        let Some(inbox) = self.inbox() else { return self.receiver.recv().await };
        let message = match self.receiver.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                let _waiting = WaitingAt::new(&inbox);
                self.receiver.recv().await
            }
        };
        self.taken(&inbox, message.is_some());
        message
    }

    /// The next message, if there is one now.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let inbox = self.inbox();
        let outcome = self.receiver.try_recv();
        if let Some(inbox) = inbox {
            self.taken(&inbox, outcome.is_ok());
        }
        outcome
    }

    /// The next message, on a thread that may block.
    pub fn blocking_recv(&mut self) -> Option<T> {
        let inbox = self.inbox();
        let message = self.receiver.blocking_recv();
        if let Some(inbox) = inbox {
            self.taken(&inbox, message.is_some());
        }
        message
    }

    /// Lets nobody send any more; what was sent can still be received.
    pub fn close(&mut self) {
        self.receiver.close();
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.receiver.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.receiver.is_empty()
    }

    fn inbox(&self) -> Option<Arc<PostboxMeter>> {
        let inbox = self.ends.inbox.get();
        inbox.or_else(|| self.ends.bind_inbox()).map(|inbox| inbox.meter.clone())
    }

    fn taken(&self, inbox: &PostboxMeter, is_one: bool) {
        inbox.count(is_one.into());
        inbox.set_depth(self.receiver.len());
    }
}

impl Bound {
    fn show<T: 'static>(&self, message: &T) {
        if self.meter.is_tapped()
            && let Some(program) = self.here.system.program()
        {
            program.taps.on_message(self.meter.id, message);
        }
    }

    fn is_gone(&self) -> bool {
        !self.here.system.registry.has_component(self.here.component)
    }

    fn remove(&self) {
        self.here.system.registry.remove_postbox(self.meter.id);
    }
}

impl Ends {
    /// The outbox of the component that runs here.
    fn bind_outbox(&self) -> Option<Bound> {
        let here = current::here()?;
        let mut outboxes = self.outboxes();
        if let Some(outbox) = outboxes.get(&here.component) {
            return Some(outbox.clone());
        }
        if outboxes.len() >= TIDY {
            outboxes.retain(|_, outbox| !outbox.is_gone());
        }
        let registry = &here.system.registry;
        let meter = registry.add_postbox(here.component, &self.name, PostboxKind::Outbox, &self.message_type, 0)?;
        let outbox = Bound { here, meter };
        if let Some(inbox) = self.inbox.get() {
            outbox.join(inbox);
        }
        outboxes.insert(outbox.here.component, outbox.clone());
        Some(outbox)
    }

    /// The inbox of the component that runs here: the first that receives.
    fn bind_inbox(&self) -> Option<&Bound> {
        let here = current::here()?;
        let registry = &here.system.registry;
        let meter =
            registry.add_postbox(here.component, &self.name, PostboxKind::Inbox, &self.message_type, self.capacity)?;
        let outboxes = self.outboxes();
        let inbox = self.inbox.get_or_init(|| Bound { here, meter });
        outboxes.values().for_each(|outbox| outbox.join(inbox));
        Some(inbox)
    }

    fn note_depth(&self, depth: usize) {
        // The sender knows best that its message waits; the receiver looks when it takes one.
        if let Some(inbox) = self.inbox.get() {
            inbox.meter.set_depth(depth);
        }
    }

    /// Nothing done under this lock can panic half-way.
    fn outboxes(&self) -> MutexGuard<'_, BTreeMap<u64, Bound>> {
        self.outboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bound {
    fn join(&self, inbox: &Self) {
        // It goes with either box.
        let _ = self.here.system.registry.link(self.meter.id, inbox.meter.id, LinkageKind::Direct);
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.outboxes().values().chain(self.inbox.get()).for_each(Bound::remove);
    }
}

/// Says for as long as it lives that a component waits at an inbox.
struct WaitingAt<'a>(&'a PostboxMeter);

impl<'a> WaitingAt<'a> {
    fn new(inbox: &'a PostboxMeter) -> Self {
        inbox.set_depth(0);
        inbox.set_waiting(true);
        Self(inbox)
    }
}

impl Drop for WaitingAt<'_> {
    fn drop(&mut self) {
        self.0.set_waiting(false);
    }
}

/// A type's name without the paths in it.
fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    for part in name.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        let cut = part.rfind("::").map_or(0, |at| at + 2);
        short.push_str(&part[cut..]);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_types_name_loses_its_paths() {
        assert_eq!(short("alloc::vec::Vec<(core::option::Option<u8>, &str)>"), "Vec<(Option<u8>, &str)>");
        assert_eq!(short("u64"), "u64");
    }
}
