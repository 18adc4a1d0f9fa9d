//! Where it is said what to find, and where it is fetched from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axonscope_model::SystemId;
use axonscope_model::finding::Slots;

use super::findings::{Findings, Wanted};

/// Between whoever asks and the thread that looks.
#[derive(Default)]
pub(crate) struct Desk {
    order: Mutex<Order>,
    changed: Condvar,
    /// Something is asked: only then it matters what changes.
    is_asked: AtomicBool,
    findings: Mutex<Arc<Findings>>,
}

#[derive(Default)]
struct Order {
    wanted: Arc<Wanted>,
    /// Rises with what is wanted.
    number: u64,
    stirred: bool,
    closed: bool,
}

/// Why the thread is woken.
pub(crate) enum Call {
    /// This is wanted now; its number.
    Look(Arc<Wanted>, u64),
    /// The time is up, or something has changed since.
    Again,
    /// The session ends.
    Close,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ask(&self, wanted: Wanted) {
        let mut order = self.lock();
        if *order.wanted == wanted {
            return;
        }
        self.is_asked.store(wanted.filter.is_some() || wanted.focus.is_some(), Ordering::Release);
        order.wanted = Arc::new(wanted);
        order.number += 1;
        self.changed.notify_all();
    }

    pub(crate) fn wanted(&self) -> Arc<Wanted> {
        self.lock().wanted.clone()
    }

    /// Something has changed in the model.
    pub(crate) fn stir(&self) {
        if self.is_asked.load(Ordering::Acquire) {
            let mut order = self.lock();
            if !order.stirred {
                order.stirred = true;
                self.changed.notify_all();
            }
        }
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Whether something else is wanted than that.
    pub(crate) fn is_outdated(&self, number: u64) -> bool {
        let order = self.lock();
        order.closed || order.number != number
    }

    /// For the thread, which knows order `number`: waits for a reason to look, at most this long; none is for ever.
    pub(crate) fn wait(&self, number: u64, patience: Option<Duration>) -> Call {
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut order = self.lock();
        loop {
            if order.closed {
                return Call::Close;
            }
            if order.number != number {
                order.stirred = false;
                return Call::Look(order.wanted.clone(), order.number);
            }
            match deadline {
                // Whatever changes meanwhile is looked at when the time is up.
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        order.stirred = false;
                        return Call::Again;
                    }
                    order = self.changed.wait_timeout(order, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                None if order.stirred => {
                    order.stirred = false;
                    return Call::Again;
                }
                None => order = self.changed.wait(order).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    pub(crate) fn findings(&self) -> Arc<Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn publish(&self, findings: Arc<Findings>) {
        *self.findings.lock().unwrap_or_else(PoisonError::into_inner) = findings;
    }

    /// What is not to be hidden of a system; none where nothing is hidden. Of one that was not looked at yet all is.
    pub(crate) fn kept(&self, system: SystemId) -> Option<Arc<Slots>> {
        let findings = self.findings();
        if !findings.wanted.hides || findings.wanted.filter.is_none() {
            return None;
        }
        Some(findings.of(system).and_then(|hits| hits.kept.clone()).unwrap_or_default())
    }
}
