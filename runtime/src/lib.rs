//! Components with inboxes and outboxes, joined by linkages, on tokio.

mod id;
mod observe;
mod system;

pub use id::{ComponentId, LinkageId, PostboxId};
pub use observe::{
    ComponentActivity, ComponentInfo, Description, Event, LinkageInfo, LinkageKind, Observer, PostboxActivity,
    PostboxInfo, PostboxKind, State, clock_ns,
};
pub use system::{AlreadyObserved, Cursor, System, Visit};
