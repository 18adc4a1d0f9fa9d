//! A splitter: each message to any number of sinks.

use std::sync::Arc;

use super::fan_out::{Fan, Opened, Plug, PlugError};
use crate::component::{Boxes, Component, Context, Declare};
use crate::error::{AddError, Outcome};
use crate::linkage::At;
use crate::name::Name;
use crate::postbox::{Inbox, InboxSpec, Outbox};
use crate::storage::Message;

/// Sends a copy of each message from `inbox` to every outbox it has: those given by [`outbox`](Self::outbox), and
/// those of sinks that are plugged and unplugged by a [`SplitterHandle`] while it runs.
///
/// Every sink gets every message that the splitter takes while it is plugged, in order. A sink whose inbox is full
/// makes the splitter wait, and with it all others: give a sink that may miss messages an inbox that drops
/// ([`WhenFull`](crate::WhenFull)). While it has no outbox, messages are thrown away.
///
/// The splitter's stop goes to each plugged sink. A sink that ends by itself is unplugged within the next 64 messages.
///
/// ```
/// use axonscope_runtime::{Handle, Splitter, System, library::Transformer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("split");
/// let splitter = Splitter::<&str>::new();
/// let sinks = splitter.handle();
/// let mut words = Handle::<&str, ()>::start(&system, "splitter", splitter)?;
/// let mut loud = Handle::<&str, String>::start(&system, "loud", Transformer::new(str::to_uppercase))?;
/// let mut long = Handle::<&str, usize>::start(&system, "long", Transformer::new(str::len))?;
///
/// let plug = sinks.plug((loud.component(), "inbox"))?;
/// sinks.plug((long.component(), "inbox"))?;
/// words.send("hello").await?;
/// assert_eq!((loud.recv().await, long.recv().await), (Some("HELLO".to_owned()), Some(5)));
///
/// plug.unplug().await;
/// words.send("bye").await?;
/// assert_eq!((loud.try_recv(), long.recv().await), (None, Some(3)));
/// # Ok(())
/// # }
/// ```
pub struct Splitter<T: Message> {
    fan: Arc<Fan<T>>,
    inbox: InboxSpec,
    outboxes: Vec<Name>,
}

impl<T: Message + Clone> Splitter<T> {
    /// A splitter without outboxes.
    pub fn new() -> Self {
        Self { fan: Fan::new(), inbox: "inbox".into(), outboxes: Vec::new() }
    }

    /// A further outbox, to be linked by its name. It stays whether it is linked or not.
    #[must_use]
    pub fn outbox(mut self, name: impl Into<Name>) -> Self {
        self.outboxes.push(name.into());
        self
    }

    /// How many messages its inbox holds; otherwise [`DEFAULT_CAPACITY`](crate::DEFAULT_CAPACITY).
    #[must_use]
    pub fn capacity(mut self, capacity: u32) -> Self {
        self.inbox = self.inbox.capacity(capacity);
        self
    }

    /// Plugs and unplugs sinks, from the time it has been added to a system until it ends.
    pub fn handle(&self) -> SplitterHandle<T> {
        SplitterHandle { fan: self.fan.clone() }
    }
}

impl<T: Message + Clone> Default for Splitter<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Plugs sinks into a [`Splitter`] or a [`Backplane`](crate::Backplane).
pub struct SplitterHandle<T: Message> {
    pub(super) fan: Arc<Fan<T>>,
}

impl<T: Message> SplitterHandle<T> {
    /// Gives the inbox `sink` every message that is taken from now on. The splitter's stop will go to the control of
    /// the component that has that inbox.
    pub fn plug<'a>(&self, sink: impl Into<At<'a>>) -> Result<Plug, PlugError> {
        self.fan.plug(sink.into())
    }
}

impl<T: Message> Clone for SplitterHandle<T> {
    fn clone(&self) -> Self {
        Self { fan: self.fan.clone() }
    }
}

/// The boxes of a [`Splitter`].
pub struct SplitterBoxes<T: Message> {
    inbox: Inbox<T>,
    outboxes: Vec<Outbox<T>>,
    /// None for boxes that no splitter declared.
    opened: Option<Opened<T>>,
}

impl<T: Message> SplitterBoxes<T> {
    fn new(declare: &mut Declare<'_>, inbox: InboxSpec) -> Self {
        Self { inbox: declare.inbox(inbox), outboxes: Vec::new(), opened: None }
    }
}

impl<T: Message> Boxes for SplitterBoxes<T> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self::new(declare, "inbox".into())
    }
}

impl<T: Message + Clone> Component for Splitter<T> {
    type Boxes = SplitterBoxes<T>;

    fn description(&self) -> Name {
        "Sends each message to every sink".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<SplitterBoxes<T>, AddError> {
        let mut boxes = SplitterBoxes::new(declare, self.inbox.clone());
        for name in self.outboxes.drain(..) {
            boxes.outboxes.push(declare.outbox(name));
        }
        boxes.opened = Some(self.fan.open(declare.system(), declare.id()));
        Ok(boxes)
    }

    async fn run(self, boxes: SplitterBoxes<T>, ctx: Context) -> Outcome {
        let SplitterBoxes { inbox, outboxes, opened } = boxes;
        match opened {
            Some(opened) => opened.fan().run(&ctx, inbox, outboxes).await,
            None => Ok(()),
        }
    }
}
