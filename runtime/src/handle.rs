//! What plain code holds of a component that it has started.

use std::sync::Arc;

use crate::id::ComponentId;
use crate::observe::State;
use crate::stop::{Stop, Vitals};
use crate::system::System;

/// A component that runs, or has run.
#[derive(Clone)]
pub struct ComponentHandle {
    system: System,
    id: ComponentId,
    vitals: Arc<Vitals>,
}

impl ComponentHandle {
    pub(crate) fn new(system: System, id: ComponentId, vitals: Arc<Vitals>) -> Self {
        Self { system, id, vitals }
    }

    /// Its id.
    pub fn id(&self) -> ComponentId {
        self.id
    }

    /// Latches `stop` at its control, as a signal that is linked to it would.
    pub fn stop(&self, stop: Stop) {
        self.system.latch(self.id, stop);
    }

    /// How it ended, if it has.
    pub fn end(&self) -> Option<State> {
        self.vitals.end().cloned()
    }

    /// Waits for its end, and says what that was: [`State::Finished`] or [`State::Failed`].
    pub async fn ended(&self) -> State {
        self.vitals.wait_for(|vitals| vitals.end().cloned()).await
    }
}
