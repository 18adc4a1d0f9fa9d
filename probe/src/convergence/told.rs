//! What a visualiser makes of what it is told, and who tells it: a collector without clock and network.

use std::collections::BTreeMap;
use std::time::Duration;

use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::{Activity, Snapshot};

use crate::ledger::Ledger;
use crate::limits::PART_BYTES;
use crate::snapshot::Walk;
use crate::source::{Source, Wanted};
use crate::sweep::Sweep;
use crate::to_proto;

/// What a visualiser knows, by the words of the wire.
#[derive(Default, PartialEq, Debug)]
pub(super) struct Picture {
    components: BTreeMap<u64, (u64, String, i32, String)>,
    postboxes: BTreeMap<u64, (u64, i32)>,
    linkages: BTreeMap<u64, (u64, u64)>,
}

impl Picture {
    fn apply(&mut self, content: Content) {
        match content {
            Content::Snapshot(Snapshot { part, components, postboxes, linkages, .. }) => {
                if part == 0 {
                    *self = Self::default();
                }
                self.add(components, postboxes, linkages);
            }
            Content::Delta(delta) => {
                for id in delta.unlinked {
                    self.linkages.remove(&id);
                }
                for id in delta.removed_postboxes {
                    self.postboxes.remove(&id);
                }
                for id in delta.removed_components {
                    self.postboxes.retain(|_, (owner, _)| *owner != id);
                    self.components.remove(&id);
                }
                for (source, sink) in self.linkages.values() {
                    assert!(self.postboxes.contains_key(source) && self.postboxes.contains_key(sink), "dangling");
                }
                self.add(delta.added_components, delta.added_postboxes, delta.linked);
                for change in delta.state_changes {
                    let component = self.components.get_mut(&change.component).expect("state of an unknown component");
                    (component.2, component.3) = (change.state, change.detail);
                }
            }
            other => panic!("unexpected {other:?}"),
        }
    }

    fn add(
        &mut self,
        components: Vec<axonscope_proto::v1::Component>,
        postboxes: Vec<axonscope_proto::v1::Postbox>,
        linkages: Vec<axonscope_proto::v1::Linkage>,
    ) {
        for c in components {
            assert!(c.parent == 0 || self.components.contains_key(&c.parent), "{} before its parent", c.id);
            assert!(self.components.insert(c.id, (c.parent, c.name, c.state, c.state_detail)).is_none(), "told twice");
        }
        for p in postboxes {
            assert!(self.components.contains_key(&p.owner), "postbox {} before its owner", p.id);
            assert!(self.postboxes.insert(p.id, (p.owner, p.kind)).is_none(), "told twice");
        }
        for l in linkages {
            assert!(self.postboxes.contains_key(&l.source), "linkage {} before its source", l.id);
            assert!(self.postboxes.contains_key(&l.sink), "linkage {} before its sink", l.id);
            assert!(self.linkages.insert(l.id, (l.source, l.sink)).is_none(), "told twice");
        }
    }

    /// Totals are only told of what is known.
    fn count(&self, activity: &Activity) {
        for totals in &activity.components {
            assert!(self.components.contains_key(&totals.component), "totals of component {}", totals.component);
        }
        for totals in &activity.postboxes {
            assert!(self.postboxes.contains_key(&totals.postbox), "totals of postbox {}", totals.postbox);
        }
    }

    /// The truth, by way of all pages.
    pub(super) fn of(source: &mut impl Source) -> Self {
        let mut picture = Self::default();
        let mut linkages = Vec::new();
        let mut cursor = None;
        loop {
            let (page, next) = source.page(cursor);
            picture.add(
                page.components.into_iter().map(to_proto::component).collect(),
                page.postboxes.into_iter().map(to_proto::postbox).collect(),
                Vec::new(),
            );
            linkages.extend(page.linkages.into_iter().map(to_proto::linkage));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        picture.add(Vec::new(), Vec::new(), linkages);
        picture
    }
}

/// A collector without clock and network.
pub(super) struct Teller<C> {
    ledger: Ledger,
    walk: Option<Walk<C>>,
    pub(super) picture: Picture,
    pub(super) overflows: u32,
}

impl<C: Copy> Teller<C> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            ledger: Ledger::new(limit),
            walk: Some(Walk::new(PART_BYTES)),
            picture: Picture::default(),
            overflows: 0,
        }
    }

    pub(super) fn resync(&mut self, source: &mut impl Source<Cursor = C>) {
        source.stop();
        self.ledger.begin(0);
        self.walk = Some(Walk::new(PART_BYTES));
    }

    pub(super) fn drain(&mut self, source: &mut impl Source<Cursor = C>) {
        if source.drain(&mut self.ledger).is_err() {
            self.overflows += 1;
            self.resync(source);
        }
    }

    /// Tells all totals, unless a snapshot is being told; `meanwhile` happens whenever there is time for it.
    pub(super) fn sweep<S: Source<Cursor = C>>(&mut self, source: &mut S, limit: usize, meanwhile: impl Fn(&mut S)) {
        if self.walk.is_some() {
            return;
        }
        let mut sweep = Sweep::new(Wanted::default(), Duration::MAX, limit);
        while !sweep.is_over() || sweep.is_holding() {
            match sweep.step(source, &mut self.ledger) {
                Ok(part) => part.into_iter().for_each(|part| self.picture.count(&part.activity)),
                Err(_) => {
                    self.overflows += 1;
                    return self.resync(source);
                }
            }
            meanwhile(source);
            self.drain(source);
            if self.walk.is_some() {
                return;
            }
        }
    }

    /// False when there is nothing to tell.
    pub(super) fn tell(&mut self, source: &mut impl Source<Cursor = C>, limit: usize) -> bool {
        if let Some(walk) = &mut self.walk {
            match walk.step(source, &mut self.ledger) {
                Ok(Some(part)) => {
                    if part.last {
                        self.walk = None;
                    }
                    self.picture.apply(Content::Snapshot(part));
                }
                Ok(None) => {}
                Err(_) => {
                    self.overflows += 1;
                    self.resync(source);
                }
            }
            return true;
        }
        let delta = self.ledger.take_delta(limit);
        delta.map(|delta| self.picture.apply(to_proto::delta(delta))).is_some()
    }
}
