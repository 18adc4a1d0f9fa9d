//! What exists in one system: components in a tree, their postboxes, and the linkages between those. Nothing here doubts
//! or counts; that is [`crate::system`].

use std::collections::HashMap;

use crate::activity::{Activities, Flow, Spans, Spent, Traffic, Work};
use crate::change::{LinkageKind, NewComponent, NewLinkage, NewPostbox, PostboxKind, State};
use crate::hash::Seed;
use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::index::Index;
use crate::list::{self, Near};
use crate::names::{Name, Names};
use crate::said::Said;
use crate::slab::{NONE, Slab, some};

pub(crate) struct Topology {
    seed: Seed,
    pub(crate) names: Names,
    pub(crate) components: Slab<Component>,
    pub(crate) postboxes: Slab<Postbox>,
    pub(crate) linkages: Slab<Linkage>,
    component_index: Index<13>,
    postbox_index: Index<10>,
    linkage_index: Index<13>,
    pub(crate) first_root: u32,
    /// What few components have, by slot.
    pub(crate) details: HashMap<u32, Detail>,
    /// What few postboxes have, by slot.
    pub(crate) descriptions: HashMap<u32, Name>,
    pub(crate) activities: Activities,
    pub(crate) said: Said,
    /// How many of the postboxes are grips, and of the linkages uses.
    pub(crate) grips: usize,
    pub(crate) uses: usize,
    /// Of component names and details.
    text_bytes: usize,
}

pub(crate) struct Component {
    pub(crate) id: ComponentId,
    pub(crate) name: Box<str>,
    pub(crate) first_seen_at: u64,
    pub(crate) type_name: Name,
    pub(crate) description: Name,
    pub(crate) parent: u32,
    pub(crate) first_child: u32,
    pub(crate) near: Near,
    pub(crate) first_postbox: u32,
    /// In [`Activities::work`].
    pub(crate) work: u32,
    pub(crate) state: State,
    pub(crate) marks: Marks,
}

pub(crate) struct Postbox {
    pub(crate) id: PostboxId,
    pub(crate) owner: u32,
    pub(crate) near: Near,
    pub(crate) first_out: u32,
    pub(crate) first_in: u32,
    pub(crate) name: Name,
    pub(crate) message_type: Name,
    pub(crate) capacity: u32,
    /// In [`Activities::traffic`].
    pub(crate) traffic: u32,
    pub(crate) kind: PostboxKind,
    pub(crate) marks: Marks,
}

pub(crate) struct Linkage {
    pub(crate) id: LinkageId,
    pub(crate) source: u32,
    pub(crate) sink: u32,
    /// Among the linkages of its source.
    pub(crate) out: Near,
    /// Among the linkages of its sink.
    pub(crate) into: Near,
    /// In [`Activities::flows`].
    pub(crate) flow: u32,
    pub(crate) kind: LinkageKind,
    pub(crate) marks: Marks,
}

#[derive(Default)]
pub(crate) struct Detail {
    pub(crate) state_detail: Box<str>,
    pub(crate) labels: Vec<(String, String)>,
}

/// Small truths about a thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    /// An anomaly touched it.
    pub(crate) const ANOMALY: Marks = Marks(1);
    /// A snapshot brought it and no total has been told yet.
    pub(crate) const HISTORY: Marks = Marks(2);
    /// It named a parent that nobody knew.
    pub(crate) const ORPHAN: Marks = Marks(4);

    pub(crate) fn has(self, mark: Marks) -> bool {
        self.0 & mark.0 != 0
    }

    pub(crate) fn set(&mut self, mark: Marks, on: bool) {
        self.0 = if on { self.0 | mark.0 } else { self.0 & !mark.0 };
    }
}

impl Topology {
    pub(crate) fn new() -> Topology {
        let seed = Seed::random();
        Topology {
            seed,
            names: Names::new(seed),
            components: Slab::default(),
            postboxes: Slab::default(),
            linkages: Slab::default(),
            component_index: Index::default(),
            postbox_index: Index::default(),
            linkage_index: Index::default(),
            first_root: NONE,
            details: HashMap::new(),
            descriptions: HashMap::new(),
            activities: Activities::default(),
            said: Said::default(),
            grips: 0,
            uses: 0,
            text_bytes: 0,
        }
    }

    pub(crate) fn component_slot(&self, id: ComponentId) -> Option<u32> {
        self.component_index.find(self.seed.number(id.0), |slot| self.components[slot].id == id)
    }

    pub(crate) fn postbox_slot(&self, id: PostboxId) -> Option<u32> {
        self.postbox_index.find(self.seed.number(id.0), |slot| self.postboxes[slot].id == id)
    }

