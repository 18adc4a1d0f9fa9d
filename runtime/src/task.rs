//! The task of a component: measures each poll, keeps a panic inside, and tells the system how it ended.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};

use crate::error::Outcome;
use crate::id::ComponentId;
use crate::observe::{ComponentActivity, State, add, clock_ns};
use crate::stop::Vitals;
use crate::system::System;

type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;
type Closing = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) struct Task {
    system: System,
    id: ComponentId,
    vitals: Arc<Vitals>,
    activity: Arc<ComponentActivity>,
    phase: Phase,
}

enum Phase {
    Starting(Work),
    Running(Work),
    /// Its work is done; it waits for its children.
    Closing(State, Closing),
    Ended,
}

impl Task {
    pub(crate) fn new(
        system: System,
        id: ComponentId,
        vitals: Arc<Vitals>,
        activity: Arc<ComponentActivity>,
        work: Work,
    ) -> Self {
        remember_where_panics_happen();
        Self { system, id, vitals, activity, phase: Phase::Starting(work) }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match std::mem::replace(&mut self.phase, Phase::Ended) {
                Phase::Starting(work) => {
                    self.system.running(self.id);
                    self.phase = Phase::Running(work);
                }
                Phase::Running(mut work) => {
                    let polled = panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
                    let state = match polled {
                        Ok(Poll::Pending) => {
                            self.phase = Phase::Running(work);
                            return Poll::Pending;
                        }
                        Ok(Poll::Ready(Ok(()))) => State::Finished,
                        Ok(Poll::Ready(Err(failure))) if failure.is_shutdown() => State::Finished,
                        Ok(Poll::Ready(Err(failure))) => State::Failed(failure.to_string().into()),
                        Err(panic) => State::Failed(describe(panic)),
                    };
                    let state = match panic::catch_unwind(AssertUnwindSafe(|| drop(work))) {
                        Ok(()) => state,
                        Err(panic) => State::Failed(describe(panic)),
                    };
                    if self.system.close_children(self.id) == 0 {
                        self.system.ended(self.id, state);
                        continue;
                    }
                    let vitals = self.vitals.clone();
                    let childless = async move {
                        vitals.wait_for(|vitals| (vitals.live_children() == 0).then_some(())).await;
                    };
                    self.phase = Phase::Closing(state, Box::pin(childless));
                }
                Phase::Closing(state, mut childless) => {
                    if childless.as_mut().poll(cx).is_pending() {
                        self.phase = Phase::Closing(state, childless);
                        return Poll::Pending;
                    }
                    self.system.ended(self.id, state);
                }
                Phase::Ended => return Poll::Ready(()),
            }
        }
    }
}

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        // The clock is the dearest part of a short poll: nobody looks, nobody asks.
        let began = this.system.is_observed().then(clock_ns);
        if let Some(now) = began {
            this.activity.last_active_at.store(now, Ordering::Relaxed);
            this.activity.poll_started_at.store(now, Ordering::Relaxed);
        }
        let polled = this.step(cx);
        if let Some(began) = began {
            add(&this.activity.busy_ns, clock_ns().saturating_sub(began));
            this.activity.poll_started_at.store(0, Ordering::Relaxed);
        }
        add(&this.activity.polls, 1);
        polled
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Ended) {
            // Its boxes go first, so that what it held is counted before it is gone.
            self.phase = Phase::Ended;
            self.system.ended(self.id, State::Failed("its task was dropped before it ended".into()));
        }
    }
}

thread_local! {
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Adds to the process's panic hook, once: the place of a panic can be learnt nowhere else.
fn remember_where_panics_happen() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string);
            PANICKED_AT.with(|at| *at.borrow_mut() = place);
            before(info);
        }));
    });
}

/// What a panic said and, if it was in this thread, where.
pub(crate) fn describe(panic: Box<dyn Any + Send>) -> Arc<str> {
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "a value that is not text",
    };
    match PANICKED_AT.with(RefCell::take) {
        Some(place) => format!("panicked at {place}: {message}").into(),
        None => format!("panicked: {message}").into(),
    }
}
