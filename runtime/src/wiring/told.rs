//! A component of a wiring, which tells when it fails.

use std::sync::Arc;

use crate::component::{Component, Context, Declare};
use crate::error::{AddError, Failure, Outcome};
use crate::name::Name;
use crate::observe::State;
use crate::task::caught;

/// Who is told the path of a component that failed, and why.
pub(super) type Tell = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// Is its component in everything but that.
pub(super) struct Told<C> {
    component: C,
    tell: Option<Tell>,
}

impl<C> Told<C> {
    pub(super) fn new(component: C, tell: Option<Tell>) -> Self {
        Self { component, tell }
    }
}

impl<C: Component> Component for Told<C> {
    type Boxes = C::Boxes;

    fn type_name(&self) -> Name {
        self.component.type_name()
    }

    fn description(&self) -> Name {
        self.component.description()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<C::Boxes, AddError> {
        self.component.declare(declare)
    }

    async fn run(self, boxes: C::Boxes, ctx: Context) -> Outcome {
        let Some(tell) = self.tell else { return self.component.run(boxes, ctx).await };
        let path = ctx.path();
        match caught(self.component.run(boxes, ctx)).await {
            State::Failed(why) => {
                tell(&path, &why);
                Err(Failure::new(&*why))
            }
            _ => Ok(()),
        }
    }
}
