//! One component after another, each with the boxes of the whole.

use axonscope_runtime::library::Transformer;
use axonscope_runtime::{Context, Handle, Io, LinkError, Out, Seq, State, Stop, System};

use crate::support::{run, settle, soon, state, tell};

/// Sends on so many messages and ends.
fn some(count: usize) -> impl axonscope_runtime::Component {
    run(move |mut io: Io<u32, u32>, _| async move {
        for _ in 0..count {
            match io.inbox.recv().await? {
                Some(number) => io.outbox.send(number).await?,
                None => break,
            }
        }
        Ok(())
    })
}

fn three_steps() -> Seq {
    Seq::new()
        .inbox::<u32>()
        .outbox::<u32>()
        .step("three", some(3))
        .step("none", some(0))
        .step("tens", Transformer::new(|n: u32| n * 10))
}

#[tokio::test]
async fn what_one_step_leaves_is_the_next_ones() {
    let system = System::new("test");
    let mut handle = Handle::<u32, u32>::start(&system, "seq", three_steps()).unwrap();
    for number in 0..50 {
        handle.send(number).await.unwrap();
    }
    handle.finish();
    for number in 0..50 {
        let expected = if number < 3 { number } else { number * 10 };
        assert_eq!(soon("a number", handle.recv()).await, Some(expected));
    }
    assert_eq!(soon("the end", handle.recv()).await, None);
    soon("the end of all", system.finished()).await;
    assert!(system.describe().components.is_empty());
}

#[tokio::test]
async fn a_step_is_there_only_when_it_is_its_turn() {
    let system = System::new("test");
    let mut handle = Handle::<u32, u32>::start(&system, "seq", three_steps()).unwrap();
    settle().await;
    assert!(state(&system, "three").is_some() && state(&system, "tens").is_none());
    for number in 0..3 {
        handle.send(number).await.unwrap();
    }
    settle().await;
    assert!(state(&system, "three").is_none() && state(&system, "tens").is_some());
    assert_eq!(soon("the end", handle.shutdown()).await, State::Finished);
}

#[tokio::test]
async fn steps_after_producer_finished_still_have_their_say() {
    let system = System::new("test");
    let last = run(|mut boxes: Out<u32>, _| async move { Ok(boxes.outbox.send(99).await?) });
    let seq = Seq::new().inbox::<u32>().outbox::<u32>().step("all", Transformer::new(|n: u32| n)).step("last", last);
    let mut handle = Handle::<u32, u32>::start(&system, "seq", seq).unwrap();
    handle.send(1).await.unwrap();
    handle.finish();
    let received = [soon("1", handle.recv()).await, soon("2", handle.recv()).await, soon("3", handle.recv()).await];
    assert_eq!(received, [Some(1), Some(99), None]);
}

#[tokio::test]
async fn shutdown_ends_it_in_the_midst_of_a_step() {
    let system = System::new("test");
    let waits = run(|(), ctx: Context| async move { Err(ctx.shutdown().await.into()) });
    let never = run(|(), _| async { panic!("was run") });
    let seq = system.add("seq", Seq::new().step("waits", waits).step("never", never)).unwrap().start();
    settle().await;
    seq.stop(Stop::Shutdown);
    assert_eq!(soon("its end", seq.ended()).await, State::Finished);
}

#[tokio::test]
async fn a_step_that_fails_is_the_sequences_failure() {
    let system = System::new("test");
    let fails = run(|(), _| async { Err(axonscope_runtime::Failure::new("no coffee")) });
    let never = run(|(), _| async { panic!("was run") });
    let seq = system.add("seq", Seq::new().step("brew", fails).step("never", never)).unwrap().start();
    assert_eq!(soon("its end", seq.ended()).await, State::Failed("step `brew` failed: no coffee".into()));
}

#[tokio::test]
async fn a_box_that_does_not_fit_is_told() {
    let system = System::new("test");
    let (sink, _told) = tell(1);
    let seq = Seq::new().inbox::<String>().step("sink", sink);
    let seq = system.add("seq", seq).unwrap().start();
    let expected = LinkError::TypesDiffer {
        source_box: "seq.inbox".into(),
        source_type: "String".into(),
        sink_box: "seq/sink.inbox".into(),
        sink_type: "u32".into(),
    };
    assert_eq!(soon("its end", seq.ended()).await, State::Failed(expected.to_string().into()));
}
