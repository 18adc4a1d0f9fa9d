//! The postboxes of the topology. Each component has control and signal without anything being stored for them, until
//! they are joined to something.

use std::ops::Not;
use std::sync::Arc;

use super::joins::Joins;
use super::{Entry, Topology};
use crate::id::{ComponentId, PostboxId};
use crate::name::{Name, Shape};
use crate::observe::{Event, LinkageInfo, PostboxActivity, PostboxInfo, PostboxKind, PostboxMeter};
use crate::stop::{Life, Stop};
use crate::storage::AnyBox;

/// What is stored for a postbox.
pub(super) struct BoxEntry {
    pub(super) id: PostboxId,
    shape: Arc<Shape>,
    pub(super) core: BoxCore,
    /// None while it is joined to nothing.
    joins: Option<Box<Joins>>,
}

/// What stands behind a postbox that is stored.
pub(super) enum BoxCore {
    /// A queue or a route.
    Data(Arc<dyn AnyBox>),
    /// A further way for a latched stop to leave.
    Signal(Arc<PostboxActivity>),
}

static JOINED_TO_NOTHING: Joins = Joins::NONE;

/// What stands behind a postbox.
#[derive(Clone)]
pub(crate) enum Core {
    Data(Arc<dyn AnyBox>),
    /// The latch of a component.
    Control(Arc<Life>),
    /// The way by which a latched stop leaves.
    Signal(Arc<Life>),
    FurtherSignal(Arc<PostboxActivity>),
}

