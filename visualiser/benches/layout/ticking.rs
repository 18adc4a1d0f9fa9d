//! Whatever ticks, ours or a peer, so that rounds of all are of about one length.

use anyhow::{Result, ensure};

use crate::engine::{self, Pool, Simulation};
use crate::support::child::Subject;

/// What a round should last, and what is spent on warming up before the first.
const ROUND_SECS: f64 = 0.15;
const WARM_SECS: f64 = 0.4;
/// So many ticks at least are for warming up.
const WARM_TICKS: u32 = 3;
/// Never more ticks in a round, so that none gets far ahead of others on its way.
const MOST_TICKS: f64 = 100.0;

/// Somebody who ticks.
pub(crate) struct Ticking {
    who: Who,
    ticks: u32,
}

enum Who {
    Ours(Box<Simulation>, Pool),
    Peer(Subject),
}

impl Ticking {
    /// Our engine, on so many threads.
    pub(crate) fn ours(simulation: Simulation, threads: usize) -> Result<Self> {
        Self::warm(Who::Ours(Box::new(simulation), Pool::new(threads)?))
    }

    /// A peer.
    pub(crate) fn peer(subject: Subject) -> Result<Self> {
        Self::warm(Who::Peer(subject))
    }

    fn warm(mut who: Who) -> Result<Self> {
        let (mut spent, mut ticks) = (who.seconds(WARM_TICKS)?, WARM_TICKS);
        let mut last = spent / f64::from(WARM_TICKS);
        while spent < WARM_SECS {
            let again = ticks_within(ROUND_SECS, last);
            let took = who.seconds(again)?;
            spent += took;
            ticks += again;
            last = took / f64::from(again);
            ensure!(ticks < 1_000_000, "ticks take no time");
        }
        Ok(Self { who, ticks: ticks_within(ROUND_SECS, last) })
    }

    /// A round: milliseconds a tick.
    pub(crate) fn round_ms(&mut self) -> Result<f64> {
        Ok(self.who.seconds(self.ticks)? * 1e3 / f64::from(self.ticks))
    }
}

impl Who {
    fn seconds(&mut self, ticks: u32) -> Result<f64> {
        match self {
            Self::Ours(simulation, pool) => Ok(pool.time(|| engine::hot_ticks(simulation, ticks)).as_secs_f64()),
            Self::Peer(subject) => subject.ask(&ticks.to_string()),
        }
    }
}

fn ticks_within(secs: f64, tick_secs: f64) -> u32 {
    (secs / tick_secs.max(1e-9)).clamp(1.0, MOST_TICKS) as u32
}
