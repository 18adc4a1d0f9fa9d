//! What a child leaves waiting goes back to the composite that passed it inwards, if that still holds its own inbox: so
//! the next child of a [`Seq`](crate::Seq) or a [`Carousel`](crate::Carousel) gets it.

use crate::id::PostboxId;
use crate::observe::{LinkageKind, PostboxKind};
use crate::topology::{CoreView, Postbox, Topology};

impl Topology {
    /// What waits beyond an inbox that its composite still holds comes back when the child ends; see
    /// [`give_back`](Self::give_back).
    pub(crate) fn lend_through(&self, source: PostboxId, kind: LinkageKind) {
        if kind == LinkageKind::Inward
            && self.lender(source).is_some()
            && let Some(queue) = self.final_queue(source)
        {
            queue.lend();
        }
    }

    /// The way inwards from `source` is about to be undone. What waits beyond it stays with the child, and comes back
    /// if the child ends without taking it.
    pub(crate) fn note_leftovers(&mut self, source: PostboxId) {
        let Some(way) = self.way_out(source) else { return };
        if let (LinkageKind::Inward, Some(lender)) = (way.kind, self.lender(source)) {
            let mut end = way.sink;
            while let Some(next) = self.way_out(end) {
                end = next.sink;
            }
            self.leftovers.insert(end, lender);
        }
    }

    /// The component of `inbox` ends: what waits there goes back to the composite that passed it inwards, if that
    /// still holds the inbox it came by.
    pub(crate) fn give_back(&mut self, inbox: PostboxId) {
        if let Some(outer) = self.leftovers.remove(&inbox)
            && let Some(CoreView::Data(core)) = self.postbox(inbox).map(|postbox| postbox.core)
            && let Some(queue) = self.final_queue(outer).filter(|queue| queue.is_open())
        {
            queue.take_back(core);
        }
        let Some(postbox) = self.postbox(inbox).filter(|postbox| postbox.shape.kind == PostboxKind::Inbox) else {
            return;
        };
        if let Some(outer) = self.outer(postbox).and_then(|outer| self.lender(outer)) {
            self.rewire(outer, true, |topology| topology.part(outer));
        }
    }

    /// The nearest inbox outwards from `inbox`, itself included, that takes messages of its own.
    fn lender(&self, inbox: PostboxId) -> Option<PostboxId> {
        let mut next = Some(inbox);
        while let Some(id) = next {
            let postbox = self.postbox(id)?;
            if matches!(postbox.core, CoreView::Data(core) if core.is_open()) {
                return Some(id);
            }
            next = self.outer(postbox);
        }
        None
    }

    fn outer(&self, inner: Postbox<'_>) -> Option<PostboxId> {
        let inward = |&id: &PostboxId| self.way_out(id).is_some_and(|way| way.kind == LinkageKind::Inward);
        inner.sources().iter().copied().find(inward)
    }
}
