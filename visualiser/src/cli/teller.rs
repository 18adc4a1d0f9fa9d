//! Turns what is seen in a visualiser into lines of text. Pure: it is given what is seen and a place to put lines.

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

#[cfg(test)]
mod tests {
    use axonscope_model::{Hello, NewPostbox, PostboxKind};

    use super::*;

    fn standing(standing: Standing, detail: &str) -> Seen {
        let summary = Summary {
            system: SystemId(1),
            name: "chat".into(),
            ordinal: 1,
            pid: 7,
            host: "desk".into(),
            standing,
            standing_detail: detail.into(),
            ..Summary::default()
        };
        Seen { system: SystemId(1), hello: None, summary: Some(summary), changes: Vec::new() }
    }

    fn hello() -> Seen {
        Seen { hello: Some(Hello { name: "chat".into(), ..Hello::default() }), ..standing(Standing::Live, "") }
    }

    fn changes(changes: Vec<Change>) -> Seen {
        Seen { system: SystemId(1), hello: None, summary: None, changes }
    }

    fn component(id: u64, parent: u64, name: &str, type_name: &str) -> Change {
        Change::ComponentAdded(NewComponent {
            id: ComponentId(id),
            parent: Some(ComponentId(parent)).filter(|parent| parent.0 > 0),
            name: name.into(),
            type_name: type_name.into(),
            ..NewComponent::default()
        })
    }

    fn postbox(id: u64, owner: u64, name: &str) -> Change {
        Change::PostboxAdded(NewPostbox {
            id: PostboxId(id),
            owner: ComponentId(owner),
            name: name.into(),
            kind: if name == "inbox" { PostboxKind::Inbox } else { PostboxKind::Outbox },
            message_type: String::new(),
            capacity: 0,
            description: String::new(),
        })
    }

    fn link(id: u64, source: u64, sink: u64) -> Change {
        Change::Linked(NewLinkage {
            id: LinkageId(id),
            source: PostboxId(source),
            sink: PostboxId(sink),
            kind: LinkageKind::Direct,
        })
    }

    /// A server with a room, seen whole.
    fn snapshot() -> Seen {
        changes(vec![
            Change::SnapshotBegan,
            component(1, 0, "server", "ConnectedServer"),
            component(2, 0, "room", ""),
            postbox(1, 2, "inbox"),
            postbox(2, 2, "outbox"),
            Change::SnapshotEnded,
        ])
    }

    /// Alice comes.
    fn arrival() -> Seen {
        changes(vec![
            component(3, 1, "alice", "Handler"),
            postbox(3, 3, "inbox"),
            postbox(4, 3, "outbox"),
            link(1, 4, 1),
            link(2, 2, 3),
        ])
    }

    fn lines(only: Option<&str>, all_seen: impl IntoIterator<Item = Seen>) -> String {
        let mut teller = Teller::new(only.map(str::to_owned));
        let mut text = String::new();
        for seen in all_seen {
            teller.tell(seen, &mut |line| text.extend([line, "\n"]));
        }
        text
    }

    #[test]
    fn a_visitor_comes_and_goes() {
        let failed = Change::StateChanged { component: ComponentId(3), state: State::Failed, detail: "reset".into() };
        let text = lines(
            None,
            [
                hello(),
                snapshot(),
                standing(Standing::Live, ""),
                arrival(),
                changes(vec![failed]),
                changes(vec![Change::Unlinked(LinkageId(1)), Change::ComponentRemoved(ComponentId(3))]),
                standing(Standing::Lost, "the stream broke"),
            ],
        );
        insta::assert_snapshot!(text, @r"
        chat live: pid 7 on desk, 0 components, 0 linkages
        chat + alice (Handler) in server
        chat link alice.outbox -> room.inbox
        chat link room.outbox -> alice.inbox
        chat alice failed: reset
        chat unlink alice.outbox -> room.inbox
        chat unlink room.outbox -> alice.inbox
        chat - alice (Handler) in server
        chat lost: the stream broke
        ");
    }

    #[test]
    fn a_use_is_told_as_a_use() {
        let grip = |id: u64, owner: u64| match postbox(id, owner, "inbox") {
            Change::PostboxAdded(new) => Change::PostboxAdded(NewPostbox { kind: PostboxKind::Grip, ..new }),
            other => other,
        };
        let usage = match link(9, 30, 31) {
            Change::Linked(new) => Change::Linked(NewLinkage { kind: LinkageKind::Use, ..new }),
            other => other,
        };
        let begins = changes(vec![component(4, 0, "table", "Mutex"), grip(30, 2), grip(31, 4), usage]);
        let ends = changes(vec![Change::ComponentRemoved(ComponentId(4))]);
        let text = lines(None, [hello(), snapshot(), begins, ends]);
        insta::assert_snapshot!(text, @r"
        chat live: pid 7 on desk, 0 components, 0 linkages
        chat + table (Mutex)
        chat use room -> table
        chat unuse room -> table
        chat - table (Mutex)
        ");
    }

    #[test]
    fn a_new_snapshot_tells_the_difference_only() {
        let again = [hello(), snapshot(), snapshot()];
        let text = lines(None, [hello(), snapshot(), arrival()].into_iter().chain(again));
        let tail: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(
            tail,
            [
                "chat unlink alice.outbox -> room.inbox",
                "chat unlink room.outbox -> alice.inbox",
                "chat - alice (Handler) in server"
            ]
        );
    }

    #[test]
    fn a_composite_goes_with_all_that_is_in_it() {
        let text =
            lines(None, [hello(), snapshot(), arrival(), changes(vec![Change::ComponentRemoved(ComponentId(1))])]);
        let tail: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(tail.len(), 4, "{text}");
        assert_eq!(tail[2..], ["chat - alice (Handler) in server", "chat - server (ConnectedServer)"]);
    }

    #[test]
    fn only_the_system_asked_for_is_told_of() {
        let all = || [hello(), snapshot(), arrival()];
        assert_eq!(lines(Some("other"), all()), "");
        assert_eq!(lines(Some("chat"), all()).lines().count(), 4);
    }

    #[test]
    fn what_was_told_twice_is_one_line_and_what_is_unknown_none() {
        let strange = changes(vec![
            Change::Unlinked(LinkageId(99)),
            Change::PostboxRemoved(PostboxId(99)),
            Change::ComponentRemoved(ComponentId(99)),
            Change::StateChanged { component: ComponentId(99), state: State::Failed, detail: String::new() },
        ]);
        let text = lines(None, [hello(), snapshot(), arrival(), arrival(), strange]);
        assert_eq!(text.lines().count(), 4, "{text}");
    }

    #[test]
    fn loss_is_told_once() {
        let lost = |total| changes(vec![Change::Lost(total)]);
        let text = lines(None, [hello(), lost(0), lost(3), lost(3), lost(5)]);
        let tail: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            tail,
            ["chat 3 changes were lost on the way and made good", "chat 2 changes were lost on the way and made good"]
        );
    }

    #[test]
    fn a_hostile_name_stays_on_its_line() {
        let hostile = changes(vec![component(3, 1, "\u{1b}[2J\nfake line \u{202e}", "\r")]);
        let text = lines(None, [hello(), snapshot(), hostile]);
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    }
}
