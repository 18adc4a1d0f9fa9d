//! What the visualiser has not been told yet. Pure: no clock, no task, no wire.
//!
//! The ledger does not mirror what exists. A snapshot is paged straight from the source, with the ledger leaving out of
//! each page what it will tell as a birth itself; after that it holds the changes since, in which births and deaths that
//! meet cancel out.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use axonscope_runtime::State;
use thiserror::Error;

use crate::ordered::Ordered;
use crate::words::{Change, Component, Linkage, Page, Postbox, REMOVAL_WEIGHT, state_weight};

/// Changes that were not told yet, merged.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The most that untold changes may weigh.
    limit: usize,
    /// The last event that the ledger, or the snapshot before it, contains.
    event_number: u64,
    components: Ordered<Component>,
    /// By owner, so that a component's boxes go with it.
    postboxes: BTreeMap<(u64, u64), Postbox>,
    owners: HashMap<u64, u64>,
    linkages: Ordered<Linkage>,
    /// States of components told before.
    states: Ordered<State>,
    unlinked: VecDeque<u64>,
    removed_postboxes: VecDeque<u64>,
    removed_components: VecDeque<u64>,
    /// Running total of births and deaths that met, for as long as the probe lives.
    merged: u64,
    /// What the visualiser was told of that.
    merged_told: u64,
    weight: usize,
    /// Kept only while something that was read of the source waits for the events until then.
    met: Option<Met>,
}

/// Births that met their deaths. Whoever read the source in between holds them to be alive.
#[derive(Debug, Default)]
pub(crate) struct Met {
    pub(crate) components: HashSet<u64>,
    pub(crate) postboxes: HashSet<u64>,
    linkages: HashSet<u64>,
}

/// Changes to be applied in the order of the fields.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    pub(crate) unlinked: Vec<u64>,
    pub(crate) removed_postboxes: Vec<u64>,
    pub(crate) removed_components: Vec<u64>,
    pub(crate) added_components: Vec<Component>,
    pub(crate) added_postboxes: Vec<Postbox>,
    pub(crate) linked: Vec<Linkage>,
    pub(crate) states: Vec<(u64, State)>,
    /// Running total of births and deaths that met.
    pub(crate) merged: u64,
}

/// Why a change could not be taken in: only a new snapshot makes the picture true again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum ApplyError {
    /// Events were skipped.
    #[error("{missing} events are missing")]
    Gap { missing: u64 },
    /// The untold changes weigh too much.
    #[error("there are too many changes that could not be told yet")]
    Full,
}

impl Ledger {
    /// An empty ledger that holds changes of `limit` bytes of weight.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Starts over at a snapshot that contains every event up to `event_number`; what is untold is forgotten.
    pub(crate) fn begin(&mut self, event_number: u64) {
        *self = Self { event_number, merged: self.merged, ..Self::new(self.limit) };
    }

    /// Takes in event number `number`. One that is contained already changes nothing.
    pub(crate) fn apply(&mut self, number: u64, change: Change) -> Result<(), ApplyError> {
        if number <= self.event_number {
            return Ok(());
        }
        if number > self.event_number + 1 {
            return Err(ApplyError::Gap { missing: number - self.event_number - 1 });
        }
        if self.weight > self.limit {
            return Err(ApplyError::Full);
        }
        self.event_number = number;
        match change {
            Change::ComponentAdded(component) => {
                self.weight += component.weight();
                self.components.insert(component.id, component);
            }
            Change::StateChanged(component, state) => self.change_state(component, state),
            Change::ComponentRemoved(component) => self.remove_component(component),
            Change::PostboxAdded(postbox) => {
                self.weight += postbox.weight();
                self.owners.insert(postbox.id, postbox.owner);
                self.postboxes.insert((postbox.owner, postbox.id), postbox);
            }
            Change::PostboxRemoved(postbox) => {
                if !self.forget_postbox(postbox) {
                    self.weight += REMOVAL_WEIGHT;
                    self.removed_postboxes.push_back(postbox);
                }
            }
            Change::Linked(linkage) => {
                self.weight += Linkage::WEIGHT;
                self.linkages.insert(linkage.id, linkage);
            }
            Change::Unlinked(linkage) => {
                if self.linkages.remove(linkage).is_some() {
                    self.weight -= Linkage::WEIGHT;
                    self.merged += 1;
                    self.met.as_mut().map(|met| met.linkages.insert(linkage));
                } else {
                    self.weight += REMOVAL_WEIGHT;
                    self.unlinked.push_back(linkage);
                }
            }
        }
        Ok(())
    }

    /// Something was read of the source. The events until then, and some after, are applied next; then it is known what of
    /// that may be told.
    pub(crate) fn begin_catching_up(&mut self) {
        self.met = Some(Met::default());
    }

