//! The promise of the whole crate, as a property: whatever a program does, whenever snapshots, deltas and overflows
//! happen, what was told equals what exists, and nothing is told before what it refers to.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;
use std::sync::Arc;

use axonscope_proto::v1::Snapshot;
use axonscope_proto::v1::report::Content;
use axonscope_runtime::State;
use proptest::prelude::*;

use crate::ledger::{ApplyError, Ledger};
use crate::limits::PART_BYTES;
use crate::snapshot::Walk;
use crate::source::{Lost, Source, Totals, Wanted};
use crate::to_proto;
use crate::words::{Change, Component, Linkage, LinkageKind, Page, Postbox, PostboxKind};

/// A program of the test's own, which describes itself in small pages.
#[derive(Default)]
struct World {
    components: BTreeMap<u64, Component>,
    postboxes: BTreeMap<u64, Postbox>,
    linkages: BTreeMap<u64, Linkage>,
    next_id: u64,
    event_number: u64,
    is_keeping: bool,
    kept: VecDeque<(u64, Change)>,
    has_overflowed: bool,
    page_limit: usize,
    /// How often each event is told.
    echo: usize,
}

impl World {
    fn tell(&mut self, change: Change) {
        self.event_number += 1;
        if self.is_keeping {
            for _ in 0..self.echo {
                self.kept.push_back((self.event_number, change.clone()));
            }
        }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::AddComponent(parent) => {
                let id = self.id();
                let parent = pick(&self.components, parent).filter(|parent| parent % 3 != 0).unwrap_or(0);
                let name: Arc<str> = format!("c{id}").into();
                let component = Component {
                    id,
                    parent,
                    name: name.clone(),
                    type_name: name.clone(),
                    description: name,
                    state: State::Starting,
                };
                self.components.insert(id, component.clone());
                self.tell(Change::ComponentAdded(component));
            }
            Act::AddPostbox(owner) => {
                let Some(owner) = pick(&self.components, owner) else { return };
                let id = self.id();
                let name: Arc<str> = format!("p{id}").into();
                let kind = if id.is_multiple_of(2) { PostboxKind::Inbox } else { PostboxKind::Outbox };
                let postbox = Postbox { id, owner, name: name.clone(), kind, message_type: name, capacity: 1 };
                self.postboxes.insert(id, postbox.clone());
                self.tell(Change::PostboxAdded(postbox));
            }
            Act::Link(source, sink) => {
                let (Some(source), Some(sink)) = (pick(&self.postboxes, source), pick(&self.postboxes, sink)) else {
                    return;
                };
                let linkage = Linkage { id: self.id(), source, sink, kind: LinkageKind::Direct };
                self.linkages.insert(linkage.id, linkage);
                self.tell(Change::Linked(linkage));
            }
            Act::Unlink(which) => {
                let Some(id) = pick(&self.linkages, which) else { return };
                self.unlink(id);
            }
            Act::RemovePostbox(which) => {
                let Some(id) = pick(&self.postboxes, which) else { return };
                self.unlink_all(id);
                self.postboxes.remove(&id);
                self.tell(Change::PostboxRemoved(id));
            }
            Act::RemoveComponent(which) => {
                let Some(id) = pick(&self.components, which) else { return };
                self.remove_component(id);
            }
            Act::ChangeState(which, failed) => {
                let Some(id) = pick(&self.components, which) else { return };
                let state = if *failed { State::Failed("it broke".into()) } else { State::Running };
                self.components.get_mut(&id).unwrap().state = state.clone();
                self.tell(Change::StateChanged(id, state));
            }
        }
    }

    fn remove_component(&mut self, id: u64) {
        let children: Vec<_> = self.components.values().filter(|child| child.parent == id).map(|c| c.id).collect();
        children.into_iter().for_each(|child| self.remove_component(child));
        let boxes: Vec<_> = self.postboxes.values().filter(|postbox| postbox.owner == id).map(|p| p.id).collect();
        for postbox in boxes {
            self.unlink_all(postbox);
            self.postboxes.remove(&postbox);
        }
        self.components.remove(&id);
        self.tell(Change::ComponentRemoved(id));
    }

    fn unlink_all(&mut self, postbox: u64) {
        let touching: Vec<_> =
            self.linkages.values().filter(|l| l.source == postbox || l.sink == postbox).map(|l| l.id).collect();
        touching.into_iter().for_each(|id| self.unlink(id));
    }

    fn unlink(&mut self, id: u64) {
        self.linkages.remove(&id);
        self.tell(Change::Unlinked(id));
    }
}

