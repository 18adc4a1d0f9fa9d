//! The lock of the model, in which whoever reads has the right of way.
//!
//! Writers work in slices, wait while a reader waits, and never stand in the queue of the lock, where they would hold up new
//! readers while an old one is slow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::{Duration, Instant};

use axonscope_model::Model;

/// How long the model is written to at a time.
pub(super) const SLICE: Duration = Duration::from_millis(2);
/// How long whoever waits for the model sleeps before it looks again.
pub(crate) const GLANCE: Duration = Duration::from_micros(50);
/// How long a writer gives way.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct RightOfWay {
    model: RwLock<Model>,
    readers_waiting: AtomicUsize,
    writers_waiting: AtomicUsize,
}

impl RightOfWay {
    pub(super) fn new(model: Model) -> RightOfWay {
        RightOfWay {
            model: RwLock::new(model),
            readers_waiting: AtomicUsize::new(0),
            writers_waiting: AtomicUsize::new(0),
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Model> {
        self.readers_waiting.fetch_add(1, Ordering::AcqRel);
        let model = self.model.read().unwrap_or_else(PoisonError::into_inner);
        self.readers_waiting.fetch_sub(1, Ordering::AcqRel);
        model
    }

    /// Waits for a gap between readers.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Model> {
        self.writers_waiting.fetch_add(1, Ordering::AcqRel);
        let model = self.find_gap();
        self.writers_waiting.fetch_sub(1, Ordering::AcqRel);
        model
    }

    /// For a reader that comes back at once, and does not hold the model now: lets a writer that waits have its turn.
    pub(super) fn give_way(&self) {
        let began = Instant::now();
        while self.writers_waiting.load(Ordering::Acquire) > 0 && began.elapsed() < SLICE {
            std::thread::sleep(GLANCE);
        }
    }

    fn find_gap(&self) -> RwLockWriteGuard<'_, Model> {
        let began = Instant::now();
        loop {
            if self.readers_waiting.load(Ordering::Acquire) == 0 {
                match self.model.try_write() {
                    Ok(model) => return model,
                    Err(TryLockError::Poisoned(model)) => return model.into_inner(),
                    Err(TryLockError::WouldBlock) => {}
                }
            }
            if began.elapsed() > PATIENCE {
                return self.model.write().unwrap_or_else(PoisonError::into_inner);
            }
            std::thread::sleep(GLANCE);
        }
    }
}
