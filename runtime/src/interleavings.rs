//! The boxes and linkages under many interleavings of threads, as shuttle's scheduler chooses them.
//!
//! It switches threads at each lock and at each atomic of [`sync`](crate::sync), and reports a deadlock, which is what
//! a lost wake-up comes to. What it does not show: its atomics are sequentially consistent whatever is asked of them,
//! so an ordering that is too weak passes; totals and tokio's `Notify` are no points where it switches; and it tries
//! some interleavings, not all. No component runs: threads play them, with boxes that were handed out.
#![allow(clippy::unwrap_used)]

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread::{JoinHandle, spawn};

use crate::component::{Component, Context as Running, Declare, Unstarted};
use crate::error::{AddError, Outcome};
use crate::id::PostboxId;
use crate::observe::{Event, Observer, PostboxActivity, State};
use crate::postbox::{Inbox, InboxSpec, Outbox, OutboxSpec, WhenUnlinked};
use crate::stop::{Shutdown, Stop};
use crate::storage::WhenFull;
use crate::system::System;

const RANDOM: usize = 10_000;
const BY_PRIORITY: usize = 5000;
const PREEMPTIONS: usize = 3;

/// Plays it under many schedules. A failure prints one that shuttle can replay.
fn check(play: fn()) {
    shuttle::check_random(play, RANDOM);
    shuttle::check_pct(play, BY_PRIORITY, PREEMPTIONS);
}

/// Which outbox sent it, and its number there.
type Message = (usize, u32);

/// Hands its boxes out.
struct Played<B, F>(Arc<Mutex<Option<B>>>, F);

impl<B: Send + 'static, F: Fn(&mut Declare<'_>) -> B + Send + 'static> Component for Played<B, F> {
    type Boxes = ();

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<(), AddError> {
        *self.0.lock().unwrap() = Some((self.1)(declare));
        Ok(())
    }

    async fn run(self, (): (), _: Running) -> Outcome {
        Ok(())
    }
}

fn add<B: Send + 'static>(
    system: &System,
    parent: Option<&Unstarted>,
    boxes: impl Fn(&mut Declare<'_>) -> B + Send + 'static,
) -> (Unstarted, B) {
    let given = Arc::default();
    let played = Played(Arc::clone(&given), boxes);
    let added = system.add_inside(parent.map(Unstarted::id), "played".into(), played).unwrap();
    let boxes = given.lock().unwrap().take().unwrap();
    (added, boxes)
}

fn source(system: &System, when_unlinked: WhenUnlinked) -> (Unstarted, Outbox<Message>) {
    add(system, None, move |declare| declare.outbox(OutboxSpec::new("outbox").when_unlinked(when_unlinked)))
}

fn sink(
    system: &System,
    parent: Option<&Unstarted>,
    capacity: u32,
    when_full: WhenFull,
) -> (Unstarted, Inbox<Message>) {
    add(system, parent, move |declare| declare.inbox(InboxSpec::new("inbox").capacity(capacity).when_full(when_full)))
}

/// Sends numbers from 0 to `count` until it is told to shut down; returns how many were tried, and the outbox.
fn sends(mut outbox: Outbox<Message>, source: usize, count: u32) -> JoinHandle<(u32, Outbox<Message>)> {
    spawn(move || {
        for number in 0..count {
            if block_on(outbox.send((source, number))) == Err(Shutdown) {
                return (number + 1, outbox);
            }
        }
        (count, outbox)
    })
}

/// Receives until there is nothing more.
fn receives(mut inbox: Inbox<Message>) -> JoinHandle<(Vec<Message>, Inbox<Message>)> {
    spawn(move || {
        let mut received = Vec::new();
        while let Ok(Some(message)) = block_on(inbox.recv()) {
            received.push(message);
        }
        (received, inbox)
    })
}

fn drain(inbox: &mut Inbox<Message>) -> Vec<Message> {
    std::iter::from_fn(|| inbox.try_recv()).collect()
}

