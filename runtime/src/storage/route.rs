//! The way out of an outbox: which queue it leads to, and whether it still does.

use std::any::TypeId;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::Waker;

use super::queue::Queue;
use super::{AnyBox, Message, WhenFull, switch};
use crate::id::PostboxId;
use crate::observe::{PostboxActivity, Watcher, add};
use crate::stop::Stop;
use crate::sync::{AtomicU8, AtomicU64, Mutex, lock};

/// Where the messages of an outbox go.
pub(crate) struct Route<T> {
    id: PostboxId,
    activity: PostboxActivity,
    /// Rises by [`STEP`] with every change of `way`; an outbox that knows the current one need not look further. Odd
    /// once Shutdown has come: whoever waits here stops waiting.
    version: AtomicU64,
    /// Changes only under the lock of the queue at which the sender waits.
    turn: AtomicU8,
    /// Its component may be started again, and will want it as it is.
    kept: bool,
    /// Somebody wants to be told of each message. Whoever sees it looks under the lock of `way` who that is.
    tapped: AtomicBool,
    /// Nothing more will be sent. Changes, and is asked, only under the lock of `way`, where there is no room for it.
    closed: AtomicBool,
    /// Where messages wait while there is no linkage; none if they are dropped.
    hold: Option<Arc<Queue<T>>>,
    way: Mutex<Way<T>>,
}

struct Way<T> {
    sink: Option<Arc<Queue<T>>>,
    sender: Option<Waker>,
    tap: Option<Weak<Watcher>>,
}

/// What is known of a route at one version.
pub(crate) struct Known<T> {
    version: u64,
    /// The queue it leads to.
    pub(crate) sink: Option<Arc<Queue<T>>>,
}

const STOPPED: u64 = 1;
const STEP: u64 = 2;

/// Whose turn it is, for a sender that found a queue full.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Turn {
    /// It does not wait.
    None = 0,
    /// It is among those who wait.
    Waiting = 1,
    /// Room is kept for it.
    Granted = 2,
}

impl<T> Known<T> {
    pub(crate) fn is_stopped(&self) -> bool {
        self.version & STOPPED != 0
    }
}

impl<T: Message> Route<T> {
    /// A route that leads nowhere yet. `hold` says how many messages wait until it does.
    pub(crate) fn new(id: PostboxId, hold: Option<u32>, kept: bool) -> Self {
        Self {
            id,
            activity: PostboxActivity::new(),
            version: AtomicU64::new(0),
            turn: AtomicU8::new(Turn::None as u8),
            kept,
            tapped: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            hold: hold.map(|capacity| Arc::new(Queue::new(id, capacity, WhenFull::Wait, false))),
            way: Mutex::new(Way { sink: None, sender: None, tap: None }),
        }
    }

    pub(crate) fn id(&self) -> PostboxId {
        self.id
    }

    /// The queue in which messages wait while there is no linkage.
    pub(super) fn hold(&self) -> Option<&Arc<Queue<T>>> {
        self.hold.as_ref()
    }

    /// Whether `queue` is where messages wait while there is no linkage.
    pub(crate) fn is_hold(&self, queue: &Arc<Queue<T>>) -> bool {
        self.hold.as_ref().is_some_and(|hold| Arc::ptr_eq(hold, queue))
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn look_up(&self) -> Known<T> {
        let way = lock(&self.way);
        Known { version: self.version(), sink: way.sink.clone().or_else(|| self.hold.clone()) }
    }

    /// Whether `known` is still true.
    pub(crate) fn is_as(&self, known: &Known<T>) -> bool {
        self.version() == known.version
    }

    /// Leads to `sink` from now on. Returns whether anything may still be sent.
    pub(super) fn lead_to(&self, sink: Option<Arc<Queue<T>>>) -> bool {
        let mut way = lock(&self.way);
        way.sink = sink;
        self.version.fetch_add(STEP, Ordering::Release);
        !self.is_closed(&way)
    }

    fn is_closed(&self, _: &Way<T>) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Whether somebody wants to be told of each message.
    pub(crate) fn is_tapped(&self) -> bool {
        self.tapped.load(Ordering::Relaxed)
    }

    /// Tells whoever has tapped the outbox of `message`, which its sender still has.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell(&self, message: &T) {
        let tap = lock(&self.way).tap.clone();
        let told = tap.as_ref().and_then(Weak::upgrade).map(|watcher| {
            // To print a message may be to run code of the program's, which must not end the sender.
            catch_unwind(AssertUnwindSafe(|| watcher.0.on_message(self.id, message)))
        });
        if !matches!(told, Some(Ok(()))) {
            let mut way = lock(&self.way);
            // Unless another has tapped it meanwhile.
            if way.tap.as_ref().map(Weak::as_ptr) == tap.as_ref().map(Weak::as_ptr) {
                way.tap = None;
                self.tapped.store(false, Ordering::Relaxed);
            }
        }
    }