    pub(crate) fn linkage_slot(&self, id: LinkageId) -> Option<u32> {
        self.linkage_index.find(self.seed.number(id.0), |slot| self.linkages[slot].id == id)
    }

    /// Adds a component whose id is not in use, under the component at `parent` or at the top.
    pub(crate) fn add_component(&mut self, new: NewComponent, parent: u32, marks: Marks, first_seen_at: u64) -> u32 {
        let name = new.name.into_boxed_str();
        self.text_bytes += name.len();
        let slot = self.components.insert(Component {
            id: new.id,
            name,
            first_seen_at,
            type_name: self.names.keep(new.type_name),
            description: self.names.keep(new.description),
            parent: NONE,
            first_child: NONE,
            near: Near::ALONE,
            first_postbox: NONE,
            work: NONE,
            state: new.state,
            marks,
        });
        self.component_index.insert(self.seed.number(new.id.0), slot);
        self.set_detail(slot, new.state_detail, new.labels);
        self.attach(slot, parent);
        slot
    }

    /// Adds a postbox whose id is not in use.
    pub(crate) fn add_postbox(&mut self, new: NewPostbox, owner: u32, marks: Marks) -> u32 {
        self.grips += usize::from(new.kind == PostboxKind::Grip);
        let slot = self.postboxes.insert(Postbox {
            id: new.id,
            owner,
            near: Near::ALONE,
            first_out: NONE,
            first_in: NONE,
            name: self.names.keep(new.name),
            message_type: self.names.keep(new.message_type),
            capacity: new.capacity,
            traffic: NONE,
            kind: new.kind,
            marks,
        });
        self.postbox_index.insert(self.seed.number(new.id.0), slot);
        self.describe_postbox(slot, new.description);
        let first = self.components[owner].first_postbox;
        self.components[owner].first_postbox =
            list::push(&mut self.postboxes, first, slot, |postbox| &mut postbox.near);
        slot
    }

    /// Adds a linkage whose id is not in use.
    pub(crate) fn link(&mut self, new: NewLinkage, source: u32, sink: u32, marks: Marks) -> u32 {
        self.uses += usize::from(new.kind == LinkageKind::Use);
        let slot = self.linkages.insert(Linkage {
            id: new.id,
            source,
            sink,
            out: Near::ALONE,
            into: Near::ALONE,
            flow: NONE,
            kind: new.kind,
            marks,
        });
        self.linkage_index.insert(self.seed.number(new.id.0), slot);
        let first = self.postboxes[source].first_out;
        self.postboxes[source].first_out = list::push(&mut self.linkages, first, slot, |linkage| &mut linkage.out);
        let first = self.postboxes[sink].first_in;
        self.postboxes[sink].first_in = list::push(&mut self.linkages, first, slot, |linkage| &mut linkage.into);
        slot
    }

    pub(crate) fn unlink(&mut self, slot: u32) {
        let Linkage { source, sink, .. } = self.linkages[slot];
        let first = self.postboxes[source].first_out;
        self.postboxes[source].first_out = list::remove(&mut self.linkages, first, slot, |linkage| &mut linkage.out);
        let first = self.postboxes[sink].first_in;
        self.postboxes[sink].first_in = list::remove(&mut self.linkages, first, slot, |linkage| &mut linkage.into);
        if let Some(linkage) = self.linkages.remove(slot) {
            self.uses -= usize::from(linkage.kind == LinkageKind::Use);
            self.said.untap(slot);
            self.linkage_index.remove(self.seed.number(linkage.id.0), slot);
            self.activities.flows.remove(linkage.flow);
        }
    }

    /// Removes a postbox and its linkages.
    pub(crate) fn remove_postbox(&mut self, slot: u32) {
        while let Some(linkage) = some(self.postboxes[slot].first_out).or(some(self.postboxes[slot].first_in)) {
            self.unlink(linkage);
        }
        let owner = self.postboxes[slot].owner;
        let first = self.components[owner].first_postbox;
        self.components[owner].first_postbox =
            list::remove(&mut self.postboxes, first, slot, |postbox| &mut postbox.near);
        if let Some(postbox) = self.postboxes.remove(slot) {
            self.grips -= usize::from(postbox.kind == PostboxKind::Grip);
            self.postbox_index.remove(self.seed.number(postbox.id.0), slot);
            self.names.release(postbox.name);
            self.names.release(postbox.message_type);
            self.describe_removed_postbox(slot);
            if let Some(traffic) = self.activities.traffic.get(postbox.traffic) {
                self.activities.waits.remove(traffic.waits);
            }
            self.activities.traffic.remove(postbox.traffic);
        }
    }

