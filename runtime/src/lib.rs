#![doc = include_str!("../TUTORIAL.md")]

mod chassis;
mod clock;
mod component;
mod describe;
mod error;
mod giving_back;
mod handle;
mod id;
mod inboxes;
#[cfg(all(test, feature = "shuttle"))]
mod interleavings;
pub mod library;
mod linkage;
mod name;
mod observe;
mod polling;
mod postbox;
mod services;
mod stop;
mod stopping;
mod storage;
mod supervised;
mod sync;
mod system;
mod task;
mod topology;
#[cfg(feature = "wiring")]
pub mod wiring;

pub use chassis::{
    Backplane, BackplaneError, Blocking, BlockingIo, Carousel, ConnectedServer, Connection, Graphline, Handle,
    HandleReceiver, HandleSender, Par, Pipeline, Plug, PlugError, PublishTo, SendError, Seq, Splitter, SplitterHandle,
    SubscribeTo,
};
pub use clock::clock_ns;
pub use component::{Boxes, Children, Component, Context, Declare, In, Io, Out, Unstarted};
pub use describe::Condition;
pub use error::{AddError, Failure, LinkError, Outcome, WouldWait};
pub use handle::ComponentHandle;
pub use id::{ComponentId, LinkageId, PostboxId, unique_id};
pub use inboxes::{Inboxes, RecvAny};
pub use linkage::{At, Linkage};
pub use name::Name;
pub use observe::{
    ComponentActivity, ComponentInfo, ComponentMeter, Description, Event, LinkageInfo, LinkageKind, Observer,
    PostboxActivity, PostboxInfo, PostboxKind, PostboxMeter, Reading, State, Visit,
};
pub use polling::current_component;
pub use postbox::{DEFAULT_CAPACITY, Inbox, InboxSpec, Outbox, OutboxSpec, Recv, Send, WhenUnlinked};
pub use services::Services;
pub use stop::{Shutdown, Stop};
pub use storage::{Message, WhenFull};
pub use supervised::{Restart, Supervised};
pub use system::{AlreadyObserved, Cursor, System};
