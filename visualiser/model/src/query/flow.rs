//! What goes through a linkage, or comes to a box that messages pass by: found upstream, where the real outboxes count.

use super::{LinkageRef, PostboxRef};
use crate::change::LinkageKind;
use crate::slab::{NONE, some};

/// How many boxes are visited upstream, and how many linkages looked at: far more than any program nests or gathers, few
/// enough to be asked in every frame. What is beyond goes uncounted.
const MOST_POSTBOXES: usize = 256;
const MOST_LINKAGES: usize = 16_384;

#[derive(Clone, Copy, Default)]
pub(super) struct Found {
    pub(super) messages: u64,
    pub(super) rate: f64,
    pub(super) shared: bool,
}

impl Found {
    fn add(&mut self, messages: u64, rate: f64) {
        self.messages = self.messages.saturating_add(messages);
        self.rate += rate;
    }
}

/// Whether messages pass such a linkage without stopping at its source.
pub(super) fn is_passthrough(kind: LinkageKind) -> bool {
    matches!(kind, LinkageKind::Inward | LinkageKind::Outward)
}

/// What goes through a linkage.
pub(super) fn through(linkage: LinkageRef<'_>) -> Found {
    let mut found = Found::default();
    if let Some(upstream) = add(linkage, &mut found) {
        walk(upstream, &mut found);
    }
    found
}

/// What comes to a box that has no totals of its own.
pub(super) fn into(postbox: PostboxRef<'_>) -> Found {
    let mut found = Found::default();
    if some(postbox.told().first_in).is_some() {
        walk(postbox, &mut found);
        // That a source has other ways too matters for a linkage only.
        found.shared = false;
    }
    found
}

/// Sums what comes to `postbox`, following boxes without totals upstream; each once, so that a circle ends.
fn walk(postbox: PostboxRef<'_>, found: &mut Found) {
    let mut visited = vec![postbox.slot];
    let (mut next, mut left) = (0, MOST_LINKAGES);
    while let Some(&slot) = visited.get(next) {
        next += 1;
        for linkage in (PostboxRef { slot, ..postbox }).linkages_in().take(left) {
            left -= 1;
            if let Some(upstream) = add(linkage, found)
                && visited.len() < MOST_POSTBOXES
                && !visited.contains(&upstream.slot)
            {
                visited.push(upstream.slot);
            }
        }
    }
}

/// Adds what is known to go through `linkage`; answers its source where the answer lies further upstream.
fn add<'a>(linkage: LinkageRef<'a>, found: &mut Found) -> Option<PostboxRef<'a>> {
    let source = linkage.source();
    let activities = &linkage.system.topology.activities;
    if let Some(flow) = activities.flows.get(linkage.told().flow) {
        found.add(flow.messages.total, flow.rate(&activities.clock));
        return None;
    }
    let first = source.told().first_out;
    found.shared |= linkage.system.topology.linkages[first].out.next != NONE;
    match source.traffic() {
        Some(traffic) => {
            found.add(traffic.messages.total, source.rate_of(traffic));
            None
        }
        None => some(source.told().first_in).map(|_| source),
    }
}
