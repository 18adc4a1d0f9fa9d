//! Systems come, go, return and are forgotten.

use super::hello;
use crate::*;

const SECOND: u64 = 1_000_000_000;

/// "title status" of each, in order.
fn list(model: &Model) -> Vec<String> {
    model.systems().map(|system| format!("{} {}", system.title(), system.status())).collect()
}

fn live(model: &mut Model, id: SystemId) {
    let _ = model.apply(id, Change::SnapshotBegan);
    let _ = model.apply(id, Change::SnapshotEnded);
}

fn add(model: &mut Model, id: SystemId, component: u64) -> Applied {
    model.apply(
        id,
        Change::ComponentAdded(NewComponent {
            id: ComponentId(component),
            name: "a".repeat(1000),
            ..NewComponent::default()
        }),
    )
}

#[test]
fn programs_of_one_name_stay_apart() {
    let mut model = Model::new(Limits::default());
    let ids = [1, 2, 3].map(|instance| model.connect(hello(instance, "chat"), 0).unwrap());
    ids.iter().for_each(|id| live(&mut model, *id));
    assert_eq!(list(&model), ["chat live", "chat 2 live", "chat 3 live"]);
}

#[test]
fn the_same_instance_is_the_same_system() {
    let mut model = Model::new(Limits::default());
    let id = model.connect(hello(1, "chat"), 0).unwrap();
    live(&mut model, id);
    let _ = add(&mut model, id, 1);
    model.disconnect(id, None, SECOND);
    assert_eq!(model.system(id).unwrap().status(), &Status::Lost { at_ns: SECOND });
    assert_eq!(model.system(id).unwrap().component_count(), 1, "its last state is kept");
    assert_eq!(model.connect(hello(1, "chat"), 2 * SECOND), Ok(id));
    assert_eq!(model.system(id).unwrap().status(), &Status::Stale(Staleness::Incomplete));
    assert_eq!(model.system(id).unwrap().component_count(), 1, "shown until the snapshot says otherwise");
    live(&mut model, id);
    assert_eq!(model.system(id).unwrap().component_count(), 0);
    assert_eq!(list(&model), ["chat live"]);
}

#[test]
fn a_restart_is_a_new_system_in_the_place_of_the_one_that_died() {
    let mut model = Model::new(Limits::default());
    let first = model.connect(hello(1, "chat"), 0).unwrap();
    model.disconnect(first, Some("finished".to_owned()), SECOND);
    let second = model.connect(hello(2, "chat"), 2 * SECOND).unwrap();
    live(&mut model, second);
    assert_ne!(first, second);
    assert_eq!(list(&model), ["chat left", "chat live"]);
    assert_eq!(model.system(first).unwrap().status(), &Status::Left { at_ns: SECOND, reason: "finished".to_owned() });
    // Only the last dead instance of a name is kept.
    model.disconnect(second, None, 3 * SECOND);
    assert_eq!(list(&model), ["chat lost"]);
    assert_eq!(model.evicted(), 1);
}

#[test]
fn who_returns_to_a_place_that_is_taken_gets_another() {
    let mut model = Model::new(Limits::default());
    let first = model.connect(hello(1, "chat"), 0).unwrap();
    model.disconnect(first, None, SECOND);
    let second = model.connect(hello(2, "chat"), SECOND).unwrap();
    model.connect(hello(1, "chat"), SECOND).unwrap();
    [first, second].iter().for_each(|id| live(&mut model, *id));
    assert_eq!(list(&model), ["chat 2 live", "chat live"]);
}

#[test]
fn sixteen_of_the_dead_are_kept_and_the_others_counted() {
    let mut model = Model::new(Limits::default());
    for instance in 0..40 {
        let id = model.connect(hello(instance, &format!("worker {instance}")), 0).unwrap();
        model.disconnect(id, None, u64::from(instance));
    }
    assert_eq!((model.systems().len(), model.evicted()), (16, 24));
    assert_eq!(model.systems().next().map(System::name), Some("worker 24"));
}

#[test]
fn one_too_many_is_refused_and_no_other_is_disturbed() {
    let mut model = Model::new(Limits { systems: 2, ..Limits::default() });
    let ids = [1, 2].map(|instance| model.connect(hello(instance, "chat"), 0).unwrap());
    assert_eq!(model.connect(hello(3, "chat"), 0), Err(Refusal::TooManySystems(2)));
    assert_eq!(model.connect(hello(2, "chat"), 0), Ok(ids[1]), "it has its place already");
    model.disconnect(ids[0], None, 0);
    assert!(model.connect(hello(3, "other"), 0).is_ok());
    assert_eq!(model.connect(hello(1, "chat"), 0), Err(Refusal::TooManySystems(2)));
}

