//! The two kinds of postbox as a component holds them, and how it declares them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use crate::clock::clock_ns;
use crate::error::WouldWait;
use crate::id::PostboxId;
use crate::name::Name;
use crate::observe::add;
use crate::stop::Shutdown;
use crate::storage::{AnyBox, Known, Message, Offer, Queue, Room, Route, WhenFull};

/// How many messages an inbox holds unless it says otherwise.
pub const DEFAULT_CAPACITY: u32 = 64;

/// What an outbox does with a message while it is not linked.
///
/// ```
/// use axonscope_runtime::{Component, Context, OutboxSpec, Outcome, State, System, WhenUnlinked};
///
/// struct Early;
///
/// impl Component for Early {
///     type Boxes = ();
///
///     async fn run(self, (): (), ctx: Context) -> Outcome {
///         let (mut inbox, mut drops) = (ctx.inbox("inbox")?, ctx.outbox("drops")?);
///         let mut holds = ctx.outbox(OutboxSpec::new("holds").when_unlinked(WhenUnlinked::Hold(1)))?;
///         drops.send("dropped").await?;
///         holds.send("held").await?;
///         assert!(holds.try_send("one too many").is_err());
///
///         ctx.link(drops.id(), inbox.id())?;
///         ctx.link(holds.id(), inbox.id())?;
///         holds.send("sent").await?;
///         assert_eq!([inbox.try_recv(), inbox.try_recv(), inbox.try_recv()], [Some("held"), Some("sent"), None]);
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("early");
/// assert_eq!(system.add("early", Early)?.start().ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum WhenUnlinked {
    /// The message is thrown away and counted at the outbox.
    #[default]
    Drop,
    /// So many messages, at least 1, wait at the outbox for a linkage, and go first when there is one; a sender that
    /// has more waits. What is still held when the component ends is thrown away and counted.
    Hold(u32),
}

/// How an inbox is to be. A name alone will do: `"inbox".into()`.
#[derive(Clone, Debug)]
pub struct InboxSpec {
    pub(crate) name: Name,
    pub(crate) capacity: u32,
    pub(crate) when_full: WhenFull,
}

impl InboxSpec {
    /// An inbox of [`DEFAULT_CAPACITY`] that makes senders wait when it is full.
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), capacity: DEFAULT_CAPACITY, when_full: WhenFull::Wait }
    }

    /// How many messages it holds, at least 1. Memory is taken only as messages come.
    #[must_use]
    pub fn capacity(self, capacity: u32) -> Self {
        Self { capacity: capacity.max(1), ..self }
    }

    /// What it does when it is full.
    #[must_use]
    pub fn when_full(self, when_full: WhenFull) -> Self {
        Self { when_full, ..self }
    }
}

impl<N: Into<Name>> From<N> for InboxSpec {
    fn from(name: N) -> Self {
        Self::new(name)
    }
}

/// How an outbox is to be. A name alone will do: `"outbox".into()`.
#[derive(Clone, Debug)]
pub struct OutboxSpec {
    pub(crate) name: Name,
    pub(crate) when_unlinked: WhenUnlinked,
}

impl OutboxSpec {
    /// An outbox that drops and counts while it is not linked.
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), when_unlinked: WhenUnlinked::Drop }
    }

    /// What it does while it is not linked.
    #[must_use]
    pub fn when_unlinked(self, when_unlinked: WhenUnlinked) -> Self {
        Self { when_unlinked, ..self }
    }
}

impl<N: Into<Name>> From<N> for OutboxSpec {
    fn from(name: N) -> Self {
        Self::new(name)
    }
}

/// Where messages wait for a component. Dropping it closes it: what waits, and what is still sent to it, is thrown
/// away and counted.
pub struct Inbox<T: Message> {
    queue: Arc<Queue<T>>,
}

impl<T: Message> Inbox<T> {
    pub(crate) fn new(queue: Arc<Queue<T>>) -> Self {
        Self { queue }
    }

    /// Its id, for linking.
    pub fn id(&self) -> PostboxId {
        self.queue.id()
    }

