//! Components with inboxes and outboxes, joined by linkages, on tokio.

mod id;
mod error;
mod name;
mod observe;
mod stop;
mod storage;
mod postbox;
mod linkage;
mod component;
mod topology;
mod describe;
mod task;
mod system;
mod chassis;
pub mod library;

pub use component::{Boxes, Children, Component, Context, Declare, In, Io, Out, Unstarted};
pub use error::{AddError, Failure, LinkError, Outcome, WouldWait};
pub use id::{ComponentId, LinkageId, PostboxId};
pub use linkage::{At, Linkage};
pub use name::Name;
pub use observe::{
    ComponentActivity, ComponentInfo, Description, Event, LinkageInfo, LinkageKind, Observer, PostboxActivity,
    PostboxInfo, PostboxKind, State, clock_ns,
};
pub use postbox::{DEFAULT_CAPACITY, Inbox, InboxSpec, Outbox, OutboxSpec, Send, WhenUnlinked};
pub use chassis::{ConnectedServer, Connection, Graphline, Pipeline};
pub use stop::{Shutdown, Stop};
pub use storage::{Message, WhenFull};
pub use system::{AlreadyObserved, ComponentHandle, Cursor, System, Visit};
