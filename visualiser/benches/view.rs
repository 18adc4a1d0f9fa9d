//! What a frame costs us, by processor time of all our threads and without the renderer's: while everything moves, at rest,
//! and with a connected system that is silent.
//!
//! Each figure is measured in a process of its own. The silent program is this same executable in another role.

mod support;

#[path = "frames/cast.rs"]
mod cast;
#[path = "frames/clock.rs"]
mod clock;
#[path = "view/idle.rs"]
mod idle;
#[path = "live/program.rs"]
mod program;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axonscope::options::PictureSize;
use axonscope::view::offscreen::Offscreen;
use cast::Cast;
use clock::Spent;
use support::{Line, Options};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Messages are told of once in so many frames.
const FRAMES_A_STEP: u32 = 6;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    if let (Some("--role=program"), Some(url)) = (args.next().as_deref(), args.next()) {
        return match program::role(&url) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("bench program: {error:#}");
                ExitCode::FAILURE
            }
        };
    }
    support::main(async |options| tokio::task::spawn_blocking(move || run(options)).await?)
}

/// The argument that a process is given which measures one figure only.
const ONLY: &str = "--only";

fn run(options: Options) -> Result<()> {
    match std::env::args().skip_while(|arg| arg != ONLY).nth(1).as_deref() {
        Some("idle") => idle::measure(options),
        Some(size) => measure(size.parse()?, options),
        None => {
            SIZES.iter().try_for_each(|size| apart(&size.to_string(), options))?;
            apart("idle", options)
        }
    }
}

fn apart(what: &str, options: Options) -> Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--bench", ONLY, what]);
    if options.quick {
        command.arg("--quick");
    }
    let status = command.status().context("cannot measure in a process of its own")?;
    if !status.success() {
        bail!("measuring {what} ended with {status}");
    }
    Ok(())
}

fn measure(size: usize, options: Options) -> Result<()> {
    let mut cast = Cast::new(size);
    let session = cast.session();
    let mut view = Offscreen::new(session.clone(), PictureSize::default())?;
    // So many are to be drawn, not what a person would be shown of them.
    view.fold_above(usize::MAX);
    view.open()?;
    let patience = Duration::from_secs(if options.quick { 3 } else { 10 });
    view.look_at_middle(None);
    let mut frame = 0u32;
    per_frame(&mut view, patience, "moving", size, |view| {
        if frame.is_multiple_of(FRAMES_A_STEP) {
            cast.step(&session);
        }
        // To and fro.
        let by = if (frame / 120).is_multiple_of(2) { 3.0 } else { -3.0 };
        view.pan([by, 0.0]);
        frame += 1;
    })?;
    cast.fall_silent(&session);
    view.look_at_middle(None);
    let began = Instant::now();
    while !view.is_at_rest() || began.elapsed() < Duration::from_secs(1) {
        if began.elapsed() > Duration::from_secs(60) {
            bail!("the view did not come to rest");
        }
        view.frame();
        view.wait_for_renderer();
    }
    per_frame(&mut view, patience / 2, "rest", size, |_| {})
}

/// Frames as fast as they come. At rest a window draws none: a frame there is what moving the pointer costs.
fn per_frame(
    view: &mut Offscreen,
    patience: Duration,
    case: &str,
    size: usize,
    mut step: impl FnMut(&mut Offscreen),
) -> Result<()> {
    for _ in 0..5 {
        view.frame();
        view.wait_for_renderer();
    }
    let (began, mut spent, mut frames) = (Instant::now(), Duration::ZERO, 0u32);
    while began.elapsed() < patience || frames < 5 {
        // What plays the program is not the view's.
        step(view);
        let before = Spent::now()?;
        view.frame();
        view.wait_for_renderer();
        spent += Spent::now()?.since(&before).ours;
        frames += 1;
    }
    let ms = spent.as_secs_f64() * 1e3 / f64::from(frames);
    Line::alone("view", format!("cpu_ms@{case}-{size}"), ms, "ms").print()
}
