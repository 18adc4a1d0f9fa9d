//! What the observer is told of the messages of a tapped outbox, and that nobody else notices.
#![allow(clippy::unwrap_used)]

mod support;

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axonscope_runtime::{
    Context, Event, In, InboxSpec, Observer, Out, Outbox, OutboxSpec, Pipeline, PostboxId, State, Stop, System,
    WhenUnlinked, library::Transformer,
};
use support::{declared, feed, postbox, run, settle, soon, tell};

/// Remembers the numbers that it was told, and where.
#[derive(Default)]
struct Taps(Mutex<Vec<(PostboxId, u32)>>);

impl Observer for Taps {
    fn on_event(&self, _: u64, _: &Event) {}

    fn on_message(&self, outbox: PostboxId, message: &dyn Any) {
        self.0.lock().unwrap().push((outbox, *message.downcast_ref().unwrap()));
    }
}

impl Taps {
    fn of(system: &System) -> Arc<Self> {
        let taps = Arc::new(Self::default());
        system.observe(taps.clone()).unwrap();
        taps
    }

    fn take(&self, outbox: PostboxId) -> Vec<u32> {
        let told = std::mem::take(&mut *self.0.lock().unwrap());
        told.into_iter()
            .map(|(from, number)| {
                assert_eq!(from, outbox);
                number
            })
            .collect()
    }
}

#[tokio::test]
async fn each_message_is_told_once_whichever_way_it_leaves() {
    let system = System::new("test");
    let taps = Taps::of(&system);
    let one = run(move |(): (), ctx: Context| async move {
        let system = ctx.system();
        let mut outbox: Outbox<u32> = ctx.outbox("drops")?;
        let mut narrow = ctx.inbox::<u32>(InboxSpec::new("narrow").capacity(1))?;
        let mut other = ctx.inbox::<u32>(InboxSpec::new("other").capacity(1))?;
        let tap = outbox.id();

        outbox.send(0).await?;
        assert!(system.set_tapped(tap, true));
        outbox.send(1).await?;
        assert!(outbox.try_send(2).is_ok());
        assert_eq!(taps.take(tap), [1, 2], "what is dropped for want of a linkage was sent as well");

        let linkage = ctx.link(tap, narrow.id())?;
        assert!(outbox.try_send(3).is_ok());
        assert!(outbox.try_send(4).is_err());
        assert_eq!(taps.take(tap), [3], "what is given back was not sent");
        {
            let mut waits = Box::pin(outbox.send(5));
            assert!(is_pending(&mut waits).await);
            assert_eq!(taps.take(tap), [5]);
            assert_eq!(narrow.try_recv(), Some(3));
            waits.await?;
        }
        assert!(outbox.try_send(6).is_err());
        linkage.relink(other.id())?;
        assert!(outbox.try_send(7).is_ok());
        assert_eq!(taps.take(tap), [7], "the tap stays, and a wait does not tell again");
        assert_eq!([narrow.try_recv(), narrow.try_recv(), other.try_recv()], [Some(5), None, Some(7)]);
        drop(other);
        outbox.send(8).await?;
        assert!(outbox.try_send(9).is_ok());
        assert_eq!(taps.take(tap), [8, 9], "the inbox is closed");

        assert!(system.set_tapped(tap, false));
        outbox.send(10).await?;
        assert_eq!(taps.take(tap), []);
        Ok(())
    });
    assert_eq!(system.add("one", one).unwrap().start().ended().await, State::Finished);
}

/// Whether a future waits when it is polled.
async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending())).await
}

#[tokio::test]
async fn what_is_held_is_told_when_it_is_sent() {
    let system = System::new("test");
    let taps = Taps::of(&system);
    let one = run(move |(): (), ctx: Context| async move {
        let spec = OutboxSpec::new("holds").when_unlinked(WhenUnlinked::Hold(2));
        let mut outbox: Outbox<u32> = ctx.outbox(spec)?;
        let mut inbox = ctx.inbox::<u32>("inbox")?;
        let tap = outbox.id();
        assert!(ctx.system().set_tapped(tap, true));
        outbox.send(1).await?;
        assert!(outbox.try_send(2).is_ok());
        assert!(outbox.try_send(3).is_err());
        assert_eq!(taps.take(tap), [1, 2]);
        ctx.link(tap, inbox.id())?;
        assert!(outbox.try_send(4).is_ok());
        assert_eq!(taps.take(tap), [4]);
        assert_eq!([inbox.try_recv(), inbox.try_recv(), inbox.try_recv()], [Some(1), Some(2), Some(4)]);
        Ok(())
    });
    assert_eq!(system.add("one", one).unwrap().start().ended().await, State::Finished);
}

