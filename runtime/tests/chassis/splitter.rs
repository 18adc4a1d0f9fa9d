//! One message to many sinks, which come and go.

use axonscope_runtime::{Handle, In, LinkError, PlugError, Splitter, State, Stop, System};
use tokio::sync::mpsc;

use crate::support::{Tell, all, feed, postbox, run, settle, soon, tell};

/// A system in which a feed's numbers go to a splitter; and the way to plug in.
fn split(capacity: usize) -> (System, mpsc::Sender<u32>, axonscope_runtime::SplitterHandle<u32>) {
    let system = System::new("test");
    let (numbers, feed) = feed(capacity);
    let splitter = Splitter::new();
    let sinks = splitter.handle();
    let source = system.add("feed", feed).unwrap();
    let splitter = system.add("splitter", splitter).unwrap();
    system.link((&source, "outbox"), (&splitter, "inbox")).unwrap();
    system.link((&source, "signal"), (&splitter, "control")).unwrap();
    source.start();
    splitter.start();
    (system, numbers, sinks)
}

fn sink(
    system: &System,
    name: &'static str,
    capacity: usize,
) -> (axonscope_runtime::ComponentHandle, mpsc::Receiver<u32>) {
    let (tell, told) = tell(capacity);
    (system.add(name, tell).unwrap().start(), told)
}

