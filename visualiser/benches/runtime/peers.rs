//! The same row of stages written with others: channels by hand, ractor, kameo. Each is written as its documentation
//! shows, and where there is a choice, the faster way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;
use kameo::error::Infallible;
use kameo::mailbox;
use kameo::message::{Context, Message};
use kameo::prelude::Spawn;
use ractor::{ActorProcessingErr, ActorRef};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::FANS;
use crate::idle::Running;
use crate::support::by_hand::relay;
use crate::support::race::{Finish, RELAYS, Race, Start};

// === ractor ===

/// How many messages a source sends to an unbounded mailbox before it lets others run; without that, all messages would
/// pile up in the first mailbox, which is slower.
const BURST: u64 = 64;

/// An actor a stage; mailboxes have no bound. Returns the actors, to be stopped.
pub(crate) async fn ractor_chain(race: &Race) -> Result<Vec<ActorRef<u64>>> {
    let (last, _) = ractor::Actor::spawn(None, RactorStage, Stage::Sink(race.finish())).await?;
    let mut actors = vec![last.clone()];
    let mut next = last;
    for _ in 0..RELAYS {
        let (actor, _) = ractor::Actor::spawn(None, RactorStage, Stage::Relay(next)).await?;
        actors.push(actor.clone());
        next = actor;
    }
    tokio::spawn(ractor_source(race.start(), next));
    Ok(actors)
}

async fn ractor_source(mut start: Start, first: ActorRef<u64>) {
    for n in 0..start.warm {
        let _ = first.send_message(n);
    }
    start.go().await;
    for n in 0..start.messages {
        let _ = first.send_message(n);
        if n % BURST == BURST - 1 {
            tokio::task::yield_now().await;
        }
    }
}

struct RactorStage;

enum Stage {
    Relay(ActorRef<u64>),
    Sink(Finish),
}

impl ractor::Actor for RactorStage {
    type Msg = u64;
    type State = Stage;
    type Arguments = Stage;

    async fn pre_start(&self, _: ActorRef<u64>, stage: Stage) -> Result<Stage, ActorProcessingErr> {
        Ok(stage)
    }

    async fn handle(&self, _: ActorRef<u64>, message: u64, stage: &mut Stage) -> Result<(), ActorProcessingErr> {
        match stage {
            Stage::Relay(next) => next.send_message(message)?,
            Stage::Sink(finish) => finish.took(message),
        }
        Ok(())
    }
}

// === kameo ===

/// An actor a stage, mailboxes of `capacity`. They stop once nobody refers to them.
pub(crate) fn kameo_chain(capacity: usize, race: &Race) {
    let spawn = |stage| KameoStage::spawn_with_mailbox(stage, mailbox::bounded(capacity));
    let mut next = spawn(KameoStage::Sink(race.finish()));
    for _ in 0..RELAYS {
        next = spawn(KameoStage::Relay(next));
    }
    tokio::spawn(kameo_source(race.start(), next));
}

async fn kameo_source(mut start: Start, first: kameo::actor::ActorRef<KameoStage>) {
    for n in 0..start.warm {
        let _ = first.tell(n).send().await;
    }
    start.go().await;
    for n in 0..start.messages {
        let _ = first.tell(n).send().await;
    }
}

enum KameoStage {
    Relay(kameo::actor::ActorRef<KameoStage>),
    Sink(Finish),
}

impl kameo::Actor for KameoStage {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(stage: Self, _: kameo::actor::ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(stage)
    }
}

impl Message<u64> for KameoStage {
    type Reply = ();

    async fn handle(&mut self, message: u64, _: &mut Context<Self, ()>) {
        match self {
            // Not `.await` of the request itself, which would put its future on the heap.
            Self::Relay(next) => drop(next.tell(message).send().await),
            Self::Sink(finish) => finish.took(message),
        }
    }
}

// === Fan-out by hand ===