    /// Waits for the next message. `Ok(None)` says that there will be no more: control has latched
    /// `ProducerFinished`, every source has signalled or gone, and all messages have been taken.
    ///
    /// Nothing is lost when the future is dropped while it waits.
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv { inbox: self, waited: false }
    }

    /// As [`recv`](Self::recv), for futures of one's own: leaves the waker of `cx` if there is nothing to take. From
    /// then until this returns something, the component is seen to wait at this inbox.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Shutdown>> {
        let polled = self.poll_take(cx);
        if polled.is_ready() {
            self.wait_no_more();
        }
        polled
    }

    /// As [`poll_recv`](Self::poll_recv), and the component is seen to wait until [`wait_no_more`](Self::wait_no_more).
    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Shutdown>> {
        self.queue.poll_take(cx)
    }

    /// Nobody waits for a message here any longer.
    pub(crate) fn wait_no_more(&self) {
        self.queue.wait_no_more();
    }

    /// The next message, if one waits now. Works after Shutdown too.
    pub fn try_recv(&mut self) -> Option<T> {
        self.queue.try_take()
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Message> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.queue.let_go();
    }
}

/// A wait for a message; see [`Inbox::recv`].
#[must_use = "a message is taken only when this is awaited"]
pub struct Recv<'a, T: Message> {
    inbox: &'a mut Inbox<T>,
    waited: bool,
}

impl<T: Message> Future for Recv<'_, T> {
    type Output = Result<Option<T>, Shutdown>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let polled = this.inbox.poll_take(cx);
        this.waited |= polled.is_pending();
        polled
    }
}

impl<T: Message> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        if self.waited {
            self.inbox.wait_no_more();
        }
    }
}

/// Where messages leave a component. Dropping it says that nothing more will be sent.
pub struct Outbox<T: Message> {
    route: Arc<Route<T>>,
    /// What was known about the route when the outbox last looked.
    known: Known<T>,
}

impl<T: Message> Outbox<T> {
    pub(crate) fn new(route: Arc<Route<T>>) -> Self {
        let known = route.look_up();
        Self { route, known }
    }

    /// Its id, for linking.
    pub fn id(&self) -> PostboxId {
        self.route.id()
    }

    /// Sends a message; waits while the inbox it goes to is full. If the linkage moves meanwhile, the message takes
    /// the new way. A message sent to a component that has finished, or while there is no linkage, is thrown away and
    /// counted (unless the outbox was declared to hold).
    ///
    /// The error says that this component has been told to shut down; the message is then thrown away and counted, as
    /// it is when the future is dropped while it waits. A component with last words uses [`try_send`](Self::try_send).
    pub fn send(&mut self, message: T) -> Send<'_, T> {
        Send { outbox: self, message: Some(message), blocked: false }
    }

    /// Sends a message if that needs no waiting, and gives it back otherwise. Works after Shutdown too.
    pub fn try_send(&mut self, message: T) -> Result<(), WouldWait<T>> {
        if self.route.is_tapped() {
            return self.try_send_tapped(message);
        }
        let mut message = message;
        loop {
            self.refresh();
            match self.attempt(message, false) {
                Attempt::Done => return Ok(()),
                Attempt::Wait(back) => return Err(WouldWait(back)),
                Attempt::Again(back) => message = back,
            }
        }
    }

    /// As [`try_send`](Self::try_send), and tells of the message once it is known that there is room: one that is given
    /// back was not sent. Only where the linkage moves at that moment may it be told and given back.
    #[cold]
    #[inline(never)]
    fn try_send_tapped(&mut self, message: T) -> Result<(), WouldWait<T>> {
        let mut message = message;
        let mut told = false;
        let sent = loop {
            self.refresh();
            if !told {
                match self.known.sink.as_ref().map_or(Room::Kept, |sink| sink.keep_room(&self.route, &self.known)) {
                    Room::None => break Err(WouldWait(message)),
                    Room::Moved => continue,
                    Room::Kept => self.route.tell(&message),
                }
                told = true;
            }
            match self.attempt(message, self.route.has_place()) {
                Attempt::Done => break Ok(()),
                Attempt::Wait(back) => break Err(WouldWait(back)),
                Attempt::Again(back) => message = back,
            }
        };
        self.leave();
        sent
    }

    /// Whether its messages reach an inbox now.
    pub fn is_linked(&mut self) -> bool {
        self.refresh();
        self.known.sink.as_ref().is_some_and(|sink| !self.route.is_hold(sink))
    }

    fn refresh(&mut self) {
        if !self.route.is_as(&self.known) {
            self.leave();
            self.known = self.route.look_up();
        }
    }

    /// Gives up the place that a send has taken at the queue that is known, if one has.
    fn leave(&self) {
        if self.route.has_place()
            && let Some(queue) = &self.known.sink
        {
            queue.leave(&self.route);
        }
    }

    /// One try. With `wait`, takes a place among those who wait if there is no room.
    fn attempt(&self, message: T, wait: bool) -> Attempt<T> {
        let activity = self.route.activity();
        let Some(sink) = &self.known.sink else {
            self.route.count_dropped(1);
            return Attempt::Done;
        };
        let offer = if wait {
            sink.offer_or_wait(&self.route, &self.known, message)
        } else {
            sink.offer(&self.route, &self.known, message)
        };
        match offer {
            Offer::Taken => add(&activity.messages, 1),
            Offer::Closed(_) => self.route.count_dropped(1),
            Offer::Full(message) => return Attempt::Wait(message),
            Offer::Moved(message) => return Attempt::Again(message),
        }
        Attempt::Done
    }
}

