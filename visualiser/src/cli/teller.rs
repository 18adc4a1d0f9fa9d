//! Turns what is seen in a visualiser into lines of text. Pure: it is given what is seen and a place to put lines.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};

use axonscope_model::display::{escape, label};
use axonscope_model::{
    Change, ComponentId, ComponentRef, LinkageId, LinkageKind, LinkageRef, NewComponent, NewLinkage, PostboxId, State,
    System, SystemId,
};
use axonscope_session::reader::{Mirror, Seen};
use axonscope_session::{Standing, Summary};

use super::client::is_called;

/// The longest name in a line, in characters.
const NAME_CHARACTERS: usize = 80;

/// Knows every name that a later line may need.
pub(super) struct Teller {
    only: Option<String>,
    mirror: Mirror,
    followed: HashMap<SystemId, Followed>,
}

/// A system that is told of.
struct Followed {
    title: String,
    standing: Standing,
    /// Whether a whole snapshot has been seen, so that what comes after it is news.
    is_whole: bool,
    /// What the snapshot that is on its way has named.
    named: Option<Named>,
    lost: u64,
}

#[derive(Default)]
struct Named {
    components: HashSet<ComponentId>,
    linkages: HashSet<LinkageId>,
}

/// Where lines go.
type Lines<'a> = &'a mut dyn FnMut(&str);

impl Teller {
    /// Tells of all systems, or of those of one name.
    pub(super) fn new(only: Option<String>) -> Self {
        Self { only, mirror: Mirror::default(), followed: HashMap::new() }
    }

    /// Gives `line` every line that `seen` is worth.
    pub(super) fn tell(&mut self, mut seen: Seen, line: Lines<'_>) {
        if let Some(summary) = &seen.summary {
            if self.only.as_ref().is_some_and(|only| !is_called(summary, only)) {
                return;
            }
            self.tell_standing(summary, line);
        }
        let Some(followed) = self.followed.get_mut(&seen.system) else { return };
        let changes = std::mem::take(&mut seen.changes);
        let id = seen.system;
        self.mirror.take(seen);
        let title = followed.title.clone();
        let line = &mut |words: &str| line(&format!("{title} {words}"));
        for change in changes {
            let Some(system) = self.mirror.known.get(&id).and_then(|(local, _)| self.mirror.model.system(*local))
            else {
                return;
            };
            // Names are looked up before the change takes them away.
            followed.tell_change(system, &change, line);
            self.mirror.take(Seen { system: id, hello: None, summary: None, changes: vec![change] });
        }
    }

    fn tell_standing(&mut self, summary: &Summary, line: Lines<'_>) {
        let title = label(&summary.title(), NAME_CHARACTERS).into_owned();
        let standing = summary.standing;
        let followed = self.followed.entry(summary.system);
        let is_news = match &followed {
            std::collections::hash_map::Entry::Occupied(known) => known.get().standing != standing,
            std::collections::hash_map::Entry::Vacant(_) => true,
        };
        let fresh = || Followed { title: title.clone(), standing, is_whole: false, named: None, lost: summary.lost };
        followed.or_insert_with(fresh).standing = standing;
        if !is_news {
            return;
        }
        let why = match &*summary.standing_detail {
            "" => String::new(),
            detail => format!(": {}", escape(detail)),
        };
        line(&match standing {
            Standing::Live => format!(
                "{title} live: pid {} on {}, {} components, {} linkages",
                summary.pid,
                label(&summary.host, NAME_CHARACTERS),
                summary.components,
                summary.linkages
            ),
            Standing::Stale | Standing::Lost | Standing::Left => format!("{title} {standing}{why}"),
        });
    }
}

