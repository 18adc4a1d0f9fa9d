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
        if !self.keeping.load(Ordering::Acquire) {
            return; // It stopped between the two, and nobody must find this event later.
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use axonscope_runtime::{Component, Context, Outcome, System};

    use super::*;

    struct Idle;

    impl Component for Idle {
        type Boxes = ();

        async fn run(self, (): (), _: Context) -> Outcome {
            Ok(())
        }
    }

    /// A system whose events the store gets, and a way to cause one component's worth of them.
    fn observed() -> (Arc<Pending>, impl Fn(usize)) {
        let pending = Arc::new(Pending::default());
        let system = System::new("test");
        system.observe(pending.clone()).unwrap();
        (pending, move |name_length| drop(system.add("x".repeat(name_length), Idle).unwrap()))
    }

    fn numbers(pending: &Pending) -> Result<Vec<u64>, Overflow> {
        let mut load = Vec::new();
        pending.take(&mut load)?;
        Ok(load.into_iter().map(|(number, _)| number).collect())
    }

    #[test]
    fn events_come_out_once_and_in_order() {
        let (pending, cause) = observed();
        pending.start();
        cause(1);
        cause(1);
        let first = numbers(&pending).unwrap();
        assert!(first.len() >= 4 && first.windows(2).all(|pair| pair[1] == pair[0] + 1), "{first:?}");
        assert_eq!(numbers(&pending).unwrap(), []);
        cause(1);
        assert_eq!(numbers(&pending).unwrap()[0], first.last().unwrap() + 1);
    }

    #[test]
    fn nothing_is_kept_while_nobody_listens() {
        let (pending, cause) = observed();
        cause(1);
        assert_eq!(numbers(&pending).unwrap(), []);
        pending.start();
        cause(1);
        pending.stop();
        cause(1);
        assert_eq!(numbers(&pending).unwrap(), []);
        assert_eq!(pending.store().events.capacity(), 0);
    }

    #[test]
    fn a_full_store_counts_what_it_throws_away_until_it_starts_again() {
        let (pending, cause) = observed();
        pending.start();
        cause(1);
        let each = numbers(&pending).unwrap().len() as u64;
        cause(PENDING_BYTES / 2);
        cause(PENDING_BYTES);
        assert_eq!(numbers(&pending), Err(Overflow { lost: 2 * each }));
        assert_eq!(pending.store().events.capacity(), 0, "the backlog is gone");
        cause(1);
        assert_eq!(numbers(&pending), Err(Overflow { lost: each }));
        pending.start();
        cause(1);
        assert_eq!(numbers(&pending).unwrap().len() as u64, each);
    }

    #[tokio::test]
    async fn a_half_full_store_rings() {
        let (pending, cause) = observed();
        pending.start();
        cause(1);
        let rings = async |pending: &Pending| {
            tokio::select! {
                biased;
                () = pending.pressed() => true,
                () = tokio::task::yield_now() => false,
            }
        };
        assert!(!rings(&pending).await);
        cause(PENDING_BYTES / 2);
        assert!(rings(&pending).await);
        assert!(!rings(&pending).await, "once");
    }

    #[test]
    fn the_store_never_takes_more_than_its_bound() {
        let (pending, cause) = observed();
        pending.start();
        let mut largest = 0;
        for _ in 0..20_000 {
            cause(10);
            let store = pending.store();
            largest = largest.max(store.events.capacity() * size_of::<(u64, Event)>());
            assert!(store.weight <= PENDING_BYTES + 2 * size_of::<(u64, Event)>() + 10);
        }
        assert!(pending.store().overflowed);
        assert!(largest > PENDING_BYTES / 4 && largest <= PENDING_BYTES, "{largest} bytes");
    }
}
