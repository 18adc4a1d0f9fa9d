//! The components, postboxes and linkages that the program told of, and what they weigh.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axonscope_runtime::State;

use super::meter::{ComponentMeter, PostboxMeter};
use crate::source::{Listeners, PAGE_COMPONENTS, Reader};
use crate::words::{Change, Component, Linkage, LinkageKind, Page, Postbox};

/// Why something is not taken in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    /// The bound is reached.
    NoRoom,
    /// It belongs to something that does not exist any more.
    Orphan,
}

/// What exists.
#[derive(Debug)]
pub(super) struct Structure {
    limit: usize,
    weight: usize,
    event_number: u64,
    components: BTreeMap<u64, (Component, Arc<ComponentMeter>)>,
    /// By parent.
    children: BTreeSet<(u64, u64)>,
    postboxes: BTreeMap<u64, (Postbox, Arc<PostboxMeter>)>,
    /// By owner.
    owned: BTreeSet<(u64, u64)>,
    linkages: BTreeMap<u64, Linkage>,
    /// By postbox, once for each end.
    ends: BTreeSet<(u64, u64)>,
    origin: usize,
    listeners: Arc<Listeners>,
}

/// What things take with their meters and places in the maps, beside their strings, in bytes: generous, as `tests/memory.rs` sees from outside.
const COMPONENT: usize = 420;
const POSTBOX: usize = 320;
const LINKAGE: usize = 160;

fn component_weight(component: &Component) -> usize {
    let detail = if let State::Failed(detail) = &component.state { detail.len() } else { 0 };
    COMPONENT + component.name.len() + component.type_name.len() + component.description.len() + detail
}

fn postbox_weight(postbox: &Postbox) -> usize {
    POSTBOX + postbox.name.len() + postbox.message_type.len()
}

/// The second parts of the pairs in `set` that begin with `first`.
fn of(set: &BTreeSet<(u64, u64)>, first: u64) -> impl Iterator<Item = u64> {
    set.range((first, 0)..=(first, u64::MAX)).map(|&(_, second)| second)
}

impl Structure {
    pub(super) fn new(limit: usize, origin: usize, listeners: Arc<Listeners>) -> Self {
        Self {
            limit,
            weight: 0,
            event_number: 0,
            components: BTreeMap::new(),
            children: BTreeSet::new(),
            postboxes: BTreeMap::new(),
            owned: BTreeSet::new(),
            linkages: BTreeMap::new(),
            ends: BTreeSet::new(),
            origin,
            listeners,
        }
    }

    pub(super) fn has_component(&self, component: u64) -> bool {
        self.components.contains_key(&component)
    }

    pub(super) fn has_postbox(&self, postbox: u64) -> bool {
        self.postboxes.contains_key(&postbox)
    }

    pub(super) fn linkage(&self, linkage: u64) -> Option<(LinkageKind, Arc<PostboxMeter>)> {
        let linkage = self.linkages.get(&linkage)?;
        let (_, meter) = self.postboxes.get(&linkage.source)?;
        Some((linkage.kind, meter.clone()))
    }

    pub(super) fn add_component(&mut self, component: Component, meter: Arc<ComponentMeter>) -> Result<(), Refusal> {
        if component.parent != 0 && !self.has_component(component.parent) {
            return Err(Refusal::Orphan);
        }
        self.make_room(component_weight(&component))?;
        self.children.insert((component.parent, component.id));
        self.components.insert(component.id, (component.clone(), meter));
        self.tell(|| Change::ComponentAdded(component));
        Ok(())
    }

    pub(super) fn add_postbox(&mut self, postbox: Postbox, meter: Arc<PostboxMeter>) -> Result<(), Refusal> {
        if !self.has_component(postbox.owner) {
            return Err(Refusal::Orphan);
        }
        self.make_room(postbox_weight(&postbox))?;
        self.owned.insert((postbox.owner, postbox.id));
        self.postboxes.insert(postbox.id, (postbox.clone(), meter));
        self.tell(|| Change::PostboxAdded(postbox));
        Ok(())
    }

