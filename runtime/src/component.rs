//! What a component is, and what it is given: its boxes and its [`Context`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::{AddError, LinkError, Outcome};
use crate::handle::ComponentHandle;
use crate::id::{ComponentId, PostboxId};
use crate::linkage::{At, Linkage};
use crate::name::{Name, component_type};
use crate::observe::{PostboxActivity, PostboxKind};
use crate::postbox::{Inbox, InboxSpec, Outbox, OutboxSpec};
use crate::stop::{Shutdown, Stop, Vitals};
use crate::storage::{Message, Queue, Route};
use crate::system::System;
use crate::topology::Core;

/// A unit with a task of its own and named boxes. It knows its boxes, never its neighbours.
///
/// ```
/// use axonscope_runtime::{Component, Context, Io, Outcome};
///
/// struct Shouter;
///
/// impl Component for Shouter {
///     type Boxes = Io<String, String>;
///
///     async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
///         while let Some(line) = io.inbox.recv().await? {
///             io.outbox.send(line.to_uppercase()).await?;
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Component: Sized + Send + 'static {
    /// The boxes it works with: [`Io`], [`In`] or [`Out`] for the standard ones, a type of one's own for others, `()`
    /// for none.
    /// `control` and `signal` come by themselves.
    type Boxes: Boxes;

    /// What kind of component this is; the last segment of the Rust type's name unless it says otherwise.
    fn type_name(&self) -> Name {
        component_type(std::any::type_name::<Self>()).into()
    }

    /// One sentence on what it is for.
    fn description(&self) -> Name {
        "".into()
    }

    /// Declares its boxes, and for a composite its children and what joins them. Called once, before
    /// [`run`](Self::run) and before anybody can link to it.
    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Self::Boxes, AddError> {
        Ok(Self::Boxes::declare(declare))
    }

    /// Does its work, in a task of its own, until it returns.
    ///
    /// What it returns is the component's last state: `Ok`, and [`Shutdown`] as an error, are *finished*; another
    /// error, or a panic, is *failed* with its message. Its signal then sends `Shutdown` on if it had been told
    /// `Shutdown`, and `ProducerFinished` otherwise. Children that still run are told `Shutdown`, and waited for.
    fn run(self, boxes: Self::Boxes, ctx: Context) -> impl Future<Output = Outcome> + Send;
}

/// A set of boxes that can be declared.
pub trait Boxes: Sized + Send + 'static {
    /// Declares each box of the set.
    fn declare(declare: &mut Declare<'_>) -> Self;
}

/// The standard boxes: `inbox` and `outbox`.
pub struct Io<I: Message, O: Message> {
    /// Takes messages for the component.
    pub inbox: Inbox<I>,
    /// Sends the component's messages.
    pub outbox: Outbox<O>,
}

impl<I: Message, O: Message> Boxes for Io<I, O> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { inbox: declare.inbox("inbox"), outbox: declare.outbox("outbox") }
    }
}

/// The box of a source: `outbox`.
pub struct Out<O: Message> {
    /// Sends the component's messages.
    pub outbox: Outbox<O>,
}

impl<O: Message> Boxes for Out<O> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { outbox: declare.outbox("outbox") }
    }
}

/// The box of a sink: `inbox`.
pub struct In<I: Message> {
    /// Takes messages for the component.
    pub inbox: Inbox<I>,
}

impl<I: Message> Boxes for In<I> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { inbox: declare.inbox("inbox") }
    }
}

impl Boxes for () {
    fn declare(_: &mut Declare<'_>) -> Self {}
}

/// The children of a composite that has declared them and not started them yet. Declares no boxes by itself.
#[derive(Default)]
pub struct Children(pub Vec<Unstarted>);

impl Children {
    /// Starts all of them.
    pub fn start(self) -> Vec<ComponentHandle> {
        self.0.into_iter().map(Unstarted::start).collect()
    }
}

impl Boxes for Children {
    fn declare(_: &mut Declare<'_>) -> Self {
        Self::default()
    }
}

/// Gives a new component its boxes and, if it is a composite, its children.
pub struct Declare<'a> {
    system: &'a System,
    id: ComponentId,
    error: Option<AddError>,
}

impl<'a> Declare<'a> {
    pub(crate) fn new(system: &'a System, id: ComponentId) -> Self {
        Self { system, id, error: None }
    }

