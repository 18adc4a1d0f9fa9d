//! Which components a pass has named already, so that one trouble is told once.

use std::collections::HashSet;

use crate::query::ComponentRef;

/// Slots of components that are culprits or victims of a problem told of.
#[derive(Default)]
pub(super) struct Told(HashSet<u32>);

impl Told {
    pub(super) fn add(&mut self, component: ComponentRef<'_>) {
        self.0.insert(component.slot());
    }

    pub(super) fn has(&self, component: ComponentRef<'_>) -> bool {
        self.0.contains(&component.slot())
    }
}
