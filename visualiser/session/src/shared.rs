//! What the threads of a session share: the model behind its lock, the versions, and those who watch.
//!
//! Whoever reads the model has the right of way: writers work in slices of two milliseconds, wait while a reader waits,
//! and never stand in the queue of the lock, where they would hold up new readers while an old one is slow.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::{Duration, Instant};

use axonscope_ingest::answers::Told;
use axonscope_ingest::feed::Feed;
use axonscope_ingest::from_proto::Batch;
use axonscope_ingest::limits::{CADENCE_UNWATCHED, CADENCE_WATCHED};
use axonscope_ingest::queue::Nudge;
use axonscope_ingest::wishes::Wishes;
use axonscope_model::wiring::Wiring;
use axonscope_model::{Anomaly, Change, Hello, LinkageId, Model, Refusal, Status, System, SystemId};

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
use crate::trail::{Told as Report, Trail};
use crate::waker::Waker;
use crate::watchers::Watchers;

/// How long the model is written to at a time.
const SLICE: Duration = Duration::from_millis(2);
/// How often the time is looked at within a slice.
const CHANGES_PER_LOOK: usize = 128;
/// How long whoever waits for the model sleeps before it looks again.
pub(crate) const GLANCE: Duration = Duration::from_micros(50);
/// How long a writer gives way.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether anything is different from what was drawn last: each rises when something of its kind changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// What exists.
    pub structure: u64,
    /// Totals, rates, states.
    pub activity: u64,
    /// Positions.
    pub places: u64,
    /// How systems stand, and what did not fit.
    pub status: u64,
    /// What is wrong with them.
    pub problems: u64,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Changes of the structure that were applied, anomalies included.
    pub structure: u64,
    /// Totals that were applied.
    pub activity: u64,
    /// Reports that were applied.
    pub reports: u64,
    /// Steps that the layout made.
    pub ticks: u64,
    /// Those that took longer than a frame may last.
    pub ticks_over_budget: u64,
    /// How often new places were published.
    pub publications: u64,
    /// Those that came later than a frame may last after the layout had woken for them, while nobody hurried it.
    pub publications_over_budget: u64,
}

#[derive(Default)]
pub(crate) struct Totals {
    structure: AtomicU64,
    activity: AtomicU64,
    reports: AtomicU64,
    pub(crate) ticks: AtomicU64,
    pub(crate) ticks_over_budget: AtomicU64,
    pub(crate) publications: AtomicU64,
    pub(crate) publications_over_budget: AtomicU64,
}

pub(crate) struct Shared {
    model: RwLock<Model>,
    readers_waiting: AtomicUsize,
    writers_waiting: AtomicUsize,
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
            model: RwLock::new(model),
            readers_waiting: AtomicUsize::new(0),
            writers_waiting: AtomicUsize::new(0),
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
        shared.note_versions(&shared.read_lock(), true);
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

    // === impl locks ===

    pub(crate) fn read<R>(&self, question: impl FnOnce(&Model) -> R) -> R {
        question(&self.read_lock())
    }

