//! One component at a time, made anew for each request.

use axonscope_runtime::library::Transformer;
use axonscope_runtime::{Carousel, Component, ComponentHandle, Graphline, Handle, Io, State, Stop, System};
use tokio::sync::mpsc;

use crate::support::{Feed, Tell, all, run, settle, soon, state, tell_of};

struct Parts {
    system: System,
    carousel: ComponentHandle,
    numbers: mpsc::Sender<u32>,
    factors: mpsc::Sender<u32>,
    asked: mpsc::Receiver<()>,
    told: mpsc::Receiver<u32>,
}

/// A carousel, with plain code at each of its boxes. Its stop comes with the end of `numbers`.
fn start<C: Component>(make: impl FnMut(u32) -> C + Send + 'static) -> Parts {
    let system = System::new("test");
    let (numbers, feed) = mpsc::channel(1000);
    let (factors, requests) = mpsc::channel(1000);
    let (ask, asked) = tell_of::<()>(1000);
    let (tell, told) = tell_of(1000);
    let carousel = system.add("carousel", Carousel::new(make).inbox::<u32>().outbox::<u32>()).unwrap();
    let feed = system.add("numbers", Feed(feed)).unwrap();
    let requests = system.add("factors", Feed(requests)).unwrap();
    let ask: axonscope_runtime::Unstarted = system.add("ask", ask).unwrap();
    let tell = system.add("tell", tell as Tell<u32>).unwrap();
    system.link((&feed, "outbox"), (&carousel, "inbox")).unwrap();
    system.link((&feed, "signal"), (&carousel, "control")).unwrap();
    system.link((&requests, "outbox"), (&carousel, "next")).unwrap();
    system.link((&carousel, "request_next"), (&ask, "inbox")).unwrap();
    system.link((&carousel, "outbox"), (&tell, "inbox")).unwrap();
    system.link((&carousel, "signal"), (&tell, "control")).unwrap();
    for component in [feed, requests, ask, tell] {
        component.start();
    }
    Parts { system, carousel: carousel.start(), numbers, factors, asked, told }
}

fn times(factor: u32) -> Transformer<u32, u32> {
    Transformer::new(move |n| n * factor)
}

/// Takes two numbers and ends.
fn two(factor: u32) -> impl Component {
    run(move |mut io: Io<u32, u32>, _| async move {
        for _ in 0..2 {
            match io.inbox.recv().await? {
                Some(number) => io.outbox.send(number * factor).await?,
                None => break,
            }
        }
        Ok(())
    })
}

#[tokio::test]
async fn a_request_puts_a_new_child_in_the_place_of_the_old() {
    let mut parts = start(times);
    parts.numbers.send(1).await.unwrap();
    parts.numbers.send(2).await.unwrap();
    settle().await;
    assert!(parts.told.try_recv().is_err(), "no child is there yet");
    parts.factors.send(10).await.unwrap();
    assert_eq!(soon("1", parts.told.recv()).await, Some(10));
    assert_eq!(soon("2", parts.told.recv()).await, Some(20));
    parts.factors.send(100).await.unwrap();
    settle().await;
    assert!(state(&parts.system, "child 1").is_none() && state(&parts.system, "child 2").is_some());
    parts.numbers.send(3).await.unwrap();
    assert_eq!(soon("3", parts.told.recv()).await, Some(300));
    assert!(parts.asked.try_recv().is_err(), "none has ended by itself");
    drop(parts.numbers);
    assert_eq!(soon("its end", parts.carousel.ended()).await, State::Finished);
    assert_eq!(soon("the end", parts.told.recv()).await, None);
}

