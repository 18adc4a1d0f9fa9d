//! Stopping: a latch that makes nobody wait, nothing lost on `ProducerFinished`, nobody waited for on `Shutdown`.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use axonscope_runtime::{
    AddError, Component, Context, Failure, In, Io, Out, Outcome, Pipeline, State, Stop, System, library::Ticker,
    library::Transformer,
};
use support::{all, feed, postbox, run, settle, soon, state, tell};

#[tokio::test]
async fn producer_finished_waits_for_every_source_and_drains() {
    let system = System::new("test");
    let (sink, output) = tell(100);
    let sink = system.add("sink", sink).unwrap();
    let (first_input, first) = feed(16);
    let (second_input, second) = feed(16);
    for (name, feed) in [("first", first), ("second", second)] {
        let source = system.add(name, feed).unwrap();
        system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
        system.link((&source, "signal"), (&sink, "control")).unwrap();
        source.start();
    }
    let sink = sink.start();
    first_input.send(1).await.unwrap();
    drop(first_input);
    settle().await;
    assert_eq!(state(&system, "first"), None, "it has finished");
    assert_eq!(state(&system, "sink"), Some(State::Running), "the second source may still send");
    second_input.send(2).await.unwrap();
    drop(second_input);
    assert_eq!(soon("the end", sink.ended()).await, State::Finished);
    assert_eq!(all(output).await, [1, 2]);
}

#[tokio::test]
async fn a_source_that_is_unlinked_or_drops_its_outbox_is_waited_for_no_more() {
    for unlink in [true, false] {
        let system = System::new("test");
        let source = run(move |boxes: Out<u32>, ctx: Context| async move {
            let kept = unlink.then_some(boxes);
            ctx.shutdown().await;
            drop(kept);
            Ok(())
        });
        let source = system.add("source", source).unwrap();
        let (sink, output) = tell(1);
        let sink = system.add("sink", sink).unwrap();
        let linkage = system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
        let sink = sink.start();
        sink.stop(Stop::ProducerFinished);
        settle().await;
        assert_eq!(state(&system, "sink"), Some(State::Running));
        source.start();
        if unlink {
            linkage.unlink().await;
        }
        assert_eq!(soon("the end", sink.ended()).await, State::Finished);
        assert!(all(output).await.is_empty());
        system.shutdown().await;
    }
}

#[tokio::test]
async fn a_component_that_signals_before_its_end_is_waited_for_no_more() {
    let system = System::new("test");
    let source = run(|mut boxes: Out<u32>, ctx: Context| async move {
        boxes.outbox.send(1).await?;
        ctx.signal(Stop::ProducerFinished);
        Err(ctx.shutdown().await.into())
    });
    let (sink, output) = tell(1);
    system.add("whole", Pipeline::new().stage("source", source).stage("sink", sink)).unwrap().start();
    assert_eq!(soon("the sink's end", all(output)).await, [1]);
    assert_eq!(state(&system, "source"), Some(State::Running));
    system.shutdown().await;
}

#[tokio::test]
async fn shutdown_ends_sends_and_receives_that_wait() {
    let system = System::new("test");
    let sender = run(|mut io: Io<u32, u32>, _| async move {
        loop {
            io.outbox.send(0).await?;
        }
    });
    let receiver = run(|mut boxes: In<u32>, _| async move {
        while boxes.inbox.recv().await?.is_some() {}
        Err(Failure::new("this is no end"))
    });
    let full = run(|boxes: In<u32>, ctx: Context| async move {
        let _kept = boxes;
        Err(ctx.shutdown().await.into())
    });
    let sender = system.add("sender", sender).unwrap();
    let full = system.add("full", full).unwrap();
    system.link((&sender, "outbox"), (&full, "inbox")).unwrap();
    let handles = [sender.start(), full.start(), system.add("receiver", receiver).unwrap().start()];
    settle().await;
    let outbox = postbox(&system.describe(), "sender", "outbox").activity;
    assert_ne!(outbox.waiting_since.load(Ordering::Relaxed), 0);
    assert!(soon("the shutdown", system.shutdown()).await.is_empty());
    for handle in handles {
        assert_eq!(handle.ended().await, State::Finished);
    }
    assert_eq!(outbox.dropped.load(Ordering::Relaxed), 1, "the message that waited");
}

#[tokio::test]
async fn shutdown_overrides_and_producer_finished_does_not() {
    let system = System::new("test");
    let component = run(|mut boxes: In<u32>, ctx: Context| async move {
        assert_eq!(ctx.stopped().await, Stop::ProducerFinished);
        assert_eq!(boxes.inbox.recv().await?, None);
        ctx.shutdown().await;
        assert_eq!(ctx.control(), Some(Stop::Shutdown));
        assert!(boxes.inbox.recv().await.is_err());
        Ok(())
    });
    let component = system.add("component", component).unwrap().start();
    component.stop(Stop::ProducerFinished);
    settle().await;
    component.stop(Stop::Shutdown);
    component.stop(Stop::ProducerFinished);
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
}

#[tokio::test]
async fn shutdown_travels_from_signal_to_control() {
    let system = System::new("test");
    let forward = || Transformer::new(|n: u32| n);
    let pipeline = Pipeline::new().stage("a", forward()).stage("b", forward()).stage("c", forward());
    let pipeline = system.add("pipeline", pipeline).unwrap();
    let after = system.add("after", forward()).unwrap();
    system.link((&pipeline, "signal"), (&after, "control")).unwrap();
    let pipeline = pipeline.start();
    let after = after.start();
    pipeline.stop(Stop::Shutdown);
    assert_eq!(soon("the end", after.ended()).await, State::Finished);
    soon("the end", system.finished()).await;
}

