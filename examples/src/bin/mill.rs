//! A mill that works as hard as it can while others look on: bad things are done around it to see whether it minds.
//!
//! Grains go from the hopper through two stones into the sack, on a thread of their own, so that whatever slows them down
//! can be measured. Beside them it keeps idle hands, and hires and dismisses day labourers at any rate. It does what its
//! standard input says, a line at a time, and answers each line with one.
//!
//! | line | what it does | and answers |
//! | --- | --- | --- |
//! | `attach` | starts its probe | `attached` |
//! | `detach` | closes it | `detached` |
//! | `idle 2000` | adds so many components that only wait | `idle` |
//! | `churn 50000` | from now on makes so many components a second, and ends as many | `churning` |
//! | `calm` | stops that, and waits until the last of them is gone | `calm` |
//! | `describe` | asks its own system what exists | `{"components": …, "postboxes": …, "linkages": …}` |
//! | `measure` | looks at itself | `{"grains": …, "cpu_ms": …, "rss_bytes": …, "born": …, "lost": …}` |
//!
//! It ends when its input does.

use std::collections::VecDeque;
use std::io::{Write, stdin, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context as _, bail};
use axonscope_probe::{Probe, Stats};
use axonscope_runtime::library::Transformer;
use axonscope_runtime::{
    Component, ComponentHandle, Context, In, LinkageKind, Out, Outcome, Pipeline, PostboxKind, State, Stop, System,
};
use serde_json::{Value, json};
use tokio::runtime;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::sleep;

fn main() -> anyhow::Result<()> {
    // All but the stones live here.
    let yard = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _entered = yard.enter();
    let mut mill = Mill::build()?;
    for line in stdin().lines() {
        let line = line?;
        let answer = mill.obey(&line).unwrap_or_else(|error| format!("{line:?} cannot be done: {error:#}"));
        // At once, so that nobody reads half of it.
        stdout().write_all(format!("{answer}\n").as_bytes())?;
    }
    Ok(())
}

struct Mill {
    system: System,
    began: Instant,
    grains: Arc<AtomicU64>,
    /// Where the kernel says how long the stones' thread has run.
    stones: PathBuf,
    idle: u64,
    hired: Arc<AtomicU64>,
    labour: Option<(Arc<AtomicBool>, JoinHandle<anyhow::Result<()>>)>,
    probe: Option<Probe>,
}

impl Mill {
    fn build() -> anyhow::Result<Self> {
        let system = System::new("mill");
        let grains = Arc::<AtomicU64>::default();
        let stones = start_stones(&system, &grains)?;
        system.add("yard", Yard)?.start();
        Ok(Self {
            system,
            began: Instant::now(),
            grains,
            stones,
            idle: 0,
            hired: Arc::default(),
            labour: None,
            probe: None,
        })
    }

    fn obey(&mut self, line: &str) -> anyhow::Result<String> {
        let words: Vec<_> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["attach"] if self.probe.is_none() => {
                self.probe = Some(axonscope_probe::init(&self.system)?);
                Ok("attached".to_owned())
            }
            ["detach"] => {
                self.probe.take().context("it is not attached")?.close("told to");
                Ok("detached".to_owned())
            }
            ["idle", count] => {
                for _ in 0..count.parse()? {
                    self.idle += 1;
                    hire(&self.system, format!("hand {}", self.idle))?;
                }
                Ok("idle".to_owned())
            }
            ["churn", rate] if self.labour.is_none() => {
                let stop = Arc::<AtomicBool>::default();
                let work = churn(self.system.clone(), rate.parse()?, self.hired.clone(), stop.clone());
                self.labour = Some((stop, tokio::spawn(work)));
                Ok("churning".to_owned())
            }
            ["calm"] => {
                let (stop, work) = self.labour.take().context("it is calm")?;
                stop.store(true, Ordering::Relaxed);
                runtime::Handle::current().block_on(work)??;
                Ok("calm".to_owned())
            }
            ["describe"] => Ok(describe(&self.system).to_string()),
            ["measure"] => Ok(self.measure()?.to_string()),
            _ => bail!("nobody does that here, or not now"),
        }
    }

    fn measure(&self) -> anyhow::Result<Value> {
        let stats = self.probe.as_ref().map_or_else(Stats::default, Probe::stats);
        Ok(json!({
            "at_ms": self.began.elapsed().as_millis() as u64,
            "grains": self.grains.load(Ordering::Relaxed),
            "cpu_ms": thread_ms(&self.stones)?,
            "rss_bytes": resident_bytes()?,
            "born": self.hired.load(Ordering::Relaxed),
            "lost": stats.lost,
            "merged": stats.merged,
            "refused": stats.refused,
        }))
    }
}

// === The work ===

/// Gives grains as fast as they are taken.
struct Hopper;

impl Component for Hopper {
    type Boxes = Out<u64>;

    async fn run(self, mut boxes: Out<u64>, _: Context) -> Outcome {
        for grain in 0.. {
            boxes.outbox.send(grain).await?;
        }
        Ok(())
    }
}

/// Counts what comes out of the stones.
struct Sack(Arc<AtomicU64>);

impl Component for Sack {
    type Boxes = In<u64>;

