//! Arranges every system on a thread of its own: takes over what changed, moves things for a frame's time, publishes
//! where they are, and sleeps when nothing moves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axonscope_layout::Packing;
use axonscope_model::{Model, Staleness, Status, System, SystemId};

use crate::picture::Picture;
use crate::places::{Places, SystemPlaces};
use crate::shared::Shared;
use crate::sizes::SYSTEM_GAP;

/// The shortest time between two publications, and how long ticks may take between them.
const FRAME: Duration = Duration::from_micros(16_667);

/// The longest rest after a long tick, so that a huge picture still moves while changes pour in.
const LONGEST_REST: Duration = Duration::from_millis(200);
/// How many ticks a small picture makes in a frame: enough to come to rest in seconds, few enough for the eye to follow.
const TICKS_PER_FRAME: usize = 4;
/// How long a system is waited for that has not told all of itself yet.
const FIRST_SNAPSHOT: Duration = Duration::from_secs(2);
/// A request that takes time waits so many times that before the next one is made: a tenth of the time at most.
const REQUEST_PAUSE: u32 = 9;
/// The same for what a person moves, who watches it.
const ARRANGE_PAUSE: u32 = 1;
/// How much heat "arrange again" brings.
const REARRANGE_HEAT: f32 = 1.0;

/// Runs until the session ends.
pub(crate) fn run(shared: Arc<Shared>, seed: u64) {
    let mut studio = Studio { seed, pictures: Vec::new(), packing: Packing::new(), next: 0, moved: false };
    let mut frame_at = Instant::now();
    loop {
        let reasons = shared.stir.wait(studio.patience());
        if reasons.closed {
            return;
        }
        if reasons.rearrange {
            studio.pictures.iter_mut().for_each(|picture| picture.simulation.reheat(REARRANGE_HEAT));
        }
        studio.take_changes(&shared);
        studio.tick(&shared, if reasons.hurry { usize::MAX } else { TICKS_PER_FRAME });
        if studio.moved || !studio.is_moving() {
            studio.publish(&shared);
        }
        if !reasons.hurry && studio.is_moving() {
            std::thread::sleep((frame_at + FRAME).saturating_duration_since(Instant::now()));
        }
        frame_at = Instant::now();
    }
}

struct Studio {
    seed: u64,
    /// In order of first appearance.
    pictures: Vec<Picture>,
    packing: Packing,
    /// Whose turn it is.
    next: usize,
    /// Something is not published yet.
    moved: bool,
}

impl Studio {
    fn is_moving(&self) -> bool {
        self.pictures.iter().any(|picture| !picture.simulation.at_rest())
    }

    /// How long nothing needs to be done without a reason from outside.
    fn patience(&self) -> Option<Duration> {
        if self.is_moving() {
            return Some(Duration::ZERO);
        }
        let due = self.pictures.iter().filter_map(|picture| picture.due).min();
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    // === impl changes ===

    fn take_changes(&mut self, shared: &Shared) {
        let known: Vec<SystemId> = shared.read(|model| model.systems().map(System::id).collect());
        let before = self.pictures.len();
        self.pictures.retain(|picture| known.binary_search(&picture.system).is_ok());
        self.moved |= self.pictures.len() != before;
        for system in known {
            let index = match self.pictures.binary_search_by_key(&system, |picture| picture.system) {
                Ok(index) => index,
                Err(index) => {
                    self.pictures.insert(index, Picture::new(system, self.seed));
                    index
                }
            };
            self.moved |= take_change(&mut self.pictures[index], shared);
        }
    }

    // === impl moving ===

    /// In turn, so that a large picture does not keep small ones from moving.
    fn tick(&mut self, shared: &Shared, rounds: usize) {
        let until = Instant::now() + FRAME;
        for _ in 0..rounds {
            if !self.is_moving() {
                return;
            }
            for _ in 0..self.pictures.len() {
                self.next = (self.next + 1) % self.pictures.len();
                let picture = &mut self.pictures[self.next];
                if !picture.simulation.at_rest() {
                    let (began, changes) = (Instant::now(), shared.counters().structure);
                    picture.simulation.tick();
                    picture.moved = true;
                    self.moved = true;
                    // Ingest and the model have things to do too. While changes pour in, a picture so large that a tick
                    // outlasts a frame gives them as much time as it took.
                    let took = began.elapsed();
                    if took > FRAME && shared.counters().structure != changes {
                        std::thread::sleep(took.min(LONGEST_REST));
                    } else {
                        std::thread::yield_now();
                    }
                    if Instant::now() >= until {
                        return;
                    }
                }
            }
        }
    }

    fn publish(&mut self, shared: &Shared) {
        let clusters: Vec<_> =
            self.pictures.iter().filter(|picture| picture.is_drawn()).map(Picture::cluster).collect();
        let origins = self.packing.place(&clusters, SYSTEM_GAP);
        let drawn = self.pictures.iter_mut().filter(|picture| picture.is_drawn());
        let systems: Vec<Arc<SystemPlaces>> =
            drawn.zip(origins).map(|(picture, origin)| picture.places_at(origin)).collect();
        self.moved = false;
        let places = Places { systems, moving: self.is_moving() };
        if *shared.places() != places {
            shared.publish(places);
        }
    }
}

/// Takes over what changed in the model and in what a person moved, if it is time. True if anything is drawn otherwise.
fn take_change(picture: &mut Picture, shared: &Shared) -> bool {
    let now = Instant::now();
    let taken = shared.read(|model: &Model| {
        let system = model.system(picture.system)?;
        let mut arrangement = shared.arrangement();
        let arranged = arrangement.version_of(system);
        let structure = system.structure_version();
        let pause = if picture.arranged != arranged { ARRANGE_PAUSE } else { REQUEST_PAUSE };
        picture.due = None;
        if picture.structure == structure && picture.arranged == arranged {
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
        (picture.structure, picture.arranged) = (structure, arranged);
        picture.shift = arrangement.shift_of(system);
        let pins = arrangement.pins_of(system);
        drop(arrangement);
        Some(crate::request::draw(system, &pins))
    });
    let Some(drawing) = taken else { return false };
    picture.take(drawing);
    picture.took_until = Instant::now();
    picture.took = picture.took_until - now;
    true
}
