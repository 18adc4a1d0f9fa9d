//! Events on their way from the program's tasks to the probe's thread: bounded, and never in the program's way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::words::Change;

/// One event on its way.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Which of the sources tells it.
    pub(crate) origin: usize,
    /// Its number there: one more than that of the event before.
    pub(crate) number: u64,
    pub(crate) change: Change,
}

/// Keeps events while one visualiser listens, up to a bound; past it, counts them.
///
/// The mutex is held for a push or a swap, never for longer.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The most that events may weigh, in bytes.
    limit: usize,
    /// False while nobody listens, and then this load is all that an event costs.
    keeping: AtomicBool,
    store: Mutex<Store>,
    /// Rung when the store is half full: time for births and deaths to meet in the ledger.
    pressed: Notify,
}

#[derive(Debug, Default)]
struct Store {
    events: Vec<Told>,
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
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, keeping: AtomicBool::new(false), store: Mutex::default(), pressed: Notify::new() }
    }

    /// Whether anybody listens here.
    pub(crate) fn is_keeping(&self) -> bool {
        self.keeping.load(Ordering::Acquire)
    }

    /// Keeps an event, or counts it as lost.
    pub(crate) fn push(&self, origin: usize, number: u64, change: impl FnOnce() -> Change) {
        if !self.is_keeping() {
            return;
        }
        let mut store = self.store();
        if !self.is_keeping() {
            return; // It stopped between the two, and nobody must find this event later.
        }
        if store.overflowed {
            store.lost += 1;
            return;
        }
        let change = change();
        let before = store.weight;
        store.weight += weight(&change);
        if store.weight > self.limit {
            store.overflowed = true;
            store.lost += store.events.len() as u64 + 1;
        } else {
            store.events.push(Told { origin, number, change });
        }
        let half = self.limit / 2;
        if store.overflowed || (before < half && store.weight >= half) {
            drop(store);
            self.pressed.notify_one();
        }
    }

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
    pub(crate) fn take(&self, load: &mut Vec<Told>) -> Result<(), Overflow> {
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

/// What an event takes while it waits, in bytes: twice its own size, since a vector may be half empty, and its strings.
fn weight(change: &Change) -> usize {
    2 * size_of::<Told>() + change.strings()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;

    use axonscope_runtime::State;

    use super::*;
    use crate::words::Component;

    const LIMIT: usize = 100_000;

    /// A store, and a way to push an event whose name has so many letters.
    fn store() -> (Pending, impl Fn(&Pending, usize)) {
        let last = Cell::new(0);
        let push = move |pending: &Pending, letters: usize| {
            last.set(last.get() + 1);
            pending.push(7, last.get(), || {
                Change::ComponentAdded(Component {
                    id: last.get(),
                    parent: 0,
                    name: "x".repeat(letters).into(),
                    type_name: "".into(),
                    description: "".into(),
                    state: State::Running,
                })
            });
        };
        (Pending::new(LIMIT), push)
    }

    fn numbers(pending: &Pending) -> Result<Vec<u64>, Overflow> {
        let mut load = Vec::new();
        pending.take(&mut load)?;
        assert!(load.iter().all(|told| told.origin == 7));
        Ok(load.into_iter().map(|told| told.number).collect())
    }

    #[test]
    fn events_come_out_once_and_in_order() {
        let (pending, push) = store();
        pending.start();
        push(&pending, 1);
        push(&pending, 1);
        assert_eq!(numbers(&pending).unwrap(), [1, 2]);
        assert_eq!(numbers(&pending).unwrap(), []);
        push(&pending, 1);
        assert_eq!(numbers(&pending).unwrap(), [3]);
    }

    #[test]
    fn nothing_is_kept_while_nobody_listens() {
        let (pending, push) = store();
        push(&pending, 1);
        assert_eq!(numbers(&pending).unwrap(), []);
        pending.start();
        push(&pending, 1);
        pending.stop();
        push(&pending, 1);
        assert_eq!(numbers(&pending).unwrap(), []);
        assert_eq!(pending.store().events.capacity(), 0);
    }

    #[test]
    fn a_full_store_counts_what_it_throws_away_until_it_starts_again() {
        let (pending, push) = store();
        pending.start();
        push(&pending, LIMIT / 2);
        push(&pending, LIMIT);
        assert_eq!(numbers(&pending), Err(Overflow { lost: 2 }));
        assert_eq!(pending.store().events.capacity(), 0, "the backlog is gone");
        push(&pending, 1);
        assert_eq!(numbers(&pending), Err(Overflow { lost: 1 }));
        pending.start();
        push(&pending, 1);
        assert_eq!(numbers(&pending).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_half_full_store_rings() {
        let (pending, push) = store();
        pending.start();
        push(&pending, 1);
        let rings = async |pending: &Pending| {
            tokio::select! {
                biased;
                () = pending.pressed() => true,
                () = tokio::task::yield_now() => false,
            }
        };
        assert!(!rings(&pending).await);
        push(&pending, LIMIT / 2);
        assert!(rings(&pending).await);
        assert!(!rings(&pending).await, "once");
    }

    #[test]
    fn the_store_never_takes_more_than_its_bound() {
        let (pending, push) = store();
        pending.start();
        let mut largest = 0;
        for _ in 0..2_000 {
            push(&pending, 10);
            let store = pending.store();
            largest = largest.max(store.events.capacity() * size_of::<Told>());
            assert!(store.weight <= LIMIT + 2 * size_of::<Told>() + 10);
        }
        assert!(pending.store().overflowed);
        assert!(largest > LIMIT / 4 && largest <= LIMIT, "{largest} bytes");
    }
}