    fn read_lock(&self) -> RwLockReadGuard<'_, Model> {
        self.readers_waiting.fetch_add(1, Ordering::AcqRel);
        let model = self.model.read().unwrap_or_else(PoisonError::into_inner);
        self.readers_waiting.fetch_sub(1, Ordering::AcqRel);
        model
    }

    fn write_lock(&self) -> RwLockWriteGuard<'_, Model> {
        self.writers_waiting.fetch_add(1, Ordering::AcqRel);
        let model = self.find_gap();
        self.writers_waiting.fetch_sub(1, Ordering::AcqRel);
        model
    }

    /// For a reader that comes back at once, and does not hold the model now: lets a writer that waits have its turn.
    pub(crate) fn give_way(&self) {
        let began = Instant::now();
        while self.writers_waiting.load(Ordering::Acquire) > 0 && began.elapsed() < SLICE {
            std::thread::sleep(GLANCE);
        }
    }

    fn find_gap(&self) -> RwLockWriteGuard<'_, Model> {
        let began = Instant::now();
        loop {
            if self.readers_waiting.load(Ordering::Acquire) == 0 {
                match self.model.try_write() {
                    Ok(model) => return model,
                    Err(TryLockError::Poisoned(model)) => return model.into_inner(),
                    Err(TryLockError::WouldBlock) => {}
                }
            }
            if began.elapsed() > PATIENCE {
                return self.model.write().unwrap_or_else(PoisonError::into_inner);
            }
            std::thread::sleep(GLANCE);
        }
    }

    // === impl changes ===

    pub(crate) fn connect(&self, hello: Hello) -> Result<SystemId, Refusal> {
        let mut model = self.write_lock();
        let now_ns = self.now_ns();
        let system = model.connect(hello, now_ns)?;
        if let Some(known) = model.system(system) {
            self.watchers.tell(system, || Told::Hello(Box::new((hello_of(known), summary(known, now_ns)))));
        }
        self.set_cadence(system, now_ns);
        self.renew_wishes(&model, system);
        self.note_versions(&model, true);
        Ok(system)
    }

    pub(crate) fn disconnect(&self, system: SystemId, farewell: Option<String>) {
        let mut model = self.write_lock();
        let now_ns = self.now_ns();
        model.disconnect(system, farewell, now_ns);
        self.renew_wishes(&model, system);
        self.tell_status(&model, system);
        self.note_versions(&model, true);
    }

    /// Drops a departed system.
    pub(crate) fn dismiss(&self, system: SystemId) {
        let mut model = self.write_lock();
        if model.dismiss(system) {
            self.note_versions(&model, true);
        }
    }

    /// Applies all of them, in slices.
    pub(crate) fn apply(&self, system: SystemId, changes: impl IntoIterator<Item = Change>) {
        self.apply_all(system, changes, None);
    }

    /// The same for what a Report said, which is followed to the screen while somebody asks for that.
    pub(crate) fn apply_report(&self, system: SystemId, batch: Box<Batch>, arrived_at: Instant) {
        let captured_at = batch.captured_at().filter(|_| self.trail.is_on());
        let report = captured_at.map(|captured_at| Report { captured_at, arrived_at, before: self.versions() });
        self.apply_all(system, batch, report);
    }

    fn apply_all(&self, system: SystemId, changes: impl IntoIterator<Item = Change>, report: Option<Report>) {
        let mut changes = changes.into_iter();
        while self.apply_slice(system, &mut changes, report) {}
        self.totals.reports.fetch_add(1, Ordering::Relaxed);
    }

    /// False when nothing is left.
    fn apply_slice(
        &self,
        system: SystemId,
        changes: &mut impl Iterator<Item = Change>,
        report: Option<Report>,
    ) -> bool {
        let mut model = self.write_lock();
        let began = Instant::now();
        let watched = self.watchers.want(system);
        let stood = model.system(system).map(|system| system.status().clone());
        let taps = model.system(system).map_or(0, |system| system.tapped().count());
        model.heard(system, self.now_ns());
        let (mut structure, mut activity, mut anomalies) = (0, 0, 0);
        let mut told = Vec::new();
        let mut more = true;
        'slice: while began.elapsed() < SLICE {
            for _ in 0..CHANGES_PER_LOOK {
                let Some(change) = changes.next() else {
                    more = false;
                    break 'slice;
                };
                // Logs and taps are for whoever sits at the window only, until readers can show a token.
                if watched && !matches!(change, Change::Logged(_) | Change::Tapped(_)) {
                    told.push(change.clone());
                }
                match change {
                    Change::ComponentActivity(_) | Change::PostboxActivity(_) | Change::LinkageActivity { .. } => {
                        activity += 1;
                    }
                    _ => structure += 1,
                }
                let applied = model.apply(system, change);
                anomalies += u64::from(applied.anomaly.is_some());
                if let Some(anomaly) = applied.anomaly {
                    log(system, &anomaly);
                }
            }
        }
        self.totals.structure.fetch_add(structure, Ordering::Relaxed);
        self.totals.activity.fetch_add(activity, Ordering::Relaxed);
        if !told.is_empty() {
            self.watchers.tell(system, || Told::Changes(told.into()));
        }
        let tapped = model.system(system).map_or(0, |system| system.tapped().count());
        if tapped != taps {
            self.renew_wishes(&model, system);
        }
        let stands = model.system(system).map(System::status);
        let stands_otherwise = stands != stood.as_ref();
        if stands_otherwise {
            self.tell_status(&model, system);
        }
        if !more && let (Some(report), Some(known)) = (report, model.system(system)) {
            let (structure, activity) = (model.structure_version(), model.activity_version());
            self.trail.tell(report, known, structure, activity, self.now_ns());
        }
        self.note_versions(&model, stands_otherwise || anomalies > 0);
        more
    }

    /// Time passes.
    pub(crate) fn tick(&self) {
        // Those who looked may look no longer.
        self.set_cadences();
        let mut model = self.write_lock();
        let before = model.activity_version();
        let stood = |model: &Model| -> Vec<Status> { model.systems().map(|system| system.status().clone()).collect() };
        let stood_before = stood(&model);
        model.tick(self.now_ns());
        if model.activity_version() == before {
            return;
        }
        let now: Vec<SystemId> = model
            .systems()
            .zip(&stood_before)
            .filter(|(system, before)| system.status() != *before)
            .map(|(system, _)| system.id())
            .collect();
        for system in now {
            self.tell_status(&model, system);
        }
        self.note_versions(&model, true);
    }

    // === impl wishes ===

    /// Taps a linkage, or ends that; whether it is as asked.
    pub(crate) fn tap(&self, system: SystemId, linkage: LinkageId, on: bool) -> bool {
        let mut model = self.write_lock();
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

    pub(crate) fn counters(&self) -> Counters {
        let total = |total: &AtomicU64| total.load(Ordering::Relaxed);
        Counters {
            structure: total(&self.totals.structure),
            activity: total(&self.totals.activity),
            reports: total(&self.totals.reports),
            ticks: total(&self.totals.ticks),
            ticks_over_budget: total(&self.totals.ticks_over_budget),
            publications: total(&self.totals.publications),
            publications_over_budget: total(&self.totals.publications_over_budget),
        }
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
        let model = self.read_lock();
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

/// Lost data is an error, a limit that was reached a warning; the rest is seen in the picture.
fn log(system: SystemId, anomaly: &Anomaly) {
    match anomaly {
        Anomaly::Gap { expected, got } => tracing::error!(%system, expected, got, "reports are missing"),
        Anomaly::OverLimit { what } => tracing::debug!(%system, what, "over a limit"),
        other => tracing::debug!(%system, ?other, "does not fit"),
    }
}