    pub(super) fn link(&mut self, linkage: Linkage) -> Result<(), Refusal> {
        if !self.postboxes.contains_key(&linkage.source) || !self.postboxes.contains_key(&linkage.sink) {
            return Err(Refusal::Orphan);
        }
        self.make_room(LINKAGE)?;
        self.ends.extend([(linkage.source, linkage.id), (linkage.sink, linkage.id)]);
        self.linkages.insert(linkage.id, linkage);
        self.tell(|| Change::Linked(linkage));
        Ok(())
    }

    pub(super) fn unlink(&mut self, linkage: u64) {
        let Some(old) = self.linkages.remove(&linkage) else { return };
        self.ends.remove(&(old.source, linkage));
        self.ends.remove(&(old.sink, linkage));
        self.weight -= LINKAGE;
        self.tell(|| Change::Unlinked(linkage));
    }

    pub(super) fn remove_postbox(&mut self, postbox: u64) {
        if self.forget_postbox(postbox) {
            self.tell(|| Change::PostboxRemoved(postbox));
        }
    }

    /// Children first. The depth of nesting has no bound, so that this must not recurse.
    pub(super) fn remove_component(&mut self, component: u64) {
        let mut open = vec![component];
        let mut order = Vec::new();
        while let Some(next) = open.pop() {
            order.push(next);
            open.extend(of(&self.children, next));
        }
        for component in order.into_iter().rev() {
            let boxes: Vec<_> = of(&self.owned, component).collect();
            for postbox in boxes {
                self.forget_postbox(postbox);
            }
            let Some((old, _)) = self.components.remove(&component) else { continue };
            self.children.remove(&(old.parent, component));
            self.weight -= component_weight(&old);
            self.tell(|| Change::ComponentRemoved(component));
        }
    }

    pub(super) fn set_state(&mut self, component: u64, state: State) {
        let Some((known, _)) = self.components.get_mut(&component) else { return };
        if known.state == state {
            return;
        }
        let before = component_weight(known);
        known.state = state.clone();
        self.weight = self.weight - before + component_weight(known);
        self.tell(|| Change::StateChanged(component, state));
    }

    pub(super) fn page(&self, after: u64) -> (Page, Option<u64>) {
        let mut page = Page { event_number: self.event_number, ..Page::default() };
        for (&id, (component, _)) in self.components.range(after + 1..).take(PAGE_COMPONENTS) {
            page.components.push(component.clone());
            for postbox in of(&self.owned, id) {
                page.postboxes.extend(self.postboxes.get(&postbox).map(|(postbox, _)| postbox.clone()));
                let leaving = of(&self.ends, postbox).filter_map(|linkage| self.linkages.get(&linkage));
                page.linkages.extend(leaving.filter(|linkage| linkage.source == postbox));
            }
        }
        let next = self.more_after(page.components.last().map(|component| component.id));
        (page, next)
    }

    pub(super) fn totals(&self, after: u64, watch: u32, reader: &mut Reader<'_>) -> Option<u64> {
        let mut last = None;
        for (&id, (_, meter)) in self.components.range(after + 1..).take(PAGE_COMPONENTS) {
            reader.component(&meter.mark, meter.read(watch));
            for postbox in of(&self.owned, id) {
                if let Some((_, meter)) = self.postboxes.get(&postbox) {
                    reader.postbox(&meter.mark, meter.read());
                }
            }
            last = Some(id);
        }
        self.more_after(last)
    }

    fn more_after(&self, last: Option<u64>) -> Option<u64> {
        let last = last?;
        self.components.range(last + 1..).next().map(|_| last)
    }

    fn forget_postbox(&mut self, postbox: u64) -> bool {
        let linkages: Vec<_> = of(&self.ends, postbox).collect();
        for linkage in linkages {
            self.unlink(linkage);
        }
        let Some((old, _)) = self.postboxes.remove(&postbox) else { return false };
        self.owned.remove(&(old.owner, postbox));
        self.weight -= postbox_weight(&old);
        true
    }

