//! What the threads of a session share: the model behind its lock, the versions, and those who watch.

mod changes;
mod counters;
mod right_of_way;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axonscope_ingest::answers::Told;
use axonscope_ingest::feed::Feed;
use axonscope_ingest::limits::{CADENCE_UNWATCHED, CADENCE_WATCHED};
use axonscope_ingest::queue::Nudge;
use axonscope_ingest::wishes::Wishes;
use axonscope_model::wiring::Wiring;
use axonscope_model::{Hello, LinkageId, Model, System, SystemId};

use crate::arrangement::Arrangement;
use crate::arranging::{ShownFolds, read_arrangement};
use crate::attention::Attention;
use crate::finding::Desk;
use crate::history::History;
use crate::keeper::Keeper;
use crate::manners::manners;
use crate::places::Places;
use crate::problems::Problems;
use crate::stir::Stir;
use crate::summary::summary;
use crate::trail::Trail;
use crate::waker::Waker;
use crate::watchers::Watchers;
use counters::Totals;
pub use counters::{Counters, Versions};
pub(crate) use right_of_way::GLANCE;
use right_of_way::RightOfWay;

pub(crate) struct Shared {
    model: RightOfWay,
    began: Instant,
    /// What the session's clock began at.
    epoch_ns: u64,
    structure: AtomicU64,
    activity: AtomicU64,
    places_version: AtomicU64,
    status: AtomicU64,
    pub(crate) totals: Totals,
    places: Mutex<Arc<Places>>,
    arrangement: Arc<Mutex<Arrangement>>,
    pub(crate) folds: ShownFolds,
    pub(crate) keeper: Option<Keeper>,
    pub(crate) is_layered: AtomicBool,
    /// Where a person wants everything back, until the layout thread has taken it.
    wanted_back: Mutex<Option<Arc<Places>>>,
    watchers: Watchers,
    pub(crate) attention: Attention,
    pub(crate) wishes: Arc<Wishes>,
    pub(crate) problems: Problems,
    pub(crate) history: Mutex<History>,
    /// Somebody may look at the past: a window was open.
    pub(crate) keeps_history: AtomicBool,
    pub(crate) trail: Trail,
    pub(crate) stir: Stir,
    pub(crate) finding: Desk,
    pub(crate) waker: Waker,
    nudge: Nudge,
}