impl Followed {
    /// `change` is about to be made in `system`.
    fn tell_change(&mut self, system: &System, change: &Change, line: Lines<'_>) {
        match change {
            Change::SnapshotBegan => self.named = Some(Named::default()),
            Change::SnapshotEnded => {
                if let Some(named) = self.named.take()
                    && std::mem::replace(&mut self.is_whole, true)
                {
                    tell_unnamed(system, &named, line);
                }
            }
            Change::ComponentAdded(new) => {
                if let Some(named) = &mut self.named {
                    named.components.insert(new.id);
                }
                if self.is_whole && system.component(new.id).is_none() {
                    line(&format!("+ {}", newcomer(system, new)));
                }
            }
            Change::Linked(new) => {
                if let Some(named) = &mut self.named {
                    named.linkages.insert(new.id);
                }
                if self.is_whole && system.linkage(new.id).is_none() {
                    line(&joined(system, new));
                }
            }
            Change::Unlinked(id) => tell_unlinked(system.linkage(*id), line),
            Change::PostboxRemoved(id) => {
                if let Some(postbox) = system.postbox(*id) {
                    tell_unlinked(postbox.linkages_in().chain(postbox.linkages_out()), line);
                }
            }
            Change::ComponentRemoved(id) => tell_removed(system.component(*id), line),
            Change::StateChanged { component, state, detail } => {
                if let Some(component) = system.component(*component)
                    && component.state() != *state
                {
                    match state {
                        State::Failed => line(&format!("{} failed: {}", name(component.name()), escape(detail))),
                        State::Finished => line(&format!("{} finished", name(component.name()))),
                        // Everything runs sooner or later; that it appeared was the news.
                        State::Starting | State::Running => {}
                    }
                }
            }
            Change::Lost(total) if *total > self.lost => {
                line(&format!("{} changes were lost on the way and made good", total - self.lost));
                self.lost = *total;
            }
            _ => {}
        }
    }
}

/// What a new snapshot no longer names.
fn tell_unnamed(system: &System, named: &Named, line: Lines<'_>) {
    let all = system.linkages().chain(system.uses());
    tell_unlinked(all.filter(|linkage| !named.linkages.contains(&linkage.id())), line);
    for component in system.tree().filter(|component| !named.components.contains(&component.id())) {
        line(&format!("- {}", described(component)));
    }
}

/// A component goes with all that is in it.
fn tell_removed(component: Option<ComponentRef<'_>>, line: Lines<'_>) {
    let mut going: Vec<ComponentRef<'_>> = component.into_iter().collect();
    let mut next = 0;
    while let Some(component) = going.get(next) {
        going.extend(component.children().collect::<Vec<_>>());
        next += 1;
    }
    let postboxes = going.iter().flat_map(|component| component.postboxes());
    tell_unlinked(postboxes.flat_map(|postbox| postbox.linkages_in().chain(postbox.linkages_out())), line);
    tell_unlinked(going.iter().flat_map(|component| component.uses().chain(component.used_by())), line);
    for component in going.into_iter().rev() {
        line(&format!("- {}", described(component)));
    }
}

/// Each of `linkages` once, in order of id.
fn tell_unlinked<'a>(linkages: impl IntoIterator<Item = LinkageRef<'a>>, line: Lines<'_>) {
    let mut told = BTreeSet::new();
    for linkage in linkages {
        if told.insert(linkage.id()) {
            let (source, sink) = (linkage.source(), linkage.sink());
            if linkage.kind() == LinkageKind::Use {
                line(&format!("unuse {} -> {}", name(source.owner().name()), name(sink.owner().name())));
                continue;
            }
            let end = |owner: ComponentRef<'_>, postbox: &str| format!("{}.{}", name(owner.name()), name(postbox));
            let (source, sink) = (end(source.owner(), source.name()), end(sink.owner(), sink.name()));
            line(&format!("unlink {source} -> {sink}"));
        }
    }
}

/// `alice (Handler) in ConnectedServer`.
fn described(component: ComponentRef<'_>) -> String {
    introduced(component.name(), component.type_name(), component.parent())
}

/// The same of one that is not there yet.
fn newcomer(system: &System, new: &NewComponent) -> String {
    introduced(&new.name, &new.type_name, new.parent.and_then(|parent| system.component(parent)))
}

fn introduced(component: &str, type_name: &str, parent: Option<ComponentRef<'_>>) -> String {
    let mut text = name(component);
    if !type_name.is_empty() && type_name != component {
        text.push_str(&format!(" ({})", name(type_name)));
    }
    if let Some(parent) = parent {
        text.push_str(&format!(" in {}", name(parent.name())));
    }
    text
}

/// `link room.outbox -> logger.inbox`, or `use room -> lock`.
fn joined(system: &System, new: &NewLinkage) -> String {
    if new.kind == LinkageKind::Use {
        let end = |id: PostboxId| system.postbox(id).map_or(String::new(), |grip| name(grip.owner().name()));
        return format!("use {} -> {}", end(new.source), end(new.sink));
    }
    let end = |id: PostboxId| match system.postbox(id) {
        Some(postbox) => format!("{}.{}", name(postbox.owner().name()), name(postbox.name())),
        None => format!("postbox {id}"),
    };
    format!("link {} -> {}", end(new.source), end(new.sink))
}

fn name(text: &str) -> String {
    label(text, NAME_CHARACTERS).into()
}
