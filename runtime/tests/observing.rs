//! What an observer is told, and that the description is always what the events add up to.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axonscope_runtime::{
    AlreadyObserved, ComponentId, Event, LinkageId, Observer, Out, Pipeline, PostboxId, State, System, Visit,
    library::Transformer,
};
use proptest::prelude::*;
use support::{Two, feed, run, settle, soon, tell};

/// Everything that exists, from events alone; complains of what does not fit.
#[derive(Clone, PartialEq, Debug, Default)]
struct Model {
    number: u64,
    components: BTreeMap<ComponentId, (Option<ComponentId>, State)>,
    postboxes: BTreeMap<PostboxId, ComponentId>,
    linkages: BTreeMap<LinkageId, (PostboxId, PostboxId)>,
}

impl Model {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::ComponentAdded(info) => {
                assert!(info.parent.is_none_or(|parent| self.components.contains_key(&parent)));
                assert!(self.components.insert(info.id, (info.parent, State::Starting)).is_none());
            }
            Event::StateChanged(id, state) => self.components.get_mut(id).unwrap().1 = state.clone(),
            Event::ComponentRemoved(id) => {
                assert!(self.components.remove(id).is_some());
                assert!(!self.components.values().any(|(parent, _)| *parent == Some(*id)), "children go first");
                self.postboxes.retain(|_, owner| owner != id);
                self.check_linkages();
            }
            Event::PostboxAdded(info) => {
                assert!(self.components.contains_key(&info.owner));
                assert!(self.postboxes.insert(info.id, info.owner).is_none());
            }
            Event::PostboxRemoved(id) => {
                assert!(self.postboxes.remove(id).is_some());
                self.check_linkages();
            }
            Event::Linked(info) => {
                assert!(self.linkages.values().all(|(source, _)| *source != info.source), "a second way out");
                assert!(self.linkages.insert(info.id, (info.source, info.sink)).is_none());
                self.check_linkages();
            }
            Event::Unlinked(id) => assert!(self.linkages.remove(id).is_some()),
        }
    }

    fn check_linkages(&self) {
        for (source, sink) in self.linkages.values() {
            assert!(self.postboxes.contains_key(source) && self.postboxes.contains_key(sink), "linkages go first");
        }
    }

    /// What the system says of itself, page by page.
    fn of(system: &System, page: usize) -> Self {
        let mut model = Self::default();
        let mut cursor = None;
        let mut first = true;
        loop {
            let (description, next) = system.describe_from(cursor, page);
            if first {
                model.number = description.event_number;
            }
            first = false;
            for (info, state) in description.components.iter().zip(&description.states) {
                assert!(info.parent.is_none_or(|parent| model.components.contains_key(&parent)), "parents come first");
                model.components.insert(info.id, (info.parent, state.clone()));
            }
            model.postboxes.extend(description.postboxes.iter().map(|info| (info.id, info.owner)));
            model.linkages.extend(description.linkages.iter().map(|info| (info.id, (info.source, info.sink))));
            cursor = next;
            if cursor.is_none() {
                return model;
            }
        }
    }
}

#[derive(Default)]
struct Recorder(Mutex<Model>);

impl Observer for Recorder {
    fn on_event(&self, number: u64, event: &Event) {
        let mut model = self.0.lock().unwrap();
        assert!(model.number == 0 || number == model.number + 1, "{number} after {}", model.number);
        model.number = number;
        model.apply(event);
    }
}

