//! Those who watch: each has a feed, which nobody waits for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use axonscope_ingest::answers::Told;
use axonscope_ingest::feed::Feed;
use axonscope_model::SystemId;

/// To be used while the model is locked, so that everyone is told in order.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<Vec<Watcher>>);

struct Watcher {
    /// None wants all.
    system: Option<SystemId>,
    /// Gone with its reader.
    feed: Weak<Feed>,
}

impl Watchers {
    /// From now on the feed is told of the system, or of all; once, however often it is registered.
    pub(crate) fn register(&self, system: Option<SystemId>, feed: &Arc<Feed>) {
        let feed = Arc::downgrade(feed);
        let mut watchers = self.lock();
        watchers.retain(|watcher| watcher.feed.strong_count() > 0 && !watcher.feed.ptr_eq(&feed));
        watchers.push(Watcher { system, feed });
    }

    /// Whether anyone watches the system.
    pub(crate) fn want(&self, system: SystemId) -> bool {
        self.lock().iter().any(|watcher| watcher.feed.strong_count() > 0 && watcher.wants(system))
    }

    /// Tells whoever watches the system.
    pub(crate) fn tell(&self, system: SystemId, told: impl FnOnce() -> Told) {
        let mut watchers = self.lock();
        if !watchers.iter().any(|watcher| watcher.wants(system)) {
            return;
        }
        let told = told();
        watchers.retain(|watcher| watcher.feed.strong_count() > 0);
        for watcher in watchers.iter().filter(|watcher| watcher.wants(system)) {
            if let Some(feed) = watcher.feed.upgrade() {
                feed.tell(system, told.clone());
            }
        }
    }

    /// Nothing that is done under this lock can panic half-way.
    fn lock(&self) -> MutexGuard<'_, Vec<Watcher>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    fn wants(&self, system: SystemId) -> bool {
        self.system.is_none_or(|wanted| wanted == system)
    }
}