#[tokio::test]
async fn room_kept_for_a_message_is_not_lost() {
    let system = System::new("test");
    let taps = Taps::of(&system);
    let one = run(move |(): (), ctx: Context| async move {
        let (mut first, mut second) = (ctx.outbox("first")?, ctx.outbox("second")?);
        let mut inbox = ctx.inbox::<u32>(InboxSpec::new("inbox").capacity(1))?;
        for outbox in [first.id(), second.id()] {
            ctx.link(outbox, inbox.id())?;
        }
        assert!(ctx.system().set_tapped(first.id(), true));
        for number in 0..10_u32 {
            assert!(first.try_send(number).is_ok());
            assert!(second.try_send(number).is_err() && first.try_send(number).is_err());
            assert_eq!(inbox.try_recv(), Some(number));
            assert!(second.try_send(number).is_ok() && first.try_send(number).is_err());
            assert_eq!(inbox.try_recv(), Some(number));
        }
        assert_eq!(taps.take(first.id()), (0..10).collect::<Vec<_>>());
        Ok(())
    });
    assert_eq!(system.add("one", one).unwrap().start().ended().await, State::Finished);
}

#[tokio::test]
async fn only_an_outbox_that_sends_can_be_tapped() {
    let system = System::new("test");
    let (input, source) = feed(4);
    let (sink, mut output) = tell(4);
    let inner = Pipeline::new().stage("one", Transformer::new(|n: u32| n)).stage("two", Transformer::new(|n: u32| n));
    let whole = Pipeline::new().stage("source", source).stage("inner", inner).stage("sink", sink);
    let whole = system.add("whole", whole).unwrap().start();
    let description = system.describe();
    let id = |component, name| postbox(&description, component, name).id;
    assert!(!system.set_tapped(id("two", "outbox"), true), "nobody observes");
    assert!(system.set_tapped(id("two", "outbox"), false));
    let taps = Taps::of(&system);
    assert!(!system.set_tapped(id("two", "inbox"), true));
    assert!(!system.set_tapped(id("two", "signal"), true));
    assert!(!system.set_tapped(id("inner", "outbox"), true), "it only shows that of the child");
    assert!(system.set_tapped(id("two", "outbox"), true));
    input.send(5).await.unwrap();
    assert_eq!(soon("the message", output.recv()).await, Some(5));
    assert_eq!(taps.take(id("two", "outbox")), [5]);
    drop(input);
    whole.ended().await;
    assert!(!system.set_tapped(id("two", "outbox"), true), "it is gone");
}

/// Panics at each message.
struct Clumsy;

impl Observer for Clumsy {
    fn on_event(&self, _: u64, _: &Event) {}

    fn on_message(&self, _: PostboxId, _: &dyn Any) {
        panic!("as it should");
    }
}

#[tokio::test]
async fn a_panic_in_the_observer_ends_the_tap_and_nothing_else() {
    let system = System::new("test");
    system.observe(Arc::new(Clumsy)).unwrap();
    let one = run(move |(): (), ctx: Context| async move {
        let (mut outbox, mut inbox) = (ctx.outbox("outbox")?, ctx.inbox::<u32>("inbox")?);
        ctx.link(outbox.id(), inbox.id())?;
        for number in 0..4_u32 {
            assert!(number > 1 || ctx.system().set_tapped(outbox.id(), true));
            outbox.try_send(number).unwrap();
            outbox.send(number).await?;
        }
        assert_eq!(inbox.len(), 8);
        assert_eq!(inbox.try_recv(), Some(0));
        Ok(())
    });
    assert_eq!(system.add("one", one).unwrap().start().ended().await, State::Finished);
}

