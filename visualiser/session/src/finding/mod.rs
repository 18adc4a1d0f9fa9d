//! Finding things in all systems: what is asked, what was found, and the thread that looks, aside from frames and ingest.

mod desk;
mod findings;
mod thread;

pub(crate) use desk::Desk;
pub use findings::{Findings, Focus, Hit, Hits, Wanted};
pub(crate) use thread::run;
