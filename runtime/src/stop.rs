//! Stopping: what travels from signal to control, and the latch in which a component finds it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use thiserror::Error;
use tokio::sync::Notify;

use crate::observe::State;

/// What travels from signal to control. Control is a latch: the stronger of two wins, and stays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stop {
    /// Finish what you hold, then stop. Takes effect on an inbox once every source linked to it has signalled or gone
    /// and the inbox is drained.
    ProducerFinished,
    /// Stop now, even with messages waiting.
    Shutdown,
}

/// The error of a send or a receive in a component that has been told [`Stop::Shutdown`]. A component that returns
/// it from `run` has finished, not failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the component was told to shut down")]
pub struct Shutdown;

/// What a component, its task and its handles share about its life.
#[derive(Default)]
pub(crate) struct Vitals {
    stop: AtomicU8,
    live_children: AtomicUsize,
    end: OnceLock<State>,
    changed: Notify,
}

impl Vitals {
    /// What control has latched.
    pub(crate) fn stop(&self) -> Option<Stop> {
        match self.stop.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Stop::ProducerFinished),
            _ => Some(Stop::Shutdown),
        }
    }

    /// Latches `stop`; false if control held as much already.
    pub(crate) fn latch(&self, stop: Stop) -> bool {
        let level = match stop {
            Stop::ProducerFinished => 1,
            Stop::Shutdown => 2,
        };
        let raised = self.stop.fetch_max(level, Ordering::AcqRel) < level;
        if raised {
            self.changed.notify_waiters();
        }
        raised
    }

    pub(crate) fn end(&self) -> Option<&State> {
        self.end.get()
    }

    pub(crate) fn set_end(&self, state: State) {
        if self.end.set(state).is_ok() {
            self.changed.notify_waiters();
        }
    }

    pub(crate) fn child_started(&self) {
        self.live_children.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn child_ended(&self) {
        self.live_children.fetch_sub(1, Ordering::AcqRel);
        self.changed.notify_waiters();
    }

    pub(crate) fn live_children(&self) -> usize {
        self.live_children.load(Ordering::Acquire)
    }

    /// Waits until `found` finds something. Any number of tasks may wait.
    pub(crate) async fn wait_for<T>(&self, mut found: impl FnMut(&Self) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(value) = found(self) {
                return value;
            }
            changed.await;
        }
    }
}