impl Recorder {
    fn model(&self) -> Model {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn events_add_up_to_the_description_while_components_come_and_go() {
    let system = System::new("test");
    let recorder = Arc::new(Recorder::default());
    system.observe(recorder.clone()).unwrap();
    let (input, source) = feed(4);
    let (sink, mut output) = tell(4);
    let double = Transformer::new(|n: u32| n * 2);
    let pipeline = Pipeline::new().stage("source", source).stage("double", double).stage("sink", sink);
    let pipeline = system.add("pipeline", pipeline).unwrap();
    assert_eq!(recorder.model(), Model::of(&system, 1));
    pipeline.start();
    input.send(1).await.unwrap();
    assert_eq!(soon("the message", output.recv()).await, Some(2));
    assert_eq!(recorder.model(), Model::of(&system, 2));
    let fails = run(|_: (), _| async { panic!("as it should") });
    system.add("fails", fails).unwrap().start().ended().await;
    assert_eq!(recorder.model(), Model::of(&system, 3));
    drop(input);
    soon("the end", system.finished()).await;
    assert_eq!(recorder.model(), Model::of(&system, 100));
    assert_eq!(recorder.model().components.len(), 1, "the one that failed");
}

#[tokio::test]
async fn there_is_one_observer_at_a_time() {
    let system = System::new("test");
    let first = Arc::new(Recorder::default());
    system.observe(first.clone()).unwrap();
    assert_eq!(system.observe(Arc::new(Recorder::default())), Err(AlreadyObserved));
    drop(system.add("one", Transformer::new(|n: u32| n)).unwrap());
    system.unobserve();
    let told = first.model().number;
    drop(system.add("two", Transformer::new(|n: u32| n)).unwrap());
    assert_eq!(first.model().number, told);
    let second = Arc::new(Recorder::default());
    system.observe(second.clone()).unwrap();
    drop(system.add("three", Transformer::new(|n: u32| n)).unwrap());
    assert_eq!(second.model().number, system.describe().event_number, "numbers go on where nobody looked");
}

#[tokio::test]
async fn a_walk_over_activity_comes_past_everything_once() {
    let system = System::new("test");
    let kept: Vec<_> = (0..10).map(|_| system.add("one", Transformer::new(|n: u32| n)).unwrap()).collect();
    for page in [1, 3, 10, 5000] {
        let (mut components, mut postboxes) = (Vec::new(), Vec::new());
        let mut cursor = None;
        loop {
            cursor = system.visit_activity(cursor, page, |visit| match visit {
                Visit::Component(id, _) => components.push(id),
                Visit::Postbox(reading) => postboxes.push((components.len(), reading.id)),
            });
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(components, kept.iter().map(|one| one.id()).collect::<Vec<_>>());
        let description = system.describe();
        let position = |owner| 1 + components.iter().position(|&id| id == owner).unwrap();
        let described: Vec<_> = description.postboxes.iter().map(|info| (position(info.owner), info.id)).collect();
        assert_eq!(postboxes, described);
        assert_eq!(postboxes.len(), 40);
    }
}

#[tokio::test]
async fn polls_and_busy_time_are_measured() {
    let system = System::new("test");
    system.observe(Arc::new(Recorder::default())).unwrap();
    let inside = Arc::new(Mutex::new(None));
    let activity = inside.clone();
    let busy = run(move |_: (), ctx: axonscope_runtime::Context| async move {
        let description = ctx.system().describe();
        let own = description.components[0].activity.clone();
        assert_ne!(own.poll_started_at.load(Ordering::Relaxed), 0);
        *activity.lock().unwrap() = Some(own);
        std::thread::sleep(Duration::from_millis(5));
        tokio::task::yield_now().await;
        Ok(())
    });
    system.add("busy", busy).unwrap().start().ended().await;
    settle().await;
    let activity = inside.lock().unwrap().clone().unwrap();
    assert_eq!(activity.polls.load(Ordering::Relaxed), 2);
    assert!(activity.busy_ns.load(Ordering::Relaxed) >= 5_000_000);
    assert_eq!(activity.poll_started_at.load(Ordering::Relaxed), 0);
    assert_ne!(activity.last_active_at.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_description_names_everything() {
    let system = System::new("test");
    let one = run(|_: Two<Vec<String>>, _| async { Ok(()) });
    let one = system.add("one", one).unwrap();
    let description = system.describe();
    assert_eq!(&*description.components[0].type_name, "Run");
    assert_eq!(description.states, [State::Starting]);
    let boxes: Vec<_> =
        description.postboxes.iter().map(|info| (info.kind.to_string(), &*info.name, &*info.message_type)).collect();
    let strings = "Vec<String>";
    assert_eq!(
        boxes,
        [
            ("inbox".into(), "control", "Stop"),
            ("outbox".into(), "signal", "Stop"),
            ("inbox".into(), "first", strings),
            ("inbox".into(), "second", strings),
            ("outbox".into(), "left", strings),
            ("outbox".into(), "right", strings),
        ]
    );
    assert_eq!(description.postboxes[2].capacity, Some(64));
    drop(one);
}

/// What may be done to a few components, each with two inboxes and two outboxes.
#[derive(Clone, Debug)]
enum Step {
    Link(usize, bool, usize, bool),
    Unlink(usize),
    Relink(usize, usize, bool),
    Send(usize, bool),
    Receive(usize, bool),
    End(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = 0..4usize;
    let step = prop_oneof![
        3 => (one.clone(), any::<bool>(), one.clone(), any::<bool>()).prop_map(|(a, b, c, d)| Step::Link(a, b, c, d)),
        1 => (0..8usize).prop_map(Step::Unlink),
        2 => (0..8usize, one.clone(), any::<bool>()).prop_map(|(a, b, c)| Step::Relink(a, b, c)),
        12 => (one.clone(), any::<bool>()).prop_map(|(a, b)| Step::Send(a, b)),
        6 => (one.clone(), any::<bool>()).prop_map(|(a, b)| Step::Receive(a, b)),
        1 => one.prop_map(Step::End),
    ];
    proptest::collection::vec(step, 1..200)
}

/// A message: which outbox sent it, and its number there.
type Sent = (PostboxId, u64);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Messages that were sent are received, waiting, or counted as dropped: each once; and those that came by one
    /// outbox leave each inbox in the order they were sent.
    #[test]
    fn any_sequence_of_steps_keeps_every_message_once_and_in_order(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}

async fn play(steps: Vec<Step>) {
    let system = System::new("test");
    let recorder = Arc::new(Recorder::default());
    system.observe(recorder.clone()).unwrap();
    // Each component gives its boxes away, so that the test can play all of them.
    let mut boxes: Vec<Option<Two<Sent>>> = Vec::new();
    let mut handles = Vec::new();
    let (give, mut take) = tokio::sync::mpsc::channel(1);
    for _ in 0..4 {
        let give = give.clone();
        let one = run(move |boxes: Two<Sent>, ctx: axonscope_runtime::Context| async move {
            let _ = give.send(boxes).await;
            ctx.shutdown().await;
            Ok(())
        });
        handles.push(system.add("one", one).unwrap().start());
        boxes.push(take.recv().await);
    }
    let activities: Vec<_> = system.describe().postboxes.iter().map(|info| info.activity.clone()).collect();
    let mut linkages = Vec::new();
    let mut numbers: HashMap<PostboxId, u64> = HashMap::new();
    let mut last: HashMap<(PostboxId, PostboxId), u64> = HashMap::new();
    let (mut sent, mut received) = (0, BTreeSet::new());
    for step in steps {
        match step {
            Step::Link(from, left, to, first) => {
                let source = (&handles[from], if left { "left" } else { "right" });
                let sink = (&handles[to], if first { "first" } else { "second" });
                linkages.extend(system.link(source, sink).ok());
            }
            Step::Unlink(which) if which < linkages.len() => linkages.swap_remove(which).unlink().await,
            Step::Relink(which, to, first) if which < linkages.len() => {
                let sink = (&handles[to], if first { "first" } else { "second" });
                let moved = linkages.swap_remove(which).relink(sink);
                linkages.extend(moved.ok());
            }
            Step::Send(from, left) => {
                let Some(boxes) = &mut boxes[from] else { continue };
                let outbox = if left { &mut boxes.left } else { &mut boxes.right };
                let number = numbers.entry(outbox.id()).or_default();
                if outbox.try_send((outbox.id(), *number)).is_ok() {
                    *number += 1;
                    sent += 1;
                }
            }
            Step::Receive(to, first) => {
                let Some(boxes) = &mut boxes[to] else { continue };
                let inbox = if first { &mut boxes.first } else { &mut boxes.second };
                if let Some((outbox, number)) = inbox.try_recv() {
                    assert!(received.insert((outbox, number)), "doubled");
                    let before = last.insert((outbox, inbox.id()), number);
                    assert!(before < Some(number), "reordered");
                }
            }
            Step::End(which) => {
                boxes[which] = None;
                handles[which].stop(axonscope_runtime::Stop::Shutdown);
                handles[which].ended().await;
            }
            Step::Unlink(_) | Step::Relink(..) => {}
        }
    }
    assert_eq!(recorder.model(), Model::of(&system, 3));
    let total =
        |count: fn(&axonscope_runtime::PostboxActivity) -> u64| activities.iter().map(|a| count(a)).sum::<u64>();
    let waiting = total(|activity| u64::from(activity.depth.load(Ordering::Relaxed)));
    let dropped = total(|activity| activity.dropped.load(Ordering::Relaxed));
    assert_eq!(sent, received.len() as u64 + waiting + dropped);
    boxes.clear();
    system.shutdown().await;
    assert_eq!(recorder.model(), Model::of(&system, 3));
}

#[tokio::test]
async fn an_observer_that_comes_late_catches_up() {
    let system = System::new("test");
    let source = run(|mut boxes: Out<u32>, ctx: axonscope_runtime::Context| async move {
        boxes.outbox.send(1).await?;
        Err(ctx.shutdown().await.into())
    });
    let (sink, _output) = tell(4);
    system.add("whole", Pipeline::new().stage("source", source).stage("sink", sink)).unwrap().start();
    settle().await;
    let recorder = Arc::new(Recorder(Mutex::new(Model::of(&system, 2))));
    system.observe(recorder.clone()).unwrap();
    system.shutdown().await;
    assert_eq!(recorder.model(), Model::of(&system, 2));
}
