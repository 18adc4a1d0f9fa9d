//! What a component is seen to be doing from outside.
#![allow(clippy::unwrap_used)]

mod support;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::task::Poll;
use std::time::Duration;

use axonscope_runtime::{
    Blocking, BlockingIo, Boxes, Condition, Context, Declare, Event, Failure, In, InboxSpec, Inboxes, Observer, Out,
    Outbox, OutboxSpec, State, Stop, System, WhenUnlinked,
};
use support::{Two, postbox, run, settle, soon};

struct Nobody;

impl Observer for Nobody {
    fn on_event(&self, _: u64, _: &Event) {}
}

/// Each of these is so whether the system is observed or not.
fn systems() -> [System; 2] {
    let systems = [System::new("unobserved"), System::new("observed")];
    systems[1].observe(Arc::new(Nobody)).unwrap();
    systems
}

/// Comes back when it is polled for the second time: the component has been idle between.
async fn once_round() {
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn from_starting_to_finished() {
    for system in systems() {
        let (tell, told) = tokio::sync::oneshot::channel::<()>();
        let component = run(|_: (), _| async move {
            let _ = told.await;
            Ok(())
        });
        let component = system.add("component", component).unwrap();
        let id = component.id();
        assert_eq!(system.condition(id), Some(Condition::Starting));
        let component = component.start();
        assert_eq!(component.condition(), Condition::Starting, "it has not been polled yet");
        settle().await;
        assert_eq!(component.condition(), Condition::Running, "it waits for none of its boxes");
        assert_eq!(system.condition(id), Some(Condition::Running));
        tell.send(()).unwrap();
        assert_eq!(soon("the end", component.ended()).await, State::Finished);
        assert_eq!(component.condition(), Condition::Finished);
        assert_eq!(system.condition(id), None, "what has finished is gone");
    }
}

#[tokio::test]
async fn a_failure_says_what_and_where() {
    for system in systems() {
        let panics = system.add("panics", run(|_: (), _| async { panic!("out of paper") })).unwrap().start();
        let error = run(|_: (), _| async { Err(Failure::new("out of ink")) });
        let error = system.add("error", error).unwrap().start();
        soon("the panic", panics.ended()).await;
        soon("the error", error.ended()).await;
        let Condition::Failed(why) = panics.condition() else { panic!("{:?}", panics.condition()) };
        assert!(why.contains("out of paper") && why.contains("tests/conditions.rs:"), "{why}");
        assert_eq!(system.condition(panics.id()), Some(Condition::Failed(why)), "it stays to be seen");
        assert_eq!(error.condition(), Condition::Failed("out of ink".into()));
    }
}

#[tokio::test]
async fn waiting_names_the_inbox_until_a_message_has_come() {
    for system in systems() {
        let sink = run(|mut boxes: In<u32>, _| async move {
            while boxes.inbox.recv().await?.is_some() {}
            Ok(())
        });
        let (input, source) = support::feed(1);
        let sink = system.add("sink", sink).unwrap();
        let source = system.add("source", source).unwrap();
        system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
        system.link((&source, "signal"), (&sink, "control")).unwrap();
        let inbox = postbox(&system.describe(), "sink", "inbox").id;
        let (source, sink) = (source.start(), sink.start());
        settle().await;
        assert_eq!(sink.condition(), Condition::Waiting(vec![inbox]));
        assert_eq!(source.condition(), Condition::Running, "it waits for plain code");
        input.send(1).await.unwrap();
        settle().await;
        assert_eq!(sink.condition(), Condition::Waiting(vec![inbox]), "it has taken it, and waits again");
        drop(input);
        assert_eq!(soon("the end", sink.ended()).await, State::Finished);
    }
}

#[tokio::test]
async fn waiting_names_every_inbox_of_a_select_and_of_a_set() {
    for system in systems() {
        let select = run(|mut boxes: Two<u32>, _| async move {
            tokio::select! {
                one = boxes.first.recv() => one?,
                one = boxes.second.recv() => one?,
            };
            Ok(())
        });
        let set = run(|boxes: Two<u32>, _| async move {
            let mut inboxes = Inboxes::new();
            inboxes.add(boxes.first);
            inboxes.add(boxes.second);
            inboxes.recv().await?;
            std::future::pending().await
        });
        for (name, unstarted) in [("select", system.add("select", select)), ("set", system.add("set", set))] {
            let component = unstarted.unwrap().start();
            let description = system.describe();
            let both = ["first", "second"].map(|inbox| postbox(&description, name, inbox).id);
            settle().await;
            assert_eq!(component.condition(), Condition::Waiting(both.to_vec()), "{name}");

            let post = run(move |boxes: Out<u32>, ctx: Context| async move {
                ctx.link(boxes.outbox.id(), both[1])?;
                let mut outbox = boxes.outbox;
                outbox.send(1).await?;
                // The component has not run since: but nobody can say that it waits.
                assert_eq!(ctx.system().condition(component.id()), Some(Condition::Running));
                ctx.stopped().await;
                Ok(())
            });
            let post = system.add("post", post).unwrap().start();
            settle().await;
            assert_eq!(post.condition(), Condition::Running);
            post.stop(Stop::ProducerFinished);
            assert_eq!(soon("the post", post.ended()).await, State::Finished);
        }
        settle().await;
        let set = system.describe();
        let set = set.components.iter().find(|info| &*info.name == "set").unwrap();
        assert_eq!(system.condition(set.id), Some(Condition::Running), "it has its message, and waits for no box");
    }
}

#[tokio::test]
async fn blocked_names_the_outbox_that_waits_for_room() {
    for system in systems() {
        let source = run(|mut boxes: Two<u32>, _| async move {
            for number in 0..3 {
                boxes.right.send(number).await?;
            }
            Ok(())
        });
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        struct Small(axonscope_runtime::Inbox<u32>);
        impl Boxes for Small {
            fn declare(declare: &mut Declare<'_>) -> Self {
                Self(declare.inbox(InboxSpec::new("inbox").capacity(1)))
            }
        }
        let sink = run(|mut boxes: Small, _| async move {
            let _ = gone.await;
            while boxes.0.recv().await?.is_some() {}
            Ok(())
        });
        let source = system.add("source", source).unwrap();
        let sink = system.add("sink", sink).unwrap();
        system.link((&source, "right"), (&sink, "inbox")).unwrap();
        let outbox = postbox(&system.describe(), "source", "right").id;
        let (source, sink) = (source.start(), sink.start());
        settle().await;
        assert_eq!(source.condition(), Condition::Blocked(outbox));
        assert_eq!(sink.condition(), Condition::Running);
        go.send(()).unwrap();
        assert_eq!(soon("the end", source.ended()).await, State::Finished);
        system.shutdown().await;
    }
}

struct Holding(Outbox<u32>);

impl Boxes for Holding {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self(declare.outbox(OutboxSpec::new("outbox").when_unlinked(WhenUnlinked::Hold(1))))
    }
}

