//! Observes a program by what it tells `tracing`: spans are components, nested as they are; events are their log lines.

mod convention;
mod fields;
mod layer;
mod macros;
mod node;
mod options;
mod tokio_words;
mod wiring;

pub use layer::Spans;
pub(crate) use layer::here;
pub use options::{Fold, Options, Seen};
