//! Senders that wait for room in a full inbox: the first to come is served first, and room may be kept for one.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Offer, Queue, QueueState};
use crate::storage::route::{Known, Route, Turn};
use crate::storage::{Message, WhenFull};
use crate::sync::lock;

/// Senders that wait for room, or have waited.
pub(super) struct Waiting<T> {
    /// First come, first served.
    pub(super) routes: VecDeque<Arc<Route<T>>>,
    /// Room given to senders that have not used it yet.
    pub(super) granted: usize,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { routes: VecDeque::new(), granted: 0 }
    }
}

/// What was found by a sender that asked for room before it sends.
pub(crate) enum Room {
    /// It is kept for the sender, or none is needed.
    Kept,
    /// There is none.
    None,
    /// The sender's route has changed: look it up again.
    Moved,
}

impl<T: Message> Queue<T> {
    /// Offers a message whose sender is ready to wait, and has left its waker at `route`.
    pub(crate) fn offer_or_wait(&self, route: &Arc<Route<T>>, known: &Known<T>, message: T) -> Offer<T> {
        if self.when_full != WhenFull::Wait {
            // The sender began to wait elsewhere, and its linkage has moved here, where nobody waits.
            return self.offer(route, known, message);
        }
        let mut state = lock(&self.state);
        if !route.is_as(known) {
            return Offer::Moved(message);
        }
        if state.closed {
            return Offer::Closed(message);
        }
        match route.turn() {
            Turn::Waiting => return Offer::Full(message),
            Turn::Granted => {
                state.waiting().granted -= 1;
                route.set_turn(Turn::None);
            }
            Turn::None if !self.has_room(&state) || state.is_waited_at() => {
                route.set_turn(Turn::Waiting);
                state.waiting().routes.push_back(route.clone());
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
            Turn::Waiting => state.waiting().routes.retain(|one| !Arc::ptr_eq(one, route)),
            Turn::Granted => state.waiting().granted -= 1,
        }
        route.set_turn(Turn::None);
        let next = self.grant(&mut state);
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }

    /// Keeps room for the next message that comes by `route`, of which `known` was known, if there is any now. Whoever
    /// does not use it gives it up.
    pub(crate) fn keep_room(&self, route: &Route<T>, known: &Known<T>) -> Room {
        let mut state = lock(&self.state);
        if !route.is_as(known) {
            return Room::Moved;
        }
        if state.closed || self.when_full != WhenFull::Wait {
            return Room::Kept;
        }
        match route.turn() {
            Turn::Granted => Room::Kept,
            Turn::None if self.has_room(&state) && !state.is_waited_at() => {
                route.set_turn(Turn::Granted);
                state.waiting().granted += 1;
                Room::Kept
            }
            Turn::None | Turn::Waiting => Room::None,
        }
    }

    /// Gives free room to the sender that has waited longest.
    #[must_use]
    pub(in crate::storage) fn grant(&self, state: &mut QueueState<T>) -> Option<Arc<Route<T>>> {
        if !state.is_waited_at() || !self.has_room(state) {
            return None;
        }
        let next = state.waiting().routes.pop_front()?;
        next.set_turn(Turn::Granted);
        state.waiting().granted += 1;
        Some(next)
    }
}

impl<T> QueueState<T> {
    fn waiting(&mut self) -> &mut Waiting<T> {
        self.waiting.get_or_insert_default()
    }

    pub(super) fn is_waited_at(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| !waiting.routes.is_empty())
    }
}
