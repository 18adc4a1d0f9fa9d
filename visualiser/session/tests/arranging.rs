//! Where things are put: soon, near where they were, where a person wants them; and then nothing moves.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axonscope_model::{
    Change, ComponentId, Hello, Limits, LinkageId, LinkageKind, Model, NewComponent, NewLinkage, NewPostbox, PostboxId,
    PostboxKind, SystemId,
};
use axonscope_session::{Place, Session};

const PATIENCE: Duration = Duration::from_secs(30);

fn session() -> Session {
    Session::from_model(Model::new(Limits::default()))
}

fn connect(session: &Session, name: &str, instance: u8) -> SystemId {
    session.connect(Hello { instance: [instance; 16], name: name.to_owned(), ..Hello::default() }).unwrap()
}

fn add(id: u64) -> Vec<Change> {
    let component = NewComponent { id: ComponentId(id), name: format!("stage {id}"), ..NewComponent::default() };
    let postbox = |offset: u64, kind| {
        Change::PostboxAdded(NewPostbox {
            id: PostboxId(10 * id + offset),
            owner: ComponentId(id),
            name: "box".to_owned(),
            kind,
            message_type: String::new(),
            capacity: 8,
            description: String::new(),
        })
    };
    vec![Change::ComponentAdded(component), postbox(0, PostboxKind::Inbox), postbox(1, PostboxKind::Outbox)]
}

fn link(id: u64, from: u64, to: u64) -> Change {
    let (source, sink) = (PostboxId(10 * from + 1), PostboxId(10 * to));
    Change::Linked(NewLinkage { id: LinkageId(id), source, sink, kind: LinkageKind::Direct })
}

fn row(session: &Session, name: &str, instance: u8, count: u64) -> SystemId {
    let system = connect(session, name, instance);
    let changes = (1..=count).flat_map(add).chain((1..count).map(|id| link(id, id, id + 1)));
    let whole = std::iter::once(Change::SnapshotBegan).chain(changes).chain(std::iter::once(Change::SnapshotEnded));
    session.apply(system, whole);
    system
}

fn place(session: &Session, system: SystemId, component: u64) -> Place {
    let slot = session.read(|model| model.system(system).unwrap().component(ComponentId(component)).unwrap().slot());
    *session.places().system(system).unwrap().of(slot, ComponentId(component)).unwrap()
}

#[test]
fn everything_is_placed_within_its_hull_and_then_rests() {
    let session = session();
    let system = row(&session, "demo", 1, 12);
    assert!(session.settle(PATIENCE));
    let places = session.places();
    let hull = places.system(system).unwrap();
    assert!(!places.moving);
    for id in 1..=12 {
        let place = place(&session, system, id);
        for axis in 0..2 {
            assert!(place.position[axis] - place.radius >= hull.min[axis]);
            assert!(place.position[axis] + place.radius <= hull.max[axis]);
        }
    }
    let at_rest = session.versions();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(session.versions(), at_rest, "idle means idle");
}

#[test]
fn two_systems_do_not_overlap_and_a_new_one_moves_nobody() {
    let session = session();
    let one = row(&session, "one", 1, 8);
    assert!(session.settle(PATIENCE));
    let before: Vec<Place> = (1..=8).map(|id| place(&session, one, id)).collect();
    let two = row(&session, "two", 2, 5);
    assert!(session.settle(PATIENCE));
    let after: Vec<Place> = (1..=8).map(|id| place(&session, one, id)).collect();
    assert_eq!(before, after);
    let places = session.places();
    let (a, b) = (places.system(one).unwrap(), places.system(two).unwrap());
    assert!((0..2).any(|axis| a.max[axis] <= b.min[axis] || b.max[axis] <= a.min[axis]), "{a:?} {b:?}");
}

#[test]
fn one_more_component_moves_the_others_a_little_only() {
    let session = session();
    let system = row(&session, "demo", 1, 20);
    assert!(session.settle(PATIENCE));
    let before: Vec<Place> = (1..=20).map(|id| place(&session, system, id)).collect();
    session.apply(system, add(21).into_iter().chain([link(99, 20, 21)]));
    assert!(session.settle(PATIENCE));
    let moved = (1..=20).filter(|id| {
        let (a, b) = (before[*id as usize - 1].position, place(&session, system, *id).position);
        (a[0] - b[0]).hypot(a[1] - b[1]) > 60.0
    });
    assert!(moved.count() <= 5);
}

#[test]
fn a_pin_holds_and_holds_again_in_the_next_instance() {
    let session = session();
    let first = row(&session, "demo", 1, 4);
    assert!(session.settle(PATIENCE));
    session.pin(first, ComponentId(2), Some([500.0, -300.0, 0.0]));
    assert!(session.settle(PATIENCE));
    let pinned = place(&session, first, 2);
    assert!(pinned.pinned);
    assert_eq!(pinned.position, [500.0, -300.0, 0.0]);
    session.disconnect(first, None);
    let second = row(&session, "demo", 2, 4);
    assert!(session.settle(PATIENCE));
    assert!(place(&session, second, 2).pinned);
    session.pin(second, ComponentId(2), None);
    assert!(session.settle(PATIENCE));
    assert!(!place(&session, second, 2).pinned);
}

#[test]
fn a_system_may_be_moved() {
    let session = session();
    let system = row(&session, "demo", 1, 3);
    assert!(session.settle(PATIENCE));
    let before = place(&session, system, 1).position;
    session.move_system(system, [250.0, 40.0]);
    assert!(session.settle(PATIENCE));
    let after = place(&session, system, 1).position;
    assert_eq!([after[0] - before[0], after[1] - before[1]].map(f32::round), [250.0, 40.0]);
}

#[test]
fn what_is_gone_has_no_place() {
    let session = session();
    let system = row(&session, "demo", 1, 3);
    assert!(session.settle(PATIENCE));
    session.apply(system, [Change::ComponentRemoved(ComponentId(2))]);
    assert!(session.settle(PATIENCE));
    let places = session.places();
    let left: Vec<u64> =
        places.systems[0].places.iter().map(|place| place.component.0).filter(|component| *component > 0).collect();
    assert_eq!(left, [1, 3]);
}

#[test]
fn a_waker_is_called_when_something_changes_and_only_then() {
    let session = session();
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    session.set_waker(Box::new(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    }));
    let system = row(&session, "demo", 1, 5);
    assert!(session.settle(PATIENCE));
    let began = Instant::now();
    while calls.load(Ordering::Relaxed) < 2 {
        assert!(began.elapsed() < PATIENCE, "nobody called");
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(100));
    let idle = calls.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(calls.load(Ordering::Relaxed), idle, "idle means idle");
    session.apply(system, add(9));
    let began = Instant::now();
    while calls.load(Ordering::Relaxed) == idle {
        assert!(began.elapsed() < PATIENCE, "nobody called");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_same_program_is_laid_out_the_same_way() {
    let positions = || {
        let session = session();
        let system = row(&session, "demo", 1, 30);
        assert!(session.settle(PATIENCE));
        (1..=30).map(|id| place(&session, system, id).position).collect::<Vec<_>>()
    };
    assert_eq!(positions(), positions());
}
