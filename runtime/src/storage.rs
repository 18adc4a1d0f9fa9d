//! What stands behind the two kinds of postbox: the bounded queue of an inbox, and the route of an outbox.
//!
//! Two rules carry everything. A message enters a queue only under that queue's lock and only if the sender's route
//! is still the one it was sent by; so whoever changes routes under the same lock knows that nothing arrives by the
//! old way afterwards. And routes change, and messages move from queue to queue, only under the lock of the whole
//! topology, so that at most one thread ever holds two queues. Locks are taken in the order topology, queue, route.
//!
//! An outbox that holds what it cannot send yet has a queue of its own for that. It leads there while it has no
//! linkage, and what waits there goes along when it gets one.

mod queue;
mod route;

use std::any::{Any, TypeId};
use std::sync::{Arc, Weak};

pub(crate) use queue::{Offer, Queue, Room};
pub(crate) use route::{Known, Route};

use crate::id::PostboxId;
use crate::observe::{PostboxActivity, Watcher};
use crate::stop::Stop;
use crate::sync::lock;

/// What a message has to be: any value that may move to another thread.
pub trait Message: Send + 'static {}

impl<T: Send + 'static> Message for T {}

/// What an inbox does with a message that finds it full.
///
/// ```
/// use axonscope_runtime::{Component, Context, InboxSpec, Outcome, State, System, WhenFull};
///
/// struct Recent;
///
/// impl Component for Recent {
///     type Boxes = ();
///
///     async fn run(self, (): (), ctx: Context) -> Outcome {
///         let inbox = InboxSpec::new("recent").capacity(2).when_full(WhenFull::DropOldest);
///         let (mut inbox, mut outbox) = (ctx.inbox(inbox)?, ctx.outbox("outbox")?);
///         ctx.link(outbox.id(), inbox.id())?;
///         for number in 1..=5 {
///             outbox.send(number).await?; // Never waits.
///         }
///         assert_eq!([inbox.try_recv(), inbox.try_recv(), inbox.try_recv()], [Some(4), Some(5), None]);
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("recent");
/// assert_eq!(system.add("recent", Recent)?.start().ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum WhenFull {
    /// The sender waits.
    #[default]
    Wait,
    /// The message that has waited longest is thrown away and counted at the inbox.
    DropOldest,
    /// The message that comes is thrown away and counted at the inbox.
    DropNewest,
}

/// A postbox without its message type, as the topology holds it.
pub(crate) trait AnyBox: Any + Send + Sync {
    fn message_type(&self) -> TypeId;

    /// Its running totals, which are stored in it so that counting a message touches no other memory.
    fn activity(&self) -> &PostboxActivity;

    /// Moves everything the `sources` send from the queue `old` to the queue `new`, which may be none. With
    /// `carry`, messages that wait in `old` go with them. All are of this postbox's message type.
    fn switch(
        &self,
        old: Option<Arc<dyn AnyBox>>,
        new: Option<Arc<dyn AnyBox>>,
        sources: Vec<Arc<dyn AnyBox>>,
        carry: bool,
    );

    /// Tells a queue, or the sender that waits at an outbox, what control has latched.
    fn stop(&self, stop: Stop);

    /// Outbox: tells `watcher`, or nobody, of each message from now on. False where none will be sent.
    fn set_tap(&self, _watcher: Option<Weak<Watcher>>) -> bool {
        false
    }

    /// Outbox: nothing more will be sent. What it holds may still go.
    fn finish(&self);

    /// Takes and sends no more, and gives back what waited or was held, to be dropped where no lock is held.
    fn close(&self) -> Option<Box<dyn Send>>;

    /// Whether the box outlives whoever holds it: its component may be started again.
    fn is_kept(&self) -> bool;

    /// What waits here belongs to an inbox further out: the end of the component alone does not throw it away.
    fn lend(&self) {}

    /// Takes all that waits in another inbox of the same message type, before what waits here.
    fn take_back(&self, _from: &Arc<dyn AnyBox>) {}

    /// Whether it is an inbox that takes messages.
    fn is_open(&self) -> bool {
        false
    }

    /// Another postbox of this kind and message type, for a composite to show in its own name. It is closed, unless
    /// the composite may be started again: then messages wait in it meanwhile.
    fn alike(&self, id: PostboxId, keeps: bool) -> Arc<dyn AnyBox>;
}

pub(crate) fn cast<C: Any + Send + Sync>(any: Arc<dyn AnyBox>) -> Option<Arc<C>> {
    let any: Arc<dyn Any + Send + Sync> = any;
    any.downcast().ok()
}

/// Holds two queues, or three with that of an outbox that holds; see the top of this file.
fn switch<T: Message>(
    old: Option<Arc<dyn AnyBox>>,
    new: Option<Arc<dyn AnyBox>>,
    sources: Vec<Arc<dyn AnyBox>>,
    carry: bool,
) {
    let old = old.and_then(cast::<Queue<T>>);
    let new = new.and_then(cast::<Queue<T>>);
    if let (Some(old), Some(new)) = (&old, &new)
        && Arc::ptr_eq(old, new)
    {
        return;
    }
    let sources: Vec<Arc<Route<T>>> = sources.into_iter().filter_map(cast::<Route<T>>).collect();
    let mut old_state = old.as_ref().map(|queue| lock(&queue.state));
    let mut new_state = new.as_ref().map(|queue| lock(&queue.state));
    let mut receivers = [None, None];
    let mut granted = Vec::new();

    // What is carried may exceed the capacity for a while; senders wait until it is kept again.
    if carry
        && let (Some(old_queue), Some(old_state)) = (&old, &mut old_state)
        && let (Some(new_queue), Some(new_state)) = (&new, &mut new_state)
        && !new_state.closed
        && !old_state.messages.is_empty()
    {
        receivers[0] = new_queue.append(new_state, old_queue, old_state);
        // There is room now for those who wait at the old queue and come by no way that moves.
        granted.extend(std::iter::from_fn(|| old_queue.grant(old_state)));
    }
    for route in &sources {
        let held = route.hold().map(|hold| (hold, lock(&hold.state)));
        // The hold stays locked until its messages are where the route leads, so that none overtakes them.
        if route.lead_to(new.clone()) {
            if let Some(state) = &mut old_state {
                receivers[1] = state.source_gone().or(receivers[1].take());
            }
            if let Some(state) = &mut new_state {
                state.open_sources += 1;
            }
        }
        if let (Some((hold, mut hold_state)), Some(new_queue), Some(new_state)) = (held, &new, &mut new_state)
            && !new_state.closed
            && !hold_state.messages.is_empty()
        {
            receivers[0] = new_queue.append(new_state, hold, &mut hold_state).or(receivers[0].take());
        }
    }
    drop((old_state, new_state));

    for receiver in receivers.into_iter().flatten() {
        receiver.wake();
    }
    for route in sources.into_iter().chain(granted) {
        route.wake();
    }
}
