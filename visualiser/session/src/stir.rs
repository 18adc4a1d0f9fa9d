//! Wakes the layout thread and says why.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Reasons to wake, gathered until they are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons {
    /// What exists, or how something stands, is different; or a person moved something.
    pub(crate) structure: bool,
    /// Everything is to be arranged again.
    pub(crate) rearrange: bool,
    /// The session ends.
    pub(crate) closed: bool,
    /// Somebody waits for the picture: no time is spent on showing the way to it.
    pub(crate) hurry: bool,
}

#[derive(Default)]
pub(crate) struct Stir {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    reasons: Reasons,
    waiting_for_rest: usize,
    /// The layout thread has nothing to do.
    at_rest: bool,
}

impl Stir {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn structure(&self) {
        let mut state = self.lock();
        // Asked for a thousand times a second under load; the thread looks once.
        if !state.reasons.structure {
            state.reasons.structure = true;
            state.at_rest = false;
            self.changed.notify_all();
        }
    }

    pub(crate) fn rearrange(&self) {
        let mut state = self.lock();
        state.reasons.rearrange = true;
        state.at_rest = false;
        self.changed.notify_all();
    }

    pub(crate) fn close(&self) {
        self.lock().reasons.closed = true;
        self.changed.notify_all();
    }

    /// Nothing is to be laid out: everything is where it is.
    pub(crate) fn rest(&self) {
        *self.lock() = State { at_rest: true, ..State::default() };
    }

    /// For the layout thread: waits for a reason, at most this long; `None` is for ever, and says that nothing is left to
    /// do.
    pub(crate) fn wait(&self, patience: Option<Duration>) -> Reasons {
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut state = self.lock();
        loop {
            let hurry = state.waiting_for_rest > 0;
            let reasons = Reasons { hurry, ..state.reasons };
            if reasons != (Reasons { hurry, ..Reasons::default() }) {
                state.reasons = Reasons { closed: reasons.closed, ..Reasons::default() };
                return reasons;
            }
            let left = match deadline {
                None => {
                    state.at_rest = true;
                    self.changed.notify_all();
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            };
            if left.is_zero() {
                return reasons;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the layout thread has nothing to do.
    pub(crate) fn is_at_rest(&self) -> bool {
        let state = self.lock();
        state.at_rest && !state.reasons.structure && !state.reasons.rearrange
    }

    /// Hurries the layout thread until it has nothing to do; false when the time is up before that.
    pub(crate) fn wait_for_rest(&self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        let mut state = self.lock();
        state.waiting_for_rest += 1;
        loop {
            let rests = state.at_rest && !state.reasons.structure && !state.reasons.rearrange;
            let left = deadline.saturating_duration_since(Instant::now());
            if rests || left.is_zero() || state.reasons.closed {
                state.waiting_for_rest -= 1;
                return rests;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
