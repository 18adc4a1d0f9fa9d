//! What the layout is asked for: the model's components and linkages as bodies and springs.

use std::collections::HashMap;
use std::sync::Arc;

use axonscope_layout::{Body, LayoutRequest, Spring};
use axonscope_model::finding::Slots;
use axonscope_model::{ComponentId, ComponentRef, LinkageKind, LinkageRef, System};

use crate::sizes;

/// A request, and what is needed to read its answer. Kept and filled again, so that a system that changes all the time is
/// drawn up without asking for memory each time.
#[derive(Default)]
pub(crate) struct Drawing {
    pub(crate) request: LayoutRequest,
    pub(crate) legend: Legend,
    body_in_slot: Vec<u32>,
    joins: Vec<Join>,
    /// What is not hidden; none where nothing is.
    kept: Option<Arc<Slots>>,
}

/// Which body is which component.
#[derive(Default)]
pub(crate) struct Legend {
    /// By index of the body.
    pub(crate) entries: Vec<Entry>,
    /// One more than the highest slot.
    pub(crate) slots: u32,
    /// How many components are hidden.
    pub(crate) left_out: u32,
}

pub(crate) struct Entry {
    pub(crate) component: ComponentId,
    pub(crate) slot: u32,
    /// Of the disc; none for a composite that contains something, whose ring the layout finds.
    pub(crate) radius: Option<f32>,
    pub(crate) pinned: bool,
}

/// How far a system has been copied, which may be done in parts as long as its structure stays what it was.
#[derive(Default)]
pub(crate) struct Progress {
    /// The slot of the last component, once there is one.
    last: Option<u32>,
    has_all_components: bool,
    /// The slot of the next linkage.
    next_linkage: u32,
}

/// A linkage: first the bodies at its ends, or rather their slots until all is copied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Join {
    source: u32,
    sink: u32,
    strength: Strength,
}

/// The strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Usual,
    Weak,
    Passthrough,
    Use,
}

/// What joins components without carrying their work pulls less.
const WEAK: f32 = 0.15;
/// Who uses something stands near it, and nearer to whom it sends something to.
const USE: f32 = 0.3;
/// A passthrough lies within a ring already.
const PASSTHROUGH: f32 = 0.1;
/// How much more several linkages between the same two pull than one.
const MULTIPLICITY: f32 = 0.35;

const NOWHERE: u32 = u32::MAX;

/// So many components or linkages are copied between two looks at the time.
const PER_LOOK: usize = 256;

impl Drawing {
    /// To be filled from nothing, with what is `kept` of the system.
    pub(crate) fn begin(&mut self, system: &System, kept: Option<Arc<Slots>>) -> Progress {
        self.kept = kept;
        self.legend.left_out = 0;
        self.request.bodies.clear();
        self.legend.entries.clear();
        self.legend.slots = system.component_slots();
        self.joins.clear();
        self.body_in_slot.clear();
        self.body_in_slot.resize(system.component_slots() as usize, NOWHERE);
        Progress::default()
    }

    /// Copies on while `go_on` says so; true when all is copied. [`Drawing::finish`] does the rest, for which the model is not
    /// needed any more.
    pub(crate) fn copy(
        &mut self,
        system: &System,
        pins: &HashMap<ComponentId, [f32; 3]>,
        progress: &mut Progress,
        mut go_on: impl FnMut() -> bool,
    ) -> bool {
        while !progress.has_all_components {
            self.copy_components(system, pins, progress);
            if !go_on() {
                return false;
            }
        }
        while progress.next_linkage < system.linkage_slots() {
            let next = (progress.next_linkage + PER_LOOK as u32).min(system.linkage_slots());
            let some = (progress.next_linkage..next).filter_map(|slot| system.linkage_at(slot));
            self.joins.extend(some.map(join).filter(|join| join.source != join.sink));
            progress.next_linkage = next;
            if !go_on() {
                return false;
            }
        }
        true
    }

    fn copy_components(&mut self, system: &System, pins: &HashMap<ComponentId, [f32; 3]>, progress: &mut Progress) {
        let mut next = match progress.last {
            Some(last) => system.component_at(last).and_then(ComponentRef::next_in_tree),
            None => system.roots().next(),
        };
        for _ in 0..PER_LOOK {
            let Some(component) = next else {
                progress.has_all_components = true;
                return;
            };
            if self.keeps(component) {
                self.add(component, pins);
            } else {
                self.legend.left_out += 1;
            }
            progress.last = Some(component.slot());
            next = component.next_in_tree();
        }
    }

    fn keeps(&self, component: ComponentRef<'_>) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept.contains(component.slot()))
    }

    /// It has something in it that is drawn.
    fn is_ring(&self, component: ComponentRef<'_>) -> bool {
        component.is_composite() && (self.kept.is_none() || component.children().any(|child| self.keeps(child)))
    }

