//! What a filter finds in one system: in parts, between which the model may be told something, and steady where figures
//! go up and down.

use std::collections::HashMap;

use super::filter::Filter;
use super::slots::Slots;
use crate::id::ComponentId;
use crate::query::ComponentRef;
use crate::system::System;

/// What was found in a system. Slots are those of the model at the time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sift {
    /// What the filter means.
    pub meant: Slots,
    /// That and the composites around it.
    pub kept: Slots,
    /// How many are meant.
    pub count: usize,
    /// The best of them, the best first, [`Sift::BEST`] at most.
    pub best: Vec<Best>,
    /// How many more beats those are meant for that the figures mean no longer, by slot.
    grace: HashMap<u32, u8>,
    next_slot: u32,
}

/// One of the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// How well the words fit.
    pub rank: i32,
    /// Which one.
    pub component: ComponentId,
    length: usize,
}

/// So many components are looked at between two looks at the time.
const PER_LOOK: u32 = 256;
/// For so many beats of a second a component is still meant after its figures have left the bounds.
const GRACE: u8 = 2;

impl Sift {
    /// How many of the best are told.
    pub const BEST: usize = 50;

    /// Looks on, while `go_on` says so; true when all is done. Begin with the default. `before` is what this filter found
    /// the last time, `beat` whether a second has passed since.
    pub fn look(
        &mut self,
        system: &System,
        filter: &Filter,
        before: Option<&Sift>,
        beat: bool,
        mut go_on: impl FnMut() -> bool,
    ) -> bool {
        while self.next_slot < system.component_slots() {
            let next = (self.next_slot + PER_LOOK).min(system.component_slots());
            for component in (self.next_slot..next).filter_map(|slot| system.component_at(slot)) {
                if let Some(rank) = self.rank(component, filter, before, beat) {
                    self.take(component, rank);
                }
            }
            self.next_slot = next;
            if !go_on() {
                return false;
            }
        }
        self.finish(system);
        true
    }

    /// Whether something is meant only because it was a moment ago.
    pub fn has_grace(&self) -> bool {
        !self.grace.is_empty()
    }

    fn rank(&mut self, component: ComponentRef<'_>, filter: &Filter, before: Option<&Sift>, beat: bool) -> Option<i32> {
        let slot = component.slot();
        let Some(before) = before.filter(|before| before.meant.contains(slot)) else {
            return filter.rank(component);
        };
        if let Some(rank) = filter.rank_again(component) {
            return Some(rank);
        }
        let left = before.grace.get(&slot).copied().unwrap_or(GRACE).checked_sub(u8::from(beat))?;
        self.grace.insert(slot, left);
        Some(0)
    }

    fn take(&mut self, component: ComponentRef<'_>, rank: i32) {
        self.meant.insert(component.slot());
        self.count += 1;
        self.best.push(Best { rank, component: component.id(), length: component.name().len() });
        if self.best.len() >= 4 * Sift::BEST {
            self.keep_best();
        }
    }

    fn keep_best(&mut self) {
        self.best.sort_by_key(Best::key);
        self.best.truncate(Sift::BEST);
    }

    fn finish(&mut self, system: &System) {
        self.keep_best();
        self.kept = with_composites(system, &self.meant);
    }
}

impl Best {
    /// The least is the best: one that fits better, else the shorter, else the elder.
    pub fn key(&self) -> impl Ord + use<> {
        (std::cmp::Reverse(self.rank), self.length, self.component)
    }
}

/// Those of the slots, and the composites around them.
pub(super) fn with_composites(system: &System, slots: &Slots) -> Slots {
    let mut kept = slots.clone();
    for component in slots.iter().filter_map(|slot| system.component_at(slot)) {
        for composite in component.ancestors() {
            // Whoever put it there has put those around it there too, unless it was one of the slots itself.
            if !kept.insert(composite.slot()) && !slots.contains(composite.slot()) {
                break;
            }
        }
    }
    kept
}
