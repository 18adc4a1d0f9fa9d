//! The locks and atomics on which messages and linkages depend: the standard library's, or those of shuttle, which
//! tries many interleavings of the code that uses them.
//!
//! Totals are no part of this: they only count.

#[cfg(not(feature = "shuttle"))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU8, AtomicU64},
};

#[cfg(feature = "shuttle")]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU8, AtomicU64},
};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in this crate panics while it holds a lock, and a poisoned one must not take other components down.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
