//! Any sequence of steps: messages are neither lost beyond the declared policies, which count, nor doubled, nor reordered
//! on one linkage, and the description is always what the events add up to.
//!
//! What a child leaves to its composite comes back before what waits there, but may come after what was taken
//! meanwhile; so order is asked of messages that were sent since the last time that could happen.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Polling, Poll, Wake, Waker};

use axonscope_runtime::{
    Boxes, ComponentHandle, Context, Declare, Event, Failure, Inbox, InboxSpec, Linkage, LinkageId, LinkageInfo,
    Observer, Outbox, OutboxSpec, PostboxId, PostboxKind, PostboxMeter, Stop, System, WhenFull, WhenUnlinked,
};
use proptest::prelude::*;
use support::model::{Model, Recorder};
use support::{run, soon};
use tokio::sync::{mpsc, oneshot};

/// What may be done. Players, boxes and linkages are counted; a number that is too large begins again at 0.
#[derive(Clone, Copy, Debug)]
enum Step {
    Link(Box, Box),
    /// From an inbox of a composite to one of its child, by the number of the child.
    PassInward(usize, usize, usize),
    /// From an outbox of a child, by its number, to one of its composite.
    PassOutward(usize, usize, usize),
    /// From a signal to a control.
    LinkStop(usize, usize),
    Unlink(usize),
    Relink(usize, Box),
    TrySend(Box),
    /// Waits, if it must, while other steps are taken.
    Send(Box),
    /// Drops the send that waits there.
    GiveUp(Box),
    Receive(Box),
    AddInbox(usize, usize),
    AddOutbox(usize, usize),
    RemoveInbox(Box),
    RemoveOutbox(Box),
    Latch(usize, bool),
    Signal(usize),
    /// How a player ends: whether it fails, and whether its boxes are dropped only afterwards.
    End(usize, bool, bool),
}

/// A player and one of its boxes.
type Box = (usize, usize);

/// Who is whose child: composites three deep, and some without.
const PARENTS: [Option<usize>; 7] = [None, None, None, None, Some(3), Some(4), Some(3)];
const FIRST_CHILD: usize = 4;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    let player = || 0..PARENTS.len();
    let at = || (0..PARENTS.len(), 0..4usize);
    let child = || FIRST_CHILD..PARENTS.len();
    let step = prop_oneof![
        12 => (at(), at()).prop_map(|(from, to)| Link(from, to)),
        6 => (child(), 0..4usize, 0..4usize).prop_map(|(child, outer, inner)| PassInward(child, outer, inner)),
        4 => (child(), 0..4usize, 0..4usize).prop_map(|(child, inner, outer)| PassOutward(child, inner, outer)),
        1 => (player(), player()).prop_map(|(from, to)| LinkStop(from, to)),
        5 => (0..20usize).prop_map(Unlink),
        8 => (0..20usize, at()).prop_map(|(which, to)| Relink(which, to)),
        15 => at().prop_map(TrySend),
        40 => at().prop_map(Send),
        3 => at().prop_map(GiveUp),
        25 => at().prop_map(Receive),
        1 => (player(), 0..3usize).prop_map(|(player, policy)| AddInbox(player, policy)),
        1 => (player(), 0..3usize).prop_map(|(player, policy)| AddOutbox(player, policy)),
        1 => at().prop_map(RemoveInbox),
        1 => at().prop_map(RemoveOutbox),
        1 => (player(), any::<bool>()).prop_map(|(player, shutdown)| Latch(player, shutdown)),
        1 => player().prop_map(Signal),
        1 => (player(), any::<bool>(), any::<bool>()).prop_map(|(player, fails, keeps)| End(player, fails, keeps)),
    ];
    proptest::collection::vec(step, 1..250)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_sequence_of_steps_keeps_every_message_once_and_in_order(steps in steps()) {
        check(&steps);
    }
}

fn check(steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut play = Play::new().await;
        for &step in steps {
            play.take(step).await;
            // Tasks run, and what may be done without a pause begins anew.
            tokio::task::yield_now().await;
            play.go_on();
            play.check();
        }
        play.end().await;
    });
}