fn total(system: &System, count: fn(&PostboxActivity) -> u64) -> u64 {
    system.describe().postboxes.iter().map(|info| count(&info.activity)).sum()
}

fn dropped(system: &System) -> u64 {
    total(system, |activity| activity.dropped.load(Ordering::Relaxed))
}

fn waiting(system: &System) -> u64 {
    total(system, |activity| u64::from(activity.depth.load(Ordering::Relaxed)))
}

fn numbers(messages: &[Message], source: usize) -> Vec<u32> {
    messages.iter().filter(|(from, _)| *from == source).map(|(_, number)| *number).collect()
}

#[track_caller]
fn assert_rising(messages: &[Message], sources: usize) {
    for source in 0..sources {
        let numbers = numbers(messages, source);
        assert!(numbers.is_sorted_by(|one, next| one < next), "{messages:?} of {source}");
    }
}

fn all(count: u32) -> Vec<u32> {
    (0..count).collect()
}

#[test]
fn producers_that_finish_lose_nothing() {
    check(|| {
        let system = System::new("test");
        let (to, inbox) = sink(&system, None, 1, WhenFull::Wait);
        let sources: Vec<_> = (0..2).map(|_| source(&system, WhenUnlinked::Drop)).collect();
        let (mut kept, mut threads) = (Vec::new(), Vec::new());
        for (index, (from, outbox)) in sources.into_iter().enumerate() {
            system.link((&from, "outbox"), (&to, "inbox")).unwrap();
            threads.push(sends(outbox, index, 3));
            kept.push(from);
        }
        let receiver = receives(inbox);
        system.latch(to.id(), Stop::ProducerFinished);
        for thread in threads {
            drop(thread.join().unwrap());
        }
        let (received, _inbox) = receiver.join().unwrap();
        assert_rising(&received, 2);
        assert_eq!((received.len(), dropped(&system), waiting(&system)), (6, 0, 0));
    });
}

