//! Uses, components that stand for many, time spent ready to run, and what is said in words.

use super::{check, hello, model_with_one};
use crate::*;

const SECOND: u64 = 1_000_000_000;

fn told(changes: Vec<Change>) -> (Model, SystemId) {
    let (mut model, id) = model_with_one();
    for change in changes {
        let applied = model.apply(id, change);
        assert_eq!(applied.anomaly, None);
    }
    (model, id)
}

fn component(id: u64) -> Change {
    Change::ComponentAdded(NewComponent { id: ComponentId(id), name: format!("c{id}"), ..NewComponent::default() })
}

fn postbox(id: u64, owner: u64, kind: PostboxKind) -> Change {
    Change::PostboxAdded(NewPostbox {
        id: PostboxId(id),
        owner: ComponentId(owner),
        name: format!("p{id}"),
        kind,
        message_type: String::new(),
        capacity: 0,
        description: String::new(),
    })
}

fn join(id: u64, source: u64, sink: u64, kind: LinkageKind) -> Change {
    Change::Linked(NewLinkage { id: LinkageId(id), source: PostboxId(source), sink: PostboxId(sink), kind })
}

/// 1 uses 2, and sends to it too.
fn pair() -> (Model, SystemId) {
    use PostboxKind::{Grip, Inbox, Outbox};
    told(vec![
        component(1),
        component(2),
        postbox(10, 1, Grip),
        postbox(20, 2, Grip),
        postbox(11, 1, Outbox),
        postbox(21, 2, Inbox),
        join(100, 10, 20, LinkageKind::Use),
        join(101, 11, 21, LinkageKind::Direct),
    ])
}

#[test]
fn grips_are_no_boxes_and_uses_no_linkages() {
    let (model, id) = pair();
    let system = model.system(id).unwrap();
    assert_eq!((system.postbox_count(), system.linkage_count(), system.use_count()), (2, 1, 1));
    assert_eq!(system.postboxes().count(), 2);
    assert_eq!(system.linkages().map(LinkageRef::id).collect::<Vec<_>>(), [LinkageId(101)]);
    let [user, used] = [1, 2].map(|id| system.component(ComponentId(id)).unwrap());
    let names = |uses: Vec<LinkageRef<'_>>| uses.iter().map(|used| used.sink().owner().name()).collect::<String>();
    assert_eq!((names(user.uses().collect()), user.used_by().count()), ("c2".to_owned(), 0));
    assert_eq!((used.uses().count(), used.used_by().next().unwrap().source().owner().id()), (0, user.id()));
    assert_eq!(user.postboxes().count(), 1);
}

#[test]
fn a_use_of_something_else_than_grips_does_not_fit() {
    let (mut model, id) = pair();
    let wrong = [
        join(200, 11, 21, LinkageKind::Use),
        join(201, 10, 21, LinkageKind::Use),
        join(202, 11, 20, LinkageKind::Direct),
        join(203, 10, 20, LinkageKind::Outward),
    ];
    for change in wrong {
        let applied = model.apply(id, change);
        assert!(matches!(applied.anomaly, Some(Anomaly::Malformed(_))), "{applied:?}");
    }
    let totals = [
        Change::PostboxActivity(PostboxActivity { postbox: PostboxId(10), ..PostboxActivity::default() }),
        Change::LinkageActivity { linkage: LinkageId(100), messages: 1 },
    ];
    for change in totals {
        assert!(matches!(model.apply(id, change).anomaly, Some(Anomaly::Malformed(_))));
    }
    let system = model.system(id).unwrap();
    assert_eq!((system.linkage_count(), system.use_count()), (1, 1));
    assert!(system.component(ComponentId(1)).unwrap().has_anomaly());
}

#[test]
fn uses_go_with_either_end() {
    for gone in [1, 2] {
        let (mut model, id) = pair();
        let _ = model.apply(id, Change::ComponentRemoved(ComponentId(gone)));
        let system = model.system(id).unwrap();
        assert_eq!((system.postbox_count(), system.use_count(), system.linkage_count()), (1, 0, 0));
        super::assert_invariants(&model);
    }
}

#[test]
fn a_component_that_stands_for_many_has_a_rate() {
    let (mut model, id) = told(vec![component(1), Change::Sampled { at: SECOND }]);
    for tenths in 1..=30 {
        let begun = tenths * 12;
        let told = ComponentActivity { component: ComponentId(1), begun, open: 3, ..ComponentActivity::default() };
        let _ = model.apply(id, Change::ComponentActivity(told));
        let _ = model.apply(id, Change::Sampled { at: SECOND + tenths * SECOND / 10 });
    }
    let component = model.system(id).unwrap().component(ComponentId(1)).unwrap();
    assert!(component.stands_for_many());
    assert_eq!((component.begun(), component.open()), (360, 3));
    assert!((component.begun_rate() - 120.0).abs() < 15.0, "{}", component.begun_rate());
    let told = ComponentActivity { component: ComponentId(1), begun: 5, ..ComponentActivity::default() };
    let applied = model.apply(id, Change::ComponentActivity(told));
    assert_eq!(applied.anomaly, Some(Anomaly::TotalFell { noun: "component", id: 1 }));
}

