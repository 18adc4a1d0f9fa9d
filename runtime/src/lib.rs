//! Components with inboxes and outboxes, joined by linkages, on tokio.
//!
//! A [`Component`] runs as one task and knows only its own boxes. A [`System`] holds the components and joins outboxes
//! to inboxes, before they start or while messages flow. Inboxes are bounded: a full one makes the sender wait.
//!
//! ```
//! use axonscope_runtime::library::Transformer;
//! use axonscope_runtime::{Component, Context, In, Io, Outcome, Pipeline, State, System};
//!
//! /// Adds up what comes, and says so when no more will come.
//! struct Sum;
//!
//! impl Component for Sum {
//!     type Boxes = Io<u64, u64>;
//!
//!     async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
//!         let mut sum = 0;
//!         while let Some(number) = io.inbox.recv().await? {
//!             sum += number;
//!         }
//!         io.outbox.send(sum).await?;
//!         Ok(())
//!     }
//! }
//!
//! struct Numbers;
//!
//! impl Component for Numbers {
//!     type Boxes = Io<(), u64>;
//!
//!     async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
//!         for number in 1..=100 {
//!             io.outbox.send(number).await?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! struct Check;
//!
//! impl Component for Check {
//!     type Boxes = In<u64>;
//!
//!     async fn run(self, mut boxes: Self::Boxes, _: Context) -> Outcome {
//!         assert_eq!(boxes.inbox.recv().await?, Some(338_350));
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let square = Transformer::new(|number: u64| number * number);
//! let pipeline = Pipeline::new()
//!     .stage("numbers", Numbers)
//!     .stage("square", square)
//!     .stage("sum", Sum)
//!     .stage("check", Check);
//!
//! let system = System::new("squares");
//! let pipeline = system.add("pipeline", pipeline)?.start();
//! assert_eq!(pipeline.ended().await, State::Finished);
//! assert!(system.describe().components.is_empty(), "what has finished is gone, what has failed would still be there");
//! # Ok(())
//! # }
//! ```
//!
//! # Stopping
//!
//! Beside its own boxes every component has `control` and `signal`. A [`Stop`] that arrives at control is latched, so
//! it makes no sender wait. `ProducerFinished` lets a receive return `None` when all that was sent has been taken and
//! no source may send any more; `Shutdown` makes a send or a receive return [`Shutdown`] as an error, which `?` hands
//! on. When a component ends, its signal tells the next one. [`Pipeline`] and [`Graphline`] wire that by themselves.
//! Components in a circle each wait for another's end: such a system is ended by `Shutdown`.
//!
//! A panic or an error makes a component [`State::Failed`], and is nobody else's business. It stays in the description,
//! so that it can be seen, until its composite goes or 64 others have failed after it.
//!
//! # Watching
//!
//! Somebody who wants to see a system gives it an [`Observer`], which is told each structural change in order, and reads
//! the running totals ([`ComponentActivity`], [`PostboxActivity`]) whenever it likes. [`System::describe`] says what
//! exists at any time. While nobody observes, no clock is read and no event is made.

mod chassis;
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
pub use component::{Boxes, Children, Component, Context, Declare, In, Io, Out, Unstarted};
pub use describe::Condition;
pub use error::{AddError, Failure, LinkError, Outcome, WouldWait};
pub use handle::ComponentHandle;
pub use id::{ComponentId, LinkageId, PostboxId};
pub use inboxes::{Inboxes, RecvAny};
pub use linkage::{At, Linkage};
pub use name::Name;
pub use observe::{
    ComponentActivity, ComponentInfo, ComponentMeter, Description, Event, LinkageInfo, LinkageKind, Observer,
    PostboxActivity, PostboxInfo, PostboxKind, PostboxMeter, Reading, State, Visit, clock_ns,
};
pub use postbox::{DEFAULT_CAPACITY, Inbox, InboxSpec, Outbox, OutboxSpec, Recv, Send, WhenUnlinked};
pub use services::Services;
pub use stop::{Shutdown, Stop};
pub use storage::{Message, WhenFull};
pub use supervised::{Restart, Supervised};
pub use system::{AlreadyObserved, Cursor, System};
