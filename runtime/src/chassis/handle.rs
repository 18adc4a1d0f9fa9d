//! A handle: plain code sends to a component and receives from it.

mod talk;

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::oneshot;

use self::talk::{Parts, Talk};
use super::park;
use crate::component::Component;
use crate::error::AddError;
use crate::handle::ComponentHandle;
use crate::id::ComponentId;
use crate::name::Name;
use crate::observe::State;
use crate::postbox::{Inbox, Outbox};
use crate::stop::{Shutdown, Stop};
use crate::storage::Message;
use crate::sync::lock;
use crate::system::System;

/// Talks to a component from plain code: from `async` code, and with the `blocking_` methods from a thread that runs no
/// tasks.
///
/// In the topology it is a composite that has the component inside it, by the name `component`. What is sent goes to
/// the component's `inbox`, and what its `outbox` sends is received; `()` stands for a box that the component does not
/// have. The bounds are those of the inboxes: sending waits while the component's is full, and the component waits
/// while nobody receives.
///
/// Dropping the handle tells the component `ProducerFinished`: it finishes what it holds, and what it still sends is
/// thrown away and counted.
///
/// ```
/// use axonscope_runtime::{Handle, State, System, library::Transformer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("plain code");
/// let mut square = Handle::<u64, u64>::start(&system, "square", Transformer::new(|n: u64| n * n))?;
///
/// square.send(3).await?;
/// square.send(4).await?;
/// assert_eq!(square.recv().await, Some(9));
///
/// // From a thread, for code that is not `async`.
/// let square = tokio::task::spawn_blocking(move || {
///     assert_eq!(square.blocking_recv(), Some(16));
///     square
/// })
/// .await?;
/// assert_eq!(square.stop().await, State::Finished);
/// # Ok(())
/// # }
/// ```
pub struct Handle<I: Message, O: Message> {
    sender: HandleSender<I>,
    receiver: HandleReceiver<O>,
}

/// The half of a [`Handle`] that sends. Dropping it is [`Handle::finish`].
pub struct HandleSender<I: Message> {
    /// None once it has been finished.
    outbox: Option<Outbox<I>>,
    linked: bool,
    composite: ComponentHandle,
    system: System,
    child: ComponentHandle,
}

/// The half of a [`Handle`] that receives. When it has been dropped, what the component sends is thrown away and
/// counted.
pub struct HandleReceiver<O: Message> {
    /// None once all has been received. Dropping it lets the composite go.
    open: Option<(Inbox<O>, oneshot::Sender<()>)>,
    child: ComponentHandle,
}

/// Nothing more can be sent to the component.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SendError {
    /// It has ended.
    #[error("the component has ended{}", why(.0))]
    Ended(State),
    /// The handle was told to finish, or the component to shut down.
    #[error("nothing more can be sent: the handle has been finished or shut down")]
    Finished,
    /// It has no inbox.
    #[error("the component has no inbox")]
    NoInbox,
}

fn why(state: &State) -> String {
    match state {
        State::Failed(why) => format!(": {why}"),
        _ => String::new(),
    }
}

impl<I: Message, O: Message> Handle<I, O> {
    /// Adds `component` to the system, inside a composite named `name`, and starts both.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as [`tokio::spawn`] does.
    pub fn start<C: Component>(system: &System, name: impl Into<Name>, component: C) -> Result<Self, AddError> {
        let parts = Arc::default();
        let (held, gone) = oneshot::channel();
        let composite = Talk { component: Some(component), parts: Arc::clone(&parts), gone };
        let composite = system.add(name, composite)?.start();
        let Some(Parts { io, child, linked }) = lock(&parts).take() else {
            // The system ended it as it was made.
            return Err(AddError::NoParent { name: "component".to_owned() });
        };
        let child = child.start();
        let sender =
            HandleSender { outbox: Some(io.outbox), linked, composite, system: system.clone(), child: child.clone() };
        Ok(Self { sender, receiver: HandleReceiver { open: Some((io.inbox, held)), child } })
    }

