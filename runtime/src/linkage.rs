//! Linkages: how a postbox is named for linking, the rules of joining, and where messages end up in the end.

use std::sync::Arc;

use crate::component::Unstarted;
use crate::error::{AddError, LinkError};
use crate::handle::ComponentHandle;
use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::name::Name;
use crate::observe::{Event, LinkageInfo, LinkageKind, PostboxKind};
use crate::storage::AnyBox;
use crate::system::System;
use crate::topology::{BoxEntry, Core, Topology};

/// Names a postbox for linking: by its id, by its component and its name, or by a path such as
/// `"server/alice.outbox"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At<'a> {
    /// This postbox.
    Id(PostboxId),
    /// The postbox of that name of this component.
    Of(ComponentId, &'a str),
    /// Names of components from the outermost inwards, joined with `/`, then `.` and the name of the postbox.
    Path(&'a str),
}

impl From<PostboxId> for At<'_> {
    fn from(id: PostboxId) -> Self {
        Self::Id(id)
    }
}

impl<'a> From<(ComponentId, &'a str)> for At<'a> {
    fn from((component, name): (ComponentId, &'a str)) -> Self {
        Self::Of(component, name)
    }
}

impl<'a> From<(&Unstarted, &'a str)> for At<'a> {
    fn from((component, name): (&Unstarted, &'a str)) -> Self {
        Self::Of(component.id(), name)
    }
}

impl<'a> From<(&ComponentHandle, &'a str)> for At<'a> {
    fn from((component, name): (&ComponentHandle, &'a str)) -> Self {
        Self::Of(component.id(), name)
    }
}

impl<'a> From<&'a str> for At<'a> {
    fn from(path: &'a str) -> Self {
        Self::Path(path)
    }
}

/// A linkage that was made. It belongs to the system: dropping this handle does not undo it.
#[derive(Clone)]
pub struct Linkage {
    system: System,
    info: LinkageInfo,
}

impl Linkage {
    pub(crate) fn new(system: System, info: LinkageInfo) -> Self {
        Self { system, info }
    }

    /// What it joins.
    pub fn info(&self) -> LinkageInfo {
        self.info
    }

    /// Undoes it. Once this returns, nothing more arrives by it; what had arrived stays. Does nothing if it had been
    /// undone before.
    pub async fn unlink(self) {
        // Not a wait today, since a queue is changed under its lock; a way to another process will have to wait here.
        self.system.unlink(self.info.id);
    }

    /// Moves its end to another postbox in one step: a send that waits, or comes meanwhile, takes either the old way
    /// or the new one. The result is a new linkage. On an error this one is as it was.
    pub fn relink<'a>(self, sink: impl Into<At<'a>>) -> Result<Self, LinkError> {
        self.system.relink(self.info.id, sink.into())
    }
}

impl Topology {
    pub(crate) fn find(&self, at: At<'_>, kind: PostboxKind) -> Result<PostboxId, LinkError> {
        let missing = |wanted: String, known: Vec<Arc<str>>| LinkError::NoPostbox { kind, wanted, known };
        let (component, name) = match at {
            At::Id(id) => {
                return match self.postbox(id) {
                    Some(postbox) if postbox.info.kind == kind => Ok(id),
                    _ => Err(missing(format!("#{id}"), Vec::new())),
                };
            }
            At::Of(component, name) => (Some(component), name),
            At::Path(path) => {
                let (component, name) = path.rsplit_once('.').unwrap_or((path, ""));
                (self.component_at(component), name)
            }
        };
        let Some((id, entry)) = component.and_then(|id| Some((id, self.components.get(&id)?))) else {
            let wanted = match at {
                At::Path(path) => path.to_owned(),
                _ => name.to_owned(),
            };
            return Err(missing(wanted, Vec::new()));
        };
        let mut of_kind = entry.boxes.iter().filter(|postbox| postbox.info.kind == kind);
        match of_kind.clone().find(|postbox| &*postbox.info.name == name) {
            Some(postbox) => Ok(postbox.info.id),
            None => {
                let known = of_kind.by_ref().map(|postbox| postbox.info.name.clone()).collect();
                Err(missing(format!("{}.{name}", self.path(id)), known))
            }
        }
    }

