//! What a panic said, for the farewell of a program that ends by it.

use std::cell::RefCell;
use std::panic;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use crate::probe::Running;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Probes whose farewell is said in the hook, where a panic ends the program and nothing is dropped.
static RUNNING: Mutex<Vec<Weak<Running>>> = Mutex::new(Vec::new());

/// Adds to the process's panic hook, once, and to it the farewell of `running`.
pub(crate) fn remember(running: &Arc<Running>) {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // Not every hook that follows lives to return.
            LAST.with(|last| *last.borrow_mut() = Some(sentence(info)));
            before(info);
            if cfg!(panic = "abort") {
                let running = std::mem::take(&mut *RUNNING.lock().unwrap_or_else(PoisonError::into_inner));
                running.iter().filter_map(Weak::upgrade).for_each(|running| running.end(last()));
            }
        }));
    });
    let mut all = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|running| running.strong_count() > 0);
    all.push(Arc::downgrade(running));
}

/// What the last panic of this thread said.
pub(crate) fn last() -> String {
    LAST.with(|last| last.borrow().clone()).unwrap_or_else(|| "panicked".to_owned())
}

fn sentence(info: &panic::PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a value that is not text");
    match info.location() {
        Some(place) => format!("panicked at {place}: {message}"),
        None => format!("panicked: {message}"),
    }
}
