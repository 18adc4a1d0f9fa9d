//! What a postbox is joined to. There may be millions, and most have one linkage: so it takes as little as that needs.

use crate::id::{LinkageId, PostboxId};
use crate::observe::{LinkageInfo, LinkageKind};

/// The linkages that leave a postbox and come to it.
#[derive(Default)]
pub(crate) struct Joins {
    way_out: Option<Way>,
    sources: Sources,
}

/// A linkage, at its source.
#[derive(Clone, Copy)]
struct Way {
    id: LinkageId,
    sink: PostboxId,
    kind: LinkageKind,
}

/// Where linkages come from.
#[derive(Default)]
enum Sources {
    #[default]
    None,
    One(PostboxId),
    // Boxed, so that the others take no more than they need.
    #[allow(clippy::box_collection)]
    Many(Box<Vec<PostboxId>>),
}

impl Joins {
    pub(super) const NONE: Self = Self { way_out: None, sources: Sources::None };

    /// The linkage that leaves `source`, whose joins these are.
    pub(super) fn way_out(&self, source: PostboxId) -> Option<LinkageInfo> {
        let Way { id, sink, kind } = self.way_out?;
        Some(LinkageInfo { id, source, sink, kind })
    }

    pub(super) fn set_way_out(&mut self, linkage: Option<LinkageInfo>) {
        self.way_out = linkage.map(|LinkageInfo { id, sink, kind, .. }| Way { id, sink, kind });
    }

    pub(super) fn sources(&self) -> &[PostboxId] {
        match &self.sources {
            Sources::None => &[],
            Sources::One(source) => std::slice::from_ref(source),
            Sources::Many(sources) => sources,
        }
    }

    pub(super) fn add_source(&mut self, source: PostboxId) {
        match &mut self.sources {
            Sources::None => self.sources = Sources::One(source),
            Sources::One(first) => self.sources = Sources::Many(Box::new(vec![*first, source])),
            Sources::Many(sources) => sources.push(source),
        }
    }

    pub(super) fn remove_source(&mut self, source: PostboxId) {
        match &mut self.sources {
            Sources::One(only) if *only == source => self.sources = Sources::None,
            Sources::Many(sources) => {
                if let Some(index) = sources.iter().position(|&id| id == source) {
                    sources.swap_remove(index);
                }
                if sources.is_empty() {
                    self.sources = Sources::None;
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.way_out.is_none() && self.sources().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_come_and_go() {
        let ids: Vec<_> = (0..3).map(|_| PostboxId::next()).collect();
        let mut joins = Joins::default();
        for &id in &ids {
            joins.add_source(id);
        }
        assert_eq!(joins.sources(), ids);
        joins.remove_source(PostboxId::next());
        joins.remove_source(ids[0]);
        assert_eq!(joins.sources().len(), 2);
        for &id in &ids {
            joins.remove_source(id);
        }
        assert!(joins.is_empty());
        joins.add_source(ids[0]);
        joins.remove_source(ids[1]);
        assert_eq!(joins.sources(), [ids[0]]);
    }

    #[test]
    fn they_are_small() {
        assert!(size_of::<Joins>() <= 40, "{}", size_of::<Joins>());
    }
}