    pub(crate) fn finish(self) -> Result<(), AddError> {
        self.error.map_or(Ok(()), Err)
    }

    /// The id of the component that declares, for linking its own boxes.
    pub fn id(&self) -> ComponentId {
        self.id
    }

    /// The system, for linking.
    pub fn system(&self) -> &System {
        self.system
    }

    /// An inbox. A name that is taken makes adding the component fail.
    pub fn inbox<T: Message>(&mut self, spec: impl Into<InboxSpec>) -> Inbox<T> {
        let (inbox, error) = open_inbox(self.system, self.id, spec.into());
        self.error = self.error.take().or(error);
        inbox
    }

    /// An outbox. A name that is taken makes adding the component fail.
    pub fn outbox<T: Message>(&mut self, spec: impl Into<OutboxSpec>) -> Outbox<T> {
        let (outbox, error) = open_outbox(self.system, self.id, spec.into());
        self.error = self.error.take().or(error);
        outbox
    }

    /// A further way for this component's stop to leave, beside `signal`.
    pub fn signal(&mut self, name: impl Into<Name>) -> Result<PostboxId, AddError> {
        self.system.add_signal(self.id, name.into())
    }

    /// A child, to be started when this component runs.
    pub fn add<C: Component>(&mut self, name: impl Into<Name>, component: C) -> Result<Unstarted, AddError> {
        self.system.add_inside(Some(self.id), name.into(), component)
    }

    /// Shows a child's inbox as one of this component's, by passthrough.
    pub fn expose_inbox<'b>(&mut self, name: impl Into<Name>, inner: impl Into<At<'b>>) -> Result<(), AddError> {
        self.system.expose(self.id, name.into(), PostboxKind::Inbox, inner.into())
    }

    /// Shows a child's outbox as one of this component's, by passthrough. Several children may show theirs as the
    /// same one.
    pub fn expose_outbox<'b>(&mut self, name: impl Into<Name>, inner: impl Into<At<'b>>) -> Result<(), AddError> {
        self.system.expose(self.id, name.into(), PostboxKind::Outbox, inner.into())
    }
}

/// What a running component knows of itself and may do.
pub struct Context {
    system: System,
    id: ComponentId,
    vitals: Arc<Vitals>,
}

impl Context {
    pub(crate) fn new(system: System, id: ComponentId, vitals: Arc<Vitals>) -> Self {
        Self { system, id, vitals }
    }

    /// The component's id.
    pub fn id(&self) -> ComponentId {
        self.id
    }

    /// The system it lives in.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// The names from the outermost composite to this component, joined with `/`.
    pub fn path(&self) -> String {
        self.system.path(self.id)
    }

    // === Stopping ===

    /// What control has latched.
    pub fn control(&self) -> Option<Stop> {
        self.vitals.stop()
    }

    /// Waits until control latches something.
    pub async fn stopped(&self) -> Stop {
        self.vitals.wait_for(Vitals::stop).await
    }

    /// Waits until control latches Shutdown.
    pub async fn shutdown(&self) -> Shutdown {
        self.vitals.wait_for(|vitals| (vitals.stop() == Some(Stop::Shutdown)).then_some(Shutdown)).await
    }

