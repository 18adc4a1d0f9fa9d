//! Linkages that spans declare by names: each is made once both of its ends exist.

use std::collections::HashMap;
use std::sync::Mutex;

use super::convention::DeclaredLink;
use super::node::lock;
use crate::registry::Registry;
use crate::words::LinkageKind;

/// What was declared and may still find its other end.
#[derive(Debug, Default)]
pub(super) struct Wiring(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Inboxes by the names of their component and their own.
    inboxes: HashMap<(String, String), Vec<u64>>,
    /// Outboxes by the inboxes they are to lead to.
    outboxes: HashMap<(String, String), Vec<u64>>,
    entries: usize,
}

/// Declarations that are remembered, before those whose box has gone are looked for.
const REMEMBERED: usize = 1024;

impl Wiring {
    /// Component `component` has an inbox from now on.
    pub(super) fn add_inbox(&self, registry: &Registry, component: &str, inbox: &str, id: u64) {
        let mut known = lock(&self.0);
        let key = (component.to_owned(), inbox.to_owned());
        for &outbox in known.outboxes.get(&key).into_iter().flatten() {
            let _ = registry.link(outbox, id, LinkageKind::Direct);
        }
        known.remember(registry, |known| known.inboxes.entry(key).or_default().push(id));
    }

    /// Outbox `id` leads to every inbox of that name, in every component of that name, now and later.
    pub(super) fn add_link(&self, registry: &Registry, id: u64, link: DeclaredLink) {
        let mut known = lock(&self.0);
        let key = (link.component, link.inbox);
        for &inbox in known.inboxes.get(&key).into_iter().flatten() {
            let _ = registry.link(id, inbox, LinkageKind::Direct);
        }
        known.remember(registry, |known| known.outboxes.entry(key).or_default().push(id));
    }
}

impl Known {
    fn remember(&mut self, registry: &Registry, add: impl FnOnce(&mut Self)) {
        self.entries += 1;
        add(self);
        // As what exists is bounded, so is this.
        if self.entries.is_multiple_of(REMEMBERED) {
            self.entries = 0;
            for boxes in [&mut self.inboxes, &mut self.outboxes] {
                boxes.retain(|_, ids| {
                    ids.retain(|&id| registry.has_postbox(id));
                    !ids.is_empty()
                });
            }
        }
    }
}
