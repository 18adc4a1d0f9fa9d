//! What the model is told: one fact added or removed, in the model's own words.

use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::said::{NewLine, NewSample};

/// One fact about one system. Times are nanoseconds of the observed program's monotonic clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// What follows up to `SnapshotEnded` is everything that exists. What is known stays shown, marked as stale, and
    /// what the snapshot did not name goes when it ends.
    SnapshotBegan,
    /// The snapshot is complete.
    SnapshotEnded,
    /// A component exists.
    ComponentAdded(NewComponent),
    /// A component's state is now this; `detail` says what failed and where.
    StateChanged {
        /// Whose state.
        component: ComponentId,
        /// The state now.
        state: State,
        /// What failed and where; empty otherwise.
        detail: String,
    },
    /// A component is gone, with its postboxes, their linkages and its children.
    ComponentRemoved(ComponentId),
    /// A postbox exists.
    PostboxAdded(NewPostbox),
    /// A postbox is gone, with its linkages.
    PostboxRemoved(PostboxId),
    /// Two postboxes are joined.
    Linked(NewLinkage),
    /// A linkage is gone.
    Unlinked(LinkageId),
    /// Running totals of a component.
    ComponentActivity(ComponentActivity),
    /// Running totals of a postbox.
    PostboxActivity(PostboxActivity),
    /// Running total of a linkage whose program counts by linkage.
    LinkageActivity {
        /// Which one.
        linkage: LinkageId,
        /// Messages since it began.
        messages: u64,
    },
    /// All totals that changed up to this time have been told; those not named are as they were. Rates are derived
    /// from here.
    Sampled {
        /// When they were read.
        at: u64,
    },
    /// The probe has lost this many structural events so far and made them good by a snapshot.
    Lost(u64),
    /// So many births and deaths so far met between two ticks and were never sent.
    Merged(u64),
    /// The program told its probe of so many components, postboxes and linkages so far that there was no room for: they
    /// are missing in the picture for good.
    NoRoom(u64),
    /// A component, or the system as a whole, wrote a line to its log.
    Logged(NewLine),
    /// A message was seen on a tapped linkage, or it was said why none is.
    Tapped(NewSample),
    /// The edge found something that it could not turn into a change.
    Refused(Anomaly),
}

/// A component, as told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewComponent {
    /// Its id.
    pub id: ComponentId,
    /// The composite it lives in.
    pub parent: Option<ComponentId>,
    /// Its name; may be empty.
    pub name: String,
    /// What kind of component it is; may be empty.
    pub type_name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// How it is doing.
    pub state: State,
    /// What failed and where; empty otherwise.
    pub state_detail: String,
    /// Free words of the program's own, in order of key.
    pub labels: Vec<(String, String)>,
}

/// A postbox, as told.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPostbox {
    /// Its id.
    pub id: PostboxId,
    /// The component that has it.
    pub owner: ComponentId,
    /// Its name.
    pub name: String,
    /// Which way messages go.
    pub kind: PostboxKind,
    /// The type of its messages; may be empty.
    pub message_type: String,
    /// How many messages it holds; 0 is not bounded or not known.
    pub capacity: u32,
    /// What it is for; may be empty.
    pub description: String,
}

/// A linkage, as told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewLinkage {
    /// Its id.
    pub id: LinkageId,
    /// Where messages come from.
    pub source: PostboxId,
    /// Where they go.
    pub sink: PostboxId,
    /// How the two are joined.
    pub kind: LinkageKind,
}

/// Totals of a component, all since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ComponentActivity {
    /// Whose.
    pub component: ComponentId,
    /// Time spent running, polls that ended.
    pub busy_ns: u64,
    /// Polls that ended.
    pub polls: u64,
    /// When its task last ran; 0 is never or not known.
    pub last_active_at: u64,
    /// When the poll that runs now began; 0 while none runs.
    pub poll_started_at: u64,
    /// How often it was started again after it had failed.
    pub restarts: u32,
    /// Of a component that stands for many short things, such as the requests of a service: how many have begun.
    pub begun: u64,
    /// How many of those are open now. Not a total.
    pub open: u32,
    /// Time its task was ready to run and did not, waits that ended; 0 where nobody measures it.
    pub scheduled_ns: u64,
    /// When the wait that lasts now began; 0 while none lasts.
    pub scheduled_since: u64,
}

/// Totals of a postbox, all since it began, except the depth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PostboxActivity {
    /// Whose.
    pub postbox: PostboxId,
    /// Inbox: taken out by the component. Outbox: delivered, or held until they can be.
    pub messages: u64,
    /// Thrown away here.
    pub dropped: u64,
    /// Waiting now; for an outbox, held for want of a linkage.
    pub depth: u32,
    /// The largest depth there has been.
    pub high_water: u32,
    /// Time spent waiting for room, waits that ended.
    pub blocked_ns: u64,
    /// When the wait that lasts now began; 0 while none lasts.
    pub blocked_since: u64,
    /// Inbox: the component waits here for a message.
    pub waiting: bool,
}

/// Which way messages go through a postbox.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PostboxKind {
    /// Messages wait here for the component.
    Inbox,
    /// Messages leave the component here.
    Outbox,
    /// No box at all: where a component holds what it uses, or is held by those who use it. No messages, no totals.
    Grip,
}

/// How a linkage joins its two postboxes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum LinkageKind {
    /// An outbox to an inbox.
    #[default]
    Direct,
    /// Passthrough: a composite's inbox to an inbox of a child.
    Inward,
    /// Passthrough: a child's outbox to an outbox of its composite.
    Outward,
    /// The component of the source uses that of the sink. Both ends are grips, and nothing flows.
    Use,
}

/// How a component is doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum State {
    /// Made, never polled yet.
    Starting,
    /// Its task runs, or waits for something.
    #[default]
    Running,
    /// It came to its end.
    Finished,
    /// It panicked or returned an error.
    Failed,
}

/// Something told that does not fit what is known. It changes nothing else, is counted, and is shown on what it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// A component says that it lives in a composite nobody told of. It is put at the top of its system.
    UnknownParent {
        /// The component.
        component: ComponentId,
        /// The composite it names.
        parent: ComponentId,
    },
    /// A postbox of a component nobody told of. It is left out.
    UnknownOwner {
        /// The postbox.
        postbox: PostboxId,
        /// The component it names.
        owner: ComponentId,
    },
    /// A linkage from or to a postbox nobody told of. It is left out.
    UnknownEnd {
        /// The linkage.
        linkage: LinkageId,
        /// The postbox it names.
        postbox: PostboxId,
    },
    /// An id told a second time with other content. The first stays.
    DuplicateId {
        /// "component", "postbox" or "linkage".
        noun: &'static str,
        /// The id.
        id: u64,
    },
    /// Something is said of an id nobody told of.
    UnknownId {
        /// "component", "postbox" or "linkage".
        noun: &'static str,
        /// The id.
        id: u64,
    },
    /// A total went backwards. The larger one stays.
    TotalFell {
        /// "component", "postbox" or "linkage".
        noun: &'static str,
        /// The id.
        id: u64,
    },
    /// Reports are missing: this number came where that was expected.
    Gap {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// A text was longer than the limit and was cut.
    Cut {
        /// "component", "postbox" or "system".
        noun: &'static str,
        /// The id.
        id: u64,
    },
    /// A limit was reached; the thing was left out.
    OverLimit {
        /// What there is too much of, in words.
        what: &'static str,
    },
    /// A message that could not be understood; the words say which and why.
    Malformed(String),
}
