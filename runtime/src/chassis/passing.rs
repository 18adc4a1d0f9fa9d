//! The boxes that a chassis lends to one child after another.

use crate::component::{Context, Declare, Unstarted};
use crate::error::LinkError;
use crate::linkage::Linkage;
use crate::postbox::Inbox;
use crate::storage::Message;

use super::if_there;

/// Which boxes to declare, their message types forgotten.
#[derive(Default)]
pub(super) struct Passing {
    inbox: Option<DeclareInbox>,
    outbox: Option<DeclareOutbox>,
}

type DeclareInbox = Box<dyn FnOnce(&mut Declare<'_>) -> Box<dyn Waiting> + Send>;
type DeclareOutbox = Box<dyn FnOnce(&mut Declare<'_>) + Send>;

impl Passing {
    pub(super) fn inbox<I: Message>(&mut self) {
        self.inbox = Some(Box::new(|declare| Box::new(declare.inbox::<I>("inbox"))));
    }

    pub(super) fn outbox<O: Message>(&mut self) {
        // The box stays when the way to send by it is dropped, as only the children send.
        self.outbox = Some(Box::new(|declare| drop(declare.outbox::<O>("outbox"))));
    }

    pub(super) fn declare(self, declare: &mut Declare<'_>) -> Passed {
        let outbox = self.outbox.map(|outbox| outbox(declare)).is_some();
        Passed { inbox: self.inbox.map(|inbox| inbox(declare)), outbox }
    }
}

/// The boxes themselves. Messages wait in the inbox while no child has it.
#[derive(Default)]
pub(super) struct Passed {
    inbox: Option<Box<dyn Waiting>>,
    outbox: bool,
}

impl Passed {
    /// Lends the boxes to `child`, as far as it has such boxes, until the linkage is undone or the child ends.
    pub(super) fn lend(&self, ctx: &Context, child: &Unstarted) -> Result<Option<Linkage>, LinkError> {
        let (system, own) = (ctx.system(), ctx.id());
        if self.outbox {
            if_there(system.pass_outward((child, "outbox"), (own, "outbox")))?;
        }
        match &self.inbox {
            Some(_) => if_there(system.pass_inward((own, "inbox"), (child, "inbox"))),
            None => Ok(None),
        }
    }

    /// Whether messages wait for the next child.
    pub(super) fn is_waited_for(&self) -> bool {
        self.inbox.as_ref().is_some_and(|inbox| inbox.is_waited_for())
    }
}

/// An inbox, its message type forgotten.
trait Waiting: Send {
    fn is_waited_for(&self) -> bool;
}

impl<T: Message> Waiting for Inbox<T> {
    fn is_waited_for(&self) -> bool {
        !self.is_empty()
    }
}
