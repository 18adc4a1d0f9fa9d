//! A system: all components that one program runs, and how they are joined. The only place that starts tasks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::Notify;

use crate::clock::set_poll_clock;
use crate::component::{Component, Unstarted};
use crate::describe::Condition;
use crate::error::{AddError, LinkError};
use crate::id::{ComponentId, PostboxId};
use crate::linkage::{At, Linkage};
use crate::name::Name;
use crate::observe::{Description, LinkageKind, Observer, PostboxKind, Reading, Visit, Watcher};
use crate::services::{ServiceTable, Services};
use crate::stop::Stop;
use crate::sync::{Mutex, lock};
use crate::topology::{CoreView, Topology};

mod editing;
mod looking;
mod opening;

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
    /// Whoever holds this has the structure next. The lock of the structure is not fair: without this, one who reads
    /// page after page would take it again and again before another has woken up.
    next: Mutex<()>,
    grace: Duration,
    /// Whether polls ask the clock.
    timed: AtomicBool,
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
                next: Mutex::new(()),
                grace,
                timed: AtomicBool::new(false),
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
    /// not, so the first one told may have any number; those after it rise by 1. Polls are timed from now on.
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Result<(), AlreadyObserved> {
        let mut topology = lock(&self.shared.topology);
        if topology.watcher.is_some() {
            return Err(AlreadyObserved);
        }
        topology.watcher = Some(Arc::new(Watcher(observer)));
        self.set_timed(true);
        Ok(())
    }

    /// Whether polls are timed, which takes two looks at the clock for each: that is the dearest part of a short one.
    /// [`observe`](Self::observe) begins it and [`unobserve`](Self::unobserve) ends it; an observer may end it too while
    /// nobody listens to it, and begin it again.
    ///
    /// While polls are not timed they are still counted, but nothing is added to the busy time, [`last_active_at`] stays
    /// as it is, and [`poll_started_at`] says that a poll runs, not since when. A poll that runs when this is called ends
    /// as it began.
    ///
    /// [`poll_started_at`]: crate::ComponentActivity::poll_started_at
    /// [`last_active_at`]: crate::ComponentActivity::last_active_at
    pub fn set_timed(&self, timed: bool) {
        set_poll_clock();
        self.shared.timed.store(timed, Ordering::Relaxed);
    }

    /// Whether the observer is told of each message that is sent from `outbox`, by
    /// [`Observer::on_message`]. False if nothing leaves there: there is no such outbox, its component has let it go, it
    /// only shows the outbox of a child (tap that one), or it is a signal, which sends no messages; or nobody observes.
    ///
    /// The tap belongs to the outbox, wherever that is linked, and lasts until it is taken off, the outbox goes, or the
    /// observer does. Others are not slowed by it. A message that is being told while the tap is taken off may still be
    /// told.
    pub fn set_tapped(&self, outbox: PostboxId, tapped: bool) -> bool {
        let topology = self.structure();
        let watcher = topology.watcher.as_ref().filter(|_| tapped).map(Arc::downgrade);
        match topology.postbox(outbox).map(|postbox| postbox.core) {
            Some(CoreView::Data(core)) if watcher.is_some() == tapped => core.set_tap(watcher),
            _ => false,
        }
    }

    /// Lets the observer go, and its taps with it; once this returns it is told nothing more, except for messages that
    /// are being told at this moment.
    pub fn unobserve(&self) {
        let mut topology = lock(&self.shared.topology);
        self.set_timed(false);
        let watcher = topology.watcher.take();
        drop(topology);
        drop(watcher);
    }

    /// Everything that exists now. Holds the structure still for the whole walk: for large systems use
    /// [`describe_from`](Self::describe_from).
    pub fn describe(&self) -> Description {
        let topology = lock(&self.shared.topology);
        topology.page(None, usize::MAX, Description::default()).0
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
        let limit = limit.clamp(1, Self::PAGE_LIMIT);
        let room = Description {
            event_number: 0,
            components: Vec::with_capacity(limit),
            states: Vec::with_capacity(limit),
            // Of most components: control, signal, and one or two of their own, each joined once.
            postboxes: Vec::with_capacity(4 * limit),
            linkages: Vec::with_capacity(2 * limit),
        };
        let (page, last) = self.structure().page(cursor.map(|cursor| cursor.0), limit, room);
        (page, last.map(Cursor))
    }

    /// Walks the activity totals of at most `limit` components (and at most [`PAGE_LIMIT`](Self::PAGE_LIMIT)), in the
    /// order of [`describe_from`](Self::describe_from), without cloning or allocating. `visit` runs while the
    /// structure is held still: it must be quick and must not call back into the system.
    ///
    /// Busy times and `last_active_at` are kept only while polls are [timed](Self::set_timed).
    pub fn visit_activity(
        &self,
        cursor: Option<Cursor>,
        limit: usize,
        mut visit: impl FnMut(Visit<'_>),
    ) -> Option<Cursor> {
        set_poll_clock();
        let topology = self.structure();
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
    pub const PAGE_LIMIT: usize = 256;
}
