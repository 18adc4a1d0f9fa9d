//! Reading the topology, page by page.

use std::collections::btree_map::Range;
use std::ops::Bound;

use crate::id::ComponentId;
use crate::observe::Description;
use crate::topology::{Entry, Topology};

impl Topology {
    /// All components younger than `after`. Ids only rise, so parents come before their children.
    pub(crate) fn components_after(&self, after: Option<ComponentId>) -> Range<'_, ComponentId, Entry> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.components.range((start, Bound::Unbounded))
    }

    /// At most `limit` of them, and the last one's id if there are more.
    pub(crate) fn page(&self, after: Option<ComponentId>, limit: usize) -> (Description, Option<ComponentId>) {
        let mut page = Description { event_number: self.event_number, ..Description::default() };
        let mut last = None;
        for (&id, entry) in self.components_after(after) {
            if page.components.len() == limit {
                return (page, last);
            }
            page.components.push(entry.info.clone());
            page.states.push(entry.state.clone());
            for postbox in &entry.boxes {
                page.postboxes.push(postbox.info.clone());
                page.linkages.extend(postbox.way_out);
            }
            last = Some(id);
        }
        (page, None)
    }
}
