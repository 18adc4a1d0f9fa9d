//! Changes on one thread while messages flow on others: nothing is lost, nothing overtakes.

use axonscope_runtime::library::Transformer;
use axonscope_runtime::{Carousel, Handle, Io, Seq, Splitter, System};

use crate::support::{run, settle, soon, tell};

const NUMBERS: u32 = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sequence_of_many_steps() {
    let system = System::new("test");
    let mut seq = Seq::new().inbox::<u32>().outbox::<u32>();
    for _ in 0..500 {
        let some = run(|mut io: Io<u32, u32>, _| async move {
            for _ in 0..7 {
                let Some(number) = io.inbox.recv().await? else { break };
                io.outbox.send(number).await?;
            }
            Ok(())
        });
        seq = seq.step("some", some);
    }
    let seq = seq.step("rest", Transformer::new(|number: u32| number));
    let handle = Handle::<u32, u32>::start(&system, "seq", seq).unwrap();
    all_come_in_order(handle).await;
    soon("the end", system.finished()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_carousel_that_turns_all_the_while() {
    let system = System::new("test");
    let carousel = Carousel::new(|ends_soon: bool| {
        run(move |mut io: Io<u32, u32>, _| async move {
            let mut count = 0;
            while let Some(number) = io.inbox.recv().await? {
                io.outbox.send(number).await?;
                count += 1;
                if ends_soon && count == 10 {
                    break;
                }
            }
            Ok(())
        })
    });
    let carousel = carousel.inbox::<u32>().outbox::<u32>();
    let handle = Handle::<u32, u32>::start(&system, "carousel", carousel).unwrap();
    let mut turn = Handle::<bool, ()>::start(&system, "turn", Transformer::new(|request: bool| request)).unwrap();
    system.link((turn.component(), "outbox"), (handle.component(), "next")).unwrap();
    let turning = tokio::spawn(async move {
        for number in 0..2000 {
            turn.send(number % 3 == 0).await.unwrap();
            tokio::task::yield_now().await;
        }
        turn.send(false).await.unwrap();
        turn.stop().await
    });
    all_come_in_order(handle).await;
    // The carousel may have ended before all requests came.
    let _ = turning.await;
    soon("the end", system.finished()).await;
}

async fn all_come_in_order(handle: Handle<u32, u32>) {
    let (mut sender, mut receiver) = handle.split();
    let sending = tokio::spawn(async move {
        for number in 0..NUMBERS {
            sender.send(number).await.unwrap();
        }
    });
    for number in 0..NUMBERS {
        assert_eq!(soon("a number", receiver.recv()).await, Some(number));
    }
    assert_eq!(soon("the end", receiver.recv()).await, None);
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sinks_that_come_and_go_see_every_number_between() {
    let system = System::new("test");
    let splitter = Splitter::<u32>::new();
    let sinks = splitter.handle();
    let mut numbers = Handle::<u32, ()>::start(&system, "splitter", splitter).unwrap();
    let mut churning = Vec::new();
    for worker in 0..4 {
        let (system, sinks) = (system.clone(), sinks.clone());
        churning.push(tokio::spawn(async move {
            for round in 0..200 {
                let (tell, mut told) = tell(4);
                let sink = system.add("sink", tell).unwrap().start();
                let plug = sinks.plug((&sink, "inbox")).unwrap();
                let mut last = None;
                for _ in 0..(round * 7 + worker) % 50 {
                    let number = soon("a number", told.recv()).await.unwrap();
                    assert!(last.is_none_or(|last| number == last + 1), "{number} after {last:?}");
                    last = Some(number);
                }
                // Half of them go without a word.
                if round % 2 == 0 {
                    plug.unplug().await;
                }
                sink.stop(axonscope_runtime::Stop::Shutdown);
            }
        }));
    }
    let sending = tokio::spawn(async move {
        let mut number = 0;
        while numbers.send(number).await.is_ok() {
            number += 1;
        }
        number
    });
    for worker in churning {
        worker.await.unwrap();
    }
    assert!(soon("the end", system.shutdown()).await.is_empty());
    settle().await;
    assert!(sending.await.unwrap() > 0);
}
