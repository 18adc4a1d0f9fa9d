//! What a system tells whoever observes it: structure as [`Event`]s, activity as running totals.
//!
//! These are in-process types; nothing here is a wire format, and nothing here knows who listens.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::stop::Life;
use crate::topology::{Core, CoreView};

/// Told of every structural event of one [`System`](crate::System), in order, from whichever task caused it.
///
/// `on_event` runs on the hot path of creating components and linkages: it must not block and must not call back into
/// the system. An observer that cannot keep an event drops it, remembers that it did, and asks
/// [`System::describe`](crate::System::describe) for the whole truth later.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use axonscope_runtime::{Event, Observer, Pipeline, System, library::Transformer};
///
/// #[derive(Default)]
/// struct Links(AtomicU32);
///
/// impl Observer for Links {
///     fn on_event(&self, _number: u64, event: &Event) {
///         match event {
///             Event::Linked(_) => self.0.fetch_add(1, Ordering::Relaxed),
///             Event::Unlinked(_) => self.0.fetch_sub(1, Ordering::Relaxed),
///             _ => 0,
///         };
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pass = || Transformer::new(|number: u32| number);
/// let system = System::new("observed");
/// let links = Arc::new(Links::default());
/// system.observe(links.clone())?;
/// let pipeline = system.add("pipeline", Pipeline::new().stage("one", pass()).stage("two", pass()))?;
/// assert_eq!(links.0.load(Ordering::Relaxed) as usize, system.describe().linkages.len());
/// drop(pipeline); // It was never started.
/// assert_eq!(links.0.load(Ordering::Relaxed), 0);
/// # Ok(())
/// # }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Event number `number` has just happened. Numbers start at 1 and rise by 1, and calls come in that order.
    fn on_event(&self, number: u64, event: &Event);

    /// `message` is sent from `outbox`, which is [tapped](crate::System::set_tapped). It may then still wait, and it may
    /// be dropped: each message that the outbox counts, as passed on or as dropped, is told once, in the order in which
    /// they are sent.
    ///
    /// The sender calls it, and does nothing else until it returns. No lock is held meanwhile: it may be called while
    /// `on_event` runs elsewhere, and for several outboxes at once. A panic in it stays in it, and ends the tap.
    fn on_message(&self, _outbox: PostboxId, _message: &dyn Any) {}
}

/// Whoever observes a system. What only tells it, and does not keep it, has a weak one.
pub(crate) struct Watcher(pub(crate) Arc<dyn Observer>);

/// One structural fact.
#[derive(Clone, Debug)]
pub enum Event {
    /// A component exists from now on.
    ComponentAdded(ComponentInfo),
    /// A component's state changed.
    StateChanged(ComponentId, State),
    /// A component and all its postboxes are gone. Linkages that touched them were told as `Unlinked` before.
    ComponentRemoved(ComponentId),
    /// A component has a further postbox.
    PostboxAdded(PostboxInfo),
    /// A postbox is gone while its component stays.
    PostboxRemoved(PostboxId),
    /// Two postboxes are joined.
    Linked(LinkageInfo),
    /// A linkage is gone.
    Unlinked(LinkageId),
}

/// What is fixed about a component, and where its totals are.
#[derive(Clone, Debug)]
pub struct ComponentInfo {
    /// Its id.
    pub id: ComponentId,
    /// The composite it lives in, if any.
    pub parent: Option<ComponentId>,
    /// Its name, unique among its siblings only by custom.
    pub name: Arc<str>,
    /// The short name of its Rust type, or what the component says its type is.
    pub type_name: Arc<str>,
    /// One sentence on what it is for; empty when it says nothing.
    pub description: Arc<str>,
    /// Running totals, written by its task alone.
    pub activity: ComponentMeter,
}

/// What is fixed about a postbox, and where its totals are.
#[derive(Clone, Debug)]
pub struct PostboxInfo {
    /// Its id.
    pub id: PostboxId,
    /// The component that has it.
    pub owner: ComponentId,
    /// Its name, unique within its component and kind.
    pub name: Arc<str>,
    /// Which way messages go.
    pub kind: PostboxKind,
    /// The Rust type of its messages, shortened to its last path segments.
    pub message_type: Arc<str>,
    /// How many messages it holds before senders wait; `None` for an outbox, which holds none.
    pub capacity: Option<u32>,
    /// Running totals.
    pub activity: PostboxMeter,
}

/// A linkage that exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkageInfo {
    /// Its id.
    pub id: LinkageId,
    /// Where messages come from.
    pub source: PostboxId,
    /// Where they go.
    pub sink: PostboxId,
    /// How the two are joined.
    pub kind: LinkageKind,
}

/// Which way messages go through a postbox.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PostboxKind {
    /// Messages wait here for the component.
    Inbox,
    /// Messages leave the component here.
    Outbox,
}

impl fmt::Display for PostboxKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inbox => "inbox",
            Self::Outbox => "outbox",
        })
    }
}

/// How a linkage joins its two postboxes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LinkageKind {
    /// An outbox to an inbox.
    Direct,
    /// Passthrough: a composite's inbox to an inbox of a child.
    Inward,
    /// Passthrough: a child's outbox to an outbox of its composite.
    Outward,
}

impl fmt::Display for LinkageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "directly",
            Self::Inward => "inward",
            Self::Outward => "outward",
        })
    }
}