#[tokio::test]
async fn blocked_names_the_outbox_that_waits_for_a_linkage() {
    for system in systems() {
        let source = run(|mut boxes: Holding, ctx: Context| async move {
            boxes.0.send(1).await?;
            boxes.0.send(2).await?;
            ctx.stopped().await;
            Ok(())
        });
        let sink = run(|mut boxes: In<u32>, ctx: Context| async move {
            assert_eq!([boxes.inbox.recv().await?, boxes.inbox.recv().await?], [Some(1), Some(2)]);
            ctx.stopped().await;
            Ok(())
        });
        let source = system.add("source", source).unwrap().start();
        let sink = system.add("sink", sink).unwrap().start();
        let outbox = postbox(&system.describe(), "source", "outbox").id;
        settle().await;
        assert_eq!(source.condition(), Condition::Blocked(outbox));
        system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
        settle().await;
        assert_eq!(source.condition(), Condition::Running);
        assert_eq!(sink.condition(), Condition::Running);
        source.stop(Stop::Shutdown);
        sink.stop(Stop::Shutdown);
        system.finished().await;
    }
}

#[tokio::test]
async fn a_wait_that_is_given_up_is_not_seen_any_longer() {
    for system in systems() {
        let select = run(|mut boxes: Two<u32>, ctx: Context| async move {
            tokio::select! {
                biased;
                _ = boxes.first.recv() => unreachable!(),
                () = once_round() => {}
            }
            ctx.stopped().await;
            Ok(())
        });
        let set = run(|boxes: Two<u32>, ctx: Context| async move {
            let mut inboxes = Inboxes::new();
            inboxes.add(boxes.first);
            inboxes.add(boxes.second);
            tokio::select! {
                biased;
                _ = inboxes.recv() => unreachable!(),
                () = once_round() => {}
            }
            ctx.stopped().await;
            Ok(())
        });
        let send = run(|mut boxes: Holding, ctx: Context| async move {
            boxes.0.send(1).await?;
            tokio::select! {
                biased;
                _ = boxes.0.send(2) => unreachable!(),
                () = once_round() => {}
            }
            ctx.stopped().await;
            Ok(())
        });
        let components = [system.add("select", select), system.add("set", set), system.add("send", send)];
        let components = components.map(|component| component.unwrap().start());
        settle().await;
        for component in components {
            assert_eq!(component.condition(), Condition::Running);
            component.stop(Stop::ProducerFinished);
        }
        soon("the end", system.finished()).await;
        assert!(system.describe().components.is_empty(), "none has failed");
    }
}

