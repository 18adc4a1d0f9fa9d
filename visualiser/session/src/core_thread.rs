//! Takes what the streams say, in order, and tells the model; keeps time for it.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axonscope_ingest::queue::{Connection, Input, Next, Receiver};
use axonscope_model::SystemId;

use crate::history::Look;
use crate::problems::Rhythm;
use crate::shared::Shared;

/// How often time passes for the model while anyone is connected.
const TICK: Duration = Duration::from_millis(500);
/// How often what happens is written down for whoever looks back.
const SECOND: Duration = Duration::from_secs(1);

struct Core {
    shared: Arc<Shared>,
    /// Which stream speaks for which system. A stream that was replaced is not here any more.
    speakers: HashMap<Connection, SystemId>,
}

/// Runs until the queue is closed. Without keeping time nothing ever counts as silent.
pub(crate) fn run(shared: Arc<Shared>, receiver: Receiver, keeps_time: bool) {
    let mut core = Core { shared: shared.clone(), speakers: HashMap::new() };
    let mut ticked_at = Instant::now();
    let mut rhythm = Rhythm::new(state(&shared), ticked_at);
    let mut memory = Memory { at: ticked_at, state: state(&shared) };
    loop {
        let woken_in = shared.waker.flush();
        let tick_in = (keeps_time && shared.is_anyone_connected()).then(|| TICK.saturating_sub(ticked_at.elapsed()));
        let look_in = keeps_time.then(|| rhythm.look_in(state(&shared), Instant::now())).flatten();
        let remember_in = keeps_time.then(|| memory.due_in(&shared)).flatten();
        let timeout = [woken_in, tick_in, look_in, remember_in].into_iter().flatten().min();
        match receiver.next(timeout) {
            Next::Input(held) => {
                let arrived_at = held.arrived_at();
                // The room in the queue is free again when all of it is applied.
                let (input, _room) = held.into_parts();
                core.take(input, arrived_at);
            }
            Next::Nudged | Next::TimedOut => {}
            Next::Closed => return,
        }
        if keeps_time && ticked_at.elapsed() >= TICK {
            ticked_at = Instant::now();
            shared.tick();
        }
        let now = Instant::now();
        if keeps_time && rhythm.look_in(state(&shared), now).is_some_and(|wait| wait.is_zero()) {
            let state = state(&shared);
            let ripens = shared.look_for_problems();
            rhythm.looked(state, now, ripens);
        }
        if keeps_time && memory.due_in(&shared).is_some_and(|wait| wait.is_zero()) {
            memory = Memory { at: now, state: state(&shared) };
            remember(&shared);
        }
    }
}

/// Another number whenever something has changed that problems are made of: each of its parts only rises.
fn state(shared: &Shared) -> u64 {
    let versions = shared.versions();
    versions.structure.wrapping_add(versions.activity).wrapping_add(versions.status)
}

/// When the past was last written down, and what it was written of.
struct Memory {
    at: Instant,
    state: u64,
}

impl Memory {
    /// How long until the next second of the past is to be written down; none while nothing has happened since.
    fn due_in(&self, shared: &Shared) -> Option<Duration> {
        let is_due = shared.keeps_history.load(Ordering::Relaxed) && self.state != state(shared);
        is_due.then(|| SECOND.saturating_sub(self.at.elapsed()))
    }
}

/// Whoever reads the model may ask for the past meanwhile: nobody holds that while he waits for the model.
fn remember(shared: &Shared) {
    let look = shared.read(Look::at);
    shared.history.lock().unwrap_or_else(PoisonError::into_inner).take(&look, shared.second());
}

impl Core {
    fn take(&mut self, input: Input, arrived_at: Instant) {
        match input {
            Input::Connect { connection, hello, reply } => {
                let answer = self.shared.connect(hello);
                if let Ok(system) = answer {
                    self.speakers.retain(|_, speaks_for| *speaks_for != system);
                    self.speakers.insert(connection, system);
                }
                // A stream that has ended meanwhile says so next.
                let _ = reply.send(answer);
            }
            Input::Batch { connection, batch } => {
                if let Some(system) = self.speakers.get(&connection) {
                    self.shared.apply_report(*system, batch, arrived_at);
                }
            }
            Input::Closed { connection, farewell } => {
                if let Some(system) = self.speakers.remove(&connection) {
                    self.shared.disconnect(system, farewell);
                }
            }
        }
    }
}