    /// Leaves out of `page` what the ledger tells later as a birth, or has no need to tell any more: each thing is told
    /// once, nothing is told before what it refers to, and nothing whose death will not be told.
    pub(crate) fn leave_out_births(&mut self, page: &mut Page) {
        let met = self.take_met();
        page.components.retain(|c| !self.components.contains(c.id) && !met.components.contains(&c.id));
        page.postboxes.retain(|p| !self.owners.contains_key(&p.id) && !met.postboxes.contains(&p.id));
        page.linkages.retain(|l| !self.linkages.contains(l.id) && !met.linkages.contains(&l.id));
    }

    /// Births and deaths that met since [`begin_catching_up`](Self::begin_catching_up).
    pub(crate) fn take_met(&mut self) -> Met {
        self.met.take().unwrap_or_default()
    }

    /// True while the visualiser cannot know this component yet.
    pub(crate) fn is_untold_component(&self, component: u64) -> bool {
        self.components.contains(component)
    }

    /// True while the visualiser cannot know this postbox yet.
    pub(crate) fn is_untold_postbox(&self, postbox: u64) -> bool {
        self.owners.contains_key(&postbox)
    }

    /// The next changes to tell, of about `limit` bytes of weight and at least one; the rest stays. `None` when there
    /// are none.
    ///
    /// However much is taken at a time, and whatever happens in between, each thing is told after what it refers to.
    pub(crate) fn take_delta(&mut self, limit: usize) -> Option<Delta> {
        if !self.has_news() {
            return None;
        }
        self.merged_told = self.merged;
        let mut delta = Delta { merged: self.merged, ..Delta::default() };
        // Every change taken makes the ledger lighter, down to here.
        let floor = self.weight.saturating_sub(limit.max(1));
        while self.weight > floor
            && let Some(linkage) = self.unlinked.pop_front()
        {
            self.weight -= REMOVAL_WEIGHT;
            delta.unlinked.push(linkage);
        }
        while self.weight > floor
            && let Some(postbox) = self.removed_postboxes.pop_front()
        {
            self.weight -= REMOVAL_WEIGHT;
            delta.removed_postboxes.push(postbox);
        }
        while self.weight > floor
            && let Some(component) = self.removed_components.pop_front()
        {
            self.weight -= REMOVAL_WEIGHT;
            delta.removed_components.push(component);
        }
        while self.weight > floor
            && let Some((_, component)) = self.components.pop_oldest()
        {
            self.weight -= component.weight();
            delta.added_components.push(component);
        }
        while self.weight > floor
            && let Some((_, postbox)) = self.postboxes.pop_first()
        {
            self.weight -= postbox.weight();
            self.owners.remove(&postbox.id);
            delta.added_postboxes.push(postbox);
        }
        while self.weight > floor
            && let Some((_, linkage)) = self.linkages.pop_oldest()
        {
            self.weight -= Linkage::WEIGHT;
            delta.linked.push(linkage);
        }
        while self.weight > floor
            && let Some((component, state)) = self.states.pop_oldest()
        {
            self.weight -= state_weight(&state);
            delta.states.push((component, state));
        }
        Some(delta)
    }

    /// How many changes are untold.
    pub(crate) fn len(&self) -> u64 {
        let removals = self.unlinked.len() + self.removed_postboxes.len() + self.removed_components.len();
        let births = self.components.len() + self.postboxes.len() + self.linkages.len();
        (removals + births + self.states.len()) as u64
    }

    /// Running total of births and deaths that met.
    pub(crate) fn merged(&self) -> u64 {
        self.merged
    }

    /// True when there is something to tell, if only that births and deaths met.
    pub(crate) fn has_news(&self) -> bool {
        self.len() > 0 || self.merged > self.merged_told
    }

    fn change_state(&mut self, component: u64, state: State) {
        if let Some(born) = self.components.get_mut(component) {
            self.weight -= born.weight();
            born.state = state;
            self.weight += born.weight();
            return;
        }
        self.weight += state_weight(&state);
        if let Some(old) = self.states.insert(component, state) {
            self.weight -= state_weight(&old);
        }
    }

    fn remove_component(&mut self, component: u64) {
        while let Some((&(owner, postbox), _)) = self.postboxes.range((component, 0)..).next()
            && owner == component
        {
            self.forget_postbox(postbox);
        }
        if let Some(state) = self.states.remove(component) {
            self.weight -= state_weight(&state);
        }
        if let Some(born) = self.components.remove(component) {
            self.weight -= born.weight();
            self.merged += 1;
            self.met.as_mut().map(|met| met.components.insert(component));
        } else {
            self.weight += REMOVAL_WEIGHT;
            self.removed_components.push_back(component);
        }
    }

