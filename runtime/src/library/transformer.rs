//! A function as a component.

use crate::component::{Boxes, Component, Context, Declare, Io};
use crate::error::Outcome;
use crate::name::Name;
use crate::postbox::{Inbox, Outbox};
use crate::storage::Message;

/// Sends on what a function makes of each message.
///
/// ```
/// use axonscope_runtime::library::{ConsoleIn, ConsoleOut, Transformer};
/// use axonscope_runtime::{Pipeline, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut count = 0;
/// let number = Transformer::new(move |line: String| {
///     count += 1;
///     format!("{count:4} {line}")
/// });
/// let pipeline =
///     Pipeline::new().stage("in", ConsoleIn::new()).stage("number", number).stage("out", ConsoleOut::new());
///
/// let system = System::new("numbers");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Transformer<I, O> {
    transform: Box<dyn FnMut(I) -> O + Send>,
}

impl<I: Message, O: Message> Transformer<I, O> {
    /// Applies `transform` to each message.
    pub fn new(transform: impl FnMut(I) -> O + Send + 'static) -> Self {
        Self { transform: Box::new(transform) }
    }
}

impl<I: Message, O: Message> Component for Transformer<I, O> {
    type Boxes = Io<I, O>;

    fn description(&self) -> Name {
        "Makes one message of another".into()
    }

    async fn run(mut self, mut io: Io<I, O>, _: Context) -> Outcome {
        while let Some(message) = io.inbox.recv().await? {
            io.outbox.send((self.transform)(message)).await?;
        }
        Ok(())
    }
}

/// Sends messages that pass a test from `outbox`, and the others from `rejected`.
///
/// ```
/// use axonscope_runtime::library::{ConsoleIn, ConsoleOut, Filter};
/// use axonscope_runtime::{Pipeline, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Nothing is linked to `rejected`: those lines are dropped there, and counted.
/// let spoken = Filter::new(|line: &String| !line.starts_with('#'));
/// let pipeline =
///     Pipeline::new().stage("in", ConsoleIn::new()).stage("spoken", spoken).stage("out", ConsoleOut::new());
///
/// let system = System::new("without comments");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Filter<T> {
    passes: Box<dyn FnMut(&T) -> bool + Send>,
}

impl<T: Message> Filter<T> {
    /// Passes messages of which `passes` says so.
    pub fn new(passes: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        Self { passes: Box::new(passes) }
    }
}

/// The boxes of a [`Filter`].
pub struct FilterBoxes<T: Message> {
    inbox: Inbox<T>,
    outbox: Outbox<T>,
    rejected: Outbox<T>,
}

impl<T: Message> Boxes for FilterBoxes<T> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { inbox: declare.inbox("inbox"), outbox: declare.outbox("outbox"), rejected: declare.outbox("rejected") }
    }
}

impl<T: Message> Component for Filter<T> {
    type Boxes = FilterBoxes<T>;

    fn description(&self) -> Name {
        "Passes some messages and rejects the others".into()
    }

    async fn run(mut self, mut boxes: FilterBoxes<T>, _: Context) -> Outcome {
        while let Some(message) = boxes.inbox.recv().await? {
            let outbox = if (self.passes)(&message) { &mut boxes.outbox } else { &mut boxes.rejected };
            outbox.send(message).await?;
        }
        Ok(())
    }
}