/// Which outbox sent it, and its number there.
type Message = (PostboxId, u64);

/// The inboxes and outboxes that each player begins with.
struct Own {
    inboxes: Vec<Inbox<Message>>,
    outboxes: Vec<Outbox<Message>>,
}

impl Boxes for Own {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self {
            inboxes: (0..2).map(|policy| declare.inbox(inbox_spec(policy, policy))).collect(),
            outboxes: (0..2).map(|policy| declare.outbox(outbox_spec(policy, policy))).collect(),
        }
    }
}

fn inbox_spec(index: usize, policy: usize) -> InboxSpec {
    let when_full = [WhenFull::Wait, WhenFull::DropOldest, WhenFull::DropNewest][policy];
    InboxSpec::new(format!("inbox {index}")).capacity(2).when_full(when_full)
}

fn outbox_spec(index: usize, policy: usize) -> OutboxSpec {
    let when_unlinked = [WhenUnlinked::Drop, WhenUnlinked::Hold(2), WhenUnlinked::Hold(1)][policy];
    OutboxSpec::new(format!("outbox {index}")).when_unlinked(when_unlinked)
}

/// A component whose boxes and context the test has in its hands.
struct Player {
    handle: ComponentHandle,
    ctx: Context,
    inboxes: Vec<Inbox<Message>>,
    outboxes: Vec<Out>,
    end: oneshot::Sender<bool>,
}

struct Out {
    id: PostboxId,
    outbox: Option<Outbox<Message>>,
    /// Has the outbox meanwhile.
    waits: Option<Waits>,
}

/// A send that waits.
struct Waits {
    number: u64,
    /// Gives the outbox back, and says whether the message was taken.
    send: Pin<std::boxed::Box<dyn Future<Output = (Outbox<Message>, bool)>>>,
    give_up: oneshot::Sender<()>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Records, and keeps the totals of postboxes that are gone.
#[derive(Default)]
struct Seen {
    recorder: Recorder,
    meters: Mutex<HashMap<PostboxId, PostboxMeter>>,
    kinds: Mutex<HashMap<PostboxId, PostboxKind>>,
    ways: Mutex<HashMap<PostboxId, LinkageInfo>>,
}

impl Observer for Seen {
    fn on_event(&self, number: u64, event: &Event) {
        self.recorder.on_event(number, event);
        match event {
            Event::PostboxAdded(info) => {
                self.meters.lock().unwrap().insert(info.id, info.activity.clone());
                self.kinds.lock().unwrap().insert(info.id, info.kind);
            }
            Event::Linked(info) => drop(self.ways.lock().unwrap().insert(info.source, *info)),
            Event::Unlinked(id) => self.ways.lock().unwrap().retain(|_, info| info.id != *id),
            _ => {}
        }
    }
}

impl Seen {
    /// The linkages from an outbox to the first inbox; none if they lead to none.
    fn path(&self, outbox: PostboxId) -> Option<Vec<LinkageId>> {
        let (kinds, ways) = (self.kinds.lock().unwrap(), self.ways.lock().unwrap());
        let (mut path, mut end) = (Vec::new(), outbox);
        while kinds[&end] == PostboxKind::Outbox {
            let way = ways.get(&end)?;
            path.push(way.id);
            end = way.sink;
        }
        Some(path)
    }
}

struct Play {
    system: System,
    seen: Arc<Seen>,
    players: Vec<Option<Player>>,
    linkages: Vec<Linkage>,
    numbers: HashMap<PostboxId, u64>,
    /// Messages whose fate has been decided, if only by leaving them to an outbox that holds.
    sent: u64,
    /// By which linkages it went, and in which era; none while it is held.
    went: HashMap<Message, Option<(Vec<LinkageId>, u32)>>,
    received: BTreeSet<Message>,
    last: HashMap<(PostboxId, PostboxId, Vec<LinkageId>), u64>,
    /// Inboxes that drop when they are full.
    may_drop: BTreeSet<PostboxId>,
    /// How often something may have come back to a composite.
    era: u32,
}

impl Play {
    async fn new() -> Self {
        let system = System::new("test");
        let seen = Arc::new(Seen::default());
        system.observe(seen.clone()).unwrap();
        let mut players: Vec<Option<Player>> = Vec::new();
        let mut may_drop = BTreeSet::new();
        for parent in PARENTS {
            let (give, mut take) = mpsc::channel(1);
            let (end, ends) = oneshot::channel();
            let player = run(move |boxes: Own, ctx: Context| async move {
                let _ = give.send((boxes, ctx)).await;
                if ends.await == Ok(true) { Err(Failure::new("as it should")) } else { Ok(()) }
            });
            let added = match parent.and_then(|parent| players[parent].as_ref()) {
                Some(parent) => parent.ctx.add("player", player),
                None => system.add("player", player),
            };
            let handle = added.unwrap().start();
            let (Own { inboxes, outboxes }, ctx) = soon("the boxes", take.recv()).await.unwrap();
            let outboxes = outboxes.into_iter().map(Out::from).collect();
            may_drop.insert(inboxes[1].id());
            players.push(Some(Player { handle, ctx, inboxes, outboxes, end }));
        }
        Self {
            system,
            seen,
            players,
            linkages: Vec::new(),
            numbers: HashMap::new(),
            sent: 0,
            went: HashMap::new(),
            received: BTreeSet::new(),
            last: HashMap::new(),
            may_drop,
            era: 0,
        }
    }

