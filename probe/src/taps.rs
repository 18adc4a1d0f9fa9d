//! Messages shown to visualisers that ask: a few a second of one linkage, and only of types that the program allows.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt::{self, Debug, Display, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axonscope_runtime::clock_ns;
use tokio::sync::Notify;

use crate::aside::{Aside, Lane, Sample};
use crate::source::{Outbox, Program};

/// What one visualiser may have open at a time.
pub(crate) const TAPS: usize = 64;
/// Samples a second of one tap, at most.
pub(crate) const SAMPLES_PER_SECOND: u32 = 100;
/// Bytes of one sample, at most.
pub(crate) const SAMPLE_BYTES: u32 = 4096;

type Show = Arc<dyn Fn(&dyn Any, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync>;

/// How messages are shown, by their type. A type that is not here is not shown.
#[derive(Clone, Default)]
pub(crate) struct Shows(HashMap<TypeId, Show>);

impl Shows {
    /// Shows messages of type `T` as `show` writes them.
    pub(crate) fn allow<T: 'static>(
        &mut self,
        show: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync + 'static,
    ) {
        let show = move |message: &dyn Any, f: &mut fmt::Formatter<'_>| match message.downcast_ref::<T>() {
            Some(message) => show(message, f),
            None => write!(f, "not a {}", type_name::<T>()),
        };
        self.0.insert(TypeId::of::<T>(), Arc::new(show));
    }
}

impl Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shows({} types)", self.0.len())
    }
}

/// The taps that are open.
///
/// An outbox is tapped only while a sample of it is due: between two samples its messages cost what they cost without a tap,
/// and what passes then is known from its total. The probe's thread arms and disarms, since that may have to wait.
#[derive(Debug)]
pub(crate) struct Taps {
    shows: Shows,
    /// By outbox.
    open: Mutex<HashMap<u64, Tapped>>,
    /// Rung when an outbox may have to be disarmed.
    sampled: Notify,
    /// When the next sample is due, on the program's clock.
    next_at: AtomicU64,
}

#[derive(Debug)]
struct Tapped {
    outbox: Outbox,
    is_armed: bool,
    taps: Vec<Tap>,
}

/// One visualiser's wish.
#[derive(Debug)]
struct Tap {
    lane: Arc<Lane>,
    linkage: u64,
    every_ns: u64,
    next_at: u64,
    bytes: usize,
    /// The outbox's total at the sample before.
    total: Option<u64>,
    is_refused: bool,
}

impl Tap {
    fn is_of(&self, linkage: u64, lane: &Arc<Lane>) -> bool {
        self.linkage == linkage && Arc::ptr_eq(&self.lane, lane)
    }
}

/// A sample to be taken.
struct Due {
    lane: Arc<Lane>,
    linkage: u64,
    bytes: usize,
    /// The outbox's total, and that at the sample before.
    total: u64,
    before: Option<u64>,
}

/// What is asked for: which linkage, how often, and how much of each message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) linkage: u64,
    pub(crate) samples_per_second: u32,
    pub(crate) bytes: u32,
}

const NOT_ALLOWED: &str = "the program does not allow messages of this type to be shown: see Builder::tap";
const PASSTHROUGH: &str = "messages pass here without a stop: tap the linkage where they are sent";
const TOO_MANY: &str = "too many taps are open";

impl Taps {
    pub(crate) fn new(shows: Shows) -> Self {
        Self { shows, open: Mutex::default(), sampled: Notify::new(), next_at: AtomicU64::new(u64::MAX) }
    }

    /// Opens a tap, or says why not; whether it is open. A linkage that is gone has nobody to be told.
    pub(crate) fn open(&self, wish: Wish, lane: &Arc<Lane>, program: &Program) -> bool {
        let Some(outbox) = program.outbox_of(wish.linkage) else { return false };
        let refuse = |refusal| {
            lane.push(clock_ns(), Aside::Sample(Sample { linkage: wish.linkage, refusal, ..Sample::default() }));
            false
        };
        let Ok(outbox) = outbox else { return refuse(PASSTHROUGH) };
        self.close(wish.linkage, lane);
        let mut open = self.taps();
        let theirs = open.values().flat_map(|tapped| &tapped.taps).filter(|tap| Arc::ptr_eq(&tap.lane, lane));
        if theirs.count() >= TAPS {
            return refuse(TOO_MANY);
        }
        let tapped = open.entry(outbox.id()).or_insert_with(|| Tapped { outbox, is_armed: false, taps: Vec::new() });
        tapped.taps.push(Tap {
            lane: lane.clone(),
            linkage: wish.linkage,
            every_ns: 1_000_000_000 / u64::from(wish.samples_per_second.clamp(1, SAMPLES_PER_SECOND)),
            next_at: 0,
            bytes: wish.bytes.clamp(1, SAMPLE_BYTES) as usize,
            total: None,
            is_refused: false,
        });
        drop(open);
        self.tend();
        true
    }

    /// Closes the tap of one visualiser on `linkage`, if there is one.
    pub(crate) fn close(&self, linkage: u64, lane: &Arc<Lane>) {
        self.close_where(|tap| tap.is_of(linkage, lane));
    }

    /// Closes all taps of one visualiser.
    pub(crate) fn close_all(&self, lane: &Arc<Lane>) {
        self.close_where(|tap| Arc::ptr_eq(&tap.lane, lane));
    }

    /// Returns when [`tend`](Self::tend) should be called before the next sample is due.
    pub(crate) async fn sampled(&self) {
        self.sampled.notified().await;
    }

    /// When the next sample is due, on the program's clock.
    pub(crate) fn next_at(&self) -> u64 {
        self.next_at.load(Ordering::Relaxed)
    }

