//! The way from a backplane.

use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;

use super::find;
use crate::chassis::fan_out::Plug;
use crate::component::{Boxes, Component, Context, Declare, Io};
use crate::error::{AddError, Outcome};
use crate::name::Name;
use crate::postbox::InboxSpec;
use crate::storage::Message;

/// Sends what comes to the [`Backplane`](crate::Backplane) of a name from `outbox`, from when it is added to when it
/// ends. It finishes when it is told to or with the backplane, and fails if there is none when it starts.
pub struct SubscribeTo<T> {
    backplane: Arc<str>,
    inbox: InboxSpec,
    message: PhantomData<fn(T)>,
}

impl<T: Message> SubscribeTo<T> {
    /// Subscribes to the backplane of that name.
    pub fn new(backplane: impl Into<Arc<str>>) -> Self {
        Self { backplane: backplane.into(), inbox: "inbox".into(), message: PhantomData }
    }

    /// How many messages wait for it before the backplane does; otherwise
    /// [`DEFAULT_CAPACITY`](crate::DEFAULT_CAPACITY).
    #[must_use]
    pub fn capacity(mut self, capacity: u32) -> Self {
        self.inbox = self.inbox.capacity(capacity);
        self
    }
}

/// The boxes of a [`SubscribeTo`].
pub struct SubscriberBoxes<T: Message> {
    io: Io<T, T>,
    plugged: Plugged,
}

/// Unplugs when it is dropped, however the component comes to its end.
struct Plugged(Option<Plug>);

impl Drop for Plugged {
    fn drop(&mut self) {
        if let Some(plug) = self.0.take() {
            plug.unplug_now();
        }
    }
}

impl<T: Message> Boxes for SubscriberBoxes<T> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { io: Io::declare(declare), plugged: Plugged(None) }
    }
}

impl<T: Message> Component for SubscribeTo<T> {
    type Boxes = SubscriberBoxes<T>;

    fn description(&self) -> Name {
        format!("Sends what is published to \u{201c}{}\u{201d}", self.backplane).into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<SubscriberBoxes<T>, AddError> {
        let io = Io { inbox: declare.inbox(self.inbox.clone()), outbox: declare.outbox("outbox") };
        // Now if it can be, so that nothing published after the subscriber was added passes it by.
        let found = find::<T>(declare.system(), &self.backplane);
        let plug = found.ok().and_then(|(_, fan)| fan.plug(io.inbox.id().into()).ok());
        Ok(SubscriberBoxes { io, plugged: Plugged(plug) })
    }

    async fn run(self, boxes: SubscriberBoxes<T>, ctx: Context) -> Outcome {
        let SubscriberBoxes { mut io, mut plugged } = boxes;
        if plugged.0.is_none() {
            let (_, fan) = find::<T>(&ctx.system(), &self.backplane)?;
            plugged.0 = Some(fan.plug(io.inbox.id().into())?);
        }
        let mut stopped = pin!(ctx.stopped());
        loop {
            let message = tokio::select! {
                biased;
                message = io.inbox.recv() => message?,
                // The backplane goes on: it must not be waited for.
                _ = &mut stopped, if plugged.0.is_some() => {
                    plugged = Plugged(None);
                    continue;
                }
            };
            let Some(message) = message else { return Ok(()) };
            io.outbox.send(message).await?;
        }
    }
}
