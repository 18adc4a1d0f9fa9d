//! Applies what is told of components, postboxes and linkages, and doubts it.
//!
//! Telling the same twice changes nothing. Telling an id again with other content brings it up to date while a snapshot
//! runs and is an anomaly otherwise. Removing what is not there is no anomaly: an owner may have taken it along.

use crate::change::{Anomaly, LinkageKind, NewComponent, NewLinkage, NewPostbox, PostboxKind, State};
use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::slab::NONE;
use crate::system::{Applied, System};
use crate::topology::Marks;

/// How far up a late parent is compared with its orphan; deeper than any program nests, short enough for hostile ones.
const DEEPEST_ADOPTION: usize = 4096;

impl System {
    pub(crate) fn add_component(&mut self, new: NewComponent) -> Applied {
        if let Some(slot) = self.topology.component_slot(new.id) {
            return self.add_component_again(slot, new);
        }
        if self.topology.components.len() >= self.limits.components {
            return Anomaly::OverLimit { what: "components of one system" }.into();
        }
        let mut marks = self.first_marks();
        let mut anomaly = None;
        let parent = match new.parent {
            None => NONE,
            Some(parent) => self.named_component(parent).unwrap_or_else(|| {
                marks.set(Marks::ORPHAN, true);
                anomaly = Some(Anomaly::UnknownParent { component: new.id, parent });
                NONE
            }),
        };
        let first_seen_at = self.now();
        let slot = self.topology.add_component(new, parent, marks, first_seen_at);
        if let Some(sweep) = &mut self.sweep {
            sweep.components.set(slot);
        }
        Applied::STRUCTURE.with(anomaly)
    }

    fn add_component_again(&mut self, slot: u32, mut new: NewComponent) -> Applied {
        let id = new.id;
        let mut structure = false;
        let mut anomaly = None;
        if let Some(sweep) = &mut self.sweep {
            sweep.components.set(slot);
        }
        let parent = new.parent.map(|parent| (parent, self.named_component(parent)));
        let known = &self.topology.components[slot];
        match parent {
            None if known.parent == NONE => {}
            Some((_, Some(parent))) if known.parent == parent => {}
            Some((_, Some(parent))) if self.may_adopt(slot, parent) => {
                self.topology.detach(slot);
                self.topology.attach(slot, parent);
                self.topology.components[slot].marks.set(Marks::ORPHAN, false);
                structure = true;
            }
            Some((parent, None)) => {
                if known.parent != NONE && self.in_snapshot() {
                    self.topology.detach(slot);
                    self.topology.attach(slot, NONE);
                    structure = true;
                }
                self.topology.components[slot].marks.set(Marks::ORPHAN, true);
                anomaly = Some(Anomaly::UnknownParent { component: id, parent });
            }
            _ => anomaly = Some(Anomaly::DuplicateId { noun: "component", id: id.0 }),
        }
        let (state, detail) = (new.state, std::mem::take(&mut new.state_detail));
        if !self.is_same_component(slot, &new) {
            if self.in_snapshot() {
                self.renew_component(slot, new);
                structure = true;
            } else {
                anomaly = anomaly.or(Some(Anomaly::DuplicateId { noun: "component", id: id.0 }));
            }
        }
        let activity = match &anomaly {
            Some(Anomaly::DuplicateId { .. }) => false,
            _ => self.set_state(slot, state, detail),
        };
        if self.in_snapshot() && anomaly.is_none() {
            self.topology.components[slot].marks.set(Marks::ANOMALY, false);
        }
        Applied { structure, activity, anomaly: None }.with(anomaly)
    }

    /// An orphan may go to its parent when that comes late, unless the parent lives in the orphan.
    fn may_adopt(&self, slot: u32, parent: u32) -> bool {
        let components = &self.topology.components;
        if !components[slot].marks.has(Marks::ORPHAN) {
            return false;
        }
        let mut place = parent;
        for _ in 0..DEEPEST_ADOPTION {
            if place == slot {
                return false;
            }
            place = components[place].parent;
            if place == NONE {
                return true;
            }
        }
        false
    }

