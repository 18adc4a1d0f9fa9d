//! Eight relay stages: how many hops a second, beside channels by hand, ractor and kameo, unobserved and observed.
//!
//! A hop is a message moved from one stage to the next: [`HOPS`] for each message from source to sink. Everything is
//! built anew for each round, and warm, before its time begins.

use std::cell::Cell;

use anyhow::{Result, ensure};
use axonscope_runtime::System;
use tokio::runtime::Runtime;

use crate::support::pairs::{Ratio, in_turn, median};
use crate::support::race::{HOPS, Race, single_thread, until_idle};
use crate::support::watch::Watchers;
use crate::support::{Better, Line, Options, by_hand, pin, row};
use crate::{peers, two_workers, watched};

const CAPACITIES: [usize; 2] = [64, 1024];

/// Messages of an observed round: enough to last for some of the visualiser's cadences.
const OBSERVED_AT_LEAST: u64 = 1_200_000;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Case {
    Mpsc,
    /// The same once more: what the method itself leaves uncertain.
    Control,
    Ractor,
    Kameo,
    Unobserved,
    Observed,
}

/// Those that are compared most closely are neighbours in time.
const CASES: [Case; 6] = [Case::Ractor, Case::Control, Case::Mpsc, Case::Unobserved, Case::Observed, Case::Kameo];

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    let watchers = Watchers::start()?;
    let messages = if options.quick { 150_000 } else { 500_000 };
    let (pairs, pairs_2w) = if options.quick { (15, 3) } else { (31, 9) };
    {
        let runtime = two_workers()?;
        let bench = Bench { runtime, watchers: &watchers, messages, reports: Cell::new(0) };
        for capacity in CAPACITIES {
            bench.compare(capacity, pairs_2w, "-2w")?;
        }
    }
    pin::here(pin::MEASURED);
    let bench = Bench { runtime: single_thread()?, watchers: &watchers, messages, reports: Cell::new(0) };
    for capacity in CAPACITIES {
        bench.compare(capacity, pairs, "")?;
    }
    Ok(())
}

struct Bench<'a> {
    runtime: Runtime,
    watchers: &'a Watchers,
    messages: u64,
    /// How many reports were read while observed rounds went on.
    reports: Cell<u64>,
}

impl Bench<'_> {
    fn compare(&self, capacity: usize, pairs: usize, suffix: &str) -> Result<()> {
        let figures = in_turn(&CASES, pairs, |case| self.round(case, capacity))?;
        let reports = self.reports.take();
        eprintln!("runtime: capacity {capacity}{suffix}: {reports} reports were read in {pairs} observed rounds");
        ensure!(reports >= pairs as u64, "what was observed was hardly watched");
        let of = |wanted| &figures[CASES.iter().position(|case| *case == wanted).unwrap_or(0)];
        let mpsc = ("tokio-mpsc", of(Case::Mpsc));
        let others = [mpsc, ("ractor", of(Case::Ractor)), ("kameo", of(Case::Kameo))];
        line(format!("mhops@control-{capacity}{suffix}"), of(Case::Control), mpsc)?;
        for (name, case) in [("unobserved", Case::Unobserved), ("observed", Case::Observed)] {
            for peer in others {
                line(format!("mhops@{name}-{capacity}{suffix}"), of(case), peer)?;
            }
        }
        Ok(())
    }

    /// Millions of hops a second.
    fn round(&self, case: Case, capacity: usize) -> Result<f64> {
        let messages = match case {
            // Slower by far: a round of them is long enough with fewer.
            Case::Ractor | Case::Kameo => self.messages / 4,
            Case::Observed => self.messages.max(OBSERVED_AT_LEAST),
            _ => self.messages,
        };
        let race = Race::new(1, 4 * capacity as u64, messages);
        let took = match case {
            Case::Mpsc | Case::Control => {
                let _entered = self.runtime.enter();
                by_hand::mpsc_chain(capacity, &race);
                self.runtime.block_on(race.run())?
            }
            Case::Kameo => {
                let _entered = self.runtime.enter();
                peers::kameo_chain(capacity, &race);
                self.runtime.block_on(race.run())?
            }
            Case::Ractor => self.runtime.block_on(async {
                let actors = peers::ractor_chain(&race).await?;
                let took = race.run().await;
                for actor in actors {
                    actor.stop(None);
                }
                took
            })?,
            Case::Unobserved => {
                let system = System::new("relay");
                let _entered = self.runtime.enter();
                row::chain(&system, capacity, &race)?;
                self.runtime.block_on(race.run())?
            }
            Case::Observed => {
                let system = System::new("relay");
                let _entered = self.runtime.enter();
                row::chain(&system, capacity, &race)?;
                let probe = watched::attach(self.watchers, &system, HOPS + 1)?;
                let before = self.watchers.reports_read();
                let took = self.runtime.block_on(race.run())?;
                self.reports.set(self.reports.get() + self.watchers.reports_read() - before);
                drop(probe);
                took
            }
        };
        self.runtime.block_on(until_idle());
        Ok((messages * HOPS) as f64 / took.as_secs_f64() / 1e6)
    }
}

fn line(metric: String, ours: &[f64], (peer, theirs): (&'static str, &Vec<f64>)) -> Result<()> {
    let Ratio { median: ratio, low, high } = Ratio::paired(ours, theirs);
    Line::alone("runtime", metric, median(ours), "Mhops/s")
        .against(peer, median(theirs), Better::More)
        .paired(ratio, low, high)
        .print()
}
