//! The same program in every relation to a visualiser: what it costs, beside the bare one.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::support::child::Subject;
use crate::support::pairs::{in_turn, median};
use crate::support::race::HOPS;
use crate::support::watch::Watchers;
use crate::support::{Better, Line, Options};
use crate::tapper::Tapper;
use crate::{Found, program, share};

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Case {
    Bare,
    /// The same once more: what the method itself leaves uncertain.
    Control,
    /// tracing-subscriber's registry, and nothing in it.
    Registry,
    /// Compiled in and set up, and told to be off.
    LayerOff,
    /// Dials somebody who is not there.
    NoVisualiser,
    Attached,
    /// Attached, and a visualiser looks into one linkage.
    Tap,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Work {
    Relay,
    PingPong,
    Components,
    Spans,
    NewSpans,
}

/// Spans are last: whatever they leave behind, no other work comes after them in the same process.
const WORKS: [Work; 5] = [Work::Relay, Work::PingPong, Work::Components, Work::Spans, Work::NewSpans];

impl Work {
    fn question(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::PingPong => "ping-pong",
            Self::Components => "components",
            Self::Spans => "spans",
            Self::NewSpans => "new-spans",
        }
    }

    /// Messages, trips, components or spans of one round.
    fn count(self, options: Options) -> u64 {
        let (full, quick) = match self {
            // Long enough for some of the visualiser's cadences.
            Self::Relay => (2_400_000, 1_200_000),
            Self::PingPong => (2_000_000, 1_000_000),
            Self::Components => (100_000, 40_000),
            Self::Spans => (5_000_000, 3_000_000),
            Self::NewSpans => (100_000, 50_000),
        };
        if options.quick { quick } else { full }
    }

    /// Those that are compared most closely are neighbours in time.
    fn cases(self) -> &'static [Case] {
        match self {
            Self::Relay => &[Case::Control, Case::Bare, Case::Attached, Case::NoVisualiser, Case::LayerOff, Case::Tap],
            Self::PingPong | Self::Components => &[Case::Control, Case::Bare, Case::Attached, Case::NoVisualiser],
            Self::Spans | Self::NewSpans => {
                &[Case::Bare, Case::Registry, Case::LayerOff, Case::NoVisualiser, Case::Attached]
            }
        }
    }

    /// What is seen of it while it is prepared; none where nothing is.
    fn components(self) -> Option<u64> {
        match self {
            Self::Relay => Some(HOPS + 1),
            Self::PingPong => Some(2),
            Self::Components | Self::Spans | Self::NewSpans => None,
        }
    }
}

/// Runs the part.
pub(crate) fn bench(options: Options, found: &mut Found) -> Result<()> {
    let (generations, blocks) = if options.quick { (3, 4) } else { (5, 8) };
    let watchers = Watchers::start()?;
    let tapper = Tapper::start()?;
    let mut figures = Figures::default();
    for _ in 0..generations {
        let mut cast = Cast::start(&watchers, &tapper)?;
        for work in WORKS {
            let (cases, count) = (work.cases(), work.count(options));
            let took = in_turn(cases, blocks, |case| cast.round(work, case, count))?;
            for (&case, took) in cases.iter().zip(took) {
                figures.add(work, case, took);
            }
            if work == Work::Relay {
                for case in [Case::NoVisualiser, Case::Attached] {
                    let added = cast.subject(case)?.resident_bytes()? as f64
                        - cast.subject(Case::Bare)?.resident_bytes()? as f64;
                    figures.rss_mib.push((case, added / f64::from(1 << 20)));
                }
            }
        }
    }
    let (rounds, reports) = (generations * blocks, watchers.reports_read());
    eprintln!("bench: {reports} reports were read in {rounds} rounds of each work");
    ensure!(reports >= rounds as u64, "what was observed was hardly watched");
    figures.print(options, found)
}

// === Those who act ===

struct Cast<'a> {
    watchers: &'a Watchers,
    tapper: &'a Tapper,
    subjects: Vec<(Case, Subject)>,
}

impl<'a> Cast<'a> {
    fn start(watchers: &'a Watchers, tapper: &'a Tapper) -> Result<Self> {
        let nobody = format!("http://{}", free_address()?);
        let mut subjects = Vec::new();
        let mut add = |case, args: &[&str], off| {
            subjects.push((case, start_program(args, off)?));
            anyhow::Ok(())
        };
        add(Case::Bare, &["bare"], false)?;
        add(Case::Control, &["bare"], false)?;
        add(Case::NoVisualiser, &["probe", &nobody], false)?;
        add(Case::Attached, &["probe", watchers.url()], false)?;
        add(Case::Registry, &["registry"], false)?;
        add(Case::LayerOff, &["probe", watchers.url()], true)?;
        add(Case::Tap, &["probe", &tapper.url], false)?;
        Ok(Self { watchers, tapper, subjects })
    }

    fn subject(&mut self, case: Case) -> Result<&mut Subject> {
        let found = self.subjects.iter_mut().find(|(other, _)| *other == case);
        found.map(|(_, subject)| subject).with_context(|| format!("nobody plays {case:?}"))
    }

    /// In seconds.
    fn round(&mut self, work: Work, case: Case, count: u64) -> Result<f64> {
        let (watchers, tapper) = (self.watchers, self.tapper);
        let subject = self.subject(case)?;
        let question = format!("{} {count}", work.question());
        let Some(components) = work.components() else { return subject.ask(&question) };
        subject.ask(&question)?;
        match case {
            Case::Attached => watchers.until_seen(&program::system_name(subject.pid()), components)?,
            Case::Tap => tapper.open()?,
            _ => {}
        }
        let took = subject.ask("go")?;
        if case == Case::Tap {
            // A round in which nothing was shown would be one without a tap.
            tapper.take_samples()?;
        }
        Ok(took)
    }
}

