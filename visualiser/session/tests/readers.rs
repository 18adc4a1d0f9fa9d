//! Whoever reads a running visualiser sees what it sees.
#![allow(clippy::unwrap_used)]

mod support;

use axonscope_model::{Model, SystemId};
use axonscope_proto::v1::{self, report::Content};
use axonscope_session::reader::{Mirror, ReadError, Reader};
use axonscope_session::{Session, Standing};
use support::{Probe, component, listening, reader, until};

/// Everything that can be told of a system, in an order that does not depend on how it came to be.
fn all(model: &Model, system: SystemId) -> Vec<String> {
    let mut lines: Vec<String> = model.system(system).unwrap().snapshot().map(|change| format!("{change:?}")).collect();
    lines.sort();
    lines
}

async fn busy_row(session: &Session, count: u64) -> Probe {
    let mut probe = Probe::with_row(session, "busy", 1, count).await;
    for sample in 1..=25 {
        let postboxes = (1..=count).map(|id| v1::PostboxActivity {
            postbox: 10 * id + 1,
            messages: sample * id * 3,
            ..Default::default()
        });
        probe.say(Content::Activity(v1::Activity { postboxes: postboxes.collect(), ..Default::default() })).await;
    }
    until("all samples", || session.read(|model| (model.systems().next()?.sampled_at() == probe.now).then_some(())))
        .await;
    probe
}

#[tokio::test]
async fn a_list_sums_up() {
    let (session, address) = listening();
    let _probe = Probe::with_row(&session, "row", 1, 4).await;
    let list = reader(address).await.list().await.unwrap();
    assert_eq!(list.len(), 1);
    let summary = &list[0];
    assert_eq!((summary.components, summary.postboxes, summary.linkages), (4, 8, 3));
    assert_eq!((summary.title().as_str(), summary.standing), ("row", Standing::Live));
}

#[tokio::test]
async fn what_is_fetched_is_what_is_there_rates_included() {
    let (session, address) = listening();
    let _probe = busy_row(&session, 5).await;
    let _other = Probe::with_row(&session, "other", 2, 3).await;
    let gone = Probe::with_row(&session, "gone", 3, 2).await;
    drop(gone);
    until("it is gone", || (session.list()[2].standing == Standing::Lost).then_some(())).await;
    let fetched = reader(address).await.fetch(None).await.unwrap();
    assert_eq!(fetched.systems.len(), 3);
    for system in &fetched.systems {
        let theirs = session.read(|model| all(model, system.summary.system));
        assert_eq!(all(&fetched.model, system.system), theirs);
    }
    let rate = |model: &Model, id: u64| {
        let boxes: Vec<f64> = model.system(SystemId(id)).unwrap().postboxes().map(|postbox| postbox.rate()).collect();
        assert!(id != 1 || boxes.iter().any(|rate| *rate > 0.0));
        boxes
    };
    assert_eq!(rate(&fetched.model, 1), session.read(|model| rate(model, 1)));
    assert!(!fetched.model.system(fetched.systems[2].system).unwrap().status().is_connected());
}

#[tokio::test]
async fn one_system_may_be_fetched_and_an_unknown_one_is_refused() {
    let (session, address) = listening();
    let _one = Probe::with_row(&session, "one", 1, 2).await;
    let _two = Probe::with_row(&session, "two", 2, 3).await;
    let mut reader = reader(address).await;
    let fetched = reader.fetch(Some(SystemId(2))).await.unwrap();
    assert_eq!(fetched.model.systems().map(|system| system.name()).collect::<Vec<_>>(), ["two"]);
    let refused = reader.fetch(Some(SystemId(99))).await.err().unwrap();
    assert!(matches!(&refused, ReadError::Refused(why) if why.contains("99")), "{refused}");
}

#[tokio::test]
async fn nothing_may_be_fetched_too() {
    let (_session, address) = listening();
    assert_eq!(reader(address).await.fetch(None).await.unwrap().model.systems().len(), 0);
}

#[tokio::test]
async fn a_watch_follows_changes_and_partings() {
    let (session, address) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 3).await;
    let mut watch = reader(address).await.watch(None).await.unwrap();
    let mut mirror = Mirror::default();
    while mirror.known.is_empty() || session.versions().structure == 0 {
        mirror.take(watch.next().await.unwrap().unwrap());
    }
    probe
        .delta(v1::Delta {
            removed_components: vec![2],
            added_components: vec![component(8, "new")],
            ..Default::default()
        })
        .await;
    let late = Probe::with_row(&session, "late", 2, 2).await;
    drop(late);
    let gone = |mirror: &Mirror| mirror.known.values().any(|(_, summary)| summary.standing == Standing::Lost);
    while !gone(&mirror) {
        let seen = tokio::time::timeout(support::DEADLINE, watch.next()).await.expect("waited in vain");
        mirror.take(seen.unwrap().unwrap());
    }
    for (theirs, (ours, _)) in &mirror.known {
        assert_eq!(all(&mirror.model, *ours), session.read(|model| all(model, *theirs)));
    }
    assert_eq!(mirror.known.len(), 2);
}

