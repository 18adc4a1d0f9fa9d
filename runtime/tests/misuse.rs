//! Nothing that users of the public functions do makes those panic: wrong names, ids of what is gone, the same thing
//! twice, and all that from two threads at once.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Mutex;
use std::task::{Context as Polling, Waker};

use axonscope_runtime::{
    At, ComponentHandle, ComponentId, Cursor, Inbox, InboxSpec, LinkError, Linkage, Outbox, OutboxSpec, PostboxId,
    Stop, System, Unstarted, WhenFull, WhenUnlinked,
};
use proptest::prelude::*;
use support::{declared, model::Model};

/// What a user may try. Numbers choose among all that there has ever been, and begin again at 0 if too large.
#[derive(Clone, Debug)]
enum Try {
    Add(String, Spec),
    Start(usize),
    Forget(usize),
    Join(Kind, Where, Where),
    Relink(usize, Where),
    Unlink(usize),
    Stop(usize, bool),
    /// Polls a send once; then it is dropped, or forgotten.
    Send(usize, bool),
    Receive(usize),
    DropBoxes(usize),
    Offer(String, usize),
    Describe(usize),
}

/// How the boxes of a component are declared.
#[derive(Clone, Debug)]
struct Spec {
    inbox: String,
    outbox: String,
    bound: u32,
    when_full: WhenFull,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Direct,
    Inward,
    Outward,
}

#[derive(Clone, Debug)]
enum Where {
    Id(usize),
    Of(usize, String),
    Path(String),
}

/// Names that are used, that nearly are, and any others.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("inbox".to_owned()),
        Just("outbox".to_owned()),
        Just("control".to_owned()),
        Just("signal".to_owned()),
        "[a./# ]{0,4}",
        any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (name(), name()).prop_map(|(component, postbox)| format!("{component}.{postbox}")),
        1 => (name(), name(), name()).prop_map(|(outer, inner, postbox)| format!("/{outer}/{inner}.{postbox}")),
        1 => name(),
    ]
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let any_place = || {
        prop_oneof![
            4 => any::<usize>().prop_map(Where::Id),
            2 => (any::<usize>(), name()).prop_map(|(component, name)| Where::Of(component, name)),
            2 => path().prop_map(Where::Path),
        ]
    };
    let when_full = prop_oneof![Just(WhenFull::Wait), Just(WhenFull::DropOldest), Just(WhenFull::DropNewest)];
    let bound = prop_oneof![Just(0), Just(1), Just(2), Just(u32::MAX)];
    let spec = (name(), name(), bound, when_full).prop_map(|(inbox, outbox, bound, when_full)| Spec {
        inbox,
        outbox,
        bound,
        when_full,
    });
    let kind = prop_oneof![3 => Just(Kind::Direct), 1 => Just(Kind::Inward), 1 => Just(Kind::Outward)];
    let one = prop_oneof![
        4 => (name(), spec).prop_map(|(name, spec)| Try::Add(name, spec)),
        2 => any::<usize>().prop_map(Try::Start),
        1 => any::<usize>().prop_map(Try::Forget),
        12 => (kind, any_place(), any_place()).prop_map(|(kind, source, sink)| Try::Join(kind, source, sink)),
        4 => (any::<usize>(), any_place()).prop_map(|(which, sink)| Try::Relink(which, sink)),
        3 => any::<usize>().prop_map(Try::Unlink),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(which, shutdown)| Try::Stop(which, shutdown)),
        12 => (any::<usize>(), any::<bool>()).prop_map(|(which, forgets)| Try::Send(which, forgets)),
        6 => any::<usize>().prop_map(Try::Receive),
        1 => any::<usize>().prop_map(Try::DropBoxes),
        1 => (name(), any::<usize>()).prop_map(|(name, which)| Try::Offer(name, which)),
        2 => any::<usize>().prop_map(Try::Describe),
    ];
    proptest::collection::vec(one, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn two_hostile_users_make_nothing_panic(one in tries(), other in tries()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let system = System::new("test");
        let known = Mutex::new(Known::default());
        std::thread::scope(|scope| {
            let (system, known, runtime) = (&system, &known, &runtime);
            for tries in [&one, &other] {
                scope.spawn(move || {
                    let _inside = runtime.enter();
                    for one in tries {
                        attempt(system, known, one);
                    }
                });
            }
        });
        Model::of(&system, 7);
        drop(known);
        runtime.block_on(system.shutdown());
        assert!(Model::of(&system, 7).linkages.is_empty());
    }
}

/// Everything that anybody has come by, much of which is gone.
#[derive(Default)]
struct Known {
    components: Vec<ComponentId>,
    postboxes: Vec<PostboxId>,
    unstarted: Vec<Unstarted>,
    handles: Vec<ComponentHandle>,
    linkages: Vec<Linkage>,
    boxes: Vec<(Inbox<String>, Outbox<String>)>,
    cursor: Option<Cursor>,
}

fn pick<T>(from: &[T], which: usize) -> Option<&T> {
    from.get(which % from.len().max(1))
}

