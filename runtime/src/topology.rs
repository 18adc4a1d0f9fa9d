//! What exists in a system and how it is joined: one plain structure behind one lock, which tells the observer of
//! every change as it makes it. It starts no task and waits for nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::error::AddError;
use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::name::{Name, Names};
use crate::observe::{ComponentInfo, Event, LinkageInfo, Observer, PostboxActivity, PostboxInfo, PostboxKind, State};
use crate::stop::{Stop, Vitals};
use crate::storage::AnyBox;

/// How many failed components are kept, so that they can be seen, after their composite or the system goes on.
const FAILED_KEPT: usize = 64;

#[derive(Default)]
pub(crate) struct Topology {
    pub(crate) components: BTreeMap<ComponentId, Entry>,
    pub(crate) roots: BTreeSet<ComponentId>,
    pub(crate) owners: HashMap<PostboxId, ComponentId>,
    /// Where each linkage begins.
    pub(crate) linkages: HashMap<LinkageId, PostboxId>,
    /// Which inbox of a composite gets back what a child's inbox still holds when the child ends, for those between
    /// which there is no linkage any more.
    pub(crate) leftovers: HashMap<PostboxId, PostboxId>,
    pub(crate) names: Names,
    pub(crate) observer: Option<Arc<dyn Observer>>,
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
    pub(crate) info: ComponentInfo,
    pub(crate) state: State,
    pub(crate) vitals: Arc<Vitals>,
    /// In the order of their ids.
    pub(crate) boxes: Vec<BoxEntry>,
    pub(crate) children: BTreeSet<ComponentId>,
    /// Its task was started and has not ended.
    pub(crate) runs: bool,
    pub(crate) abort: Option<AbortHandle>,
    /// Its own work is done; it only waits for its children.
    pub(crate) closing: bool,
    /// It goes as soon as its last child has gone.
    leaving: bool,
    pub(crate) signalled: Option<Stop>,
}

pub(crate) struct BoxEntry {
    pub(crate) info: PostboxInfo,
    pub(crate) core: Core,
    pub(crate) way_out: Option<LinkageInfo>,
    pub(crate) sources: Vec<PostboxId>,
}

/// What stands behind a postbox.
#[derive(Clone)]
pub(crate) enum Core {
    /// A queue or a route.
    Data(Arc<dyn AnyBox>),
    /// The latch, which lives in the component's vitals.
    Control,
    /// The way a latched stop leaves.
    Signal,
}

impl Topology {
    pub(crate) fn tell(&mut self, event: impl FnOnce() -> Event) {
        self.event_number += 1;
        if let Some(observer) = &self.observer {
            observer.on_event(self.event_number, &event());
        }
    }

    // === Components ===