/// Sends numbers until it is told to stop.
fn counts() -> impl axonscope_runtime::Component {
    run(|mut boxes: Out<u32>, ctx: Context| async move {
        for number in 0.. {
            if ctx.control().is_some() {
                break;
            }
            boxes.outbox.send(number).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    })
}

/// Fails unless each number is one more than that before.
fn checks() -> impl axonscope_runtime::Component {
    run(|mut boxes: In<u32>, _| async move {
        let mut expected = 0;
        while let Some(number) = boxes.inbox.recv().await? {
            assert_eq!(number, expected);
            expected += 1;
        }
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_told_while_the_structure_is_held() {
    let system = System::new("test");
    let taps = Taps::of(&system);
    let counts = system.add("counts", counts()).unwrap().start();
    let id = postbox(&system.describe(), "counts", "outbox").id;
    assert!(system.set_tapped(id, true));
    // Beginning to run is a change of structure, and would wait until the structure is let go.
    let is_running = async || {
        while taps.0.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("the first message", is_running()).await;
    let (visited, told) = (Arc::new(AtomicBool::new(false)), taps.clone());
    let visit = std::thread::spawn({
        let (system, visited) = (system.clone(), visited.clone());
        move || {
            system.visit_activity(None, 1, |_| {
                let before = told.0.lock().unwrap().len();
                let began = std::time::Instant::now();
                while told.0.lock().unwrap().len() == before {
                    assert!(began.elapsed() < Duration::from_secs(10), "no message was told");
                    std::thread::yield_now();
                }
                visited.store(true, Ordering::Relaxed);
            })
        }
    });
    tokio::task::spawn_blocking(move || visit.join()).await.unwrap().unwrap();
    assert!(visited.load(Ordering::Relaxed));
    counts.stop(Stop::ProducerFinished);
    soon("the end", counts.ended()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn observers_come_and_go_while_messages_flow() {
    let system = System::new("test");
    let counts = system.add("counts", counts()).unwrap();
    let checks = system.add("checks", checks()).unwrap();
    system.link((&counts, "outbox"), (&checks, "inbox")).unwrap();
    system.link((&counts, "signal"), (&checks, "control")).unwrap();
    let (counts, checks) = (counts.start(), checks.start());
    let id = postbox(&system.describe(), "counts", "outbox").id;
    for round in 0..200 {
        let taps = Taps::of(&system);
        assert!(taps.0.lock().unwrap().is_empty(), "a tap is the observer's that asked for it");
        assert!(system.set_tapped(id, true));
        let is_told = async || {
            while taps.0.lock().unwrap().len() < 3 {
                tokio::task::yield_now().await;
            }
        };
        soon("messages", is_told()).await;
        if round % 2 == 0 {
            assert!(system.set_tapped(id, false));
        }
        system.unobserve();
        let is_let_go = async || {
            while Arc::strong_count(&taps) > 1 {
                tokio::task::yield_now().await;
            }
        };
        soon("the observer is let go", is_let_go()).await;
        let told = taps.take(id);
        assert!(told.windows(2).all(|pair| pair[1] == pair[0] + 1), "{told:?}");
    }
    counts.stop(Stop::ProducerFinished);
    assert_eq!(soon("the end", checks.ended()).await, State::Finished);
}

#[tokio::test]
async fn a_tap_that_nobody_asked_for_again_is_off() {
    let system = System::new("test");
    let outbox = Arc::new(Mutex::new(None));
    let given = outbox.clone();
    let one = declared(move |declare| *given.lock().unwrap() = Some(declare.outbox::<u32>("outbox")));
    let one = system.add("one", one).unwrap().start();
    settle().await;
    let mut outbox = outbox.lock().unwrap().take().unwrap();
    let first = Taps::of(&system);
    assert!(system.set_tapped(outbox.id(), true));
    system.unobserve();
    let second = Taps::of(&system);
    outbox.try_send(1).unwrap();
    outbox.try_send(2).unwrap();
    assert_eq!((first.take(outbox.id()), second.take(outbox.id())), (vec![], vec![]));
    assert!(system.set_tapped(outbox.id(), true));
    outbox.try_send(3).unwrap();
    assert_eq!((first.take(outbox.id()), second.take(outbox.id())), (vec![], vec![3]));
    one.stop(Stop::Shutdown);
    one.ended().await;
}