    fn inbox(&mut self, (player, index): Box) -> Option<&mut Inbox<Message>> {
        let inboxes = &mut self.players[player].as_mut()?.inboxes;
        let count = inboxes.len().max(1);
        inboxes.get_mut(index % count)
    }

    fn out(&mut self, (player, index): Box) -> Option<&mut Out> {
        let outboxes = &mut self.players[player].as_mut()?.outboxes;
        let count = outboxes.len().max(1);
        outboxes.get_mut(index % count)
    }

    fn inbox_id(&mut self, at: Box) -> Option<PostboxId> {
        self.inbox(at).map(|inbox| inbox.id())
    }

    fn outbox_id(&mut self, at: Box) -> Option<PostboxId> {
        self.out(at).map(|out| out.id)
    }

    async fn take(&mut self, step: Step) {
        // None where the step makes no sense any more.
        let _ = self.try_take(step).await;
    }

    async fn try_take(&mut self, step: Step) -> Option<()> {
        match step {
            Step::Link(from, to) => {
                let (source, sink) = (self.outbox_id(from)?, self.inbox_id(to)?);
                self.linkages.extend(self.system.link(source, sink));
            }
            Step::PassInward(child, outer, inner) => {
                let (source, sink) = (self.inbox_id((PARENTS[child]?, outer))?, self.inbox_id((child, inner))?);
                self.linkages.extend(self.system.pass_inward(source, sink));
            }
            Step::PassOutward(child, inner, outer) => {
                let (source, sink) = (self.outbox_id((child, inner))?, self.outbox_id((PARENTS[child]?, outer))?);
                self.linkages.extend(self.system.pass_outward(source, sink));
            }
            Step::LinkStop(from, to) => {
                let from = (&self.players[from].as_ref()?.handle, "signal");
                let to = (&self.players[to].as_ref()?.handle, "control");
                self.linkages.extend(self.system.link(from, to));
            }
            Step::Unlink(which) => {
                let which = which % self.linkages.len().max(1);
                self.linkages.get(which)?;
                self.linkages.swap_remove(which).unlink().await;
            }
            Step::Relink(which, to) => {
                let which = which % self.linkages.len().max(1);
                let (inbox, outbox) = (self.inbox_id(to)?, self.outbox_id(to)?);
                let old = self.linkages.get(which)?.clone();
                let sink_is_outbox = self.seen.kinds.lock().unwrap()[&old.info().sink] == PostboxKind::Outbox;
                // If it does not work, it is as it was.
                if let Ok(new) = old.relink(if sink_is_outbox { outbox } else { inbox }) {
                    self.linkages[which] = new;
                }
            }
            Step::TrySend(from) => {
                let message = self.next_message(from)?;
                let outbox = self.out(from)?.outbox.as_mut()?;
                let done = outbox.try_send(message).is_ok();
                if done {
                    self.went(message);
                }
            }
            Step::Send(from) => {
                let message = self.next_message(from)?;
                let out = self.out(from)?;
                out.waits = Some(Waits::new(out.outbox.take()?, message));
            }
            Step::GiveUp(from) => self.give_up(from)?,
            Step::Receive(to) => {
                let inbox = self.inbox(to)?;
                let (id, message) = (inbox.id(), inbox.try_recv()?);
                self.came(id, message);
            }
            Step::AddInbox(player, policy) => {
                let player = self.players[player].as_mut().filter(|player| player.inboxes.len() < 4)?;
                let added = player.ctx.inbox(inbox_spec(player.inboxes.len() + 2, policy)).ok()?;
                if policy > 0 {
                    self.may_drop.insert(added.id());
                }
                player.inboxes.push(added);
            }
            Step::AddOutbox(player, policy) => {
                let player = self.players[player].as_mut().filter(|player| player.outboxes.len() < 4)?;
                let added = player.ctx.outbox(outbox_spec(player.outboxes.len() + 2, policy));
                player.outboxes.extend(added.map(Out::from));
            }
            Step::RemoveInbox((player, index)) => {
                let id = self.inbox_id((player, index))?;
                let player = self.players[player].as_mut()?;
                let index = player.inboxes.iter().position(|inbox| inbox.id() == id)?;
                player.ctx.remove_inbox(player.inboxes.swap_remove(index));
                self.begin_era();
            }
            Step::RemoveOutbox((player, index)) => {
                let _ = self.give_up((player, index));
                let id = self.outbox_id((player, index))?;
                let player = self.players[player].as_mut()?;
                let index = player.outboxes.iter().position(|out| out.id == id)?;
                player.ctx.remove_outbox(player.outboxes.swap_remove(index).outbox?);
            }
            Step::Latch(player, shutdown) => {
                let stop = if shutdown { Stop::Shutdown } else { Stop::ProducerFinished };
                self.players[player].as_ref()?.handle.stop(stop);
            }
            Step::Signal(player) => self.players[player].as_ref()?.ctx.signal(Stop::ProducerFinished),
            Step::End(player, fails, keeps) => self.end_player(player, fails, keeps).await,
        }
        Some(())
    }

