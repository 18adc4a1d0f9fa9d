//! What a component is, and what it is given: its boxes and its [`Context`].

use std::future::Future;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::error::{AddError, LinkError, Outcome};
use crate::handle::ComponentHandle;
use crate::id::{ComponentId, PostboxId};
use crate::linkage::{At, Linkage};
use crate::name::{Name, component_type};
use crate::observe::PostboxKind;
use crate::postbox::{Inbox, InboxSpec, Outbox, OutboxSpec};
use crate::stop::{Life, Shutdown, Stop};
use crate::storage::Message;
use crate::system::System;
use crate::task::Task;

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
///
/// ```
/// use axonscope_runtime::library::Transformer;
/// use axonscope_runtime::{AddError, Children, Component, Context, Declare, Handle, Outcome, System};
///
/// /// Two components that look like one: its inbox is that of the first, its outbox that of the second.
/// struct Length;
///
/// impl Component for Length {
///     type Boxes = Children;
///
///     fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Children, AddError> {
///         let trim = declare.add("trim", Transformer::new(|line: &str| line.trim()))?;
///         let count = declare.add("count", Transformer::new(str::len))?;
///         declare.system().link((&trim, "outbox"), (&count, "inbox"))?;
///         declare.system().link((&trim, "signal"), (&count, "control"))?;
///         declare.expose_inbox("inbox", (&trim, "inbox"))?;
///         declare.expose_outbox("outbox", (&count, "outbox"))?;
///         // Whoever tells the composite to stop tells the first child.
///         declare.system().pass_inward((declare.id(), "control"), (&trim, "control"))?;
///         Ok(Children(vec![trim, count]))
///     }
///
///     async fn run(self, children: Children, ctx: Context) -> Outcome {
///         children.start();
///         Ok(ctx.children_finished().await?)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("composite");
/// let mut length = Handle::<&str, usize>::start(&system, "length", Length)?;
/// length.send("  hello ").await?;
/// assert_eq!(length.recv().await, Some(5));
/// length.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Declare<'a> {
    system: &'a System,
    id: ComponentId,
    error: Option<AddError>,
    /// The boxes outlive the run of the component that they are declared for.
    keeps: bool,
}

impl<'a> Declare<'a> {
    pub(crate) fn new(system: &'a System, id: ComponentId) -> Self {
        Self { system, id, error: None, keeps: false }
    }

    /// Boxes declared from now on outlive a failure of the component, and declaring one that is there finds it.
    pub(crate) fn keep(&mut self) {
        self.keeps = true;
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
        let (inbox, error) = self.system.open_inbox(self.id, spec.into(), self.keeps);
        self.error = self.error.take().or(error);
        inbox
    }

    /// An outbox. A name that is taken makes adding the component fail.
    pub fn outbox<T: Message>(&mut self, spec: impl Into<OutboxSpec>) -> Outbox<T> {
        let (outbox, error) = self.system.open_outbox(self.id, spec.into(), self.keeps);
        self.error = self.error.take().or(error);
        outbox
    }

    /// A further way for this component's stop to leave, beside `signal`.
    pub fn signal(&mut self, name: impl Into<Name>) -> Result<PostboxId, AddError> {
        self.system.add_signal(self.id, name.into(), self.keeps)
    }

    /// A child, to be started when this component runs.
    pub fn add<C: Component>(&mut self, name: impl Into<Name>, component: C) -> Result<Unstarted, AddError> {
        self.system.add_inside(Some(self.id), name.into(), component)
    }

    /// Shows a child's inbox as one of this component's, by passthrough.
    pub fn expose_inbox<'b>(&mut self, name: impl Into<Name>, inner: impl Into<At<'b>>) -> Result<(), AddError> {
        self.system.expose(self.id, name.into(), PostboxKind::Inbox, inner.into(), self.keeps)
    }

    /// Shows a child's outbox as one of this component's, by passthrough. Several children may show theirs as the
    /// same one.
    pub fn expose_outbox<'b>(&mut self, name: impl Into<Name>, inner: impl Into<At<'b>>) -> Result<(), AddError> {
        self.system.expose(self.id, name.into(), PostboxKind::Outbox, inner.into(), self.keeps)
    }
}

/// What a running component knows of itself and may do.
///
/// ```
/// use axonscope_runtime::library::Transformer;
/// use axonscope_runtime::{Component, Context, Out, Outcome, State, Stop, System};
///
/// /// Has a child double a number for it.
/// struct Ask;
///
/// impl Component for Ask {
///     type Boxes = Out<u32>;
///
///     async fn run(self, mut boxes: Self::Boxes, ctx: Context) -> Outcome {
///         assert_eq!(ctx.path(), "ask");
///         let child = ctx.add("double", Transformer::new(|number: u32| number * 2))?;
///         let mut answers = ctx.inbox::<u32>("answers")?;
///         ctx.link(boxes.outbox.id(), (&child, "inbox"))?;
///         ctx.link((&child, "outbox"), answers.id())?;
///         let child = child.start();
///         assert_eq!(ctx.children(), 1);
///
///         boxes.outbox.send(21).await?;
///         assert_eq!(answers.recv().await?, Some(42));
///         ctx.remove_inbox(answers);
///         child.stop(Stop::ProducerFinished);
///         drop(boxes.outbox); // As long as we could send, the child would wait for more.
///         Ok(ctx.children_finished().await?)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("answers");
/// assert_eq!(system.add("ask", Ask)?.start().ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
///
/// A wait that is neither a send nor a receive takes note of control by itself:
///
/// ```
/// use std::time::Duration;
///
/// use axonscope_runtime::{Component, Context, Outcome, State, Stop, System};
///
/// struct Sleep;
///
/// impl Component for Sleep {
///     type Boxes = ();
///
///     async fn run(self, (): (), ctx: Context) -> Outcome {
///         let slept = ctx.unless_stopped(tokio::time::sleep(Duration::from_secs(3600))).await;
///         assert_eq!(slept, None);
///         assert_eq!(ctx.control(), Some(Stop::ProducerFinished));
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("sleep");
/// let sleep = system.add("sleep", Sleep)?.start();
/// sleep.stop(Stop::ProducerFinished);
/// assert_eq!(sleep.ended().await, State::Finished);
/// # Ok(())
/// # }
/// ```
pub struct Context {
    life: Arc<Life>,
}