    /// Removes a component and all within it, leaves first: no recursion, however deep the nesting.
    pub(crate) fn remove_component(&mut self, slot: u32) {
        let mut place = slot;
        loop {
            while let Some(child) = some(self.components[place].first_child) {
                place = child;
            }
            let parent = self.components[place].parent;
            self.remove_leaf(place);
            if place == slot {
                return;
            }
            place = parent;
        }
    }

    fn remove_leaf(&mut self, slot: u32) {
        while let Some(postbox) = some(self.components[slot].first_postbox) {
            self.remove_postbox(postbox);
        }
        self.detach(slot);
        self.set_detail(slot, String::new(), Vec::new());
        if let Some(component) = self.components.remove(slot) {
            self.component_index.remove(self.seed.number(component.id.0), slot);
            self.text_bytes -= component.name.len();
            self.names.release(component.type_name);
            self.names.release(component.description);
            if let Some(work) = self.activities.work.get(component.work) {
                self.activities.spans.remove(work.spans);
                self.activities.waits.remove(work.scheduled);
            }
            self.activities.work.remove(component.work);
            self.said.forget_writer(slot);
        }
    }

    /// Puts a component that has no parent under the one at `parent`, or at the top.
    pub(crate) fn attach(&mut self, slot: u32, parent: u32) {
        let first = if parent == NONE { self.first_root } else { self.components[parent].first_child };
        let first = list::push(&mut self.components, first, slot, |component| &mut component.near);
        self.components[slot].parent = parent;
        self.set_first_child(parent, first);
    }

    pub(crate) fn detach(&mut self, slot: u32) {
        let parent = self.components[slot].parent;
        let first = if parent == NONE { self.first_root } else { self.components[parent].first_child };
        let first = list::remove(&mut self.components, first, slot, |component| &mut component.near);
        self.components[slot].parent = NONE;
        self.set_first_child(parent, first);
    }

    fn set_first_child(&mut self, parent: u32, first: u32) {
        if parent == NONE {
            self.first_root = first;
        } else {
            self.components[parent].first_child = first;
        }
    }

    pub(crate) fn rename_component(&mut self, slot: u32, name: String) {
        self.text_bytes = self.text_bytes + name.len() - self.components[slot].name.len();
        self.components[slot].name = name.into_boxed_str();
    }

    pub(crate) fn set_detail(&mut self, slot: u32, state_detail: String, labels: Vec<(String, String)>) {
        // Asked first because hashing with the standard map's hasher is dear and few components have details.
        if !self.details.is_empty()
            && let Some(old) = self.details.remove(&slot)
        {
            self.text_bytes -= old.bytes();
        }
        if !state_detail.is_empty() || !labels.is_empty() {
            let detail = Detail { state_detail: state_detail.into_boxed_str(), labels };
            self.text_bytes += detail.bytes();
            self.details.insert(slot, detail);
        }
    }

    pub(crate) fn describe_postbox(&mut self, slot: u32, description: String) {
        self.describe_removed_postbox(slot);
        if !description.is_empty() {
            self.descriptions.insert(slot, self.names.keep(description));
        }
    }

    fn describe_removed_postbox(&mut self, slot: u32) {
        if !self.descriptions.is_empty()
            && let Some(old) = self.descriptions.remove(&slot)
        {
            self.names.release(old);
        }
    }

    /// An estimate of what all this takes, without what tables keep in reserve.
    pub(crate) fn bytes(&self) -> usize {
        /// The entry in the index, at a usual load.
        const INDEX: usize = 12;
        /// What the allocator adds to a small text, on average.
        const ALLOCATED: usize = 16;
        self.components.len() * (size_of::<Component>() + INDEX + ALLOCATED)
            + self.postboxes.len() * (size_of::<Postbox>() + INDEX)
            + self.linkages.len() * (size_of::<Linkage>() + INDEX)
            + self.activities.work.len() * size_of::<Work>()
            + self.activities.traffic.len() * size_of::<Traffic>()
            + self.activities.waits.len() * size_of::<Spent>()
            + self.activities.spans.len() * size_of::<Spans>()
            + self.activities.flows.len() * size_of::<Flow>()
            + self.descriptions.len() * 16
            + self.text_bytes
            + self.names.bytes()
    }
}

impl Detail {
    fn bytes(&self) -> usize {
        let labels: usize = self.labels.iter().map(|(key, value)| 64 + key.len() + value.len()).sum();
        size_of::<Detail>() + 32 + self.state_detail.len() + labels
    }
}
