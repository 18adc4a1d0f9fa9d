//! Messages go where linkages lead: in order, once, waiting where there is no room.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::Ordering;

use axonscope_runtime::{
    Boxes, Condition, Declare, In, Inbox, InboxSpec, Io, LinkError, Out, OutboxSpec, System, WhenFull, WhenUnlinked,
    library::Transformer,
};
use support::{Two, all, feed, postbox, run, settle, soon, tell, tell_of};

/// One inbox of a single place.
struct Narrow<const DROP_OLDEST: bool> {
    inbox: Inbox<u32>,
}

impl<const DROP_OLDEST: bool> Boxes for Narrow<DROP_OLDEST> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        let when_full = if DROP_OLDEST { WhenFull::DropOldest } else { WhenFull::Wait };
        Self { inbox: declare.inbox(InboxSpec::new("inbox").capacity(2).when_full(when_full)) }
    }
}

#[tokio::test]
async fn messages_arrive_in_order_and_all_ends_with_the_source() {
    let system = System::new("test");
    let (input, source) = feed(16);
    let (sink, output) = tell(16);
    let source = system.add("source", source).unwrap();
    let double = system.add("double", Transformer::new(|n: u32| n * 2)).unwrap();
    let sink = system.add("sink", sink).unwrap();
    for (from, to) in [(&source, &double), (&double, &sink)] {
        system.link((from, "outbox"), (to, "inbox")).unwrap();
        system.link((from, "signal"), (to, "control")).unwrap();
    }
    for component in [source, double, sink] {
        component.start();
    }
    tokio::spawn(async move {
        for n in 0..1000 {
            input.send(n).await.unwrap();
        }
    });
    let received = soon("the end", all(output)).await;
    assert_eq!(received, (0..1000).map(|n| n * 2).collect::<Vec<_>>());
    soon("the end of the system", system.finished()).await;
    assert!(system.describe().components.is_empty());
}

