//! What exists in a system and how it is joined: one plain structure behind one lock, which tells the observer of
//! every change as it makes it. It starts no task and waits for nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::AddError;
use crate::id::{ComponentId, PostboxId};
use crate::name::{Kind, Name, Names};
use crate::observe::{ComponentInfo, ComponentMeter, Event, State, Watcher, add};
use crate::stop::{Life, Stop};
use crate::system::WeakSystem;
use crate::topology::joins::Joins;
use crate::topology::postboxes::{BoxCore, BoxEntry, StopShapes};

mod joins;
mod postboxes;

pub(crate) use postboxes::{Core, CoreView, Postbox};

/// How many failed components are kept, so that they can be seen, after their composite or the system goes on.
const FAILED_KEPT: usize = 64;

#[derive(Default)]
pub(crate) struct Topology {
    // In boxes, as the nodes of the tree are half empty when ids only rise.
    pub(crate) components: BTreeMap<ComponentId, Box<Entry>>,
    pub(crate) roots: BTreeSet<ComponentId>,
    /// The system that this is the topology of.
    pub(crate) own_system: WeakSystem,
    /// Owners of the postboxes that are in no component's block of ids.
    owners: HashMap<PostboxId, ComponentId>,
    /// Which inbox of a composite gets back what a child's inbox still holds when the child ends, for those between
    /// which there is no linkage any more.
    pub(crate) leftovers: HashMap<PostboxId, PostboxId>,
    names: Names,
    stop_shapes: StopShapes,
    pub(crate) watcher: Option<Arc<Watcher>>,
    pub(crate) event_number: u64,
    /// Components whose task has started and not ended.
    pub(crate) live: usize,
    pub(crate) shutting_down: bool,
    pub(crate) runtime: Option<Handle>,
    /// Who was told to shut down, and when its grace time ends; the oldest first.
    pub(crate) doomed: VecDeque<(Instant, ComponentId)>,
    pub(crate) reaping: bool,
    /// Paths of the components that had to be aborted while the system shut down.
    pub(crate) aborted: Vec<String>,
    /// Messages to drop when the lock is released, since dropping them may call back.
    pub(crate) trash: Vec<Box<dyn Send>>,
    failed: VecDeque<ComponentId>,
}

pub(crate) struct Entry {
    pub(crate) life: ComponentMeter,
    pub(crate) name: Arc<str>,
    kind: Arc<Kind>,
    pub(crate) parent: Option<ComponentId>,
    phase: Phase,
    /// Why it failed, in a box of its own as few do.
    failure: Option<Box<Arc<str>>>,
    /// In the order of their ids; without control and signal.
    boxes: Vec<BoxEntry>,
    /// What control and signal are joined to, if they are.
    stops: Option<Box<[Joins; 2]>>,
    // In a box, as few have children and there may be a million components.
    #[allow(clippy::box_collection)]
    children: Option<Box<BTreeSet<ComponentId>>>,
    pub(crate) abort: Option<AbortHandle>,
    /// How many of its block's ids are in use, or were.
    ids_used: u8,
    /// Its task was started and has not ended.
    pub(crate) runs: bool,
    /// Its own work is done; it only waits for its children.
    pub(crate) closing: bool,
    /// It goes as soon as its last child has gone.
    leaving: bool,
    pub(crate) signalled: Option<Stop>,
}

/// A [`State`] without its message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Running,
    Finished,
    Failed,
}

impl Topology {
    pub(crate) fn new(own_system: WeakSystem) -> Self {
        Self { own_system, ..Self::default() }
    }

    pub(crate) fn tell(&mut self, event: impl FnOnce(&Self) -> Event) {
        self.event_number += 1;
        if let Some(watcher) = &self.watcher {
            watcher.0.on_event(self.event_number, &event(self));
        }
    }

    // === Components ===

