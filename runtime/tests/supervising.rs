//! A supervised component that fails is made anew, and nobody else has to do anything about it.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axonscope_runtime::{
    Component, Condition, Context, Failure, In, Io, Outcome, Pipeline, Restart, State, Stop, Supervised, System,
    library::Transformer,
};
use support::{all, feed, postbox, run, settle, soon, state, tell};

/// Passes numbers on, and fails at each multiple of ten: by an error or by a panic.
struct Brittle;

impl Component for Brittle {
    type Boxes = Io<u32, u32>;

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        while let Some(number) = io.inbox.recv().await? {
            match number % 20 {
                0 => return Err(Failure::new(format!("{number} is too round"))),
                10 => panic!("{number} is round"),
                _ => io.outbox.send(number).await?,
            }
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_component_that_fails_loses_what_it_had_in_its_hands_and_nothing_else() {
    let system = System::new("test");
    let (input, source) = feed(4);
    let (sink, output) = tell(4);
    let brittle = Supervised::new(|| Brittle).restart(Restart::default().at_most(100, Duration::from_secs(60)));
    let pipeline = Pipeline::new().stage("source", source).stage("brittle", brittle).stage("sink", sink);
    let pipeline = system.add("pipeline", pipeline).unwrap();
    let before = system.describe();
    let pipeline = pipeline.start();
    tokio::spawn(async move {
        for n in 1..=95 {
            input.send(n).await.unwrap();
        }
    });
    let collected = tokio::spawn(all(output));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(
        matches!(state(&system, "brittle"), Some(State::Failed(why)) if why.contains("10 is round") && why.contains("supervising.rs"))
    );
    let during = system.describe();
    let ids = |description: &axonscope_runtime::Description| {
        let components: Vec<_> = description.components.iter().map(|info| info.id).collect();
        let postboxes: Vec<_> = description.postboxes.iter().map(|info| info.id).collect();
        (components, postboxes, description.linkages.clone())
    };
    assert_eq!(ids(&before), ids(&during), "it keeps its place and its linkages");
    let meter = during.components.iter().find(|info| &*info.name == "brittle").unwrap().activity.clone();

    assert_eq!(soon("the end", pipeline.ended()).await, State::Finished);
    assert_eq!(meter.restarts.load(Ordering::Relaxed), 9);
    let expected: Vec<_> = (1..=95).filter(|n| n % 10 != 0).collect();
    assert_eq!(collected.await.unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_component_that_fails_too_often_stays_failed_and_its_composite_sees_it() {
    let system = System::new("test");
    let starts = Arc::new(AtomicU32::new(0));
    let counted = starts.clone();
    let hopeless = Supervised::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        run(|_: (), _| async { Err(Failure::new("no hope")) })
    })
    .restart(Restart::default().at_most(3, Duration::from_secs(60)));
    let hopeless = system.add("hopeless", hopeless).unwrap().start();
    let end = soon("the end", hopeless.ended()).await;
    assert_eq!(end, State::Failed("no hope (after 3 restarts within 60s)".into()));
    assert_eq!(hopeless.condition(), Condition::Failed("no hope (after 3 restarts within 60s)".into()));
    assert_eq!(starts.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn failures_long_ago_do_not_count() {
    let system = System::new("test");
    let slow = Supervised::new(|| {
        run(|_: (), _| async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Err(Failure::new("tired"))
        })
    })
    .restart(Restart::default().at_most(3, Duration::from_secs(60)));
    let slow = system.add("slow", slow).unwrap().start();
    tokio::time::sleep(Duration::from_secs(1000)).await;
    assert_eq!(slow.condition(), Condition::Running);
    slow.stop(Stop::Shutdown);
    assert!(system.shutdown().await.len() <= 1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_wait_for_a_restart() {
    let system = System::new("test");
    let hopeless = Supervised::new(|| run(|_: (), _| async { Err(Failure::new("no hope")) }))
        .restart(Restart::default().back_off(Duration::from_secs(3600), Duration::from_secs(3600)));
    let hopeless = system.add("hopeless", hopeless).unwrap().start();
    settle().await;
    assert!(matches!(hopeless.condition(), Condition::Failed(_)));
    assert_eq!(system.shutdown().await, Vec::<String>::new());
    assert_eq!(hopeless.ended().await, State::Finished);
}

#[tokio::test(start_paused = true)]
async fn a_composite_is_started_again_with_its_children() {
    let system = System::new("test");
    let (input, source) = feed(1);
    let (sink, mut output) = tell(10);
    // The second stage fails at once on 13, and the composite with it.
    struct Inner;
    impl Component for Inner {
        type Boxes = axonscope_runtime::Children;
        fn declare(
            &mut self,
            declare: &mut axonscope_runtime::Declare<'_>,
        ) -> Result<Self::Boxes, axonscope_runtime::AddError> {
            let double =
                declare.add("double", Transformer::new(|n: u32| if n == 13 { panic!("13") } else { n * 2 }))?;
            declare.expose_inbox("inbox", (&double, "inbox"))?;
            declare.expose_outbox("outbox", (&double, "outbox"))?;
            Ok(axonscope_runtime::Children(vec![double]))
        }
        async fn run(self, children: Self::Boxes, _: Context) -> Outcome {
            for child in children.start() {
                if let State::Failed(why) = child.ended().await {
                    return Err(Failure::new(format!("double failed: {why}")));
                }
            }
            Ok(())
        }
    }
    let source = system.add("source", source).unwrap();
    let inner = system.add("inner", Supervised::new(|| Inner)).unwrap();
    let sink = system.add("sink", sink).unwrap();
    system.link((&source, "outbox"), (&inner, "inbox")).unwrap();
    system.link((&inner, "outbox"), (&sink, "inbox")).unwrap();
    for one in [source, inner, sink] {
        one.start();
    }
    for n in [1, 13, 2] {
        input.send(n).await.unwrap();
        settle().await;
    }
    assert_eq!(soon("the first", output.recv()).await, Some(2));
    assert_eq!(soon("the one after the failure", output.recv()).await, Some(4));
    let names: Vec<_> = system.describe().components.iter().map(|info| info.name.to_string()).collect();
    assert_eq!(names.iter().filter(|name| *name == "double").count(), 1, "{names:?}");
    system.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn boxes_made_while_running_go_and_can_be_made_again() {
    let system = System::new("test");
    let once = Arc::new(AtomicU32::new(0));
    let fickle = Supervised::new(move || {
        let once = once.clone();
        run(move |mut boxes: In<u32>, ctx: Context| async move {
            let _further = ctx.outbox::<u32>("further")?;
            if once.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(Failure::new("the first time"));
            }
            boxes.inbox.recv().await?;
            Ok(())
        })
    });
    let fickle = system.add("fickle", fickle).unwrap().start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let inbox = postbox(&system.describe(), "fickle", "inbox").id;
    assert_eq!(fickle.condition(), Condition::Waiting(vec![inbox]));
    postbox(&system.describe(), "fickle", "further");
    assert!(system.shutdown().await.is_empty());
}
