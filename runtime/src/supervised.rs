//! Supervision: a component that is made anew when it fails, and keeps its place in the system.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::component::{Component, Context, Declare};
use crate::error::{AddError, Failure, Outcome};
use crate::name::Name;
use crate::observe::State;
use crate::task::caught;

/// How often, and how soon, a component is started again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Restart {
    limit: u32,
    within: Duration,
    first_wait: Duration,
    longest_wait: Duration,
}

impl Default for Restart {
    /// At most 5 times within a minute; after 100 milliseconds the first time, twice as long each time after, up to
    /// 10 seconds.
    fn default() -> Self {
        Self {
            limit: 5,
            within: Duration::from_secs(60),
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(10),
        }
    }
}

impl Restart {
    /// At most `times` within `within`. A failure after that is the component's last.
    #[must_use]
    pub fn at_most(self, times: u32, within: Duration) -> Self {
        Self { limit: times, within, ..self }
    }

    /// Waits for `first` before the first restart and twice as long each time after, up to `longest`. A component that
    /// has run without a failure for as long as restarts are counted begins at `first` again.
    #[must_use]
    pub fn back_off(self, first: Duration, longest: Duration) -> Self {
        Self { first_wait: first, longest_wait: longest.max(first), ..self }
    }

    /// How long to wait before the restart that follows `before` others.
    fn wait(&self, before: usize) -> Duration {
        let doublings = u32::try_from(before).unwrap_or(u32::MAX).min(31);
        self.first_wait.saturating_mul(1 << doublings).min(self.longest_wait)
    }
}

/// A component that is made anew when it panics or returns an error. To everybody else it is one component: it keeps
/// its id and its boxes, with their linkages and the messages that wait in them, and senders wait meanwhile. What it
/// had in its hands when it failed is lost.
///
/// While it waits to be started again its state is [`State::Failed`], with a message that says when that will be. A
/// component that fails too often stays failed, and its composite sees it end so.
///
/// Boxes that it made while it ran, and all its children, go when it fails.
///
/// ```
/// use std::time::Duration;
///
/// use axonscope_runtime::{Component, Context, Failure, Io, Outcome, Pipeline, Restart, Supervised, System};
/// # use axonscope_runtime::{In, Out, State};
///
/// struct Parse;
///
/// impl Component for Parse {
///     type Boxes = Io<String, u32>;
///
///     async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
///         while let Some(text) = io.inbox.recv().await? {
///             io.outbox.send(text.parse()?).await?; // A wrong number is this component's end …
///         }
///         Ok(())
///     }
/// }
/// # struct Texts;
/// # impl Component for Texts {
/// #     type Boxes = Out<String>;
/// #     async fn run(self, mut boxes: Self::Boxes, _: Context) -> Outcome {
/// #         for text in ["1", "two", "3"] { boxes.outbox.send(text.into()).await?; }
/// #         Ok(())
/// #     }
/// # }
/// # struct Check;
/// # impl Component for Check {
/// #     type Boxes = In<u32>;
/// #     async fn run(self, mut boxes: Self::Boxes, _: Context) -> Outcome {
/// #         assert_eq!(boxes.inbox.recv().await?, Some(1));
/// #         assert_eq!(boxes.inbox.recv().await?, Some(3));
/// #         assert_eq!(boxes.inbox.recv().await?, None);
/// #         Ok(())
/// #     }
/// # }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // … but a new one goes on with what waits.
/// let restart = Restart::default().at_most(3, Duration::from_secs(10));
/// let parse = Supervised::new(|| Parse).restart(restart);
/// # let (texts, check) = (Texts, Check);
/// let pipeline = Pipeline::new().stage("texts", texts).stage("parse", parse).stage("check", check);
/// let system = System::new("numbers");
/// let ended = system.add("pipeline", pipeline)?.start().ended().await;
/// # assert_eq!(ended, State::Finished);
/// # assert!(system.describe().components.is_empty());
/// # Ok(())
/// # }
/// ```
pub struct Supervised<C, F> {
    make: F,
    made: Option<C>,
    restart: Restart,
}

impl<C: Component, F: FnMut() -> C + Send + 'static> Supervised<C, F> {
    /// `make` makes the component, now and after each failure.
    pub fn new(mut make: F) -> Self {
        let made = Some(make());
        Self { make, made, restart: Restart::default() }
    }

    /// How often, and how soon, it is started again.
    #[must_use]
    pub fn restart(self, restart: Restart) -> Self {
        Self { restart, ..self }
    }

    fn take(&mut self) -> C {
        self.made.take().unwrap_or_else(&mut self.make)
    }
}

impl<C: Component, F: FnMut() -> C + Send + 'static> Component for Supervised<C, F> {
    type Boxes = C::Boxes;

    fn type_name(&self) -> Name {
        self.made.as_ref().map_or_else(|| "Supervised".into(), C::type_name)
    }

    fn description(&self) -> Name {
        self.made.as_ref().map_or_else(|| "".into(), C::description)
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Self::Boxes, AddError> {
        let mut component = self.take();
        declare.keep();
        let boxes = component.declare(declare)?;
        self.made = Some(component);
        Ok(boxes)
    }

    async fn run(mut self, mut boxes: Self::Boxes, ctx: Context) -> Outcome {
        let mut failures = VecDeque::new();
        loop {
            let component = self.take();
            let why = match caught(component.run(boxes, ctx.again())).await {
                State::Failed(why) => why,
                _ => return Ok(()),
            };
            let now = Instant::now();
            while failures.front().is_some_and(|&at| now.duration_since(at) > self.restart.within) {
                failures.pop_front();
            }
            if failures.len() >= self.restart.limit as usize {
                let (times, within) = (self.restart.limit, self.restart.within);
                return Err(Failure::new(format!("{why} (after {times} restarts within {within:?})")));
            }
            let wait = self.restart.wait(failures.len());
            failures.push_back(now);
            let number = failures.len();
            tracing::warn!(component = %ctx.path(), "{why}; restart {number} in {wait:?}");
            let why: Arc<str> = format!("{why} (restart {number} of {} in {wait:?})", self.restart.limit).into();
            ctx.system().set_back(ctx.id(), why);
            ctx.children_finished().await?;
            ctx.system().clear_children(ctx.id());
            ctx.unless_shutdown(tokio::time::sleep(wait)).await?;
            ctx.system().start_again(ctx.id());
            let system = ctx.system();
            let mut declare = Declare::new(&system, ctx.id());
            let declared = self.declare(&mut declare);
            boxes = declare.finish().and(declared)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let restart = Restart::default().back_off(Duration::from_millis(100), Duration::from_millis(700));
        let waits: Vec<_> = [0, 1, 2, 3, 4, 100].map(|before| restart.wait(before).as_millis()).into();
        assert_eq!(waits, [100, 200, 400, 700, 700, 700]);
    }
}
