//! Takes what the streams say, in order, and tells the model; keeps time for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axonscope_ingest::queue::{Connection, Input, Next, Receiver};
use axonscope_model::SystemId;

use crate::problems::Rhythm;
use crate::shared::Shared;

/// How often time passes for the model while anyone is connected.
const TICK: Duration = Duration::from_millis(500);

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
    loop {
        let woken_in = shared.waker.flush();
        let tick_in = (keeps_time && shared.is_anyone_connected()).then(|| TICK.saturating_sub(ticked_at.elapsed()));
        let look_in = keeps_time.then(|| rhythm.look_in(state(&shared), Instant::now())).flatten();
        let timeout = [woken_in, tick_in, look_in].into_iter().flatten().min();
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
    }
}

/// Another number whenever something has changed that problems are made of: each of its parts only rises.
fn state(shared: &Shared) -> u64 {
    let versions = shared.versions();
    versions.structure.wrapping_add(versions.activity).wrapping_add(versions.status)
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