/// How a component is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Made, not polled yet.
    Starting,
    /// Its task runs, or waits for something.
    Running,
    /// It came to its end.
    Finished,
    /// It panicked or returned an error; the message says what and, for a panic, where.
    Failed(Arc<str>),
}

/// Running totals of a component. Written by the component's task alone, read by anyone at any time.
#[derive(Debug, Default)]
pub struct ComponentActivity {
    /// Finished polls of its task.
    pub polls: AtomicU64,
    /// Nanoseconds spent inside finished polls, those that were [timed](crate::System::set_timed).
    pub busy_ns: AtomicU64,
    /// When the poll that runs now began, in nanoseconds of [`clock_ns`](crate::clock_ns); 0 while none runs, and 1 for
    /// one that is not [timed](crate::System::set_timed). A poll that never ends shows here.
    pub poll_started_at: AtomicU64,
    /// When a timed poll of its task last began, in nanoseconds of [`clock_ns`](crate::clock_ns).
    pub last_active_at: AtomicU64,
    /// How often it was started again after a failure, by [`Supervised`](crate::Supervised).
    pub restarts: AtomicU64,
    /// For the one observer to remember what it has told already; the runtime never touches it.
    pub mark: AtomicU64,
}

/// Running totals of a postbox. Each field has one writer at a time; anyone may read.
#[derive(Debug, Default)]
pub struct PostboxActivity {
    /// Inbox: messages taken out by the component. Outbox: messages delivered, or held until they can be.
    pub messages: AtomicU64,
    /// Messages thrown away. Outbox: sent while unlinked, to a component that had finished, given up while waiting, or
    /// held to the end. Inbox: thrown away after delivery, because it was full and says so, or because its component
    /// ended first.
    pub dropped: AtomicU64,
    /// Inbox: messages that wait now. Outbox: messages held for want of a linkage.
    pub depth: AtomicU32,
    /// The largest depth there has been.
    pub high_water: AtomicU32,
    /// Outbox: nanoseconds spent waiting for room in a full inbox, waits that ended. Inbox: always 0.
    pub blocked_ns: AtomicU64,
    /// When the wait that lasts now began, in nanoseconds of [`clock_ns`](crate::clock_ns); 0 while none lasts. Outbox: for room, or
    /// for a linkage. Inbox: for a message, and then it is the beginning of the poll that found none, known to the
    /// nanosecond only while polls are [timed](crate::System::set_timed).
    pub waiting_since: AtomicU64,
    /// For the one observer to remember what it has told already; the runtime never touches it.
    pub mark: AtomicU64,
}

impl PostboxActivity {
    pub(crate) const fn new() -> Self {
        Self {
            messages: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            depth: AtomicU32::new(0),
            high_water: AtomicU32::new(0),
            blocked_ns: AtomicU64::new(0),
            waiting_since: AtomicU64::new(0),
            mark: AtomicU64::new(0),
        }
    }

    pub(crate) fn count_depth(&self, depth: usize) {
        let depth = u32::try_from(depth).unwrap_or(u32::MAX);
        self.depth.store(depth, Ordering::Relaxed);
        if depth > self.high_water.load(Ordering::Relaxed) {
            self.high_water.store(depth, Ordering::Relaxed);
        }
    }
}

/// Where the totals of a component are. It may outlive the component.
#[derive(Clone)]
pub struct ComponentMeter(pub(crate) Arc<Life>);

impl Deref for ComponentMeter {
    type Target = ComponentActivity;

    fn deref(&self) -> &ComponentActivity {
        &self.0.activity
    }
}

impl fmt::Debug for ComponentMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Where the totals of a postbox are. It may outlive the postbox.
#[derive(Clone)]
pub struct PostboxMeter(pub(crate) Core);

impl Deref for PostboxMeter {
    type Target = PostboxActivity;

    fn deref(&self) -> &PostboxActivity {
        self.0.view().activity()
    }
}

impl fmt::Debug for PostboxMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// What [`System::visit_activity`](crate::System::visit_activity) comes past: each component, then its postboxes.
#[derive(Clone, Copy)]
pub enum Visit<'a> {
    /// A component; its postboxes follow.
    Component(ComponentId, &'a ComponentMeter),
    /// A postbox of the component visited last.
    Postbox(Reading<'a>),
}

/// The totals of a postbox that is being visited.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Its id.
    pub id: PostboxId,
    /// Which way messages go.
    pub kind: PostboxKind,
    pub(crate) core: CoreView<'a>,
}

impl Reading<'_> {
    /// For reading again later.
    pub fn meter(&self) -> PostboxMeter {
        PostboxMeter(self.core.to_core())
    }
}

impl Deref for Reading<'_> {
    type Target = PostboxActivity;

    fn deref(&self) -> &PostboxActivity {
        self.core.activity()
    }
}

/// Everything that existed at one instant, or one page of it.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The last event that this description already contains; events after it still apply, and applying an earlier
    /// one again changes nothing.
    pub event_number: u64,
    /// Components, parents before children.
    pub components: Vec<ComponentInfo>,
    /// The state each component in `components` is in, in the same order.
    pub states: Vec<State>,
    /// Postboxes of the components described.
    pub postboxes: Vec<PostboxInfo>,
    /// Linkages whose source postbox is described.
    pub linkages: Vec<LinkageInfo>,
}

/// Adds to a total that has a single writer: a plain load and store, several times cheaper than an atomic
/// read-modify-write on a line that others read.
pub(crate) fn add(total: &AtomicU64, n: u64) {
    total.store(total.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
}