/// A [`Core`] that is only looked at.
#[derive(Clone, Copy)]
pub(crate) enum CoreView<'a> {
    Data(&'a Arc<dyn AnyBox>),
    Control(&'a Arc<Life>),
    Signal(&'a Arc<Life>),
    FurtherSignal(&'a Arc<PostboxActivity>),
}

/// Everything about one postbox.
#[derive(Clone, Copy)]
pub(crate) struct Postbox<'a> {
    pub(crate) id: PostboxId,
    pub(crate) owner: ComponentId,
    pub(crate) shape: &'a Arc<Shape>,
    pub(crate) core: CoreView<'a>,
    joins: &'a Joins,
}

/// What control and signal look like, everywhere.
pub(super) struct StopShapes {
    control: Arc<Shape>,
    signal: Arc<Shape>,
}

const CONTROL: u32 = 0;
const SIGNAL: u32 = 1;

impl Topology {
    pub(crate) fn postbox(&self, id: PostboxId) -> Option<Postbox<'_>> {
        let entry = self.components.get(&self.owner(id)?)?;
        let owner = entry.life().id;
        if let Some(index) = stop_index(owner, id) {
            return Some(self.stop_box(entry, index, id));
        }
        let index = entry.boxes.binary_search_by_key(&id, |postbox| postbox.id).ok()?;
        entry.boxes.get(index).map(|postbox| postbox.view(owner))
    }

    /// All postboxes of a component: control, signal, and its own in the order in which they were made.
    pub(crate) fn postboxes<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = Postbox<'a>> + Clone {
        let owner = entry.life().id;
        let stops = [CONTROL, SIGNAL].into_iter().filter_map(move |index| {
            let id = owner.postbox(index)?;
            Some(self.stop_box(entry, index, id))
        });
        stops.chain(entry.boxes.iter().map(move |postbox| postbox.view(owner)))
    }

    fn stop_box<'a>(&'a self, entry: &'a Entry, index: u32, id: PostboxId) -> Postbox<'a> {
        let joins = entry.stops.as_ref().map_or(&JOINED_TO_NOTHING, |stops| &stops[index as usize]);
        let (shape, core) = match index {
            CONTROL => (&self.stop_shapes.control, CoreView::Control(entry.life())),
            _ => (&self.stop_shapes.signal, CoreView::Signal(entry.life())),
        };
        Postbox { id, owner: entry.life().id, shape, core, joins }
    }

    /// The component that has the postbox, or had it: a postbox that is gone is not told from one that is there.
    fn owner(&self, id: PostboxId) -> Option<ComponentId> {
        let before = self.components.range(..=id.as_component()).next_back().map(|(&owner, _)| owner);
        before.filter(|owner| owner.has_in_block(id)).or_else(|| self.owners.get(&id).copied())
    }

    pub(crate) fn join_way_out(&mut self, linkage: LinkageInfo) {
        self.change_joins(linkage.sink, |joins| joins.add_source(linkage.source));
        self.change_joins(linkage.source, |joins| joins.set_way_out(Some(linkage)));
    }

    /// Takes the linkage that begins at `source`, if there is one.
    pub(crate) fn part_way_out(&mut self, source: PostboxId) -> Option<LinkageInfo> {
        let linkage = self.postbox(source)?.way_out()?;
        self.change_joins(source, |joins| joins.set_way_out(None));
        self.change_joins(linkage.sink, |joins| joins.remove_source(source));
        Some(linkage)
    }

    /// Changes what a postbox is joined to, and stores nothing for one that is joined to nothing.
    fn change_joins(&mut self, id: PostboxId, change: impl FnOnce(&mut Joins)) {
        let Some(owner) = self.owner(id) else { return };
        let Some(entry) = self.components.get_mut(&owner) else { return };
        if let Some(index) = stop_index(owner, id) {
            let stops = entry.stops.get_or_insert_default();
            change(&mut stops[index as usize]);
            if stops.iter().all(Joins::is_empty) {
                entry.stops = None;
            }
            return;
        }
        let found = entry.boxes.binary_search_by_key(&id, |postbox| postbox.id).ok();
        let Some(postbox) = found.and_then(|index| entry.boxes.get_mut(index)) else { return };
        let mut joins = postbox.joins.take().unwrap_or_default();
        change(&mut joins);
        postbox.joins = joins.is_empty().not().then_some(joins);
    }

    /// Gives a component a further postbox; `None` if it has one of that name and kind, or is gone.
    pub(crate) fn add_data_box(
        &mut self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        message_type: &'static str,
        capacity: Option<u32>,
        core: impl FnOnce(PostboxId) -> Arc<dyn AnyBox>,
    ) -> Option<PostboxId> {
        self.check_free(owner, name.as_str(), kind)?;
        let shape = self.names.keep_shape(name, kind, message_type, capacity);
        self.add_box(owner, shape, |id| BoxCore::Data(core(id)))
    }

    /// Gives a component a further way for a stop to leave; `None` as above.
    pub(crate) fn add_signal(&mut self, owner: ComponentId, name: Name) -> Option<PostboxId> {
        self.check_free(owner, name.as_str(), PostboxKind::Outbox)?;
        let shape = self.names.keep_shape(name, PostboxKind::Outbox, std::any::type_name::<Stop>(), None);
        self.add_box(owner, shape, |_| BoxCore::Signal(Arc::new(PostboxActivity::new())))
    }

    /// Gives a component a postbox of the same kind, message type and capacity as `model`; `None` as above.
    pub(crate) fn add_alike(
        &mut self,
        owner: ComponentId,
        name: Name,
        model: PostboxId,
        keeps: bool,
    ) -> Option<PostboxId> {
        let model = self.postbox(model)?;
        let (core, shape) = (model.core.to_core(), model.shape.clone());
        self.check_free(owner, name.as_str(), shape.kind)?;
        let shape = if *shape.name == *name.as_str() {
            shape
        } else {
            let Shape { kind, ref message_type, capacity, .. } = *shape;
            Arc::new(Shape { name: self.names.keep(name), kind, message_type: message_type.clone(), capacity })
        };
        self.add_box(owner, shape, |id| match core {
            Core::Data(core) => BoxCore::Data(core.alike(id, keeps)),
            _ => BoxCore::Signal(Arc::new(PostboxActivity::new())),
        })
    }

    /// What stands behind a postbox that outlives a failure of its component.
    pub(crate) fn kept_box(&self, owner: ComponentId, name: &str, kind: PostboxKind) -> Option<Arc<dyn AnyBox>> {
        let entry = self.components.get(&owner)?;
        let found = entry.boxes.iter().find(|postbox| postbox.shape.kind == kind && *postbox.shape.name == *name)?;
        match &found.core {
            BoxCore::Data(core) if core.is_kept() => Some(core.clone()),
            _ => None,
        }
    }

    fn check_free(&self, owner: ComponentId, name: &str, kind: PostboxKind) -> Option<()> {
        let entry = self.components.get(&owner)?;
        let is_taken = self.postboxes(entry).any(|postbox| postbox.shape.kind == kind && *postbox.shape.name == *name);
        is_taken.not().then_some(())
    }

    fn add_box(
        &mut self,
        owner: ComponentId,
        shape: Arc<Shape>,
        core: impl FnOnce(PostboxId) -> BoxCore,
    ) -> Option<PostboxId> {
        let entry = self.components.get_mut(&owner)?;
        let id = match owner.postbox(entry.ids_used.into()) {
            Some(id) => {
                entry.ids_used += 1;
                id
            }
            None => {
                let id = PostboxId::next();
                self.owners.insert(id, owner);
                id
            }
        };
        let core = core(id);
        if let (BoxCore::Data(core), Some(stop)) = (&core, entry.life().stop()) {
            core.stop(stop);
        }
        if let (BoxCore::Data(core), true) = (&core, entry.ended()) {
            core.close();
        }
        // Most components have two, or few more.
        if entry.boxes.is_empty() {
            entry.boxes.reserve_exact(2);
        }
        entry.boxes.push(BoxEntry { id, shape, core, joins: None });
        self.tell_box(id);
        Some(id)
    }

    /// Tells of control and signal of a new component.
    pub(super) fn tell_stop_boxes(&mut self, owner: ComponentId) {
        for index in [CONTROL, SIGNAL] {
            if let Some(id) = owner.postbox(index) {
                self.tell_box(id);
            }
        }
    }

    fn tell_box(&mut self, id: PostboxId) {
        let info = self.watcher.as_ref().and_then(|_| self.postbox(id)).map(|postbox| postbox.info());
        match info {
            Some(info) => self.tell(|_| Event::PostboxAdded(info)),
            None => self.event_number += 1,
        }
    }

    pub(crate) fn remove_postbox(&mut self, id: PostboxId) {
        if self.postbox(id).is_none_or(|postbox| matches!(postbox.core, CoreView::Control(_) | CoreView::Signal(_))) {
            return;
        }
        self.close_postbox(id);
        let Some(owner) = self.owner(id) else { return };
        self.owners.remove(&id);
        if let Some(entry) = self.components.get_mut(&owner)
            && let Ok(index) = entry.boxes.binary_search_by_key(&id, |postbox| postbox.id)
        {
            entry.boxes.remove(index);
        }
        self.tell(|_| Event::PostboxRemoved(id));
    }

    /// Closes all postboxes of a component that is about to go.
    pub(super) fn close_postboxes(&mut self, owner: ComponentId) {
        let Some(entry) = self.components.get(&owner) else { return };
        let ids: Vec<_> = self.postboxes(entry).map(|postbox| postbox.id).collect();
        for id in ids {
            self.close_postbox(id);
            self.owners.remove(&id);
        }
    }

    /// Undoes all linkages of a postbox and closes what stands behind it.
    fn close_postbox(&mut self, id: PostboxId) {
        self.give_back(id);
        let Some(postbox) = self.postbox(id) else { return };
        let closed = match postbox.core {
            CoreView::Data(core) => core.close(),
            _ => None,
        };
        let way_out = postbox.way_out().map(|_| id);
        let sources: Vec<_> = postbox.sources().iter().copied().chain(way_out).collect();
        self.trash.extend(closed);
        for source in sources {
            self.unlink_at(source);
        }
    }
}

