//! Reads something of all systems aside from the frames, while a panel that shows it is open: a few times a second at
//! most, and only when something has changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axonscope_session::{Findings, Session, Versions};
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};

/// From the end of one reading to the beginning of the next, in seconds.
const PAUSE: f64 = 0.3;
/// A reading that takes time waits so many times that before the next one begins.
const REST: f64 = 4.0;

/// The answers to a question of a kind.
pub(crate) struct Aside<Q, A> {
    pub(crate) answer: A,
    /// What the answer, or the one that is being read, is of.
    of: Option<(Versions, Arc<Findings>, Q)>,
    work: Option<Task<(A, Duration)>>,
    not_before: f64,
    is_due: bool,
}

impl<Q, A: Default> Default for Aside<Q, A> {
    fn default() -> Self {
        Self { answer: A::default(), of: None, work: None, not_before: 0.0, is_due: false }
    }
}

impl<Q: Clone + PartialEq + Send + 'static, A: Send + 'static> Aside<Q, A> {
    /// Asks again if it is time; true when there is a new answer. `now` is in seconds.
    pub(crate) fn turn(
        &mut self,
        session: &Session,
        question: &Q,
        now: f64,
        read: fn(&Session, &Findings, &Q) -> A,
    ) -> bool {
        let mut is_new = false;
        if let Some((answer, took)) = self.work.as_mut().and_then(check_ready) {
            (self.answer, self.work, is_new) = (answer, None, true);
            self.not_before = now + PAUSE.max(REST * took.as_secs_f64());
        }
        let (versions, findings) = (session.versions(), session.findings());
        let is_same = self.of.as_ref().is_some_and(|(of, found, asked)| {
            // Where things are makes no difference here.
            Versions { places: 0, ..*of } == Versions { places: 0, ..versions }
                && Arc::ptr_eq(found, &findings)
                && asked == question
        });
        // Nobody waits for what a person asks.
        let is_asked =
            self.of.as_ref().is_none_or(|(_, found, asked)| asked != question || !Arc::ptr_eq(found, &findings));
        self.is_due = !is_same && self.work.is_none();
        if self.is_due && (now >= self.not_before || is_asked) {
            self.is_due = false;
            self.of = Some((versions, findings.clone(), question.clone()));
            let (session, question) = (session.clone(), question.clone());
            self.work = Some(AsyncComputeTaskPool::get().spawn(async move {
                let began = Instant::now();
                let answer = read(&session, &findings, &question);
                (answer, began.elapsed())
            }));
        }
        is_new
    }

    /// Something is being read, or is to be read soon.
    pub(crate) fn is_at_work(&self) -> bool {
        self.work.is_some() || self.is_due
    }

    /// Gives the memory back, for a panel that is closed.
    pub(crate) fn forget(&mut self)
    where
        A: Default,
    {
        if self.of.is_some() {
            *self = Self::default();
        }
    }
}
