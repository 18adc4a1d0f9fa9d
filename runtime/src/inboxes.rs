//! Several inboxes that are waited at as one, for components whose boxes come and go.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use crate::id::PostboxId;
use crate::postbox::Inbox;
use crate::stop::Shutdown;
use crate::storage::Message;

/// Inboxes that a component adds and removes while it runs, and receives from as one: whichever has a message comes
/// first. They take turns, so that a busy one does not keep the others waiting.
///
/// Each look goes past all that are empty: this is for dozens of inboxes, not for thousands.
///
/// ```
/// use axonscope_runtime::{Component, Context, Inboxes, Out, Outcome, State, System};
///
/// struct Say(&'static str);
///
/// impl Component for Say {
///     type Boxes = Out<&'static str>;
///
///     async fn run(self, mut boxes: Self::Boxes, _: Context) -> Outcome {
///         boxes.outbox.send(self.0).await?;
///         boxes.outbox.send("bye").await?;
///         Ok(())
///     }
/// }
///
/// /// Starts two children, and listens to each at an inbox of its own.
/// struct Listen;
///
/// impl Component for Listen {
///     type Boxes = ();
///
///     async fn run(self, (): (), ctx: Context) -> Outcome {
///         let mut inboxes = Inboxes::<&str>::new();
///         for name in ["one", "two"] {
///             let inbox = ctx.inbox(format!("from {name}"))?;
///             let child = ctx.add(name, Say(name))?;
///             ctx.link((&child, "outbox"), inbox.id())?;
///             inboxes.add(inbox);
///             child.start();
///         }
///         let mut heard = Vec::new();
///         // No more comes when the last inbox has been removed.
///         while let Some((from, word)) = inboxes.recv().await? {
///             if word != "bye" {
///                 heard.push(word);
///             } else if let Some(inbox) = inboxes.remove(from) {
///                 ctx.remove_inbox(inbox);
///             }
///         }
///         heard.sort();
///         assert_eq!(heard, ["one", "two"]);
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("two children");
/// assert_eq!(system.add("listen", Listen)?.start().ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
pub struct Inboxes<T: Message> {
    inboxes: Vec<Inbox<T>>,
    /// Whose turn it is.
    next: usize,
}

impl<T: Message> Inboxes<T> {
    /// None yet.
    pub fn new() -> Self {
        Self { inboxes: Vec::new(), next: 0 }
    }

    /// Receives from `inbox` too, from now on, and says by which id it can be told from the others.
    pub fn add(&mut self, inbox: Inbox<T>) -> PostboxId {
        let postbox_id = inbox.id();
        self.inboxes.push(inbox);
        postbox_id
    }

    /// Gives an inbox back, with what waits in it; none if there is none of that id. To drop the inbox closes it, and
    /// [`remove_inbox`](crate::Context::remove_inbox) takes it off the component.
    pub fn remove(&mut self, postbox_id: PostboxId) -> Option<Inbox<T>> {
        let index = self.inboxes.iter().position(|inbox| inbox.id() == postbox_id)?;
        if index < self.next {
            self.next -= 1;
        }
        Some(self.inboxes.remove(index))
    }

    /// Waits for the next message at any of them, and says where it came. `Ok(None)` says that there will be no more at
    /// any, as it does for [`Inbox::recv`]; so it does at once when there are none. A component that waits for
    /// something else as well, which may bring the first inbox, looks at [`is_empty`](Self::is_empty) before.
    ///
    /// Nothing is lost when the future is dropped while it waits.
    pub fn recv(&mut self) -> RecvAny<'_, T> {
        RecvAny { inboxes: self, waited: false }
    }

    /// How many inboxes there are, not how many messages.
    pub fn len(&self) -> usize {
        self.inboxes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inboxes.is_empty()
    }

    fn poll_any(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<(PostboxId, T)>, Shutdown>> {
        let count = self.inboxes.len();
        let mut all_ended = true;
        for turn in 0..count {
            let index = (self.next + turn) % count;
            let found = match self.inboxes[index].poll_take(cx) {
                Poll::Pending => {
                    all_ended = false;
                    continue;
                }
                Poll::Ready(Ok(None)) => continue,
                Poll::Ready(Ok(Some(message))) => Ok(Some((self.inboxes[index].id(), message))),
                Poll::Ready(Err(shutdown)) => Err(shutdown),
            };
            // Those looked at before this one say that somebody waits for them.
            for before in 0..turn {
                self.inboxes[(self.next + before) % count].wait_no_more();
            }
            self.next = (index + 1) % count;
            return Poll::Ready(found);
        }
        if all_ended { Poll::Ready(Ok(None)) } else { Poll::Pending }
    }
}

impl<T: Message> Default for Inboxes<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A wait for a message at any of several inboxes; see [`Inboxes::recv`].
#[must_use = "a message is taken only when this is awaited"]
pub struct RecvAny<'a, T: Message> {
    inboxes: &'a mut Inboxes<T>,
    waited: bool,
}

impl<T: Message> Future for RecvAny<'_, T> {
    type Output = Result<Option<(PostboxId, T)>, Shutdown>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // One look at all of them counts as one step of the task: were each inbox to count, many that have ended could
        // use up every turn of the task before the one that has a message.
        let progress = ready!(coop::poll_proceed(cx));
        let inboxes = &mut *this.inboxes;
        let look = coop::unconstrained(std::future::poll_fn(|cx| Poll::Ready(inboxes.poll_any(cx))));
        let Poll::Ready(polled) = pin!(look).poll(cx) else { return Poll::Pending };
        this.waited |= polled.is_pending();
        if polled.is_ready() {
            progress.made_progress();
        }
        polled
    }
}

impl<T: Message> Drop for RecvAny<'_, T> {
    fn drop(&mut self) {
        if self.waited {
            self.inboxes.inboxes.iter().for_each(Inbox::wait_no_more);
        }
    }
}
