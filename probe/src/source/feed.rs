//! What one conversation reads, of all that the probe observes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axonscope_runtime::{AlreadyObserved, Cursor, System};

use super::runtime::Observed;
use super::{Lost, Outbox, Passthrough, Reader, Source, Totals, Wanted};
use crate::aside::{Lane, Line, Whose};
use crate::ledger::{ApplyError, Ledger};
use crate::limits;
use crate::lines::Lines;
use crate::pending::{Pending, Told};
use crate::probe::Stats;
use crate::registry::Registry;
use crate::rounds::Rounds;
use crate::taps::{Shows, Taps};
use crate::words::{Change, LinkageKind, Page};

/// Everything that one probe observes: any number of systems of the runtime, and what the program tells by itself.
#[derive(Debug)]
pub(crate) struct Program {
    systems: Vec<Observed>,
    pub(crate) registry: Registry,
    pub(crate) taps: Arc<Taps>,
    pub(crate) lines: Arc<Lines>,
    listeners: Arc<Listeners>,
    pub(crate) rounds: Arc<Rounds>,
    heard: AtomicUsize,
    /// Running totals of all conversations, for the program to look at.
    pub(crate) lost: AtomicU64,
    pub(crate) merged: AtomicU64,
}

/// Where events go: one store for each visualiser that may be told.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Vec<Arc<Pending>>);

impl Listeners {
    /// Tells everybody who listens that event `number` of source `origin` has happened.
    pub(crate) fn tell(&self, origin: usize, number: u64, change: impl FnOnce() -> Change) {
        let mut change = Some(change);
        let mut made = None;
        for (place, pending) in self.0.iter().enumerate().filter(|(_, pending)| pending.is_keeping()) {
            let made = made.get_or_insert_with(|| change.take().map(|change| change()));
            let is_last = place + 1 == self.0.len();
            let told = if is_last { made.take() } else { made.clone() };
            if let Some(change) = told {
                pending.push(origin, number, || change);
            }
        }
    }
}

impl Program {
    /// Observes `systems`; `visualisers` conversations may read it.
    pub(crate) fn new(systems: &[System], visualisers: usize, shows: Shows) -> Result<Self, AlreadyObserved> {
        let bytes = limits::PENDING_BYTES / visualisers.max(1);
        let listeners = Arc::new(Listeners((0..visualisers).map(|_| Arc::new(Pending::new(bytes))).collect()));
        let lanes: Vec<_> =
            (0..visualisers).map(|_| Arc::new(Lane::new(limits::LANE_BYTES / visualisers.max(1)))).collect();
        let taps = Arc::new(Taps::new(shows));
        let mut observed = Vec::new();
        for (origin, system) in systems.iter().enumerate() {
            observed.push(Observed::new(system, origin, listeners.clone(), taps.clone())?);
        }
        Ok(Self {
            registry: Registry::new(systems.len(), listeners.clone()),
            systems: observed,
            taps,
            lines: Arc::new(Lines::new(lanes)),
            listeners,
            rounds: Arc::default(),
            heard: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            merged: AtomicU64::new(0),
        })
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            lost: self.lost.load(Ordering::Relaxed),
            merged: self.merged.load(Ordering::Relaxed),
            refused: self.registry.refused(),
            lines_left_out: self.lines.left_out(),
        }
    }

    /// Observes the runtime's systems no more, so that others may.
    pub(crate) fn let_go(&self) {
        self.systems.iter().for_each(Observed::let_go);
    }

    /// A visualiser listens until this is dropped: what is measured for visualisers alone is measured meanwhile.
    fn attend(self: &Arc<Self>) -> Attention {
        if self.heard.fetch_add(1, Ordering::Relaxed) == 0 {
            self.set_watched(true);
        }
        Attention(self.clone())
    }

    fn set_watched(&self, is_watched: bool) {
        self.registry.set_watched(is_watched);
        for system in &self.systems {
            system.set_timed(is_watched);
        }
    }

    /// The outbox whose messages pass a linkage; none if there is no such linkage.
    pub(crate) fn outbox_of(&self, linkage: u64) -> Option<Result<Outbox, Passthrough>> {
        if let Some((kind, meter)) = self.registry.linkage(linkage) {
            return Some(if kind == LinkageKind::Direct { Ok(Outbox::Told(meter)) } else { Err(Passthrough) });
        }
        self.systems.iter().find_map(|system| system.outbox_of(linkage))
    }

    /// Whether there is a component of this id now.
    fn has_component(&self, component: Whose) -> bool {
        match component {
            Whose::System => false,
            Whose::Told(id) => self.registry.has_component(id),
            Whose::Runtime(id) => self.systems.iter().any(|system| system.has_component(id)),
        }
    }
}

/// See [`Program::attend`].
#[derive(Debug)]
struct Attention(Arc<Program>);

impl Drop for Attention {
    fn drop(&mut self) {
        if self.0.heard.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.set_watched(false);
        }
    }
}

