//! Who is near whom along the linkages: so many steps up and down stream, and the shortest path between two.
//!
//! A step leads from a component to the one that takes what it sends, however many composites the messages pass without
//! stopping. What only stops components, from `signal` to `control`, is no way.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use super::sift::with_composites;
use super::slots::Slots;
use crate::id::{ComponentId, LinkageId};
use crate::query::{ComponentRef, LinkageRef, PostboxRef};
use crate::system::System;

/// Which way linkages are gone along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// With the messages.
    Down,
    /// Against them.
    Up,
    /// Both ways.
    Either,
}

/// A way from one component to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Which way it goes along linkages.
    pub sense: Sense,
    /// From the first to the last.
    pub components: Vec<ComponentId>,
    /// One for each step, or several where messages pass composites.
    pub linkages: Vec<LinkageId>,
}

/// What is at most so many steps up and down stream of a component: itself and all inside it, those, and the composites
/// around any of them. Beside it how many others are reached.
pub fn steps(from: ComponentRef<'_>, up: u32, down: u32) -> (Slots, usize) {
    let system = from.system();
    let own: Slots = std::iter::once(from).chain(inside(from)).map(ComponentRef::slot).collect();
    let mut near = own.clone();
    let mut reached = Slots::default();
    for (sense, most) in [(Sense::Up, up), (Sense::Down, down)] {
        let mut walk = Walk::new(from, sense, None);
        while let Some((component, _)) = walk.next(most) {
            if !own.contains(component.slot()) {
                reached.insert(component.slot());
            }
        }
        near.extend(walk.passed);
    }
    near.extend(reached.iter());
    (with_composites(system, &near), reached.len())
}

/// The shortest path: with the messages if there is one, else against them, else along linkages whichever way they go.
pub fn path(system: &System, from: ComponentId, to: ComponentId) -> Option<Path> {
    let (from, to) = (system.component(from)?, system.component(to)?);
    [Sense::Down, Sense::Up, Sense::Either].into_iter().find_map(|sense| {
        let mut walk = Walk::new(from, sense, Some(to.slot()));
        while walk.next(u32::MAX).is_some() {}
        walk.path_to(to)
    })
}

/// Everything in a composite, at any depth.
fn inside(composite: ComponentRef<'_>) -> impl Iterator<Item = ComponentRef<'_>> {
    let depth = composite.depth();
    let rest = std::iter::successors(composite.next_in_tree(), |component| component.next_in_tree());
    rest.take_while(move |component| component.ancestors().any(|around| around.slot() == composite.slot()))
        .filter(move |component| component.depth() > depth)
}

/// A walk in ever wider circles, each component once.
struct Walk<'a> {
    system: &'a System,
    sense: Sense,
    /// Counts as reached also where messages only pass it.
    wanted: Option<u32>,
    waiting: VecDeque<(u32, u32)>,
    /// How each component was reached, by slot; the first was not.
    reached: HashMap<u32, Option<Step>>,
    /// How messages that pass a box have come to it, by slot and by whether that was down.
    boxes: HashMap<(u32, bool), Step>,
    /// Composites that were passed.
    passed: Vec<u32>,
}

/// Along which linkage, and from which box.
#[derive(Clone, Copy)]
struct Step {
    linkage: LinkageId,
    from_postbox: u32,
    /// The box was left by what its owner sends or takes itself; else by messages that pass it.
    is_own: bool,
    is_down: bool,
}

impl<'a> Walk<'a> {
    fn new(from: ComponentRef<'a>, sense: Sense, wanted: Option<u32>) -> Walk<'a> {
        Walk {
            system: from.system(),
            sense,
            wanted,
            waiting: VecDeque::from([(from.slot(), 0)]),
            reached: HashMap::from([(from.slot(), None)]),
            boxes: HashMap::new(),
            passed: Vec::new(),
        }
    }

    /// The next component, and how many steps away it is; does not go on from those `most` steps away.
    fn next(&mut self, most: u32) -> Option<(ComponentRef<'a>, u32)> {
        let (slot, distance) = self.waiting.pop_front()?;
        let component = self.system.component_at(slot)?;
        if distance < most {
            for postbox in component.postboxes() {
                for is_down in [true, false] {
                    if self.sense != if is_down { Sense::Up } else { Sense::Down } {
                        self.leave(postbox, is_down, distance + 1);
                    }
                }
            }
        }
        Some((component, distance))
    }

    /// Goes along all linkages of a box that lead that way, and on from boxes that messages pass.
    fn leave(&mut self, postbox: PostboxRef<'a>, is_down: bool, distance: u32) {
        let mut leaving = vec![(postbox, true)];
        while let Some((from, is_own)) = leaving.pop() {
            for (linkage, to) in ways(from, is_down) {
                if linkage.source().is_standard() && linkage.sink().is_standard() {
                    continue;
                }
                let step = Step { linkage: linkage.id(), from_postbox: from.slot(), is_own, is_down };
                let owner = to.owner().slot();
                // Where more leads on in the same way, nobody takes messages here.
                let is_passed = ways(to, is_down).next().is_some();
                if !is_passed || self.wanted == Some(owner) {
                    self.reach(owner, step, distance);
                }
                if is_passed && let Entry::Vacant(entry) = self.boxes.entry((to.slot(), is_down)) {
                    entry.insert(step);
                    self.passed.push(owner);
                    leaving.push((to, false));
                }
            }
        }
    }

    fn reach(&mut self, component: u32, step: Step, distance: u32) {
        if let Entry::Vacant(entry) = self.reached.entry(component) {
            entry.insert(Some(step));
            self.waiting.push_back((component, distance));
        }
    }

    fn path_to(&self, to: ComponentRef<'_>) -> Option<Path> {
        let (mut components, mut linkages) = (vec![to.id()], Vec::new());
        let mut step = *self.reached.get(&to.slot())?;
        while let Some(Step { linkage, from_postbox, is_own, is_down }) = step {
            linkages.push(linkage);
            step = if is_own {
                let owner = self.system.postbox_at(from_postbox)?.owner();
                components.push(owner.id());
                *self.reached.get(&owner.slot())?
            } else {
                Some(*self.boxes.get(&(from_postbox, is_down))?)
            };
        }
        components.reverse();
        linkages.reverse();
        Some(Path { sense: self.sense, components, linkages })
    }
}

/// The linkages at a box that lead that way, and the boxes at their other ends.
fn ways(postbox: PostboxRef<'_>, is_down: bool) -> impl Iterator<Item = (LinkageRef<'_>, PostboxRef<'_>)> {
    let down = is_down.then(|| postbox.linkages_out().map(|linkage| (linkage, linkage.sink())));
    let up = (!is_down).then(|| postbox.linkages_in().map(|linkage| (linkage, linkage.source())));
    down.into_iter().flatten().chain(up.into_iter().flatten())
}
