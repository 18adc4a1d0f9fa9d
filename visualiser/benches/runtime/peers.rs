//! The same row of stages written with others: channels by hand, ractor, kameo. Each is written as its documentation
//! shows, and where there is a choice, the faster way.

use anyhow::Result;
use kameo::error::Infallible;
use kameo::mailbox;
use kameo::message::{Context, Message};
use kameo::prelude::Spawn;
use ractor::{ActorProcessingErr, ActorRef};
use tokio::sync::mpsc;

use crate::RELAYS;
use crate::race::{Finish, Race, Start};

// === Channels by hand ===

/// A task and a channel a stage.
pub(crate) fn mpsc_chain(capacity: usize, race: &Race) {
    let (first, mut receiver) = mpsc::channel(capacity);
    tokio::spawn(source(race.start(), first));
    for _ in 0..RELAYS {
        let (sender, next) = mpsc::channel(capacity);
        tokio::spawn(relay(receiver, sender));
        receiver = next;
    }
    tokio::spawn(sink(receiver, race.finish()));
}

async fn source(mut start: Start, sender: mpsc::Sender<u64>) {
    for n in 0..start.warm {
        let _ = sender.send(n).await;
    }
    start.go().await;
    for n in 0..start.messages {
        let _ = sender.send(n).await;
    }
}

async fn relay(mut receiver: mpsc::Receiver<u64>, sender: mpsc::Sender<u64>) {
    while let Some(message) = receiver.recv().await {
        let _ = sender.send(message).await;
    }
}

async fn sink(mut receiver: mpsc::Receiver<u64>, mut finish: Finish) {
    while let Some(message) = receiver.recv().await {
        finish.took(message);
    }
}

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