    /// The component it talks to, for linking further boxes of it.
    pub fn component(&self) -> ComponentId {
        self.sender.child.id()
    }

    /// Sends to the component; waits while its inbox is full. A message that the component ends without taking is
    /// thrown away and counted.
    pub async fn send(&mut self, message: I) -> Result<(), SendError> {
        self.sender.send(message).await
    }

    /// The next message that the component sent; none when it has ended and all has been received, or once it has
    /// been shut down.
    pub async fn recv(&mut self) -> Option<O> {
        self.receiver.recv().await
    }

    /// The next message, if one waits now.
    pub fn try_recv(&mut self) -> Option<O> {
        self.receiver.try_recv()
    }

    /// [`send`](Self::send) for a thread that runs no tasks: the thread sleeps meanwhile.
    pub fn blocking_send(&mut self, message: I) -> Result<(), SendError> {
        self.sender.blocking_send(message)
    }

    /// [`recv`](Self::recv) for a thread that runs no tasks: the thread sleeps meanwhile.
    pub fn blocking_recv(&mut self) -> Option<O> {
        self.receiver.blocking_recv()
    }

    /// Says that nothing more will be sent, so that the component finishes what it holds and ends. What it sends
    /// meanwhile can be received.
    pub fn finish(&mut self) {
        self.sender.finish();
    }

    /// Finishes, throws away what the component still sends, and waits for its end.
    pub async fn stop(mut self) -> State {
        self.finish();
        while self.recv().await.is_some() {}
        self.receiver.ended().await
    }

    /// Tells the component to stop now, and waits for its end.
    pub async fn shutdown(self) -> State {
        self.sender.child.stop(Stop::Shutdown);
        self.receiver.ended().await
    }

    /// Its two halves, for two tasks or threads.
    pub fn split(self) -> (HandleSender<I>, HandleReceiver<O>) {
        (self.sender, self.receiver)
    }
}

// === impl HandleSender ===

impl<I: Message> HandleSender<I> {
    /// See [`Handle::send`].
    pub async fn send(&mut self, message: I) -> Result<(), SendError> {
        if let Some(state) = self.child.end() {
            return Err(SendError::Ended(state));
        }
        if !self.linked {
            return Err(SendError::NoInbox);
        }
        let outbox = self.outbox.as_mut().ok_or(SendError::Finished)?;
        outbox.send(message).await.map_err(|_: Shutdown| SendError::Finished)
    }

    /// See [`Handle::blocking_send`].
    pub fn blocking_send(&mut self, message: I) -> Result<(), SendError> {
        park::wait_for(self.send(message))
    }

    /// See [`Handle::finish`].
    pub fn finish(&mut self) {
        if self.outbox.take().is_some() {
            self.system.signal(self.composite.id(), Stop::ProducerFinished);
        }
    }
}

impl<I: Message> Drop for HandleSender<I> {
    fn drop(&mut self) {
        self.finish();
    }
}

// === impl HandleReceiver ===

impl<O: Message> HandleReceiver<O> {
    /// See [`Handle::recv`].
    pub async fn recv(&mut self) -> Option<O> {
        let (inbox, _) = self.open.as_mut()?;
        let received = inbox.recv().await.ok().flatten();
        if received.is_none() {
            self.open = None;
        }
        received
    }

    /// See [`Handle::try_recv`].
    pub fn try_recv(&mut self) -> Option<O> {
        self.open.as_mut()?.0.try_recv()
    }

    /// See [`Handle::blocking_recv`].
    pub fn blocking_recv(&mut self) -> Option<O> {
        park::wait_for(self.recv())
    }

    /// Waits for the component's end, whether or not all has been received.
    pub async fn ended(&self) -> State {
        self.child.ended().await
    }
}
