//! The stream server's components and how they are joined.
//!
//! ```text
//!  tune ─▶ splitter ─▶ server ┌ 127.0.0.1:4242: patience ─▶ connection ┐
//!             │               │ 127.0.0.1:4243: patience ─▶ connection │
//!             │               └ …                                      ┘
//!             └─▶ multicast
//! ```
//!
//! Who waits for whom: nobody for a listener. A listener that is behind by more than it is given patience for is shown
//! out; so all who are served get every byte, and the same bytes. The samples are read at the pace at which they are
//! played, so a listener needs to be no faster than that.
//!
//! By TCP each listener first gets a header, so that what it gets is a WAV whenever it came. By multicast there are only
//! samples.

mod patience;
pub mod wav;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axonscope_runtime::library::{FileReader, Multicast, RateLimiter, TcpConnection};
use axonscope_runtime::{
    AddError, Carousel, ComponentHandle, ConnectedServer, Connection, Graphline, Pipeline, PlugError, Splitter,
    SplitterHandle, State, Stop, System, Unstarted,
};
use bytes::Bytes;
use patience::Patience;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

/// How many bytes are sent at a time: the most that fits into a datagram wherever it goes, in whole samples.
pub const CHUNK: usize = 1316;
/// How long a listener may keep us waiting, and how much it may be behind.
const PATIENCE: Duration = Duration::from_secs(3);
/// At the end of the tune listeners have this long to take the rest.
const LAST_BYTES: Duration = Duration::from_secs(10);
/// Listeners say nothing, and some say so at once: that a direction is idle means nothing here.
const IDLE: Duration = Duration::from_secs(365 * 24 * 3600);

/// How the server is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file with the samples.
    pub samples: PathBuf,
    /// How many bytes it has.
    pub length: u32,
    /// How many of them to send each second.
    pub rate: u64,
    /// Plays it over and over, rather than once.
    pub repeat: bool,
    /// Starts when so many have come, whether or not all of them are still there.
    pub wait_for: usize,
}

/// A server that has not begun to play.
pub struct Server {
    system: System,
    tune: Unstarted,
    server: ComponentHandle,
    wait_for: usize,
    come: watch::Receiver<usize>,
}

/// Makes all components, joins them, and starts all but the tune.
pub fn start(
    system: &System,
    listener: TcpListener,
    group: Option<Multicast>,
    options: Options,
) -> Result<Server, AddError> {
    let mut splitter = Splitter::<Bytes>::new();
    if group.is_some() {
        splitter = splitter.outbox("multicast");
    }
    let (count, come) = watch::channel(0);
    let welcome = Welcome {
        // What is played over and over has no length.
        header: Bytes::copy_from_slice(&wav::header(if options.repeat { u32::MAX } else { options.length })),
        allowance: allowance(options.rate),
        sinks: splitter.handle(),
        count,
    };
    let server = system.add("server", ConnectedServer::new(listener, move |new| welcome.listener(new)))?;
    let splitter = system.add("splitter", splitter)?;
    let tune = if options.repeat {
        system.add("tune", over_and_over(options.samples.clone(), options.rate))?
    } else {
        system.add("tune", read(&options.samples, options.rate))?
    };
    system.link((&tune, "outbox"), (&splitter, "inbox"))?;
    system.link((&tune, "signal"), (&splitter, "control"))?;
    if let Some(group) = group {
        let group = system.add("multicast", group)?;
        system.link((&splitter, "multicast"), (&group, "inbox"))?;
        system.link((&splitter, "signal"), (&group, "control"))?;
        group.start();
    }
    splitter.start();
    let server = server.start();
    Ok(Server { system: system.clone(), tune, server, wait_for: options.wait_for, come })
}

impl Server {
    /// Waits for those who are to be there, plays, and returns when everybody has had everything: never, if it is
    /// played over and over.
    pub async fn play(mut self) {
        // The server, which counts, ends after us.
        let _ = self.come.wait_for(|&come| come >= self.wait_for).await;
        if let State::Failed(why) = self.tune.start().ended().await {
            tracing::error!("the tune broke off: {why}");
        }
        self.server.stop(Stop::ProducerFinished);
        let _ = timeout(LAST_BYTES, self.system.finished()).await;
    }
}

fn read(samples: &Path, rate: u64) -> FileReader {
    FileReader::new(samples).chunk(CHUNK).rate(rate)
}

/// A reader for each time; when one has come to its end the next is made.
fn over_and_over(samples: PathBuf, rate: u64) -> Graphline {
    let rounds = Carousel::new(move |()| read(&samples, rate)).outbox::<Bytes>().ask_first();
    Graphline::new()
        .component("rounds", rounds)
        // Should the file be gone, readers that fail do not follow each other as fast as they can.
        .component("again", RateLimiter::<()>::new(100, Duration::from_secs(1)))
        .link("rounds.request_next", "again.inbox")
        .link("again.outbox", "rounds.next")
        .link("rounds.outbox", "self.outbox")
}

/// How many chunks come in the time for which there is patience.
fn allowance(rate: u64) -> u32 {
    let chunks = rate.saturating_mul(PATIENCE.as_secs()) / CHUNK as u64;
    u32::try_from(chunks).unwrap_or(u32::MAX).clamp(16, 65_536)
}

struct Welcome {
    header: Bytes,
    allowance: u32,
    sinks: SplitterHandle<Bytes>,
    count: watch::Sender<usize>,
}

impl Welcome {
    /// One more listener, which gets all that is played from now on.
    fn listener(&self, Connection { stream, peer, server, .. }: Connection<'_>) -> Result<Unstarted, AddError> {
        let peer: Arc<str> = peer.to_string().into();
        let listener = Pipeline::new()
            .stage("patience", Patience { header: self.header.clone(), allowance: self.allowance, peer: peer.clone() })
            .stage("connection", TcpConnection::new(stream).half_open(IDLE).peer_may_leave());
        let listener = server.add(peer.clone(), listener)?;
        self.sinks.plug((&listener, "inbox")).map_err(|error| match error {
            PlugError::Link(error) => error.into(),
            PlugError::Add(error) => error,
            PlugError::NotThere => AddError::ShuttingDown { path: peer.to_string() },
        })?;
        self.count.send_modify(|count| *count += 1);
        Ok(listener)
    }
}