impl BoxEntry {
    fn view(&self, owner: ComponentId) -> Postbox<'_> {
        let core = match &self.core {
            BoxCore::Data(core) => CoreView::Data(core),
            BoxCore::Signal(activity) => CoreView::FurtherSignal(activity),
        };
        let joins = self.joins.as_deref().unwrap_or(&JOINED_TO_NOTHING);
        Postbox { id: self.id, owner, shape: &self.shape, core, joins }
    }
}

impl<'a> Postbox<'a> {
    /// The linkage that leaves it.
    pub(crate) fn way_out(&self) -> Option<LinkageInfo> {
        self.joins.way_out(self.id)
    }

    /// Where the linkages that come to it begin.
    pub(crate) fn sources(&self) -> &'a [PostboxId] {
        self.joins.sources()
    }

    pub(crate) fn info(&self) -> PostboxInfo {
        PostboxInfo {
            id: self.id,
            owner: self.owner,
            name: self.shape.name.clone(),
            kind: self.shape.kind,
            message_type: self.shape.message_type.clone(),
            capacity: self.shape.capacity,
            activity: PostboxMeter(self.core.to_core()),
        }
    }
}

impl Core {
    pub(crate) fn view(&self) -> CoreView<'_> {
        match self {
            Self::Data(core) => CoreView::Data(core),
            Self::Control(life) => CoreView::Control(life),
            Self::Signal(life) => CoreView::Signal(life),
            Self::FurtherSignal(activity) => CoreView::FurtherSignal(activity),
        }
    }
}

impl<'a> CoreView<'a> {
    pub(crate) fn activity(self) -> &'a PostboxActivity {
        match self {
            Self::Data(core) => core.activity(),
            Self::Control(life) => life.control_activity(),
            Self::Signal(life) => life.signal_activity(),
            Self::FurtherSignal(activity) => activity,
        }
    }

    pub(crate) fn to_core(self) -> Core {
        match self {
            Self::Data(core) => Core::Data(core.clone()),
            Self::Control(life) => Core::Control(life.clone()),
            Self::Signal(life) => Core::Signal(life.clone()),
            Self::FurtherSignal(activity) => Core::FurtherSignal(activity.clone()),
        }
    }
}

impl Default for StopShapes {
    fn default() -> Self {
        let shape = |name: &str, kind, capacity| {
            Arc::new(Shape { name: name.into(), kind, message_type: "Stop".into(), capacity })
        };
        Self {
            control: shape("control", PostboxKind::Inbox, Some(1)),
            signal: shape("signal", PostboxKind::Outbox, None),
        }
    }
}

/// Which of control and signal of `owner` this is, if it is one of them.
fn stop_index(owner: ComponentId, id: PostboxId) -> Option<u32> {
    [CONTROL, SIGNAL].into_iter().find(|&index| owner.postbox(index) == Some(id))
}