impl<T: Message> Drop for Outbox<T> {
    fn drop(&mut self) {
        // A send that was forgotten, rather than dropped, may have left it there.
        self.leave();
        if !self.route.is_kept() {
            self.route.finish();
        }
    }
}

enum Attempt<T> {
    Done,
    Wait(T),
    Again(T),
}

/// A message on its way; see [`Outbox::send`].
#[must_use = "a message is sent only when this is awaited"]
pub struct Send<'a, T: Message> {
    outbox: &'a mut Outbox<T>,
    message: Option<T>,
    /// It has found no room. Its place is then at the queue that the outbox knows.
    blocked: bool,
}

// The message is moved out, never pinned.
impl<T: Message> Unpin for Send<'_, T> {}

impl<T: Message> Future for Send<'_, T> {
    type Output = Result<(), Shutdown>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let progress = ready!(coop::poll_proceed(cx));
        let this = self.get_mut();
        if this.blocked {
            // Before looking, so that whoever changes something afterwards finds it.
            this.outbox.route.leave_waker(cx.waker());
        }
        let Some(mut message) = this.message.take() else {
            return Poll::Ready(Ok(()));
        };
        if this.outbox.route.is_tapped() && !this.blocked {
            this.outbox.route.tell(&message);
        }
        loop {
            this.outbox.refresh();
            if this.outbox.known.is_stopped() {
                this.message = Some(message);
                return Poll::Ready(Err(Shutdown));
            }
            match this.outbox.attempt(message, this.blocked) {
                Attempt::Done => {
                    progress.made_progress();
                    return Poll::Ready(Ok(()));
                }
                Attempt::Again(back) => message = back,
                Attempt::Wait(back) if this.blocked => {
                    this.message = Some(back);
                    return Poll::Pending;
                }
                Attempt::Wait(back) => {
                    message = back;
                    this.blocked = true;
                    this.outbox.route.activity().waiting_since.store(clock_ns(), Ordering::Relaxed);
                    this.outbox.route.leave_waker(cx.waker());
                }
            }
        }
    }
}

impl<T: Message> Drop for Send<'_, T> {
    fn drop(&mut self) {
        if self.message.is_some() {
            self.outbox.route.count_dropped(1);
        }
        if self.blocked {
            self.outbox.leave();
            let activity = self.outbox.route.activity();
            let since = activity.waiting_since.swap(0, Ordering::Relaxed);
            add(&activity.blocked_ns, clock_ns().saturating_sub(since));
        }
    }
}
