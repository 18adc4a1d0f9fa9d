//! What plain code holds of a component that it has started.

use std::sync::Arc;

use crate::describe::Condition;
use crate::id::ComponentId;
use crate::observe::State;
use crate::stop::{Life, Stop};
use crate::system::System;

/// A component that runs, or has run.
#[derive(Clone)]
pub struct ComponentHandle {
    system: System,
    life: Arc<Life>,
}

impl ComponentHandle {
    pub(crate) fn new(system: System, life: Arc<Life>) -> Self {
        Self { system, life }
    }

    /// Its id.
    pub fn id(&self) -> ComponentId {
        self.life.id
    }

    /// Latches `stop` at its control, as a signal that is linked to it would.
    pub fn stop(&self, stop: Stop) {
        self.system.latch(self.life.id, stop);
    }

    /// What it is doing at this moment.
    pub fn condition(&self) -> Condition {
        self.system.condition(self.life.id).unwrap_or_else(|| match self.life.end() {
            Some(State::Failed(why)) => Condition::Failed(why.clone()),
            _ => Condition::Finished,
        })
    }

    /// How it ended, if it has.
    pub fn end(&self) -> Option<State> {
        self.life.end().cloned()
    }

    /// Waits for its end, and says what that was: [`State::Finished`] or [`State::Failed`].
    pub async fn ended(&self) -> State {
        self.life.wait_for(|life| life.end().cloned()).await
    }
}
