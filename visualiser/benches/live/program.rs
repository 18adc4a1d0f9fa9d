//! The program that is watched: rooms that stay, and sessions that come to one of them and go again, the oldest first.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axonscope_runtime::{Component, ComponentHandle, Context as Surroundings, Io, Outcome, Stop, System};

use crate::support::child;

/// How many there are, but for those that have come and whose turn to go is in the same moment.
pub(crate) const COMPONENTS: usize = 10_000;
const ROOMS: usize = 100;
/// How many sessions come a second, and as many go.
const PER_SECOND: f64 = 1_000.0;
const STEP: Duration = Duration::from_millis(5);

/// Answers until nobody asks any more.
pub(crate) fn role(url: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _entered = runtime.enter();
    let system = System::new("live");
    let mut hall = Hall { rooms: Vec::new(), sessions: VecDeque::new(), system: system.clone(), born: 0 };
    hall.open()?;
    let _probe = axonscope_probe::Probe::builder().system(&system).endpoint(url)?.start()?;
    child::serve(|question| match question.split_once(' ') {
        Some(("churn", secs)) => hall.churn(Duration::from_secs(secs.parse().context("a number of seconds")?)),
        _ => bail!("{question:?} is not understood"),
    })
}

/// Takes what it gets, until it is stopped.
struct Quiet;

impl Component for Quiet {
    type Boxes = Io<u64, u64>;

    async fn run(self, mut io: Self::Boxes, _: Surroundings) -> Outcome {
        while io.inbox.recv().await?.is_some() {}
        Ok(())
    }
}

struct Hall {
    system: System,
    rooms: Vec<ComponentHandle>,
    sessions: VecDeque<ComponentHandle>,
    born: usize,
}

impl Hall {
    fn open(&mut self) -> Result<()> {
        for n in 0..ROOMS {
            let room = self.system.add(format!("room-{n:02}"), Quiet)?;
            // A tree of rooms, so that all hang together.
            if let Some(above) = n.checked_sub(1).map(|before| &self.rooms[before / 4]) {
                self.system.link((&room, "outbox"), (above, "inbox"))?;
            }
            self.rooms.push(room.start());
        }
        while self.rooms.len() + self.sessions.len() < COMPONENTS {
            self.come()?;
        }
        Ok(())
    }

    fn come(&mut self) -> Result<()> {
        let session = self.system.add(format!("session-{:06}", self.born), Quiet)?;
        let room = &self.rooms[self.born % ROOMS];
        self.system.link((&session, "outbox"), (room, "inbox"))?;
        self.sessions.push_back(session.start());
        self.born += 1;
        Ok(())
    }

    /// Answers how many came.
    fn churn(&mut self, lasts: Duration) -> Result<f64> {
        let (began, born_before) = (Instant::now(), self.born);
        while began.elapsed() < lasts {
            let due = born_before + (began.elapsed().as_secs_f64() * PER_SECOND) as usize;
            while self.born < due {
                self.come()?;
                if let Some(oldest) = self.sessions.pop_front() {
                    oldest.stop(Stop::Shutdown);
                }
            }
            std::thread::sleep(STEP);
        }
        Ok((self.born - born_before) as f64)
    }
}