#[test]
fn only_what_has_departed_can_be_dismissed() {
    let mut model = Model::new(Limits::default());
    let [dead, alive] = [1, 2].map(|instance| model.connect(hello(instance, "chat"), 0).unwrap());
    assert!(add(&mut model, dead, 1).structure);
    model.disconnect(dead, None, 1);
    let before = model.structure_version();
    assert!(!model.dismiss(alive) && !model.dismiss(SystemId(99)));
    assert_eq!(model.structure_version(), before);
    assert!(model.dismiss(dead) && !model.dismiss(dead));
    assert!(model.system(dead).is_none() && model.structure_version() > before);
    assert_eq!(model.evicted(), 0, "it was not dropped for want of room");
    super::assert_invariants(&model);
}

#[test]
fn memory_is_bounded_and_the_dead_make_room_first() {
    let mut model = Model::new(Limits { bytes: 200_000, ..Limits::default() });
    let dead = model.connect(hello(1, "dead"), 0).unwrap();
    (1..=100).for_each(|component| assert!(add(&mut model, dead, component).structure));
    model.disconnect(dead, None, 1);
    let system = model.connect(hello(2, "chat"), 2).unwrap();
    let refused = (1..=400).filter(|component| add(&mut model, system, *component).anomaly.is_some()).count();
    assert!(model.system(dead).is_none());
    assert_eq!(model.evicted(), 1);
    assert!((200_000..202_000).contains(&model.bytes()), "{}", model.bytes());
    assert_eq!(model.system(system).unwrap().refused(), refused as u64);
    assert!(refused > 200);
    // What makes room is let through.
    assert!(model.apply(system, Change::ComponentRemoved(ComponentId(1))).structure);
    assert!(add(&mut model, system, 401).structure);
    super::assert_invariants(&model);
}

#[test]
fn nothing_is_done_for_a_system_that_nobody_knows() {
    let mut model = Model::new(Limits::default());
    let id = SystemId(7);
    model.heard(id, 1);
    model.disconnect(id, None, 1);
    assert_eq!(add(&mut model, id, 1), Applied::NOTHING);
    assert_eq!(model.systems().len(), 0);
}

#[test]
fn versions_rise_with_what_can_be_seen() {
    let mut model = Model::new(Limits::default());
    let id = model.connect(hello(1, "chat"), 0).unwrap();
    let before = (model.structure_version(), model.activity_version());
    let _ = add(&mut model, id, 1);
    assert_eq!((model.structure_version(), model.activity_version()), (before.0 + 1, before.1));
    let state = |state| Change::StateChanged { component: ComponentId(1), state, detail: String::new() };
    assert_eq!(model.apply(id, state(State::Finished)), Applied::ACTIVITY);
    assert_eq!(model.apply(id, state(State::Finished)), Applied::NOTHING);
    assert_eq!((model.structure_version(), model.activity_version()), (before.0 + 1, before.1 + 1));
    model.disconnect(id, None, 1);
    assert_eq!(model.activity_version(), before.1 + 2);
}

#[test]
fn times_of_the_program_are_told_in_wall_clock_time() {
    let facts = Facts { wall_clock_ns: 1_000, monotonic_ns: 100, ..Facts::default() };
    assert_eq!([150, 100, 40].map(|at| facts.wall_clock_at(at)), [1_050, 1_000, 940]);
    assert_eq!(facts.wall_clock_at(u64::MAX), u64::MAX);
}

#[test]
fn uptime_is_counted_on_the_programs_own_clock() {
    let mut model = Model::new(Limits::default());
    let hello = Hello { monotonic_ns: 50 * SECOND, started_at: 20 * SECOND, ..hello(1, "chat") };
    let id = model.connect(hello, 0).unwrap();
    assert_eq!(model.system(id).unwrap().uptime_ns(), 30 * SECOND);
    let _ = model.apply(id, Change::Sampled { at: 60 * SECOND });
    assert_eq!(model.system(id).unwrap().uptime_ns(), 40 * SECOND);
}
