//! How a live system differs from a wiring: one plain sentence each, with what it touches.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::PostboxKind;
use crate::display;
use crate::id::{ComponentId, LinkageId, PostboxId};
use crate::system::System;

use super::names::{self, Names};
use super::{Link, Part, Wiring, is_signal, link_of};

/// How many differences are told.
pub const MOST_DIFFERENCES: usize = 1_000;
/// How long a path or a name may be in a sentence.
const NAME_CHARS: usize = 120;

/// One thing that is not as a wiring says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// One plain sentence.
    pub sentence: String,
    /// The component that it is about, where it exists.
    pub component: Option<ComponentId>,
    /// The postboxes, where they exist.
    pub postboxes: Vec<PostboxId>,
    /// The linkage, where it exists.
    pub linkage: Option<LinkageId>,
}

impl Wiring {
    /// Everything in which `system` is not as this says: what is missing first, then what is not expected. Linkages of
    /// components that are missing, or not expected, are told with them and not each.
    pub fn differences(&self, system: &System) -> Vec<Difference> {
        let names = Names::of(system);
        let mut found = Vec::new();
        for (path, part) in &self.parts {
            match names.slot(path).and_then(|slot| system.component_at(slot)) {
                None if self.is_optional(path) => {}
                None => found.push(about(format!("{} is missing{}.", shown(path), self.with_links_of(path)))),
                Some(component) => {
                    let tell = |sentence| Difference { component: Some(component.id()), ..about(sentence) };
                    if let Some(expected) = part.type_name.as_ref().filter(|name| **name != component.type_name()) {
                        let is = shown(component.type_name());
                        found.push(tell(format!("{} should be a {}, and is a {is}.", shown(path), shown(expected))));
                    }
                    for (kind, postbox) in boxes(part) {
                        let has = component
                            .postboxes()
                            .any(|known| known.kind() == kind && names::box_name(known.name()) == *postbox);
                        if !has {
                            found.push(tell(format!("{} has no {} {}.", shown(path), kind_word(kind), shown(postbox))));
                        }
                    }
                }
            }
        }
        for component in system.components() {
            let path = names.path(component);
            if !self.parts.contains_key(path) && !self.is_optional(path) {
                let sentence = format!("{} is not expected.", shown(path));
                found.push(Difference { component: Some(component.id()), ..about(sentence) });
            }
        }
        self.compare_links(system, &names, &mut found);
        found.truncate(MOST_DIFFERENCES);
        found
    }

    fn compare_links(&self, system: &System, names: &Names, found: &mut Vec<Difference>) {
        let mut live: BTreeMap<Link, LinkageId> = BTreeMap::new();
        for linkage in system.linkages().filter(|linkage| self.signals.is_some() || !is_signal(*linkage)) {
            live.insert(link_of(names, linkage), linkage.id());
        }
        let there = |path: &str| names.slot(path).is_some() && self.parts.contains_key(path) && !self.is_optional(path);
        let is_told = |link: &&Link| there(&link.source.component) && there(&link.sink.component);
        let expected: BTreeSet<&Link> = self.links.iter().chain(self.signals.iter().flatten()).collect();
        for link in expected.iter().copied().filter(is_told).filter(|link| !live.contains_key(link)) {
            let ends = [(&link.source, PostboxKind::Outbox), (&link.sink, PostboxKind::Inbox)];
            let slot = names.slot(&link.source.component);
            let component = slot.and_then(|slot| system.component_at(slot)).map(|component| component.id());
            let postboxes = ends.iter().filter_map(|(end, kind)| {
                let owner = system.component_at(names.slot(&end.component)?)?;
                let mut boxes = owner.postboxes().filter(|known| names::box_name(known.name()) == end.postbox);
                let first = boxes.next()?;
                Some(std::iter::once(first).chain(boxes).find(|known| known.kind() == *kind).unwrap_or(first).id())
            });
            let postboxes = postboxes.collect();
            let sentence = format!("The linkage {} is missing.", shown_link(link));
            found.push(Difference { component, postboxes, ..about(sentence) });
        }
        for (link, id) in live.iter().filter(|(link, _)| is_told(link) && !expected.contains(link)) {
            let sentence = format!("The linkage {} is not expected.", shown_link(link));
            let linkage = system.linkage(*id);
            found.push(Difference {
                component: linkage.map(|linkage| linkage.source().owner().id()),
                postboxes: linkage.iter().flat_map(|linkage| [linkage.source().id(), linkage.sink().id()]).collect(),
                linkage: Some(*id),
                ..about(sentence)
            });
        }
    }

    /// ", with 2 linkages".
    fn with_links_of(&self, path: &str) -> String {
        let touches = |link: &&Link| link.source.component == path || link.sink.component == path;
        match self.links.iter().filter(touches).count() {
            0 => String::new(),
            1 => ", with its linkage".to_owned(),
            count => format!(", with its {count} linkages"),
        }
    }
}

fn about(sentence: String) -> Difference {
    Difference { sentence, ..Difference::default() }
}

fn boxes(part: &Part) -> impl Iterator<Item = (PostboxKind, &String)> {
    let inboxes = part.inboxes.iter().map(|name| (PostboxKind::Inbox, name));
    inboxes.chain(part.outboxes.iter().map(|name| (PostboxKind::Outbox, name)))
}

fn kind_word(kind: PostboxKind) -> &'static str {
    match kind {
        PostboxKind::Inbox => "inbox",
        PostboxKind::Outbox => "outbox",
        PostboxKind::Grip => "grip",
    }
}

fn shown(text: &str) -> String {
    display::label(text, NAME_CHARS).into_owned()
}

fn shown_link(link: &Link) -> String {
    format!("from {} to {}", shown(&link.source.to_string()), shown(&link.sink.to_string()))
}