    /// Arms the outboxes of which a sample is due, and disarms the others. Called by the probe's thread alone.
    pub(crate) fn tend(&self) {
        let now = clock_ns();
        let mut turned = Vec::new();
        let mut next_at = u64::MAX;
        for tapped in self.taps().values_mut() {
            let wanted = tapped.taps.iter().filter(|tap| !tap.is_refused).map(|tap| tap.next_at).min();
            let is_due = wanted.is_some_and(|at| at <= now);
            if let Some(at) = wanted.filter(|_| !is_due) {
                next_at = next_at.min(at);
            }
            if std::mem::replace(&mut tapped.is_armed, is_due) != is_due {
                turned.push((tapped.outbox.clone(), is_due));
            }
        }
        self.next_at.store(next_at, Ordering::Relaxed);
        for (outbox, is_due) in turned {
            outbox.set_tapped(is_due);
        }
    }

    /// A message leaves a tapped outbox.
    pub(crate) fn on_message(&self, outbox: u64, message: &dyn Any) {
        let show = self.shows.0.get(&message.type_id());
        self.sample(outbox, show.map(|show| Shown { show, message }));
    }

    /// A message leaves a tapped outbox, which shows it itself.
    pub(crate) fn on_text(&self, outbox: u64, message: &dyn Display) {
        self.sample(outbox, Some(message));
    }

    fn sample(&self, outbox: u64, message: Option<impl Display>) {
        let now = clock_ns();
        for due in self.due(outbox, now, message.is_some()) {
            let mut sample = Sample { linkage: due.linkage, ..Sample::default() };
            match &message {
                Some(message) => (sample.text, sample.full_length) = written(message, due.bytes),
                None => sample.refusal = NOT_ALLOWED,
            }
            sample.skipped = due.before.map_or(0, |before| due.total.saturating_sub(before + 1));
            if !due.lane.push(now, Aside::Sample(sample)) {
                self.undo(outbox, &due);
            }
        }
        self.sampled.notify_one();
    }

    /// Who is shown this message. The lock is not held while it is written: what a program writes may do anything.
    fn due(&self, outbox: u64, now: u64, is_shown: bool) -> Vec<Due> {
        let mut open = self.taps();
        let Some(tapped) = open.get_mut(&outbox) else { return Vec::new() };
        let total = tapped.outbox.messages();
        let due = tapped.taps.iter_mut().filter(|tap| now >= tap.next_at && !tap.is_refused);
        due.map(|tap| {
            tap.next_at = now + tap.every_ns;
            tap.is_refused = !is_shown;
            let before = tap.total.replace(total);
            Due { lane: tap.lane.clone(), linkage: tap.linkage, bytes: tap.bytes, total, before }
        })
        .collect()
    }

    /// There was no room for what was due: it counts as one of those that were not shown.
    fn undo(&self, outbox: u64, due: &Due) {
        for tap in self.taps().get_mut(&outbox).into_iter().flat_map(|tapped| &mut tapped.taps) {
            if tap.is_of(due.linkage, &due.lane) {
                tap.total = due.before;
            }
        }
    }

    fn close_where(&self, is_over: impl Fn(&Tap) -> bool) {
        let mut idle = Vec::new();
        self.taps().retain(|_, tapped| {
            tapped.taps.retain(|tap| !is_over(tap));
            if tapped.taps.is_empty() {
                idle.push(tapped.outbox.clone());
            }
            !tapped.taps.is_empty()
        });
        for outbox in idle {
            outbox.set_tapped(false);
        }
    }

    /// Nothing done under this lock can panic half-way.
    fn taps(&self) -> MutexGuard<'_, HashMap<u64, Tapped>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Shown<'a> {
    show: &'a Show,
    message: &'a dyn Any,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.show)(self.message, f)
    }
}

/// The beginning of a message and its whole length. A message that panics as it is written must not take down who sends it.
fn written(message: &impl Display, limit: usize) -> (String, usize) {
    let mut cut = Cut { text: String::new(), limit, full_length: 0 };
    // One whose own formatting fails shows what it wrote until then.
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| write!(cut, "{message}")));
    if outcome.is_err() {
        return ("(it panicked when it was to be shown)".to_owned(), 0);
    }
    (cut.text, cut.full_length)
}

/// Keeps the beginning of what is written, and counts the rest.
struct Cut {
    text: String,
    limit: usize,
    full_length: usize,
}

/// A message that writes more than this is given up: counting the rest would keep the program waiting.
const PATIENCE_BYTES: usize = 64 * 1024;

impl Write for Cut {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.full_length == self.text.len() {
            let room = self.limit - self.text.len();
            self.text.push_str(&more[..more.floor_char_boundary(room)]);
        }
        self.full_length += more.len();
        if self.full_length > PATIENCE_BYTES { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_text_is_cut_at_a_characters_edge_and_its_whole_length_counted() {
        let mut cut = Cut { text: String::new(), limit: 5, full_length: 0 };
        write!(cut, "né{}", ["né", "né"].concat()).unwrap();
        assert_eq!((cut.text.as_str(), cut.full_length), ("nén", 9));
    }

    #[test]
    fn a_message_that_panics_is_shown_as_such() {
        struct Bad;
        impl Display for Bad {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("as a test wants it")
            }
        }
        assert_eq!(written(&Bad, 10).0, "(it panicked when it was to be shown)");
    }

    #[test]
    fn what_never_ends_is_given_up() {
        let mut cut = Cut { text: String::new(), limit: 5, full_length: 0 };
        assert!((0..1_000_000).any(|_| cut.write_str("abcdefgh").is_err()));
        assert_eq!(cut.text, "abcde");
    }
}
