//! Stopping: what travels from signal to control, and the latch in which a component finds it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering, fence};

use thiserror::Error;
use tokio::sync::Notify;

use crate::id::ComponentId;
use crate::observe::{ComponentActivity, PostboxActivity, State, add};
use crate::system::{System, WeakSystem};

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

/// What a component, its task and its handles share about its life. There is one for each component, and there may be
/// a million: what few of them need is made for those few.
pub(crate) struct Life {
    pub(crate) id: ComponentId,
    system: WeakSystem,
    pub(crate) activity: ComponentActivity,
    stop: AtomicU8,
    begun: AtomicBool,
    live_children: AtomicU32,
    rest: OnceLock<Box<Rest>>,
}

/// What most components need at their end, if ever.
#[derive(Default)]
struct Rest {
    end: OnceLock<State>,
    control: PostboxActivity,
    signal: PostboxActivity,
    changed: Notify,
}

/// What control and signal count while nothing has come by.
static NOTHING: PostboxActivity = PostboxActivity::new();

impl Life {
    pub(crate) fn new(id: ComponentId, system: WeakSystem) -> Self {
        Self {
            id,
            system,
            activity: ComponentActivity::default(),
            stop: AtomicU8::new(0),
            begun: AtomicBool::new(false),
            live_children: AtomicU32::new(0),
            rest: OnceLock::new(),
        }
    }

    /// The system it is in. Whoever runs in it keeps it; once nobody does, this is one in which nothing can be.
    pub(crate) fn system(&self) -> System {
        self.system.get()
    }

    fn rest(&self) -> &Rest {
        self.rest.get_or_init(Box::default)
    }

    /// True the first time.
    pub(crate) fn begin(&self) -> bool {
        !self.begun.load(Ordering::Relaxed) && !self.begun.swap(true, Ordering::Relaxed)
    }

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
            self.tell_those_who_wait();
        }
        raised
    }

    pub(crate) fn end(&self) -> Option<&State> {
        self.rest.get()?.end.get()
    }

    pub(crate) fn set_end(&self, state: State) {
        if self.rest().end.set(state).is_ok() {
            self.tell_those_who_wait();
        }
    }

    pub(crate) fn child_started(&self) {
        self.live_children.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn child_ended(&self) {
        self.live_children.fetch_sub(1, Ordering::AcqRel);
        self.tell_those_who_wait();
    }

    pub(crate) fn live_children(&self) -> usize {
        self.live_children.load(Ordering::Acquire) as usize
    }

    /// Waits until no child runs.
    pub(crate) async fn childless(&self) {
        self.wait_for(|life| (life.live_children() == 0).then_some(())).await;
    }

    pub(crate) fn control_activity(&self) -> &PostboxActivity {
        self.rest.get().map_or(&NOTHING, |rest| &rest.control)
    }

    pub(crate) fn signal_activity(&self) -> &PostboxActivity {
        self.rest.get().map_or(&NOTHING, |rest| &rest.signal)
    }

    pub(crate) fn count_control(&self) {
        add(&self.rest().control.messages, 1);
    }

    pub(crate) fn count_signal(&self) {
        add(&self.rest().signal.messages, 1);
    }

    fn tell_those_who_wait(&self) {
        // Pairs with the fence of who waits: either it sees what has changed, or we see that it waits.
        fence(Ordering::SeqCst);
        if let Some(rest) = self.rest.get() {
            rest.changed.notify_waiters();
        }
    }

    /// Waits until `found` finds something. Any number of tasks may wait.
    pub(crate) async fn wait_for<T>(&self, mut found: impl FnMut(&Self) -> Option<T>) -> T {
        let changed = &self.rest().changed;
        loop {
            let next = changed.notified();
            tokio::pin!(next);
            next.as_mut().enable();
            fence(Ordering::SeqCst);
            if let Some(value) = found(self) {
                return value;
            }
            next.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_that_changes_is_missed() {
        let life = std::sync::Arc::new(Life::new(ComponentId::next(), WeakSystem::default()));
        let waits = tokio::spawn({
            let life = life.clone();
            async move { life.wait_for(Life::stop).await }
        });
        tokio::task::yield_now().await;
        assert!(life.latch(Stop::ProducerFinished));
        assert!(!life.latch(Stop::ProducerFinished));
        assert_eq!(waits.await.ok(), Some(Stop::ProducerFinished));
        assert_eq!(life.wait_for(Life::stop).await, Stop::ProducerFinished);
    }
}
