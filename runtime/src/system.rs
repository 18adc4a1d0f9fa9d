//! A system: all components that one program runs, and how they are joined.

use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use crate::id::ComponentId;
use crate::observe::{ComponentInfo, Description, Observer, PostboxInfo};

/// One running set of components. Cheap to clone; all clones are the same system.
#[derive(Clone)]
pub struct System {
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    observer: Mutex<Option<Arc<dyn Observer>>>,
}

/// A place between two pages of a walk over all components.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor(ComponentId);

/// What [`System::visit_activity`] comes past: each component, then its postboxes.
#[derive(Clone, Copy, Debug)]
pub enum Visit<'a> {
    /// A component; its postboxes follow.
    Component(&'a ComponentInfo),
    /// A postbox of the component visited last.
    Postbox(&'a PostboxInfo),
}

/// The system has an observer already; there can be one at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the system has an observer already")]
pub struct AlreadyObserved;

impl System {
    /// A system without components.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { shared: Arc::new(Shared { name: name.into(), observer: Mutex::new(None) }) }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// Tells `observer` every structural event from now on. Events are numbered from the system's start, observed or
    /// not, so the first one told may have any number; those after it rise by 1.
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Result<(), AlreadyObserved> {
        let mut slot = self.shared.observer.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Err(AlreadyObserved);
        }
        *slot = Some(observer);
        Ok(())
    }

    /// Lets the observer go; once this returns it is told nothing more.
    pub fn unobserve(&self) {
        *self.shared.observer.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Everything that exists now. Holds the structure still for the whole walk: for large systems use
    /// [`describe_from`](Self::describe_from).
    pub fn describe(&self) -> Description {
        Description::default()
    }

    /// One page of at most `limit` components (and at most [`PAGE_LIMIT`](Self::PAGE_LIMIT)), oldest first, so that
    /// parents come before children over the whole walk. `None` starts; the cursor returned goes on, and is `None`
    /// after the last page.
    ///
    /// Each page is true at its own `event_number`. Whoever collects all pages trusts the first page's: events after
    /// that one still apply, and applying what a later page contained already changes nothing. A linkage comes with
    /// its source, so its sink may be on a later page, or gone by then (its `Unlinked` event follows).
    pub fn describe_from(&self, cursor: Option<Cursor>, limit: usize) -> (Description, Option<Cursor>) {
        let _ = (cursor, limit);
        (Description::default(), None)
    }

    /// Walks the activity totals of at most `limit` components (and at most [`PAGE_LIMIT`](Self::PAGE_LIMIT)), in the
    /// order of [`describe_from`](Self::describe_from), without cloning or allocating. `visit` runs while the
    /// structure is held still: it must be quick and must not call back into the system.
    pub fn visit_activity(
        &self,
        cursor: Option<Cursor>,
        limit: usize,
        visit: impl FnMut(Visit<'_>),
    ) -> Option<Cursor> {
        let _ = (cursor, limit, visit);
        None
    }

    /// The most components one page holds, so that a page holds the structure still for well under a millisecond.
    pub const PAGE_LIMIT: usize = 1024;
}
