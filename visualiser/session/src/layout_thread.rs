//! Arranges every system on a thread of its own: takes over what changed, moves things for a frame's time, publishes
//! where they are, and sleeps when nothing moves.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axonscope_layout::{Packing, Style};
use axonscope_model::finding::Slots;
use axonscope_model::{ComponentId, Model, Staleness, Status, System, SystemId};

use crate::picture::Picture;
use crate::places::{Places, SystemPlaces};
use crate::request::Progress;
use crate::shared::Shared;
use crate::sizes::SYSTEM_GAP;

/// The shortest time between two rounds of ticks, and how long a round may take.
const FRAME: Duration = Duration::from_micros(16_667);
/// How long a round is meant to take: ticks differ, and what they did has to be published too.
const MEANT: Duration = Duration::from_micros(12_000);

/// The longest rest after a long tick, so that a huge picture still moves while changes pour in.
const LONGEST_REST: Duration = Duration::from_millis(200);
/// How many ticks a small picture makes in a frame: enough to come to rest in seconds, few enough for the eye to follow.
const TICKS_PER_FRAME: usize = 4;
/// How long a system is waited for that has not told all of itself yet.
const FIRST_SNAPSHOT: Duration = Duration::from_secs(2);
/// A request that takes time waits so many times that before the next one is made: a fifth of the time at most.
const REQUEST_PAUSE: u32 = 4;
/// The same for what a person moves, who watches it.
const ARRANGE_PAUSE: u32 = 1;
/// How long the model is held at a time while a system is copied: whoever tells it something waits no longer.
const COPY: Duration = Duration::from_micros(200);
/// What changes faster than it is copied is copied without a break after so many attempts.
const COPY_ATTEMPTS: u32 = 6;
/// More threads than this wait for each other more than they work.
const MOST_THREADS: usize = 8;

/// Runs until the session ends.
pub(crate) fn run(shared: Arc<Shared>, seed: u64) {
    // Held as long as the thread runs.
    let _threads = gather_threads();
    let mut studio = Studio {
        seed,
        give_way: shared.manners(),
        pictures: Vec::new(),
        packings: [Packing::new(), Packing::new()],
        style: Style::Force,
        next: 0,
        moved: false,
        tick_took: Duration::ZERO,
        ticks_due: Instant::now(),
    };
    loop {
        let reasons = shared.stir.wait(studio.patience());
        if reasons.closed {
            return;
        }
        let began = Instant::now();
        if reasons.rearrange {
            studio.pictures.iter_mut().for_each(Picture::rearrange);
        }
        let mut took_change = studio.take_changes(&shared);
        took_change |= studio.take_wishes(&shared);
        (studio.give_way)();
        let now = Instant::now();
        // What is new is shown before anything moves on, if there is no time for both.
        let has_time = !took_change || now + studio.tick_took <= began + FRAME;
        if reasons.hurry {
            studio.ticks_due = now;
            studio.tick(&shared, now + FRAME, usize::MAX);
        } else if now >= studio.ticks_due && has_time {
            studio.ticks_due = now + FRAME;
            studio.tick(&shared, began + MEANT, TICKS_PER_FRAME);
        }
        (studio.give_way)();
        if (studio.moved || !studio.is_moving()) && studio.publish(&shared) && !reasons.hurry {
            count_if(&shared.totals.publications_over_budget, began.elapsed() > FRAME);
        }
    }
}

/// Makes this thread the first of a pool of its own, which whatever is done in parallel on it is done in. One processor is
/// left to those who take in what programs say; where there are no two, everything is done on this thread.
fn gather_threads() -> Option<rayon::ThreadPool> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(processors.saturating_sub(1).clamp(1, MOST_THREADS))
        .thread_name(|number| format!("axonscope-layout-{number}"))
        .use_current_thread()
        .build();
    pool.inspect_err(|error| tracing::warn!(%error, "the layout has no threads of its own")).ok()
}

fn count_if(total: &AtomicU64, happened: bool) {
    total.fetch_add(u64::from(happened), Ordering::Relaxed);
}

