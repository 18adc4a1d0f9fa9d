//! Describing a large system, and how long that holds up a component that runs meanwhile.
//!
//! The description is walked on another processor, page by page as the probe does. The component does over and over
//! what may have to wait for a page: it links its own outbox to its own inbox, sends, receives, unlinks.
//!
//! What counts is the longest delay of a walk, which may be that of several pages: the lock is not fair. Other work on
//! the machine delays the component too, so the best of several walks is taken, and the same is said of as much time
//! in which nobody walks: where that is not far below, the machine was too busy to tell. What a page does by itself is
//! told from noise by being slow in every walk: its shortest delay, for the dearest page.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axonscope_runtime::System;

use crate::idle::say;
use crate::ours;
use crate::support::pin;

const WALKS: usize = 7;

/// What the component tells and is told.
#[derive(Default)]
pub(crate) struct Gauge {
    longest_ns: AtomicU64,
    turns: AtomicU64,
    pub(crate) over: AtomicBool,
}

impl Gauge {
    /// The component has done its turn again.
    pub(crate) fn turned(&self, took: Duration) {
        self.longest_ns.fetch_max(took.as_nanos() as u64, Ordering::Relaxed);
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// The longest turn that ended since this was asked last.
    fn take_ns(&self) -> u64 {
        self.longest_ns.swap(0, Ordering::Relaxed)
    }

    /// Waits until the turn that goes on now has ended.
    fn next_turn(&self) {
        let turns = self.turns.load(Ordering::Relaxed);
        while self.turns.load(Ordering::Relaxed) == turns {
            std::thread::yield_now();
        }
    }
}

/// Measures, on another thread, while the calling runtime runs the component.
pub(crate) async fn measure(system: &System) -> Result<()> {
    let gauge = Arc::new(Gauge::default());
    let component = ours::rewirer(system, gauge.clone())?;
    let walked = {
        let (system, gauge) = (system.clone(), gauge.clone());
        pin::over_there(pin::WATCHING, || {
            tokio::task::spawn_blocking(move || {
                walks(&system, &gauge);
                gauge.over.store(true, Ordering::Relaxed);
            })
        })
    };
    walked.await.context("the walk failed")?;
    component.ended().await;
    Ok(())
}

fn walks(system: &System, gauge: &Gauge) {
    gauge.next_turn();
    let (mut pages_ns, mut delays_ns) = (Vec::new(), Vec::new());
    let mut whole_ms = f64::INFINITY;
    let (mut stall_ns, mut undisturbed_ns) = (u64::MAX, u64::MAX);
    for _ in 0..WALKS {
        gauge.take_ns();
        let mut delays = Vec::new();
        let began = Instant::now();
        let pages = ours::walk(system, || delays.push(gauge.take_ns()));
        let took = began.elapsed();
        gauge.next_turn();
        delays.push(gauge.take_ns());
        whole_ms = whole_ms.min(took.as_secs_f64() * 1e3);
        stall_ns = stall_ns.min(longest(&delays));
        // A turn may end while the next page is made already.
        let delays = delays.windows(2).map(|two| two[0].max(two[1])).collect();
        keep_least(&mut pages_ns, pages);
        keep_least(&mut delays_ns, delays);
        std::thread::sleep(took);
        undisturbed_ns = undisturbed_ns.min(gauge.take_ns());
    }
    say("describe_ms", whole_ms);
    say("describe_page_us", longest(&pages_ns) as f64 / 1e3);
    say("describe_page_delay_ms", longest(&delays_ns) as f64 / 1e6);
    say("describe_stall_ms", stall_ns as f64 / 1e6);
    say("undisturbed_stall_ms", undisturbed_ns as f64 / 1e6);
}

fn longest(times_ns: &[u64]) -> u64 {
    times_ns.iter().copied().max().unwrap_or(0)
}

/// Page by page. Every walk has as many pages as the first.
fn keep_least(least_ns: &mut Vec<u64>, times_ns: Vec<u64>) {
    if least_ns.is_empty() {
        *least_ns = times_ns;
        return;
    }
    for (least, time) in least_ns.iter_mut().zip(times_ns) {
        *least = time.min(*least);
    }
}
