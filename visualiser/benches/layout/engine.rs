//! The engine under test, as the benchmark sees it: what of its interface may change is named here and nowhere else.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
pub(crate) use axonscope_layout::LayoutRequest;
pub(crate) use axonscope_layout::{SOFTENING, repulsion};

use crate::support::pin;
use crate::support::undisturbed::undisturbed;

/// A picture in the plane.
pub(crate) type Simulation = axonscope_layout::Simulation<2>;

/// With how many threads the engine is measured.
pub(crate) const THREADS: &[usize] = &[1, 2];

/// More ticks than these and a layout does not come to rest.
const MOST_TICKS: usize = 20_000;

/// A picture of nothing.
pub(crate) fn empty(seed: u64) -> Simulation {
    Simulation::new(seed)
}

/// A picture of `request`, laid out from nothing.
pub(crate) fn laid_out(request: &LayoutRequest) -> Simulation {
    let mut simulation = empty(1);
    simulation.set_request(request);
    simulation
}

/// A picture of `request` whose bodies are `at` these places.
pub(crate) fn placed(request: &LayoutRequest, at: &[[f32; 2]]) -> Result<Simulation> {
    let mut simulation = laid_out(request);
    place(&mut simulation, at)?;
    Ok(simulation)
}

/// Puts the bodies `at` these places.
pub(crate) fn place(simulation: &mut Simulation, at: &[[f32; 2]]) -> Result<()> {
    let in_space: Vec<[f32; 3]> = at.iter().map(|&[x, y]| [x, y, 0.0]).collect();
    simulation.move_to(&in_space);
    ensure!(places(simulation) == at, "the bodies are not where they should start");
    Ok(())
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

/// The threads that the engine may use.
pub(crate) struct Pool(rayon::ThreadPool);

impl Pool {
    /// So many, each bound to a processor of its own.
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).start_handler(pin::here);
        Ok(Self(pool.build()?))
    }

    /// Does `work` there and says how long it took: on one thread without what other programs took of its processor; on
    /// more by the clock on the wall, since what one of them lost is not what all lost.
    pub(crate) fn time(&self, work: impl FnOnce() + Send) -> Duration {
        let timed = || {
            let began = Instant::now();
            work();
            Ok::<_, Infallible>(began.elapsed())
        };
        let Ok(took) = self.0.install(|| if self.0.current_num_threads() == 1 { undisturbed(timed) } else { timed() });
        took
    }
}