#[test]
fn time_spent_ready_is_known_only_where_it_is_measured() {
    let (mut model, id) = told(vec![component(1), component(2), Change::Sampled { at: SECOND }]);
    for tenths in 1..=15u64 {
        let [busy_ns, scheduled_ns] = [tenths * 20_000_000, tenths * 30_000_000];
        let told =
            ComponentActivity { component: ComponentId(1), busy_ns, scheduled_ns, ..ComponentActivity::default() };
        let _ = model.apply(id, Change::ComponentActivity(told));
        let _ = model.apply(id, Change::Sampled { at: SECOND + tenths * SECOND / 10 });
    }
    let share = |of| model.system(id).unwrap().component(ComponentId(of)).unwrap().scheduled_share();
    assert!((share(1).unwrap() - 0.3).abs() < 0.05, "{:?}", share(1));
    assert_eq!(share(2), None);
}

#[test]
fn a_wait_to_run_that_lasts_counts_as_waiting_now() {
    let told_now =
        ComponentActivity { component: ComponentId(1), scheduled_since: SECOND, ..ComponentActivity::default() };
    let (mut model, id) = told(vec![component(1), Change::Sampled { at: SECOND }, Change::ComponentActivity(told_now)]);
    let _ = model.apply(id, Change::Sampled { at: 2 * SECOND });
    let component = model.system(id).unwrap().component(ComponentId(1)).unwrap();
    assert_eq!(component.scheduled_share(), Some(1.0));
}

fn line(component: Option<u64>, text: &str) -> Change {
    let line = Line { at: 7, level: Level::Warn, text: text.to_owned(), skipped: 2 };
    Change::Logged(NewLine { component: component.map(ComponentId), line })
}

#[test]
fn lines_are_kept_where_they_were_written() {
    let (mut model, id) = told(vec![component(1), line(Some(1), "mine"), line(None, "ours")]);
    let system = model.system(id).unwrap();
    let texts = |lines: Vec<&Line>| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(system.component(ComponentId(1)).unwrap().log().collect()), ["mine"]);
    assert_eq!(texts(system.log().collect()), ["ours"]);
    assert_eq!(system.snapshot().filter(|change| matches!(change, Change::Logged(_))).count(), 0);
    let applied = model.apply(id, line(Some(9), "whose"));
    assert_eq!(applied.anomaly, Some(Anomaly::UnknownId { noun: "component", id: 9 }));
    let _ = model.apply(id, Change::ComponentRemoved(ComponentId(1)));
    super::assert_invariants(&model);
}

fn sample(linkage: u64) -> Change {
    let sample = Sample { text: "hello".to_owned(), full_length: 5, ..Sample::default() };
    Change::Tapped(NewSample { linkage: LinkageId(linkage), sample, refusal: String::new() })
}

#[test]
fn a_tap_lasts_until_it_ends_or_its_linkage_or_its_system_goes() {
    let (mut model, id) = pair();
    let seen = |model: &Model| {
        model.system(id).unwrap().linkage(LinkageId(101)).and_then(LinkageRef::tap).map(|tap| tap.samples().len())
    };
    let _ = model.apply(id, sample(101));
    assert_eq!(seen(&model), None, "nobody asked for it");
    assert!(model.tap(id, LinkageId(101), true));
    let _ = model.apply(id, sample(101));
    assert_eq!(seen(&model), Some(1));
    assert!(!model.tap(id, LinkageId(100), true), "nothing passes through a use");
    assert!(!model.tap(id, LinkageId(999), true));
    super::assert_invariants(&model);

    model.disconnect(id, None, 5);
    assert_eq!(seen(&model), Some(1), "it may come back");
    model.connect(hello(1, "chat"), 6).unwrap();
    let _ = model.apply(id, sample(101));
    assert_eq!(seen(&model), Some(2));
    super::assert_invariants(&model);

    model.disconnect(id, Some("done".to_owned()), 7);
    assert_eq!(seen(&model), None);
    assert!(!model.tap(id, LinkageId(101), true), "it has left");
    super::assert_invariants(&model);

    model.connect(hello(1, "chat"), 8).unwrap();
    assert!(model.tap(id, LinkageId(101), true));
    let _ = model.apply(id, Change::Unlinked(LinkageId(101)));
    assert_eq!(model.system(id).unwrap().tapped().count(), 0);
    super::assert_invariants(&model);
}

#[test]
fn what_the_probe_had_no_room_for_excuses_what_is_unknown() {
    check("work 9 busy 1", "! something was said of component 9, which nobody told of");
    let (mut model, id) = told(vec![Change::NoRoom(31)]);
    let of_unknown = ComponentActivity { component: ComponentId(9), ..ComponentActivity::default() };
    assert_eq!(model.apply(id, Change::ComponentActivity(of_unknown)).anomaly, None);
    assert_eq!(model.system(id).unwrap().no_room(), 31);
}
