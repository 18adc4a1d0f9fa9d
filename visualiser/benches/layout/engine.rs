//! The engine under test, as the benchmark sees it: what of its interface may change is named here and nowhere else.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
pub(crate) use axonscope_layout::{LayoutRequest, Simulation};

use crate::support::undisturbed::undisturbed;

/// With how many threads the engine is measured.
pub(crate) const THREADS: &[usize] = &[1];

/// More ticks than these and a layout does not come to rest.
const MOST_TICKS: usize = 20_000;

/// A picture of nothing.
pub(crate) fn empty(seed: u64) -> Simulation {
    Simulation::new(seed)
}

/// A picture of `request`, never laid out, whose bodies are `at` these places. They are pinned there and let go again.
pub(crate) fn placed(request: &LayoutRequest, at: &[[f32; 2]]) -> Result<Simulation> {
    let mut simulation = empty(1);
    let mut pinned = request.clone();
    for (body, place) in pinned.bodies.iter_mut().zip(at) {
        body.pin = Some([place[0], place[1], 0.0]);
    }
    simulation.set_request(&pinned);
    simulation.set_request(request);
    ensure!(places(&simulation) == at, "the bodies are not where they should start");
    Ok(simulation)
}

/// Ticks until nothing moves.
pub(crate) fn rest(simulation: &mut Simulation) -> Result<()> {
    let rests = (0..MOST_TICKS).any(|_| !simulation.tick());
    ensure!(rests, "no rest within {MOST_TICKS} ticks");
    Ok(())
}

/// So many ticks as if each were the first: at full heat.
pub(crate) fn hot_ticks(simulation: &mut Simulation, ticks: u32) {
    for _ in 0..ticks {
        simulation.reheat(1.0);
        simulation.tick();
    }
}

/// Where the bodies are.
pub(crate) fn places(simulation: &Simulation) -> Vec<[f32; 2]> {
    simulation.layout().positions.iter().map(|&[x, y, _]| [x, y]).collect()
}

/// The engine's own share of a far cell's size in its distance, by which it decides to be coarse.
pub(crate) fn theta() -> f32 {
    axonscope_layout::Laws::default().theta
}

/// Below this distance the engine's repulsion is soft: charge · way / (distance² + softening²).
pub(crate) const SOFTENING: f32 = 24.0;

/// What each body is pushed with by all others; none where the engine does not tell.
pub(crate) fn repulsion(_places: &[[f32; 2]], _charges: &[f32], _theta: f32) -> Option<Vec<[f32; 2]>> {
    None
}

/// The threads that the engine may use.
pub(crate) struct Pool;

impl Pool {
    /// So many, each bound to a processor of its own.
    pub(crate) fn new(threads: usize) -> Result<Self> {
        ensure!(threads == 1, "the engine has one thread");
        Ok(Self)
    }

    /// Does `work` there and says how long it took: on one thread without what other programs took of its processor.
    pub(crate) fn time(&self, work: impl FnOnce() + Send) -> Duration {
        let timed = || {
            let began = Instant::now();
            work();
            Ok::<_, Infallible>(began.elapsed())
        };
        let Ok(took) = undisturbed(timed);
        took
    }
}
