//! What is told of a small server as people come and go.

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
    let text = lines(None, [hello(), snapshot(), arrival(), changes(vec![Change::ComponentRemoved(ComponentId(1))])]);
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