/// This executable as the program.
pub(crate) fn start_program(args: &[&str], off: bool) -> Result<Subject> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(program::ROLE).args(args).env_remove("AXONSCOPE_ENDPOINT").env_remove("AXONSCOPE_NAME");
    command.env_remove(program::OFF).env_remove("RUST_LOG");
    if off {
        command.env(program::OFF, "1");
    }
    Subject::start(&mut command)
}

/// Where nobody listens.
pub(crate) fn free_address() -> Result<std::net::SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

// === What is found ===

#[derive(Default)]
struct Figures {
    /// Seconds of each round.
    took: Vec<(Work, Case, Vec<f64>)>,
    rss_mib: Vec<(Case, f64)>,
}

impl Figures {
    fn add(&mut self, work: Work, case: Case, took: Vec<f64>) {
        match self.took.iter_mut().find(|(w, c, _)| (*w, *c) == (work, case)) {
            Some((.., all)) => all.extend(took),
            None => self.took.push((work, case, took)),
        }
    }

    fn of(&self, work: Work, case: Case) -> Option<&[f64]> {
        self.took.iter().find(|(w, c, _)| (*w, *c) == (work, case)).map(|(.., took)| &**took)
    }

    fn print(&self, options: Options, found: &Found) -> Result<()> {
        self.print_shares(options, found)?;
        self.print_memory(found)?;
        self.print_added(options)?;
        self.print_spans(options)
    }

    fn print_shares(&self, options: Options, found: &Found) -> Result<()> {
        let bare = self.of(Work::Relay, Case::Bare).context("nothing bare ran")?;
        eprintln!("bench: bare, {:.1} Mhops/s", (Work::Relay.count(options) * HOPS) as f64 / median(bare) / 1e6);
        for (case, name, goal) in [
            (Case::Control, "control", None),
            (Case::LayerOff, "layer-off", Some(share::GOAL_ALONE)),
            (Case::NoVisualiser, "no-visualiser", Some(share::GOAL_ALONE)),
            (Case::Attached, "attached", Some(share::GOAL_WATCHED)),
            (Case::Tap, "tap", None),
        ] {
            let Some(took) = self.of(Work::Relay, case) else { continue };
            share::print_share(name, took, bare, goal)?;
            if let (Case::Attached | Case::Tap, Some(console)) = (case, &found.console) {
                share::share(name, took, bare).against("console-subscriber", console.share, Better::More).print()?;
            }
        }
        Ok(())
    }

    fn print_memory(&self, found: &Found) -> Result<()> {
        for (case, name) in [(Case::NoVisualiser, "no-visualiser"), (Case::Attached, "attached")] {
            let all: Vec<f64> = self.rss_mib.iter().filter(|(c, _)| *c == case).map(|(_, mib)| *mib).collect();
            let line = || Line::alone("probe", format!("added_rss_mib@{name}"), median(&all), "MiB");
            line().against("limit-8MiB", 8.0, Better::Less).print()?;
            if let (Case::Attached, Some(console)) = (case, &found.console) {
                line().against("console-subscriber", console.added_rss_mib, Better::Less).print()?;
            }
        }
        Ok(())
    }

    /// Beside the bare program: per message and linkage it passes, and per component.
    fn print_added(&self, options: Options) -> Result<()> {
        for (work, metric, suffix, each, limit) in [
            (Work::Relay, "ns_per_message", "", HOPS, Some(("limit-5ns", 5.0))),
            (Work::PingPong, "ns_per_message", "-ping-pong", 2, Some(("limit-60ns", 60.0))),
            (Work::Components, "ns_per_component", "", 1, None),
        ] {
            let bare = self.of(work, Case::Bare).context("nothing bare ran")?;
            for (case, name) in
                [(Case::Control, "control"), (Case::NoVisualiser, "no-visualiser"), (Case::Attached, "attached")]
            {
                let Some(took) = self.of(work, case) else { continue };
                let metric = format!("{metric}@{name}{suffix}");
                let line = share::added_ns(&metric, took, bare, work.count(options) * each);
                match limit.filter(|_| case == Case::Attached) {
                    Some((limit, ns)) => line.against(limit, ns, Better::Less).print()?,
                    None => line.print()?,
                }
            }
        }
        Ok(())
    }

    /// Whole figures, not differences, beside the registry alone, without which no layer exists.
    fn print_spans(&self, options: Options) -> Result<()> {
        for (work, metric) in [(Work::Spans, "ns_per_span"), (Work::NewSpans, "ns_per_new_span")] {
            let each = |case| {
                let ns = |took: &f64| took * 1e9 / work.count(options) as f64;
                self.of(work, case).map(|took| took.iter().map(ns).collect::<Vec<f64>>())
            };
            let Some(registry) = each(Case::Registry) else { continue };
            for (case, name) in [
                (Case::Bare, "no-subscriber"),
                (Case::Registry, "registry"),
                (Case::LayerOff, "off"),
                (Case::NoVisualiser, "no-visualiser"),
                (Case::Attached, "attached"),
            ] {
                let Some(figures) = each(case) else { continue };
                let line = share::middle(&format!("{metric}@{name}"), &figures, "ns");
                match case {
                    Case::Bare | Case::Registry => line.print()?,
                    _ => line.against("registry-alone", median(&registry), Better::Less).print()?,
                }
            }
        }
        Ok(())
    }
}
