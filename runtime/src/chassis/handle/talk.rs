//! The composite behind a handle: it has the boxes that plain code works, and the component inside it.

use std::any::TypeId;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::component::{Boxes, Component, Context, Declare, Io, Unstarted};
use crate::error::{AddError, LinkError, Outcome};
use crate::linkage::Linkage;
use crate::name::Name;
use crate::storage::Message;
use crate::sync::{Mutex, lock};

/// The composite; its boxes are worked by plain code.
pub(super) struct Talk<C, I: Message, O: Message> {
    pub(super) component: Option<C>,
    pub(super) parts: Arc<Mutex<Option<Parts<I, O>>>>,
    pub(super) gone: oneshot::Receiver<()>,
}

/// What plain code is given to work with.
pub(super) struct Parts<I: Message, O: Message> {
    pub(super) io: Io<O, I>,
    pub(super) child: Unstarted,
    pub(super) linked: bool,
}

impl<C: Component, I: Message, O: Message> Component for Talk<C, I, O> {
    type Boxes = ();

    fn type_name(&self) -> Name {
        "Handle".into()
    }

    fn description(&self) -> Name {
        "Plain code talks to the component inside".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<(), AddError> {
        let Some(component) = self.component.take() else { return Ok(()) };
        let io = Io::<O, I>::declare(declare);
        let child = declare.add("component", component)?;
        let (system, own) = (declare.system(), declare.id());
        let linked = unless_unit::<I>(system.link((own, "outbox"), (&child, "inbox")))?;
        unless_unit::<O>(system.link((&child, "outbox"), (own, "inbox")))?;
        system.link((own, "signal"), (&child, "control"))?;
        system.link((&child, "signal"), (own, "control"))?;
        *lock(&self.parts) = Some(Parts { io, child, linked });
        Ok(())
    }

    async fn run(self, (): (), ctx: Context) -> Outcome {
        // An error says that the handle has let go, which is the only thing it ever says.
        let _ = ctx.unless_shutdown(self.gone).await?;
        Ok(ctx.children_finished().await?)
    }
}

/// Whether the two were joined; a box of `()` may be missing.
fn unless_unit<T: Message>(joined: Result<Linkage, LinkError>) -> Result<bool, LinkError> {
    let may_be_missing = TypeId::of::<T>() == TypeId::of::<()>();
    match joined {
        Ok(_) => Ok(true),
        Err(LinkError::NoPostbox { .. }) if may_be_missing => Ok(false),
        // A box may be there and take something else: it is not for this handle to talk to.
        Err(LinkError::TypesDiffer { .. }) if may_be_missing => Ok(false),
        Err(error) => Err(error),
    }
}
