//! Components and helpers that several tests use.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod model;

use std::future::Future;
use std::time::Duration;

use axonscope_runtime::{
    AddError, Boxes, Component, Context, Declare, Description, In, Inbox, Message, Name, Out, Outbox, Outcome,
    PostboxInfo, State, System,
};
use tokio::sync::mpsc;

/// Sends what it is told to by plain code, and finishes when that code has let go.
pub struct Feed<T>(pub mpsc::Receiver<T>);

impl<T: Message> Component for Feed<T> {
    type Boxes = Out<T>;

    fn type_name(&self) -> Name {
        "Feed".into()
    }

    async fn run(mut self, mut boxes: Out<T>, ctx: Context) -> Outcome {
        while let Some(Some(message)) = ctx.unless_stopped(self.0.recv()).await {
            boxes.outbox.send(message).await?;
        }
        Ok(())
    }
}

/// Gives what it receives to plain code.
pub struct Tell<T>(pub mpsc::Sender<T>);

impl<T: Message> Component for Tell<T> {
    type Boxes = In<T>;

    async fn run(self, mut boxes: In<T>, ctx: Context) -> Outcome {
        while let Some(message) = boxes.inbox.recv().await? {
            let _ = ctx.unless_shutdown(self.0.send(message)).await?;
        }
        Ok(())
    }
}

/// Runs a closure with its boxes: any component in one line.
pub struct Run<B, F>(pub F, pub std::marker::PhantomData<fn() -> B>);

pub fn run<B, F, R>(work: F) -> Run<B, F>
where
    B: Boxes,
    F: FnOnce(B, Context) -> R + Send + 'static,
    R: Future<Output = Outcome> + Send,
{
    Run(work, std::marker::PhantomData)
}

impl<B, F, R> Component for Run<B, F>
where
    B: Boxes,
    F: FnOnce(B, Context) -> R + Send + 'static,
    R: Future<Output = Outcome> + Send,
{
    type Boxes = B;

    async fn run(self, boxes: B, ctx: Context) -> Outcome {
        (self.0)(boxes, ctx).await
    }
}

/// Declares what a closure does, which may give boxes away, and runs until it is told to shut down.
pub struct Declared<F>(Option<F>);

pub fn declared<F: FnOnce(&mut Declare<'_>) + Send + 'static>(declare: F) -> Declared<F> {
    Declared(Some(declare))
}

impl<F: FnOnce(&mut Declare<'_>) + Send + 'static> Component for Declared<F> {
    type Boxes = ();

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<(), AddError> {
        if let Some(closure) = self.0.take() {
            closure(declare);
        }
        Ok(())
    }

    async fn run(self, (): (), ctx: Context) -> Outcome {
        Err(ctx.shutdown().await.into())
    }
}

/// Two inboxes and two outboxes, for what the standard boxes do not show.
pub struct Two<T: Message> {
    pub first: Inbox<T>,
    pub second: Inbox<T>,
    pub left: Outbox<T>,
    pub right: Outbox<T>,
}

impl<T: Message> Boxes for Two<T> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self {
            first: declare.inbox("first"),
            second: declare.inbox("second"),
            left: declare.outbox("left"),
            right: declare.outbox("right"),
        }
    }
}

/// Fails the test when something takes far longer than it ever should.
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(Duration::from_secs(60), future).await {
        Ok(output) => output,
        Err(_) => panic!("{what} did not happen"),
    }
}

/// Lets everything that can run, run. For current-thread runtimes.
pub async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

pub fn postbox(description: &Description, component: &str, name: &str) -> PostboxInfo {
    let owner = description.components.iter().find(|info| &*info.name == component).unwrap().id;
    description.postboxes.iter().find(|info| info.owner == owner && &*info.name == name).unwrap().clone()
}

pub fn state(system: &System, component: &str) -> Option<State> {
    let description = system.describe();
    let index = description.components.iter().position(|info| &*info.name == component)?;
    Some(description.states[index].clone())
}

/// Numbers from `from`, each a message, to a new feed.
pub fn feed(capacity: usize) -> (mpsc::Sender<u32>, Feed<u32>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (sender, Feed(receiver))
}

pub fn tell(capacity: usize) -> (Tell<u32>, mpsc::Receiver<u32>) {
    tell_of(capacity)
}

pub fn tell_of<T: Message>(capacity: usize) -> (Tell<T>, mpsc::Receiver<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (Tell(sender), receiver)
}

/// Everything that comes until the other side lets go.
pub async fn all<T>(mut receiver: mpsc::Receiver<T>) -> Vec<T> {
    let mut received = Vec::new();
    while let Some(message) = receiver.recv().await {
        received.push(message);
    }
    received
}
