//! What exists and what happened: the pure model of observed systems.
//!
//! A [`Model`] is told [`Change`]s and answers questions. It has no clock, no thread and no wire, and nothing told to it
//! makes it fail: what does not fit is an [`Anomaly`], counted and shown.

mod activity;
mod clock;
mod hash;
mod index;
mod list;
mod names;
mod said;
mod slab;

mod change;
pub mod display;
pub mod finding;
mod id;
mod limits;
mod model;
pub mod problems;
mod query;
mod snapshot;
mod status;
mod structure;
mod sweep;
mod system;
mod topology;
mod totals;
pub mod wiring;
mod words;

#[cfg(test)]
mod tests;

pub use change::{
    Anomaly, Change, ComponentActivity, LinkageKind, NewComponent, NewLinkage, NewPostbox, PostboxActivity,
    PostboxKind, State,
};
pub use id::{ComponentId, LinkageId, PostboxId, SystemId};
pub use limits::Limits;
pub use model::{Model, SILENCE_NS};
pub use query::{ComponentRef, LinkageRef, PostboxRef};
pub use said::{
    LINES_PER_COMPONENT, LINES_PER_SYSTEM, Level, Line, NewLine, NewSample, SAMPLES_PER_LINKAGE, Sample,
    TAPPED_LINKAGES, Tap,
};
pub use status::{Facts, Hello, Refusal, Staleness, Status};
pub use system::{Applied, System};