struct Studio {
    seed: u64,
    give_way: Arc<dyn Fn() + Send + Sync>,
    /// In order of first appearance.
    pictures: Vec<Picture>,
    /// How systems stand beside each other, by how they are arranged; and that now.
    packings: [Packing; 2],
    style: Style,
    /// Whose turn it is.
    next: usize,
    /// Something is not published yet.
    moved: bool,
    /// How long the last tick took.
    tick_took: Duration,
    /// When the next round of ticks may begin.
    ticks_due: Instant,
}

impl Studio {
    fn is_moving(&self) -> bool {
        self.pictures.iter().any(|picture| !picture.at_rest())
    }

    /// How long nothing needs to be done without a reason from outside.
    fn patience(&self) -> Option<Duration> {
        let requests = self.pictures.iter().filter_map(|picture| picture.due);
        let due = requests.chain(self.is_moving().then_some(self.ticks_due)).min();
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    // === impl changes ===

    /// True if a request was made.
    fn take_changes(&mut self, shared: &Shared) -> bool {
        let stands = |system: &System| (system.id(), !system.status().is_connected());
        let systems: Vec<(SystemId, bool)> = shared.read(|model| model.systems().map(stands).collect());
        let before = self.pictures.len();
        self.pictures.retain(|picture| systems.binary_search_by_key(&picture.system, |known| known.0).is_ok());
        self.moved |= self.pictures.len() != before;
        shared.folds.retain(|system| systems.binary_search_by_key(&system, |known| known.0).is_ok());
        let mut took_change = false;
        for (system, departed) in systems {
            let index = match self.pictures.binary_search_by_key(&system, |picture| picture.system) {
                Ok(index) => index,
                Err(index) => {
                    self.pictures.insert(index, Picture::new(system, self.seed, self.give_way.clone()));
                    index
                }
            };
            took_change |= take_change(&mut self.pictures[index], shared);
            self.moved |= self.pictures[index].set_departed(departed);
        }
        self.moved |= took_change;
        took_change
    }

    /// How everything is to be arranged, and where it is wanted back. True if anything is different.
    fn take_wishes(&mut self, shared: &Shared) -> bool {
        self.style = shared.style();
        let mut took = false;
        for picture in &mut self.pictures {
            took |= picture.set_style(self.style);
        }
        // Only when the pins are back does all have its place.
        if self.pictures.iter().all(|picture| picture.due.is_none())
            && let Some(places) = shared.take_wanted_back()
        {
            for picture in &mut self.pictures {
                if let Some(origin) = picture.put_back(&places) {
                    self.packings[self.style as usize].put(picture.system.0, origin);
                }
            }
            took = true;
        }
        self.moved |= took;
        took
    }

    // === impl moving ===

    /// In turn, so that a large picture does not keep small ones from moving.
    fn tick(&mut self, shared: &Shared, until: Instant, rounds: usize) {
        for _ in 0..rounds {
            if !self.is_moving() {
                return;
            }
            for _ in 0..self.pictures.len() {
                self.next = (self.next + 1) % self.pictures.len();
                let picture = &mut self.pictures[self.next];
                if !picture.at_rest() {
                    let (began, changes) = (Instant::now(), shared.totals.read().structure);
                    picture.tick();
                    self.moved = true;
                    // Ingest and the model have things to do too. While changes pour in, a picture so large that a tick
                    // outlasts a frame gives them as much time as it took.
                    let took = began.elapsed();
                    self.tick_took = took;
                    count_if(&shared.totals.ticks, true);
                    count_if(&shared.totals.ticks_over_budget, took > FRAME);
                    if took > FRAME && shared.totals.read().structure != changes {
                        self.ticks_due = Instant::now() + took.min(LONGEST_REST);
                    }
                    std::thread::yield_now();
                    // Another one would end too late.
                    if Instant::now() + took >= until {
                        return;
                    }
                }
            }
        }
    }

    /// True if anything is elsewhere than it was.
    fn publish(&mut self, shared: &Shared) -> bool {
        let clusters: Vec<_> =
            self.pictures.iter().filter(|picture| picture.is_drawn()).map(Picture::cluster).collect();
        let origins = self.packings[self.style as usize].place(&clusters, SYSTEM_GAP);
        let drawn = self.pictures.iter_mut().filter(|picture| picture.is_drawn());
        let systems: Vec<Arc<SystemPlaces>> =
            drawn.zip(origins).map(|(picture, origin)| picture.places_at(origin)).collect();
        self.moved = false;
        let places = Places { systems, moving: self.is_moving() };
        let differs = !shared.places().is(&places);
        if differs {
            shared.publish(places);
        }
        differs
    }
}

/// Takes over what changed in the model and in what a person moved, if it is time. True if anything is drawn otherwise.
fn take_change(picture: &mut Picture, shared: &Shared) -> bool {
    let began = Instant::now();
    let Some(changed) = shared.read(|model: &Model| look(picture, model, shared, began)) else { return false };
    if !copy(picture, shared, &changed) {
        return false;
    }
    picture.take_draft();
    picture.took_until = Instant::now();
    picture.took = picture.took_until - began;
    true
}

/// What a request is made of besides the system.
struct Changed {
    pins: HashMap<ComponentId, [f32; 3]>,
    arranged: u64,
    shift: [f32; 2],
    kept: Option<Arc<Slots>>,
}

/// None if nothing changed, or if it is not time yet.
fn look(picture: &mut Picture, model: &Model, shared: &Shared, now: Instant) -> Option<Changed> {
    let system = model.system(picture.system)?;
    let mut arrangement = shared.arrangement();
    let arranged = arrangement.version_of(system);
    let pause = if picture.arranged != arranged { ARRANGE_PAUSE } else { REQUEST_PAUSE };
    picture.due = None;
    let kept = shared.finding.kept(picture.system);
    let keeps_the_same = match (&picture.kept, &kept) {
        (Some(before), Some(now)) => Arc::ptr_eq(before, now),
        (before, now) => before.is_none() && now.is_none(),
    };
    let pause = if keeps_the_same { pause } else { ARRANGE_PAUSE };
    if picture.structure == system.structure_version() && picture.arranged == arranged && keeps_the_same {
        return None;
    }
    let mut due = picture.took_until + picture.took * pause;
    // Drawn before it is complete, a large system would be arranged many times over.
    if !picture.is_drawn() && *system.status() == Status::Stale(Staleness::Incomplete) {
        due = due.max(picture.born + FIRST_SNAPSHOT);
    }
    if due > now {
        picture.due = Some(due);
        return None;
    }
    let (pins, shift) = (arrangement.pins_of(system), arrangement.shift_of(system));
    if shared.folds.set(system.id(), arrangement.folds_of(system)) {
        shared.wake();
    }
    Some(Changed { pins, arranged, shift, kept })
}

/// Copies the system into the picture's draft: in parts, between which others may tell the model something. If what exists
/// changes meanwhile it begins anew, the last time without a break. False if there is no such system any more.
fn copy(picture: &mut Picture, shared: &Shared, changed: &Changed) -> bool {
    let mut progress: Option<(u64, Progress)> = None;
    let mut attempts = 1;
    loop {
        let copied = shared.read(|model| {
            let system = model.system(picture.system)?;
            let structure = system.structure_version();
            if progress.as_ref().is_some_and(|(of, _)| *of != structure) {
                (progress, attempts) = (None, attempts + 1);
            }
            let in_one_go = attempts == COPY_ATTEMPTS;
            let draft = picture.draft();
            let (_, progress) = progress.get_or_insert_with(|| (structure, draft.begin(system, changed.kept.clone())));
            let until = Instant::now() + COPY;
            Some(draft.copy(system, &changed.pins, progress, || in_one_go || Instant::now() < until))
        });
        match (copied, &progress) {
            (Some(true), Some((structure, _))) => {
                (picture.structure, picture.arranged, picture.shift) = (*structure, changed.arranged, changed.shift);
                picture.kept = changed.kept.clone();
                return true;
            }
            (Some(_), _) => shared.give_way(),
            (None, _) => return false,
        }
    }
}
