//! What stands behind the two kinds of postbox: the bounded queue of an inbox, and the way out of an outbox.
//!
//! Two rules carry everything. A message enters a queue only under that queue's lock and only if the sender's route
//! is still the one it was sent by; so whoever changes routes under the same lock knows that nothing arrives by the
//! old way afterwards. And routes change only under the lock of the whole topology, so that at most one thread ever
//! holds two queues. Locks are taken in the order topology, queue, route.

use std::any::{Any, TypeId};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;

use crate::observe::{PostboxActivity, add};
use crate::stop::{Shutdown, Stop};

/// What a message has to be: any value that may move to another thread.
pub trait Message: Send + 'static {}

impl<T: Send + 'static> Message for T {}

/// What an inbox does with a message that finds it full.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum WhenFull {
    /// The sender waits.
    #[default]
    Wait,
    /// The message that has waited longest is thrown away and counted at the inbox.
    DropOldest,
    /// The message that comes is thrown away and counted at the inbox.
    DropNewest,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in this crate panics while it holds a lock, and a poisoned one must not take other components down.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A postbox without its message type, as the topology holds it.
pub(crate) trait AnyBox: Any + Send + Sync {
    fn message_type(&self) -> TypeId;

    /// Moves everything the `sources` send from the queue `old` to the queue `new`, which may be none. With
    /// `carry`, messages that wait in `old` go with them. All are of this postbox's message type.
    fn switch(
        &self,
        old: Option<Arc<dyn AnyBox>>,
        new: Option<Arc<dyn AnyBox>>,
        sources: Vec<Arc<dyn AnyBox>>,
        carry: bool,
    );

    /// Tells a queue, or the sender that waits at an outbox, what control has latched.
    fn stop(&self, stop: Stop);

    /// Inbox: takes no more, gives back what waited, to be dropped where no lock is held. Outbox: says that nothing
    /// more will be sent.
    fn close(&self) -> Option<Box<dyn Send>>;

    /// Another closed postbox of this kind and message type, for a composite to show in its own name.
    fn alike(&self, activity: Arc<PostboxActivity>) -> Arc<dyn AnyBox>;
}

fn cast<C: Any + Send + Sync>(any: Arc<dyn AnyBox>) -> Option<Arc<C>> {
    let any: Arc<dyn Any + Send + Sync> = any;
    any.downcast().ok()
}

/// The queue of an inbox.
pub(crate) struct Queue<T> {
    capacity: usize,
    when_full: WhenFull,
    activity: Arc<PostboxActivity>,
    state: Mutex<QueueState<T>>,
}

struct QueueState<T> {
    // Takes no memory until the first message.
    messages: VecDeque<T>,
    receiver: Option<Waker>,
    /// Senders that wait for room, first come first served.
    waiting: VecDeque<Arc<Route<T>>>,
    /// Room given to senders that have not used it yet.
    granted: usize,
    /// Outboxes whose messages end here and that may still send.
    open_sources: usize,
    stop: Option<Stop>,
    closed: bool,
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
    pub(crate) fn new(capacity: u32, when_full: WhenFull, activity: Arc<PostboxActivity>) -> Self {
        let state = QueueState {
            messages: VecDeque::new(),
            receiver: None,
            waiting: VecDeque::new(),
            granted: 0,
            open_sources: 0,
            stop: None,
            closed: false,
        };
        Self { capacity: capacity.max(1) as usize, when_full, activity, state: Mutex::new(state) }
    }

