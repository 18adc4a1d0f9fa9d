//! Events on their way from the program's tasks to the probe's thread: bounded, and never in the program's way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axonscope_runtime::{Event, Observer, State};
use tokio::sync::Notify;

use crate::limits::PENDING_BYTES;

/// Keeps events while somebody listens, up to a bound; past it, counts them.
///
/// The mutex is held for a push or a swap, never for longer.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// False while nobody listens, and then this load is all that an event costs.
    keeping: AtomicBool,
    store: Mutex<Store>,
    /// Rung when the store is half full: time for births and deaths to meet in the ledger.
    pressed: Notify,
}

#[derive(Debug, Default)]
struct Store {
    events: Vec<(u64, Event)>,
    weight: usize,
    /// Once true, nothing is kept until the start of a new snapshot.
    overflowed: bool,
    /// Events thrown away since the last time anybody asked.
    lost: u64,
}

/// More events came than the store holds: only a new snapshot makes the picture true again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Overflow {
    /// Events thrown away since the last time anybody asked.
    pub(crate) lost: u64,
}

impl Pending {
    /// Keeps events from now on. Whatever was there is forgotten, which ends an overflow.
    pub(crate) fn start(&self) {
        self.forget();
        self.keeping.store(true, Ordering::SeqCst);
    }

    /// Keeps none from now on, and forgets those there are.
    pub(crate) fn stop(&self) {
        self.keeping.store(false, Ordering::SeqCst);
        self.forget();
    }

    /// Moves what has come since the last time to the end of `load`, which is best empty, with room from the last time.
    ///
    /// After an overflow nothing is kept, and each call gives the error with what was lost since the call before, until
    /// [`start`](Self::start).
    pub(crate) fn take(&self, load: &mut Vec<(u64, Event)>) -> Result<(), Overflow> {
        let mut store = self.store();
        if store.overflowed {
            let lost = std::mem::take(&mut store.lost);
            let rubbish = std::mem::take(&mut store.events);
            drop(store); // The program must not wait while megabytes are freed.
            drop(rubbish);
            return Err(Overflow { lost });
        }
        store.weight = 0;
        if load.is_empty() {
            std::mem::swap(&mut store.events, load);
        } else {
            load.append(&mut store.events);
        }
        Ok(())
    }

    /// Returns when the store is half full, or was since the last time.
    pub(crate) async fn pressed(&self) {
        self.pressed.notified().await;
    }

    fn forget(&self) {
        let old = std::mem::take(&mut *self.store());
        drop(old); // Outside of the lock, as above.
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Pending {
    fn on_event(&self, number: u64, event: &Event) {
        if !self.keeping.load(Ordering::Acquire) {
            return;
        }
        let mut store = self.store();
        if store.overflowed {
            store.lost += 1;
            return;
        }
        let before = store.weight;
        store.weight += weight(event);
        if store.weight > PENDING_BYTES {
            store.overflowed = true;
            store.lost += store.events.len() as u64 + 1;
        } else {
            store.events.push((number, event.clone()));
        }
        let half = PENDING_BYTES / 2;
        if store.overflowed || (before < half && store.weight >= half) {
            drop(store);
            self.pressed.notify_one();
        }
    }
}

/// What an event takes while it waits, in bytes: twice its own size, since a vector may be half empty, and its strings,
/// since by then the program may hold them no more.
fn weight(event: &Event) -> usize {
    const PLAIN: usize = 2 * size_of::<(u64, Event)>();
    PLAIN
        + match event {
            Event::ComponentAdded(component) => {
                component.name.len() + component.type_name.len() + component.description.len()
            }
            Event::PostboxAdded(postbox) => postbox.name.len() + postbox.message_type.len(),
            Event::StateChanged(_, State::Failed(detail)) => detail.len(),
            Event::StateChanged(..)
            | Event::ComponentRemoved(_)
            | Event::PostboxRemoved(_)
            | Event::Linked(_)
            | Event::Unlinked(_) => 0,
        }
}
