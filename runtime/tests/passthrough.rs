//! Composites show their children's boxes; messages go straight to where they are read.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::Ordering;

use axonscope_runtime::{
    AddError, Children, Component, Context, Declare, Graphline, In, Io, LinkageKind, Name, Outcome, Pipeline, State,
    Stop, System, library::Filter, library::Transformer,
};
use support::{all, feed, postbox, run, settle, soon, tell};

fn add_one() -> Transformer<u32, u32> {
    Transformer::new(|n| n + 1)
}

/// A pipeline of two, in a pipeline, in a pipeline: five deep in all.
fn nested(depth: usize) -> Pipeline {
    let pipeline = Pipeline::new().stage("a", add_one());
    if depth == 0 { pipeline } else { pipeline.stage("b", nested(depth - 1)).stage("c", add_one()) }
}

#[tokio::test]
async fn a_pipeline_of_any_depth_is_like_one_component() {
    let system = System::new("test");
    let (input, source) = feed(16);
    let (sink, output) = tell(16);
    let whole = Pipeline::new().stage("source", source).stage("nested", nested(4)).stage("sink", sink);
    let whole = system.add("whole", whole).unwrap();
    let description = system.describe();
    assert_eq!(description.components.len(), 4 + 4 * 3 + 1);
    let inward = description.linkages.iter().filter(|linkage| linkage.kind == LinkageKind::Inward).count();
    assert!(inward >= 10, "{inward}");
    let whole = whole.start();
    tokio::spawn(async move {
        for n in 0..500 {
            input.send(n).await.unwrap();
        }
    });
    assert_eq!(soon("the end", all(output)).await, (0..500).map(|n| n + 9).collect::<Vec<_>>());
    assert_eq!(soon("the whole's end", whole.ended()).await, State::Finished);
    system.finished().await;
    assert!(system.describe().components.is_empty());
}

#[tokio::test]
async fn bypassed_boxes_count_nothing() {
    let system = System::new("test");
    let (input, source) = feed(16);
    let (sink, mut output) = tell(16);
    let source = system.add("source", source).unwrap();
    let outer = system.add("outer", Pipeline::new().stage("inner", Pipeline::new().stage("one", add_one()))).unwrap();
    let sink = system.add("sink", sink).unwrap();
    system.link((&source, "outbox"), (&outer, "inbox")).unwrap();
    system.link((&outer, "outbox"), (&sink, "inbox")).unwrap();
    for component in [source, outer, sink] {
        component.start();
    }
    input.send(1).await.unwrap();
    assert_eq!(soon("the message", output.recv()).await, Some(2));
    let description = system.describe();
    let messages = |component, name| postbox(&description, component, name).activity.messages.load(Ordering::Relaxed);
    assert_eq!((messages("source", "outbox"), messages("one", "inbox")), (1, 1));
    assert_eq!((messages("one", "outbox"), messages("sink", "inbox")), (1, 1));
    for bypassed in ["outer", "inner"] {
        assert_eq!((messages(bypassed, "inbox"), messages(bypassed, "outbox")), (0, 0));
    }
    system.shutdown().await;
}

/// A composite that takes its own messages until a child is there to take them.
struct Late;

impl Component for Late {
    type Boxes = Io<u32, u32>;

    async fn run(self, io: Io<u32, u32>, ctx: Context) -> Outcome {
        while io.inbox.len() < 3 {
            tokio::task::yield_now().await;
        }
        let child = ctx.add("child", add_one())?;
        ctx.system().pass_inward((ctx.id(), "inbox"), (&child, "inbox"))?;
        ctx.system().pass_outward((&child, "outbox"), (ctx.id(), "outbox"))?;
        ctx.system().pass_inward((ctx.id(), "control"), (&child, "control"))?;
        assert_eq!(io.inbox.len(), 0);
        child.start();
        Ok(ctx.children_finished().await?)
    }
}

