//! The bounded queue of an inbox: who may put a message in, who waits, and who takes it.

use std::any::TypeId;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;

use super::route::{Known, Route, Turn};
use super::{AnyBox, Message, WhenFull, cast, switch};
use crate::id::PostboxId;
use crate::observe::{PostboxActivity, add};
use crate::polling::poll_began;
use crate::stop::{Shutdown, Stop};
use crate::sync::{Mutex, lock};

mod waiting;

pub(crate) use waiting::Room;

use waiting::Waiting;

/// The queue of an inbox.
pub(crate) struct Queue<T> {
    id: PostboxId,
    activity: PostboxActivity,
    capacity: u32,
    when_full: WhenFull,
    /// Its component may be started again, and will want it as it is.
    kept: bool,
    pub(super) state: Mutex<QueueState<T>>,
}

pub(super) struct QueueState<T> {
    // Takes no memory until the first message.
    pub(super) messages: VecDeque<T>,
    pub(super) receiver: Option<Waker>,
    /// Made for the first sender that finds no room.
    waiting: Option<Box<Waiting<T>>>,
    /// Outboxes whose messages end here and that may still send.
    pub(super) open_sources: u32,
    stop: Option<Stop>,
    pub(super) closed: bool,
    lent: bool,
}

/// What has to be done about a queue that was closed, when its lock is free again.
struct Closed<T> {
    messages: VecDeque<T>,
    waiting: VecDeque<Arc<Route<T>>>,
}

impl<T> Default for Closed<T> {
    fn default() -> Self {
        Self { messages: VecDeque::new(), waiting: VecDeque::new() }
    }
}

impl<T: Message> Closed<T> {
    /// Returns the messages, to be dropped last.
    fn wake_senders(self) -> VecDeque<T> {
        for route in self.waiting {
            route.wake();
        }
        self.messages
    }
}

/// What became of a message offered to a queue.
pub(crate) enum Offer<T> {
    /// The queue has it, or has thrown it away and counted it.
    Taken,
    /// The component has finished.
    Closed(T),
    /// The sender has to wait.
    Full(T),
    /// The sender's route has changed: look it up again.
    Moved(T),
}

impl<T: Message> Queue<T> {
    pub(crate) fn new(id: PostboxId, capacity: u32, when_full: WhenFull, kept: bool) -> Self {
        let state = QueueState {
            messages: VecDeque::new(),
            receiver: None,
            waiting: None,
            open_sources: 0,
            stop: None,
            closed: false,
            lent: false,
        };
        let activity = PostboxActivity::new();
        Self { id, activity, capacity: capacity.max(1), when_full, kept, state: Mutex::new(state) }
    }

    pub(crate) fn id(&self) -> PostboxId {
        self.id
    }

    /// Offers a message that comes by `route`, of which `known` was known.
    pub(crate) fn offer(&self, route: &Route<T>, known: &Known<T>, message: T) -> Offer<T> {
        let mut state = lock(&self.state);
        if !route.is_as(known) {
            return Offer::Moved(message);
        }
        if state.closed {
            return Offer::Closed(message);
        }
        let mut lost = None::<T>;
        if !self.has_room(&state) || state.is_waited_at() {
            match self.when_full {
                WhenFull::Wait => return Offer::Full(message),
                WhenFull::DropOldest => lost = state.messages.pop_front(),
                WhenFull::DropNewest => {
                    add(&self.activity.dropped, 1);
                    drop(state);
                    return Offer::Taken;
                }
            }
            add(&self.activity.dropped, u64::from(lost.is_some()));
        }
        let receiver = self.put(&mut state, message);
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        // Last, as dropping it may panic.
        drop(lost);
        Offer::Taken
    }

    /// The next message; none once a finished producer's last message has been taken.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Shutdown>> {
        let progress = ready!(coop::poll_proceed(cx));
        let mut state = lock(&self.state);
        if state.stop == Some(Stop::Shutdown) {
            progress.made_progress();
            return Poll::Ready(Err(Shutdown));
        }
        if let Some(message) = state.messages.pop_front() {
            let next = self.taken(&mut state);
            drop(state);
            if let Some(next) = next {
                next.wake();
            }
            progress.made_progress();
            return Poll::Ready(Ok(Some(message)));
        }
        if state.ended() {
            progress.made_progress();
            return Poll::Ready(Ok(None));
        }
        let old = match &state.receiver {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => state.receiver.replace(cx.waker().clone()),
        };
        self.activity.waiting_since.store(poll_began(), Ordering::Relaxed);
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Whoever waited for a message does so no longer.
    pub(crate) fn wait_no_more(&self) {
        self.activity.waiting_since.store(0, Ordering::Relaxed);
    }