    fn is_same_component(&self, slot: u32, new: &NewComponent) -> bool {
        let topology = &self.topology;
        let known = &topology.components[slot];
        let labels = topology.details.get(&slot).map_or(&[][..], |detail| &detail.labels);
        *known.name == *new.name
            && topology.names.text(known.type_name) == new.type_name
            && topology.names.text(known.description) == new.description
            && labels == new.labels
    }

    fn renew_component(&mut self, slot: u32, new: NewComponent) {
        let topology = &mut self.topology;
        topology.rename_component(slot, new.name);
        let type_name = topology.names.keep(new.type_name);
        let description = topology.names.keep(new.description);
        let known = &mut topology.components[slot];
        let old = [
            std::mem::replace(&mut known.type_name, type_name),
            std::mem::replace(&mut known.description, description),
        ];
        for name in old {
            topology.names.release(name);
        }
        let state_detail = topology.details.get(&slot).map_or(String::new(), |detail| detail.state_detail.to_string());
        topology.set_detail(slot, state_detail, new.labels);
    }

    /// True when that changed something.
    pub(crate) fn set_state(&mut self, slot: u32, state: State, state_detail: String) -> bool {
        let topology = &mut self.topology;
        let detail = topology.details.get(&slot);
        let same_detail = detail.map_or("", |detail| &detail.state_detail) == state_detail;
        if topology.components[slot].state == state && same_detail {
            return false;
        }
        topology.components[slot].state = state;
        if !same_detail {
            let labels = detail.map_or(Vec::new(), |detail| detail.labels.clone());
            topology.set_detail(slot, state_detail, labels);
        }
        true
    }

    pub(crate) fn remove_component(&mut self, id: ComponentId) -> Applied {
        let Some(slot) = self.topology.component_slot(id) else {
            return Applied::NOTHING;
        };
        self.topology.remove_component(slot);
        Applied::STRUCTURE
    }

    pub(crate) fn add_postbox(&mut self, new: NewPostbox) -> Applied {
        let Some(owner) = self.named_component(new.owner) else {
            return Anomaly::UnknownOwner { postbox: new.id, owner: new.owner }.into();
        };
        if let Some(slot) = self.topology.postbox_slot(new.id) {
            return self.add_postbox_again(slot, owner, new);
        }
        if self.topology.postboxes.len() >= self.limits.postboxes {
            return Anomaly::OverLimit { what: "postboxes of one system" }.into();
        }
        let slot = self.topology.add_postbox(new, owner, self.first_marks());
        if let Some(sweep) = &mut self.sweep {
            sweep.postboxes.set(slot);
        }
        Applied::STRUCTURE
    }

    fn add_postbox_again(&mut self, slot: u32, owner: u32, new: NewPostbox) -> Applied {
        if let Some(sweep) = &mut self.sweep {
            sweep.postboxes.set(slot);
        }
        let in_snapshot = self.in_snapshot();
        let topology = &mut self.topology;
        let known = &mut topology.postboxes[slot];
        let moved = known.owner != owner || known.kind != new.kind;
        let description = topology.descriptions.get(&slot).map_or("", |name| topology.names.text(*name));
        let same = topology.names.text(known.name) == new.name
            && topology.names.text(known.message_type) == new.message_type
            && known.capacity == new.capacity
            && description == new.description;
        if moved || !same && !in_snapshot {
            return Anomaly::DuplicateId { noun: "postbox", id: new.id.0 }.into();
        }
        if in_snapshot {
            known.marks.set(Marks::ANOMALY, false);
        }
        if same {
            return Applied::NOTHING;
        }
        known.capacity = new.capacity;
        let old = [
            std::mem::replace(&mut known.name, topology.names.keep(new.name)),
            std::mem::replace(&mut known.message_type, topology.names.keep(new.message_type)),
        ];
        for name in old {
            topology.names.release(name);
        }
        topology.describe_postbox(slot, new.description);
        Applied::STRUCTURE
    }

