//! The way of news from a program to the screen, and how long each part of it takes. Nothing is kept unless somebody asks.
//!
//! News is what one Report changed: in what exists, or in totals and states. It is on its way from when the probe read it
//! until the first frame that shows it has been drawn. The parts of a snapshot are no news: they tell of what was before.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axonscope_model::{Facts, System, SystemId};

use crate::shared::Versions;
use crate::spread::{Figures, Spread};

/// How much news may be on its way; past it the oldest is forgotten and counted.
const WAITING_MAX: usize = 1024;
/// Nothing takes this long: the clocks differ.
const LONGEST: Duration = Duration::from_secs(60);

/// News that a frame shows.
#[derive(Clone, Copy, Debug)]
pub struct News {
    kind: Kind,
    /// When the probe read it, in nanoseconds since 1970 UTC; none where its clock is another host's.
    captured_ns: Option<u64>,
    applied_at: Instant,
    /// When its places were published, and the version of places that they have been in since.
    placed: Option<(Instant, u64)>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Something appeared or went; shown with places that know of it.
    Structure { system: SystemId, version: u64 },
    /// Totals, rates, states; shown when the model has been read at this version.
    Activity { version: u64 },
}

impl News {
    fn is_in(&self, drawn: Versions) -> bool {
        match self.kind {
            Kind::Structure { .. } => self.placed.is_some_and(|(_, places)| places <= drawn.places),
            Kind::Activity { version } => version <= drawn.activity,
        }
    }
}

/// How long news was on its way, in the last minute, and what of that was spent where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// From when the probe read that something appeared or went to the end of the first frame that knew where everything is
    /// since. The time until the probe looks, one cadence at most, is not in it, nor that of the display itself.
    pub event_to_pixel: Option<Figures>,
    /// The same for totals and states, which need no new place.
    pub total_to_pixel: Option<Figures>,
    /// From the arrival of a Report until the model knew all of it.
    pub arrival_to_model: Option<Figures>,
    /// Of what appeared or went: from then until everything had its place.
    pub model_to_places: Option<Figures>,
    /// Of the same: from then to the end of the frame.
    pub places_to_pixel: Option<Figures>,
    /// News whose age is not known, because its program's clock is not this host's.
    pub clocks_differ: u64,
    /// News that was forgotten because too much was on its way.
    pub forgotten: u64,
}

/// One report that is being applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) captured_at: u64,
    pub(crate) arrived_at: Instant,
    /// Before any of it was applied.
    pub(crate) before: Versions,
}

#[derive(Default)]
pub(crate) struct Trail {
    is_on: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    host: String,
    waiting: VecDeque<News>,
    /// Which structure of each system has its places.
    placed: Vec<(SystemId, u64)>,
    event_to_pixel: Spread,
    total_to_pixel: Spread,
    arrival_to_model: Spread,
    model_to_places: Spread,
    places_to_pixel: Spread,
    clocks_differ: u64,
    forgotten: u64,
}

impl Trail {
    /// Nothing that is done under this lock can panic half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Begins to measure, from nothing, or ends that.
    pub(crate) fn set_on(&self, on: bool) {
        *self.lock() = State { host: if on { own_host() } else { String::new() }, ..State::default() };
        self.is_on.store(on, Ordering::Relaxed);
    }

    /// All of a report is applied; `system` and `activity` are as it left them. To be called before anybody can have read
    /// them.
    pub(crate) fn tell(&self, told: Told, system: &System, structure: u64, activity: u64, now_ns: u64) {
        let kind = if structure != told.before.structure {
            Kind::Structure { system: system.id(), version: system.structure_version() }
        } else if activity != told.before.activity {
            Kind::Activity { version: activity }
        } else {
            return;
        };
        let applied_at = Instant::now();
        let mut state = self.lock();
        state.arrival_to_model.record(now_ns, applied_at - told.arrived_at);
        let captured_ns = wall_clock(system.facts(), &state.host, told.captured_at);
        if state.waiting.len() == WAITING_MAX {
            state.waiting.pop_front();
            state.forgotten += 1;
        }
        state.waiting.push_back(News { kind, captured_ns, applied_at, placed: None });
    }

    /// Places of this structure of a system, and of all before, were published under this version.
    pub(crate) fn place(&self, system: SystemId, structure: u64, places: u64, now_ns: u64) {
        let mut state = self.lock();
        let state = &mut *state;
        match state.placed.iter_mut().find(|(of, _)| *of == system) {
            Some((_, known)) if *known == structure => return,
            Some((_, known)) => *known = structure,
            None => state.placed.push((system, structure)),
        }
        let now = Instant::now();
        for news in state.waiting.iter_mut().filter(|news| news.placed.is_none()) {
            if let Kind::Structure { system: of, version } = news.kind
                && of == system
                && version <= structure
            {
                news.placed = Some((now, places));
                state.model_to_places.record(now_ns, now - news.applied_at);
            }
        }
    }

    /// Takes what a frame shows that was made from what had these versions, or later ones.
    pub(crate) fn take_shown(&self, drawn: Versions) -> Vec<News> {
        let mut state = self.lock();
        let shown = state.waiting.iter().filter(|news| news.is_in(drawn)).copied().collect();
        state.waiting.retain(|news| !news.is_in(drawn));
        shown
    }