    fn add(&mut self, component: ComponentRef<'_>, pins: &HashMap<ComponentId, [f32; 3]>) {
        let radius = sizes::radius(component);
        let pin = if pins.is_empty() { None } else { pins.get(&component.id()).copied() };
        self.body_in_slot[component.slot() as usize] = self.request.bodies.len() as u32;
        self.request.bodies.push(Body {
            key: component.id().0,
            parent: component
                .parent()
                .map(|parent| self.body_in_slot[parent.slot() as usize])
                .filter(|parent| *parent != NOWHERE),
            half_size: sizes::half_size(component, radius),
            pin,
        });
        self.legend.entries.push(Entry {
            component: component.id(),
            slot: component.slot(),
            radius: (!self.is_ring(component)).then_some(radius),
            pinned: pin.is_some(),
        });
    }

    /// Makes springs of what was copied: one for each pair of components that are linked that way round.
    pub(crate) fn finish(&mut self) {
        for join in &mut self.joins {
            join.source = self.body_in_slot[join.source as usize];
            join.sink = self.body_in_slot[join.sink as usize];
        }
        self.joins.retain(|join| join.source != NOWHERE && join.sink != NOWHERE);
        self.joins.sort_unstable();
        let springs = &mut self.request.springs;
        springs.clear();
        springs.extend(self.joins.chunk_by(|a, b| (a.source, a.sink) == (b.source, b.sink)).map(spring));
    }
}

fn join(linkage: LinkageRef<'_>) -> Join {
    let (source, sink) = (linkage.source(), linkage.sink());
    let strength = match linkage.kind() {
        LinkageKind::Inward | LinkageKind::Outward => Strength::Passthrough,
        LinkageKind::Direct if source.is_standard() || sink.is_standard() => Strength::Weak,
        LinkageKind::Direct => Strength::Usual,
        LinkageKind::Use => Strength::Use,
    };
    Join { source: source.owner().slot(), sink: sink.owner().slot(), strength }
}