    pub(crate) fn remove_postbox(&mut self, id: PostboxId) -> Applied {
        let Some(slot) = self.topology.postbox_slot(id) else {
            return Applied::NOTHING;
        };
        self.topology.remove_postbox(slot);
        Applied::STRUCTURE
    }

    pub(crate) fn link(&mut self, new: NewLinkage) -> Applied {
        let ends = [new.source, new.sink].map(|end| (end, self.named_postbox(end)));
        let [(_, Some(source)), (_, Some(sink))] = ends else {
            for (_, slot) in ends {
                self.mark_postbox(slot);
            }
            let postbox = if ends[0].1.is_none() { new.source } else { new.sink };
            return Anomaly::UnknownEnd { linkage: new.id, postbox }.into();
        };
        if let Some(slot) = self.topology.linkage_slot(new.id) {
            if let Some(sweep) = &mut self.sweep {
                sweep.linkages.set(slot);
            }
            let in_snapshot = self.in_snapshot();
            let known = &mut self.topology.linkages[slot];
            if (known.source, known.sink, known.kind) != (source, sink, new.kind) {
                return Anomaly::DuplicateId { noun: "linkage", id: new.id.0 }.into();
            }
            if in_snapshot {
                known.marks.set(Marks::ANOMALY, false);
            }
            return Applied::NOTHING;
        }
        if let Some(why) = self.misfit(new, source, sink) {
            self.mark_postbox(Some(source));
            self.mark_postbox(Some(sink));
            return Anomaly::Malformed(why).into();
        }
        if self.topology.linkages.len() >= self.limits.linkages {
            return Anomaly::OverLimit { what: "linkages of one system" }.into();
        }
        let slot = self.topology.link(new, source, sink, self.first_marks());
        if let Some(sweep) = &mut self.sweep {
            sweep.linkages.set(slot);
        }
        Applied::STRUCTURE
    }

    /// Why grips and uses do not go together here.
    fn misfit(&self, new: NewLinkage, source: u32, sink: u32) -> Option<String> {
        let grips = [source, sink].map(|slot| self.topology.postboxes[slot].kind == PostboxKind::Grip);
        match (new.kind, grips) {
            (LinkageKind::Use, [true, true]) => None,
            (LinkageKind::Use, _) => Some(format!("linkage {} is a use, and its ends are not both grips", new.id)),
            (_, [false, false]) => None,
            _ => Some(format!("linkage {} is no use, and ends at a grip", new.id)),
        }
    }

    pub(crate) fn unlink(&mut self, id: LinkageId) -> Applied {
        let Some(slot) = self.topology.linkage_slot(id) else {
            return Applied::NOTHING;
        };
        self.topology.unlink(slot);
        Applied::STRUCTURE
    }

    /// The component, if it is known; while a snapshot runs, if that has named it.
    fn named_component(&self, id: ComponentId) -> Option<u32> {
        let slot = self.topology.component_slot(id)?;
        self.sweep.as_ref().is_none_or(|sweep| sweep.components.has(slot)).then_some(slot)
    }

    fn named_postbox(&self, id: PostboxId) -> Option<u32> {
        let slot = self.topology.postbox_slot(id)?;
        self.sweep.as_ref().is_none_or(|sweep| sweep.postboxes.has(slot)).then_some(slot)
    }

    fn mark_postbox(&mut self, slot: Option<u32>) {
        if let Some(slot) = slot {
            let postbox = &mut self.topology.postboxes[slot];
            postbox.marks.set(Marks::ANOMALY, true);
            let owner = postbox.owner;
            self.topology.components[owner].marks.set(Marks::ANOMALY, true);
        }
    }

    /// The latest time known of the system's own clock.
    pub(crate) fn now(&self) -> u64 {
        self.topology.activities.clock.at.max(self.facts.monotonic_ns)
    }
}
