//! Small questions about a system.

use std::fmt;

use super::System;
use crate::id::ComponentId;

impl System {
    /// Whether this component exists now.
    pub fn has_component(&self, component: ComponentId) -> bool {
        self.structure().components.contains_key(&component)
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "System({:?})", self.name())
    }
}