    /// Leaves the waker of the sender that is about to wait.
    pub(crate) fn leave_waker(&self, waker: &Waker) {
        let mut way = lock(&self.way);
        let old = match &way.sender {
            Some(left) if left.will_wake(waker) => None,
            _ => way.sender.replace(waker.clone()),
        };
        drop(way);
        drop(old);
    }

    /// Counts messages that the outbox had to drop.
    pub(crate) fn count_dropped(&self, count: u64) {
        // What the hold loses when it is closed is counted in the same place, by whoever closes it.
        let hold = self.hold.as_ref().map(|hold| lock(&hold.state));
        add(&self.activity().dropped, count);
        drop(hold);
    }

    /// Whether its sender is among those who wait, or has room kept for it.
    pub(crate) fn has_place(&self) -> bool {
        self.turn() != Turn::None
    }

    pub(super) fn wake(&self) {
        let sender = lock(&self.way).sender.take();
        if let Some(sender) = sender {
            sender.wake();
        }
    }

    pub(super) fn turn(&self) -> Turn {
        match self.turn.load(Ordering::Relaxed) {
            0 => Turn::None,
            1 => Turn::Waiting,
            _ => Turn::Granted,
        }
    }

    pub(super) fn set_turn(&self, turn: Turn) {
        self.turn.store(turn as u8, Ordering::Relaxed);
    }
}

impl<T: Message> AnyBox for Route<T> {
    fn message_type(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn activity(&self) -> &PostboxActivity {
        // The hold counts how many it has, and what it had to drop, as the outbox's own.
        self.hold.as_ref().map_or(&self.activity, |hold| hold.activity())
    }

    fn switch(
        &self,
        old: Option<Arc<dyn AnyBox>>,
        new: Option<Arc<dyn AnyBox>>,
        sources: Vec<Arc<dyn AnyBox>>,
        carry: bool,
    ) {
        switch::<T>(old, new, sources, carry);
    }

    fn stop(&self, stop: Stop) {
        if stop == Stop::Shutdown {
            let way = lock(&self.way);
            self.version.fetch_or(STOPPED, Ordering::Release);
            drop(way);
            self.wake();
        }
    }

    fn set_tap(&self, watcher: Option<Weak<Watcher>>) -> bool {
        let mut way = lock(&self.way);
        if self.is_closed(&way) {
            return false;
        }
        self.tapped.store(watcher.is_some(), Ordering::Relaxed);
        way.tap = watcher;
        true
    }

    fn finish(&self) {
        let mut way = lock(&self.way);
        let sink = if self.is_closed(&way) { None } else { way.sink.clone() };
        self.closed.store(true, Ordering::Relaxed);
        self.tapped.store(false, Ordering::Relaxed);
        way.tap = None;
        drop(way);
        let receiver = sink.and_then(|sink| lock(&sink.state).source_gone());
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    fn close(&self) -> Option<Box<dyn Send>> {
        self.finish();
        self.hold.as_ref()?.close()
    }

    fn is_kept(&self) -> bool {
        self.kept
    }

    fn alike(&self, id: PostboxId, keeps: bool) -> Arc<dyn AnyBox> {
        let route = Route::<T>::new(id, None, keeps);
        route.closed.store(true, Ordering::Relaxed);
        Arc::new(route)
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_no_larger_than_it_has_to_be() {
        // With the counts of its Arc, what the allocator rounds 144 bytes to; there may be a million.
        assert_eq!(size_of::<Route<String>>(), 120);
    }
}
