//! `axonscope check`: how a live system differs from a declared wiring, a line each.

use std::io::{self, Write};
use std::path::PathBuf;

use axonscope_model::display::escape;
use axonscope_session::Standing;

use super::client::{Reach, block_on, is_called};
use super::export::fetch_some;
use super::{Exit, Failure, Outcome, written};
use crate::wiring::{self, WiringError};

/// Compare a live system with a declared wiring, and name every difference.
///
/// A wiring is what `axonscope export --format wiring` writes; a file that `axonscope-examples run` runs will do as well.
/// Exits with 1 when there is a difference, and with 0 and no output when there is none.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Lines look like this:
  chat_server: logger is missing, with its linkage.
  chat_server: The linkage from room.outbox to logger.inbox is not expected.

Examples:
  axonscope export --format wiring --system chat_server -o chat_server.toml
  axonscope check chat_server.toml
  axonscope --expect chat_server.toml            the same all the time: differences are problems then")]
pub(super) struct Args {
    /// What is expected
    #[arg(value_name = "WIRING.toml")]
    wiring: PathBuf,
    /// The system to compare, if it is not the one that the file names
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Outcome {
    let wiring = wiring::load(&args.wiring)?;
    let name = args.system.as_deref().unwrap_or(&wiring.name);
    let url = args.reach.url()?;
    let fetched = block_on(async {
        let mut reader = args.reach.connect().await?;
        let listed = reader.list().await?;
        let lives = |standing| matches!(standing, Standing::Live | Standing::Stale);
        let wanted: Vec<_> = listed
            .iter()
            .filter(|summary| is_called(summary, name) && lives(summary.standing))
            .map(|summary| summary.system)
            .collect();
        if wanted.is_empty() {
            let words = format!(
                "no system at {url} is called \"{}\" and runs; `axonscope ls` shows those that are there",
                escape(name)
            );
            return Err(Failure::new(Exit::Nothing, words));
        }
        Ok(fetch_some(&mut reader, &wanted).await?)
    })?;
    let Some(fetched) = fetched else { return Ok(()) };
    let mut lines = Vec::new();
    for known in &fetched.systems {
        let Some(system) = fetched.model.system(known.system) else { continue };
        let title = known.summary.title();
        let differences = wiring.differences(system).into_iter();
        lines.extend(differences.map(|difference| format!("{}: {}\n", escape(&title), escape(&difference.sentence))));
    }
    written(io::stdout().lock().write_all(lines.concat().as_bytes()))?;
    match lines.len() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Nothing, "1 difference")),
        count => Err(Failure::new(Exit::Nothing, format!("{count} differences"))),
    }
}

impl From<WiringError> for Failure {
    fn from(error: WiringError) -> Self {
        Failure::new(Exit::Usage, error.to_string())
    }
}