#[tokio::test]
async fn what_waits_at_a_composite_goes_to_the_child_in_order() {
    let system = System::new("test");
    let (input, source) = feed(16);
    let (sink, output) = tell(16);
    let whole = Pipeline::new().stage("source", source).stage("late", Late).stage("sink", sink);
    system.add("whole", whole).unwrap().start();
    for n in 0..10 {
        input.send(n).await.unwrap();
        settle().await;
    }
    drop(input);
    assert_eq!(soon("the end", all(output)).await, (1..=10).collect::<Vec<_>>());
    soon("the end", system.finished()).await;
}

#[tokio::test]
async fn several_children_may_send_by_one_outbox() {
    struct Choir;
    impl Component for Choir {
        type Boxes = Children;

        fn type_name(&self) -> Name {
            "Choir".into()
        }

        fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Children, AddError> {
            let mut children = Children::default();
            for voice in 0..3u32 {
                let sing = run(move |mut io: Io<u32, u32>, _| async move { Ok(io.outbox.send(voice).await?) });
                let child = declare.add(format!("voice {voice}"), sing)?;
                declare.expose_outbox("outbox", (&child, "outbox"))?;
                children.0.push(child);
            }
            Ok(children)
        }

        async fn run(self, children: Children, ctx: Context) -> Outcome {
            children.start();
            Ok(ctx.children_finished().await?)
        }
    }
    let system = System::new("test");
    let (sink, output) = tell(16);
    system.add("whole", Pipeline::new().stage("choir", Choir).stage("sink", sink)).unwrap().start();
    let mut sung = soon("the song", all(output)).await;
    sung.sort_unstable();
    assert_eq!(sung, [0, 1, 2]);
}

#[tokio::test]
async fn a_graphline_joins_by_name_and_wires_stops() {
    let system = System::new("test");
    let (input, source) = feed(16);
    let (even, evens) = tell(16);
    let (odd, odds) = tell(16);
    let graphline = Graphline::new()
        .component("source", source)
        .component("choose", Filter::new(|n: &u32| n.is_multiple_of(2)))
        .component("even", even)
        .component("odd", odd)
        .link("source.outbox", "choose.inbox")
        .link("choose.outbox", "even.inbox")
        .link("choose.rejected", "odd.inbox");
    system.add("graph", graphline).unwrap().start();
    for n in 0..10 {
        input.send(n).await.unwrap();
    }
    drop(input);
    assert_eq!(soon("the evens", all(evens)).await, [0, 2, 4, 6, 8]);
    assert_eq!(soon("the odds", all(odds)).await, [1, 3, 5, 7, 9]);
    soon("the end", system.finished()).await;
}

#[tokio::test]
async fn a_graphline_has_the_boxes_it_names() {
    let system = System::new("test");
    let inner = Graphline::new()
        .component("one", add_one())
        .component("two", add_one())
        .link("self.numbers", "one.inbox")
        .link("one.outbox", "two.inbox")
        .link("two.outbox", "self.more");
    let inner = system.add("inner", inner).unwrap();
    let (input, source) = feed(16);
    let (sink, output) = tell(16);
    let source = system.add("source", source).unwrap();
    let sink = system.add("sink", sink).unwrap();
    system.link((&source, "outbox"), (&inner, "numbers")).unwrap();
    system.link((&source, "signal"), (&inner, "control")).unwrap();
    system.link((&inner, "more"), (&sink, "inbox")).unwrap();
    system.link((&inner, "signal"), (&sink, "control")).unwrap();
    for component in [inner, source, sink] {
        component.start();
    }
    input.send(5).await.unwrap();
    drop(input);
    assert_eq!(soon("the end", all(output)).await, [7]);
    soon("the end", system.finished()).await;
}