#[tokio::test]
async fn the_child_that_goes_finishes_what_it_holds() {
    let mut parts = start(|factor| {
        // Slow enough to hold all of them when the next is asked for.
        run(move |mut io: Io<u32, u32>, _| async move {
            while let Some(number) = io.inbox.recv().await? {
                tokio::task::yield_now().await;
                io.outbox.send(number * factor).await?;
            }
            Ok(())
        })
    });
    parts.factors.send(1).await.unwrap();
    settle().await;
    for number in 0..50 {
        parts.numbers.send(number).await.unwrap();
    }
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    parts.factors.send(1000).await.unwrap();
    for number in 0..50 {
        let received = soon("a number", parts.told.recv()).await.unwrap();
        assert!(received == number || received == number * 1000, "{received} for {number}");
    }
    parts.carousel.stop(Stop::Shutdown);
    assert_eq!(soon("its end", parts.carousel.ended()).await, State::Finished);
}

#[tokio::test]
async fn a_child_that_ends_by_itself_is_asked_for_and_leaves_its_messages() {
    let mut parts = start(two);
    for number in 1..=5 {
        parts.numbers.send(number).await.unwrap();
    }
    parts.factors.send(1).await.unwrap();
    assert_eq!(soon("the question", parts.asked.recv()).await, Some(()));
    settle().await;
    parts.factors.send(10).await.unwrap();
    assert_eq!(soon("the question", parts.asked.recv()).await, Some(()));
    // Told to finish with one message waiting: it waits for somebody to take it.
    drop(parts.numbers);
    settle().await;
    assert_eq!(parts.carousel.end(), None);
    parts.factors.send(100).await.unwrap();
    assert_eq!(soon("its end", parts.carousel.ended()).await, State::Finished);
    assert_eq!(all(parts.told).await, [1, 2, 30, 40, 500]);
}

#[tokio::test]
async fn it_ends_when_nobody_can_ask_for_a_child_any_more() {
    let parts = start(two);
    for number in 1..=5 {
        parts.numbers.send(number).await.unwrap();
    }
    parts.factors.send(1).await.unwrap();
    drop((parts.numbers, parts.factors));
    assert_eq!(soon("its end", parts.carousel.ended()).await, State::Finished);
    assert_eq!(all(parts.told).await, [1, 2]);
}

#[tokio::test]
async fn requests_that_wait_are_honoured_when_it_is_to_finish() {
    let parts = start(two);
    for factor in [1, 10, 100] {
        parts.factors.send(factor).await.unwrap();
    }
    settle().await;
    // All three have been made and, but for the last one, told to finish for the next.
    for number in 1..=2 {
        parts.numbers.send(number).await.unwrap();
    }
    drop(parts.numbers);
    assert_eq!(soon("its end", parts.carousel.ended()).await, State::Finished);
    assert_eq!(all(parts.told).await, [100, 200]);
}

#[tokio::test]
async fn shutdown_ends_it_with_its_child_or_without() {
    for with_child in [false, true] {
        let parts = start(times);
        if with_child {
            parts.factors.send(1).await.unwrap();
        }
        settle().await;
        parts.carousel.stop(Stop::Shutdown);
        assert_eq!(soon("its end", parts.carousel.ended()).await, State::Finished);
        drop((parts.numbers, parts.factors));
        assert!(soon("the end", parts.system.shutdown()).await.is_empty());
    }
}

#[tokio::test]
async fn in_a_circle_with_who_asks_it_finishes_everything() {
    let system = System::new("test");
    let mut factor = 0_u32;
    let next = Transformer::new(move |()| {
        factor += 1;
        factor
    });
    let graphline = Graphline::new()
        .component("carousel", Carousel::new(two).inbox::<u32>().outbox::<u32>().ask_first())
        .component("next", next)
        .link("carousel.request_next", "next.inbox")
        .link("next.outbox", "carousel.next")
        .link("self.inbox", "carousel.inbox")
        .link("carousel.outbox", "self.outbox");
    let mut handle = Handle::<u32, u32>::start(&system, "graphline", graphline).unwrap();
    for _ in 0..20 {
        handle.send(1).await.unwrap();
    }
    handle.finish();
    let mut received = Vec::new();
    while let Some(number) = soon("a number", handle.recv()).await {
        received.push(number);
    }
    assert_eq!(received, (1..=10).flat_map(|factor| [factor, factor]).collect::<Vec<_>>());
    soon("the end of all", system.finished()).await;
}
