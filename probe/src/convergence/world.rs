//! A program of the test's own, which describes itself in small pages.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;
use std::sync::Arc;

use axonscope_proto::v1::{ComponentActivity, PostboxActivity};
use axonscope_runtime::State;

use super::Act;
use crate::ledger::{ApplyError, Ledger};
use crate::source::{Lost, Source, Totals, Wanted};
use crate::words::{Change, Component, Linkage, LinkageKind, Page, Postbox, PostboxKind};

/// What exists, and what happened and was not taken in yet.
#[derive(Default)]
pub(super) struct World {
    components: BTreeMap<u64, Component>,
    postboxes: BTreeMap<u64, Postbox>,
    linkages: BTreeMap<u64, Linkage>,
    next_id: u64,
    event_number: u64,
    pub(super) is_keeping: bool,
    kept: VecDeque<(u64, Change)>,
    pub(super) has_overflowed: bool,
    /// What the program does next, each time that something was read of it.
    pub(super) once_read: VecDeque<Act>,
    page_limit: usize,
    /// How often each event is told.
    echo: usize,
}

impl World {
    pub(super) fn new(page_limit: usize, echo: usize) -> Self {
        Self { page_limit, echo, ..Self::default() }
    }

    /// Up to three of what is to be done then: enough for a birth and its death.
    pub(super) fn act_once_read(&mut self) {
        for _ in 0..3 {
            if let Some(act) = self.once_read.pop_front() {
                self.act(&act);
            }
        }
    }

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

    pub(super) fn act(&mut self, act: &Act) {
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

pub(super) fn pick<V>(map: &BTreeMap<u64, V>, index: &usize) -> Option<u64> {
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
        let page = Page { event_number: self.event_number, components, postboxes, linkages };
        self.act_once_read();
        (page, next)
    }

    fn totals(&mut self, cursor: Option<u64>, _: &Wanted, totals: &mut Vec<Totals>) -> Option<u64> {
        let after = cursor.unwrap_or(0);
        let page: Vec<_> = self.components.range(after + 1..).take(self.page_limit).map(|(&id, _)| id).collect();
        for &component in &page {
            totals.push(Totals::Component(ComponentActivity { component, ..ComponentActivity::default() }));
            let boxes = self.postboxes.values().filter(|postbox| postbox.owner == component);
            totals.extend(
                boxes.map(|postbox| {
                    Totals::Postbox(PostboxActivity { postbox: postbox.id, ..PostboxActivity::default() })
                }),
            );
        }
        let next = page.last().copied().filter(|last| self.components.range(last + 1..).next().is_some());
        self.act_once_read();
        next
    }
}
