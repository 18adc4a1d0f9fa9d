//! Everything that exists in a system, from events alone or as the system describes itself: the two have to be equal.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axonscope_runtime::{ComponentId, Event, LinkageId, Observer, PostboxId, State, System};

/// Everything that exists, from events alone; complains of what does not fit.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Model {
    pub number: u64,
    pub components: BTreeMap<ComponentId, (Option<ComponentId>, State)>,
    pub postboxes: BTreeMap<PostboxId, ComponentId>,
    pub linkages: BTreeMap<LinkageId, (PostboxId, PostboxId)>,
}

impl Model {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::ComponentAdded(info) => {
                assert!(info.parent.is_none_or(|parent| self.components.contains_key(&parent)));
                assert!(self.components.insert(info.id, (info.parent, State::Starting)).is_none());
            }
            Event::StateChanged(id, state) => self.components.get_mut(id).unwrap().1 = state.clone(),
            Event::ComponentRemoved(id) => {
                assert!(self.components.remove(id).is_some());
                assert!(!self.components.values().any(|(parent, _)| *parent == Some(*id)), "children go first");
                self.postboxes.retain(|_, owner| owner != id);
                self.check_linkages();
            }
            Event::PostboxAdded(info) => {
                assert!(self.components.contains_key(&info.owner));
                assert!(self.postboxes.insert(info.id, info.owner).is_none());
            }
            Event::PostboxRemoved(id) => {
                assert!(self.postboxes.remove(id).is_some());
                self.check_linkages();
            }
            Event::Linked(info) => {
                assert!(self.linkages.values().all(|(source, _)| *source != info.source), "a second way out");
                assert!(self.linkages.insert(info.id, (info.source, info.sink)).is_none());
                self.check_linkages();
            }
            Event::Unlinked(id) => assert!(self.linkages.remove(id).is_some()),
        }
    }

    fn check_linkages(&self) {
        for (source, sink) in self.linkages.values() {
            assert!(self.postboxes.contains_key(source) && self.postboxes.contains_key(sink), "linkages go first");
        }
    }

    /// What the system says of itself, page by page.
    pub fn of(system: &System, page: usize) -> Self {
        let mut model = Self::default();
        let mut cursor = None;
        let mut first = true;
        loop {
            let (description, next) = system.describe_from(cursor, page);
            if first {
                model.number = description.event_number;
            }
            first = false;
            for (info, state) in description.components.iter().zip(&description.states) {
                assert!(info.parent.is_none_or(|parent| model.components.contains_key(&parent)), "parents come first");
                model.components.insert(info.id, (info.parent, state.clone()));
            }
            model.postboxes.extend(description.postboxes.iter().map(|info| (info.id, info.owner)));
            model.linkages.extend(description.linkages.iter().map(|info| (info.id, (info.source, info.sink))));
            cursor = next;
            if cursor.is_none() {
                return model;
            }
        }
    }
}

/// Keeps a model up to date with what it is told.
#[derive(Default)]
pub struct Recorder(Mutex<Model>);

impl Observer for Recorder {
    fn on_event(&self, number: u64, event: &Event) {
        let mut model = self.0.lock().unwrap();
        assert!(model.number == 0 || number == model.number + 1, "{number} after {}", model.number);
        model.number = number;
        model.apply(event);
    }
}

impl Recorder {
    pub fn model(&self) -> Model {
        self.0.lock().unwrap().clone()
    }
}

impl From<Model> for Recorder {
    fn from(model: Model) -> Self {
        Self(Mutex::new(model))
    }
}
