//! What an observer is told, and that the description is always what the events add up to.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axonscope_runtime::{AlreadyObserved, Out, Pipeline, State, System, Visit, library::Transformer};
use support::model::{Model, Recorder};
use support::{Two, feed, run, settle, soon, tell};

#[tokio::test]
async fn events_add_up_to_the_description_while_components_come_and_go() {
    let system = System::new("test");
    let recorder = Arc::new(Recorder::default());
    system.observe(recorder.clone()).unwrap();
    let (input, source) = feed(4);
    let (sink, mut output) = tell(4);
    let double = Transformer::new(|n: u32| n * 2);
    let pipeline = Pipeline::new().stage("source", source).stage("double", double).stage("sink", sink);
    let pipeline = system.add("pipeline", pipeline).unwrap();
    assert_eq!(recorder.model(), Model::of(&system, 1));
    pipeline.start();
    input.send(1).await.unwrap();
    assert_eq!(soon("the message", output.recv()).await, Some(2));
    assert_eq!(recorder.model(), Model::of(&system, 2));
    let fails = run(|_: (), _| async { panic!("as it should") });
    system.add("fails", fails).unwrap().start().ended().await;
    assert_eq!(recorder.model(), Model::of(&system, 3));
    drop(input);
    soon("the end", system.finished()).await;
    assert_eq!(recorder.model(), Model::of(&system, 100));
    assert_eq!(recorder.model().components.len(), 1, "the one that failed");
}

#[tokio::test]
async fn there_is_one_observer_at_a_time() {
    let system = System::new("test");
    let first = Arc::new(Recorder::default());
    system.observe(first.clone()).unwrap();
    assert_eq!(system.observe(Arc::new(Recorder::default())), Err(AlreadyObserved));
    drop(system.add("one", Transformer::new(|n: u32| n)).unwrap());
    system.unobserve();
    let told = first.model().number;
    drop(system.add("two", Transformer::new(|n: u32| n)).unwrap());
    assert_eq!(first.model().number, told);
    let second = Arc::new(Recorder::default());
    system.observe(second.clone()).unwrap();
    drop(system.add("three", Transformer::new(|n: u32| n)).unwrap());
    assert_eq!(second.model().number, system.describe().event_number, "numbers go on where nobody looked");
}