#[tokio::test]
async fn a_reader_that_lags_gets_everything_anew_and_holds_up_nobody() {
    let (session, address) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 3).await;
    let mut watch = reader(address).await.watch(None).await.unwrap();
    // Nobody reads: what waits on the way fills up, then the feed, then it is thrown away.
    for round in 0..60 {
        let ids = 1000 + round * 2000..1000 + (round + 1) * 2000;
        let added_components = ids.clone().map(|id| component(id, &"x".repeat(200))).collect();
        probe.delta(v1::Delta { added_components, ..Default::default() }).await;
        probe.delta(v1::Delta { removed_components: ids.collect(), ..Default::default() }).await;
    }
    probe.delta(v1::Delta { added_components: vec![component(500, "last")], ..Default::default() }).await;
    until("the model has all", || {
        session.read(|model| model.systems().next()?.component(axonscope_model::ComponentId(500)).map(|_| ()))
    })
    .await;
    let mut mirror = Mirror::default();
    let mut hellos = 0;
    loop {
        let seen =
            tokio::time::timeout(support::DEADLINE, watch.next()).await.expect("waited in vain").unwrap().unwrap();
        hellos += u32::from(seen.hello.is_some());
        mirror.take(seen);
        let (ours, _) = mirror.known[&SystemId(1)];
        if mirror.model.system(ours).unwrap().component(axonscope_model::ComponentId(500)).is_some() {
            break;
        }
    }
    assert_eq!(hellos, 2, "one more snapshot");
    let (ours, _) = mirror.known[&SystemId(1)];
    assert_eq!(mirror.model.system(ours).unwrap().component_count(), 4);
}

#[tokio::test]
async fn names_reach_readers_unharmed() {
    let (session, address) = listening();
    let name = "\u{1b}[31m\u{202e}<script>&amp;\n";
    let mut probe = Probe::with_row(&session, name, 1, 1).await;
    probe.delta(v1::Delta { added_components: vec![component(5, name), component(6, "")], ..Default::default() }).await;
    until("they are there", || (session.list()[0].components == 3).then_some(())).await;
    let fetched = reader(address).await.fetch(None).await.unwrap();
    let system = fetched.model.systems().next().unwrap();
    assert_eq!(system.name(), name);
    let names: Vec<&str> = system.components().map(|component| component.name()).collect();
    assert!(names.contains(&name) && names.contains(&""));
}

#[tokio::test]
async fn a_layout_is_told_and_kept_by_what_is_made_of_it() {
    let (session, address) = listening();
    let _probe = Probe::with_row(&session, "row", 1, 6).await;
    until("it is laid out", || (session.is_settled() && session.places().systems.len() == 1).then_some(())).await;
    let fetched = reader(address).await.fetch(None).await.unwrap();
    let layouts: Vec<_> = fetched.systems.iter().map(|system| system.layout.clone()).collect();
    assert_eq!(layouts[0].places.len(), 6);
    let copy = Session::from_model_and_places(fetched.model, &layouts);
    let (theirs, ours) = (session.places(), copy.places());
    let position = |places: &axonscope_session::Places, id: u64| {
        let id = axonscope_model::ComponentId(id);
        places.systems[0].places.iter().find(|place| place.component == id).unwrap().position
    };
    for id in 1..=6 {
        assert_eq!(position(&theirs, id), position(&ours, id));
    }
    assert!(copy.is_settled());
}

#[tokio::test]
async fn nobody_there_and_nowhere_at_all() {
    let (session, address) = listening();
    session.shutdown();
    let nobody = Reader::connect(&format!("http://{address}")).await.err().unwrap();
    assert!(matches!(nobody, ReadError::Unreachable(_)), "{nobody}");
    let nowhere = Reader::connect("not an endpoint").await.err().unwrap();
    assert!(matches!(nowhere, ReadError::Endpoint(_)), "{nowhere}");
}

#[tokio::test]
async fn a_snapshot_that_is_on_its_way_when_a_reader_comes_is_whole_in_the_end() {
    let (session, address) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 3).await;
    let first = v1::Snapshot { last: false, components: vec![component(1, "stage 1")], ..Default::default() };
    probe.say(Content::Snapshot(first)).await;
    until("it has begun", || (session.list()[0].standing == Standing::Stale).then_some(())).await;
    let mut watch = reader(address).await.watch(None).await.unwrap();
    let mut mirror = Mirror::default();
    mirror.take(watch.next().await.unwrap().unwrap());
    let rest = v1::Snapshot { part: 1, last: true, components: vec![component(9, "new")], ..Default::default() };
    probe.say(Content::Snapshot(rest)).await;
    // What the snapshot did not name is gone, though nobody said so to the reader.
    loop {
        let seen =
            tokio::time::timeout(support::DEADLINE, watch.next()).await.expect("waited in vain").unwrap().unwrap();
        mirror.take(seen);
        let (ours, _) = mirror.known[&SystemId(1)];
        if mirror.model.system(ours).unwrap().component_count() == 2 {
            break;
        }
    }
}