fn pick<V>(map: &BTreeMap<u64, V>, index: &usize) -> Option<u64> {
    map.keys().nth(index.checked_rem(map.len())?).copied()
}

impl Source for World {
    type Cursor = u64;

    fn start(&mut self) {
        self.stop();
        self.is_keeping = true;
    }

    fn stop(&mut self) {
        self.is_keeping = false;
        self.has_overflowed = false;
        self.kept.clear();
    }

    async fn pressed(&self) {
        pending().await
    }

    fn drain(&mut self, ledger: &mut Ledger) -> Result<(), Lost> {
        if self.has_overflowed {
            return Err(Lost { events: std::mem::take(&mut self.kept).len() as u64 });
        }
        while let Some((number, change)) = self.kept.pop_front() {
            match ledger.apply(number, change) {
                Ok(()) => {}
                Err(ApplyError::Full) => return Err(Lost { events: 1 + self.kept.len() as u64 }),
                Err(gap) => panic!("{gap}"),
            }
        }
        Ok(())
    }

    fn page(&mut self, cursor: Option<u64>) -> (Page, Option<u64>) {
        let after = cursor.unwrap_or(0);
        let components: Vec<_> =
            self.components.range(after + 1..).take(self.page_limit).map(|(_, c)| c.clone()).collect();
        let owners: BTreeSet<_> = components.iter().map(|component| component.id).collect();
        let postboxes: Vec<_> = self.postboxes.values().filter(|p| owners.contains(&p.owner)).cloned().collect();
        let sources: BTreeSet<_> = postboxes.iter().map(|postbox| postbox.id).collect();
        let linkages = self.linkages.values().filter(|l| sources.contains(&l.source)).copied().collect();
        let last = components.last().map_or(after, |component| component.id);
        let next = self.components.range(last + 1..).next().map(|_| last);
        (Page { event_number: self.event_number, components, postboxes, linkages }, next)
    }

    fn totals(&mut self, _: Option<u64>, _: &Wanted, _: &mut Vec<Totals>) -> Option<u64> {
        None
    }
}

/// What a program does.
#[derive(Clone, Debug)]
enum Act {
    AddComponent(usize),
    AddPostbox(usize),
    Link(usize, usize),
    Unlink(usize),
    RemovePostbox(usize),
    RemoveComponent(usize),
    ChangeState(usize, bool),
}

/// What happens: to the program, or to the probe.
#[derive(Clone, Debug)]
enum Step {
    Act(Act),
    /// The next part of a snapshot, or else a delta of about so many bytes.
    Tell(usize),
    Drain,
    /// The store of events is too small.
    Overflow,
    /// The visualiser asks for a snapshot.
    Resync,
}

