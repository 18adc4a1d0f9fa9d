//! What is said beside structure and totals: log lines and tapped messages, bounded and the first to go.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axonscope_runtime::ComponentId;

/// How grave a log line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<tracing::Level> for Level {
    fn from(level: tracing::Level) -> Self {
        match level {
            tracing::Level::ERROR => Self::Error,
            tracing::Level::WARN => Self::Warn,
            tracing::Level::INFO => Self::Info,
            tracing::Level::DEBUG => Self::Debug,
            tracing::Level::TRACE => Self::Trace,
        }
    }
}

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Whose {
    /// The system as a whole.
    System,
    /// A component that the program told of.
    Told(u64),
    /// One of the runtime's.
    Runtime(ComponentId),
}

impl Whose {
    /// 0 for the system.
    pub(crate) fn id(self) -> u64 {
        match self {
            Self::System => 0,
            Self::Told(id) => id,
            Self::Runtime(id) => id.get(),
        }
    }
}

/// A line of a component's own log.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Line {
    pub(crate) component: Whose,
    /// Who answers for it if the component has gone before the line is told.
    pub(crate) parent: Whose,
    pub(crate) level: Level,
    pub(crate) text: String,
    /// Lines of the same component left out before this one.
    pub(crate) skipped: u64,
}

/// A message seen on a tapped linkage, or why there is none.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) linkage: u64,
    pub(crate) text: String,
    /// Bytes before the cut.
    pub(crate) full_length: usize,
    pub(crate) skipped: u64,
    pub(crate) refusal: &'static str,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Aside {
    Line(Line),
    Sample(Sample),
}

/// What waits for one visualiser.
#[derive(Debug)]
pub(crate) struct Lane {
    limit: usize,
    keeping: AtomicBool,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
struct Store {
    queue: VecDeque<(u64, Aside)>,
    bytes: usize,
    /// Lines that found no room: the next one says so.
    left_out: u64,
}

impl Lane {
    /// Holds about `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, keeping: AtomicBool::new(false), store: Mutex::default() }
    }

    pub(crate) fn is_keeping(&self) -> bool {
        self.keeping.load(Ordering::Relaxed)
    }

    /// Keeps what comes from now on, or nothing any more.
    pub(crate) fn set_keeping(&self, is_keeping: bool) {
        let mut store = self.store();
        self.keeping.store(is_keeping, Ordering::Relaxed);
        *store = Store::default();
    }

    /// Keeps `aside`, read at `captured_at`; false if there is no room.
    pub(crate) fn push(&self, captured_at: u64, mut aside: Aside) -> bool {
        let mut store = self.store();
        if !self.is_keeping() {
            return false;
        }
        let bytes = weight(&aside);
        if store.bytes + bytes > self.limit {
            if let Aside::Line(line) = &aside {
                store.left_out += 1 + line.skipped;
            }
            return false;
        }
        if let Aside::Line(line) = &mut aside {
            line.skipped += std::mem::take(&mut store.left_out);
        }
        store.bytes += bytes;
        store.queue.push_back((captured_at, aside));
        true
    }

    /// All that waits, oldest first.
    pub(crate) fn take(&self) -> VecDeque<(u64, Aside)> {
        let mut store = self.store();
        store.bytes = 0;
        std::mem::take(&mut store.queue)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(aside: &Aside) -> usize {
    // A queue may be half empty.
    2 * size_of::<(u64, Aside)>()
        + match aside {
            Aside::Line(line) => line.text.capacity(),
            Aside::Sample(sample) => sample.text.capacity(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Aside {
        Aside::Line(Line {
            component: Whose::Told(1),
            parent: Whose::System,
            level: Level::Info,
            text: text.to_owned(),
            skipped: 0,
        })
    }

    #[test]
    fn nothing_is_kept_while_nobody_listens() {
        let lane = Lane::new(10_000);
        assert!(!lane.push(1, line("too early")));
        lane.set_keeping(true);
        assert!(lane.push(2, line("heard")));
        assert_eq!(lane.take().len(), 1);
        lane.set_keeping(false);
        assert!(!lane.push(3, line("too late")) && lane.take().is_empty());
    }

    #[test]
    fn a_line_says_how_many_before_it_found_no_room() {
        let lane = Lane::new(2_000);
        lane.set_keeping(true);
        let kept = (0..100).filter(|_| lane.push(1, line("one of many"))).count();
        assert!((2..20).contains(&kept));
        assert_eq!(lane.take().len(), kept);
        assert!(lane.push(2, line("after them")));
        let Some((2, Aside::Line(last))) = lane.take().pop_front() else { panic!("no line") };
        assert_eq!(last.skipped, 100 - kept as u64);
    }
}
