//! Which component runs on this thread now.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::manual::{Component, System};
use crate::trace;

/// A component that was told of, by its number: it may be gone.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    pub(crate) system: System,
    pub(crate) component: u64,
    /// It stays: a span that is counted with others may become a component of its own yet.
    pub(crate) is_settled: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Component>> = const { RefCell::new(None) };
}

/// `component` runs on this thread until what this returns is dropped.
pub(crate) fn enter(component: &Component) -> Guard {
    Guard { before: CURRENT.with(|current| current.replace(Some(component.clone()))), _on_this_thread: PhantomData }
}

/// Ends what [`enter`] began.
#[derive(Debug)]
pub(crate) struct Guard {
    before: Option<Component>,
    _on_this_thread: PhantomData<*const ()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let before = self.before.take();
        // Dropped outside of the borrow: it may be the last handle.
        let after = CURRENT.with(|current| current.replace(before));
        drop(after);
    }
}

/// The component whose future is polled on this thread, or that of the span that is entered.
pub(crate) fn here() -> Option<Here> {
    let instrumented = CURRENT.with(|current| {
        let current = current.borrow();
        let component = current.as_ref()?;
        Some(Here { system: component.system().clone(), component: component.id()?, is_settled: true })
    });
    instrumented.or_else(trace::here)
}
