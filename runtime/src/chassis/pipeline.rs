//! A pipeline: each stage's outbox feeds the next stage's inbox.

use super::{Child, if_there};
use crate::component::{Children, Component, Context, Declare};
use crate::error::{AddError, Outcome};
use crate::name::Name;

/// Stages in a row. From outside it looks like one component: its `inbox` is the first stage's, its `outbox` the last
/// one's, where those stages have such boxes. Stops pass from stage to stage, and through.
///
/// ```
/// use axonscope_runtime::{Pipeline, System, library::{ConsoleIn, ConsoleOut, Transformer}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shout = Transformer::new(|line: String| line.to_uppercase());
/// let pipeline =
///     Pipeline::new().stage("in", ConsoleIn::new()).stage("shout", shout).stage("out", ConsoleOut::new());
///
/// let system = System::new("shouter");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// system.finished().await;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Pipeline {
    stages: Vec<Child>,
}

impl Pipeline {
    /// A pipeline without stages, which ends at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a stage after those there are.
    #[must_use]
    pub fn stage<C: Component>(mut self, name: impl Into<Name>, component: C) -> Self {
        self.stages.push(Child::new(name.into(), component));
        self
    }
}

impl Component for Pipeline {
    type Boxes = Children;

    fn description(&self) -> Name {
        "Passes messages from stage to stage".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Children, AddError> {
        let mut stages = Vec::new();
        for stage in self.stages.drain(..) {
            stages.push(stage.add(declare)?);
        }
        let (system, own) = (declare.system().clone(), declare.id());
        for pair in stages.windows(2) {
            system.link((&pair[0], "outbox"), (&pair[1], "inbox"))?;
            system.link((&pair[0], "signal"), (&pair[1], "control"))?;
        }
        if let (Some(first), Some(last)) = (stages.first(), stages.last()) {
            if_there(declare.expose_inbox("inbox", (first, "inbox")))?;
            if_there(declare.expose_outbox("outbox", (last, "outbox")))?;
            system.pass_inward((own, "control"), (first, "control"))?;
            system.pass_outward((last, "signal"), (own, "signal"))?;
        }
        Ok(Children(stages))
    }

    async fn run(self, stages: Children, ctx: Context) -> Outcome {
        stages.start();
        Ok(ctx.children_finished().await?)
    }
}
