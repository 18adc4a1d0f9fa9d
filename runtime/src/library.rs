//! Ready components, one family a file.
//!
//! Bytes travel as [`bytes::Bytes`], whose copies share their memory.

mod bucket;
mod chunks;
mod console;
mod file;
mod line_splitter;
mod lines;
mod multicast;
mod rate_limiter;
mod stdio;
mod tcp;
mod ticker;
mod transformer;
mod udp;
mod while_doing;

pub use console::{ConsoleIn, ConsoleOut};
pub use file::{FileReader, FileWriter};
pub use line_splitter::LineSplitter;
pub use lines::{LineReader, ReadLineError};
pub use multicast::Multicast;
pub use rate_limiter::RateLimiter;
pub use stdio::{StdinBytes, StdoutBytes};
pub use tcp::{Accepted, Listener, TcpClient, TcpConnection};
pub use ticker::Ticker;
pub use transformer::{Filter, FilterBoxes, Transformer};
pub use udp::{Datagram, Udp, UdpConnected};
