//! Ready components, one family a file.
//!
//! Bytes travel as [`bytes::Bytes`], whose copies share their memory.

mod bucket;
mod console;
mod line_splitter;
mod lines;
mod rate_limiter;
mod tcp;
mod ticker;
mod transformer;

pub use console::{ConsoleIn, ConsoleOut};
pub use line_splitter::LineSplitter;
pub use lines::{LineReader, ReadLineError};
pub use rate_limiter::RateLimiter;
pub use tcp::{Accepted, Listener};
pub use ticker::Ticker;
pub use transformer::{Filter, FilterBoxes, Transformer};