#[tokio::test]
async fn a_full_inbox_makes_the_sender_wait() {
    let system = System::new("test");
    let (input, source) = feed(100);
    let source = system.add("source", source).unwrap();
    let sink = run(|mut boxes: Narrow<false>, ctx: axonscope_runtime::Context| async move {
        ctx.stopped().await;
        let mut sum = 0;
        while let Some(n) = boxes.inbox.recv().await? {
            sum += n;
        }
        assert_eq!(sum, (0..10).sum());
        Ok(())
    });
    let sink = system.add("sink", sink).unwrap();
    system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
    let source = source.start();
    let sink = sink.start();
    for n in 0..10 {
        input.send(n).await.unwrap();
    }
    settle().await;
    let description = system.describe();
    let outbox = postbox(&description, "source", "outbox").activity;
    let inbox = postbox(&description, "sink", "inbox").activity;
    assert_eq!(inbox.depth.load(Ordering::Relaxed), 2);
    assert_eq!(outbox.messages.load(Ordering::Relaxed), 2);
    assert_ne!(outbox.waiting_since.load(Ordering::Relaxed), 0);

    sink.stop(axonscope_runtime::Stop::ProducerFinished);
    drop(input);
    assert_eq!(soon("the sink's end", sink.ended()).await, axonscope_runtime::State::Finished);
    assert_eq!(source.ended().await, axonscope_runtime::State::Finished);
    assert_eq!(inbox.messages.load(Ordering::Relaxed), 10);
    assert_eq!(inbox.high_water.load(Ordering::Relaxed), 2);
    assert_eq!(outbox.messages.load(Ordering::Relaxed), 10);
    assert_eq!(outbox.waiting_since.load(Ordering::Relaxed), 0);
    assert!(outbox.blocked_ns.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn an_inbox_may_drop_the_oldest_and_counts_them() {
    let system = System::new("test");
    let (input, source) = feed(10);
    let source = system.add("source", source).unwrap();
    let sink = run(|mut boxes: Narrow<true>, ctx: axonscope_runtime::Context| async move {
        ctx.stopped().await;
        assert_eq!(boxes.inbox.recv().await?, Some(8));
        assert_eq!(boxes.inbox.recv().await?, Some(9));
        assert_eq!(boxes.inbox.recv().await?, None);
        Ok(())
    });
    let sink = system.add("sink", sink).unwrap();
    system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
    system.link((&source, "signal"), (&sink, "control")).unwrap();
    let inbox = postbox(&system.describe(), "sink", "inbox").activity;
    source.start();
    let sink = sink.start();
    for n in 0..10 {
        input.send(n).await.unwrap();
    }
    drop(input);
    assert_eq!(soon("the end", sink.ended()).await, axonscope_runtime::State::Finished);
    assert_eq!(inbox.dropped.load(Ordering::Relaxed), 8);
    assert_eq!(inbox.messages.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn senders_that_wait_are_served_first_come_first_served() {
    let system = System::new("test");
    let sink = run(|mut boxes: Narrow<false>, ctx: axonscope_runtime::Context| async move {
        ctx.stopped().await;
        let mut received = Vec::new();
        while let Some(n) = boxes.inbox.recv().await? {
            received.push(n);
        }
        assert_eq!(received, [0, 1, 2, 3, 4, 5, 6, 7]);
        Ok(())
    });
    let sink = system.add("sink", sink).unwrap();
    for n in 0..8 {
        let one = run(move |mut boxes: Out<u32>, _| async move { Ok(boxes.outbox.send(n).await?) });
        let one = system.add("one", one).unwrap();
        system.link((&one, "outbox"), (&sink, "inbox")).unwrap();
        one.start();
        settle().await;
    }
    let sink = sink.start();
    settle().await;
    sink.stop(axonscope_runtime::Stop::ProducerFinished);
    assert_eq!(soon("the end", sink.ended()).await, axonscope_runtime::State::Finished);
}

#[tokio::test]
async fn an_unlinked_outbox_drops_and_counts() {
    let system = System::new("test");
    let lonely = run(|mut boxes: Out<u32>, _| async move {
        for n in 0..5 {
            boxes.outbox.send(n).await?;
        }
        Ok(())
    });
    let lonely = system.add("lonely", lonely).unwrap();
    let outbox = postbox(&system.describe(), "lonely", "outbox").activity;
    lonely.start().ended().await;
    assert_eq!(outbox.dropped.load(Ordering::Relaxed), 5);
    assert_eq!(outbox.messages.load(Ordering::Relaxed), 0);
}

/// One outbox that holds two messages while it is not linked.
struct Patient(axonscope_runtime::Outbox<u32>);

impl Boxes for Patient {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self(declare.outbox(OutboxSpec::new("outbox").when_unlinked(WhenUnlinked::Hold(2))))
    }
}

#[tokio::test]
async fn an_outbox_may_hold_up_to_a_bound_until_it_is_linked() {
    let system = System::new("test");
    let patient = run(|mut boxes: Patient, ctx: axonscope_runtime::Context| async move {
        for n in 0..6 {
            boxes.0.send(n).await?;
        }
        ctx.shutdown().await;
        Ok(())
    });
    let patient = system.add("patient", patient).unwrap();
    let (sink, mut output) = tell(10);
    let sink = system.add("sink", sink).unwrap();
    let patient = patient.start();
    settle().await;
    let outbox = postbox(&system.describe(), "patient", "outbox");
    assert_eq!(
        (outbox.activity.depth.load(Ordering::Relaxed), outbox.activity.high_water.load(Ordering::Relaxed)),
        (2, 2)
    );
    assert_eq!(patient.condition(), Condition::Blocked(outbox.id), "the third waits with its sender");
    let linkage = system.link((&patient, "outbox"), (&sink, "inbox")).unwrap();
    assert_eq!(outbox.activity.depth.load(Ordering::Relaxed), 0);
    sink.start();
    for n in 0..6 {
        assert_eq!(soon("the message", output.recv()).await, Some(n), "held ones go first");
    }
    assert_eq!(outbox.activity.messages.load(Ordering::Relaxed), 6);
    assert_eq!(outbox.activity.dropped.load(Ordering::Relaxed), 0);
    linkage.unlink().await;
    patient.stop(axonscope_runtime::Stop::Shutdown);
    patient.ended().await;
}

#[tokio::test]
async fn what_is_still_held_at_the_end_is_counted_as_dropped() {
    let system = System::new("test");
    let patient = run(|mut boxes: Patient, _| async move {
        assert_eq!(boxes.0.try_send(1), Ok(()));
        assert_eq!(boxes.0.try_send(2), Ok(()));
        assert_eq!(boxes.0.try_send(3), Err(axonscope_runtime::WouldWait(3)));
        Ok(())
    });
    let patient = system.add("patient", patient).unwrap();
    let outbox = postbox(&system.describe(), "patient", "outbox").activity;
    patient.start().ended().await;
    assert_eq!((outbox.messages.load(Ordering::Relaxed), outbox.dropped.load(Ordering::Relaxed)), (2, 2));
    assert_eq!(outbox.depth.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_send_to_a_finished_component_drops_and_counts() {
    let system = System::new("test");
    let (input, source) = feed(10);
    let source = system.add("source", source).unwrap();
    let brief = run(|_: In<u32>, _| async { Err(axonscope_runtime::Failure::new("enough")) });
    let brief = system.add("brief", brief).unwrap();
    system.link((&source, "outbox"), (&brief, "inbox")).unwrap();
    let outbox = postbox(&system.describe(), "source", "outbox").activity;
    brief.start().ended().await;
    let source = source.start();
    for n in 0..3 {
        input.send(n).await.unwrap();
    }
    drop(input);
    soon("the end", source.ended()).await;
    assert_eq!(outbox.dropped.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_send_that_waits_takes_the_new_way_when_its_linkage_moves() {
    let system = System::new("test");
    let stuck = run(|boxes: Narrow<false>, ctx: axonscope_runtime::Context| async move {
        let _kept = boxes;
        Err(ctx.shutdown().await.into())
    });
    let stuck = system.add("stuck", stuck).unwrap();
    let (input, source) = feed(10);
    let source = system.add("source", source).unwrap();
    let linkage = system.link((&source, "outbox"), (&stuck, "inbox")).unwrap();
    stuck.start();
    source.start();
    for n in 0..4 {
        input.send(n).await.unwrap();
    }
    settle().await;
    let (sink, mut output) = tell(10);
    let sink = system.add("sink", sink).unwrap();
    let old = linkage.info();
    let linkage = linkage.relink((&sink, "inbox")).unwrap();
    assert_ne!(linkage.info().id, old.id);
    sink.start();
    assert_eq!(soon("the message that waited", output.recv()).await, Some(2));
    assert_eq!(output.recv().await, Some(3));
    assert_eq!(postbox(&system.describe(), "stuck", "inbox").activity.depth.load(Ordering::Relaxed), 2);
    assert!(system.shutdown().await.is_empty());
}

#[tokio::test]
async fn nothing_arrives_after_unlink_has_returned() {
    let system = System::new("test");
    let (input, source) = feed(10);
    let source = system.add("source", source).unwrap();
    let (sink, mut output) = tell(10);
    let sink = system.add("sink", sink).unwrap();
    let linkage = system.link((&source, "outbox"), (&sink, "inbox")).unwrap();
    source.start();
    sink.start();
    input.send(1).await.unwrap();
    assert_eq!(soon("the first", output.recv()).await, Some(1));
    linkage.unlink().await;
    input.send(2).await.unwrap();
    settle().await;
    let description = system.describe();
    assert!(description.linkages.is_empty());
    assert_eq!(postbox(&description, "source", "outbox").activity.dropped.load(Ordering::Relaxed), 1);
    assert_eq!(postbox(&description, "sink", "inbox").activity.messages.load(Ordering::Relaxed), 1);
    assert!(output.try_recv().is_err());
    system.shutdown().await;
}

#[tokio::test]
async fn errors_name_both_ends_and_both_types() {
    let system = System::new("test");
    let words = system.add("words", Transformer::new(|word: String| word)).unwrap();
    let numbers = system.add("numbers", Transformer::new(|n: Vec<u32>| n)).unwrap();
    let told = |result: Result<axonscope_runtime::Linkage, LinkError>| result.err().unwrap().to_string();
    assert_eq!(
        told(system.link((&words, "outbox"), (&numbers, "inbox"))),
        "`words.outbox` sends String but `numbers.inbox` takes Vec<u32>"
    );
    assert_eq!(
        told(system.link("words.outbox", "words.inbocks")),
        "there is no inbox `words.inbocks`; there is `control`, `inbox`"
    );
    assert_eq!(told(system.link("nobody.outbox", "words.inbox")), "there is no outbox `nobody.outbox`");
    assert_eq!(
        told(system.link((&words, "signal"), (&numbers, "inbox"))),
        "`words.signal` sends Stop but `numbers.inbox` takes Vec<u32>"
    );
    system.link("words.outbox", "words.inbox").unwrap();
    assert_eq!(
        told(system.link((&words, "outbox"), (&words, "inbox"))),
        "cannot link `words.outbox` to `words.inbox`: it is linked to `words.inbox` already; relink it instead"
    );
    assert_eq!(
        told(system.pass_inward("words.inbox", "numbers.inbox")),
        "cannot pass `words.inbox` inward to `numbers.inbox`: words does not directly contain numbers"
    );
}

#[tokio::test]
async fn a_component_may_have_further_boxes_and_change_them_while_it_runs() {
    let system = System::new("test");
    let (sink, mut output) = tell(10);
    let sink = system.add("sink", sink).unwrap();
    let inbox = system.describe();
    let inbox = postbox(&inbox, "sink", "inbox").id;
    sink.start();
    let splitter = run(move |mut boxes: Two<u32>, ctx: axonscope_runtime::Context| async move {
        assert!(!boxes.left.is_linked());
        let mut further = ctx.outbox("further")?;
        assert!(ctx.outbox::<u32>("further").is_err());
        ctx.link(further.id(), inbox)?;
        further.send(1u32).await?;
        ctx.remove_outbox(further);
        let mut again = ctx.outbox("further")?;
        again.send(2u32).await?;
        ctx.link(again.id(), inbox)?;
        again.send(3u32).await?;
        Ok(())
    });
    let end = system.add("splitter", splitter).unwrap().start().ended().await;
    assert_eq!(end, axonscope_runtime::State::Finished);
    assert_eq!(soon("one", output.recv()).await, Some(1));
    assert_eq!(soon("three", output.recv()).await, Some(3));
    system.shutdown().await;
}

#[tokio::test]
async fn two_boxes_of_one_name_are_refused() {
    struct Twice;
    impl Boxes for Twice {
        fn declare(declare: &mut Declare<'_>) -> Self {
            drop((declare.inbox::<u32>("inbox"), declare.inbox::<u32>("inbox")));
            Self
        }
    }
    let system = System::new("test");
    let refused = system.add("twice", run(|_: Twice, _| async { Ok(()) })).err().unwrap();
    assert_eq!(refused.to_string(), "`twice` has two boxes of one kind named `inbox`");
    assert!(system.describe().components.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_senders_and_moving_linkages_lose_and_double_nothing() {
    const SENDERS: u32 = 8;
    const EACH: u32 = 5_000;
    let system = System::new("test");
    let mut outputs = Vec::new();
    let mut sinks = Vec::new();
    for name in ["a", "b"] {
        let (sink, output) = tell_of::<(u32, u32)>(64);
        let sink = system.add(name, sink).unwrap();
        sinks.push(sink.start());
        outputs.push(tokio::spawn(all(output)));
    }
    let mut linkages = Vec::new();
    let mut sources = Vec::new();
    for sender in 0..SENDERS {
        let source = run(move |mut boxes: Io<u32, (u32, u32)>, _| async move {
            for n in 0..EACH {
                boxes.outbox.send((sender, n)).await?;
            }
            Ok(())
        });
        let source = system.add("source", source).unwrap();
        linkages.push(Some(system.link((&source, "outbox"), (&sinks[0], "inbox")).unwrap()));
        sources.push(source.start());
    }
    let mut moves = 0;
    while !sources.is_empty() {
        for linkage in &mut linkages {
            let to = &sinks[moves % 2];
            *linkage = linkage.take().and_then(|linkage| linkage.relink((to, "inbox")).ok());
            moves += 1;
        }
        let ended = |source: &axonscope_runtime::ComponentHandle| {
            !system.describe().components.iter().any(|info| info.id == source.id())
        };
        sources.retain(|source| !ended(source));
        tokio::task::yield_now().await;
    }
    for sink in &sinks {
        sink.stop(axonscope_runtime::Stop::ProducerFinished);
    }
    let mut total = 0;
    let mut seen = std::collections::HashSet::new();
    for output in outputs {
        let received = soon("a sink's end", output).await.unwrap();
        let mut last = vec![None; SENDERS as usize];
        for (sender, n) in received {
            assert!(seen.insert((sender, n)), "doubled");
            assert!(last[sender as usize] < Some(n), "reordered on its way to one sink");
            last[sender as usize] = Some(n);
            total += 1;
        }
    }
    assert_eq!(total, SENDERS * EACH);
    assert!(moves > 8);
}