    /// Waits for `future`, or until control latches anything: for sources, whose work is not a receive.
    pub async fn unless_stopped<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            _ = self.stopped() => None,
            output = future => Some(output),
        }
    }

    /// Waits for `future`, or until control latches Shutdown: for any wait that is neither a send nor a receive.
    pub async fn unless_shutdown<F: Future>(&self, future: F) -> Result<F::Output, Shutdown> {
        tokio::select! {
            biased;
            shutdown = self.shutdown() => Err(shutdown),
            output = future => Ok(output),
        }
    }

    /// Sends `stop` from `signal` now, rather than at the end of `run`. It says that nothing more will be sent: the
    /// inboxes that this component feeds no longer wait for it.
    pub fn signal(&self, stop: Stop) {
        self.system.signal(self.id, stop);
    }

    // === What else it may have ===

    /// A further inbox, while running.
    pub fn inbox<T: Message>(&self, spec: impl Into<InboxSpec>) -> Result<Inbox<T>, AddError> {
        let (inbox, error) = open_inbox(&self.system, self.id, spec.into());
        error.map_or(Ok(inbox), Err)
    }

    /// A further outbox, while running; [`Outbox::remove`] takes it away again.
    pub fn outbox<T: Message>(&self, spec: impl Into<OutboxSpec>) -> Result<Outbox<T>, AddError> {
        let (outbox, error) = open_outbox(&self.system, self.id, spec.into());
        error.map_or(Ok(outbox), Err)
    }

    /// A child. It does not run before [`Unstarted::start`], so that it can be linked first.
    pub fn add<C: Component>(&self, name: impl Into<Name>, component: C) -> Result<Unstarted, AddError> {
        self.system.add_inside(Some(self.id), name.into(), component)
    }

    /// Joins an outbox to an inbox, wherever they are.
    pub fn link<'s, 't>(&self, source: impl Into<At<'s>>, sink: impl Into<At<'t>>) -> Result<Linkage, LinkError> {
        self.system.link(source, sink)
    }

    /// How many children run.
    pub fn children(&self) -> usize {
        self.vitals.live_children()
    }

    /// Waits until no child runs.
    pub async fn children_finished(&self) -> Result<(), Shutdown> {
        self.unless_shutdown(self.vitals.wait_for(|vitals| (vitals.live_children() == 0).then_some(()))).await
    }
}

/// A component that has been added and can be linked, but does not run yet. Dropping it removes it.
#[must_use = "a component that is not started is removed again"]
pub struct Unstarted {
    system: System,
    id: ComponentId,
    run: Option<Pin<Box<dyn Future<Output = Outcome> + Send>>>,
    vitals: Arc<Vitals>,
}

impl Unstarted {
    pub(crate) fn new<C: Component>(
        system: &System,
        id: ComponentId,
        vitals: Arc<Vitals>,
        component: C,
        boxes: C::Boxes,
    ) -> Self {
        let ctx = Context::new(system.clone(), id, vitals.clone());
        let run = Box::pin(component.run(boxes, ctx));
        Self { system: system.clone(), id, run: Some(run), vitals }
    }

    /// Its id.
    pub fn id(&self) -> ComponentId {
        self.id
    }

    /// Starts its task.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as [`tokio::spawn`] does.
    pub fn start(mut self) -> ComponentHandle {
        if let Some(run) = self.run.take() {
            self.system.start(self.id, self.vitals.clone(), run);
        }
        ComponentHandle::new(self.system.clone(), self.id, self.vitals.clone())
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        if let Some(run) = self.run.take() {
            drop(run);
            self.system.remove_component(self.id);
        }
    }
}

fn open_inbox<T: Message>(system: &System, owner: ComponentId, spec: InboxSpec) -> (Inbox<T>, Option<AddError>) {
    let mut opened = None;
    let name = spec.name.clone();
    let make = |activity: &Arc<PostboxActivity>| {
        let queue = Arc::new(Queue::<T>::new(spec.capacity, spec.when_full, activity.clone()));
        opened = Some(queue.clone());
        Core::Data(queue)
    };
    let message_type = std::any::type_name::<T>().into();
    let added = system.add_postbox(owner, name, PostboxKind::Inbox, message_type, Some(spec.capacity), make);
    match (opened, added) {
        (Some(queue), Ok(info)) => (Inbox::new(info.id, queue), None),
        // A box that belongs to nothing, so that declaring goes on and the error comes out at its end.
        (_, added) => {
            let queue = Queue::new(spec.capacity, spec.when_full, Arc::default());
            (Inbox::new(PostboxId::next(), Arc::new(queue)), added.err())
        }
    }
}

pub(crate) fn open_outbox<T: Message>(
    system: &System,
    owner: ComponentId,
    spec: OutboxSpec,
) -> (Outbox<T>, Option<AddError>) {
    let route = Arc::new(Route::<T>::new());
    let core = Core::Data(route.clone());
    let message_type = std::any::type_name::<T>().into();
    let added = system.add_postbox(owner, spec.name, PostboxKind::Outbox, message_type, None, |_| core);
    let (id, activity, error) = match added {
        Ok(info) => (info.id, info.activity, None),
        Err(error) => (PostboxId::next(), Arc::default(), Some(error)),
    };
    (Outbox::new(id, route, activity, spec.when_unlinked, system.clone()), error)
}
