//! The task of a component: measures each poll, keeps a panic inside, and tells the system how it ended.

use std::any::Any;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::clock::{AT_UNKNOWN_TIME, PollInstant};
use crate::error::Outcome;
use crate::observe::{State, add};
use crate::polling;
use crate::stop::Life;
use crate::system::System;

type Childless = Pin<Box<dyn Future<Output = ()> + Send>>;

pin_project! {
    // The work is in the task itself: a component is one allocation less than with a box for it.
    pub(crate) struct Task<F> {
        system: System,
        life: Arc<Life>,
        #[pin]
        phase: Phase<F>,
    }

    impl<F> PinnedDrop for Task<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if !matches!(*this.phase, Phase::Ended) {
                // Its boxes go first, so that what it held is counted before it is gone.
                this.phase.set(Phase::Ended);
                this.system.ended(this.life.id, State::Failed("its task was dropped before it ended".into()));
            }
        }
    }
}

pin_project! {
    #[project = PhaseProjection]
    enum Phase<F> {
        Working {
            #[pin]
            work: F,
        },
        // Its work is done; it waits for its children.
        Closing {
            state: State,
            childless: Childless,
        },
        Ended,
    }
}

impl<F: Future<Output = Outcome>> Task<F> {
    pub(crate) fn new(system: System, life: Arc<Life>, work: F) -> Self {
        remember_where_panics_happen();
        Self { system, life, phase: Phase::Working { work } }
    }

    fn step(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.life.begin() {
            this.system.running(this.life.id);
        }
        loop {
            match this.phase.as_mut().project() {
                PhaseProjection::Working { mut work } => {
                    let polled = panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
                    let state = match polled {
                        Ok(Poll::Pending) => return Poll::Pending,
                        Ok(Poll::Ready(outcome)) => end_of(outcome),
                        Err(panic) => State::Failed(describe(panic)),
                    };
                    let dropped = panic::catch_unwind(AssertUnwindSafe(|| this.phase.set(Phase::Ended)));
                    let state = dropped.map_or_else(|panic| State::Failed(describe(panic)), |()| state);
                    if this.system.close_children(this.life.id) == 0 {
                        this.system.ended(this.life.id, state);
                        continue;
                    }
                    let life = this.life.clone();
                    let childless = Box::pin(async move { life.childless().await });
                    this.phase.set(Phase::Closing { state, childless });
                }
                PhaseProjection::Closing { state, childless } => {
                    if childless.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    let state = state.clone();
                    this.phase.set(Phase::Ended);
                    this.system.ended(this.life.id, state);
                }
                PhaseProjection::Ended => return Poll::Ready(()),
            }
        }
    }
}

impl<F: Future<Output = Outcome>> Future for Task<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // The clock is the dearest part of a short poll: where nobody looks, nobody asks.
        let timed = self.system.is_timed().then(PollInstant::now);
        let began = timed.map_or(AT_UNKNOWN_TIME, PollInstant::clock_ns);
        let entered = polling::enter(self.life.id, began);
        let activity = &self.life.activity;
        activity.poll_started_at.store(began, Ordering::Relaxed);
        if timed.is_some() {
            activity.last_active_at.store(began, Ordering::Relaxed);
        }
        let polled = self.as_mut().step(cx);
        drop(entered);
        let activity = &self.life.activity;
        if let Some(timed) = timed {
            add(&activity.busy_ns, timed.elapsed_ns());
        }
        activity.poll_started_at.store(0, Ordering::Relaxed);
        add(&activity.polls, 1);
        polled
    }
}

/// What the outcome of a component's work makes of it.
pub(crate) fn end_of(outcome: Outcome) -> State {
    match outcome {
        Ok(()) => State::Finished,
        Err(failure) if failure.is_shutdown() => State::Finished,
        Err(failure) => State::Failed(failure.to_string().into()),
    }
}

/// Runs `work` to its end, which may be a panic: the message then says where.
pub(crate) async fn caught(work: impl Future<Output = Outcome>) -> State {
    let mut work = pin!(work);
    poll_fn(|cx| match panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(polled) => polled.map(end_of),
        Err(panic) => Poll::Ready(State::Failed(describe(panic))),
    })
    .await
}

thread_local! {
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Adds to the process's panic hook, once: the place of a panic can be learnt nowhere else.
pub(crate) fn remember_where_panics_happen() {
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

/// What a panic said, and where it happened if that was on this thread.
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
