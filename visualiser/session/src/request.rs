//! What the layout is asked for: the model's components and linkages as bodies and springs.

use std::collections::HashMap;

use axonscope_layout::{Body, LayoutRequest, Spring};
use axonscope_model::{ComponentId, LinkageKind, System};

use crate::sizes;

/// A request, and what is needed to read its answer.
#[derive(Default)]
pub(crate) struct Drawing {
    pub(crate) request: LayoutRequest,
    pub(crate) legend: Legend,
}

/// Which body is which component.
#[derive(Default)]
pub(crate) struct Legend {
    /// By index of the body.
    pub(crate) entries: Vec<Entry>,
    /// One more than the highest slot.
    pub(crate) slots: u32,
}

pub(crate) struct Entry {
    pub(crate) component: ComponentId,
    pub(crate) slot: u32,
    /// Of the disc; none for a composite that contains something, whose ring the layout finds.
    pub(crate) radius: Option<f32>,
    pub(crate) pinned: bool,
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

/// Draws a system up for the layout. Takes time in proportion to its size.
pub(crate) fn draw(system: &System, pins: &HashMap<ComponentId, [f32; 3]>) -> Drawing {
    let count = system.component_count();
    let mut bodies: Vec<Body> = Vec::with_capacity(count);
    let mut entries = Vec::with_capacity(count);
    let mut body_in_slot = vec![NOWHERE; system.component_slots() as usize];
    for component in system.tree() {
        let radius = sizes::radius(component);
        let pin = if pins.is_empty() { None } else { pins.get(&component.id()).copied() };
        body_in_slot[component.slot() as usize] = bodies.len() as u32;
        bodies.push(Body {
            key: component.id().0,
            parent: component.parent().map(|parent| body_in_slot[parent.slot() as usize]),
            half_size: sizes::half_size(component, radius),
            pin,
        });
        entries.push(Entry {
            component: component.id(),
            slot: component.slot(),
            radius: (!component.is_composite()).then_some(radius),
            pinned: pin.is_some(),
        });
    }
    let springs = springs(system, &body_in_slot);
    let legend = Legend { entries, slots: system.component_slots() };
    Drawing { request: LayoutRequest { bodies, springs }, legend }
}

/// One for each pair of components that are linked that way round.
fn springs(system: &System, body_in_slot: &[u32]) -> Vec<Spring> {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Strength {
        Usual,
        Weak,
        Passthrough,
        Use,
    }
    let mut joins: Vec<(u32, u32, Strength)> = system
        .linkages()
        .chain(system.uses())
        .map(|linkage| {
            let (source, sink) = (linkage.source(), linkage.sink());
            let strength = match linkage.kind() {
                LinkageKind::Inward | LinkageKind::Outward => Strength::Passthrough,
                LinkageKind::Direct if source.is_standard() || sink.is_standard() => Strength::Weak,
                LinkageKind::Direct => Strength::Usual,
                LinkageKind::Use => Strength::Use,
            };
            let body = |slot: u32| body_in_slot[slot as usize];
            (body(source.owner().slot()), body(sink.owner().slot()), strength)
        })
        .filter(|(source, sink, _)| source != sink && *source != NOWHERE && *sink != NOWHERE)
        .collect();
    joins.sort_unstable();
    joins
        .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
        .map(|same| {
            // Sorted: the strongest comes first.
            let (source, sink, strength) = same[0];
            let count = same.iter().filter(|join| join.2 == strength).count();
            let base = match strength {
                Strength::Usual => 1.0,
                Strength::Weak => WEAK,
                Strength::Passthrough => PASSTHROUGH,
                Strength::Use => USE,
            };
            let weight = base * (1.0 + MULTIPLICITY * (count as f32).ln());
            Spring { source, sink, weight, flows: strength != Strength::Use }
        })
        .collect()
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

    #[test]
    fn composites_come_before_what_they_contain() {
        let Drawing { request, legend } = drawn(&[0, 1, 1, 0, 3], &[]);
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
        let Drawing { request, legend } = draw(model.system(id).unwrap(), &pins);
        let pinned: Vec<_> = legend.entries.iter().map(|entry| (entry.component.0, entry.pinned)).collect();
        assert!(pinned.contains(&(2, true)) && pinned.contains(&(1, false)));
        assert_eq!(request.bodies.iter().filter_map(|body| body.pin).collect::<Vec<_>>(), [[3.0, 4.0, 0.0]]);
    }
}
