//! `axonscope watch`: what appears, changes and goes, a line each, as it happens.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use axonscope_model::display::{count, escape};
use axonscope_session::narrator::Narrator;
use axonscope_session::reader::{Mirror, ReadError};
use axonscope_session::{Problem, Severity};

use super::client::{Reach, block_on};
use super::names;
use super::teller::Teller;
use super::{Exit, Failure, Flow, Outcome, written};

/// Print what appears, changes and goes, a line each, until Ctrl-C.
///
/// What is there already is one line a system; `axonscope export` has all of it.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Lines look like this:
  12:04:09 chat_server live: pid 4711 on desk, 12 components, 22 linkages
  12:04:11 chat_server + alice (Handler) in ConnectedServer
  12:04:11 chat_server link alice.outbox -> room.inbox
  12:04:11 chat_server use alice -> table
  12:04:15 chat_server alice failed: connection reset
  12:04:15 chat_server unlink alice.outbox -> room.inbox
  12:04:15 chat_server - alice (Handler) in ConnectedServer
  12:04:20 chat_server lost: the stream ended without a farewell

Examples:
  axonscope watch
  axonscope watch --words
  axonscope watch --system chat_server | grep failed")]
pub(super) struct Args {
    /// Only systems of this name, those that connect later included
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// In sentences for people who do not program, of what matters most, and seldom more than one in three seconds
    #[arg(long, conflicts_with = "system")]
    words: bool,
    #[command(flatten)]
    naming: names::Args,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Outcome {
    let url = args.reach.url()?;
    if args.words {
        return narrate(&args);
    }
    block_on(async {
        let mut watch = args.reach.connect().await?.watch(None).await?;
        eprintln!("watching {url} (Ctrl-C ends)");
        let mut teller = Teller::new(args.system);
        while let Some(seen) = watch.next().await? {
            let now = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
            let mut text = String::new();
            teller.tell(seen, &mut |line| text.extend([&now, " ", line, "\n"]));
            let mut out = io::stdout().lock();
            if !text.is_empty() && written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))? == Flow::Stop {
                return Ok(());
            }
        }
        Err(Failure::new(Exit::Unreachable, format!("the visualiser at {url} ended; watch again once it is back")))
    })?;
    Ok(())
}

/// How often the narrator looks; the first time when all that is there has been told.
const LOOK: Duration = Duration::from_secs(1);
/// So many sentences at most are told of what was there before.
const ALREADY_WRONG_MAX: usize = 3;

/// Problems by the ids of our own model; those of systems that we do not know of yet are told later.
fn known_here(problems: Vec<Problem>, mirror: &Mirror) -> Vec<Problem> {
    let known = |problem: Problem| {
        let (system, _) = mirror.known.get(&problem.system)?;
        Some(Problem { system: *system, ..problem })
    };
    problems.into_iter().filter_map(known).collect()
}

/// The worst of what is wrong when somebody begins to watch, and where the rest is told.
fn already_wrong(problems: &[Problem]) -> Vec<String> {
    let wrong = problems.iter().filter(|problem| problem.severity >= Severity::Warning);
    let mut words: Vec<String> = wrong.map(|problem| escape(&problem.sentence).into_owned()).collect();
    let all = words.len();
    if all > ALREADY_WRONG_MAX {
        words.truncate(ALREADY_WRONG_MAX);
        words.push(format!("There is more: `axonscope lint` tells of {}.", count(all as u64)));
    }
    words
}

/// What is happening, in sentences.
fn narrate(args: &Args) -> Outcome {
    let url = args.reach.url()?;
    let mut narrator = Narrator::new(args.naming.load()?);
    block_on(async {
        let mut reader = args.reach.connect().await?;
        let mut watch = reader.watch(None).await?;
        eprintln!("watching {url} (Ctrl-C ends)");
        let mut mirror = Mirror::default();
        let began = Instant::now();
        let mut looked_at = began;
        let mut is_first = true;
        loop {
            let wait = LOOK.saturating_sub(looked_at.elapsed());
            if let Ok(seen) = tokio::time::timeout(wait, watch.next()).await {
                let Some(seen) = seen? else { break };
                mirror.take(seen);
            }
            if looked_at.elapsed() < LOOK {
                continue;
            }
            looked_at = Instant::now();
            let problems = match reader.problems(None).await {
                Err(ReadError::Ended(_)) => break,
                problems => known_here(problems?, &mirror),
            };
            // What is wrong already is no news, and worth knowing.
            let there = if std::mem::take(&mut is_first) { already_wrong(&problems) } else { Vec::new() };
            let now_ns = began.elapsed().as_nanos() as u64;
            narrator.look(&mirror.model, &problems, now_ns);
            let now = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
            for words in there.into_iter().chain(narrator.next(now_ns).map(|sentence| sentence.words)) {
                let mut out = io::stdout().lock();
                if written(writeln!(out, "{now} {words}").and_then(|()| out.flush()))? == Flow::Stop {
                    return Ok(());
                }
            }
        }
        Err(Failure::new(Exit::Unreachable, format!("the visualiser at {url} ended; watch again once it is back")))
    })?;
    Ok(())
}