    fn next_message(&mut self, from: Box) -> Option<Message> {
        let id = self.out(from).filter(|out| out.outbox.is_some())?.id;
        let number = self.numbers.entry(id).or_default();
        *number += 1;
        Some((id, *number))
    }

    fn give_up(&mut self, from: Box) -> Option<()> {
        let out = self.out(from)?;
        let waits = out.waits.take()?;
        let _ = waits.give_up.send(());
        let (outbox, went) = match Waits::poll(waits.send) {
            Ok(ready) => ready,
            Err(_) => panic!("a send that is given up ends"),
        };
        assert!(!went);
        out.outbox = Some(outbox);
        self.sent += 1;
        Some(())
    }

    /// Ends a player, and its children before it.
    async fn end_player(&mut self, index: usize, fails: bool, keeps: bool) {
        for (child, parent) in PARENTS.into_iter().enumerate() {
            if parent == Some(index) {
                std::boxed::Box::pin(self.end_player(child, fails, keeps)).await;
            }
        }
        let Some(Player { handle, ctx, inboxes, outboxes, end }) = self.players[index].take() else { return };
        // What a send that waits has in its hands is dropped with it, and counted.
        self.sent += outboxes.iter().filter(|out| out.waits.is_some()).count() as u64;
        let kept = keeps.then_some((inboxes, outboxes));
        let _ = end.send(fails);
        soon("its end", handle.ended()).await;
        if let Some((mut inboxes, _)) = kept {
            // Nobody waits for ever at an inbox that outlives its component.
            for inbox in &mut inboxes {
                assert!(inbox.poll_recv(&mut Polling::from_waker(Waker::noop())).is_ready());
            }
        }
        // A context that outlives its component can do no harm.
        let _ = ctx.inbox::<Message>("late");
        self.begin_era();
    }

