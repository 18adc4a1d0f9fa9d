//! What is asked is found, and what a filter hides is left out of the layout.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axonscope_model::finding::Filter;
use axonscope_model::{
    Change, ComponentId, Hello, Limits, LinkageId, LinkageKind, Model, NewComponent, NewLinkage, NewPostbox, PostboxId,
    PostboxKind, State, SystemId,
};
use axonscope_session::{Findings, Focus, Options, Session, Wanted};

/// Ten times what anything here should take.
const DEADLINE: Duration = Duration::from_secs(20);

fn until<T>(why: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = what() {
            return answer;
        }
        assert!(began.elapsed() < DEADLINE, "waited in vain: {why}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn component(id: u64, parent: u64, name: &str) -> Change {
    let parent = (parent > 0).then_some(ComponentId(parent));
    Change::ComponentAdded(NewComponent {
        id: ComponentId(id),
        parent,
        name: name.to_owned(),
        ..NewComponent::default()
    })
}

fn postbox(id: u64, owner: u64, kind: PostboxKind) -> Change {
    Change::PostboxAdded(NewPostbox {
        id: PostboxId(id),
        owner: ComponentId(owner),
        name: "box".to_owned(),
        kind,
        message_type: String::new(),
        capacity: 0,
        description: String::new(),
    })
}

/// A server with two in it, and one beside it that the first of them sends to.
fn chat() -> (Session, SystemId) {
    let mut model = Model::new(Limits::default());
    let system = model.connect(Hello { name: "chat".to_owned(), ..Hello::default() }, 1).unwrap();
    let link = NewLinkage { id: LinkageId(1), source: PostboxId(20), sink: PostboxId(40), kind: LinkageKind::Direct };
    for change in [
        component(1, 0, "server"),
        component(2, 1, "alice"),
        component(3, 1, "bob"),
        component(4, 0, "room"),
        postbox(20, 2, PostboxKind::Outbox),
        postbox(40, 4, PostboxKind::Inbox),
        Change::Linked(link),
    ] {
        assert!(model.apply(system, change).anomaly.is_none());
    }
    (Session::from_model(model), system)
}

fn wanted(filter: &str, hides: bool) -> Wanted {
    Wanted { filter: Filter::parse(filter).unwrap(), hides, focus: None }
}

fn found(session: &Session, wanted: &Wanted) -> Arc<Findings> {
    session.find(wanted.clone());
    until("it is found", || Some(session.findings()).filter(|found| *found.wanted == *wanted))
}

fn placed(session: &Session) -> Vec<u64> {
    let places = session.places();
    let ids = places.systems.iter().flat_map(|system| &system.places).map(|place| place.component.0);
    ids.filter(|id| *id > 0).collect()
}

#[test]
fn what_is_asked_is_found_and_found_again_when_it_changes() {
    let (session, system) = chat();
    let asked = wanted("bob or state:failed", false);
    let first = found(&session, &asked);
    assert_eq!((first.count, first.total), (1, 4));
    assert_eq!(first.best[0].name, "bob");
    assert_eq!(first.best[0].place, "chat / server");
    let hits = first.of(system).unwrap();
    assert!(hits.kept.as_ref().unwrap().len() == 2 && hits.meant.len() == 1);

    let failed = Change::StateChanged { component: ComponentId(4), state: State::Failed, detail: String::new() };
    session.apply(system, [failed, component(5, 0, "bobby")]);
    let again = until("what changed is found", || Some(session.findings()).filter(|found| found.count == 3));
    assert_eq!(again.total, 5);
    let nothing = found(&session, &Wanted::default());
    assert!(nothing.systems.is_empty() && !nothing.dims());
}

#[test]
fn what_is_hidden_has_no_place_until_it_is_shown_again() {
    let (session, _) = chat();
    assert!(session.settle(DEADLINE));
    assert_eq!(placed(&session).len(), 4);
    session.find(wanted("alice", true));
    until("the others to go", || (placed(&session) == [1, 2]).then_some(()));
    assert_eq!(session.places().systems[0].left_out, 2);
    // A composite of which nothing is kept is a disc.
    session.find(wanted("server", true));
    until("the server to be alone", || (placed(&session) == [1]).then_some(()));
    session.find(wanted("server", false));
    until("all to be there again", || (placed(&session).len() == 4).then_some(()));
}

#[test]
fn a_focus_is_what_is_near_or_on_the_way() {
    let (session, system) = chat();
    let near = Focus::Near { system, component: ComponentId(2), up: 0, down: 1 };
    let near = found(&session, &Wanted { focus: Some(near), ..Wanted::default() });
    assert_eq!(near.reached, 1);
    let hits = near.of(system).unwrap();
    let clear = |id: u64| {
        let slot = session.read(|model| model.system(system).unwrap().component(ComponentId(id)).unwrap().slot());
        hits.is_clear(slot)
    };
    assert!(clear(1) && clear(2) && clear(4) && !clear(3));
    let way = Focus::Way { system, from: ComponentId(4), to: ComponentId(2) };
    let way = found(&session, &Wanted { focus: Some(way), ..Wanted::default() });
    assert_eq!(way.path.as_ref().unwrap().components, [ComponentId(4), ComponentId(2)]);
}

/// Not timed: a hundred thousand are looked through within the deadline, while others read and write.
#[test]
fn large_systems_are_looked_through_aside() {
    let listen = vec![([127, 0, 0, 1], 0).into()];
    let session = Session::start(Options { listen, lays_out: false, ..Options::default() }).unwrap();
    let system = session.connect(Hello::default()).unwrap();
    session.apply(system, (1..=100_000).map(|id| component(id, 0, &format!("worker {id}"))));
    let began = Instant::now();
    let found = found(&session, &wanted("worker99 -rate>5", false));
    eprintln!("found {} of {} in {:?}", found.count, found.total, began.elapsed());
    assert!(found.count >= 1111 && found.total == 100_000);
}