/// What the conversation with visualiser number `place` reads.
#[derive(Debug)]
pub(crate) struct Feed {
    program: Arc<Program>,
    pending: Arc<Pending>,
    pub(crate) lane: Arc<Lane>,
    attention: Option<Attention>,
    /// By source, the last event that is known; none until the first one or the first page.
    known: Vec<Option<u64>>,
    /// Of the events taken in, all sources together.
    number: u64,
    /// Empty between two calls; kept for its room.
    load: Vec<Told>,
}

/// A place in the sources, which are described one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    origin: usize,
    within: Within,
}

#[derive(Clone, Copy, Debug)]
enum Within {
    Start,
    System(Cursor),
    Registry(u64),
}

/// Room for events that stays allocated after a burst of them.
const KEPT_ROOM: usize = 1024;

impl Feed {
    pub(crate) fn new(program: Arc<Program>, place: usize) -> Self {
        let pending = program.listeners.0[place].clone();
        let lane = program.lines.lane(place);
        let known = vec![None; program.systems.len() + 1];
        Self { program, pending, lane, attention: None, known, number: 0, load: Vec::new() }
    }

    pub(crate) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The id of whom a line is about, as things are now: who said it, or else who answers for that, or 0.
    pub(crate) fn nearest(&self, line: &Line) -> u64 {
        let living = [line.component, line.parent].into_iter().find(|&whose| self.program.has_component(whose));
        living.map_or(0, Whose::id)
    }

    /// A visualiser listens, from the beginning of a conversation to its end.
    pub(crate) fn set_heard(&mut self, is_heard: bool) {
        self.attention = is_heard.then(|| self.program.attend());
        self.lane.set_keeping(is_heard);
        if !is_heard {
            self.program.taps.close_all(&self.lane);
        }
    }

    fn place(&self, origin: usize, within: Option<Within>) -> Option<Place> {
        match within {
            Some(within) => Some(Place { origin, within }),
            None => {
                (origin < self.program.systems.len()).then_some(Place { origin: origin + 1, within: Within::Start })
            }
        }
    }
}

const FIRST: Place = Place { origin: 0, within: Within::Start };

impl Source for Feed {
    type Cursor = Place;

    fn start(&mut self) {
        self.known.fill(None);
        self.pending.start();
    }

    fn stop(&mut self) {
        self.pending.stop();
    }

    async fn pressed(&self) {
        self.pending.pressed().await;
    }

    fn drain(&mut self, ledger: &mut Ledger) -> Result<(), Lost> {
        self.pending.take(&mut self.load).map_err(|overflow| Lost { events: overflow.lost })?;
        let mut events = self.load.drain(..);
        let mut outcome = Ok(());
        while outcome.is_ok()
            && let Some(told) = events.next()
        {
            let unread = 1 + events.len() as u64;
            let known = self.known[told.origin].replace(told.number);
            match known {
                Some(known) if told.number <= known => {
                    self.known[told.origin] = Some(known);
                    continue;
                }
                Some(known) if told.number > known + 1 => {
                    outcome = Err(Lost { events: told.number - known - 1 + unread });
                }
                _ => {
                    self.number += 1;
                    outcome = ledger.apply(self.number, told.change).map_err(|error| match error {
                        ApplyError::Gap { missing } => Lost { events: missing + unread },
                        ApplyError::Full => Lost { events: unread },
                    });
                }
            }
        }
        drop(events);
        self.load.shrink_to(KEPT_ROOM);
        outcome
    }

    fn page(&mut self, cursor: Option<Place>) -> (Page, Option<Place>) {
        let Place { origin, within } = cursor.unwrap_or(FIRST);
        let (mut page, within) = match self.program.systems.get(origin) {
            Some(system) => {
                let at = if let Within::System(cursor) = within { Some(cursor) } else { None };
                let (page, next) = system.page(at);
                (page, next.map(Within::System))
            }
            None => {
                let after = if let Within::Registry(id) = within { id } else { 0 };
                let (page, next) = self.program.registry.page(after);
                (page, next.map(Within::Registry))
            }
        };
        // Events up to here are in the page, unless some were taken in before it was read: then it begins after those.
        self.known[origin].get_or_insert(page.event_number);
        page.event_number = self.number;
        (page, self.place(origin, within))
    }

    fn totals(&mut self, cursor: Option<Place>, wanted: &Wanted, totals: &mut Vec<Totals>) -> Option<Place> {
        let Place { origin, within } = cursor.unwrap_or(FIRST);
        let mut reader = Reader { rounds: &self.program.rounds, wanted, totals };
        let within = match self.program.systems.get(origin) {
            Some(system) => {
                let at = if let Within::System(cursor) = within { Some(cursor) } else { None };
                system.totals(at, &mut reader).map(Within::System)
            }
            None => {
                let after = if let Within::Registry(id) = within { id } else { 0 };
                self.program.registry.totals(after, &mut reader).map(Within::Registry)
            }
        };
        self.place(origin, within)
    }
}
