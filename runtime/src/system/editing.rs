//! What the rest of the crate does to a system: each is one change of the structure, made under its lock.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::{Shared, System};
use crate::component::{Component, Declare, Start, Unstarted};
use crate::error::{AddError, LinkError};
use crate::id::{ComponentId, PostboxId};
use crate::linkage::{At, Linkage};
use crate::name::Name;
use crate::observe::{ComponentMeter, LinkageInfo, State};
use crate::services::ServiceTable;
use crate::stop::Stop;
use crate::sync::{Mutex, MutexGuard, lock};
use crate::topology::Topology;

/// How often a lock is tried before the thread sleeps: some tenths of a millisecond.
const TRIES: u32 = 500;

impl System {
    /// The structure, for whoever has waited for it longest, or nearly so.
    pub(super) fn structure(&self) -> MutexGuard<'_, Topology> {
        let next = patiently(&self.shared.next);
        let topology = patiently(&self.shared.topology);
        drop(next);
        topology
    }

    /// Changes the structure. What the change threw away is dropped when the lock is free again.
    pub(super) fn edit<R>(&self, change: impl FnOnce(&mut Topology) -> R) -> R {
        let mut topology = self.structure();
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

    pub(crate) fn is_timed(&self) -> bool {
        self.shared.timed.load(Ordering::Relaxed)
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
}

/// Locks `mutex`, which is held for a tenth of a millisecond at the most: a thread that falls asleep meanwhile often wakes
/// much later than that.
fn patiently<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Shuttle would play each of these out.
    if cfg!(not(feature = "shuttle")) {
        for _ in 0..TRIES {
            if let Ok(guard) = mutex.try_lock() {
                return guard;
            }
            std::thread::yield_now();
        }
    }
    lock(mutex)
}

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
