//! Whether the program notices that its visualiser is frozen, or killed and started again, while it runs.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cast::start_program;
use crate::support::Options;
use crate::support::child::Subject;
use crate::support::pairs::in_turn;
use crate::support::race::HOPS;
use crate::support::watch::Watchers;
use crate::{Found, program, share};

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Bare,
    Frozen,
    Killed,
}

const CASES: [Case; 3] = [Case::Frozen, Case::Bare, Case::Killed];

/// Into the round, when the visualiser is killed.
const UNTIL_KILLED: Duration = Duration::from_millis(150);

/// Runs the part.
pub(crate) fn bench(options: Options, _: &mut Found) -> Result<()> {
    let (blocks, messages) = if options.quick { (6, 1_800_000) } else { (15, 3_600_000) };
    let watchers = Watchers::start()?;
    let bare = start_program(&["bare"], false)?;
    let attached = start_program(&["probe", watchers.url()], false)?;
    let mut stage = Stage { watchers: Some(watchers), bare, attached };
    let took = in_turn(&CASES, blocks, |case| stage.round(case, &format!("relay {messages}")))?;
    share::print_share("frozen", &took[0], &took[1], Some(share::GOAL_WATCHED))?;
    share::print_share("killed", &took[2], &took[1], Some(share::GOAL_WATCHED))
}

struct Stage {
    /// None while it is dead.
    watchers: Option<Watchers>,
    bare: Subject,
    attached: Subject,
}

impl Stage {
    /// In seconds.
    fn round(&mut self, case: Case, question: &str) -> Result<f64> {
        if case == Case::Bare {
            self.bare.ask(question)?;
            return self.bare.ask("go");
        }
        self.attached.ask(question)?;
        let watchers = self.watchers.as_ref().context("no visualiser")?;
        watchers.until_seen(&program::system_name(self.attached.pid()), HOPS + 1)?;
        if case == Case::Frozen {
            let pid = Pid::from_raw(watchers.pid() as i32);
            kill(pid, Signal::SIGSTOP)?;
            let took = self.attached.ask("go");
            kill(pid, Signal::SIGCONT)?;
            return took;
        }
        let address = watchers.url().trim_start_matches("http://").to_owned();
        self.attached.tell("go")?;
        thread::sleep(UNTIL_KILLED);
        self.watchers = None;
        self.watchers = Some(Watchers::start_at(&address)?);
        self.attached.answer()
    }
}
