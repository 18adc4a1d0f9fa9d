//! Spans as components: those that stand for themselves, and those that are counted together.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axonscope_runtime::State;
use tracing::callsite::Identifier;

use crate::registry::{ComponentMeter, PostboxMeter, Registry};
use crate::words::PostboxKind;

/// A component made of one span, or of all spans of one kind under one parent. It goes when it is dropped.
#[derive(Debug)]
pub(super) struct Node {
    registry: Registry,
    pub(super) meter: Arc<ComponentMeter>,
    pub(super) parent: u64,
    pub(super) folds: Folds,
    boxes: Mutex<Vec<Declared>>,
    grip: OnceLock<Option<u64>>,
}

/// What spans that are counted together have in common: their callsite, and for tasks where they were spawned.
pub(super) type Kin = (Identifier, u64);

/// The components under one parent that many spans share.
#[derive(Debug, Default)]
pub(super) struct Folds(Mutex<Vec<(Kin, Arc<Node>)>>);

#[derive(Clone, Debug)]
struct Declared {
    name: String,
    kind: PostboxKind,
    meter: Arc<PostboxMeter>,
}

/// How a component is to be called.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Title<'a> {
    pub(super) name: &'a str,
    pub(super) type_name: &'a str,
    pub(super) description: &'a str,
}

impl Node {
    /// None if there is no room, or the parent is gone.
    pub(super) fn add(registry: &Registry, parent: u64, title: Title<'_>) -> Option<Arc<Self>> {
        let meter = registry.add_component(parent, title.name, title.type_name, title.description, State::Running)?;
        Some(Arc::new(Self {
            registry: registry.clone(),
            meter,
            parent,
            folds: Folds::default(),
            boxes: Mutex::default(),
            grip: OnceLock::new(),
        }))
    }

    pub(super) fn id(&self) -> u64 {
        self.meter.id
    }

    /// A further box, unless it has one of this name and kind already; none if there is no room.
    pub(super) fn declare(&self, name: &str, kind: PostboxKind, message_type: &str, capacity: u32) -> Option<NewBox> {
        let mut boxes = lock(&self.boxes);
        if boxes.iter().any(|known| known.name == name && known.kind == kind) {
            return None;
        }
        let meter = self.registry.add_postbox(self.id(), name, kind, message_type, capacity)?;
        let id = meter.id;
        boxes.push(Declared { name: name.to_owned(), kind, meter });
        Some(NewBox(id))
    }

    /// The box of this name and kind, if it was declared.
    pub(super) fn declared(&self, name: &str, kind: PostboxKind) -> Option<Arc<PostboxMeter>> {
        let boxes = lock(&self.boxes);
        boxes.iter().find(|known| known.name == name && known.kind == kind).map(|known| known.meter.clone())
    }

    /// Where uses are fixed to it.
    pub(super) fn grip(&self) -> Option<u64> {
        let add = || self.registry.add_postbox(self.id(), "", PostboxKind::Grip, "", 0).map(|grip| grip.id);
        *self.grip.get_or_init(add)
    }
}

/// The id of a box that was not there before.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewBox(pub(super) u64);

impl Drop for Node {
    fn drop(&mut self) {
        self.registry.remove_component(self.id());
    }
}

impl Folds {
    /// The one of this kin, made with the first span of it. It stays for as long as the parent, whether spans are open or
    /// not.
    pub(super) fn of(&self, kin: &Kin, make: impl FnOnce() -> Option<Arc<Node>>) -> Option<Arc<Node>> {
        let mut folds = lock(&self.0);
        if let Some((_, known)) = folds.iter().find(|(known, _)| known == kin) {
            return Some(known.clone());
        }
        let node = make()?;
        folds.push((kin.clone(), node.clone()));
        Some(node)
    }
}

/// Nothing done under these locks can panic half-way.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
