//! One inbox to any number of outboxes, which come and go meanwhile: what Splitter and Backplane have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use crate::component::Context;
use crate::error::{AddError, LinkError, Outcome, WouldWait};
use crate::id::{ComponentId, PostboxId};
use crate::linkage::{At, Linkage};
use crate::postbox::{Inbox, Outbox};
use crate::storage::Message;
use crate::sync::{Mutex, lock};
use crate::system::System;

/// Outboxes whose sink has gone are looked for each time so many messages have passed.
const SWEEP_EACH: u32 = 64;

/// Why a sink was not plugged.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PlugError {
    /// The component has not been added to a system yet, or has ended.
    #[error("there is nothing to plug into: the component has not been added yet, or has ended")]
    NotThere,
    /// There is no such inbox, or it takes other messages.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// No outbox could be made for it.
    #[error(transparent)]
    Add(#[from] AddError),
}

/// A sink that was plugged. Dropping this leaves it plugged.
pub struct Plug {
    system: System,
    source: PostboxId,
    signal: Option<PostboxId>,
    linkage: Linkage,
    unplug: Box<dyn FnOnce(PostboxId) + Send + Sync>,
}

impl Plug {
    /// The linkage by which messages reach the sink.
    pub fn linkage(&self) -> &Linkage {
        &self.linkage
    }

    /// Takes the sink off. Once this returns, nothing more arrives there; what had arrived stays. A message that waits
    /// for room there is thrown away and counted.
    pub async fn unplug(self) {
        self.unplug_now();
    }

    pub(super) fn unplug_now(self) {
        self.system.remove_postbox(self.source);
        if let Some(signal) = self.signal {
            self.system.remove_postbox(signal);
        }
        (self.unplug)(self.source);
    }
}

/// What those who plug and the task that sends have in common.
pub(super) struct Fan<T: Message> {
    /// Whether there is anything in `changes` for the task to take. Asked for each message, so it is not a lock.
    changed: AtomicBool,
    changes: Mutex<Changes<T>>,
}

struct Changes<T: Message> {
    /// Whose outboxes they are, from when it is added until it ends.
    owner: Option<(System, ComponentId)>,
    come: Vec<Way<T>>,
    gone: Vec<PostboxId>,
    /// How many have been plugged so far, for their names.
    plugged: u64,
}

/// The way to one sink.
struct Way<T: Message> {
    outbox: Outbox<T>,
    /// By which the sink learns of the stop.
    signal: Option<PostboxId>,
}

impl<T: Message> Fan<T> {
    pub(super) fn new() -> Arc<Self> {
        let changes = Changes { owner: None, come: Vec::new(), gone: Vec::new(), plugged: 0 };
        Arc::new(Self { changed: AtomicBool::new(false), changes: Mutex::new(changes) })
    }

    /// The component whose outboxes are meant is there from now on, and until what this returns is dropped.
    pub(super) fn open(self: &Arc<Self>, system: &System, owner: ComponentId) -> Opened<T> {
        lock(&self.changes).owner = Some((system.clone(), owner));
        Opened(self.clone())
    }

    pub(super) fn plug(self: &Arc<Self>, sink: At<'_>) -> Result<Plug, PlugError> {
        let (system, owner, number) = {
            let mut changes = lock(&self.changes);
            changes.plugged += 1;
            let (system, owner) = changes.owner.clone().ok_or(PlugError::NotThere)?;
            (system, owner, changes.plugged)
        };
        let (outbox, error) = system.open_outbox::<T>(owner, format!("outbox {number}").into(), false);
        if let Some(error) = error {
            return Err(error.into());
        }
        let linkage = match system.link(outbox.id(), sink) {
            Ok(linkage) => linkage,
            Err(error) => {
                system.remove_postbox(outbox.id());
                return Err(error.into());
            }
        };
        let signal = system.owner(linkage.info().sink).and_then(|sink| {
            let signal = system.add_signal(owner, format!("signal {number}").into(), false).ok()?;
            // A sink that has gone meanwhile needs no stop.
            let _ = system.link(signal, (sink, "control"));
            Some(signal)
        });
        let source = outbox.id();
        let mut changes = lock(&self.changes);
        if changes.owner.is_none() {
            drop(changes);
            return Err(PlugError::NotThere);
        }
        changes.come.push(Way { outbox, signal });
        self.changed.store(true, Ordering::Release);
        drop(changes);
        let fan = self.clone();
        let unplug = Box::new(move |source| fan.forget(source));
        Ok(Plug { system, source, signal, linkage, unplug })
    }

    fn forget(&self, source: PostboxId) {
        let mut changes = lock(&self.changes);
        if changes.owner.is_some() {
            changes.gone.push(source);
            self.changed.store(true, Ordering::Release);
        }
    }

    /// Sends each message to each of `fixed` and of those plugged, until the inbox has come to its end.
    pub(super) async fn run(&self, ctx: &Context, mut inbox: Inbox<T>, fixed: Vec<Outbox<T>>) -> Outcome
    where
        T: Clone,
    {
        let kept = fixed.len();
        let mut ways: Vec<_> = fixed.into_iter().map(|outbox| Way { outbox, signal: None }).collect();
        let mut waiting = Vec::new();
        let mut since_sweep = 0;
        while let Some(message) = inbox.recv().await? {
            if self.changed.load(Ordering::Acquire) {
                self.take_changes(&mut ways);
            }
            since_sweep += 1;
            if since_sweep == SWEEP_EACH {
                since_sweep = 0;
                sweep(&ctx.system(), &mut ways, kept);
            }
            // All that have room first, so that the slowest alone decides how long this takes.
            if let Some((last, others)) = ways.split_last_mut() {
                for (index, way) in others.iter_mut().enumerate() {
                    if let Err(WouldWait(message)) = way.outbox.try_send(message.clone()) {
                        waiting.push((index, message));
                    }
                }
                if let Err(WouldWait(message)) = last.outbox.try_send(message) {
                    waiting.push((ways.len() - 1, message));
                }
            }
            for (index, message) in waiting.drain(..) {
                ways[index].outbox.send(message).await?;
            }
        }
        Ok(())
    }

    fn take_changes(&self, ways: &mut Vec<Way<T>>) {
        let (come, gone) = {
            let mut changes = lock(&self.changes);
            self.changed.store(false, Ordering::Relaxed);
            (std::mem::take(&mut changes.come), std::mem::take(&mut changes.gone))
        };
        ways.extend(come);
        ways.retain(|way| !gone.contains(&way.outbox.id()));
    }
}

/// Takes the outboxes off whose sink has gone by itself.
fn sweep<T: Message>(system: &System, ways: &mut Vec<Way<T>>, kept: usize) {
    let mut index = kept;
    while let Some(way) = ways.get_mut(index) {
        if way.outbox.is_linked() {
            index += 1;
            continue;
        }
        let way = ways.swap_remove(index);
        system.remove_postbox(way.outbox.id());
        if let Some(signal) = way.signal {
            system.remove_postbox(signal);
        }
    }
}

/// Nothing can be plugged any more once this is dropped.
pub(super) struct Opened<T: Message>(Arc<Fan<T>>);

impl<T: Message> Opened<T> {
    pub(super) fn fan(&self) -> &Fan<T> {
        &self.0
    }
}

impl<T: Message> Drop for Opened<T> {
    fn drop(&mut self) {
        let mut changes = lock(&self.0.changes);
        let owner = changes.owner.take();
        let come = std::mem::take(&mut changes.come);
        drop(changes);
        drop((owner, come));
    }
}