    pub(crate) fn add_component(
        &mut self,
        parent: Option<ComponentId>,
        name: Name,
        type_name: Name,
        description: Name,
    ) -> Result<(ComponentId, Arc<Vitals>), AddError> {
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
                Some(entry) if !entry.closing && !entry.ended() => entry.children.insert(id),
                _ => return Err(AddError::NoParent { name: name.as_str().to_owned() }),
            },
            None => self.roots.insert(id),
        };
        let info = ComponentInfo {
            id,
            parent,
            name: self.names.keep(name),
            type_name: self.names.keep(type_name),
            description: self.names.keep(description),
            activity: Arc::default(),
        };
        let vitals = Arc::<Vitals>::default();
        let entry = Entry {
            info: info.clone(),
            state: State::Starting,
            vitals: vitals.clone(),
            boxes: Vec::new(),
            children: BTreeSet::new(),
            runs: false,
            abort: None,
            closing: false,
            leaving: false,
            signalled: None,
        };
        self.components.insert(id, entry);
        self.tell(|| Event::ComponentAdded(info));
        Ok((id, vitals))
    }

    /// The component's task is about to start. Returns false if the component is gone.
    pub(crate) fn starting(&mut self, id: ComponentId) -> bool {
        let Some(entry) = self.components.get_mut(&id) else { return false };
        entry.runs = true;
        self.live += 1;
        if entry.vitals.stop() == Some(Stop::Shutdown) {
            self.doomed.push_back((Instant::now(), id));
        }
        let parent = entry.info.parent;
        if let Some(parent) = parent.and_then(|parent| self.components.get(&parent)) {
            parent.vitals.child_started();
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
        entry.state = state.clone();
        self.tell(|| Event::StateChanged(id, state));
    }

    /// The component's own work is done: no child may come any more, and those there are stop. Returns how many run.
    pub(crate) fn close_children(&mut self, id: ComponentId) -> usize {
        let Some(entry) = self.components.get_mut(&id) else { return 0 };
        entry.closing = true;
        let live = entry.vitals.live_children();
        if live > 0 {
            let children: Vec<_> = entry.children.iter().copied().collect();
            for child in children {
                self.latch(child, Stop::Shutdown);
            }
        }
        live
    }

    /// The component has come to its end; `state` says which. Returns false if it had before.
    pub(crate) fn ended(&mut self, id: ComponentId, state: State) -> bool {
        let Some(entry) = self.components.get_mut(&id) else { return false };
        if entry.ended() {
            return false;
        }
        let was_running = std::mem::take(&mut entry.runs);
        entry.abort = None;
        self.close_children(id);
        let Some(entry) = self.components.get_mut(&id) else { return false };
        entry.vitals.set_end(state.clone());
        let shut_down = entry.vitals.stop() == Some(Stop::Shutdown);
        let parent = entry.info.parent;
        let boxes: Vec<_> = entry.boxes.iter().map(|postbox| postbox.info.id).collect();
        for postbox in boxes {
            self.give_back(postbox);
        }
        let Some(entry) = self.components.get(&id) else { return false };
        for postbox in &entry.boxes {
            if let Core::Data(core) = &postbox.core {
                self.trash.extend(core.close());
            }
        }
        self.set_state(id, state.clone());
        self.signal(id, if shut_down { Stop::Shutdown } else { Stop::ProducerFinished });
        if was_running {
            self.live -= 1;
            if let Some(parent) = parent.and_then(|parent| self.components.get(&parent)) {
                parent.vitals.child_ended();
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
        for child in entry.children.clone() {
            if self.components.get(&child).is_some_and(|child| !child.runs) {
                self.remove_component(child);
            } else {
                self.latch(child, Stop::Shutdown);
            }
        }
        let Some(entry) = self.components.get_mut(&id) else { return };
        if !entry.children.is_empty() {
            entry.leaving = true;
            return;
        }
        let boxes: Vec<_> = entry.boxes.iter().map(|postbox| postbox.info.id).collect();
        for &postbox in &boxes {
            self.close_postbox(postbox);
            self.owners.remove(&postbox);
        }
        let Some(entry) = self.components.remove(&id) else { return };
        if matches!(entry.state, State::Failed(_)) {
            self.failed.retain(|&failed| failed != id);
        }
        self.tell(|| Event::ComponentRemoved(id));
        match entry.info.parent {
            None => {
                self.roots.remove(&id);
            }
            Some(parent) => {
                let Some(entry) = self.components.get_mut(&parent) else { return };
                entry.children.remove(&id);
                if entry.leaving && entry.children.is_empty() {
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
            names.push(&*entry.info.name);
            next = entry.info.parent;
        }
        names.reverse();
        names.join("/")
    }

    // === Postboxes ===

    /// Gives a component a further postbox; `None` if it has one of that name and kind, or is gone.
    pub(crate) fn add_postbox(
        &mut self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        message_type: Name,
        capacity: Option<u32>,
        core: impl FnOnce(&Arc<PostboxActivity>) -> Core,
    ) -> Option<PostboxInfo> {
        let name = self.names.keep(name);
        let message_type = self.names.keep_type(message_type);
        let entry = self.components.get_mut(&owner)?;
        if entry.boxes.iter().any(|postbox| postbox.info.kind == kind && *postbox.info.name == *name) {
            return None;
        }
        let activity = Arc::<PostboxActivity>::default();
        let core = core(&activity);
        if let (Core::Data(core), Some(stop)) = (&core, entry.vitals.stop()) {
            core.stop(stop);
        }
        let info = PostboxInfo { id: PostboxId::next(), owner, name, kind, message_type, capacity, activity };
        entry.boxes.push(BoxEntry { info: info.clone(), core, way_out: None, sources: Vec::new() });
        self.owners.insert(info.id, owner);
        self.tell(|| Event::PostboxAdded(info.clone()));
        Some(info)
    }

    pub(crate) fn remove_postbox(&mut self, id: PostboxId) {
        if !self.owners.contains_key(&id) {
            return;
        }
        self.close_postbox(id);
        let Some(owner) = self.owners.remove(&id) else { return };
        if let Some(entry) = self.components.get_mut(&owner)
            && let Ok(index) = entry.boxes.binary_search_by_key(&id, |postbox| postbox.info.id)
        {
            entry.boxes.remove(index);
        }
        self.tell(|| Event::PostboxRemoved(id));
    }

    /// Undoes all linkages of a postbox and closes what stands behind it.
    fn close_postbox(&mut self, id: PostboxId) {
        self.give_back(id);
        let Some(postbox) = self.postbox(id) else { return };
        if let Core::Data(core) = postbox.core.clone() {
            self.trash.extend(core.close());
        }
        let Some(postbox) = self.postbox(id) else { return };
        let ways: Vec<_> = postbox.way_out.iter().map(|linkage| linkage.id).collect();
        for source in postbox.sources.clone() {
            if let Some(linkage) = self.postbox(source).and_then(|source| source.way_out) {
                self.unlink(linkage.id);
            }
        }
        for linkage in ways {
            self.unlink(linkage);
        }
    }

    pub(crate) fn postbox(&self, id: PostboxId) -> Option<&BoxEntry> {
        let entry = self.components.get(self.owners.get(&id)?)?;
        let index = entry.boxes.binary_search_by_key(&id, |postbox| postbox.info.id).ok()?;
        entry.boxes.get(index)
    }

    pub(crate) fn postbox_mut(&mut self, id: PostboxId) -> Option<&mut BoxEntry> {
        let entry = self.components.get_mut(self.owners.get(&id)?)?;
        let index = entry.boxes.binary_search_by_key(&id, |postbox| postbox.info.id).ok()?;
        entry.boxes.get_mut(index)
    }
}

impl Entry {
    pub(crate) fn ended(&self) -> bool {
        matches!(self.state, State::Finished | State::Failed(_))
    }
}