/// Nothing that is done under these locks is left half-done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(model: Model, expected: Vec<Wiring>, nudge: Nudge, keeper: Option<Keeper>) -> Shared {
        // A model that was filled elsewhere has times of another clock; ours goes on from there.
        let epoch_ns = model.systems().map(System::heard_at_ns).max().unwrap_or(0).max(1);
        let shared = Shared {
            model: RightOfWay::new(model),
            began: Instant::now(),
            epoch_ns,
            structure: AtomicU64::new(0),
            activity: AtomicU64::new(0),
            places_version: AtomicU64::new(0),
            status: AtomicU64::new(0),
            totals: Totals::default(),
            places: Mutex::default(),
            arrangement: Arc::new(Mutex::new(read_arrangement(keeper.as_ref()))),
            folds: ShownFolds::default(),
            keeper,
            is_layered: AtomicBool::new(false),
            wanted_back: Mutex::default(),
            watchers: Watchers::default(),
            attention: Attention::default(),
            wishes: Arc::default(),
            problems: Problems::expecting(expected),
            history: Mutex::default(),
            keeps_history: AtomicBool::new(false),
            trail: Trail::default(),
            stir: Stir::default(),
            finding: Desk::default(),
            waker: Waker::default(),
            nudge,
        };
        shared.note_versions(&shared.model.read(), true);
        shared
    }

    /// Nanoseconds of the session's clock, which the model is told.
    pub(crate) fn now_ns(&self) -> u64 {
        self.epoch_ns + self.began.elapsed().as_nanos() as u64
    }

    /// Whole seconds since the session began, from 1.
    pub(crate) fn second(&self) -> u64 {
        self.began.elapsed().as_secs() + 1
    }

    pub(crate) fn read<R>(&self, question: impl FnOnce(&Model) -> R) -> R {
        question(&self.model.read())
    }

    /// For a reader that comes back at once, and does not hold the model now: lets a writer that waits have its turn.
    pub(crate) fn give_way(&self) {
        self.model.give_way();
    }

    // === impl wishes ===

    /// Taps a linkage, or ends that; whether it is as asked.
    pub(crate) fn tap(&self, system: SystemId, linkage: LinkageId, on: bool) -> bool {
        let mut model = self.model.write();
        let done = model.tap(system, linkage, on);
        self.renew_wishes(&model, system);
        self.note_versions(&model, false);
        done
    }

    /// A reader asks something.
    pub(crate) fn ask(&self) {
        if self.attention.ask(self.now_ns()) {
            self.set_cadences();
        }
    }

    /// Wants of every probe as much as somebody looks at.
    pub(crate) fn set_cadences(&self) {
        let now_ns = self.now_ns();
        let connected: Vec<SystemId> = self.read(|model| {
            let connected = model.systems().filter(|system| system.status().is_connected());
            connected.map(System::id).collect()
        });
        for system in connected {
            self.set_cadence(system, now_ns);
        }
    }

    fn set_cadence(&self, system: SystemId, now_ns: u64) {
        let watched = self.attention.is_paid(now_ns) || self.watchers.want(system);
        let cadence = if watched { CADENCE_WATCHED } else { CADENCE_UNWATCHED };
        self.wishes.want(system, |wish| wish.every_ms = cadence.as_millis() as u32);
    }

    /// Wants to see what the model says is tapped, of systems that it knows.
    fn renew_wishes(&self, model: &Model, system: SystemId) {
        if let Some(known) = model.system(system) {
            self.wishes.want(system, |wish| wish.taps = known.tapped().map(|linkage| linkage.id()).collect());
        }
        self.wishes.keep(|system| model.system(system).is_some());
    }

    /// Whether any stream is open.
    pub(crate) fn is_anyone_connected(&self) -> bool {
        self.read(|model| model.systems().any(|system| system.status().is_connected()))
    }

    // === impl versions ===

    pub(crate) fn versions(&self) -> Versions {
        Versions {
            structure: self.structure.load(Ordering::Acquire),
            activity: self.activity.load(Ordering::Acquire),
            places: self.places_version.load(Ordering::Acquire),
            status: self.status.load(Ordering::Acquire),
            problems: self.problems.version(),
        }
    }

    /// Looks for what is wrong; whether time alone may make more of it.
    pub(crate) fn look_for_problems(&self) -> bool {
        let (changes, ripens) = self.problems.look(|lints| {
            let now_ns = self.now_ns();
            self.read(|model| lints.look(model, now_ns))
        });
        if changes {
            self.wake();
        }
        ripens
    }

    /// Publishes what the model says it changed, and stirs whoever waits for it.
    fn note_versions(&self, model: &Model, status: bool) {
        let structure = self.structure.swap(model.structure_version(), Ordering::AcqRel) != model.structure_version();
        let activity = self.activity.swap(model.activity_version(), Ordering::AcqRel) != model.activity_version();
        if status {
            self.status.fetch_add(1, Ordering::AcqRel);
        }
        if structure || status {
            self.stir.structure();
        }
        if structure || activity || status {
            self.finding.stir();
            self.wake();
        }
    }

    pub(crate) fn wake(&self) {
        if self.waker.touch() {
            self.nudge.nudge();
        }
    }

    /// What long work is to do every now and then.
    pub(crate) fn manners(&self) -> Arc<dyn Fn() + Send + Sync> {
        manners(self.nudge.clone())
    }

    pub(crate) fn end(&self) {
        self.nudge.close();
        self.stir.close();
        self.finding.close();
    }

    // === impl places ===

    pub(crate) fn places(&self) -> Arc<Places> {
        lock(&self.places).clone()
    }

    pub(crate) fn publish(&self, places: Places) {
        let places = Arc::new(places);
        *lock(&self.places) = places.clone();
        let version = self.places_version.load(Ordering::Acquire) + 1;
        if self.trail.is_on() {
            for system in &places.systems {
                self.trail.place(system.system, system.structure, version, self.now_ns());
            }
        }
        self.places_version.store(version, Ordering::Release);
        self.totals.publications.fetch_add(1, Ordering::Relaxed);
        self.wake();
    }

    pub(crate) fn arrangement(&self) -> MutexGuard<'_, Arrangement> {
        lock(&self.arrangement)
    }

    pub(crate) fn arrangement_to_keep(&self) -> Arc<Mutex<Arrangement>> {
        self.arrangement.clone()
    }

    /// Everything is to be where it was.
    pub(crate) fn put_back(&self, places: Arc<Places>) {
        *lock(&self.wanted_back) = Some(places);
    }

    /// For the layout thread.
    pub(crate) fn take_wanted_back(&self) -> Option<Arc<Places>> {
        lock(&self.wanted_back).take()
    }

    // === impl watching ===

    /// Registers the feed and tells all that is known, at one instant. False: no such system.
    pub(crate) fn watch(
        &self,
        system: Option<SystemId>,
        feed: &Arc<Feed>,
        tell: &mut dyn FnMut(SystemId, Told),
    ) -> bool {
        let model = self.model.read();
        if system.is_some_and(|system| model.system(system).is_none()) {
            return false;
        }
        // Nobody can tell the feed anything while the model is read.
        feed.restart();
        self.watchers.register(system, feed);
        let now_ns = self.now_ns();
        for connected in model.systems().filter(|system| system.status().is_connected()) {
            self.set_cadence(connected.id(), now_ns);
        }
        for known in model.systems().filter(|known| system.is_none_or(|system| system == known.id())) {
            tell(known.id(), Told::Hello(Box::new((hello_of(known), summary(known, now_ns)))));
            for change in known.snapshot() {
                tell(known.id(), Told::Change(change));
            }
            tell(known.id(), Told::Status(Box::new(summary(known, now_ns))));
        }
        true
    }

    fn tell_status(&self, model: &Model, system: SystemId) {
        if let Some(known) = model.system(system) {
            self.watchers.tell(system, || Told::Status(Box::new(summary(known, self.now_ns()))));
        }
    }
}

/// What readers are told of who a system is: never its instance id.
fn hello_of(system: &System) -> Hello {
    let facts = system.facts().clone();
    Hello {
        instance: [0; 16],
        name: system.name().to_owned(),
        pid: facts.pid,
        host: facts.host,
        program: facts.program,
        labels: facts.labels,
        wall_clock_ns: facts.wall_clock_ns,
        monotonic_ns: facts.monotonic_ns,
        started_at: facts.started_at,
    }
}
