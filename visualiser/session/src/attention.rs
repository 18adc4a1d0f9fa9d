//! Who looks: a window that can be seen, and readers that asked a moment ago. Those who watch have feeds of their own.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How long a question counts as looking.
const QUESTION_NS: u64 = 3_000_000_000;

/// Times are of the session's clock.
#[derive(Default)]
pub(crate) struct Attention {
    window: AtomicBool,
    /// 0 is never.
    asked_at: AtomicU64,
}

impl Attention {
    /// Whether a window shows everything now. True when that is new.
    pub(crate) fn set_window(&self, open: bool) -> bool {
        self.window.swap(open, Ordering::AcqRel) != open
    }

    /// A reader asked something. True when nobody had for a while.
    pub(crate) fn ask(&self, now_ns: u64) -> bool {
        !is_recent(self.asked_at.swap(now_ns.max(1), Ordering::AcqRel), now_ns)
    }

    /// Whether anybody looks at all systems.
    pub(crate) fn is_paid(&self, now_ns: u64) -> bool {
        self.window.load(Ordering::Acquire) || is_recent(self.asked_at.load(Ordering::Acquire), now_ns)
    }
}

fn is_recent(asked_at: u64, now_ns: u64) -> bool {
    asked_at > 0 && now_ns.saturating_sub(asked_at) < QUESTION_NS
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_question_counts_for_a_while_and_a_window_for_as_long_as_it_is_open() {
        let attention = Attention::default();
        assert!(!attention.is_paid(SECOND));
        assert!(attention.ask(SECOND), "the first");
        assert!(!attention.ask(2 * SECOND), "soon after");
        assert!(attention.is_paid(4 * SECOND) && !attention.is_paid(5 * SECOND));
        assert!(attention.set_window(true) && !attention.set_window(true));
        assert!(attention.is_paid(900 * SECOND));
        assert!(attention.set_window(false) && !attention.is_paid(900 * SECOND));
    }
}