    /// Offers a message that comes by version `version` of `route`.
    pub(crate) fn offer(&self, route: &Route<T>, version: u64, message: T) -> Offer<T> {
        let mut state = lock(&self.state);
        if route.version() != version {
            return Offer::Moved(message);
        }
        if state.closed {
            return Offer::Closed(message);
        }
        let mut lost = None::<T>;
        if !self.has_room(&state) || !state.waiting.is_empty() {
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
        drop(lost);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        Offer::Taken
    }

    /// Offers a message whose sender is ready to wait, and has left its waker at `route`.
    pub(crate) fn offer_or_wait(&self, route: &Arc<Route<T>>, version: u64, message: T) -> Offer<T> {
        let mut state = lock(&self.state);
        if route.version() != version {
            return Offer::Moved(message);
        }
        if state.closed {
            return Offer::Closed(message);
        }
        match route.turn() {
            Turn::Waiting => return Offer::Full(message),
            Turn::Granted => {
                state.granted -= 1;
                route.set_turn(Turn::None);
            }
            Turn::None if !self.has_room(&state) || !state.waiting.is_empty() => {
                route.set_turn(Turn::Waiting);
                state.waiting.push_back(route.clone());
                return Offer::Full(message);
            }
            Turn::None => {}
        }
        let receiver = self.put(&mut state, message);
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        Offer::Taken
    }

    /// Gives up the place of `route` among those who wait, or the room it was given and has not used.
    pub(crate) fn leave(&self, route: &Arc<Route<T>>) {
        let mut state = lock(&self.state);
        match route.turn() {
            Turn::None => {}
            Turn::Waiting => state.waiting.retain(|waiting| !Arc::ptr_eq(waiting, route)),
            Turn::Granted => state.granted -= 1,
        }
        route.set_turn(Turn::None);
        let next = self.grant(&mut state);
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
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
        drop(state);
        drop(old);
        Poll::Pending
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

    fn has_room(&self, state: &QueueState<T>) -> bool {
        state.messages.len() + state.granted < self.capacity
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

    /// Gives free room to the sender that has waited longest.
    #[must_use]
    fn grant(&self, state: &mut QueueState<T>) -> Option<Arc<Route<T>>> {
        if state.waiting.is_empty() || !self.has_room(state) {
            return None;
        }
        let next = state.waiting.pop_front()?;
        next.set_turn(Turn::Granted);
        state.granted += 1;
        Some(next)
    }

    fn count_depth(&self, state: &QueueState<T>) {
        let depth = u32::try_from(state.messages.len()).unwrap_or(u32::MAX);
        self.activity.depth.store(depth, Ordering::Relaxed);
        if depth > self.activity.high_water.load(Ordering::Relaxed) {
            self.activity.high_water.store(depth, Ordering::Relaxed);
        }
    }
}

impl<T> QueueState<T> {
    /// Whether an empty queue stays empty for good.
    fn ended(&self) -> bool {
        self.stop == Some(Stop::ProducerFinished) && self.open_sources == 0
    }

    fn source_gone(&mut self) -> Option<Waker> {
        self.open_sources -= 1;
        if self.ended() { self.receiver.take() } else { None }
    }
}

impl<T: Message> AnyBox for Queue<T> {
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
        let mut state = lock(&self.state);
        state.stop = state.stop.max(Some(stop));
        let receiver = state.receiver.take();
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    fn close(&self) -> Option<Box<dyn Send>> {
        let mut state = lock(&self.state);
        state.closed = true;
        let messages = std::mem::take(&mut state.messages);
        add(&self.activity.dropped, messages.len() as u64);
        self.count_depth(&state);
        let waiting = std::mem::take(&mut state.waiting);
        for route in &waiting {
            route.set_turn(Turn::None);
        }
        let receiver = state.receiver.take();
        drop(state);
        for route in waiting {
            route.wake();
        }
        drop(receiver);
        if messages.is_empty() { None } else { Some(Box::new(messages)) }
    }

    fn alike(&self, activity: Arc<PostboxActivity>) -> Arc<dyn AnyBox> {
        let capacity = u32::try_from(self.capacity).unwrap_or(u32::MAX);
        let queue = Queue::<T>::new(capacity, self.when_full, activity);
        lock(&queue.state).closed = true;
        Arc::new(queue)
    }
}

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
enum Turn {
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

    /// Leaves the waker of the sender that is about to wait.
    pub(crate) fn leave_waker(&self, waker: &Waker) {
        let mut sender = lock(&self.sender);
        match &mut *sender {
            Some(left) => left.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn wake(&self) {
        let sender = lock(&self.sender).take();
        if let Some(sender) = sender {
            sender.wake();
        }
    }

    fn turn(&self) -> Turn {
        match self.turn.load(Ordering::Relaxed) {
            0 => Turn::None,
            1 => Turn::Waiting,
            _ => Turn::Granted,
        }
    }

    fn set_turn(&self, turn: Turn) {
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

    fn alike(&self, _activity: Arc<PostboxActivity>) -> Arc<dyn AnyBox> {
        let route = Route::<T>::new();
        lock(&route.way).closed = true;
        Arc::new(route)
    }
}

/// The only function that holds two queues; see the top of this file.
fn switch<T: Message>(
    old: Option<Arc<dyn AnyBox>>,
    new: Option<Arc<dyn AnyBox>>,
    sources: Vec<Arc<dyn AnyBox>>,
    carry: bool,
) {
    let old = old.and_then(cast::<Queue<T>>);
    let new = new.and_then(cast::<Queue<T>>);
    if let (Some(old), Some(new)) = (&old, &new)
        && Arc::ptr_eq(old, new)
    {
        return;
    }
    let sources: Vec<Arc<Route<T>>> = sources.into_iter().filter_map(cast::<Route<T>>).collect();
    let mut old_state = old.as_ref().map(|queue| lock(&queue.state));
    let mut new_state = new.as_ref().map(|queue| lock(&queue.state));
    let mut receivers = [None, None];

    if carry
        && let (Some(old_queue), Some(old_state)) = (&old, &mut old_state)
        && let (Some(new_queue), Some(new_state)) = (&new, &mut new_state)
        && !new_state.closed
        && !old_state.messages.is_empty()
    {
        // The newcomers may exceed the capacity for a while; senders wait until it is kept again.
        new_state.messages.append(&mut old_state.messages);
        old_queue.count_depth(old_state);
        new_queue.count_depth(new_state);
        receivers[0] = new_state.receiver.take();
    }
    for route in &sources {
        let mut way = lock(&route.way);
        way.sink = new.clone();
        route.version.fetch_add(1, Ordering::Release);
        if !way.closed {
            if let Some(state) = &mut old_state {
                receivers[1] = state.source_gone().or(receivers[1].take());
            }
            if let Some(state) = &mut new_state {
                state.open_sources += 1;
            }
        }
    }
    drop((old_state, new_state));

    for receiver in receivers.into_iter().flatten() {
        receiver.wake();
    }
    for route in sources {
        route.wake();
    }
}
