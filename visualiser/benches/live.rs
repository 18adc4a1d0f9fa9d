//! A large program in which a thousand components appear and a thousand go each second: how soon that is known, placed and
//! seen, and whether the layout keeps its budget.
//!
//! The program is this same executable, started a second time with another role: a real runtime and a real probe. The
//! visualiser is a session in this process, once with its layout and once without, in turn; and then with the view drawing
//! each frame into an image, as fast as a window would and with what draws it named.

mod support;

#[path = "live/program.rs"]
mod program;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axonscope::options::PictureSize;
use axonscope::view::offscreen::Offscreen;
use axonscope_session::{Counters, Figures, Latency, Session};
use program::COMPONENTS;
use support::child::Subject;
use support::pairs::{Ratio, in_turn, median};
use support::{Better, Line, Options};

/// How long the program comes and goes before anything is measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// How long a first picture may take to come to rest.
const FIRST_PICTURE: Duration = Duration::from_secs(90);
/// From one frame of a window to the next.
const FRAME: Duration = Duration::from_micros(16_667);
/// What the issue of this benchmark allows the layout to cost.
const TIMES_LIMIT: f64 = 2.0;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("--role=program"), Some(url)) => match program::role(&url) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("bench program: {error:#}");
                ExitCode::FAILURE
            }
        },
        _ => support::main(bench),
    }
}

async fn bench(options: Options) -> Result<()> {
    // The view and the session have threads and loops of their own.
    tokio::task::spawn_blocking(move || run(options)).await?
}

fn run(options: Options) -> Result<()> {
    let (blocks, measured) = if options.quick { (1, 5) } else { (3, 20) };
    let measured = Duration::from_secs(measured);
    let mut rounds = Vec::new();
    let figures = in_turn(&[false, true], blocks, |lays_out| {
        let round = Stage::set(lays_out)?.watch(measured, || std::thread::sleep(FRAME))?;
        let arrival = round.latency.arrival_to_model.context("nothing arrived")?;
        rounds.push((lays_out, arrival, round));
        Ok(ms(arrival.p99))
    })?;
    print_arrival(&rounds, &figures[0], &figures[1])?;
    let with_layout: Vec<&Round> = rounds.iter().filter(|(lays_out, ..)| *lays_out).map(|(.., round)| round).collect();
    print_budget(&with_layout)?;

    let stage = Stage::set(true)?;
    let mut view = Offscreen::new(stage.session.clone(), PictureSize::default())?;
    view.open()?;
    let mut frames = 0;
    let round = stage.watch(measured, || {
        let began = Instant::now();
        view.look_at_middle(None);
        view.frame();
        frames += 1;
        std::thread::sleep(FRAME.saturating_sub(began.elapsed()));
    })?;
    eprintln!("bench: drawn by {}, {} by {} pixels", view.renderer_name(), 1600, 1000);
    let drawing = (measured + WARM_UP).as_secs_f64();
    Line::alone("live", format!("frames_per_s@{COMPONENTS}"), f64::from(frames) / drawing, "1/s").print()?;
    print_pixels(&round)
}

/// A program that is seen whole, by a session of its own.
struct Stage {
    session: Session,
    program: Subject,
}

/// What was measured while the program came and went.
struct Round {
    latency: Latency,
    counters: Counters,
    took: Duration,
    births: f64,
}

impl Stage {
    fn set(lays_out: bool) -> Result<Self> {
        let listen = vec![([127, 0, 0, 1], 0).into()];
        let session =
            Session::start(axonscope_session::Options { listen, lays_out, ..axonscope_session::Options::default() })?;
        session.set_looked_at(true);
        let address = session.address().context("nobody listens")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--role=program", &format!("http://{address}")]);
        command.env_remove("AXONSCOPE_ENDPOINT").env_remove("AXONSCOPE_NAME").env_remove("AXONSCOPE_OFF");
        let program = Subject::start(&mut command)?;
        let began = Instant::now();
        let seen = || session.read(|model| model.systems().any(|system| system.component_count() == COMPONENTS));
        while !seen() {
            ensure!(began.elapsed() < FIRST_PICTURE, "the program was not seen");
            std::thread::sleep(Duration::from_millis(5));
        }
        if lays_out && !session.settle(FIRST_PICTURE) {
            eprintln!("bench: WARNING: the first picture did not come to rest");
        }
        Ok(Self { session, program })
    }

