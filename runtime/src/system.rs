//! A system: all components that one program runs, and how they are joined. The only file that starts tasks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::component::{Component, Declare, Start, Unstarted};
use crate::describe::Condition;
use crate::error::{AddError, LinkError};
use crate::id::{ComponentId, PostboxId};
use crate::linkage::{At, Linkage};
use crate::name::Name;
use crate::observe::{
    ComponentMeter, Description, LinkageInfo, LinkageKind, Observer, PostboxKind, Reading, State, Visit,
};
use crate::postbox::{Inbox, InboxSpec, Outbox, OutboxSpec, WhenUnlinked};
use crate::services::{ServiceTable, Services};
use crate::stop::Stop;
use crate::storage::{AnyBox, Message, Queue, Route, cast};
use crate::sync::{Mutex, lock};
use crate::topology::Topology;

/// How long a component has to obey Shutdown, unless the system says otherwise.
const GRACE: Duration = Duration::from_secs(5);

/// One running set of components. Cheap to clone; all clones are the same system.
///
/// ```
/// use axonscope_runtime::library::Transformer;
/// use axonscope_runtime::{State, Stop, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("words");
/// let shout = system.add("shout", Transformer::new(|word: String| word.to_uppercase()))?;
/// let count = system.add("count", Transformer::new(|word: String| word.len()))?;
/// // Before they start, so that nothing is sent before it can arrive.
/// system.link((&shout, "outbox"), (&count, "inbox"))?;
/// system.link((&shout, "signal"), (&count, "control"))?;
/// let (shout, count) = (shout.start(), count.start());
///
/// shout.stop(Stop::ProducerFinished);
/// assert_eq!(count.ended().await, State::Finished);
/// system.finished().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct System {
    shared: Arc<Shared>,
}

/// A system that may be gone. It keeps none.
#[derive(Clone, Default)]
pub(crate) struct WeakSystem(Weak<Shared>);

impl WeakSystem {
    /// The system; one that is shutting down, so that nothing can be added to it, if it is gone.
    pub(crate) fn get(&self) -> System {
        match self.0.upgrade() {
            Some(shared) => System { shared },
            None => {
                let system = System::new("gone");
                lock(&system.shared.topology).shutting_down = true;
                system
            }
        }
    }
}

struct Shared {
    name: Arc<str>,
    grace: Duration,
    observed: AtomicBool,
    topology: Mutex<Topology>,
    /// Rings when the last component has ended.
    idle: Notify,
    services: ServiceTable,
}

/// A place between two pages of a walk over all components.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor(ComponentId);

/// The system has an observer already; there can be one at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the system has an observer already")]
pub struct AlreadyObserved;