    fn component_at(&self, path: &str) -> Option<ComponentId> {
        let mut siblings = &self.roots;
        let mut found = None;
        for name in path.trim_start_matches('/').split('/') {
            let id =
                siblings.iter().find(|id| self.components.get(id).is_some_and(|entry| &*entry.info.name == name))?;
            found = Some(*id);
            siblings = &self.components.get(id)?.children;
        }
        found
    }

    pub(crate) fn link(
        &mut self,
        source: PostboxId,
        sink: PostboxId,
        kind: LinkageKind,
    ) -> Result<LinkageInfo, LinkError> {
        if let Some(linkage) = self.postbox(source).and_then(|postbox| postbox.way_out) {
            return Err(LinkError::AlreadyLinked {
                source_box: self.box_path(source),
                sink_box: self.box_path(sink),
                linked_to: self.box_path(linkage.sink),
            });
        }
        self.check(source, sink, kind)?;
        let linkage = LinkageInfo { id: LinkageId::next(), source, sink, kind };
        self.rewire(source, kind == LinkageKind::Inward, |topology| topology.join(linkage));
        self.lend_through(source, kind);
        if let Some(stop) = self.stop_at(source) {
            self.deliver(linkage, stop);
        }
        Ok(linkage)
    }

    pub(crate) fn unlink(&mut self, linkage: LinkageId) {
        if let Some(&source) = self.linkages.get(&linkage) {
            self.note_leftovers(source);
            self.rewire(source, false, |topology| topology.part(source));
        }
    }

    pub(crate) fn relink(&mut self, linkage: LinkageId, sink: PostboxId) -> Result<LinkageInfo, LinkError> {
        let source = *self.linkages.get(&linkage).ok_or(LinkError::Unlinked)?;
        let kind = match self.postbox(source).and_then(|postbox| postbox.way_out) {
            Some(old) => old.kind,
            None => return Err(LinkError::Unlinked),
        };
        self.check(source, sink, kind)?;
        let linkage = LinkageInfo { id: LinkageId::next(), source, sink, kind };
        self.note_leftovers(source);
        self.rewire(source, false, |topology| {
            topology.part(source);
            topology.join(linkage);
        });
        self.lend_through(source, kind);
        if let Some(stop) = self.stop_at(source) {
            self.deliver(linkage, stop);
        }
        Ok(linkage)
    }

    /// What waits beyond an inbox that its composite still holds comes back when the child ends; see
    /// [`give_back`](Self::give_back).
    fn lend_through(&self, source: PostboxId, kind: LinkageKind) {
        if kind == LinkageKind::Inward
            && self.lender(source).is_some()
            && let Some(queue) = self.final_queue(source)
        {
            queue.lend();
        }
    }

    /// The nearest inbox outwards from `inbox`, itself included, that takes messages of its own.
    fn lender(&self, inbox: PostboxId) -> Option<PostboxId> {
        let mut next = Some(inbox);
        while let Some(id) = next {
            let postbox = self.postbox(id)?;
            if matches!(&postbox.core, Core::Data(core) if core.is_open()) {
                return Some(id);
            }
            next = self.outer(postbox);
        }
        None
    }

    fn outer(&self, inner: &BoxEntry) -> Option<PostboxId> {
        let inward = |&id: &PostboxId| {
            let way_out = self.postbox(id).and_then(|source| source.way_out);
            way_out.is_some_and(|linkage| linkage.kind == LinkageKind::Inward)
        };
        inner.sources.iter().copied().find(inward)
    }

