//! A wiring: which components there are and how they are linked, by stable names instead of ids; and how a live system
//! differs from one.
//!
//! Components are named by path, outermost first: `server/alice`. The second of one name among its siblings is `alice#2`.
//! What would be taken for something else in such a path is written as in a URL: `%2F` for a `/` in a name.

mod compare;
mod names;

pub use compare::{Difference, MOST_DIFFERENCES};

use std::collections::{BTreeMap, BTreeSet};

use crate::change::PostboxKind;
use crate::query::{ComponentRef, LinkageRef};
use crate::system::System;

use names::{Names, end_of};

/// Which components there are, and how they are linked. Everything is in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wiring {
    /// The name of the system that is wired so.
    pub name: String,
    /// The components by path.
    pub parts: BTreeMap<String, Part>,
    /// The linkages of inboxes and outboxes.
    pub links: BTreeSet<Link>,
    /// Those from signal to control; none where nothing is said of them.
    pub signals: Option<BTreeSet<Link>>,
    /// Paths of components that may come and go, with `*` for any letters. What is in them, and their linkages, may too.
    pub optional: Vec<String>,
}

/// What is said of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// What kind of component it is; none where nothing is said of it.
    pub type_name: Option<String>,
    /// Its inboxes that are linked; more are no difference.
    pub inboxes: BTreeSet<String>,
    /// Its outboxes that are linked; more are no difference.
    pub outboxes: BTreeSet<String>,
}

/// A linkage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Where messages come from.
    pub source: End,
    /// Where they go.
    pub sink: End,
}

/// A postbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// The path of its component.
    pub component: String,
    /// Its name.
    pub postbox: String,
}

impl Wiring {
    /// How `system` is wired now.
    pub fn of(system: &System) -> Wiring {
        let names = Names::of(system);
        let mut wiring = Wiring { name: system.name().to_owned(), signals: Some(BTreeSet::new()), ..Wiring::default() };
        for component in system.components() {
            wiring.parts.insert(names.path(component).to_owned(), part_of(component));
        }
        for linkage in system.linkages() {
            let link = link_of(&names, linkage);
            match &mut wiring.signals {
                Some(signals) if is_signal(linkage) => signals.insert(link),
                _ => wiring.links.insert(link),
            };
        }
        wiring
    }

    /// Whether a component of that path may come and go.
    pub fn is_optional(&self, path: &str) -> bool {
        self.optional.iter().any(|pattern| {
            // What is in something that may come and go may as well.
            names::matches(pattern, path) || path.match_indices('/').any(|(at, _)| names::matches(pattern, &path[..at]))
        })
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.component, self.postbox)
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {}", self.source, self.sink)
    }
}

fn part_of(component: ComponentRef<'_>) -> Part {
    let mut part = Part { type_name: Some(component.type_name().to_owned()), ..Part::default() };
    for postbox in component.postboxes().filter(|postbox| postbox.is_linked() && !postbox.is_standard()) {
        let name = names::box_name(postbox.name());
        match postbox.kind() {
            PostboxKind::Inbox => part.inboxes.insert(name),
            PostboxKind::Outbox => part.outboxes.insert(name),
            // Not among the boxes of a component.
            PostboxKind::Grip => false,
        };
    }
    part
}

fn link_of(names: &Names, linkage: LinkageRef<'_>) -> Link {
    Link { source: end_of(names, linkage.source()), sink: end_of(names, linkage.sink()) }
}

fn is_signal(linkage: LinkageRef<'_>) -> bool {
    linkage.source().is_standard() && linkage.sink().is_standard()
}

#[cfg(test)]
mod tests;
