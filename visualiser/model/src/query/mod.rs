//! Questions to a system: handles to what exists, cheap to copy, valid until the next change.

mod component;
mod flow;
mod linkage;
mod postbox;
mod system;

pub use component::ComponentRef;
pub use linkage::LinkageRef;
pub use postbox::PostboxRef;

use crate::change::{LinkageKind, PostboxKind};
use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::list;
use crate::system::System;

impl System {
    /// The component of that id.
    pub fn component(&self, id: ComponentId) -> Option<ComponentRef<'_>> {
        self.topology.component_slot(id).map(|slot| ComponentRef { system: self, slot })
    }

    /// The postbox of that id.
    pub fn postbox(&self, id: PostboxId) -> Option<PostboxRef<'_>> {
        self.topology.postbox_slot(id).map(|slot| PostboxRef { system: self, slot })
    }

    /// The linkage of that id.
    pub fn linkage(&self, id: LinkageId) -> Option<LinkageRef<'_>> {
        self.topology.linkage_slot(id).map(|slot| LinkageRef { system: self, slot })
    }

    /// All components in order of slot.
    pub fn components(&self) -> impl Iterator<Item = ComponentRef<'_>> {
        self.topology.components.iter().map(|(slot, _)| ComponentRef { system: self, slot })
    }

    /// All inboxes and outboxes in order of slot.
    pub fn postboxes(&self) -> impl Iterator<Item = PostboxRef<'_>> {
        let boxes = self.topology.postboxes.iter().filter(|(_, postbox)| postbox.kind != PostboxKind::Grip);
        boxes.map(|(slot, _)| PostboxRef { system: self, slot })
    }

    /// All linkages in order of slot, without uses.
    pub fn linkages(&self) -> impl Iterator<Item = LinkageRef<'_>> {
        self.linkages_and_uses().filter(|linkage| linkage.kind() != LinkageKind::Use)
    }

    /// All uses in order of slot: who uses is the owner of the source, what is used that of the sink.
    pub fn uses(&self) -> impl Iterator<Item = LinkageRef<'_>> {
        // Most systems have none, and shall not pay for that.
        let any = self.topology.uses > 0;
        let all = any.then(|| self.linkages_and_uses()).into_iter().flatten();
        all.filter(|linkage| linkage.kind() == LinkageKind::Use)
    }

    pub(crate) fn linkages_and_uses(&self) -> impl Iterator<Item = LinkageRef<'_>> {
        self.topology.linkages.iter().map(|(slot, _)| LinkageRef { system: self, slot })
    }

    /// The linkages that are tapped.
    pub fn tapped(&self) -> impl Iterator<Item = LinkageRef<'_>> {
        self.topology.said.tapped().map(|slot| LinkageRef { system: self, slot })
    }

    /// The components that live in no other, in order of appearance.
    pub fn roots(&self) -> impl Iterator<Item = ComponentRef<'_>> {
        let components = &self.topology.components;
        list::walk(components, self.topology.first_root, |component| component.near)
            .map(|slot| ComponentRef { system: self, slot })
    }

    /// All components as a tree is read: each before what it contains, siblings in order of appearance.
    pub fn tree(&self) -> impl Iterator<Item = ComponentRef<'_>> {
        std::iter::successors(self.roots().next(), |component| component.next_in_tree())
    }

    /// How many components there are.
    pub fn component_count(&self) -> usize {
        self.topology.components.len()
    }

    /// How many inboxes and outboxes there are.
    pub fn postbox_count(&self) -> usize {
        self.topology.postboxes.len() - self.topology.grips
    }

    /// How many linkages there are, uses not counted.
    pub fn linkage_count(&self) -> usize {
        self.topology.linkages.len() - self.topology.uses
    }

    /// How many uses there are.
    pub fn use_count(&self) -> usize {
        self.topology.uses
    }

    /// Every component's slot is below this: the length of an array by slot.
    pub fn component_slots(&self) -> u32 {
        self.topology.components.slots()
    }

    /// Every postbox's slot is below this.
    pub fn postbox_slots(&self) -> u32 {
        self.topology.postboxes.slots()
    }

    /// Every linkage's slot is below this.
    pub fn linkage_slots(&self) -> u32 {
        self.topology.linkages.slots()
    }

    /// The component in that slot.
    pub fn component_at(&self, slot: u32) -> Option<ComponentRef<'_>> {
        self.topology.components.get(slot).map(|_| ComponentRef { system: self, slot })
    }

    /// The postbox in that slot.
    pub fn postbox_at(&self, slot: u32) -> Option<PostboxRef<'_>> {
        self.topology.postboxes.get(slot).map(|_| PostboxRef { system: self, slot })
    }

    /// The linkage in that slot.
    pub fn linkage_at(&self, slot: u32) -> Option<LinkageRef<'_>> {
        self.topology.linkages.get(slot).map(|_| LinkageRef { system: self, slot })
    }
}
