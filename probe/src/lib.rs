//! Observes a running program and streams what it sees to the visualiser.
//!
//! A layer attaches a program that uses `tracing`: each span is a component, or one of many that its callsite has a
//! component for, and events are log lines.
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! # fn main() -> Result<(), axonscope_probe::StartError> {
//! let probe = axonscope_probe::Probe::builder().start()?;
//! tracing_subscriber::registry().with(probe.layer()).init();
//! // … hold `probe` for as long as the program is to be seen.
//! # Ok(())
//! # }
//! ```
//!
//! [`init_tracing`] is the same in one line. Two lines attach a program whose components run
//! on `axonscope-runtime`:
//!
//! ```
//! use axonscope_runtime::System;
//!
//! # fn main() -> Result<(), axonscope_probe::StartError> {
//! let system = System::new("chat_server");
//! let _probe = axonscope_probe::init(&system)?;
//! // … start components in `system`, and watch them in the visualiser.
//! # Ok(())
//! # }
//! ```
//!
//! Other runtimes are told of by hand, with [`Probe::manual`]. All of these mix in one process and in one picture, and the
//! builder has the rest:
//!
//! ```
//! use std::time::Duration;
//!
//! use axonscope_probe::Probe;
//! use axonscope_runtime::System;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let system = System::new("chat");
//! let probe = Probe::builder()
//!     .system(&system)
//!     .name("chat_server")
//!     .endpoint("http://127.0.0.1:7420")?
//!     .endpoint("unix:/run/axonscope.sock")?
//!     .label("zone", "cellar")
//!     .cadence(Duration::from_millis(50))
//!     .tap::<String>()
//!     .start()?;
//! probe.close("finished");
//! # Ok(())
//! # }
//! ```
//!
//! # Spans
//!
//! A span is a component inside that of its parent. Most are short and many, such as the requests of a service, so that all
//! spans of one callsite in one parent are counted together in one component: how many there were, how many are open, and
//! how long they were busy. One that has been open for a second becomes a component of its own when it is next entered.
//! [`trace::Options::fold`] changes that rule.
//!
//! A span says more of itself in fields, and is then a component of its own from the start:
//!
//! | field | says | such as |
//! | --- | --- | --- |
//! | `axon.component` | nothing but that it is a component of its own | `true` |
//! | `axon.name` | its name, else that of the span | `"reader"` |
//! | `axon.type` | what kind of component it is, else the span's name | `"Reader"` |
//! | `axon.description` | one sentence on what it is for | `"reads lines"` |
//! | `axon.inboxes` | its inboxes, with message type and capacity if wanted | `"lines: String [64], stop"` |
//! | `axon.outboxes` | its outboxes | `"words: String"` |
//! | `axon.links` | which outbox leads to which inbox of which component | `"words -> shouter.words"` |
//!
//! Events in it with a field `axon.sent`, `axon.taken` or `axon.dropped` count messages of the box they name (`axon.count`
//! says how many, if not one), and `axon.waiting` says that `axon.count` messages wait in an inbox. All but the name and the
//! type may be recorded later. A program needs only `tracing` for all this; [`component_span!`], [`sent!`], [`taken!`],
//! [`dropped!`] and [`waiting!`] are shorter. Better than declaring a
//! linkage is to let a [`channel`] find out who is at its ends.
//!
//! Where the program is built with `--cfg tokio_unstable` and tokio with its feature `tracing`, tokio's tasks and resources
//! are components too, and a task that uses a mutex or a semaphore is drawn as using it: tokio's channels do not say who is at
//! the other end.
//!
//! # What it costs
//!
//! The probe has one thread of its own, so it reports also when all of the program's threads are blocked. The program
//! pays for an event, when a component, postbox or linkage comes or goes, and nothing for a message: totals are read, not
//! sent. While no visualiser listens an event costs an atomic load or two. Entering and leaving a span costs some 40 ns then,
//! and about 200 ns while one does (on the machine of `./bench probe`); with the probe off, nothing.
//!
//! The probe takes at most 16 MiB beyond what the program itself holds, however long there is no visualiser and however many
//! there are: when changes come faster than they can be told, they are thrown away and counted, and a fresh snapshot makes
//! them good. What is told by spans or by hand the probe must remember itself; past its room for that, new things are
//! refused, counted, and shown as missing.
//!
//! # The environment
//!
//! | variable | says |
//! | --- | --- |
//! | `AXONSCOPE_ENDPOINT` | where to dial, unless the program says so: `http://127.0.0.1:7420`, `unix:/run/axonscope.sock`, or several with commas between them |
//! | `AXONSCOPE_NAME` | what to call the system, unless the program says so |
//! | `AXONSCOPE_LABELS` | free words beside those of the program: `zone=cellar,version=3` |
//! | `AXONSCOPE_OFF` | `1`: there is no probe, and what observes costs as good as nothing |
//!
//! A bad value is one warning and never an error.

mod aside;
mod builder;
pub mod channel;
mod closing;
mod collector;
mod current;
mod dialer;
mod endpoint;
mod environment;
mod identity;
mod ledger;
mod limits;
mod lines;
pub mod manual;
mod ordered;
mod own;
mod panics;
mod pending;
mod probe;
mod publisher;
mod registry;
mod rounds;
mod snapshot;
mod source;
mod sweep;
mod taps;
mod to_proto;
pub mod trace;
mod words;

#[cfg(test)]
mod convergence;

pub use axonscope_runtime::State;
pub use builder::{Builder, StartError};
pub use endpoint::EndpointError;
pub use probe::{Probe, Stats};

use axonscope_runtime::System;

/// Observes `system`, with the defaults of [`Probe::builder`], until the probe it returns is dropped.
pub fn init(system: &System) -> Result<Probe, StartError> {
    Probe::builder().system(system).start()
}

/// Starts a probe that makes components of the program's spans, and installs a `tracing` subscriber for it. To have others
/// as well, such as one that prints, add [`Probe::layer`] to a subscriber of your own instead.
pub fn init_tracing() -> Result<Probe, StartError> {
    use tracing_subscriber::prelude::*;

    if tracing::dispatcher::has_been_set() {
        return Err(StartError::HasSubscriber);
    }
    let probe = Probe::builder().start()?;
    tracing_subscriber::registry().with(probe.layer()).try_init().map_err(|_| StartError::HasSubscriber)?;
    Ok(probe)
}
