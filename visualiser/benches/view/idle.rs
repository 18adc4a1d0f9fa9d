//! A view that is open on a connected system in which nothing happens: frames are drawn when the session asks for one, as a
//! window's are.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axonscope::options::PictureSize;
use axonscope::view::offscreen::Offscreen;
use axonscope_session::Session;

use crate::clock::Spent;
use crate::program::COMPONENTS;
use crate::support::child::Subject;
use crate::support::{Line, Options};

const PATIENCE: Duration = Duration::from_secs(90);
const FRAME: Duration = Duration::from_micros(16_667);

pub(crate) fn measure(options: Options) -> Result<()> {
    let listen = vec![([127, 0, 0, 1], 0).into()];
    let session = Session::start(axonscope_session::Options { listen, ..axonscope_session::Options::default() })?;
    session.set_looked_at(true);
    let address = session.address().context("nobody listens")?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--role=program", &format!("http://{address}")]);
    command.env_remove("AXONSCOPE_ENDPOINT").env_remove("AXONSCOPE_NAME").env_remove("AXONSCOPE_OFF");
    let _program = Subject::start(&mut command)?;
    let began = Instant::now();
    while !session.read(|model| model.systems().any(|system| system.component_count() == COMPONENTS)) {
        ensure!(began.elapsed() < PATIENCE, "the program was not seen");
        std::thread::sleep(Duration::from_millis(5));
    }
    if !session.settle(PATIENCE) {
        eprintln!("bench: WARNING: the picture did not come to rest");
    }
    let mut view = Offscreen::new(session.clone(), PictureSize::default())?;
    view.fold_above(usize::MAX);
    view.open()?;
    view.look_at_middle(None);
    let is_due = Arc::new(AtomicBool::new(true));
    let asked = is_due.clone();
    session.set_waker(Box::new(move || asked.store(true, Ordering::Relaxed)));
    show(&mut view, &is_due, Duration::from_secs(3));
    let lasts = Duration::from_secs(if options.quick { 5 } else { 10 });
    let (before, began) = (Spent::now()?, Instant::now());
    let frames = show(&mut view, &is_due, lasts);
    let spent = Spent::now()?.since(&before);
    // The session and whoever listens are ours as well.
    let percent = 100.0 * spent.all.as_secs_f64() / began.elapsed().as_secs_f64();
    eprintln!("bench: {frames} frames were asked for");
    Line::alone("view", format!("idle_cpu_percent@{COMPONENTS}"), percent, "%").print()
}

/// Draws what is asked for, for so long; how many frames that were.
fn show(view: &mut Offscreen, is_due: &AtomicBool, lasts: Duration) -> u32 {
    let (began, mut frames) = (Instant::now(), 0);
    while began.elapsed() < lasts {
        if is_due.swap(false, Ordering::Relaxed) || !view.is_at_rest() {
            view.frame();
            view.wait_for_renderer();
            frames += 1;
        }
        std::thread::sleep(FRAME);
    }
    frames
}
