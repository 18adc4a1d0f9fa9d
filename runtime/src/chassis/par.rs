//! Components side by side, which look like one from outside.

use super::{Child, if_there};
use crate::component::{Children, Component, Context, Declare};
use crate::error::{AddError, Outcome};
use crate::name::Name;
use crate::stop::Stop;

/// Runs components side by side. All their outboxes send by its one `outbox`, so they must be of one message type; its
/// control reaches all of them; it ends when all have ended.
///
/// It has no inbox: whoever wants all of them to have a message puts a [`Splitter`](crate::Splitter) before, and links
/// it to each.
///
/// ```
/// use std::time::Duration;
///
/// use axonscope_runtime::{Handle, Par, System, library::Ticker};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clocks = Par::new()
///     .child("slow", Ticker::new(Duration::from_secs(5), |_| "tock"))
///     .child("quick", Ticker::new(Duration::from_secs(3), |_| "tick"));
///
/// let system = System::new("clocks");
/// let mut clocks = Handle::<(), &str>::start(&system, "clocks", clocks)?;
/// for expected in ["tick", "tock", "tick", "tick"] {
///     assert_eq!(clocks.recv().await, Some(expected));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Par {
    children: Vec<Child>,
}

impl Par {
    /// Without children, which ends at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a component beside those there are.
    #[must_use]
    pub fn child<C: Component>(mut self, name: impl Into<Name>, component: C) -> Self {
        self.children.push(Child::new(name.into(), component));
        self
    }
}

impl Component for Par {
    type Boxes = Children;

    fn description(&self) -> Name {
        "Runs components side by side".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Children, AddError> {
        let mut children = Vec::new();
        for child in self.children.drain(..) {
            let child = child.add(declare)?;
            if_there(declare.expose_outbox("outbox", (&child, "outbox")))?;
            children.push(child);
        }
        Ok(Children(children))
    }

    async fn run(self, children: Children, ctx: Context) -> Outcome {
        let children = children.start();
        tokio::select! {
            finished = ctx.children_finished() => return Ok(finished?),
            // Shutdown goes to all children by itself.
            Stop::ProducerFinished = ctx.stopped() => {
                for child in children {
                    child.stop(Stop::ProducerFinished);
                }
            }
            else => {}
        }
        Ok(ctx.children_finished().await?)
    }
}
