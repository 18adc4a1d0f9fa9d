//! What is the probe's own, and therefore not shown.

use std::cell::Cell;

thread_local! {
    static HIDDEN: Cell<bool> = const { Cell::new(false) };
}

/// Whether spans, events and tasks of this thread are the probe's own and hidden.
pub(crate) fn hide_this_thread(hide: bool) {
    HIDDEN.set(hide);
}

/// Whether this is the thread of a probe that hides itself.
pub(crate) fn is_hidden() -> bool {
    HIDDEN.get()
}