fn act() -> impl Strategy<Value = Act> {
    let index = any::<usize>;
    prop_oneof![
        4 => index().prop_map(Act::AddComponent),
        6 => index().prop_map(Act::AddPostbox),
        5 => (index(), index()).prop_map(|(source, sink)| Act::Link(source, sink)),
        2 => index().prop_map(Act::Unlink),
        2 => index().prop_map(Act::RemovePostbox),
        2 => index().prop_map(Act::RemoveComponent),
        2 => (index(), any::<bool>()).prop_map(|(which, failed)| Act::ChangeState(which, failed)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        40 => act().prop_map(Step::Act),
        12 => (1_usize..2000).prop_map(Step::Tell),
        6 => Just(Step::Drain),
        1 => Just(Step::Overflow),
        1 => Just(Step::Resync),
    ]
}

/// What a visualiser knows, by the words of the wire.
#[derive(Default, PartialEq, Debug)]
struct Picture {
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

    /// The truth, by way of one page of everything.
    fn of(world: &mut World) -> Self {
        world.page_limit = usize::MAX;
        let (page, _) = world.page(None);
        let mut picture = Self::default();
        picture.add(
            page.components.into_iter().map(to_proto::component).collect(),
            page.postboxes.into_iter().map(to_proto::postbox).collect(),
            page.linkages.into_iter().map(to_proto::linkage).collect(),
        );
        picture
    }
}

/// A collector without clock and network.
struct Teller {
    ledger: Ledger,
    walk: Option<Walk<u64>>,
    picture: Picture,
    overflows: u32,
}

impl Teller {
    fn new(limit: usize) -> Self {
        Self {
            ledger: Ledger::new(limit),
            walk: Some(Walk::new(PART_BYTES)),
            picture: Picture::default(),
            overflows: 0,
        }
    }

    fn resync(&mut self, world: &mut World) {
        world.stop();
        self.ledger.begin(0);
        self.walk = Some(Walk::new(PART_BYTES));
    }

    fn drain(&mut self, world: &mut World) {
        if world.drain(&mut self.ledger).is_err() {
            self.overflows += 1;
            self.resync(world);
        }
    }

    /// False when there is nothing to tell.
    fn tell(&mut self, world: &mut World, limit: usize) -> bool {
        if let Some(walk) = &mut self.walk {
            match walk.step(world, &mut self.ledger) {
                Ok(Some(part)) => {
                    if part.last {
                        self.walk = None;
                    }
                    self.picture.apply(Content::Snapshot(part));
                }
                Ok(None) => {}
                Err(_) => {
                    self.overflows += 1;
                    self.resync(world);
                }
            }
            return true;
        }
        let delta = self.ledger.take_delta(limit);
        delta.map(|delta| self.picture.apply(to_proto::delta(delta))).is_some()
    }
}

fn check(steps: &[Step], page_limit: usize, ledger_limit: usize, echo: usize) -> (Teller, World) {
    let mut world = World { page_limit, echo, ..World::default() };
    let mut teller = Teller::new(ledger_limit);
    for step in steps {
        match step {
            Step::Act(act) => world.act(act),
            Step::Tell(limit) => drop(teller.tell(&mut world, *limit)),
            Step::Drain => teller.drain(&mut world),
            Step::Overflow => world.has_overflowed = world.is_keeping,
            Step::Resync => teller.resync(&mut world),
        }
    }
    teller.drain(&mut world);
    while teller.tell(&mut world, 500) {}
    assert_eq!(teller.picture, Picture::of(&mut world));
    (teller, world)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_told_is_what_exists(
        steps in prop::collection::vec(step(), 0..250),
        page_limit in 1_usize..6,
        echo in 1_usize..3,
    ) {
        check(&steps, page_limit, usize::MAX, echo);
    }

    #[test]
    fn a_small_ledger_overflows_and_still_converges(
        acts in prop::collection::vec(act(), 100..200),
        page_limit in 1_usize..6,
    ) {
        // Nothing is told for a while after the first snapshot, so that the ledger must overflow.
        let mut steps = vec![Step::Tell(1), Step::Tell(1)];
        steps.extend(acts.into_iter().flat_map(|act| [Step::Act(act), Step::Drain]));
        check(&steps, page_limit, 1500, 1);
    }
}

#[test]
fn the_small_ledger_of_the_property_does_overflow() {
    let mut steps = vec![Step::Tell(1), Step::Tell(1)];
    steps.extend((0..50).flat_map(|_| [Step::Act(Act::AddComponent(0)), Step::Drain]));
    assert!(check(&steps, 3, 1500, 1).0.overflows > 0);
}