    /// The way inwards from `source` is about to be undone. What waits beyond it stays with the child, and comes back if
    /// the child ends without taking it.
    fn note_leftovers(&mut self, source: PostboxId) {
        let Some(way) = self.postbox(source).and_then(|source| source.way_out) else { return };
        if let (LinkageKind::Inward, Some(lender)) = (way.kind, self.lender(source)) {
            let mut end = way.sink;
            while let Some(next) = self.postbox(end).and_then(|inner| inner.way_out) {
                end = next.sink;
            }
            self.leftovers.insert(end, lender);
        }
    }

    /// The component of `inbox` ends: what waits there goes back to the composite that passed it inwards, if that
    /// still holds the inbox it came by.
    pub(crate) fn give_back(&mut self, inbox: PostboxId) {
        if let Some(outer) = self.leftovers.remove(&inbox)
            && let Some(Core::Data(core)) = self.postbox(inbox).map(|postbox| &postbox.core)
            && let Some(queue) = self.final_queue(outer).filter(|queue| queue.is_open())
        {
            queue.take_back(core);
        }
        let Some(postbox) = self.postbox(inbox).filter(|postbox| postbox.info.kind == PostboxKind::Inbox) else {
            return;
        };
        if let Some(outer) = self.outer(postbox).and_then(|outer| self.lender(outer)) {
            self.rewire(outer, true, |topology| topology.part(outer));
        }
    }

    /// The kind of postbox at the end of a linkage.
    pub(crate) fn sink_kind(&self, linkage: LinkageId) -> Option<PostboxKind> {
        let linkage = self.postbox(*self.linkages.get(&linkage)?)?.way_out?;
        Some(match linkage.kind {
            LinkageKind::Direct | LinkageKind::Inward => PostboxKind::Inbox,
            LinkageKind::Outward => PostboxKind::Outbox,
        })
    }

    /// Shows a child's postbox as one of `owner`'s, which is made if there is none of that name.
    pub(crate) fn expose(
        &mut self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        inner: At<'_>,
    ) -> Result<(), AddError> {
        let inner = self.find(inner, kind)?;
        let outer = match self.find(At::Of(owner, name.as_str()), kind) {
            Ok(outer) => outer,
            Err(_) => self.add_alike(owner, name, inner)?,
        };
        match kind {
            PostboxKind::Inbox => self.link(outer, inner, LinkageKind::Inward)?,
            PostboxKind::Outbox => self.link(inner, outer, LinkageKind::Outward)?,
        };
        Ok(())
    }

    /// Gives `owner` a postbox of the same kind and message type as `model`.
    fn add_alike(&mut self, owner: ComponentId, name: Name, model: PostboxId) -> Result<PostboxId, AddError> {
        let gone = |name: &Name| AddError::NoParent { name: name.as_str().to_owned() };
        let Some(model) = self.postbox(model) else { return Err(gone(&name)) };
        let (core, info) = (model.core.clone(), model.info.clone());
        let message_type = Name::from(info.message_type);
        let added =
            self.add_postbox(owner, name.clone(), info.kind, message_type, info.capacity, |activity| match core {
                Core::Data(core) => Core::Data(core.alike(activity.clone())),
                other => other,
            });
        added.map(|info| info.id).ok_or_else(|| gone(&name))
    }

    /// Makes a change to the one linkage that begins at `start`, and takes all that flows through `start` along: to
    /// the queue it leads to after the change, in one step.
    fn rewire(&mut self, start: PostboxId, carry: bool, change: impl FnOnce(&mut Self)) {
        let core = match self.postbox(start).map(|postbox| &postbox.core) {
            Some(Core::Data(core)) => core.clone(),
            _ => return change(self),
        };
        let old = self.final_queue(start);
        change(self);
        let new = self.final_queue(start);
        let mut sources = Vec::new();
        self.collect_sources(start, &mut sources);
        core.switch(old, new, sources, carry);
    }

