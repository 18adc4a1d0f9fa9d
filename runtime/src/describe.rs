//! Reading the topology, page by page.

use std::collections::btree_map::Range;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::id::{ComponentId, PostboxId};
use crate::observe::{Description, PostboxActivity, PostboxKind, State};
use crate::topology::{Entry, Topology};

/// What a component is doing at one moment. It may have gone on by the time anybody looks.
///
/// ```
/// use axonscope_runtime::{Condition, Stop, System, library::Transformer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("conditions");
/// let pass = system.add("pass", Transformer::new(|number: u32| number))?;
/// assert_eq!(system.condition(pass.id()), Some(Condition::Starting));
///
/// let pass = pass.start();
/// tokio::task::yield_now().await;
/// let Condition::Waiting(inboxes) = pass.condition() else { panic!("it waits for a message") };
/// let description = system.describe();
/// let waits_at = description.postboxes.iter().find(|postbox| inboxes.contains(&postbox.id));
/// assert_eq!(waits_at.map(|postbox| &*postbox.name), Some("inbox"));
///
/// pass.stop(Stop::Shutdown);
/// pass.ended().await;
/// assert_eq!(pass.condition(), Condition::Finished);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// Added, and never polled yet.
    Starting,
    /// Working, ready to work, or waiting for something that is none of its boxes.
    Running,
    /// It waits for a message at each of these inboxes, and nothing is in any of them.
    Waiting(Vec<PostboxId>),
    /// It waits for room in the inbox that this outbox leads to, or for a linkage.
    Blocked(PostboxId),
    /// It has returned.
    Finished,
    /// It has panicked or returned an error: what, and for a panic, where. It may be started again.
    Failed(Arc<str>),
}

impl Topology {
    /// All components younger than `after`. Ids only rise, so parents come before their children.
    pub(crate) fn components_after(&self, after: Option<ComponentId>) -> Range<'_, ComponentId, Box<Entry>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.components.range((start, Bound::Unbounded))
    }

    /// At most `limit` of them, and the last one's id if there are more.
    /// They are added to `page`, which had better have room for them: the structure is held still meanwhile.
    pub(crate) fn page(
        &self,
        after: Option<ComponentId>,
        limit: usize,
        mut page: Description,
    ) -> (Description, Option<ComponentId>) {
        page.event_number = self.event_number;
        let mut last = None;
        for (&id, entry) in self.components_after(after) {
            if page.components.len() == limit {
                return (page, last);
            }
            page.components.push(entry.info());
            page.states.push(entry.state());
            for postbox in self.postboxes(entry) {
                page.postboxes.push(postbox.info());
                page.linkages.extend(postbox.way_out());
            }
            last = Some(id);
        }
        (page, None)
    }

    pub(crate) fn condition(&self, id: ComponentId) -> Option<Condition> {
        let entry = self.components.get(&id)?;
        Some(match entry.state() {
            State::Starting => Condition::Starting,
            State::Finished => Condition::Finished,
            State::Failed(why) => Condition::Failed(why),
            State::Running if entry.life.poll_started_at.load(Ordering::Relaxed) != 0 => Condition::Running,
            State::Running => {
                let waits = |activity: &PostboxActivity| activity.waiting_since.load(Ordering::Relaxed) != 0;
                let mut waits_at = Vec::new();
                let mut has_come = false;
                for postbox in self.postboxes(entry).filter(|postbox| waits(postbox.core.activity())) {
                    match postbox.shape.kind {
                        PostboxKind::Outbox => return Some(Condition::Blocked(postbox.id)),
                        PostboxKind::Inbox => waits_at.push(postbox.id),
                    }
                    has_come |= postbox.core.activity().depth.load(Ordering::Relaxed) > 0;
                }
                // A message that has come at one ends the wait at all, though the component may not have looked yet.
                if waits_at.is_empty() || has_come { Condition::Running } else { Condition::Waiting(waits_at) }
            }
        })
    }
}
