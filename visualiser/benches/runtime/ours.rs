//! Everything here that uses the component runtime: what is under test.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::Result;
use axonscope_runtime::{
    Backplane, Boxes, Component, ComponentHandle, Context, Declare, Inbox, Io, Outbox, Outcome, Splitter,
    SplitterHandle, System, Unstarted,
};
use tokio::sync::oneshot;

use crate::FANS;
use crate::idle::Running;
use crate::stall::Gauge;
use crate::support::race::Race;
use crate::support::row::{Relay, Sink, Source};

// === Fan-out ===

/// Starts a source and [`FANS`] sinks, and something between them by which every sink gets every message.
pub(crate) type FanOut = fn(&System, usize, &Race) -> Result<()>;

/// The ways to fan out, by name. Another way is another line.
pub(crate) const FAN_OUTS: &[(&str, FanOut)] = &[("splitter", splitter), ("backplane", backplane), ("hub", hub)];

/// By a splitter.
fn splitter(system: &System, capacity: usize, race: &Race) -> Result<()> {
    let splitter = Splitter::<u64>::new();
    plugged(system, splitter.handle(), system.add("splitter", splitter)?, capacity, race)
}

/// By a backplane, to which the sinks are plugged.
fn backplane(system: &System, capacity: usize, race: &Race) -> Result<()> {
    let backplane = Backplane::<u64>::new("news");
    plugged(system, backplane.handle(), system.add("backplane", backplane)?, capacity, race)
}

fn plugged(system: &System, plugs: SplitterHandle<u64>, hub: Unstarted, capacity: usize, race: &Race) -> Result<()> {
    for n in 0..FANS {
        let sink = system.add(format!("sink-{n}"), Sink { capacity, finish: race.finish() })?;
        plugs.plug((&sink, "inbox"))?;
        sink.start();
    }
    let source = system.add("source", Source(race.start()))?;
    system.link((&source, "outbox"), (&hub, "inbox"))?;
    hub.start();
    source.start();
    Ok(())
}

/// By a plain component that has an outbox for each sink.
fn hub(system: &System, capacity: usize, race: &Race) -> Result<()> {
    let hub = system.add("hub", Hub)?;
    for n in 0..FANS {
        let sink = system.add(format!("sink-{n}"), Sink { capacity, finish: race.finish() })?;
        system.link((&hub, &*format!("out-{n}")), (&sink, "inbox"))?;
        sink.start();
    }
    let source = system.add("source", Source(race.start()))?;
    system.link((&source, "outbox"), (&hub, "inbox"))?;
    hub.start();
    source.start();
    Ok(())
}

struct Hub;

struct HubBoxes {
    inbox: Inbox<u64>,
    outboxes: Vec<Outbox<u64>>,
}

impl Boxes for HubBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        let outboxes = (0..FANS).map(|n| declare.outbox(format!("out-{n}"))).collect();
        Self { inbox: declare.inbox("inbox"), outboxes }
    }
}

impl Component for Hub {
    type Boxes = HubBoxes;

    async fn run(self, mut boxes: Self::Boxes, _: Context) -> Outcome {
        while let Some(message) = boxes.inbox.recv().await? {
            for outbox in &mut boxes.outboxes {
                outbox.send(message).await?;
            }
        }
        Ok(())
    }
}

// === Ping-pong ===

/// Starts a pair; it reports how long each of `trips` took, in nanoseconds, and goes on to wait.
pub(crate) fn ping_pong(system: &System, trips: usize, report: oneshot::Sender<Vec<u64>>) -> Result<()> {
    let ping = system.add("ping", Ping { trips, report })?;
    let pong = system.add("pong", Relay { capacity: 64 })?;
    system.link((&ping, "outbox"), (&pong, "inbox"))?;
    system.link((&pong, "outbox"), (&ping, "inbox"))?;
    pong.start();
    ping.start();
    Ok(())
}

struct Ping {
    trips: usize,
    report: oneshot::Sender<Vec<u64>>,
}

impl Component for Ping {
    type Boxes = Io<u64, u64>;

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        let mut trips_ns = Vec::with_capacity(self.trips);
        for n in 0..self.trips as u64 {
            let began = Instant::now();
            io.outbox.send(n).await?;
            io.inbox.recv().await?;
            trips_ns.push(began.elapsed().as_nanos() as u64);
        }
        let _ = self.report.send(trips_ns);
        Ok(())
    }
}

// === Idle ===

/// Components of each linked row of idle ones.
const ROW: usize = 10;

/// Adds idle components with the standard four boxes, one after another.
pub(crate) struct IdleRow<'a> {
    system: &'a System,
    linked: bool,
    added: usize,
    last: Option<ComponentHandle>,
}

impl<'a> IdleRow<'a> {
    /// If `linked`, each is linked to the one before it, in rows of [`ROW`].
    pub(crate) fn new(system: &'a System, linked: bool) -> Self {
        Self { system, linked, added: 0, last: None }
    }

    /// Adds and starts the next.
    pub(crate) fn add(&mut self) -> Result<()> {
        let idle = self.system.add("idle", Idle)?;
        if !self.linked {
            idle.start();
            return Ok(());
        }
        if let Some(last) = self.last.take().filter(|_| !self.added.is_multiple_of(ROW)) {
            self.system.link((&last, "outbox"), (&idle, "inbox"))?;
            self.system.link((&last, "signal"), (&idle, "control"))?;
        }
        self.added += 1;
        self.last = Some(idle.start());
        Ok(())
    }
}

struct Idle;

impl Component for Idle {
    type Boxes = Io<u64, u64>;

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        let _running = Running::new();
        while let Some(message) = io.inbox.recv().await? {
            io.outbox.send(message).await?;
        }
        Ok(())
    }
}

/// How long each page of a whole description took to make, in nanoseconds. Calls `turned` after each.
pub(crate) fn walk(system: &System, mut turned: impl FnMut()) -> Vec<u64> {
    let mut pages_ns = Vec::new();
    let mut cursor = None;
    loop {
        let began = Instant::now();
        let (page, next) = system.describe_from(cursor, System::PAGE_LIMIT);
        pages_ns.push(began.elapsed().as_nanos() as u64);
        drop(page);
        turned();
        if next.is_none() {
            return pages_ns;
        }
        cursor = next;
    }
}

/// Starts a component that changes its own wiring, and uses it, until the gauge says that it is over.
pub(crate) fn rewirer(system: &System, gauge: Arc<Gauge>) -> Result<ComponentHandle> {
    Ok(system.add("rewirer", Rewirer(gauge))?.start())
}

struct Rewirer(Arc<Gauge>);

impl Component for Rewirer {
    type Boxes = Io<u64, u64>;

    async fn run(self, mut io: Self::Boxes, ctx: Context) -> Outcome {
        while !self.0.over.load(Ordering::Relaxed) {
            let began = Instant::now();
            let linkage = ctx.link(io.outbox.id(), io.inbox.id())?;
            io.outbox.send(1).await?;
            io.inbox.recv().await?;
            linkage.unlink().await;
            self.0.turned(began.elapsed());
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
