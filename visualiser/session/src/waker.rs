//! Tells whoever draws that something changed, sixty times a second at most, and not at all while nothing does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two calls.
const INTERVAL: Duration = Duration::from_micros(16_667);

type Call = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub(crate) struct Waker {
    due: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    call: Option<Call>,
    called_at: Option<Instant>,
}

impl Waker {
    /// Whom to tell from now on; told at once, as it has seen nothing yet.
    pub(crate) fn set(&self, call: Call) {
        call();
        self.state.lock().unwrap_or_else(PoisonError::into_inner).call = Some(call);
    }

    /// Something changed. True if nothing was due before: then [`Waker::flush`] is to be called soon.
    pub(crate) fn touch(&self) -> bool {
        !self.due.swap(true, Ordering::AcqRel)
    }

    /// Calls if a call is due and the last one is long enough ago; else says how long to wait, if anything is due.
    pub(crate) fn flush(&self) -> Option<Duration> {
        if !self.due.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = state.called_at.map_or(INTERVAL, |at| at.elapsed());
        if since < INTERVAL {
            return Some(INTERVAL - since);
        }
        self.due.store(false, Ordering::Release);
        if let Some(call) = &state.call {
            call();
            state.called_at = Some(Instant::now());
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn many_touches_are_one_call_and_the_last_is_never_lost() {
        let calls = Arc::new(AtomicUsize::new(0));
        let waker = Waker::default();
        let counter = calls.clone();
        waker.set(Box::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        assert!(waker.touch());
        assert_eq!(waker.flush(), None);
        for _ in 0..1000 {
            waker.touch();
        }
        let wait = waker.flush().unwrap();
        assert!(wait <= INTERVAL);
        std::thread::sleep(wait);
        assert_eq!(waker.flush(), None);
        assert_eq!(calls.load(Ordering::Relaxed), 3, "on setting, at once, and at the end of the interval");
        assert_eq!(waker.flush(), None, "nothing is due");
    }
}