impl System {
    /// A system without components.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self::with_grace(name, GRACE)
    }

    /// A system whose components have `grace` to obey Shutdown before they are aborted and named; otherwise that is
    /// five seconds.
    pub fn with_grace(name: impl Into<Arc<str>>, grace: Duration) -> Self {
        let shared = Arc::new_cyclic(|own| {
            let topology = Topology::new(WeakSystem(own.clone()));
            Shared {
                name: name.into(),
                grace,
                observed: AtomicBool::new(false),
                topology: Mutex::new(topology),
                idle: Notify::new(),
                services: ServiceTable::default(),
            }
        });
        Self { shared }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    // === Building ===

    /// Adds a component at the top. It does not run before [`Unstarted::start`], so that it can be linked first.
    pub fn add<C: Component>(&self, name: impl Into<Name>, component: C) -> Result<Unstarted, AddError> {
        self.add_inside(None, name.into(), component)
    }

    /// Joins an outbox to an inbox. Messages flow from now on.
    ///
    /// ```
    /// use axonscope_runtime::System;
    /// use axonscope_runtime::library::Transformer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let system = System::new("links");
    /// let text = system.add("text", Transformer::new(|number: u32| number.to_string()))?;
    /// let double = system.add("double", Transformer::new(|number: u32| number * 2))?;
    ///
    /// // By component and name; a path of names will do as well, and so will the id of a box.
    /// system.link((&double, "outbox"), "text.inbox")?;
    ///
    /// let wrong = system.link((&text, "outbox"), "double.inbox").err().map(|error| error.to_string());
    /// assert_eq!(wrong.as_deref(), Some("`text.outbox` sends String but `double.inbox` takes u32"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn link<'s, 't>(&self, source: impl Into<At<'s>>, sink: impl Into<At<'t>>) -> Result<Linkage, LinkError> {
        self.join(source.into(), sink.into(), LinkageKind::Direct)
    }

    /// Passes what comes to a composite's inbox on to the inbox of a child; messages that wait there go along.
    pub fn pass_inward<'s, 't>(
        &self,
        outer: impl Into<At<'s>>,
        inner: impl Into<At<'t>>,
    ) -> Result<Linkage, LinkError> {
        self.join(outer.into(), inner.into(), LinkageKind::Inward)
    }

    /// Passes what a child's outbox sends out by an outbox of its composite.
    pub fn pass_outward<'s, 't>(
        &self,
        inner: impl Into<At<'s>>,
        outer: impl Into<At<'t>>,
    ) -> Result<Linkage, LinkError> {
        self.join(inner.into(), outer.into(), LinkageKind::Outward)
    }

    fn join(&self, source: At<'_>, sink: At<'_>, kind: LinkageKind) -> Result<Linkage, LinkError> {
        let (source_kind, sink_kind) = match kind {
            LinkageKind::Direct => (PostboxKind::Outbox, PostboxKind::Inbox),
            LinkageKind::Inward => (PostboxKind::Inbox, PostboxKind::Inbox),
            LinkageKind::Outward => (PostboxKind::Outbox, PostboxKind::Outbox),
        };
        let linked = self.edit(|topology| {
            let source = topology.find(source, source_kind)?;
            let sink = topology.find(sink, sink_kind)?;
            topology.link(source, sink, kind)
        });
        linked.map(|info| Linkage::new(self.clone(), info))
    }

    /// Postboxes that can be found by the name of what they offer.
    pub fn services(&self) -> Services<'_> {
        Services::new(self)
    }

    // === Stopping ===

    /// Waits until no component runs.
    pub async fn finished(&self) {
        loop {
            let idle = self.shared.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if lock(&self.shared.topology).live == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Tells every component Shutdown and waits until none runs. Returns the paths of those that had to be aborted
    /// when their grace time was over. Nothing can be added any more.
    pub async fn shutdown(&self) -> Vec<String> {
        // A page at a time, so that those who still run are not held up. None comes after the last.
        self.edit(|topology| topology.shutting_down = true);
        let mut last = None;
        loop {
            last = self.edit(|topology| {
                let page: Vec<_> = topology.components_after(last).take(Self::PAGE_LIMIT).map(|(&id, _)| id).collect();
                for &id in &page {
                    topology.latch(id, Stop::Shutdown);
                }
                page.last().copied()
            });
            if last.is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.finished().await;
        std::mem::take(&mut lock(&self.shared.topology).aborted)
    }

    // === Observing ===

    /// Tells `observer` every structural event from now on. Events are numbered from the system's start, observed or
    /// not, so the first one told may have any number; those after it rise by 1.
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Result<(), AlreadyObserved> {
        let mut topology = lock(&self.shared.topology);
        if topology.observer.is_some() {
            return Err(AlreadyObserved);
        }
        topology.observer = Some(observer);
        self.shared.observed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Lets the observer go; once this returns it is told nothing more.
    pub fn unobserve(&self) {
        let mut topology = lock(&self.shared.topology);
        self.shared.observed.store(false, Ordering::Relaxed);
        let observer = topology.observer.take();
        drop(topology);
        drop(observer);
    }

    /// Everything that exists now. Holds the structure still for the whole walk: for large systems use
    /// [`describe_from`](Self::describe_from).
    pub fn describe(&self) -> Description {
        let topology = lock(&self.shared.topology);
        topology.page(None, usize::MAX).0
    }

    /// What a component is doing at this moment; none if it is gone.
    pub fn condition(&self, component: ComponentId) -> Option<Condition> {
        lock(&self.shared.topology).condition(component)
    }

    /// One page of at most `limit` components (and at most [`PAGE_LIMIT`](Self::PAGE_LIMIT)), oldest first, so that
    /// parents come before children over the whole walk. `None` starts; the cursor returned goes on, and is `None`
    /// after the last page.
    ///
    /// Each page is true at its own `event_number`. Whoever collects all pages trusts the first page's: events after
    /// that one still apply, and applying what a later page contained already changes nothing. A linkage comes with
    /// its source, so its sink may be on a later page, or gone by then (its `Unlinked` event follows).
    pub fn describe_from(&self, cursor: Option<Cursor>, limit: usize) -> (Description, Option<Cursor>) {
        let (page, last) =
            lock(&self.shared.topology).page(cursor.map(|cursor| cursor.0), limit.clamp(1, Self::PAGE_LIMIT));
        (page, last.map(Cursor))
    }

    /// Walks the activity totals of at most `limit` components (and at most [`PAGE_LIMIT`](Self::PAGE_LIMIT)), in the
    /// order of [`describe_from`](Self::describe_from), without cloning or allocating. `visit` runs while the
    /// structure is held still: it must be quick and must not call back into the system.
    ///
    /// Busy times and `last_active_at` are kept only while the system is observed.
    pub fn visit_activity(
        &self,
        cursor: Option<Cursor>,
        limit: usize,
        mut visit: impl FnMut(Visit<'_>),
    ) -> Option<Cursor> {
        let topology = lock(&self.shared.topology);
        let mut left = limit.clamp(1, Self::PAGE_LIMIT);
        let mut last = None;
        for (&id, entry) in topology.components_after(cursor.map(|cursor| cursor.0)) {
            if left == 0 {
                return last.map(Cursor);
            }
            visit(Visit::Component(id, &entry.life));
            for postbox in topology.postboxes(entry) {
                visit(Visit::Postbox(Reading { id: postbox.id, kind: postbox.shape.kind, core: postbox.core }));
            }
            last = Some(id);
            left -= 1;
        }
        None
    }

    /// The most components one page holds, so that a page holds the structure still for less than a millisecond.
    pub const PAGE_LIMIT: usize = 512;

    // === For the rest of the crate ===

    /// Changes the structure. What the change threw away is dropped when the lock is free again.
    fn edit<R>(&self, change: impl FnOnce(&mut Topology) -> R) -> R {
        let mut topology = lock(&self.shared.topology);
        let result = change(&mut topology);
        let trash = std::mem::take(&mut topology.trash);
        let idle = topology.live == 0;
        let runtime = match &topology.runtime {
            Some(runtime) if !topology.doomed.is_empty() && !topology.reaping => Some(runtime.clone()),
            _ => None,
        };
        topology.reaping |= runtime.is_some();
        drop(topology);
        if let Some(runtime) = runtime {
            runtime.spawn(reap(Arc::downgrade(&self.shared), self.shared.grace));
        }
        if idle {
            self.shared.idle.notify_waiters();
        }
        drop(trash);
        result
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.shared.observed.load(Ordering::Relaxed)
    }

    pub(crate) fn path(&self, id: ComponentId) -> String {
        lock(&self.shared.topology).path(id)
    }

    pub(crate) fn add_inside<C: Component>(
        &self,
        parent: Option<ComponentId>,
        name: Name,
        mut component: C,
    ) -> Result<Unstarted, AddError> {
        let (type_name, description) = (component.type_name(), component.description());
        let life = self.edit(|topology| topology.add_component(parent, name, type_name, description))?;
        let mut declare = Declare::new(self, life.id);
        let declared = component.declare(&mut declare);
        match declare.finish().and(declared) {
            Ok(boxes) => Ok(Unstarted::new(self, life, component, boxes)),
            Err(error) => {
                // Children that were declared remove themselves as the component is dropped.
                drop(component);
                self.remove_component(life.id);
                Err(error)
            }
        }
    }

    pub(crate) fn start(&self, id: ComponentId, start: Start) {
        let runtime = Handle::current();
        let is_there = self.edit(|topology| {
            topology.runtime.get_or_insert_with(|| runtime.clone());
            topology.starting(id)
        });
        if is_there {
            // Without the lock: a runtime that shuts down drops the task at once, which calls back.
            let abort = start(&runtime);
            self.edit(|topology| topology.started(id, abort));
        }
    }

    pub(crate) fn running(&self, id: ComponentId) {
        self.edit(|topology| topology.set_state(id, State::Running));
    }

    /// See [`Topology::set_back`].
    pub(crate) fn set_back(&self, id: ComponentId, why: Arc<str>) -> usize {
        self.edit(|topology| topology.set_back(id, why))
    }

    pub(crate) fn clear_children(&self, id: ComponentId) {
        self.edit(|topology| topology.clear_children(id));
    }

    pub(crate) fn start_again(&self, id: ComponentId) {
        self.edit(|topology| topology.start_again(id));
    }

    pub(crate) fn close_children(&self, id: ComponentId) -> usize {
        self.edit(|topology| topology.close_children(id))
    }

    pub(crate) fn ended(&self, id: ComponentId, state: State) {
        self.edit(|topology| topology.ended(id, state));
    }

    pub(crate) fn remove_component(&self, id: ComponentId) {
        self.edit(|topology| topology.remove_component(id));
    }

    pub(crate) fn latch(&self, id: ComponentId, stop: Stop) {
        self.edit(|topology| topology.latch(id, stop));
    }

    pub(crate) fn signal(&self, id: ComponentId, stop: Stop) {
        self.edit(|topology| topology.signal(id, stop));
    }

    pub(crate) fn unlink(&self, linkage: LinkageInfo) {
        self.edit(|topology| topology.unlink(linkage));
    }

    pub(crate) fn relink(&self, linkage: LinkageInfo, sink: At<'_>) -> Result<Linkage, LinkError> {
        let info = self.edit(|topology| topology.relink(linkage, sink))?;
        Ok(Linkage::new(self.clone(), info))
    }

    // === Postboxes ===
    //
    // Where a box cannot be had, a box that belongs to nothing comes with the error, so that declaring goes on and the
    // error comes out at its end.

    pub(crate) fn open_inbox<T: Message>(
        &self,
        owner: ComponentId,
        spec: InboxSpec,
        keeps: bool,
    ) -> (Inbox<T>, Option<AddError>) {
        let InboxSpec { name, capacity, when_full } = spec;
        let make = |id| Arc::new(Queue::<T>::new(id, capacity, when_full, keeps));
        let (queue, error) = self.open(owner, name, PostboxKind::Inbox, Some(capacity), keeps, make);
        (Inbox::new(queue), error)
    }

    pub(crate) fn open_outbox<T: Message>(
        &self,
        owner: ComponentId,
        spec: OutboxSpec,
        keeps: bool,
    ) -> (Outbox<T>, Option<AddError>) {
        let hold = match spec.when_unlinked {
            WhenUnlinked::Drop => None,
            WhenUnlinked::Hold(bound) => Some(bound),
        };
        let make = |id| Arc::new(Route::<T>::new(id, hold, keeps));
        let (route, error) = self.open(owner, spec.name, PostboxKind::Outbox, None, keeps, make);
        (Outbox::new(route), error)
    }

    fn open<T: Message, B: AnyBox + Typed<T>>(
        &self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        capacity: Option<u32>,
        keeps: bool,
        make: impl Fn(PostboxId) -> Arc<B>,
    ) -> (Arc<B>, Option<AddError>) {
        let opened = self.edit(|topology| {
            if keeps && let Some(there) = topology.kept_box(owner, name.as_str(), kind).and_then(cast::<B>) {
                return Ok(there);
            }
            let mut made = None;
            let wanted = name.clone();
            let message_type = std::any::type_name::<T>();
            topology.add_data_box(owner, name, kind, message_type, capacity, |id| {
                let core = make(id);
                made = Some(core.clone());
                core
            });
            made.ok_or_else(|| AddError::DuplicatePostbox {
                path: topology.path(owner),
                postbox: wanted.as_str().to_owned(),
            })
        });
        match opened {
            Ok(core) => (core, None),
            Err(error) => (make(PostboxId::next()), Some(error)),
        }
    }

    pub(crate) fn add_signal(&self, owner: ComponentId, name: Name, keeps: bool) -> Result<PostboxId, AddError> {
        self.edit(|topology| {
            if keeps && let Ok(there) = topology.find(At::Of(owner, name.as_str()), PostboxKind::Outbox) {
                return Ok(there);
            }
            let postbox = name.as_str().to_owned();
            let added = topology.add_signal(owner, name);
            added.ok_or_else(|| AddError::DuplicatePostbox { path: topology.path(owner), postbox })
        })
    }

    /// The component that has the postbox, if both are there.
    pub(crate) fn owner(&self, id: PostboxId) -> Option<ComponentId> {
        lock(&self.shared.topology).postbox(id).map(|postbox| postbox.owner)
    }

    /// The totals of a component that is there.
    pub(crate) fn activity(&self, id: ComponentId) -> Option<ComponentMeter> {
        lock(&self.shared.topology).components.get(&id).map(|entry| entry.life.clone())
    }

    pub(crate) fn service_table(&self) -> &ServiceTable {
        &self.shared.services
    }

    pub(crate) fn remove_postbox(&self, id: PostboxId) {
        self.edit(|topology| topology.remove_postbox(id));
    }

    pub(crate) fn expose(
        &self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        inner: At<'_>,
        keeps: bool,
    ) -> Result<(), AddError> {
        self.edit(|topology| topology.expose(owner, name, kind, inner, keeps))
    }
}

/// A box of messages of type `T`.
trait Typed<T> {}

impl<T> Typed<T> for Queue<T> {}

impl<T> Typed<T> for Route<T> {}

/// Aborts, when their grace time is over, components that were told to shut down and have not. Goes when nobody is
/// left to wait for.
async fn reap(shared: Weak<Shared>, grace: Duration) {
    loop {
        let next = {
            let Some(shared) = shared.upgrade() else { return };
            let mut topology = lock(&shared.topology);
            topology.next_doomed()
        };
        let Some((told_at, id)) = next else {
            let Some(shared) = shared.upgrade() else { return };
            let mut topology = lock(&shared.topology);
            if topology.doomed.is_empty() {
                topology.reaping = false;
                return;
            }
            continue;
        };
        let deadline = told_at + grace;
        if deadline > Instant::now() {
            tokio::time::sleep_until(deadline).await;
        }
        let Some(shared) = shared.upgrade() else { return };
        let why = format!("did not stop within {grace:?} of being told to shut down; aborted");
        let abort = System { shared }.edit(|topology| topology.reap(id, &why));
        if let Some(abort) = abort {
            abort.abort();
        }
    }
}