#[tokio::test]
async fn every_sink_gets_every_message_in_order_and_ends_with_the_splitter() {
    let (system, numbers, sinks) = split(8);
    let mut told = Vec::new();
    for _ in 0..64 {
        let (sink, receiver) = sink(&system, "sink", 1000);
        sinks.plug((&sink, "inbox")).unwrap();
        told.push(receiver);
    }
    for number in 0..1000 {
        numbers.send(number).await.unwrap();
    }
    drop(numbers);
    soon("the end", system.finished()).await;
    assert!(system.describe().components.is_empty());
    for receiver in told {
        assert_eq!(all(receiver).await, (0..1000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn sinks_come_and_go_while_messages_flow() {
    let (system, numbers, sinks) = split(1);
    let (first, mut told_first) = sink(&system, "first", 100);
    let (second, mut told_second) = sink(&system, "second", 100);
    let plug = sinks.plug((&first, "inbox")).unwrap();
    numbers.send(1).await.unwrap();
    settle().await;
    sinks.plug((&second, "inbox")).unwrap();
    numbers.send(2).await.unwrap();
    settle().await;
    plug.unplug().await;
    numbers.send(3).await.unwrap();
    settle().await;
    assert_eq!((told_first.try_recv(), told_first.try_recv()), (Ok(1), Ok(2)));
    assert!(told_first.try_recv().is_err());
    assert_eq!((told_second.try_recv(), told_second.try_recv()), (Ok(2), Ok(3)));
    let boxes = system.describe().postboxes;
    assert_eq!(boxes.iter().filter(|info| info.name.starts_with("outbox ")).count(), 1);
    assert_eq!(boxes.iter().filter(|info| info.name.starts_with("signal ")).count(), 1);
    system.shutdown().await;
}

#[tokio::test]
async fn a_slow_sink_makes_the_others_wait_and_unplugging_it_frees_them() {
    let (system, numbers, sinks) = split(1000);
    // Takes nothing.
    let slow = run(|boxes: In<u32>, ctx: axonscope_runtime::Context| async move {
        ctx.shutdown().await;
        drop(boxes);
        Ok(())
    });
    let slow = system.add("slow", slow).unwrap().start();
    let (quick, mut told) = sink(&system, "quick", 1000);
    let slow = sinks.plug((&slow, "inbox")).unwrap();
    sinks.plug((&quick, "inbox")).unwrap();
    for number in 0..200 {
        numbers.send(number).await.unwrap();
    }
    settle().await;
    settle().await;
    assert_eq!(told.len(), 65, "the capacity of the slow one, and one that waits there");
    slow.unplug().await;
    for number in 0..200 {
        assert_eq!(soon("a number", told.recv()).await, Some(number));
    }
    system.shutdown().await;
}

#[tokio::test]
async fn a_sink_that_ends_is_unplugged() {
    let (system, numbers, sinks) = split(1);
    let (first, mut told) = sink(&system, "first", 1000);
    let (second, told_second) = sink(&system, "second", 1000);
    sinks.plug((&first, "inbox")).unwrap();
    sinks.plug((&second, "inbox")).unwrap();
    numbers.send(0).await.unwrap();
    settle().await;
    second.stop(Stop::Shutdown);
    assert_eq!(soon("its end", second.ended()).await, State::Finished);
    for number in 1..200 {
        numbers.send(number).await.unwrap();
        settle().await;
    }
    for number in 0..200 {
        assert_eq!(soon("a number", told.recv()).await, Some(number));
    }
    assert_eq!(all(told_second).await, [0]);
    let boxes = system.describe().postboxes;
    assert_eq!(boxes.iter().filter(|info| info.name.starts_with("outbox ")).count(), 1);
    assert_eq!(boxes.iter().filter(|info| info.name.starts_with("signal ")).count(), 1);
    system.shutdown().await;
}

#[tokio::test]
async fn shutdown_reaches_the_sinks_too() {
    let (system, numbers, sinks) = split(1);
    let (first, _told) = sink(&system, "first", 1000);
    sinks.plug((&first, "inbox")).unwrap();
    let splitter = system.describe().components.iter().find(|info| &*info.name == "splitter").unwrap().id;
    let stopper = run(|(), _| async { Err(axonscope_runtime::Shutdown.into()) });
    let stopper = system.add("stopper", stopper).unwrap();
    system.link((&stopper, "signal"), (splitter, "control")).unwrap();
    let stopper = stopper.start();
    stopper.stop(Stop::Shutdown);
    assert_eq!(soon("its end", first.ended()).await, State::Finished);
    drop(numbers);
    soon("the end", system.finished()).await;
}

#[tokio::test]
async fn nothing_can_be_plugged_before_it_is_added_or_after_its_end() {
    let system = System::new("test");
    let splitter = Splitter::<u32>::new();
    let sinks = splitter.handle();
    let (sink, _told) = sink(&system, "sink", 1);
    assert_eq!(sinks.plug((&sink, "inbox")).err(), Some(PlugError::NotThere));
    let splitter = Handle::<u32, ()>::start(&system, "splitter", splitter).unwrap();
    assert!(sinks.plug((&sink, "inbox")).is_ok());
    soon("the end", splitter.stop()).await;
    assert_eq!(sinks.plug((&sink, "inbox")).err(), Some(PlugError::NotThere));
}

#[tokio::test]
async fn a_plug_that_does_not_fit_says_why_and_leaves_nothing() {
    let (system, _numbers, sinks) = split(1);
    let (words, _told) = mpsc::channel::<String>(1);
    let words = system.add("words", Tell(words)).unwrap();
    let before = system.describe().postboxes.len();
    let error = sinks.plug((&words, "inbox")).err().unwrap();
    assert!(matches!(error, PlugError::Link(LinkError::TypesDiffer { .. })), "{error}");
    let error = sinks.plug("nobody.inbox").err().unwrap();
    assert_eq!(error.to_string(), "there is no inbox `nobody.inbox`");
    assert_eq!(system.describe().postboxes.len(), before);
    system.shutdown().await;
}

#[tokio::test]
async fn outboxes_given_beforehand_are_linked_by_name() {
    let system = System::new("test");
    let (numbers, feed) = feed(8);
    let (left, told_left) = tell(100);
    let (right, told_right) = tell(100);
    let graphline = axonscope_runtime::Graphline::new()
        .component("feed", feed)
        .component("splitter", Splitter::<u32>::new().outbox("left").outbox("right").capacity(2))
        .component("left", left)
        .component("right", right)
        .link("feed.outbox", "splitter.inbox")
        .link("splitter.left", "left.inbox")
        .link("splitter.right", "right.inbox");
    system.add("graphline", graphline).unwrap().start();
    assert_eq!(postbox(&system.describe(), "splitter", "inbox").capacity, Some(2));
    for number in 0..100 {
        numbers.send(number).await.unwrap();
    }
    drop(numbers);
    soon("the end", system.finished()).await;
    assert_eq!(all(told_left).await, (0..100).collect::<Vec<_>>());
    assert_eq!(all(told_right).await, (0..100).collect::<Vec<_>>());
}