#[tokio::test]
async fn wrong_wiring_is_told_when_the_composite_is_added() {
    let system = System::new("test");
    let told = |error: Option<AddError>| error.unwrap().to_string();
    let words = Transformer::new(|word: String| word);
    let pipeline = Pipeline::new().stage("n", add_one()).stage("words", words);
    assert_eq!(told(system.add("p", pipeline).err()), "`p/n.outbox` sends u32 but `p/words.inbox` takes String");
    let graphline = Graphline::new().component("n", add_one()).link("n.outbox", "m.inbox");
    assert_eq!(told(system.add("g", graphline).err()), "there is no inbox `m.inbox`; there is `n`");
    let graphline = Graphline::new().component("n", add_one()).link("n.outbux", "self.out");
    assert_eq!(told(system.add("g", graphline).err()), "there is no outbox `g/n.outbux`; there is `signal`, `outbox`");
    assert!(system.describe().components.is_empty());
}

#[tokio::test]
async fn a_stop_passes_through_a_composite_to_its_first_child() {
    let system = System::new("test");
    let outer = system.add("outer", Pipeline::new().stage("inner", nested(0))).unwrap().start();
    settle().await;
    outer.stop(Stop::ProducerFinished);
    assert_eq!(soon("the end", outer.ended()).await, State::Finished);
    soon("the end", system.finished()).await;
}

#[tokio::test]
async fn what_a_child_leaves_waiting_comes_back_to_the_composite_that_holds_its_inbox() {
    let system = System::new("test");
    let (numbers, feed) = feed(100);
    // A child that takes three, behind a composite of its own; whatever comes next is the outermost one's.
    let composite = run(|mut boxes: In<u32>, ctx: Context| async move {
        let three = run(|mut boxes: In<u32>, _| async move {
            for _ in 0..3 {
                boxes.inbox.recv().await?;
            }
            Ok(())
        });
        let pipeline = ctx.add("pipeline", Pipeline::new().stage("three", three))?;
        ctx.system().pass_inward((ctx.id(), "inbox"), (&pipeline, "inbox"))?;
        pipeline.start();
        ctx.children_finished().await?;
        let mut rest = Vec::new();
        while let Some(number) = boxes.inbox.recv().await? {
            rest.push(number);
        }
        assert_eq!(rest, (3..100).collect::<Vec<_>>());
        Ok(())
    });
    let source = system.add("feed", feed).unwrap();
    let composite = system.add("composite", composite).unwrap();
    system.link((&source, "outbox"), (&composite, "inbox")).unwrap();
    system.link((&source, "signal"), (&composite, "control")).unwrap();
    for number in 0..100 {
        numbers.send(number).await.unwrap();
    }
    drop(numbers);
    source.start();
    assert_eq!(soon("the end", composite.start().ended()).await, State::Finished);
}

#[tokio::test]
async fn what_an_unlinked_child_leaves_comes_back_before_what_came_later() {
    let system = System::new("test");
    let (numbers, feed) = feed(100);
    let composite = run(|mut boxes: In<u32>, ctx: Context| async move {
        // Takes one when it is told to stop, and leaves the rest.
        let lazy = ctx.add(
            "lazy",
            run(|mut boxes: In<u32>, ctx: Context| async move {
                ctx.stopped().await;
                boxes.inbox.recv().await?;
                Ok(())
            }),
        )?;
        let inward = ctx.system().pass_inward((ctx.id(), "inbox"), (&lazy, "inbox"))?;
        let lazy = lazy.start();
        settle().await;
        inward.unlink().await;
        settle().await;
        assert_eq!(boxes.inbox.len(), 36, "what did not fit into the child's inbox");
        lazy.stop(Stop::ProducerFinished);
        lazy.ended().await;
        let mut rest = Vec::new();
        while let Some(number) = boxes.inbox.recv().await? {
            rest.push(number);
        }
        assert_eq!(rest, (1..100).collect::<Vec<_>>());
        Ok(())
    });
    let source = system.add("feed", feed).unwrap();
    let composite = system.add("composite", composite).unwrap();
    system.link((&source, "outbox"), (&composite, "inbox")).unwrap();
    system.link((&source, "signal"), (&composite, "control")).unwrap();
    for number in 0..100 {
        numbers.send(number).await.unwrap();
    }
    drop(numbers);
    source.start();
    assert_eq!(soon("the end", composite.start().ended()).await, State::Finished);
}