    fn join(&mut self, linkage: LinkageInfo) {
        if let Some(sink) = self.postbox_mut(linkage.sink) {
            sink.sources.push(linkage.source);
        }
        if let Some(source) = self.postbox_mut(linkage.source) {
            source.way_out = Some(linkage);
        }
        self.linkages.insert(linkage.id, linkage.source);
        self.tell(|| Event::Linked(linkage));
    }

    fn part(&mut self, source: PostboxId) {
        let Some(linkage) = self.postbox_mut(source).and_then(|source| source.way_out.take()) else { return };
        if let Some(sink) = self.postbox_mut(linkage.sink)
            && let Some(index) = sink.sources.iter().position(|&id| id == source)
        {
            sink.sources.swap_remove(index);
        }
        self.linkages.remove(&linkage.id);
        self.tell(|| Event::Unlinked(linkage.id));
    }

    /// The queue where a message at `start` would come to rest.
    fn final_queue(&self, start: PostboxId) -> Option<Arc<dyn AnyBox>> {
        let mut postbox = self.postbox(start)?;
        while let Some(linkage) = postbox.way_out {
            postbox = self.postbox(linkage.sink)?;
        }
        match (&postbox.core, postbox.info.kind) {
            (Core::Data(core), PostboxKind::Inbox) => Some(core.clone()),
            _ => None,
        }
    }

    /// All outboxes whose messages pass through `end`, itself included.
    fn collect_sources(&self, end: PostboxId, sources: &mut Vec<Arc<dyn AnyBox>>) {
        let mut ends = vec![end];
        while let Some(end) = ends.pop() {
            let Some(postbox) = self.postbox(end) else { continue };
            if let (Core::Data(core), PostboxKind::Outbox) = (&postbox.core, postbox.info.kind) {
                sources.push(core.clone());
            }
            ends.extend(&postbox.sources);
        }
    }

    fn check(&self, source: PostboxId, sink: PostboxId, kind: LinkageKind) -> Result<(), LinkError> {
        let (Some(from), Some(to)) = (self.postbox(source), self.postbox(sink)) else {
            let (kind, gone) = match self.postbox(source) {
                None if kind == LinkageKind::Inward => (PostboxKind::Inbox, source),
                None => (PostboxKind::Outbox, source),
                Some(_) => (PostboxKind::Inbox, sink),
            };
            return Err(LinkError::NoPostbox { kind, wanted: format!("#{gone}"), known: Vec::new() });
        };
        let (outer, inner) = match kind {
            LinkageKind::Direct => (None, None),
            LinkageKind::Inward => (Some(from.info.owner), Some(to.info.owner)),
            LinkageKind::Outward => (Some(to.info.owner), Some(from.info.owner)),
        };
        if let (Some(outer), Some(inner)) = (outer, inner)
            && self.components.get(&inner).and_then(|entry| entry.info.parent) != Some(outer)
        {
            return Err(LinkError::NotInside {
                source_box: self.box_path(source),
                sink_box: self.box_path(sink),
                kind,
                outer: self.path(outer),
                inner: self.path(inner),
            });
        }
        let same_type = match (&from.core, &to.core) {
            (Core::Data(from), Core::Data(to)) => from.message_type() == to.message_type(),
            (Core::Data(_), _) | (_, Core::Data(_)) => false,
            _ => true,
        };
        if !same_type {
            return Err(LinkError::TypesDiffer {
                source_box: self.box_path(source),
                source_type: from.info.message_type.clone(),
                sink_box: self.box_path(sink),
                sink_type: to.info.message_type.clone(),
            });
        }
        Ok(())
    }

    /// The path of its component, a dot, and its name.
    pub(crate) fn box_path(&self, id: PostboxId) -> String {
        match self.postbox(id) {
            Some(postbox) => format!("{}.{}", self.path(postbox.info.owner), postbox.info.name),
            None => format!("#{id}"),
        }
    }
}
