//! Takes what the streams say, in order, and tells the model; keeps time for it.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axonscope_ingest::queue::{Connection, Input, Next, Receiver};
use axonscope_model::SystemId;

use crate::history::Look;
use crate::shared::Shared;

/// How often time passes for the model while anyone is connected.
const TICK: Duration = Duration::from_millis(500);
/// How often inboxes are looked at while anything happens.
const LOOK: Duration = Duration::from_secs(1);

struct Core {
    shared: Arc<Shared>,
    /// Which stream speaks for which system. A stream that was replaced is not here any more.
    speakers: HashMap<Connection, SystemId>,
}

/// Runs until the queue is closed. Without keeping time nothing ever counts as silent.
pub(crate) fn run(shared: Arc<Shared>, receiver: Receiver, keeps_time: bool) {
    let mut core = Core { shared: shared.clone(), speakers: HashMap::new() };
    let mut ticked_at = Instant::now();
    let mut looked = (Instant::now(), shared.versions().activity);
    loop {
        let woken_in = shared.waker.flush();
        let tick_in = (keeps_time && shared.is_anyone_connected()).then(|| TICK.saturating_sub(ticked_at.elapsed()));
        let timeout = match (woken_in, tick_in) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
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
        let activity = shared.versions().activity;
        if looked.0.elapsed() >= LOOK && activity != looked.1 {
            looked = (Instant::now(), activity);
            look(&shared);
        }
    }
}

fn look(shared: &Shared) {
    let now_ns = shared.now_ns();
    let past: &Mutex<_> = &shared.past;
    shared.read(|model| past.lock().unwrap_or_else(PoisonError::into_inner).observe(model, now_ns));
    if !shared.keeps_history.load(Ordering::Relaxed) {
        return;
    }
    // Whoever reads the model may ask for the past meanwhile: nobody holds that while he waits for the model.
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