#[tokio::test(start_paused = true)]
async fn a_component_that_ignores_shutdown_is_aborted_and_named() {
    let system = System::with_grace("test", Duration::from_secs(3));
    let deaf = run(|_: Io<u32, u32>, _| async {
        std::future::pending::<()>().await;
        Ok(())
    });
    system.add("outer", Pipeline::new().stage("deaf", deaf)).unwrap().start();
    settle().await;
    let began = tokio::time::Instant::now();
    assert_eq!(system.shutdown().await, ["outer/deaf"]);
    assert_eq!(began.elapsed().as_secs(), 3);
    let refused = system.add("late", Transformer::new(|n: u32| n)).err().unwrap();
    assert_eq!(refused, AddError::ShuttingDown { path: "late".into() });
    assert!(system.describe().components.is_empty(), "its composite has gone, and took it along");
}

#[tokio::test]
async fn a_panic_and_an_error_are_states_and_the_others_go_on() {
    let system = System::new("test");
    let panics = run(|mut boxes: In<u32>, _| async move {
        match boxes.inbox.recv().await? {
            Some(n) => panic!("cannot bear {n}"),
            None => Ok(()),
        }
    });
    let errs = run(|_: (), _| async { Err(std::io::Error::other("the disk is full").into()) });
    let (input, source) = feed(4);
    let source = system.add("source", source).unwrap();
    let panics = system.add("panics", panics).unwrap();
    system.link((&source, "outbox"), (&panics, "inbox")).unwrap();
    source.start();
    let panics = panics.start();
    input.send(13).await.unwrap();
    let State::Failed(why) = soon("the panic", panics.ended()).await else { panic!("it did not fail") };
    assert!(why.starts_with("panicked at runtime/tests/stopping.rs:"), "{why}");
    assert!(why.ends_with(": cannot bear 13"), "{why}");
    let errs = system.add("errs", errs).unwrap().start();
    assert_eq!(soon("the error", errs.ended()).await, State::Failed("the disk is full".into()));
    assert_eq!(state(&system, "source"), Some(State::Running));
    assert_eq!(state(&system, "panics"), Some(State::Failed(why)), "it stays to be seen");
    assert_eq!(system.describe().linkages.len(), 1, "and how it was wired");
    system.shutdown().await;
}

#[tokio::test]
async fn failed_components_are_kept_up_to_a_bound() {
    let system = System::new("test");
    for n in 0..100 {
        let fails = run(|_: (), _| async { Err(Failure::new("no")) });
        system.add(format!("fails {n}"), fails).unwrap().start().ended().await;
    }
    let description = system.describe();
    assert_eq!(description.components.len(), 64);
    assert_eq!(&*description.components[0].name, "fails 36");
}

/// Returns while its child still runs.
struct Careless;

impl Component for Careless {
    type Boxes = ();

    async fn run(self, (): (), ctx: Context) -> Outcome {
        let child = run(|mut boxes: In<u32>, _| async move {
            boxes.inbox.recv().await?;
            Ok(())
        });
        ctx.add("child", child)?.start();
        Ok(())
    }
}

#[tokio::test]
async fn children_end_before_their_composite() {
    let system = System::new("test");
    let careless = system.add("careless", Careless).unwrap().start();
    assert_eq!(soon("the end", careless.ended()).await, State::Finished);
    assert!(system.describe().components.is_empty());
}

#[tokio::test]
async fn what_waits_in_the_inbox_of_one_that_ends_is_counted() {
    let system = System::new("test");
    let source = run(|mut boxes: Out<u32>, _| async move {
        for n in 0..5 {
            boxes.outbox.send(n).await?;
        }
        Ok(())
    });
    let sink = run(|boxes: In<u32>, ctx: Context| async move {
        let _kept = boxes;
        ctx.stopped().await;
        Ok(())
    });
    let pipeline = system.add("whole", Pipeline::new().stage("source", source).stage("sink", sink)).unwrap();
    let inbox = postbox(&system.describe(), "sink", "inbox").activity;
    pipeline.start().ended().await;
    assert_eq!(inbox.dropped.load(Ordering::Relaxed), 5);
    assert_eq!(inbox.depth.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn one_that_is_not_started_goes_when_it_is_dropped() {
    let system = System::new("test");
    let pipeline = system.add("whole", Pipeline::new().stage("one", Transformer::new(|n: u32| n))).unwrap();
    assert_eq!(system.describe().components.len(), 2);
    drop(pipeline);
    assert!(system.describe().components.is_empty());
    soon("the end of nothing", system.finished()).await;
}

#[tokio::test(start_paused = true)]
async fn a_ticker_ticks_until_it_is_stopped() {
    let system = System::new("test");
    let (sink, mut output) = tell(1);
    let ticker = Ticker::new(Duration::from_secs(1), |n| u32::try_from(n).unwrap());
    let whole = system.add("whole", Pipeline::new().stage("ticker", ticker).stage("sink", sink)).unwrap().start();
    assert_eq!(output.recv().await, Some(1));
    assert_eq!(output.recv().await, Some(2));
    whole.stop(Stop::ProducerFinished);
    soon("the end", system.finished()).await;
}

#[test]
fn a_runtime_that_goes_away_leaves_no_component_running() {
    let system = System::new("test");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        system.add("whole", Pipeline::new().stage("one", Transformer::new(|n: u32| n))).unwrap().start();
        settle().await;
    });
    drop(runtime);
    let description = system.describe();
    assert!(description.states.iter().all(|state| matches!(state, State::Failed(_))), "{:?}", description.states);
}
