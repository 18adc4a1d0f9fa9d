//! A sequence: one component after another, each in the place of the one before.

use super::Child;
use super::passing::{Passed, Passing};
use crate::component::{Boxes, Component, Context, Declare};
use crate::error::{AddError, Failure, Outcome};
use crate::name::Name;
use crate::observe::State;
use crate::storage::Message;

/// Runs its steps one after another; each is added when the one before has ended. The boxes given by
/// [`inbox`](Self::inbox) and [`outbox`](Self::outbox) are those of the step that runs, as far as it has them: what a
/// step leaves waiting when it ends goes to the next one.
///
/// Each step from the one that runs on is told `ProducerFinished` when the sequence is. A step that fails ends the
/// sequence with its failure.
///
/// ```
/// use axonscope_runtime::{Component, Context, Handle, Io, Outcome, Seq, System, library::Transformer};
///
/// /// Takes one line, the name.
/// struct Greet;
///
/// impl Component for Greet {
///     type Boxes = Io<String, String>;
///
///     async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
///         if let Some(name) = io.inbox.recv().await? {
///             io.outbox.send(format!("Good day, {name}.")).await?;
///         }
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let talk = Seq::new()
///     .inbox::<String>()
///     .outbox::<String>()
///     .step("greet", Greet)
///     .step("echo", Transformer::new(|line: String| format!("You said: {line}")));
///
/// let system = System::new("talk");
/// let mut talk = Handle::<String, String>::start(&system, "talk", talk)?;
/// talk.send("Ada".into()).await?;
/// talk.send("hello".into()).await?;
/// assert_eq!(talk.recv().await.as_deref(), Some("Good day, Ada."));
/// assert_eq!(talk.recv().await.as_deref(), Some("You said: hello"));
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Seq {
    steps: Vec<Child>,
    passing: Passing,
}

impl Seq {
    /// A sequence without steps, which ends at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step after those there are.
    #[must_use]
    pub fn step<C: Component>(mut self, name: impl Into<Name>, component: C) -> Self {
        self.steps.push(Child::new(name.into(), component));
        self
    }

    /// Gives the sequence an `inbox`, for messages of type `I`.
    #[must_use]
    pub fn inbox<I: Message>(mut self) -> Self {
        self.passing.inbox::<I>();
        self
    }

    /// Gives the sequence an `outbox`, for messages of type `O`.
    #[must_use]
    pub fn outbox<O: Message>(mut self) -> Self {
        self.passing.outbox::<O>();
        self
    }
}

/// The boxes of a [`Seq`].
#[derive(Default)]
pub struct SeqBoxes(Passed);

impl Boxes for SeqBoxes {
    fn declare(_: &mut Declare<'_>) -> Self {
        Self::default()
    }
}

impl Component for Seq {
    type Boxes = SeqBoxes;

    fn description(&self) -> Name {
        "Runs one component after another".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<SeqBoxes, AddError> {
        Ok(SeqBoxes(std::mem::take(&mut self.passing).declare(declare)))
    }

    async fn run(self, SeqBoxes(passed): SeqBoxes, ctx: Context) -> Outcome {
        for step in self.steps {
            let name = step.name.clone();
            let child = step.add_late(&ctx)?;
            passed.lend(&ctx, &child)?;
            let child = child.start();
            let ended = tokio::select! {
                state = child.ended() => state,
                stop = ctx.stopped() => {
                    child.stop(stop);
                    ctx.unless_shutdown(child.ended()).await?
                }
            };
            if let State::Failed(why) = ended {
                return Err(Failure::new(format!("step `{}` failed: {why}", name.as_str())));
            }
        }
        Ok(())
    }
}