    /// The frame that shows it has been drawn.
    pub(crate) fn seen(&self, shown: &[News], now_ns: u64) {
        let now = Instant::now();
        let wall_ns = SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_nanos() as u64);
        let mut state = self.lock();
        let state = &mut *state;
        for news in shown {
            let took = wall_ns.zip(news.captured_ns).and_then(|(now, then)| now.checked_sub(then));
            let took = took.map(Duration::from_nanos).filter(|took| *took < LONGEST);
            match (took, news.kind) {
                (None, _) => state.clocks_differ += 1,
                (Some(took), Kind::Structure { .. }) => state.event_to_pixel.record(now_ns, took),
                (Some(took), Kind::Activity { .. }) => state.total_to_pixel.record(now_ns, took),
            }
            if let Some((placed_at, _)) = news.placed {
                state.places_to_pixel.record(now_ns, now - placed_at);
            }
        }
    }

    pub(crate) fn latency(&self, now_ns: u64) -> Latency {
        let state = self.lock();
        Latency {
            event_to_pixel: state.event_to_pixel.figures(now_ns),
            total_to_pixel: state.total_to_pixel.figures(now_ns),
            arrival_to_model: state.arrival_to_model.figures(now_ns),
            model_to_places: state.model_to_places.figures(now_ns),
            places_to_pixel: state.places_to_pixel.figures(now_ns),
            clocks_differ: state.clocks_differ,
            forgotten: state.forgotten,
        }
    }
}

/// A time of a system's monotonic clock by this host's wall clock, if it is this host's.
fn wall_clock(facts: &Facts, host: &str, monotonic_ns: u64) -> Option<u64> {
    let is_ours = !host.is_empty() && facts.host == host && facts.wall_clock_ns > 0;
    is_ours.then(|| facts.wall_clock_at(monotonic_ns))
}

/// As probes name theirs.
fn own_host() -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = from_kernel.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axonscope_model::{Change, ComponentId, Hello, Limits, Model, NewComponent};

    use super::*;

    struct Told {
        model: Model,
        system: SystemId,
        trail: Trail,
    }

    /// A program whose monotonic clock is this host's wall clock.
    fn program(host: String) -> Told {
        let mut model = Model::new(Limits::default());
        let hello = Hello { host, wall_clock_ns: 1, monotonic_ns: 1, ..Hello::default() };
        let system = model.connect(hello, 1).unwrap();
        let trail = Trail::default();
        trail.set_on(true);
        Told { model, system, trail }
    }

    impl Told {
        fn tell(&mut self, change: Change, ago: Duration) {
            let (structure, activity) = (self.model.structure_version(), self.model.activity_version());
            let before = Versions { structure, activity, ..Versions::default() };
            let _ = self.model.apply(self.system, change);
            let captured_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - ago;
            let told = super::Told { captured_at: captured_at.as_nanos() as u64, arrived_at: Instant::now(), before };
            let system = self.model.system(self.system).unwrap();
            self.trail.tell(told, system, self.model.structure_version(), self.model.activity_version(), 1);
        }

        fn add(&mut self, id: u64, ago: Duration) -> u64 {
            self.tell(Change::ComponentAdded(NewComponent { id: ComponentId(id), ..NewComponent::default() }), ago);
            self.model.system(self.system).unwrap().structure_version()
        }
    }

    #[test]
    fn what_appears_is_seen_by_the_first_frame_that_has_its_place() {
        let mut told = program(own_host());
        let structure = told.add(1, Duration::from_millis(20));
        let drawn = |places| Versions { places, structure: u64::MAX, activity: u64::MAX, ..Versions::default() };
        assert!(told.trail.take_shown(drawn(9)).is_empty(), "it has no place yet");
        told.trail.place(told.system, structure, 10, 1);
        assert!(told.trail.take_shown(drawn(9)).is_empty(), "the frame has older places");
        let shown = told.trail.take_shown(drawn(10));
        assert_eq!(shown.len(), 1);
        told.trail.seen(&shown, 1);
        let latency = told.trail.latency(1);
        let took = latency.event_to_pixel.unwrap();
        assert!(took.count == 1 && took.p99 >= Duration::from_millis(19), "{took:?}");
        assert_eq!((latency.places_to_pixel.unwrap().count, latency.model_to_places.unwrap().count), (1, 1));
        assert_eq!((latency.total_to_pixel, latency.clocks_differ), (None, 0));
        assert!(told.trail.take_shown(drawn(11)).is_empty(), "it is new once");
    }

    #[test]
    fn totals_need_no_place_and_what_changes_nothing_is_no_news() {
        let mut told = program(own_host());
        told.tell(Change::Lost(3), Duration::ZERO);
        told.tell(Change::Lost(3), Duration::ZERO);
        let activity = told.model.activity_version();
        let shown = told.trail.take_shown(Versions { activity, ..Versions::default() });
        assert_eq!(shown.len(), 1);
        told.trail.seen(&shown, 1);
        assert_eq!(told.trail.latency(1).total_to_pixel.unwrap().count, 1);
    }

    #[test]
    fn another_host_and_a_time_to_come_are_said_to_differ() {
        for (host, ago) in [("elsewhere".to_owned(), 0), (own_host(), 3600)] {
            let mut told = program(host);
            let structure = told.add(1, Duration::from_secs(ago));
            told.trail.place(told.system, structure, 1, 1);
            let shown = told.trail.take_shown(Versions { places: 1, ..Versions::default() });
            told.trail.seen(&shown, 1);
            let latency = told.trail.latency(1);
            assert_eq!((latency.event_to_pixel, latency.clocks_differ), (None, 1));
        }
    }

    #[test]
    fn what_nobody_draws_is_forgotten_and_counted() {
        let mut told = program(own_host());
        for id in 1..=WAITING_MAX as u64 + 7 {
            told.add(id, Duration::ZERO);
        }
        let waiting = told.trail.lock().waiting.len();
        assert_eq!((waiting, told.trail.latency(1).forgotten), (WAITING_MAX, 7));
    }
}
