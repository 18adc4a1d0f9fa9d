//! Finds a parent, and holds the link to it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axonscope_runtime::{Component, Context, Io, Name, Outcome};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::link::{Event, Frames, Heartbeat, Link, LinkEnd, StreamError};
use super::node::Seek;
use super::place::{Measured, choose};
use super::wire::{Attach, Message, Place, Refusal, Welcome};

/// What is fetched to measure a node, in bytes; as much as in Overcast.
const MEASURE: u32 = 10 * 1024;
/// The longest wait after nobody could be found, before all are asked again.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Looks for a parent when told to, sends the link to it, and what happens to that link, from `outbox`. The link is a
/// child of this component.
///
/// In haste, which is when a parent was lost, whoever is asked first and has room is taken. Otherwise, and when there is
/// no room, it goes down from there, as a newcomer does from the root: see [`choose`].
pub struct Joiner {
    heartbeat: Heartbeat,
    ring: usize,
    max_depth: usize,
    floor: Duration,
}

impl Joiner {
    /// Goes down to `max_depth` and no deeper while there is room elsewhere. See [`choose`] for `floor`, and
    /// [`Link::new`] for the rest.
    pub fn new(heartbeat: Heartbeat, ring: usize, max_depth: usize, floor: Duration) -> Self {
        Self { heartbeat, ring, max_depth, floor }
    }
}

impl Component for Joiner {
    type Boxes = Io<Seek, Event>;

    fn description(&self) -> Name {
        "Finds a parent, and another one when that is lost".into()
    }

    async fn run(self, mut io: Self::Boxes, ctx: Context) -> Outcome {
        while let Some(seek) = io.inbox.recv().await? {
            let (frames, moves, welcome) = ctx.unless_shutdown(self.find(seek)).await?;
            let mut link = Link::new(frames, self.heartbeat, self.ring);
            let Some((id, hold)) = link.take_hold() else { continue };
            let link = ctx.add(format!("parent {}", welcome.me.name), link)?;
            ctx.system().pass_outward((&link, "outbox"), (ctx.id(), "outbox"))?;
            // Before the link can say anything itself.
            let end = LinkEnd { link: id, component: link.id(), hold };
            io.outbox.send(Event::Attached(end, moves, welcome)).await?;
            link.start();
        }
        Ok(())
    }
}

/// The connection, the number of the attempt, and what was answered.
type Found = (Frames, u32, Welcome);

#[derive(Debug, Error)]
enum NotFound {
    #[error("cannot connect: {0}")]
    Connect(std::io::Error),
    #[error("it does not answer")]
    Late,
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error("it gave another answer than was asked for")]
    Confused,
    #[error("{0}")]
    Refused(Refusal),
}

impl Joiner {
    /// Until there is a parent.
    async fn find(&self, mut seek: Seek) -> Found {
        let mut wait = self.heartbeat.every;
        loop {
            for &start in &seek.starts {
                if seek.in_haste
                    && let Ok(found) = self.attach(start, &mut seek.attach).await
                {
                    return found;
                }
                // Whom that leaves without a place goes deeper, and further from the best, than it would like to.
                for contented in [false, true] {
                    if let Some(found) = self.descend(start, &mut seek.attach, contented).await {
                        return found;
                    }
                }
            }
            tracing::info!(seconds = wait.as_secs_f32(), "found no parent, asking again later");
            // Many may have lost the same parent; they had better not all come at once.
            tokio::time::sleep(wait.mul_f32(0.5 + 0.5 * fastrand::f32())).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Down from `start`, and up again where there is no room.
    async fn descend(&self, start: SocketAddr, attach: &mut Attach, contented: bool) -> Option<Found> {
        let mut path = vec![start];
        let mut useless = BTreeSet::new();
        while let Some(&here) = path.last() {
            match self.child_of(here, attach, contented, &useless).await {
                Ok(Some(child)) if !path.contains(&child) => {
                    path.push(child);
                    continue;
                }
                Ok(_) => match self.attach(here, attach).await {
                    Ok(found) => return Some(found),
                    Err(error) => tracing::debug!(node = %here, %error, "no place"),
                },
                Err(error) => tracing::debug!(node = %here, %error, "no way down"),
            }
            useless.insert(here);
            path.pop();
        }
        None
    }

    /// The child of `here` to go down to.
    async fn child_of(
        &self,
        here: SocketAddr,
        attach: &Attach,
        contented: bool,
        useless: &BTreeSet<SocketAddr>,
    ) -> Result<Option<SocketAddr>, NotFound> {
        let (place, took) = self.measure(here).await?;
        if !contented && place.ancestors.len() + 2 > self.max_depth {
            return Ok(None);
        }
        let (mut addresses, mut measured) = (Vec::new(), Vec::new());
        for (child, below) in place.children {
            if child.id == attach.me.id || useless.contains(&child.address) {
                continue;
            }
            // One that does not answer is left out.
            let took = match self.measure(child.address).await {
                Ok((_, took)) => took,
                Err(_) => continue,
            };
            addresses.push(child.address);
            measured.push(Measured { took, below, name: child.name });
        }
        let floor = if contented { Duration::MAX / 4 } else { self.floor };
        Ok(choose(took, &measured, floor).map(|at| addresses[at]))
    }

    /// Where a node is, and how long it takes to fetch something from it.
    async fn measure(&self, address: SocketAddr) -> Result<(Place, Duration), NotFound> {
        let mut frames = self.connect(address).await?;
        let Message::Place(place) = self.ask(&mut frames, &Message::Ask).await? else { return Err(NotFound::Confused) };
        let place = place.ok_or(NotFound::Refused(Refusal::Adrift))?;
        let begin = Instant::now();
        match self.ask(&mut frames, &Message::Measure(MEASURE)).await? {
            Message::Padding(_) => Ok((place, begin.elapsed())),
            _ => Err(NotFound::Confused),
        }
    }

    async fn attach(&self, address: SocketAddr, attach: &mut Attach) -> Result<Found, NotFound> {
        let mut frames = self.connect(address).await?;
        attach.moves += 1;
        match self.ask(&mut frames, &Message::Attach(attach.clone())).await? {
            Message::Welcome(welcome) => Ok((frames, attach.moves, welcome)),
            Message::Refused(refusal) => Err(NotFound::Refused(refusal)),
            _ => Err(NotFound::Confused),
        }
    }

    async fn connect(&self, address: SocketAddr) -> Result<Frames, NotFound> {
        let stream = timeout(self.heartbeat.dead_after, TcpStream::connect(address)).await;
        stream.map_err(|_| NotFound::Late)?.map(Frames::new).map_err(NotFound::Connect)
    }

    /// The answer to a question; beats are none.
    async fn ask(&self, frames: &mut Frames, question: &Message) -> Result<Message, NotFound> {
        let answer = async {
            frames.send(question).await.map_err(StreamError::from)?;
            loop {
                match frames.next().await? {
                    Message::Beat => {}
                    answer => return Ok(answer),
                }
            }
        };
        timeout(self.heartbeat.dead_after, answer).await.unwrap_or(Err(NotFound::Late))
    }
}