    /// The next message, if one waits.
    pub(crate) fn try_take(&self) -> Option<T> {
        let mut state = lock(&self.state);
        let message = state.messages.pop_front()?;
        let next = self.taken(&mut state);
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
        Some(message)
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.state).messages.len()
    }

    /// The component takes no more. What waits in a lent queue stays, for the topology to give back.
    /// So it does in one whose component may be started again.
    pub(crate) fn let_go(&self) {
        let mut state = lock(&self.state);
        let receiver = state.receiver.take();
        let closed = if self.kept || state.lent { Closed::default() } else { self.close(&mut state) };
        drop(state);
        drop(receiver);
        drop(closed.wake_senders());
    }

    /// Nothing comes in any more. In one step with whatever made sure that it has to be.
    fn close(&self, state: &mut QueueState<T>) -> Closed<T> {
        state.closed = true;
        let messages = std::mem::take(&mut state.messages);
        add(&self.activity.dropped, messages.len() as u64);
        self.count_depth(state);
        let waiting = state.waiting.as_mut().map(|waiting| std::mem::take(&mut waiting.routes)).unwrap_or_default();
        for route in &waiting {
            route.set_turn(Turn::None);
        }
        Closed { messages, waiting }
    }

    fn has_room(&self, state: &QueueState<T>) -> bool {
        let granted = state.waiting.as_ref().map_or(0, |waiting| waiting.granted);
        state.messages.len() + granted < self.capacity as usize
    }

    #[must_use]
    fn put(&self, state: &mut QueueState<T>, message: T) -> Option<Waker> {
        state.messages.push_back(message);
        self.count_depth(state);
        state.receiver.take()
    }

    #[must_use]
    fn taken(&self, state: &mut QueueState<T>) -> Option<Arc<Route<T>>> {
        add(&self.activity.messages, 1);
        self.count_depth(state);
        self.grant(state)
    }

    /// Takes over all messages that wait in `other`, though that may be more than there is room for.
    #[must_use]
    pub(super) fn append(
        &self,
        state: &mut QueueState<T>,
        other: &Queue<T>,
        other_state: &mut QueueState<T>,
    ) -> Option<Waker> {
        state.messages.append(&mut other_state.messages);
        other.count_depth(other_state);
        self.count_depth(state);
        state.receiver.take()
    }

    fn count_depth(&self, state: &QueueState<T>) {
        self.activity.count_depth(state.messages.len());
    }
}

impl<T> QueueState<T> {
    /// Whether an empty queue stays empty for good.
    fn ended(&self) -> bool {
        self.closed || self.stop == Some(Stop::ProducerFinished) && self.open_sources == 0
    }

    pub(super) fn source_gone(&mut self) -> Option<Waker> {
        self.open_sources -= 1;
        if self.ended() { self.receiver.take() } else { None }
    }
}

impl<T: Message> AnyBox for Queue<T> {
    fn message_type(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn activity(&self) -> &PostboxActivity {
        &self.activity
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
        let mut state = lock(&self.state);
        state.stop = state.stop.max(Some(stop));
        let receiver = state.receiver.take();
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    fn finish(&self) {}

    fn close(&self) -> Option<Box<dyn Send>> {
        let mut state = lock(&self.state);
        let closed = self.close(&mut state);
        let receiver = state.receiver.take();
        drop(state);
        // The inbox may be in the hands of somebody who outlives its component.
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        let messages = closed.wake_senders();
        if messages.is_empty() { None } else { Some(Box::new(messages)) }
    }

    fn is_kept(&self) -> bool {
        self.kept
    }

    fn lend(&self) {
        lock(&self.state).lent = true;
    }

    fn take_back(&self, from: &Arc<dyn AnyBox>) {
        let Some(from) = cast::<Self>(from.clone()).filter(|from| !std::ptr::eq(&**from, self)) else { return };
        let mut from_state = lock(&from.state);
        let mut state = lock(&self.state);
        if state.closed || from_state.messages.is_empty() {
            return;
        }
        let newer = std::mem::replace(&mut state.messages, std::mem::take(&mut from_state.messages));
        state.messages.extend(newer);
        from.count_depth(&from_state);
        self.count_depth(&state);
        let receiver = state.receiver.take();
        drop((state, from_state));
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    fn is_open(&self) -> bool {
        !lock(&self.state).closed
    }

    fn alike(&self, id: PostboxId, keeps: bool) -> Arc<dyn AnyBox> {
        let queue = Queue::<T>::new(id, self.capacity, self.when_full, keeps);
        lock(&queue.state).closed = !keeps;
        Arc::new(queue)
    }
}