    fn make_room(&mut self, weight: usize) -> Result<(), Refusal> {
        if self.weight + weight > self.limit {
            return Err(Refusal::NoRoom);
        }
        self.weight += weight;
        Ok(())
    }

    fn tell(&mut self, change: impl FnOnce() -> Change) {
        self.event_number += 1;
        self.listeners.tell(self.origin, self.event_number, change);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::words::PostboxKind;

    fn structure(limit: usize) -> Structure {
        Structure::new(limit, 0, Arc::default())
    }

    fn add(structure: &mut Structure, id: u64, parent: u64) -> Result<(), Refusal> {
        let text: Arc<str> = format!("component {id}").into();
        let component = Component {
            id,
            parent,
            name: text.clone(),
            type_name: text.clone(),
            description: text,
            state: State::Running,
        };
        structure.add_component(component, Arc::new(ComponentMeter::new(id)))
    }

    fn add_box(structure: &mut Structure, id: u64, owner: u64) -> Result<(), Refusal> {
        let text: Arc<str> = "box".into();
        let postbox =
            Postbox { id, owner, name: text.clone(), kind: PostboxKind::Inbox, message_type: text, capacity: 1 };
        structure.add_postbox(postbox, Arc::new(PostboxMeter::new(id)))
    }

    fn link(structure: &mut Structure, id: u64, source: u64, sink: u64) -> Result<(), Refusal> {
        structure.link(Linkage { id, source, sink, kind: LinkageKind::Direct })
    }

    #[test]
    fn a_component_takes_all_that_is_in_it_with_it_and_what_it_weighed() {
        let mut structure = structure(1 << 20);
        for (id, parent) in [(1, 0), (2, 1), (3, 2), (4, 0)] {
            add(&mut structure, id, parent).unwrap();
            add_box(&mut structure, 10 * id, id).unwrap();
        }
        link(&mut structure, 100, 30, 40).unwrap();
        link(&mut structure, 101, 40, 40).unwrap();
        structure.set_state(3, State::Failed("it broke".into()));
        structure.remove_component(1);
        let (page, next) = structure.page(0);
        assert_eq!(page.components.iter().map(|component| component.id).collect::<Vec<_>>(), [4]);
        assert_eq!(page.linkages.iter().map(|linkage| linkage.id).collect::<Vec<_>>(), [101]);
        assert_eq!(next, None);
        structure.remove_component(4);
        assert_eq!(structure.weight, 0);
        assert!(structure.owned.is_empty() && structure.children.is_empty() && structure.ends.is_empty());
    }

    #[test]
    fn what_has_no_room_is_refused_and_what_is_gone_holds_nothing() {
        let mut structure = structure(2_000);
        let full = (1..).find(|&id| add(&mut structure, id, 0) == Err(Refusal::NoRoom)).unwrap();
        assert!((3..6).contains(&full), "full at {full}");
        assert_eq!(add(&mut structure, 100, 99), Err(Refusal::Orphan));
        assert_eq!(add_box(&mut structure, 100, 99), Err(Refusal::Orphan));
        assert_eq!(link(&mut structure, 100, 98, 99), Err(Refusal::Orphan));
        structure.remove_component(1);
        add(&mut structure, full, 0).unwrap();
    }

    #[test]
    fn pages_tell_each_thing_once() {
        let mut structure = structure(1 << 22);
        for id in 1..=600 {
            add(&mut structure, id, 0).unwrap();
            add_box(&mut structure, 1000 + id, id).unwrap();
        }
        link(&mut structure, 5000, 1001, 1600).unwrap();
        let (mut after, mut components, mut linkages) = (0, 0, 0);
        loop {
            let (page, next) = structure.page(after);
            components += page.components.len();
            linkages += page.linkages.len();
            match next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!((components, linkages), (600, 1));
    }
}