fn pull<T>(from: &mut Vec<T>, which: usize) -> Option<T> {
    if from.is_empty() { None } else { Some(from.swap_remove(which % from.len())) }
}

fn attempt(system: &System, known: &Mutex<Known>, one: &Try) {
    // Whatever is done to the system is done without the lock, so that the two are in each other's way.
    let know = || known.lock().unwrap();
    match one {
        Try::Add(name, spec) => {
            let (give, take) = std::sync::mpsc::sync_channel(1);
            let spec = spec.clone();
            let component = declared(move |declare| {
                let inbox = InboxSpec::new(spec.inbox).capacity(spec.bound).when_full(spec.when_full);
                let outbox = OutboxSpec::new(spec.outbox).when_unlinked(WhenUnlinked::Hold(spec.bound));
                let _ = give.send((declare.inbox(inbox), declare.outbox(outbox)));
            });
            let Ok(added) = system.add(name.clone(), component) else { return };
            let boxes = take.recv().unwrap();
            let mut known = know();
            known.components.push(added.id());
            let description = system.describe();
            known
                .postboxes
                .extend(description.postboxes.iter().filter(|info| info.owner == added.id()).map(|info| info.id));
            known.unstarted.push(added);
            known.boxes.push(boxes);
        }
        Try::Start(which) => {
            let one = pull(&mut know().unstarted, *which);
            if let Some(one) = one {
                let handle = one.start();
                know().handles.push(handle);
            }
        }
        Try::Forget(which) => {
            let one = pull(&mut know().unstarted, *which);
            drop(one);
        }
        Try::Join(kind, source, sink) => {
            let joined = at(known, source, |source| {
                at(known, sink, |sink| match kind {
                    Kind::Direct => system.link(source, sink),
                    Kind::Inward => system.pass_inward(source, sink),
                    Kind::Outward => system.pass_outward(source, sink),
                })
            });
            know().linkages.extend(joined.map_err(|error| error.to_string()));
        }
        Try::Relink(which, sink) => {
            let linkage = pick(&know().linkages, *which).cloned();
            if let Some(linkage) = linkage {
                let moved = at(known, sink, |sink| linkage.relink(sink));
                know().linkages.extend(moved.map_err(|error| error.to_string()));
            }
        }
        Try::Unlink(which) => {
            let linkage = pick(&know().linkages, *which).cloned();
            if let Some(linkage) = linkage {
                let mut unlink = std::pin::pin!(linkage.unlink());
                assert!(unlink.as_mut().poll(&mut Polling::from_waker(Waker::noop())).is_ready());
            }
        }
        Try::Stop(which, shutdown) => {
            let handle = pick(&know().handles, *which).cloned();
            if let Some(handle) = handle {
                handle.stop(if *shutdown { Stop::Shutdown } else { Stop::ProducerFinished });
                handle.condition();
            }
        }
        Try::Send(which, forgets) => {
            let boxes = pull(&mut know().boxes, *which);
            if let Some((inbox, mut outbox)) = boxes {
                let mut send = Box::pin(outbox.send("message".into()));
                let _ = send.as_mut().poll(&mut Polling::from_waker(Waker::noop()));
                if *forgets {
                    std::mem::forget(send);
                } else {
                    drop(send);
                }
                let _ = outbox.try_send("another".into());
                know().boxes.push((inbox, outbox));
            }
        }
        Try::Receive(which) => {
            let boxes = pull(&mut know().boxes, *which);
            if let Some((mut inbox, outbox)) = boxes {
                let _ = inbox.poll_recv(&mut Polling::from_waker(Waker::noop()));
                inbox.try_recv();
                know().boxes.push((inbox, outbox));
            }
        }
        Try::DropBoxes(which) => {
            let boxes = pull(&mut know().boxes, *which);
            drop(boxes);
        }
        Try::Offer(name, which) => {
            let postbox = pick(&know().postboxes, *which).copied();
            if let Some(postbox) = postbox {
                let _ = system.services().register(name, postbox);
                let _ = system.services().find(name);
            }
        }
        Try::Describe(limit) => {
            let cursor = know().cursor;
            let (_, next) = system.describe_from(cursor, *limit);
            know().cursor = next;
            system.visit_activity(next, *limit, |_| ());
            let component = pick(&know().components, *limit).copied();
            component.map(|component| system.condition(component));
        }
    }
}

fn at(
    known: &Mutex<Known>,
    place: &Where,
    use_it: impl FnOnce(At<'_>) -> Result<Linkage, LinkError>,
) -> Result<Linkage, LinkError> {
    let gone = || At::Path("nothing");
    let place = match place {
        Where::Id(which) => pick(&known.lock().unwrap().postboxes, *which).map_or_else(gone, |&id| At::Id(id)),
        Where::Of(which, name) => {
            pick(&known.lock().unwrap().components, *which).map_or_else(gone, |&id| At::Of(id, name))
        }
        Where::Path(path) => At::Path(path),
    };
    use_it(place)
}