#[test]
fn a_signal_and_the_outbox_that_closes_count_one_source_once() {
    check(|| {
        let system = System::new("test");
        let (to, inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (from, outbox) = source(&system, WhenUnlinked::Drop);
        let (other, other_outbox) = source(&system, WhenUnlinked::Drop);
        let linkage = system.link((&from, "outbox"), (&to, "inbox")).unwrap();
        system.link((&other, "outbox"), (&to, "inbox")).unwrap();
        system.link((&from, "signal"), (&to, "control")).unwrap();
        let receiver = receives(inbox);
        let sender = sends(other_outbox, 1, 2);
        let closes = spawn(move || drop(outbox));
        let moves = spawn({
            let (system, id) = (system.clone(), to.id());
            move || linkage.relink((id, "inbox")).map(|linkage| system.unlink(linkage.info())).unwrap()
        });
        system.signal(from.id(), Stop::ProducerFinished);
        closes.join().unwrap();
        moves.join().unwrap();
        drop(sender.join().unwrap());
        assert_eq!(numbers(&receiver.join().unwrap().0, 1), all(2));
    });
}

#[test]
fn nothing_arrives_once_unlink_has_returned() {
    check(|| {
        let system = System::new("test");
        let (to, mut inbox) = sink(&system, None, 2, WhenFull::Wait);
        let (from, outbox) = source(&system, WhenUnlinked::Drop);
        let linkage = system.link((&from, "outbox"), (&to, "inbox")).unwrap();
        let sender = sends(outbox, 0, 5);
        block_on(linkage.unlink());
        let received = drain(&mut inbox);
        sender.join().unwrap();
        assert_eq!(inbox.try_recv(), None);
        assert_eq!(numbers(&received, 0), all(received.len() as u32));
        assert_eq!(received.len() as u64 + dropped(&system), 5);
    });
}

#[test]
fn a_send_that_waits_takes_the_new_way() {
    check(|| {
        let system = System::new("test");
        let (one, mut first) = sink(&system, None, 1, WhenFull::Wait);
        let (two, mut second) = sink(&system, None, 4, WhenFull::Wait);
        let (from, outbox) = source(&system, WhenUnlinked::Drop);
        let linkage = system.link((&from, "outbox"), (&one, "inbox")).unwrap();
        let sender = sends(outbox, 0, 4);
        linkage.relink((&two, "inbox")).unwrap();
        let arrived = first.len();
        // Nobody makes room in the first inbox.
        sender.join().unwrap();
        assert_eq!(first.len(), arrived);
        let mut received = drain(&mut first);
        received.extend(drain(&mut second));
        assert_eq!(numbers(&received, 0), all(4));
        assert_eq!(dropped(&system), 0);
    });
}

#[test]
fn a_send_that_waits_does_not_wait_where_the_new_way_drops() {
    check(|| {
        let system = System::new("test");
        let (one, _first) = sink(&system, None, 1, WhenFull::Wait);
        let when_full = if thread_rng().gen_bool(0.5) { WhenFull::DropOldest } else { WhenFull::DropNewest };
        let (two, mut second) = sink(&system, None, 1, when_full);
        let (from, outbox) = source(&system, WhenUnlinked::Drop);
        let (other, mut other_outbox) = source(&system, WhenUnlinked::Drop);
        let linkage = system.link((&from, "outbox"), (&one, "inbox")).unwrap();
        system.link((&other, "outbox"), (&two, "inbox")).unwrap();
        other_outbox.try_send((1, 0)).unwrap();
        let sender = sends(outbox, 0, 4);
        linkage.relink((&two, "inbox")).unwrap();
        sender.join().unwrap();
        assert!(waiting(&system) <= 2);
        let received = drain(&mut second);
        assert_rising(&received, 1);
        assert_eq!(received.len() as u64 + waiting(&system) + dropped(&system), 5);
    });
}

#[test]
fn a_place_that_is_given_up_goes_to_the_next() {
    check(|| {
        let system = System::new("test");
        let (to, inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (from, mut outbox) = source(&system, WhenUnlinked::Drop);
        let (other, other_outbox) = source(&system, WhenUnlinked::Drop);
        system.link((&from, "outbox"), (&to, "inbox")).unwrap();
        system.link((&other, "outbox"), (&to, "inbox")).unwrap();
        let forgets = thread_rng().gen_bool(0.2);
        let gives_up = spawn(move || {
            let mut done = 0;
            for number in 0..3 {
                let mut send = Box::pin(outbox.send((0, number)));
                done += u64::from(send.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
                if forgets {
                    std::mem::forget(send);
                }
            }
            done
        });
        let sender = sends(other_outbox, 1, 3);
        let receiver = receives(inbox);
        system.latch(to.id(), Stop::ProducerFinished);
        let done = gives_up.join().unwrap();
        drop(sender.join().unwrap());
        let (received, _inbox) = receiver.join().unwrap();
        assert_rising(&received, 2);
        assert_eq!(numbers(&received, 1), all(3));
        assert_eq!(numbers(&received, 0).len() as u64, done);
        assert_eq!(dropped(&system), if forgets { 0 } else { 3 - done });
    });
}

#[test]
fn what_is_held_goes_first() {
    check(|| {
        let system = System::new("test");
        let (one, mut first) = sink(&system, None, 1, WhenFull::Wait);
        let (two, second) = sink(&system, None, 1, WhenFull::Wait);
        let (from, outbox) = source(&system, WhenUnlinked::Hold(2));
        let sender = sends(outbox, 0, 6);
        let linkage = system.link((&from, "outbox"), (&one, "inbox")).unwrap();
        block_on(linkage.unlink());
        let mut received = drain(&mut first);
        let receiver = receives(second);
        system.link((&from, "outbox"), (&two, "inbox")).unwrap();
        system.latch(two.id(), Stop::ProducerFinished);
        drop(sender.join().unwrap());
        received.extend(receiver.join().unwrap().0);
        assert_eq!(numbers(&received, 0), all(6));
        assert_eq!(dropped(&system), 0);
    });
}

#[test]
fn an_inbox_that_closes_leaves_nobody_waiting() {
    check(|| {
        let system = System::new("test");
        let (to, mut inbox) = sink(&system, None, 1, WhenFull::Wait);
        let sources: Vec<_> = (0..2).map(|_| source(&system, WhenUnlinked::Drop)).collect();
        let (mut kept, mut threads) = (Vec::new(), Vec::new());
        for (index, (from, outbox)) in sources.into_iter().enumerate() {
            system.link((&from, "outbox"), (&to, "inbox")).unwrap();
            threads.push(sends(outbox, index, 3));
            kept.push(from);
        }
        let received = [block_on(inbox.recv()).unwrap().unwrap(), block_on(inbox.recv()).unwrap().unwrap()];
        drop(inbox);
        for thread in threads {
            drop(thread.join().unwrap());
        }
        assert_rising(&received, 2);
        assert_eq!(dropped(&system), 4);
    });
}

#[test]
fn shutdown_ends_every_wait() {
    check(|| {
        let system = System::new("test");
        let (to, inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (idle, idle_inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (from, outbox) = source(&system, WhenUnlinked::Drop);
        let (held, held_outbox) = source(&system, WhenUnlinked::Hold(1));
        system.link((&from, "outbox"), (&to, "inbox")).unwrap();
        let (sender, holder) = (sends(outbox, 0, 5), sends(held_outbox, 1, 5));
        let (receiver, idler) = (receives(inbox), receives(idle_inbox));
        block_on(system.shutdown());
        let (tried, _outbox) = sender.join().unwrap();
        let (tried_to_hold, _held_outbox) = holder.join().unwrap();
        let (received, _inbox) = receiver.join().unwrap();
        drop(idler.join().unwrap());
        assert_eq!(numbers(&received, 0), all(received.len() as u32));
        let known = received.len() as u64 + waiting(&system) + dropped(&system);
        assert_eq!(known, u64::from(tried + tried_to_hold));
        drop((idle, held));
    });
}

#[test]
fn the_end_of_a_component_leaves_nobody_waiting() {
    check(|| {
        let system = System::new("test");
        let (to, inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (from, outbox) = source(&system, WhenUnlinked::Drop);
        system.link((&from, "outbox"), (&to, "inbox")).unwrap();
        let meters: Vec<_> = system.describe().postboxes.into_iter().map(|info| info.activity).collect();
        let (sender, receiver) = (sends(outbox, 0, 4), receives(inbox));
        system.ended(to.id(), State::Finished);
        let (received, _inbox) = receiver.join().unwrap();
        drop(sender.join().unwrap());
        assert_eq!(numbers(&received, 0), all(received.len() as u32));
        let dropped: u64 = meters.iter().map(|activity| activity.dropped.load(Ordering::Relaxed)).sum();
        assert_eq!(received.len() as u64 + dropped, 4);
    });
}

#[test]
fn what_is_passed_inwards_keeps_its_order_and_comes_back() {
    check(|| {
        let system = System::new("test");
        let (outer, mut inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (child, mut inner) = sink(&system, Some(&outer), 1, WhenFull::Wait);
        let (from, outbox) = source(&system, WhenUnlinked::Drop);
        system.link((&from, "outbox"), (&outer, "inbox")).unwrap();
        let sender = sends(outbox, 0, 6);
        let way = system.pass_inward((&outer, "inbox"), (&child, "inbox")).unwrap();
        let undone = thread_rng().gen_bool(0.5);
        let taker = spawn(move || {
            let received: Vec<_> = inner.try_recv().into_iter().chain(inner.try_recv()).collect();
            drop(inner);
            received
        });
        if undone {
            block_on(way.unlink());
        }
        // While the child may still take, or has let its inbox go, and the sender sends.
        let mut received = taker.join().unwrap();
        system.ended(child.id(), State::Finished);
        while received.len() < 6 {
            received.push(block_on(inbox.recv()).unwrap().unwrap());
        }
        drop(sender.join().unwrap());
        assert_eq!(inbox.try_recv(), None);
        assert_eq!(numbers(&received, 0), all(6));
        assert_eq!(dropped(&system), 0);
    });
}

#[test]
fn a_child_that_lets_its_inbox_go_throws_away_nothing_that_is_passed_to_it() {
    check(|| {
        let system = System::new("test");
        let (outer, mut inbox) = sink(&system, None, 4, WhenFull::Wait);
        let (child, inner) = sink(&system, Some(&outer), 4, WhenFull::Wait);
        let (from, mut outbox) = source(&system, WhenUnlinked::Drop);
        system.link((&from, "outbox"), (&outer, "inbox")).unwrap();
        for number in 0..3 {
            outbox.try_send((0, number)).unwrap();
        }
        let lets_go = spawn(move || drop(inner));
        system.pass_inward((&outer, "inbox"), (&child, "inbox")).unwrap();
        lets_go.join().unwrap();
        system.ended(child.id(), State::Finished);
        assert_eq!(numbers(&drain(&mut inbox), 0), all(3));
    });
}

#[test]
fn two_who_wait_where_messages_are_carried_away_both_get_room() {
    check(|| {
        let system = System::new("test");
        let (outer, mut inbox) = sink(&system, None, 2, WhenFull::Wait);
        let (middle, middle_inbox) = sink(&system, Some(&outer), 2, WhenFull::Wait);
        let (inner, mut inner_inbox) = sink(&system, Some(&middle), 2, WhenFull::Wait);
        system.pass_inward((&middle, "inbox"), (&inner, "inbox")).unwrap();
        system.pass_inward((&outer, "inbox"), (&middle, "inbox")).unwrap();
        let (mut kept, mut threads) = (Vec::new(), Vec::new());
        for index in 0..3 {
            let (from, outbox) = source(&system, WhenUnlinked::Drop);
            let to = if index == 0 { &outer } else { &inner };
            system.link((&from, "outbox"), (to, "inbox")).unwrap();
            threads.push(sends(outbox, index, 2));
            kept.push(from);
        }
        // What waits at the innermost goes out to the outermost, and those who send to the innermost go on.
        system.remove_postbox(middle_inbox.id());
        let mut received = drain(&mut inner_inbox);
        received.extend(drain(&mut inbox));
        while received.len() < 6 {
            received.extend(inner_inbox.try_recv().or_else(|| inbox.try_recv()));
            shuttle::thread::yield_now();
        }
        for thread in threads {
            drop(thread.join().unwrap());
        }
        assert_eq!((waiting(&system), dropped(&system)), (0, 0));
    });
}

/// Everything at once: a composite with a child, a sink that drops, and linkages that come and go.
#[test]
fn nothing_is_lost_doubled_or_reordered_whatever_is_rewired() {
    check(|| {
        let system = System::new("test");
        let (plain, plain_inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (outer, outer_inbox) = sink(&system, None, 1, WhenFull::Wait);
        let (child, child_inbox) = sink(&system, Some(&outer), 1, WhenFull::Wait);
        let (dropping, dropping_inbox) = sink(&system, None, 1, WhenFull::DropOldest);
        // Not the child: what goes straight to it and what comes by the composite are in no order.
        let sinks = [&plain, &outer, &dropping].map(Unstarted::id);
        let sources = [source(&system, WhenUnlinked::Drop), source(&system, WhenUnlinked::Hold(1))];
        let (mut kept, mut senders) = (Vec::new(), Vec::new());
        for (index, (from, outbox)) in sources.into_iter().enumerate() {
            senders.push(sends(outbox, index, 4));
            kept.push(from);
        }
        let receivers = [plain_inbox, outer_inbox, child_inbox, dropping_inbox].map(receives);
        let mut linkages = Vec::new();
        for _ in 0..6 {
            let (from, to) = (thread_rng().gen_range(0..2), sinks[thread_rng().gen_range(0..sinks.len())]);
            match thread_rng().gen_range(0..4) {
                0 | 1 => linkages.extend(system.link((&kept[from], "outbox"), (to, "inbox"))),
                2 => linkages.extend(system.pass_inward((&outer, "inbox"), (&child, "inbox"))),
                _ if linkages.is_empty() => {}
                _ => {
                    let linkage = linkages.swap_remove(thread_rng().gen_range(0..linkages.len()));
                    if thread_rng().gen_bool(0.5) {
                        block_on(linkage.unlink());
                    } else {
                        linkages.extend(linkage.relink((to, "inbox")));
                    }
                }
            }
        }
        block_on(system.shutdown());
        let (mut tried, mut outboxes) = (0, Vec::new());
        for sender in senders {
            let (count, outbox) = sender.join().unwrap();
            tried += u64::from(count);
            outboxes.push(outbox);
        }
        let (mut received, mut inboxes) = (Vec::new(), Vec::new());
        for receiver in receivers {
            let (here, inbox) = receiver.join().unwrap();
            assert_rising(&here, 2);
            received.extend(here);
            inboxes.push(inbox);
        }
        assert_eq!(received.len() as u64 + waiting(&system) + dropped(&system), tried);
        let count = received.len();
        received.sort_unstable();
        received.dedup();
        assert_eq!(received.len(), count, "doubled");
    });
}

/// Remembers the messages that it was told.
#[derive(Default)]
struct Taps(Mutex<Vec<Message>>);

impl Observer for Taps {
    fn on_event(&self, _: u64, _: &Event) {}

    fn on_message(&self, _: PostboxId, message: &dyn Any) {
        self.0.lock().unwrap().extend(message.downcast_ref::<Message>());
    }
}

#[test]
fn a_tap_tells_of_what_was_sent_and_loses_no_room() {
    check(|| {
        let system = System::new("test");
        let taps = Arc::new(Taps::default());
        system.observe(taps.clone()).unwrap();
        let (to, mut inbox) = sink(&system, None, 1, WhenFull::Wait);
        let sources: Vec<_> = (0..2).map(|_| source(&system, WhenUnlinked::Drop)).collect();
        let (mut kept, mut threads) = (Vec::new(), Vec::new());
        for (index, (from, mut outbox)) in sources.into_iter().enumerate() {
            system.link((&from, "outbox"), (&to, "inbox")).unwrap();
            assert!(system.set_tapped(outbox.id(), true));
            kept.push((from, outbox.id()));
            threads.push(spawn(move || {
                let sent: Vec<_> = (0..4).filter(|&number| outbox.try_send((index, number)).is_ok()).collect();
                (sent, outbox)
            }));
        }
        let toggled = kept[1].1;
        let toggles = spawn({
            let system = system.clone();
            move || [false, true].map(|tapped| system.set_tapped(toggled, tapped))
        });
        let mut received = drain(&mut inbox);
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        toggles.join().unwrap();
        received.extend(drain(&mut inbox));
        let told = std::mem::take(&mut *taps.0.lock().unwrap());
        assert_rising(&told, 2);
        for (index, (sent, mut outbox)) in ended.into_iter().enumerate() {
            assert_eq!(numbers(&received, index), sent);
            assert!(numbers(&told, index).iter().all(|number| sent.contains(number)));
            assert!(index == 1 || numbers(&told, index) == sent);
            assert!(outbox.try_send((index, 9)).is_ok(), "room was lost");
            assert_eq!(drain(&mut inbox), [(index, 9)]);
        }
    });
}
