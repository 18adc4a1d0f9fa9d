//! The way to a backplane.

use std::marker::PhantomData;
use std::sync::Arc;

use super::find;
use crate::component::{Component, Context, Declare, Io};
use crate::error::{AddError, Outcome};
use crate::name::Name;
use crate::postbox::InboxSpec;
use crate::storage::Message;

/// Passes what comes to `inbox` on to the [`Backplane`](crate::Backplane) of a name. It fails if there is none when it
/// starts. If that one ends, messages go to the next one of the name; those that come between are thrown away and
/// counted at its `outbox`.
pub struct PublishTo<T> {
    backplane: Arc<str>,
    inbox: InboxSpec,
    message: PhantomData<fn(T)>,
}

impl<T: Message> PublishTo<T> {
    /// Publishes to the backplane of that name.
    pub fn new(backplane: impl Into<Arc<str>>) -> Self {
        Self { backplane: backplane.into(), inbox: "inbox".into(), message: PhantomData }
    }

    /// How many messages its inbox holds; otherwise [`DEFAULT_CAPACITY`](crate::DEFAULT_CAPACITY).
    #[must_use]
    pub fn capacity(mut self, capacity: u32) -> Self {
        self.inbox = self.inbox.capacity(capacity);
        self
    }
}

impl<T: Message> Component for PublishTo<T> {
    type Boxes = Io<T, T>;

    fn description(&self) -> Name {
        format!("Publishes to \u{201c}{}\u{201d}", self.backplane).into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Io<T, T>, AddError> {
        Ok(Io { inbox: declare.inbox(self.inbox.clone()), outbox: declare.outbox("outbox") })
    }

    async fn run(self, mut io: Io<T, T>, ctx: Context) -> Outcome {
        let (backplane, _) = find::<T>(&ctx.system(), &self.backplane)?;
        ctx.link(io.outbox.id(), backplane)?;
        while let Some(message) = io.inbox.recv().await? {
            if !io.outbox.is_linked()
                && let Ok((backplane, _)) = find::<T>(&ctx.system(), &self.backplane)
            {
                // Another one of that name. If it goes at this moment the message is counted as any other.
                let _ = ctx.link(io.outbox.id(), backplane);
            }
            io.outbox.send(message).await?;
        }
        Ok(())
    }
}
