//! What is wrong, as last looked at: whoever shows it reads the latest list, and nobody looks in a frame.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axonscope_model::problems::{Diagnosis, Lints, Problem};
use axonscope_model::wiring::Wiring;

/// How often is looked while anything happens.
const LOOK: Duration = Duration::from_secs(1);
/// How seldom while nothing happens and something is wrong: figures are then this much too old at most.
const SELDOM: Duration = Duration::from_secs(60);

/// Where nothing but figures differs, such as for how long, nobody is woken for it more often.
const FIGURES: Duration = Duration::from_secs(20);

/// The lints with their past, and what they found last.
pub(crate) struct Problems {
    lints: Mutex<Lints>,
    latest: Mutex<Arc<Vec<Problem>>>,
    version: AtomicU64,
    /// When the version last rose.
    told_at: Mutex<Option<Instant>>,
}

/// Nothing that is done under these locks is left half-done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Problems {
    pub(crate) fn expecting(expected: Vec<Wiring>) -> Problems {
        Problems {
            lints: Mutex::new(Lints::expecting(expected)),
            latest: Mutex::default(),
            version: AtomicU64::new(0),
            told_at: Mutex::default(),
        }
    }

    /// Looks by `look`; whether anybody should be told that something is different, and whether it ripens.
    pub(crate) fn look(&self, look: impl FnOnce(&mut Lints) -> Diagnosis) -> (bool, bool) {
        let mut lints = lock(&self.lints);
        let Diagnosis { problems, ripens } = look(&mut lints);
        // Still under the lock of the lints, so that no older list comes after a newer one.
        let mut latest = lock(&self.latest);
        let mut told_at = lock(&self.told_at);
        let is_due = told_at.is_none_or(|at| at.elapsed() >= FIGURES);
        let is_news = is_news(&latest, &problems) || is_due && **latest != problems;
        *latest = Arc::new(problems);
        if is_news {
            *told_at = Some(Instant::now());
            self.version.fetch_add(1, Ordering::AcqRel);
        }
        (is_news, ripens)
    }

    pub(crate) fn latest(&self) -> Arc<Vec<Problem>> {
        lock(&self.latest).clone()
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}

/// Whether anything but figures differs.
fn is_news(before: &[Problem], now: &[Problem]) -> bool {
    let is_same = |a: &Problem, b: &Problem| {
        let about = |problem: &Problem| (problem.system, problem.severity);
        about(a) == about(b)
            && (&a.kind, &a.sentence) == (&b.kind, &b.sentence)
            && (&a.components, &a.postboxes, &a.linkages) == (&b.components, &b.postboxes, &b.linkages)
    };
    before.len() != now.len() || before.iter().zip(now).any(|(a, b)| !is_same(a, b))
}

/// When to look again.
pub(crate) struct Rhythm {
    looked_at: Instant,
    /// What there was when it was looked.
    looked: u64,
    changed_at: Instant,
    ripens: bool,
}

impl Rhythm {
    /// `state` is any number that is another one whenever anything has changed.
    pub(crate) fn new(state: u64, now: Instant) -> Rhythm {
        Rhythm { looked_at: now, looked: state, changed_at: now, ripens: true }
    }

    /// How long from now until it is time; none while there is no reason.
    pub(crate) fn look_in(&self, state: u64, now: Instant) -> Option<Duration> {
        let after = if state != self.looked {
            LOOK
        } else if self.ripens {
            (now.duration_since(self.changed_at) / 10).clamp(LOOK, SELDOM)
        } else {
            return None;
        };
        Some(after.saturating_sub(now.duration_since(self.looked_at)))
    }

    /// It was looked just now.
    pub(crate) fn looked(&mut self, state: u64, now: Instant, ripens: bool) {
        if state != self.looked {
            (self.looked, self.changed_at) = (state, now);
        }
        (self.looked_at, self.ripens) = (now, ripens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_count_on_wake_nobody_by_themselves() {
        let problems = Problems::expecting(Vec::new());
        let look = |sentence: &str, evidence: &str| {
            let problem = Problem { sentence: sentence.into(), evidence: evidence.into(), ..Problem::default() };
            let (is_news, _) = problems.look(|_| Diagnosis { problems: vec![problem], ripens: true });
            (is_news, problems.version(), problems.latest()[0].evidence.clone())
        };
        assert_eq!(look("it waits", "for 1 s"), (true, 1, "for 1 s".to_owned()));
        assert_eq!(look("it waits", "for 2 s"), (false, 1, "for 2 s".to_owned()), "but they are there for who looks");
        assert_eq!(look("they wait", "for 3 s"), (true, 2, "for 3 s".to_owned()));
    }

    #[test]
    fn at_rest_is_looked_ever_more_seldom_and_only_while_something_ripens() {
        let began = Instant::now();
        let at = |secs| began + Duration::from_secs(secs);
        let secs = |rhythm: &Rhythm, state, now| rhythm.look_in(state, at(now)).map(|wait| wait.as_secs());
        let mut rhythm = Rhythm::new(1, began);
        assert_eq!(secs(&rhythm, 1, 0), Some(1));
        rhythm.looked(2, at(1), true);
        assert_eq!([secs(&rhythm, 2, 1), secs(&rhythm, 3, 1)], [Some(1), Some(1)]);
        rhythm.looked(2, at(101), true);
        assert_eq!([secs(&rhythm, 2, 101), secs(&rhythm, 3, 101)], [Some(10), Some(1)]);
        rhythm.looked(2, at(10_000), true);
        assert_eq!(secs(&rhythm, 2, 10_000), Some(60));
        rhythm.looked(2, at(10_060), false);
        assert_eq!([secs(&rhythm, 2, 10_060), secs(&rhythm, 3, 10_060)], [None, Some(1)]);
    }
}