#[tokio::test]
async fn a_message_taken_by_a_poll_of_ones_own_ends_the_wait() {
    for system in systems() {
        let component = run(|mut boxes: Two<u32>, ctx: Context| async move {
            ctx.link(boxes.left.id(), boxes.first.id())?;
            let mut polls = 0;
            let received = poll_fn(|cx| {
                polls += 1;
                let polled = boxes.first.poll_recv(cx);
                if polls == 1 {
                    assert!(polled.is_pending());
                    boxes.left.try_send(7).unwrap();
                }
                polled
            });
            assert_eq!(received.await?, Some(7));
            ctx.stopped().await;
            Ok(())
        });
        let component = system.add("component", component).unwrap().start();
        settle().await;
        assert_eq!(component.condition(), Condition::Running);
        component.stop(Stop::ProducerFinished);
        assert_eq!(soon("the end", component.ended()).await, State::Finished);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_in_a_long_poll_is_running() {
    for system in systems() {
        let (begin, begun) = sync_channel(0);
        let (release, released) = sync_channel::<()>(0);
        let long = run(move |mut boxes: In<u32>, _| async move {
            tokio::select! {
                biased;
                _ = boxes.inbox.recv() => unreachable!(),
                () = once_round() => {}
            }
            // In one poll all the while, and it has waited at its inbox in the one before.
            begin.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        });
        let long = system.add("long", long).unwrap().start();
        tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
        assert_eq!(long.condition(), Condition::Running);
        release.send(()).unwrap();
        assert_eq!(soon("the end", long.ended()).await, State::Finished);
    }
}

/// Observed, a poll that goes on is seen even while a future of it that waits has not been dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_poll_is_seen_through_a_wait_that_it_holds() {
    let system = System::new("observed");
    system.observe(Arc::new(Nobody)).unwrap();
    let (begin, begun) = sync_channel(0);
    let (release, released) = sync_channel::<()>(0);
    let long = run(move |mut boxes: In<u32>, _| async move {
        let mut wait = std::pin::pin!(boxes.inbox.recv());
        poll_fn(move |cx| {
            assert!(wait.as_mut().poll(cx).is_pending());
            begin.send(()).unwrap();
            released.recv().unwrap();
            Poll::Ready(())
        })
        .await;
        Ok(())
    });
    let long = system.add("long", long).unwrap().start();
    tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
    assert_eq!(long.condition(), Condition::Running);
    release.send(()).unwrap();
    assert_eq!(soon("the end", long.ended()).await, State::Finished);
}

#[tokio::test]
async fn code_that_blocks_is_seen_as_any_other() {
    for system in systems() {
        let blocking = Blocking::new(|mut io: BlockingIo<u32, u32>| {
            while let Some(number) = io.recv()? {
                io.send(number)?;
            }
            Ok(())
        });
        let blocking = system.add("blocking", blocking).unwrap();
        let inbox = postbox(&system.describe(), "blocking", "inbox").id;
        let blocking = blocking.start();
        soon("the wait", async {
            while blocking.condition() != Condition::Waiting(vec![inbox]) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        blocking.stop(Stop::ProducerFinished);
        assert_eq!(soon("the end", blocking.ended()).await, State::Finished);
    }
}

#[tokio::test]
async fn what_is_passed_through_is_waited_for_where_it_comes_to_rest() {
    for system in systems() {
        let relay = axonscope_runtime::library::Transformer::new(|number: u32| number);
        let pipeline = axonscope_runtime::Pipeline::new().stage("relay", relay);
        let pipeline = system.add("pipeline", pipeline).unwrap();
        let inbox = postbox(&system.describe(), "relay", "inbox");
        let pipeline = pipeline.start();
        settle().await;
        assert_eq!(system.condition(inbox.owner), Some(Condition::Waiting(vec![inbox.id])));
        assert_eq!(pipeline.condition(), Condition::Running, "a composite waits for its children, not for a box");
        system.shutdown().await;
    }
}