/// One sender and [`FANS`] receivers; returns how many messages receivers have missed.
pub(crate) fn broadcast(capacity: usize, race: &Race) -> Arc<AtomicU64> {
    let missed = Arc::new(AtomicU64::new(0));
    let (sender, _) = broadcast::channel(capacity);
    for _ in 0..FANS {
        tokio::spawn(broadcast_sink(sender.subscribe(), race.finish(), missed.clone()));
    }
    tokio::spawn(broadcast_source(race.start(), sender, capacity as u64 / 2));
    missed
}

/// Fills half of the ring, then lets the receivers catch up: they never miss anything, and always have much to take.
async fn broadcast_source(mut start: Start, sender: broadcast::Sender<u64>, half: u64) {
    let keep_up = async || {
        while sender.len() as u64 > half {
            tokio::task::yield_now().await;
        }
    };
    for n in 0..start.warm {
        let _ = sender.send(n);
        if n % half == half - 1 {
            keep_up().await;
        }
    }
    start.go().await;
    for n in 0..start.messages {
        let _ = sender.send(n);
        if n % half == half - 1 {
            keep_up().await;
        }
    }
}

async fn broadcast_sink(mut receiver: broadcast::Receiver<u64>, mut finish: Finish, missed: Arc<AtomicU64>) {
    loop {
        match receiver.recv().await {
            Ok(message) => finish.took(message),
            Err(broadcast::error::RecvError::Lagged(count)) => {
                missed.fetch_add(count, Ordering::Relaxed);
                // They count as taken, or the race would never end; the benchmark fails anyway.
                (0..count).for_each(|n| finish.took(n));
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

// === Ping-pong by hand ===

/// A channel there and a channel back.
pub(crate) fn mpsc_ping_pong(trips: usize, report: oneshot::Sender<Vec<u64>>) {
    let (there, pong) = mpsc::channel(64);
    let (back, mut ping) = mpsc::channel(64);
    tokio::spawn(relay(pong, back));
    tokio::spawn(async move {
        let mut trips_ns = Vec::with_capacity(trips);
        for n in 0..trips as u64 {
            let began = Instant::now();
            let _ = there.send(n).await;
            ping.recv().await;
            trips_ns.push(began.elapsed().as_nanos() as u64);
        }
        let _ = report.send(trips_ns);
    });
}

/// A channel there, and for each request a oneshot back.
pub(crate) fn oneshot_ping_pong(trips: usize, report: oneshot::Sender<Vec<u64>>) {
    let (there, mut pong) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(64);
    tokio::spawn(async move {
        while let Some((message, back)) = pong.recv().await {
            let _ = back.send(message);
        }
    });
    tokio::spawn(async move {
        let mut trips_ns = Vec::with_capacity(trips);
        for n in 0..trips as u64 {
            let began = Instant::now();
            let (back, ping) = oneshot::channel();
            let _ = there.send((n, back)).await;
            let _ = ping.await;
            trips_ns.push(began.elapsed().as_nanos() as u64);
        }
        let _ = report.send(trips_ns);
    });
}

// === Idle ===

/// A task that waits at a channel of 64, and the sender to keep.
pub(crate) fn idle_task() -> mpsc::Sender<u64> {
    let (sender, mut receiver) = mpsc::channel::<u64>(64);
    tokio::spawn(async move {
        let _running = Running::new();
        while let Some(message) = receiver.recv().await {
            std::hint::black_box(message);
        }
    });
    sender
}

/// An actor that waits.
pub(crate) async fn idle_ractor() -> Result<ActorRef<u64>> {
    let (actor, _) = ractor::Actor::spawn(None, IdleRactor, ()).await?;
    Ok(actor)
}

struct IdleRactor;

impl ractor::Actor for IdleRactor {
    type Msg = u64;
    type State = Running;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<u64>, (): ()) -> Result<Running, ActorProcessingErr> {
        Ok(Running::new())
    }
}
