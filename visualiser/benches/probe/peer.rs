//! The peer: raw channels and tasks, bare and under console-subscriber, watched as tokio-console watches.
//!
//! It is a program outside of the workspace, because its tokio is built with another configuration. `./bench` builds it
//! and says in the environment where it is.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::cast::free_address;
use crate::support::child::Subject;
use crate::support::pairs::{in_turn, median};
use crate::support::{Line, Options};
use crate::{Found, share};

/// Where the program is.
const VARIABLE: &str = "AXONSCOPE_BENCH_CONSOLE";

/// What others are compared with.
pub(crate) struct Console {
    pub(crate) share: f64,
    pub(crate) added_rss_mib: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Bare,
    Attached,
}

const CASES: [Case; 2] = [Case::Bare, Case::Attached];

/// Runs the part.
pub(crate) fn bench(options: Options, found: &mut Found) -> Result<()> {
    let Some(program) = std::env::var_os(VARIABLE) else {
        eprintln!("bench: {VARIABLE} does not say where the peer's program is, so there is no peer; ./bench builds it");
        return Ok(());
    };
    let (generations, blocks) = if options.quick { (2, 3) } else { (3, 5) };
    let (mut bare, mut attached, mut added_mib) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..generations {
        let mut pair = Pair::start(&program)?;
        let mut took = in_turn(&CASES, blocks, |case| pair.round(case))?;
        attached.append(&mut took[1]);
        bare.append(&mut took[0]);
        added_mib
            .push((pair.attached.resident_bytes()? as f64 - pair.bare.resident_bytes()? as f64) / f64::from(1 << 20));
        let [updates, tasks, dropped] = ["updates", "tasks", "dropped"].map(|total| pair.watcher.ask(total));
        let (updates, tasks) = (updates?, tasks?);
        eprintln!(
            "bench: console-subscriber sent {updates} updates with {tasks} tasks, and dropped {} events",
            dropped?
        );
        ensure!(updates >= 1.0 && tasks >= 1.0, "console-subscriber was hardly watched");
    }
    let console = Console {
        share: share::share("console-subscriber", &attached, &bare).value,
        added_rss_mib: median(&added_mib),
    };
    share::print_share("console-subscriber", &attached, &bare, None)?;
    Line::alone("probe", "added_rss_mib@console-subscriber".into(), console.added_rss_mib, "MiB").print()?;
    found.console = Some(console);
    Ok(())
}

struct Pair {
    // First, so that it ends before what it watches.
    watcher: Subject,
    bare: Subject,
    attached: Subject,
}

impl Pair {
    fn start(program: &OsStr) -> Result<Self> {
        let start = |args: &[&str]| Subject::start(Command::new(program).args(args).env_remove("RUST_LOG"));
        let port = free_address()?.port().to_string();
        Ok(Self { bare: start(&["bare"])?, attached: start(&["attached", &port])?, watcher: start(&["watch", &port])? })
    }

    /// Seconds a message.
    fn round(&mut self, case: Case) -> Result<f64> {
        let (subject, messages) = match case {
            Case::Bare => (&mut self.bare, 1_000_000),
            // Slower by far: a round of them is long enough with fewer.
            Case::Attached => (&mut self.attached, 20_000),
        };
        subject.ask(&format!("relay {messages}"))?;
        Ok(subject.ask("go")? / f64::from(messages))
    }
}
