//! How fast the real view is drawn, without a window, and what a frame costs us beside what it costs the renderer.
//!
//! Each size is measured in a process of its own, so that what one leaves behind in memory is not counted for the next.

mod support;

#[path = "frames/cast.rs"]
mod cast;
#[path = "frames/clock.rs"]
mod clock;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axonscope::options::{PictureSize, Theme};
use axonscope::view::offscreen::{Offscreen, Shot};
use axonscope_model::{Limits, Model};
use axonscope_session::Session;
use cast::Cast;
use clock::Spent;
use support::{Line, Options};

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const SCREEN: PictureSize = PictureSize { width: 1600, height: 1000 };
/// The tenth of all that sends messages tells so in each step: everything does within a second.
const STEP: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    support::main(async |options| match only_size() {
        Some(size) => measure(size, options),
        None => SIZES.into_iter().try_for_each(|size| apart(size, options)),
    })
}

/// The argument that a process is given which measures one size.
const SIZE: &str = "--size";

fn only_size() -> Option<usize> {
    let mut args = std::env::args().skip_while(|arg| arg != SIZE);
    args.nth(1).and_then(|size| size.parse().ok())
}

fn apart(size: usize, options: Options) -> Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--bench", SIZE, &size.to_string()]);
    if options.quick {
        command.arg("--quick");
    }
    let status = command.status().context("cannot measure in a process of its own")?;
    if !status.success() {
        bail!("measuring {size} components ended with {status}");
    }
    Ok(())
}

fn measure(size: usize, options: Options) -> Result<()> {
    // What everything needs that draws, however little.
    let nothing = Session::from_model(Model::new(Limits::default()));
    let mut empty = Offscreen::new(nothing, SCREEN)?;
    empty.draw(&Shot::default())?;
    if size == SIZES[0] {
        eprintln!("drawn by {}", empty.renderer_name());
    }
    drop(empty);

    let cast = Cast::new(size);
    let session = cast.session();
    let before = support::child::resident_bytes(std::process::id())?;
    let mut offscreen = Offscreen::new(session.clone(), SCREEN)?;
    offscreen.fold_above(usize::MAX);
    offscreen.draw(&Shot::default())?;
    let after = support::child::resident_bytes(std::process::id())?;
    let per_node = after.saturating_sub(before) as f64 / size as f64;
    Line::alone("frames", format!("memory a node@{size}"), per_node, "B").print()?;

    keep_pictures(&mut offscreen, size)?;
    let patience = Duration::from_secs(if options.quick { 2 } else { 6 });
    offscreen.go_live();
    let traffic = Traffic::start(session, cast);
    offscreen.look_at_middle(None);
    report(&mut offscreen, "whole, flowing", size, patience, |_| {})?;
    offscreen.look_at_middle(Some(1.0));
    report(&mut offscreen, "close, panning", size, patience, |offscreen| offscreen.pan([4.0, 1.0]))?;
    drop(traffic);
    offscreen.look_at_middle(None);
    rest(&mut offscreen)?;
    report(&mut offscreen, "at rest", size, patience / 2, |_| {})
}

/// Keeps pictures for whoever wants to look, in the folder that `AXONSCOPE_PICTURES` names.
fn keep_pictures(offscreen: &mut Offscreen, size: usize) -> Result<()> {
    let Some(folder) = std::env::var_os("AXONSCOPE_PICTURES").map(PathBuf::from) else { return Ok(()) };
    std::fs::create_dir_all(&folder)?;
    for (name, theme) in [("dark", Theme::Dark), ("light", Theme::Light)] {
        let shot = Shot { theme, selected: None };
        for closer in [1.0, 3.0, 10.0, 40.0] {
            let image = offscreen.draw_closer(&shot, [0.5, 0.5], closer)?;
            let picture = image.try_into_dynamic()?.to_rgb8();
            picture.save(folder.join(format!("{size}-{name}-{closer}.png")))?;
        }
    }
    Ok(())
}

/// Draws until nothing moves any more: rates fall to nothing within two seconds.
fn rest(offscreen: &mut Offscreen) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        offscreen.frame();
        offscreen.wait_for_renderer();
        if offscreen.is_at_rest() && began.elapsed() > Duration::from_secs(1) {
            return Ok(());
        }
    }
    bail!("the view did not come to rest")
}

fn report(
    offscreen: &mut Offscreen,
    case: &str,
    size: usize,
    patience: Duration,
    mut step: impl FnMut(&mut Offscreen),
) -> Result<()> {
    for _ in 0..5 {
        offscreen.frame();
        offscreen.wait_for_renderer();
    }
    let mut frames = 0u32;
    let (began, before) = (Instant::now(), Spent::now()?);
    while began.elapsed() < patience {
        step(offscreen);
        offscreen.frame();
        offscreen.wait_for_renderer();
        frames += 1;
    }
    let (elapsed, spent) = (began.elapsed().as_secs_f64(), Spent::now()?.since(&before));
    let per_frame = |spent: Duration| spent.as_secs_f64() * 1e3 / f64::from(frames);
    let (shapes, ribbons) = offscreen.drawn();
    let line = |metric: &str, value: f64, unit: &'static str| {
        Line::alone("frames", format!("{metric}, {case}@{size}"), value, unit).print()
    };
    line("frames", f64::from(frames) / elapsed, "/s")?;
    line("frame thread", per_frame(spent.main), "ms")?;
    line("all our threads", per_frame(spent.ours), "ms")?;
    line("renderer", per_frame(spent.renderer), "ms")?;
    line("shapes", shapes as f64, "")?;
    line("ribbons", ribbons as f64, "")
}

/// Tells the session of messages until it is dropped.
struct Traffic {
    is_over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Traffic {
    fn start(session: Session, mut cast: Cast) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = is_over.clone();
        let tell = move || {
            let mut next = Instant::now();
            while !ends.load(Ordering::Relaxed) {
                cast.step(&session);
                next = (next + STEP).max(Instant::now());
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            // Long after, all is silent.
            cast.fall_silent(&session);
        };
        let thread = std::thread::Builder::new().name("traffic".to_owned()).spawn(tell).ok();
        Self { is_over, thread }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
