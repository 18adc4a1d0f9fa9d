//! Observes a program made of components and streams what it sees to the visualiser.
//!
//! Three lines attach a program: make a system, start the probe, keep what it returns.
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
//! The builder has the rest:
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
//!     .label("zone", "cellar")
//!     .cadence(Duration::from_millis(50))
//!     .start()?;
//! probe.close("finished");
//! # Ok(())
//! # }
//! ```
//!
//! # What it costs
//!
//! The probe has one thread of its own, so it reports also when all of the program's threads are blocked. The program
//! pays for an event, when a component, postbox or linkage comes or goes, and nothing for a message: totals are read, not
//! sent. While no visualiser listens an event costs one atomic load. With one, the probe takes at most 16 MiB beyond what
//! the program itself holds: when changes come faster than they can be told, they are thrown away and counted, and a fresh
//! snapshot makes them good.
//!
//! # The environment
//!
//! `AXONSCOPE_ENDPOINT` says where to dial and `AXONSCOPE_NAME` what to call the system, unless the program says so
//! itself. A bad value is one warning and never an error.

mod builder;
mod closing;
mod collector;
mod dialer;
mod endpoint;
mod environment;
mod identity;
mod ledger;
mod limits;
mod ordered;
mod pending;
mod probe;
mod publisher;
mod snapshot;
mod source;
mod stats;
mod sweep;
mod to_proto;
mod words;

#[cfg(test)]
mod convergence;

pub use builder::{Builder, StartError};
pub use endpoint::EndpointError;
pub use probe::Probe;
pub use stats::Stats;

use axonscope_runtime::System;

/// Observes `system`, with the defaults of [`Probe::builder`], until the probe it returns is dropped.
pub fn init(system: &System) -> Result<Probe, StartError> {
    Probe::builder().system(system).start()
}
