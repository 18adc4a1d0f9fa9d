//! The chat server's components and how they are joined.
//!
//! ```text
//!  server ┌ listener ┐
//!         │ alice ─┐  │
//!         │ bob   ─┼──┼─▶ moderator ─▶ room ─▶ logger
//!         │ carol ─┘  │        └─ rejected ──────▲
//!         └───────────┘   heartbeat ─▶ room ─▶ each of alice, bob, carol
//! ```
//!
//! Who waits for whom: what people say waits for the moderator, the room and the logger, each with its bounded inbox,
//! so a slow logger slows the talk (watch it with `--slow-logger`). What the room tells people never waits: the
//! inbox of a handler drops its oldest line, and counts it, when its client does not read.

mod handler;
mod logger;
mod room;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axonscope_runtime::library::{Filter, Ticker};
use axonscope_runtime::{AddError, ConnectedServer, Connection, PostboxId, System};
use tokio::net::TcpListener;

pub use handler::Handler;
pub use logger::FileLogger;
pub use room::Room;

/// How long a new connection may take to give its name before it is named by its address.
const NAME_WAIT: Duration = Duration::from_millis(200);
/// The longest name people may have, in characters.
const LONGEST_NAME: usize = 24;
/// What the moderator does not let through.
const BANNED: [&str; 3] = ["buy now", "free money", "casino"];

/// What goes from people to the room, and from there to the log.
#[derive(Clone, Debug)]
pub struct Said {
    /// The speaker's name.
    pub who: Arc<str>,
    /// What happened.
    pub what: What,
}

/// What can happen in a room.
#[derive(Clone, Debug)]
pub enum What {
    /// Somebody came, and wants to be told at this inbox.
    Joined(PostboxId),
    /// Somebody spoke.
    Spoke(PostboxId, Arc<str>),
    /// Somebody wants to be called so.
    Renamed(PostboxId, Arc<str>),
    /// Somebody went.
    Left(PostboxId),
    /// Some time has passed.
    Tick(u64),
}

/// How the server is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the log goes.
    pub log: PathBuf,
    /// How long the logger takes for each message, to show what happens then.
    pub slow_logger: Duration,
    /// How often the room says how many are there.
    pub heartbeat: Duration,
}

/// Makes all components, joins them, and starts them.
pub fn start(system: &System, listener: TcpListener, options: Options) -> Result<(), AddError> {
    let logger = system.add("logger", FileLogger::new(options.log, options.slow_logger))?;
    let room = system.add("room", Room::default())?;
    let moderator = system.add("moderator", Filter::new(is_fit_to_print))?;
    let heartbeat = system.add("heartbeat", Ticker::new(options.heartbeat, |n| said("", What::Tick(n))))?;
    let server = ConnectedServer::new(listener, welcome).outbox::<Said>("outbox").wait_for_opening(NAME_WAIT);
    let server = system.add("server", server)?;

    system.link((&server, "outbox"), (&moderator, "inbox"))?;
    system.link((&moderator, "outbox"), (&room, "inbox"))?;
    system.link((&moderator, "rejected"), (&logger, "inbox"))?;
    system.link((&heartbeat, "outbox"), (&room, "inbox"))?;
    system.link((&room, "log"), (&logger, "inbox"))?;

    for component in [logger, room, moderator, heartbeat, server] {
        component.start();
    }
    Ok(())
}

/// One more connection: a handler, named as its client named itself if it did so at once.
fn welcome(connection: Connection<'_>) -> Result<axonscope_runtime::Unstarted, AddError> {
    let Connection { stream, peer, opening, server } = connection;
    let first_line = String::from_utf8_lossy(&opening);
    let name = first_line.split_once('\n').and_then(|(line, _)| nickname(line));
    let name = name.unwrap_or_else(|| peer.to_string().into());
    let handler = server.add(name.clone(), Handler::new(stream, name))?;
    server.system().pass_outward((&handler, "outbox"), (server.id(), "outbox"))?;
    Ok(handler)
}

fn is_fit_to_print(said: &Said) -> bool {
    match &said.what {
        What::Spoke(_, line) => !BANNED.iter().any(|banned| line.to_lowercase().contains(banned)),
        _ => true,
    }
}

fn said(who: impl Into<Arc<str>>, what: What) -> Said {
    Said { who: who.into(), what }
}

/// The name in a line: with or without `/nick`, cut to a sensible length; none if nothing is left.
fn nickname(line: &str) -> Option<Arc<str>> {
    let line = line.trim();
    let name = line.strip_prefix("/nick").unwrap_or(line);
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let name: String = name.trim().chars().take(LONGEST_NAME).collect();
    if name.is_empty() { None } else { Some(name.into()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_are_cut_to_size() {
        for (line, name) in [("alice", "alice"), (" /nick  bob\r", "bob"), ("a\u{1b}[31m b", "a[31m b")] {
            assert_eq!(&*nickname(line).unwrap(), name);
        }
        assert_eq!(nickname(&"x".repeat(1000)).unwrap().len(), LONGEST_NAME);
        assert_eq!(nickname("/nick  "), None);
    }
}
