//! Ready components, one family a file.

mod console;
mod lines;
mod tcp;
mod ticker;
mod transformer;

pub use console::{ConsoleIn, ConsoleOut};
pub use lines::{LineReader, ReadLineError};
pub use tcp::{Accepted, Listener};
pub use ticker::Ticker;
pub use transformer::{Filter, FilterBoxes, Transformer};