#[tokio::test]
async fn a_walk_over_activity_comes_past_everything_once() {
    let system = System::new("test");
    let kept: Vec<_> = (0..10).map(|_| system.add("one", Transformer::new(|n: u32| n)).unwrap()).collect();
    for page in [1, 3, 10, 5000] {
        let (mut components, mut postboxes) = (Vec::new(), Vec::new());
        let mut cursor = None;
        loop {
            cursor = system.visit_activity(cursor, page, |visit| match visit {
                Visit::Component(id, _) => components.push(id),
                Visit::Postbox(reading) => postboxes.push((components.len(), reading.id)),
            });
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(components, kept.iter().map(|one| one.id()).collect::<Vec<_>>());
        let description = system.describe();
        let position = |owner| 1 + components.iter().position(|&id| id == owner).unwrap();
        let described: Vec<_> = description.postboxes.iter().map(|info| (position(info.owner), info.id)).collect();
        assert_eq!(postboxes, described);
        assert_eq!(postboxes.len(), 40);
    }
}

#[tokio::test]
async fn polls_and_busy_time_are_measured() {
    let system = System::new("test");
    system.observe(Arc::new(Recorder::default())).unwrap();
    let inside = Arc::new(Mutex::new(None));
    let activity = inside.clone();
    let busy = run(move |_: (), ctx: axonscope_runtime::Context| async move {
        let description = ctx.system().describe();
        let own = description.components[0].activity.clone();
        assert_ne!(own.poll_started_at.load(Ordering::Relaxed), 0);
        *activity.lock().unwrap() = Some(own);
        std::thread::sleep(Duration::from_millis(5));
        tokio::task::yield_now().await;
        Ok(())
    });
    system.add("busy", busy).unwrap().start().ended().await;
    settle().await;
    let activity = inside.lock().unwrap().clone().unwrap();
    assert_eq!(activity.polls.load(Ordering::Relaxed), 2);
    assert!(activity.busy_ns.load(Ordering::Relaxed) >= 5_000_000);
    assert_eq!(activity.poll_started_at.load(Ordering::Relaxed), 0);
    assert_ne!(activity.last_active_at.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn polls_are_timed_only_while_somebody_wants_it() {
    let system = System::new("test");
    system.observe(Arc::new(Recorder::default())).unwrap();
    let (turn, turns) = tokio::sync::mpsc::channel::<Option<bool>>(1);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (mut turns, began_at) = (turns, seen.clone());
    let works = run(move |_: (), ctx: axonscope_runtime::Context| async move {
        while let Some(timed) = turns.recv().await {
            let own = ctx.system().describe().components[0].activity.clone();
            began_at.lock().unwrap().push(own.poll_started_at.load(Ordering::Relaxed));
            if let Some(timed) = timed {
                ctx.system().set_timed(timed);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    });
    let works = system.add("works", works).unwrap().start();
    settle().await;
    let own = system.describe().components[0].activity.clone();
    let busy_after = async |told: Option<bool>| {
        let (polls, busy_ns) = (own.polls.load(Ordering::Relaxed), own.busy_ns.load(Ordering::Relaxed));
        turn.send(told).await.unwrap();
        settle().await;
        assert!(own.polls.load(Ordering::Relaxed) > polls, "polls are counted in any case");
        assert_eq!(own.poll_started_at.load(Ordering::Relaxed), 0);
        own.busy_ns.load(Ordering::Relaxed) - busy_ns >= 2_000_000
    };
    assert!(busy_after(None).await, "timed as it is observed");
    assert!(busy_after(Some(false)).await, "a poll ends as it began");
    let active_at = own.last_active_at.load(Ordering::Relaxed);
    assert!(!busy_after(None).await);
    assert!(!busy_after(Some(true)).await, "a poll ends as it began");
    assert_eq!(own.last_active_at.load(Ordering::Relaxed), active_at);
    assert!(busy_after(None).await);
    assert_ne!(own.last_active_at.load(Ordering::Relaxed), active_at);
    drop(turn);
    works.ended().await;
    let unknown: Vec<_> = seen.lock().unwrap().iter().map(|&began_at| began_at == 1).collect();
    assert_eq!(unknown, [false, false, true, true, false], "that one runs is always seen");
}

#[tokio::test]
async fn a_description_names_everything() {
    let system = System::new("test");
    let one = run(|_: Two<Vec<String>>, _| async { Ok(()) });
    let one = system.add("one", one).unwrap();
    let description = system.describe();
    assert_eq!(&*description.components[0].type_name, "Run");
    assert_eq!(description.states, [State::Starting]);
    let boxes: Vec<_> =
        description.postboxes.iter().map(|info| (info.kind.to_string(), &*info.name, &*info.message_type)).collect();
    let strings = "Vec<String>";
    assert_eq!(
        boxes,
        [
            ("inbox".into(), "control", "Stop"),
            ("outbox".into(), "signal", "Stop"),
            ("inbox".into(), "first", strings),
            ("inbox".into(), "second", strings),
            ("outbox".into(), "left", strings),
            ("outbox".into(), "right", strings),
        ]
    );
    assert_eq!(description.postboxes[2].capacity, Some(64));
    drop(one);
}

#[tokio::test]
async fn an_observer_that_comes_late_catches_up() {
    let system = System::new("test");
    let source = run(|mut boxes: Out<u32>, ctx: axonscope_runtime::Context| async move {
        boxes.outbox.send(1).await?;
        Err(ctx.shutdown().await.into())
    });
    let (sink, _output) = tell(4);
    system.add("whole", Pipeline::new().stage("source", source).stage("sink", sink)).unwrap().start();
    settle().await;
    let recorder = Arc::new(Recorder::from(Model::of(&system, 2)));
    system.observe(recorder.clone()).unwrap();
    system.shutdown().await;
    assert_eq!(recorder.model(), Model::of(&system, 2));
}