    /// Lets the program come and go, doing `meanwhile` over and over.
    fn watch(mut self, measured: Duration, mut meanwhile: impl FnMut()) -> Result<Round> {
        let churn = (WARM_UP + measured + Duration::from_secs(1)).as_secs();
        self.program.tell(&format!("churn {churn}"))?;
        let mut until = |end: Instant| {
            while Instant::now() < end {
                meanwhile();
            }
        };
        until(Instant::now() + WARM_UP);
        self.session.set_measured(true);
        let (began, before) = (Instant::now(), self.session.counters());
        until(began + measured);
        let (latency, after, took) = (self.session.latency(), self.session.counters(), began.elapsed());
        let births = self.program.answer()? / churn as f64;
        let counters = Counters {
            structure: after.structure - before.structure,
            activity: after.activity - before.activity,
            reports: after.reports - before.reports,
            ticks: after.ticks - before.ticks,
            ticks_over_budget: after.ticks_over_budget - before.ticks_over_budget,
            publications: after.publications - before.publications,
            publications_over_budget: after.publications_over_budget - before.publications_over_budget,
        };
        self.session.shutdown();
        Ok(Round { latency, counters, took, births })
    }
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// The figures of the rounds without layout and with it, paired.
fn print_arrival(rounds: &[(bool, Figures, Round)], off: &[f64], on: &[f64]) -> Result<()> {
    let p50 = |with: bool| {
        let of = rounds.iter().filter(|(lays_out, ..)| *lays_out == with);
        median(&of.map(|(_, arrival, _)| ms(arrival.p50)).collect::<Vec<_>>())
    };
    let births: Vec<f64> = rounds.iter().map(|(.., round)| round.births).collect();
    let line = |metric: &str, value, unit| Line::alone("live", format!("{metric}@{COMPONENTS}"), value, unit);
    line("births_per_s", median(&births), "1/s").print()?;
    Line::alone("live", "arrival_to_model_ms@p50".into(), p50(true), "ms")
        .against("layout-off", p50(false), Better::Less)
        .print()?;
    let ratio = Ratio::paired(off, on);
    Line::alone("live", "arrival_to_model_ms@p99".into(), median(on), "ms")
        .against("layout-off", median(off), Better::Less)
        .paired(ratio.median, ratio.low, ratio.high)
        .print()?;
    Line::alone("live", "arrival_to_model_times@p99".into(), Ratio::paired(on, off).median, "×")
        .against("limit-2", TIMES_LIMIT, Better::Less)
        .print()
}

/// Whether the layout did what it does within a frame.
fn print_budget(rounds: &[&Round]) -> Result<()> {
    let secs: f64 = rounds.iter().map(|round| round.took.as_secs_f64()).sum();
    let sum = |of: fn(&Counters) -> u64| rounds.iter().map(|round| of(&round.counters)).sum::<u64>() as f64;
    for (metric, value, unit) in [
        ("ticks_per_s", sum(|counters| counters.ticks) / secs, "1/s"),
        ("ticks_over_budget", sum(|counters| counters.ticks_over_budget), ""),
        ("publications_per_s", sum(|counters| counters.publications) / secs, "1/s"),
        ("publications_over_budget", sum(|counters| counters.publications_over_budget), ""),
    ] {
        Line::alone("live", format!("{metric}@{COMPONENTS}"), value, unit).print()?;
    }
    let places: Vec<Figures> = rounds.iter().filter_map(|round| round.latency.model_to_places).collect();
    for (name, of) in [("p50", (|figures| ms(figures.p50)) as fn(&Figures) -> f64), ("p99", |figures| ms(figures.p99))]
    {
        let all: Vec<f64> = places.iter().map(of).collect();
        ensure!(!all.is_empty(), "nothing was placed");
        Line::alone("live", format!("model_to_places_ms@{name}"), median(&all), "ms").print()?;
    }
    Ok(())
}

fn print_pixels(round: &Round) -> Result<()> {
    let latency = &round.latency;
    ensure!(latency.clocks_differ == 0, "the clocks of one machine differ");
    for (stage, figures) in [
        ("event_to_pixel_ms", latency.event_to_pixel),
        ("total_to_pixel_ms", latency.total_to_pixel),
        ("drawing_arrival_to_model_ms", latency.arrival_to_model),
        ("drawing_model_to_places_ms", latency.model_to_places),
        ("drawing_places_to_pixel_ms", latency.places_to_pixel),
    ] {
        let figures = figures.with_context(|| format!("{stage}: nothing was seen"))?;
        Line::alone("live", format!("{stage}@p50"), ms(figures.p50), "ms").print()?;
        Line::alone("live", format!("{stage}@p99"), ms(figures.p99), "ms").print()?;
    }
    let counters = &round.counters;
    Line::alone("live", "drawing_ticks_over_budget".into(), counters.ticks_over_budget as f64, "").print()?;
    Line::alone("live", "forgotten".into(), latency.forgotten as f64, "").print()
}