    fn begin_era(&mut self) {
        self.era += 1;
        self.last.clear();
    }

    fn went(&mut self, message: Message) {
        self.sent += 1;
        let path = self.seen.path(message.0);
        self.went.insert(message, path.map(|path| (path, self.era)));
    }

    fn came(&mut self, inbox: PostboxId, message: Message) {
        assert!(self.received.insert(message), "doubled");
        let (outbox, number) = message;
        let (path, era) = self.went[&message].clone().expect("it has left its outbox");
        if era == self.era {
            let before = self.last.insert((outbox, inbox, path), number);
            assert!(before < Some(number), "reordered: {before:?} before {number}");
        }
    }

    /// Whoever waits and has been woken goes on.
    fn go_on(&mut self) {
        // What was held has left, if there is a way.
        for (message, way) in &mut self.went {
            if way.is_none() {
                *way = self.seen.path(message.0).map(|path| (path, self.era));
            }
        }
        let mut decided = Vec::new();
        for out in self.players.iter_mut().flatten().flat_map(|player| &mut player.outboxes) {
            while let Some(waits) = out.waits.take_if(|waits| waits.woken.0.swap(false, Ordering::Relaxed)) {
                let (id, number) = (out.id, waits.number);
                match waits.go_on() {
                    Ok((outbox, went)) => {
                        out.outbox = Some(outbox);
                        decided.push(((id, number), went));
                    }
                    Err(waits) => out.waits = Some(waits),
                }
            }
        }
        for (message, went) in decided {
            if went {
                self.went(message);
            } else {
                self.sent += 1;
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.seen.recorder.model(), Model::of(&self.system, 3));
        let meters = self.seen.meters.lock().unwrap();
        let waiting: u64 = meters.values().map(|meter| u64::from(meter.depth.load(Ordering::Relaxed))).sum();
        let dropped: u64 = meters.values().map(|meter| meter.dropped.load(Ordering::Relaxed)).sum();
        assert_eq!(self.sent, self.received.len() as u64 + waiting + dropped);
        for inbox in self.players.iter().flatten().flat_map(|player| &player.inboxes) {
            let dropped = meters[&inbox.id()].dropped.load(Ordering::Relaxed);
            assert!(dropped == 0 || self.may_drop.contains(&inbox.id()));
        }
    }

    async fn end(mut self) {
        // Whoever was not woken could not have gone on.
        for out in self.players.iter_mut().flatten().flat_map(|player| &mut player.outboxes) {
            if let Some(waits) = &mut out.waits {
                assert!(waits.send.as_mut().poll(&mut Polling::from_waker(Waker::noop())).is_pending());
            }
        }
        for player in 0..PARENTS.len() {
            self.end_player(player, false, false).await;
        }
        self.check();
        self.system.shutdown().await;
        self.check();
    }
}

// === impl Out, Waits ===

impl From<Outbox<Message>> for Out {
    fn from(outbox: Outbox<Message>) -> Self {
        Self { id: outbox.id(), outbox: Some(outbox), waits: None }
    }
}

impl Waits {
    /// It begins when it is first asked to go on.
    fn new(mut outbox: Outbox<Message>, message: Message) -> Self {
        let (give_up, given_up) = oneshot::channel();
        let send = std::boxed::Box::pin(async move {
            let went = tokio::select! {
                biased;
                Ok(()) = given_up => false,
                sent = outbox.send(message) => sent.is_ok(),
            };
            (outbox, went)
        });
        Self { number: message.1, send, give_up, woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    fn go_on(mut self) -> Result<(Outbox<Message>, bool), Self> {
        let waker = Waker::from(self.woken.clone());
        match self.send.as_mut().poll(&mut Polling::from_waker(&waker)) {
            Poll::Ready(ready) => Ok(ready),
            Poll::Pending => Err(self),
        }
    }

    fn poll<F: Future + Unpin>(mut send: F) -> Result<F::Output, F> {
        match Pin::new(&mut send).poll(&mut Polling::from_waker(Waker::noop())) {
            Poll::Ready(ready) => Ok(ready),
            Poll::Pending => Err(send),
        }
    }
}