    pub(crate) fn add_component(
        &mut self,
        parent: Option<ComponentId>,
        name: Name,
        type_name: Name,
        description: Name,
    ) -> Result<Arc<Life>, AddError> {
        if self.shutting_down {
            let path = match parent {
                Some(parent) => format!("{}/{}", self.path(parent), name.as_str()),
                None => name.as_str().to_owned(),
            };
            return Err(AddError::ShuttingDown { path });
        }
        let id = ComponentId::next();
        match parent {
            Some(parent) => match self.components.get_mut(&parent) {
                Some(entry) if !entry.closing && !entry.ended() => entry.children.get_or_insert_default().insert(id),
                _ => return Err(AddError::NoParent { name: name.as_str().to_owned() }),
            },
            None => self.roots.insert(id),
        };
        let life = Arc::new(Life::new(id, self.own_system.clone()));
        let entry = Entry {
            life: ComponentMeter(life.clone()),
            name: self.names.keep(name),
            kind: self.names.keep_kind(type_name, description),
            parent,
            phase: Phase::Starting,
            failure: None,
            boxes: Vec::new(),
            stops: None,
            children: None,
            abort: None,
            ids_used: 2,
            runs: false,
            closing: false,
            leaving: false,
            signalled: None,
        };
        let info = self.watcher.is_some().then(|| entry.info());
        self.components.insert(id, Box::new(entry));
        match info {
            Some(info) => self.tell(|_| Event::ComponentAdded(info)),
            None => self.event_number += 1,
        }
        self.tell_stop_boxes(id);
        Ok(life)
    }

    /// The component's task is about to start. Returns false if the component is gone.
    pub(crate) fn starting(&mut self, id: ComponentId) -> bool {
        let Some(entry) = self.components.get_mut(&id) else { return false };
        entry.runs = true;
        self.live += 1;
        if entry.life().stop() == Some(Stop::Shutdown) {
            self.doomed.push_back((Instant::now(), id));
        }
        let parent = entry.parent;
        if let Some(parent) = parent.and_then(|parent| self.components.get(&parent)) {
            parent.life().child_started();
        }
        true
    }

    pub(crate) fn started(&mut self, id: ComponentId, abort: AbortHandle) {
        if let Some(entry) = self.components.get_mut(&id).filter(|entry| entry.runs) {
            entry.abort = Some(abort);
        }
    }

    pub(crate) fn set_state(&mut self, id: ComponentId, state: State) {
        let Some(entry) = self.components.get_mut(&id) else { return };
        entry.set_state(&state);
        self.tell(|_| Event::StateChanged(id, state));
    }

    /// The component's own work is done: no child may come any more, and those there are stop. Returns how many run.
    pub(crate) fn close_children(&mut self, id: ComponentId) -> usize {
        let Some(entry) = self.components.get_mut(&id) else { return 0 };
        entry.closing = true;
        self.stop_children(id)
    }

    /// Tells the children Shutdown, and returns how many run.
    fn stop_children(&mut self, id: ComponentId) -> usize {
        let Some(entry) = self.components.get(&id) else { return 0 };
        let live = entry.life().live_children();
        if live > 0 {
            for child in entry.children().collect::<Vec<_>>() {
                self.latch(child, Stop::Shutdown);
            }
        }
        live
    }

    /// The component has failed, and will be started again: it is seen to have failed meanwhile, its children go, and
    /// so do the boxes that it had made while it ran. Returns how many children still run.
    pub(crate) fn set_back(&mut self, id: ComponentId, why: Arc<str>) -> usize {
        self.set_state(id, State::Failed(why));
        let live = self.stop_children(id);
        let Some(entry) = self.components.get(&id) else { return live };
        let is_lost = |postbox: &&BoxEntry| matches!(&postbox.core, BoxCore::Data(core) if !core.is_kept());
        let lost: Vec<_> = entry.boxes.iter().filter(is_lost).map(|postbox| postbox.id).collect();
        for postbox in lost {
            self.remove_postbox(postbox);
        }
        live
    }

    /// What is left of the children of a component that was set back goes, and messages that they would have taken
    /// wait for those to come.
    pub(crate) fn clear_children(&mut self, id: ComponentId) {
        let Some(entry) = self.components.get(&id) else { return };
        for child in entry.children().collect::<Vec<_>>() {
            self.remove_component(child);
        }
    }

    /// The component that was set back begins anew.
    pub(crate) fn start_again(&mut self, id: ComponentId) {
        let Some(entry) = self.components.get(&id) else { return };
        add(&entry.life.restarts, 1);
        self.set_state(id, State::Running);
    }