/// Of all joins of the same two, the strongest first.
fn spring(same: &[Join]) -> Spring {
    let Join { source, sink, strength } = same[0];
    let count = same.iter().filter(|join| join.strength == strength).count();
    let base = match strength {
        Strength::Usual => 1.0,
        Strength::Weak => WEAK,
        Strength::Passthrough => PASSTHROUGH,
        Strength::Use => USE,
    };
    let weight = base * (1.0 + MULTIPLICITY * (count as f32).ln());
    Spring { source, sink, weight, flows: strength != Strength::Use }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axonscope_model::{
        Change, Hello, Limits, LinkageId, Model, NewComponent, NewLinkage, NewPostbox, PostboxId, PostboxKind, SystemId,
    };

    use super::*;

    /// Components `1..=n`, each with outbox `10 * id`, inbox `10 * id + 1`, signal and control after those; the parent of
    /// a component is a smaller one or 0.
    fn model(parents: &[u64], linkages: &[(u64, u64, LinkageKind)]) -> (Model, SystemId) {
        let mut model = Model::new(Limits::default());
        let id = model.connect(Hello::default(), 1).unwrap();
        for (parent, component) in parents.iter().zip(1u64..) {
            let parent = (*parent > 0).then_some(ComponentId(*parent));
            let new = NewComponent { id: ComponentId(component), parent, ..NewComponent::default() };
            let _ = model.apply(id, Change::ComponentAdded(new));
            let boxes = [
                ("outbox", PostboxKind::Outbox),
                ("inbox", PostboxKind::Inbox),
                ("signal", PostboxKind::Outbox),
                ("control", PostboxKind::Inbox),
            ];
            for ((name, kind), offset) in boxes.into_iter().zip(0..) {
                let _ = model.apply(
                    id,
                    Change::PostboxAdded(NewPostbox {
                        id: PostboxId(10 * component + offset),
                        owner: ComponentId(component),
                        name: name.to_owned(),
                        kind,
                        message_type: String::new(),
                        capacity: 0,
                        description: String::new(),
                    }),
                );
            }
        }
        for ((source, sink, kind), linkage) in linkages.iter().zip(1..) {
            let new =
                NewLinkage { id: LinkageId(linkage), source: PostboxId(*source), sink: PostboxId(*sink), kind: *kind };
            assert!(model.apply(id, Change::Linked(new)).anomaly.is_none());
        }
        (model, id)
    }

    fn drawn(parents: &[u64], linkages: &[(u64, u64, LinkageKind)]) -> Drawing {
        let (model, id) = model(parents, linkages);
        draw(model.system(id).unwrap(), &HashMap::new())
    }

    fn draw(system: &System, pins: &HashMap<ComponentId, [f32; 3]>) -> Drawing {
        let mut drawing = Drawing::default();
        let mut progress = drawing.begin(system, None);
        assert!(drawing.copy(system, pins, &mut progress, || true));
        drawing.finish();
        drawing
    }

    #[test]
    fn a_copy_in_parts_and_into_used_memory_is_the_same() {
        let parents: Vec<u64> = (0..1000).map(|n| if n % 7 == 3 { n / 2 } else { 0 }).collect();
        let linkages: Vec<_> = (1..1000).map(|id| (10 * id, 10 * (id / 3 + 1) + 1, LinkageKind::Direct)).collect();
        let (model, id) = model(&parents, &linkages);
        let system = model.system(id).unwrap();
        let whole = draw(system, &HashMap::new());
        let mut drawing = drawn(&[0, 1, 1, 0, 3], &[(10, 21, LinkageKind::Direct)]);
        let mut progress = drawing.begin(system, None);
        let mut parts = 1;
        while !drawing.copy(system, &HashMap::new(), &mut progress, || false) {
            parts += 1;
        }
        drawing.finish();
        assert!(parts > 6, "{parts} parts");
        assert_eq!(drawing.request, whole.request);
        assert_eq!(drawing.legend.entries.len(), 1000);
    }

    #[test]
    fn composites_come_before_what_they_contain() {
        let Drawing { request, legend, .. } = drawn(&[0, 1, 1, 0, 3], &[]);
        for (index, body) in request.bodies.iter().enumerate() {
            assert!(body.parent.is_none_or(|parent| (parent as usize) < index));
        }
        let index = |id| legend.entries.iter().position(|entry| entry.component == ComponentId(id)).unwrap();
        assert_eq!(request.bodies[index(5)].parent, Some(index(3) as u32));
        assert!(legend.entries[index(1)].radius.is_none());
        assert!(legend.entries[index(5)].radius.is_some());
    }

    #[test]
    fn two_that_are_linked_often_have_one_spring_a_little_stronger() {
        let one = drawn(&[0, 0], &[(10, 21, LinkageKind::Direct)]);
        let two = drawn(&[0, 0], &[(10, 21, LinkageKind::Direct), (10, 21, LinkageKind::Direct)]);
        assert_eq!((one.request.springs.len(), two.request.springs.len()), (1, 1));
        let (one, two) = (one.request.springs[0].weight, two.request.springs[0].weight);
        assert!(one < two && two < 2.0 * one);
    }

    #[test]
    fn what_carries_no_work_pulls_less_and_nothing_pulls_itself() {
        let direct = LinkageKind::Direct;
        let drawing =
            drawn(&[0, 0, 2], &[(10, 21, direct), (22, 13, direct), (21, 31, LinkageKind::Inward), (10, 11, direct)]);
        let weights: Vec<f32> = drawing.request.springs.iter().map(|spring| spring.weight).collect();
        assert_eq!(weights, [1.0, WEAK, PASSTHROUGH]);
    }

    #[test]
    fn a_use_holds_two_together_and_is_no_flow() {
        let (mut model, id) = model(&[0, 0, 0], &[(20, 31, LinkageKind::Direct)]);
        let grip = |id: u64, owner: u64| {
            Change::PostboxAdded(NewPostbox {
                id: PostboxId(id),
                owner: ComponentId(owner),
                name: String::new(),
                kind: PostboxKind::Grip,
                message_type: String::new(),
                capacity: 0,
                description: String::new(),
            })
        };
        let usage = |id: u64, source: u64, sink: u64| {
            let (source, sink) = (PostboxId(source), PostboxId(sink));
            Change::Linked(NewLinkage { id: LinkageId(id), source, sink, kind: LinkageKind::Use })
        };
        for change in [grip(1001, 1), grip(1002, 2), grip(1003, 3), usage(90, 1001, 1002), usage(91, 1002, 1003)] {
            assert!(model.apply(id, change).anomaly.is_none());
        }
        let Drawing { request, .. } = draw(model.system(id).unwrap(), &HashMap::new());
        let springs: Vec<(f32, bool)> = request.springs.iter().map(|spring| (spring.weight, spring.flows)).collect();
        // Two that are linked as well are held by their linkage.
        assert_eq!(springs, [(USE, false), (1.0, true)]);
    }

    #[test]
    fn a_pin_holds_its_body() {
        let (model, id) = model(&[0, 0], &[]);
        let pins = HashMap::from([(ComponentId(2), [3.0, 4.0, 0.0])]);
        let Drawing { request, legend, .. } = draw(model.system(id).unwrap(), &pins);
        let pinned: Vec<_> = legend.entries.iter().map(|entry| (entry.component.0, entry.pinned)).collect();
        assert!(pinned.contains(&(2, true)) && pinned.contains(&(1, false)));
        assert_eq!(request.bodies.iter().filter_map(|body| body.pin).collect::<Vec<_>>(), [[3.0, 4.0, 0.0]]);
    }
}
