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
use crate::topology::{CoreView, Topology};

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
        self.system.unlink(self.info);
    }

    /// Moves its end to another postbox in one step: a send that waits, or comes meanwhile, takes either the old way
    /// or the new one. The result is a new linkage. On an error this one is as it was.
    pub fn relink<'a>(self, sink: impl Into<At<'a>>) -> Result<Self, LinkError> {
        self.system.relink(self.info, sink.into())
    }
}

impl Topology {
    pub(crate) fn find(&self, at: At<'_>, kind: PostboxKind) -> Result<PostboxId, LinkError> {
        let missing = |wanted: String, known: Vec<Arc<str>>| LinkError::NoPostbox { kind, wanted, known };
        let (component, name) = match at {
            At::Id(id) => {
                return match self.postbox(id) {
                    Some(postbox) if postbox.shape.kind == kind => Ok(id),
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
        let of_kind = self.postboxes(entry).filter(|postbox| postbox.shape.kind == kind);
        match of_kind.clone().find(|postbox| &*postbox.shape.name == name) {
            Some(postbox) => Ok(postbox.id),
            None => {
                let known = of_kind.map(|postbox| postbox.shape.name.clone()).collect();
                Err(missing(format!("{}.{name}", self.path(id)), known))
            }
        }
    }

    fn component_at(&self, path: &str) -> Option<ComponentId> {
        let mut found = None;
        for name in path.trim_start_matches('/').split('/') {
            let is_it = |id: &ComponentId| self.components.get(id).is_some_and(|entry| &*entry.name == name);
            let next = match found {
                None => self.roots.iter().copied().find(is_it),
                Some(parent) => self.components.get(&parent)?.children().find(is_it),
            };
            found = Some(next?);
        }
        found
    }

    pub(crate) fn link(
        &mut self,
        source: PostboxId,
        sink: PostboxId,
        kind: LinkageKind,
    ) -> Result<LinkageInfo, LinkError> {
        if let Some(linkage) = self.way_out(source) {
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

    /// The linkage that begins at `source`.
    pub(crate) fn way_out(&self, source: PostboxId) -> Option<LinkageInfo> {
        self.postbox(source)?.way_out()
    }

    pub(crate) fn unlink(&mut self, linkage: LinkageInfo) {
        if self.is_there(linkage) {
            self.note_leftovers(linkage.source);
            self.unlink_at(linkage.source);
        }
    }

    /// Undoes the linkage that begins at `source`.
    pub(crate) fn unlink_at(&mut self, source: PostboxId) {
        self.rewire(source, false, |topology| topology.part(source));
    }

    pub(crate) fn relink(&mut self, old: LinkageInfo, sink: At<'_>) -> Result<LinkageInfo, LinkError> {
        if !self.is_there(old) {
            return Err(LinkError::Unlinked);
        }
        let sink_kind = match old.kind {
            LinkageKind::Direct | LinkageKind::Inward => PostboxKind::Inbox,
            LinkageKind::Outward => PostboxKind::Outbox,
        };
        let sink = self.find(sink, sink_kind)?;
        self.check(old.source, sink, old.kind)?;
        let linkage = LinkageInfo { id: LinkageId::next(), sink, ..old };
        self.note_leftovers(old.source);
        self.rewire(old.source, false, |topology| {
            topology.part(old.source);
            topology.join(linkage);
        });
        self.lend_through(old.source, old.kind);
        if let Some(stop) = self.stop_at(old.source) {
            self.deliver(linkage, stop);
        }
        Ok(linkage)
    }

    fn is_there(&self, linkage: LinkageInfo) -> bool {
        self.way_out(linkage.source).is_some_and(|now| now.id == linkage.id)
    }

    /// Shows a child's postbox as one of `owner`'s, which is made if there is none of that name.
    pub(crate) fn expose(
        &mut self,
        owner: ComponentId,
        name: Name,
        kind: PostboxKind,
        inner: At<'_>,
        keeps: bool,
    ) -> Result<(), AddError> {
        let inner = self.find(inner, kind)?;
        let outer = match self.find(At::Of(owner, name.as_str()), kind) {
            Ok(outer) => outer,
            Err(_) => {
                let gone = AddError::NoParent { name: name.as_str().to_owned() };
                self.add_alike(owner, name, inner, keeps).ok_or(gone)?
            }
        };
        match kind {
            PostboxKind::Inbox => self.link(outer, inner, LinkageKind::Inward)?,
            PostboxKind::Outbox => self.link(inner, outer, LinkageKind::Outward)?,
        };
        Ok(())
    }

    /// Makes a change to the one linkage that begins at `start`, and takes all that flows through `start` along: to
    /// the queue it leads to after the change, in one step.
    pub(crate) fn rewire(&mut self, start: PostboxId, carry: bool, change: impl FnOnce(&mut Self)) {
        let core = match self.postbox(start).map(|postbox| postbox.core) {
            Some(CoreView::Data(core)) => core.clone(),
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
        self.join_way_out(linkage);
        self.tell(|_| Event::Linked(linkage));
    }

    pub(crate) fn part(&mut self, source: PostboxId) {
        if let Some(linkage) = self.part_way_out(source) {
            self.tell(|_| Event::Unlinked(linkage.id));
        }
    }

    /// The queue where a message at `start` would come to rest.
    pub(crate) fn final_queue(&self, start: PostboxId) -> Option<Arc<dyn AnyBox>> {
        let mut postbox = self.postbox(start)?;
        while let Some(linkage) = postbox.way_out() {
            postbox = self.postbox(linkage.sink)?;
        }
        match (postbox.core, postbox.shape.kind) {
            (CoreView::Data(core), PostboxKind::Inbox) => Some(core.clone()),
            _ => None,
        }
    }

    /// All outboxes whose messages pass through `end`, itself included.
    fn collect_sources(&self, end: PostboxId, sources: &mut Vec<Arc<dyn AnyBox>>) {
        let mut ends = vec![end];
        while let Some(end) = ends.pop() {
            let Some(postbox) = self.postbox(end) else { continue };
            if let (CoreView::Data(core), PostboxKind::Outbox) = (postbox.core, postbox.shape.kind) {
                sources.push(core.clone());
            }
            ends.extend(postbox.sources());
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
            LinkageKind::Inward => (Some(from.owner), Some(to.owner)),
            LinkageKind::Outward => (Some(to.owner), Some(from.owner)),
        };
        if let (Some(outer), Some(inner)) = (outer, inner)
            && self.components.get(&inner).and_then(|entry| entry.parent) != Some(outer)
        {
            return Err(LinkError::NotInside {
                source_box: self.box_path(source),
                sink_box: self.box_path(sink),
                kind,
                outer: self.path(outer),
                inner: self.path(inner),
            });
        }
        let same_type = match (from.core, to.core) {
            (CoreView::Data(from), CoreView::Data(to)) => from.message_type() == to.message_type(),
            (CoreView::Data(_), _) | (_, CoreView::Data(_)) => false,
            _ => true,
        };
        if !same_type {
            return Err(LinkError::TypesDiffer {
                source_box: self.box_path(source),
                source_type: from.shape.message_type.clone(),
                sink_box: self.box_path(sink),
                sink_type: to.shape.message_type.clone(),
            });
        }
        Ok(())
    }

    /// The path of its component, a dot, and its name.
    pub(crate) fn box_path(&self, id: PostboxId) -> String {
        match self.postbox(id) {
            Some(postbox) => format!("{}.{}", self.path(postbox.owner), postbox.shape.name),
            None => format!("#{id}"),
        }
    }
}