    /// Lets a birth and a death meet; false when the visualiser knows the postbox already.
    fn forget_postbox(&mut self, postbox: u64) -> bool {
        let Some(owner) = self.owners.remove(&postbox) else { return false };
        if let Some(born) = self.postboxes.remove(&(owner, postbox)) {
            self.weight -= born.weight();
        }
        self.merged += 1;
        self.met.as_mut().map(|met| met.postboxes.insert(postbox));
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::words::{LinkageKind, PostboxKind};

    const ALL: usize = usize::MAX;

    fn component(id: u64) -> Change {
        let name: std::sync::Arc<str> = format!("component {id}").into();
        Change::ComponentAdded(Component {
            id,
            parent: 0,
            type_name: name.clone(),
            description: name.clone(),
            name,
            state: State::Starting,
        })
    }

    fn postbox(id: u64, owner: u64) -> Change {
        let name: std::sync::Arc<str> = format!("box {id}").into();
        Change::PostboxAdded(Postbox {
            id,
            owner,
            message_type: name.clone(),
            name,
            kind: PostboxKind::Inbox,
            capacity: 1,
        })
    }

    fn linkage(id: u64, source: u64, sink: u64) -> Change {
        Change::Linked(Linkage { id, source, sink, kind: LinkageKind::Direct })
    }

    /// A ledger that has taken in these changes as events 1, 2, 3 …
    fn ledger(changes: impl IntoIterator<Item = Change>) -> Ledger {
        let mut ledger = Ledger::new(1 << 20);
        for (number, change) in (1..).zip(changes) {
            ledger.apply(number, change).unwrap();
        }
        ledger
    }

    #[test]
    fn a_component_with_all_it_has_comes_and_goes_untold() {
        let mut ledger = ledger([
            component(1),
            component(2),
            postbox(10, 1),
            postbox(20, 2),
            linkage(100, 10, 20),
            Change::StateChanged(1, State::Running),
            Change::Unlinked(100),
            Change::ComponentRemoved(1),
        ]);
        let delta = ledger.take_delta(ALL).unwrap();
        assert_eq!(delta.added_components.iter().map(|component| component.id).collect::<Vec<_>>(), [2]);
        assert_eq!(delta.added_postboxes.iter().map(|postbox| postbox.id).collect::<Vec<_>>(), [20]);
        assert!(delta.linked.is_empty() && delta.unlinked.is_empty() && delta.removed_components.is_empty());
        assert_eq!(delta.merged, 3, "a component, its postbox and a linkage");
        assert_eq!((ledger.len(), ledger.weight), (0, 0));
        assert!(ledger.take_delta(ALL).is_none());
    }

    #[test]
    fn births_and_deaths_that_met_are_news_to_each_visualiser_once() {
        let mut ledger = ledger([component(1), Change::ComponentRemoved(1)]);
        for _ in 0..2 {
            let delta = ledger.take_delta(ALL).unwrap();
            assert!(delta.merged == 1 && delta.added_components.is_empty() && delta.removed_components.is_empty());
            assert!(ledger.take_delta(ALL).is_none());
            ledger.begin(2);
        }
    }

    #[test]
    fn a_state_joins_the_birth_or_replaces_the_state_before() {
        let mut ledger = ledger([component(1), Change::StateChanged(1, State::Running)]);
        let delta = ledger.take_delta(ALL).unwrap();
        assert_eq!(delta.added_components[0].state, State::Running);
        assert!(delta.states.is_empty());
        ledger.apply(3, Change::StateChanged(1, State::Failed("first".into()))).unwrap();
        ledger.apply(4, Change::StateChanged(1, State::Finished)).unwrap();
        assert_eq!(ledger.take_delta(ALL).unwrap().states, [(1, State::Finished)]);
        assert_eq!(ledger.weight, 0);
    }

    #[test]
    fn a_little_at_a_time_comes_in_the_same_order() {
        let mut ledger = ledger((1..=50).flat_map(|id| [component(id), postbox(id + 100, id)]));
        ledger.apply(101, linkage(1000, 101, 102)).unwrap();
        let mut told = Vec::new();
        while let Some(delta) = ledger.take_delta(1) {
            assert!(delta.added_components.len() + delta.added_postboxes.len() + delta.linked.len() == 1);
            told.extend(delta.added_components.iter().map(|component| component.id));
            told.extend(delta.added_postboxes.iter().map(|postbox| postbox.id));
            told.extend(delta.linked.iter().map(|linkage| linkage.id));
        }
        assert_eq!(told, (1..=50).chain(101..=150).chain([1000]).collect::<Vec<_>>());
    }

    #[test]
    fn an_event_that_is_contained_changes_nothing() {
        let mut ledger = ledger([component(1)]);
        ledger.apply(1, component(1)).unwrap();
        assert_eq!(ledger.len(), 1);
        ledger.begin(7);
        ledger.apply(7, component(9)).unwrap();
        assert!(!ledger.has_news());
    }

    #[test]
    fn a_skipped_event_is_a_gap_of_known_size() {
        let mut ledger = ledger([component(1)]);
        assert_eq!(ledger.apply(5, component(2)), Err(ApplyError::Gap { missing: 3 }));
    }

    #[test]
    fn what_weighs_too_much_is_refused_until_something_is_told() {
        let mut ledger = Ledger::new(2000);
        let full = (1..).find(|&number| ledger.apply(number, component(number)).is_err()).unwrap();
        assert!((5..20).contains(&full), "full at {full}");
        assert_eq!(ledger.apply(full, component(full)), Err(ApplyError::Full));
        ledger.take_delta(ALL).unwrap();
        ledger.apply(full, component(full)).unwrap();
    }
}
