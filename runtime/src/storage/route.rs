//! The way out of an outbox: which queue it leads to, and whether it still does.

use std::any::TypeId;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use super::{AnyBox, Message, Queue, lock, switch};
use crate::observe::PostboxActivity;
use crate::stop::Stop;

/// Where the messages of an outbox go.
pub(crate) struct Route<T> {
    /// Rises with every change of `way`; an outbox that knows the current one need not look further.
    version: AtomicU64,
    way: Mutex<Way<T>>,
    /// Changes only under the lock of the queue at which the sender waits.
    turn: AtomicU8,
    sender: Mutex<Option<Waker>>,
}

struct Way<T> {
    sink: Option<Arc<Queue<T>>>,
    /// Shutdown has come: whoever waits here stops waiting.
    stopped: bool,
    /// Nothing more will be sent.
    closed: bool,
}

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

impl<T: Message> Route<T> {
    pub(crate) fn new() -> Self {
        Self {
            version: AtomicU64::new(0),
            way: Mutex::new(Way { sink: None, stopped: false, closed: false }),
            turn: AtomicU8::new(Turn::None as u8),
            sender: Mutex::new(None),
        }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The current version, the queue it leads to, and whether Shutdown has come.
    pub(crate) fn look_up(&self) -> (u64, Option<Arc<Queue<T>>>, bool) {
        let way = lock(&self.way);
        (self.version(), way.sink.clone(), way.stopped)
    }

    /// Leads to `sink` from now on. Returns whether anything may still be sent.
    pub(super) fn lead_to(&self, sink: Option<Arc<Queue<T>>>) -> bool {
        let mut way = lock(&self.way);
        way.sink = sink;
        self.version.fetch_add(1, Ordering::Release);
        !way.closed
    }

    /// Leaves the waker of the sender that is about to wait.
    pub(crate) fn leave_waker(&self, waker: &Waker) {
        let mut sender = lock(&self.sender);
        match &mut *sender {
            Some(left) => left.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    pub(super) fn wake(&self) {
        let sender = lock(&self.sender).take();
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
            let mut way = lock(&self.way);
            way.stopped = true;
            self.version.fetch_add(1, Ordering::Release);
            drop(way);
            self.wake();
        }
    }

    fn close(&self) -> Option<Box<dyn Send>> {
        let mut way = lock(&self.way);
        let sink = if way.closed { None } else { way.sink.clone() };
        way.closed = true;
        drop(way);
        let receiver = sink.and_then(|sink| lock(&sink.state).source_gone());
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        None
    }

    fn lend(&self) {}

    fn take_back(&self, _from: &Arc<dyn AnyBox>) {}

    fn is_open(&self) -> bool {
        false
    }

    fn alike(&self, _activity: Arc<PostboxActivity>) -> Arc<dyn AnyBox> {
        let route = Route::<T>::new();
        lock(&route.way).closed = true;
        Arc::new(route)
    }
}
