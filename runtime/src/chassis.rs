//! Ready composites: each starts its children, joins them in one particular way, and ends when they have ended.

mod backplane;
mod blocking;
mod carousel;
mod connected_server;
mod fan_out;
mod graphline;
mod handle;
mod par;
mod park;
mod passing;
mod pipeline;
mod seq;
mod splitter;

pub use backplane::{Backplane, BackplaneError, PublishTo, SubscribeTo};
pub use blocking::{Blocking, BlockingIo};
pub use carousel::Carousel;
pub use connected_server::{ConnectedServer, Connection};
pub use fan_out::{Plug, PlugError};
pub use graphline::Graphline;
#[cfg(feature = "wiring")]
pub(crate) use graphline::{ChildrenByName, join};
pub use handle::{Handle, HandleReceiver, HandleSender, SendError};
pub use par::Par;
pub use pipeline::Pipeline;
pub use seq::Seq;
pub use splitter::{Splitter, SplitterHandle};

use crate::component::{Component, Context, Declare, Unstarted};
use crate::error::{AddError, LinkError};
use crate::id::ComponentId;
use crate::name::Name;
use crate::system::System;

/// A source has no inbox to show, a sink no outbox.
fn if_there<T, E>(joined: Result<T, E>) -> Result<Option<T>, E>
where
    E: NoBox,
{
    match joined {
        Ok(joined) => Ok(Some(joined)),
        Err(error) if error.is_no_box() => Ok(None),
        Err(error) => Err(error),
    }
}

trait NoBox {
    fn is_no_box(&self) -> bool;
}

impl NoBox for LinkError {
    fn is_no_box(&self) -> bool {
        matches!(self, Self::NoPostbox { .. })
    }
}

impl NoBox for AddError {
    fn is_no_box(&self) -> bool {
        matches!(self, Self::Link(error) if error.is_no_box())
    }
}

/// A child to be, its type forgotten.
pub(crate) struct Child {
    name: Name,
    add: AddChild,
}

type AddChild = Box<dyn FnOnce(&System, ComponentId, Name) -> Result<Unstarted, AddError> + Send>;

impl Child {
    pub(crate) fn new<C: Component>(name: Name, component: C) -> Self {
        Self { name, add: Box::new(move |system, parent, name| system.add_inside(Some(parent), name, component)) }
    }

    #[cfg(feature = "wiring")]
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn add(self, declare: &mut Declare<'_>) -> Result<Unstarted, AddError> {
        (self.add)(declare.system(), declare.id(), self.name)
    }

    fn add_late(self, ctx: &Context) -> Result<Unstarted, AddError> {
        (self.add)(&ctx.system(), ctx.id(), self.name)
    }
}
