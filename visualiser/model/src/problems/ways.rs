//! Where messages end up and where they come from, through the boxes of composites, which hold nothing themselves.

use std::collections::HashSet;

use crate::change::PostboxKind;
use crate::id::LinkageId;
use crate::query::PostboxRef;

/// How many postboxes are visited: far more than any program nests or gathers.
const MOST_VISITED: usize = 256;

/// The same downstream, where the way to each is kept.
const MOST_DESTINATIONS: usize = 64;

/// An inbox that messages end up in.
pub(super) struct Destination<'a> {
    pub(super) inbox: PostboxRef<'a>,
    /// The linkages on the way, the first first.
    pub(super) linkages: Vec<LinkageId>,
}

/// Where what `outbox` sends is taken; nowhere, if all its ways end at a box that nobody is linked to.
pub(super) fn destinations(outbox: PostboxRef<'_>) -> Vec<Destination<'_>> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([outbox.slot()]);
    let mut open = vec![(outbox, Vec::new())];
    while let Some((postbox, linkages)) = open.pop() {
        let mut ends = postbox.kind() == PostboxKind::Inbox;
        for linkage in postbox.linkages_out().take(MOST_VISITED) {
            ends = false;
            if seen.len() < MOST_DESTINATIONS && seen.insert(linkage.sink().slot()) {
                let mut way = linkages.clone();
                way.push(linkage.id());
                open.push((linkage.sink(), way));
            }
        }
        if ends {
            found.push(Destination { inbox: postbox, linkages });
        }
    }
    found
}

/// Whether what `outbox` sends is taken anywhere: cheaper than asking where.
pub(super) fn leads_somewhere(outbox: PostboxRef<'_>) -> bool {
    match outbox.linkages_out().next() {
        None => false,
        Some(linkage) if !linkage.is_passthrough() => true,
        Some(_) => !destinations(outbox).is_empty(),
    }
}

/// The outboxes that send to `inbox`.
pub(super) fn sources(inbox: PostboxRef<'_>) -> Vec<PostboxRef<'_>> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([inbox.slot()]);
    let mut open = vec![inbox];
    while let Some(postbox) = open.pop() {
        let mut begins = postbox.kind() == PostboxKind::Outbox;
        for linkage in postbox.linkages_in().take(MOST_VISITED) {
            begins = false;
            if seen.len() < MOST_VISITED && seen.insert(linkage.source().slot()) {
                open.push(linkage.source());
            }
        }
        if begins {
            found.push(postbox);
        }
    }
    found
}

/// Whether any way leads from an outbox to `inbox`: cheaper than asking for all of them.
pub(super) fn is_fed(inbox: PostboxRef<'_>) -> bool {
    let mut linkages = inbox.linkages_in();
    match linkages.next() {
        None => false,
        Some(linkage)
            if linkage.source().kind() == PostboxKind::Outbox && linkage.source().linkages_in().next().is_none() =>
        {
            true
        }
        Some(_) => !sources(inbox).is_empty(),
    }
}
