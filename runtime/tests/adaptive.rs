//! Components whose boxes come and go while they run.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axonscope_runtime::{
    Component, Condition, Context, In, InboxSpec, Inboxes, Io, Out, Outcome, PostboxId, State, Stop, System,
};
use support::{Two, all, feed, run, settle, soon, tell};
use tokio::sync::{mpsc, oneshot};

/// Adds an inbox of its own for each source it is told of, says what comes where, and takes off those that are done.
struct Gather {
    told: mpsc::Sender<(PostboxId, u32)>,
}

/// What a [`Gather`] is asked: a source to listen to, and who wants to know at which inbox.
type Ask = (PostboxId, oneshot::Sender<PostboxId>);

impl Component for Gather {
    type Boxes = In<Ask>;

    async fn run(self, mut boxes: In<Ask>, ctx: Context) -> Outcome {
        let mut inboxes = Inboxes::new();
        let mut asking = true;
        let mut number = 0;
        loop {
            tokio::select! {
                ask = boxes.inbox.recv(), if asking => match ask? {
                    Some((source, tell)) => {
                        number += 1;
                        let inbox = ctx.inbox(InboxSpec::new(format!("inbox {number}")).capacity(2))?;
                        ctx.link(source, inbox.id())?;
                        let _ = tell.send(inboxes.add(inbox));
                    }
                    None => asking = false,
                },
                received = inboxes.recv(), if !inboxes.is_empty() => match received? {
                    // The last message of a source.
                    Some((from, u32::MAX)) => ctx.remove_inbox(inboxes.remove(from).unwrap()),
                    Some(received) => self.told.send(received).await.unwrap(),
                    None => break,
                },
                else => break,
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boxes_come_and_go_while_messages_flow_and_nothing_is_lost() {
    const SOURCES: u32 = 60;
    const EACH: u32 = 500;
    let system = System::new("test");
    let (told, mut output) = mpsc::channel(16);
    let gather = system.add("gather", Gather { told }).unwrap();
    let (ask, asks) = mpsc::channel(1);
    let asks = system.add("asks", support::Feed(asks)).unwrap();
    system.link((&asks, "outbox"), (&gather, "inbox")).unwrap();
    system.link((&asks, "signal"), (&gather, "control")).unwrap();
    asks.start();
    let gather = gather.start();

    let starts = tokio::spawn({
        let system = system.clone();
        async move {
            let mut inboxes = BTreeMap::new();
            for number in 0..SOURCES {
                let source = run(move |mut boxes: Out<u32>, ctx: Context| async move {
                    // A linkage may take a while to come, and what is sent without one is dropped.
                    while !boxes.outbox.is_linked() {
                        ctx.unless_shutdown(tokio::task::yield_now()).await?;
                    }
                    for message in 0..EACH {
                        boxes.outbox.send(number * EACH + message).await?;
                    }
                    Ok(boxes.outbox.send(u32::MAX).await?)
                });
                let source = system.add(format!("source {number}"), source).unwrap();
                let outbox = system
                    .describe()
                    .postboxes
                    .iter()
                    .find(|info| info.owner == source.id() && &*info.name == "outbox")
                    .unwrap()
                    .id;
                source.start();
                let (tell, told) = oneshot::channel();
                ask.send((outbox, tell)).await.unwrap();
                inboxes.insert(told.await.unwrap(), number);
            }
            inboxes
        }
    });
    let mut received = Vec::new();
    while let Some(one) = soon("a message", output.recv()).await {
        received.push(one);
    }
    assert_eq!(soon("the end", gather.ended()).await, State::Finished);
    let inboxes = starts.await.unwrap();
    assert_eq!(received.len() as u32, SOURCES * EACH);
    for (inbox, number) in inboxes {
        let of_it: Vec<_> = received.iter().filter(|(from, _)| *from == inbox).map(|(_, message)| *message).collect();
        assert_eq!(of_it, (number * EACH..(number + 1) * EACH).collect::<Vec<_>>(), "source {number}");
    }
    assert!(system.describe().components.is_empty());
}

#[tokio::test]
async fn inboxes_take_turns() {
    let system = System::new("test");
    let turns = run(|boxes: Two<u32>, ctx: Context| async move {
        let (first, second) = (boxes.first.id(), boxes.second.id());
        let mut inboxes = Inboxes::new();
        inboxes.add(boxes.first);
        inboxes.add(boxes.second);
        let third = ctx.inbox("third")?;
        let mut outboxes = [boxes.left, boxes.right, ctx.outbox("third")?];
        for (outbox, inbox) in outboxes.iter().zip([first, second, third.id()]) {
            ctx.link(outbox.id(), inbox)?;
        }
        for (outbox, count) in outboxes.iter_mut().zip([5, 2, 3]) {
            for number in 0..count {
                outbox.send(number).await?;
            }
        }
        let mut order = Vec::new();
        let name = |id: PostboxId| {
            if id == first {
                1
            } else if id == second {
                2
            } else {
                3
            }
        };
        for _ in 0..3 {
            let (from, _) = inboxes.recv().await?.unwrap();
            order.push(name(from));
        }
        // One that comes later has its turn, and one that goes takes nobody else's.
        assert!(inboxes.remove(third.id()).is_none());
        inboxes.add(third);
        for _ in 0..4 {
            let (from, _) = inboxes.recv().await?.unwrap();
            order.push(name(from));
        }
        assert_eq!(inboxes.remove(second).map(|inbox| inbox.len()), Some(0));
        assert_eq!(inboxes.len(), 2);
        for _ in 0..3 {
            let (from, _) = inboxes.recv().await?.unwrap();
            order.push(name(from));
        }
        assert_eq!(order, [1, 2, 1, 2, 3, 1, 3, 1, 3, 1]);
        Ok(())
    });
    let ended = system.add("turns", turns).unwrap().start().ended().await;
    assert_eq!(ended, State::Finished);
}

#[tokio::test]
async fn a_removed_inbox_keeps_what_waits_and_one_that_is_put_back_goes_on() {
    let system = System::new("test");
    let component = run(|mut boxes: Two<u32>, ctx: Context| async move {
        let first = boxes.first.id();
        ctx.link(boxes.left.id(), first)?;
        let mut inboxes = Inboxes::new();
        assert_eq!(inboxes.add(boxes.first), first);
        boxes.left.send(1).await?;
        let mut alone = inboxes.remove(first).unwrap();
        assert!(inboxes.remove(first).is_none() && inboxes.is_empty());
        assert_eq!(inboxes.recv().await?, None, "there is none that could have a message");
        assert_eq!(alone.recv().await?, Some(1));
        boxes.left.send(2).await?;
        inboxes.add(alone);
        assert_eq!(inboxes.recv().await?, Some((first, 2)));
        Ok(())
    });
    assert_eq!(system.add("component", component).unwrap().start().ended().await, State::Finished);
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let system = System::new("test");
    let (input, source) = feed(100);
    let (sink, output) = tell(100);
    let relay = run(|mut boxes: Io<u32, u32>, ctx: Context| async move {
        let mut inboxes = Inboxes::new();
        inboxes.add(boxes.inbox);
        inboxes.add(ctx.inbox("idle")?);
        loop {
            let received = tokio::select! {
                biased;
                received = inboxes.recv() => received?,
                () = tokio::task::yield_now() => continue,
            };
            let Some((_, message)) = received else { return Ok(()) };
            boxes.outbox.send(message).await?;
        }
    });
    let source = system.add("source", source).unwrap();
    let relay = system.add("relay", relay).unwrap();
    let sink = system.add("sink", sink).unwrap();
    for (from, to) in [(&source, &relay), (&relay, &sink)] {
        system.link((from, "outbox"), (to, "inbox")).unwrap();
        system.link((from, "signal"), (to, "control")).unwrap();
    }
    for unstarted in [source, relay, sink] {
        unstarted.start();
    }
    for number in 0..100 {
        input.send(number).await.unwrap();
        tokio::task::yield_now().await;
    }
    drop(input);
    assert_eq!(soon("the end", all(output)).await, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn they_end_when_all_have_ended_and_at_once_on_shutdown() {
    for stop in [Stop::ProducerFinished, Stop::Shutdown] {
        let system = System::new("test");
        let how = Arc::new(Mutex::new(None));
        let ended = how.clone();
        let waits = run(move |boxes: Two<u32>, ctx: Context| async move {
            let mut inboxes = Inboxes::new();
            inboxes.add(boxes.first);
            inboxes.add(boxes.second);
            ctx.link(boxes.left.id(), inboxes.add(ctx.inbox("own")?))?;
            let mut left = boxes.left;
            left.send(1).await?;
            let first = inboxes.recv().await;
            drop(left);
            let last = inboxes.recv().await;
            *ended.lock().unwrap() = Some((first.map(|one| one.is_some()), last.is_ok()));
            Ok(())
        });
        let waits = system.add("waits", waits).unwrap().start();
        settle().await;
        assert!(matches!(waits.condition(), Condition::Waiting(at) if at.len() == 3));
        waits.stop(stop);
        assert_eq!(soon("the end", waits.ended()).await, State::Finished);
        assert_eq!(*how.lock().unwrap(), Some((Ok(true), stop == Stop::ProducerFinished)));
    }
}

#[tokio::test]
async fn many_that_have_ended_do_not_hide_the_one_that_has_not() {
    let system = System::new("test");
    let component = run(|boxes: Two<u32>, ctx: Context| async move {
        let mut inboxes = Inboxes::new();
        for number in 0..1000 {
            inboxes.add(ctx.inbox(format!("ended {number}"))?);
        }
        let last = inboxes.add(boxes.first);
        ctx.link(boxes.left.id(), last)?;
        let mut left = boxes.left;
        for number in 0..300 {
            left.send(number).await?;
            assert_eq!(inboxes.recv().await?, Some((last, number)));
        }
        drop(left);
        assert_eq!(inboxes.recv().await?, None);
        Ok(())
    });
    let component = system.add("component", component).unwrap();
    let component = component.start();
    component.stop(Stop::ProducerFinished);
    assert_eq!(soon("the end", component.ended()).await, State::Finished);
}