    async fn run(self, mut boxes: In<u64>, _: Context) -> Outcome {
        while boxes.inbox.recv().await?.is_some() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Starts them on a thread of their own, and says where that thread's time is counted.
fn start_stones(system: &System, grains: &Arc<AtomicU64>) -> anyhow::Result<PathBuf> {
    let stone = || Transformer::new(|grain: u64| grain.wrapping_mul(31));
    let pipeline = Pipeline::new()
        .stage("hopper", Hopper)
        .stage("upper stone", stone())
        .stage("lower stone", stone())
        .stage("sack", Sack(grains.clone()));
    let pipeline = system.add("stones", pipeline)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (tell, told) = sync_channel(1);
    thread::Builder::new().name("stones".into()).spawn(move || {
        let _ = tell.send(fs::read_link("/proc/thread-self"));
        runtime.block_on(async { pipeline.start().ended().await })
    })?;
    let thread = told.recv()?.context("threads are timed by /proc, which is Linux's")?;
    Ok(PathBuf::from("/proc").join(thread).join("stat"))
}

// === The people ===

/// Where all people would put what they make.
struct Yard;

impl Component for Yard {
    type Boxes = In<u64>;

    async fn run(self, mut boxes: In<u64>, _: Context) -> Outcome {
        while boxes.inbox.recv().await?.is_some() {}
        Ok(())
    }
}

/// Adds somebody who waits for work, linked to the yard.
fn hire(system: &System, name: String) -> anyhow::Result<ComponentHandle> {
    let hand = system.add(name, Transformer::new(|grain: u64| grain))?;
    system.link((&hand, "outbox"), "yard.inbox")?;
    Ok(hand.start())
}

/// How many day labourers there are at a time, and how many may be on their way out.
const LABOURERS: usize = 250;

/// The most that are hired before others have their turn.
const BATCH: u64 = 50;

/// Hires `rate` labourers a second and dismisses the oldest of them, until told to stop. What cannot be done in time is
/// not made up for later: `hired` says what was done.
async fn churn(system: System, rate: u64, hired: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let mut labourers = VecDeque::<ComponentHandle>::new();
    let mut leaving = VecDeque::<ComponentHandle>::new();
    let mut due = 0.0;
    let mut last = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        let most_due = (rate / 10).max(BATCH) as f64;
        due = (due + (now - last).as_secs_f64() * rate as f64).min(most_due);
        last = now;
        let batch = (due as u64).min(BATCH);
        due -= batch as f64;
        for _ in 0..batch {
            let number = hired.fetch_add(1, Ordering::Relaxed) + 1;
            labourers.push_back(hire(&system, format!("labourer {number}"))?);
        }
        while labourers.len() > LABOURERS
            && let Some(oldest) = labourers.pop_front()
        {
            oldest.stop(Stop::Shutdown);
            leaving.push_back(oldest);
        }
        // Whoever hires again before those have gone who were dismissed has ever more of them.
        while leaving.len() > LABOURERS
            && let Some(oldest) = leaving.pop_front()
        {
            oldest.ended().await;
        }
        if batch < BATCH {
            sleep(Duration::from_millis(1)).await;
        } else {
            yield_now().await;
        }
    }
    for labourer in &labourers {
        labourer.stop(Stop::Shutdown);
    }
    for labourer in leaving.into_iter().chain(labourers) {
        labourer.ended().await;
    }
    Ok(())
}

// === What it says of itself ===

/// What exists, in the words of `axonscope export --format json`.
fn describe(system: &System) -> Value {
    let told = system.describe();
    let components = told.components.iter().zip(&told.states).map(|(component, state)| {
        let (state, detail) = match state {
            State::Starting => ("starting", ""),
            State::Running => ("running", ""),
            State::Finished => ("finished", ""),
            State::Failed(detail) => ("failed", &**detail),
        };
        json!({
            "id": component.id.get(),
            "parent": component.parent.map(|parent| parent.get()),
            "name": &*component.name,
            "type": &*component.type_name,
            "description": &*component.description,
            "state": state,
            "state_detail": detail,
        })
    });
    let postboxes = told.postboxes.iter().map(|postbox| {
        json!({
            "id": postbox.id.get(),
            "owner": postbox.owner.get(),
            "name": &*postbox.name,
            "kind": match postbox.kind { PostboxKind::Inbox => "inbox", PostboxKind::Outbox => "outbox" },
            "message_type": &*postbox.message_type,
            "capacity": postbox.capacity.filter(|&capacity| capacity > 0),
        })
    });
    let linkages = told.linkages.iter().map(|linkage| {
        let kind = match linkage.kind {
            LinkageKind::Direct => "direct",
            LinkageKind::Inward => "inward",
            LinkageKind::Outward => "outward",
        };
        json!({
            "id": linkage.id.get(),
            "source": linkage.source.get(),
            "sink": linkage.sink.get(),
            "kind": kind,
        })
    });
    json!({
        "components": components.collect::<Vec<_>>(),
        "postboxes": postboxes.collect::<Vec<_>>(),
        "linkages": linkages.collect::<Vec<_>>(),
    })
}

/// How long a thread has run, from its `stat` of 52 fields: the 14th and 15th, in hundredths of a second.
fn thread_ms(stat: &PathBuf) -> anyhow::Result<u64> {
    let stat = fs::read_to_string(stat)?;
    // The second field is the thread's name, in brackets, with whatever is in it.
    let after_name = stat.rsplit_once(')').context("no thread")?.1;
    let times: Vec<u64> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(times.iter().sum::<u64>() * 10)
}

fn resident_bytes() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is read from /proc, which is Linux's")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim_end().parse::<u64>()? * 1024)
}