impl Context {
    pub(crate) fn new(life: Arc<Life>) -> Self {
        Self { life }
    }

    /// For a part of the component that runs as if it were all of it.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.life.clone())
    }

    /// The component's id.
    pub fn id(&self) -> ComponentId {
        self.life.id
    }

    /// The system it lives in.
    pub fn system(&self) -> System {
        self.life.system()
    }

    /// The names from the outermost composite to this component, joined with `/`.
    pub fn path(&self) -> String {
        self.system().path(self.life.id)
    }

    // === Stopping ===

    /// What control has latched.
    pub fn control(&self) -> Option<Stop> {
        self.life.stop()
    }

    /// Waits until control latches something.
    pub async fn stopped(&self) -> Stop {
        self.life.wait_for(Life::stop).await
    }

    /// Waits until control latches Shutdown.
    pub async fn shutdown(&self) -> Shutdown {
        self.life.wait_for(|life| (life.stop() == Some(Stop::Shutdown)).then_some(Shutdown)).await
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
        self.system().signal(self.life.id, stop);
    }

    // === What else it may have ===

    /// A further inbox, while running.
    pub fn inbox<T: Message>(&self, spec: impl Into<InboxSpec>) -> Result<Inbox<T>, AddError> {
        let (inbox, error) = self.system().open_inbox(self.life.id, spec.into(), false);
        error.map_or(Ok(inbox), Err)
    }

    /// A further outbox, while running.
    pub fn outbox<T: Message>(&self, spec: impl Into<OutboxSpec>) -> Result<Outbox<T>, AddError> {
        let (outbox, error) = self.system().open_outbox(self.life.id, spec.into(), false);
        error.map_or(Ok(outbox), Err)
    }

    /// Takes an inbox off the component, with its linkages. What waits in it is thrown away and counted.
    pub fn remove_inbox<T: Message>(&self, inbox: Inbox<T>) {
        self.system().remove_postbox(inbox.id());
    }

    /// Takes an outbox off the component, with its linkage.
    pub fn remove_outbox<T: Message>(&self, outbox: Outbox<T>) {
        self.system().remove_postbox(outbox.id());
    }

    /// A child. It does not run before [`Unstarted::start`], so that it can be linked first.
    pub fn add<C: Component>(&self, name: impl Into<Name>, component: C) -> Result<Unstarted, AddError> {
        self.system().add_inside(Some(self.life.id), name.into(), component)
    }

    /// Joins an outbox to an inbox, wherever they are.
    pub fn link<'s, 't>(&self, source: impl Into<At<'s>>, sink: impl Into<At<'t>>) -> Result<Linkage, LinkError> {
        self.system().link(source, sink)
    }

    /// How many children run.
    pub fn children(&self) -> usize {
        self.life.live_children()
    }

    /// Waits until no child runs.
    pub async fn children_finished(&self) -> Result<(), Shutdown> {
        self.unless_shutdown(self.life.childless()).await
    }
}

/// A component that has been added and can be linked, but does not run yet. Dropping it removes it.
#[must_use = "a component that is not started is removed again"]
pub struct Unstarted {
    system: System,
    life: Arc<Life>,
    start: Option<Start>,
}

/// Starts the task of a component whose type is forgotten.
pub(crate) type Start = Box<dyn FnOnce(&Handle) -> AbortHandle + Send>;

impl Unstarted {
    pub(crate) fn new<C: Component>(system: &System, life: Arc<Life>, component: C, boxes: C::Boxes) -> Self {
        let (own_system, own_life) = (system.clone(), life.clone());
        let start = move |runtime: &Handle| {
            let ctx = Context::new(own_life.clone());
            runtime.spawn(Task::new(own_system, own_life, component.run(boxes, ctx))).abort_handle()
        };
        Self { system: system.clone(), life, start: Some(Box::new(start)) }
    }

    /// Its id.
    pub fn id(&self) -> ComponentId {
        self.life.id
    }

    /// Starts its task.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as [`tokio::spawn`] does.
    pub fn start(mut self) -> ComponentHandle {
        if let Some(start) = self.start.take() {
            self.system.start(self.life.id, start);
        }
        ComponentHandle::new(self.system.clone(), self.life.clone())
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        if let Some(start) = self.start.take() {
            drop(start);
            self.system.remove_component(self.life.id);
        }
    }
}