    /// The component has come to its end; `state` says which. Returns false if it had before.
    pub(crate) fn ended(&mut self, id: ComponentId, state: State) -> bool {
        let Some(entry) = self.components.get_mut(&id) else { return false };
        if entry.life().end().is_some() {
            return false;
        }
        let was_running = std::mem::take(&mut entry.runs);
        entry.abort = None;
        self.close_children(id);
        let Some(entry) = self.components.get_mut(&id) else { return false };
        entry.life().set_end(state.clone());
        let shut_down = entry.life().stop() == Some(Stop::Shutdown);
        let parent = entry.parent;
        for postbox in entry.boxes.iter().map(|postbox| postbox.id).collect::<Vec<_>>() {
            self.give_back(postbox);
        }
        let Some(entry) = self.components.get(&id) else { return false };
        for postbox in &entry.boxes {
            if let BoxCore::Data(core) = &postbox.core {
                self.trash.extend(core.close());
            }
        }
        self.set_state(id, state.clone());
        self.signal(id, if shut_down { Stop::Shutdown } else { Stop::ProducerFinished });
        if was_running {
            self.live -= 1;
            if let Some(parent) = parent.and_then(|parent| self.components.get(&parent)) {
                parent.life().child_ended();
            }
        }
        match state {
            State::Failed(_) => {
                self.failed.push_back(id);
                if self.failed.len() > FAILED_KEPT
                    && let Some(oldest) = self.failed.pop_front()
                {
                    self.remove_component(oldest);
                }
            }
            _ => self.remove_component(id),
        }
        true
    }

    /// Removes a component that has ended or never started, and all that was kept inside it.
    pub(crate) fn remove_component(&mut self, id: ComponentId) {
        let Some(entry) = self.components.get(&id) else { return };
        for child in entry.children().collect::<Vec<_>>() {
            if self.components.get(&child).is_some_and(|child| !child.runs) {
                self.remove_component(child);
            } else {
                self.latch(child, Stop::Shutdown);
            }
        }
        let Some(entry) = self.components.get_mut(&id) else { return };
        if entry.children().next().is_some() {
            entry.leaving = true;
            return;
        }
        self.close_postboxes(id);
        let Some(entry) = self.components.remove(&id) else { return };
        if entry.phase == Phase::Failed {
            self.failed.retain(|&failed| failed != id);
        }
        self.tell(|_| Event::ComponentRemoved(id));
        match entry.parent {
            None => {
                self.roots.remove(&id);
            }
            Some(parent) => {
                let Some(entry) = self.components.get_mut(&parent) else { return };
                if let Some(children) = &mut entry.children {
                    children.remove(&id);
                }
                if entry.leaving && entry.children().next().is_none() {
                    self.remove_component(parent);
                }
            }
        }
    }

    /// Names from the outermost composite to the component, joined with `/`.
    pub(crate) fn path(&self, id: ComponentId) -> String {
        let mut names = Vec::new();
        let mut next = Some(id);
        while let Some(entry) = next.and_then(|id| self.components.get(&id)) {
            names.push(&*entry.name);
            next = entry.parent;
        }
        names.reverse();
        names.join("/")
    }
}

impl Entry {
    pub(crate) fn life(&self) -> &Arc<Life> {
        &self.life.0
    }

    pub(crate) fn ended(&self) -> bool {
        self.life().end().is_some()
    }

    pub(crate) fn state(&self) -> State {
        match (self.phase, &self.failure) {
            (Phase::Starting, _) => State::Starting,
            (Phase::Running, _) => State::Running,
            (Phase::Finished, _) => State::Finished,
            (Phase::Failed, why) => State::Failed(why.as_deref().cloned().unwrap_or_default()),
        }
    }

    fn set_state(&mut self, state: &State) {
        self.failure = None;
        self.phase = match state {
            State::Starting => Phase::Starting,
            State::Running => Phase::Running,
            State::Finished => Phase::Finished,
            State::Failed(why) => {
                self.failure = Some(Box::new(why.clone()));
                Phase::Failed
            }
        };
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = ComponentId> + '_ {
        self.children.iter().flat_map(|children| children.iter().copied())
    }

    pub(crate) fn info(&self) -> ComponentInfo {
        ComponentInfo {
            id: self.life().id,
            parent: self.parent,
            name: self.name.clone(),
            type_name: self.kind.type_name.clone(),
            description: self.kind.description.clone(),
            activity: self.life.clone(),
        }
    }
}
