//! `axonscope lint`: what is wrong now, a line each.

use std::io::{self, Write};

use axonscope_model::display::escape;
use axonscope_session::{Problem, Severity, Summary};

use super::client::{Reach, block_on, is_called};
use super::{Exit, Failure, Outcome, written};

/// Print what is wrong in the systems now, worst first.
///
/// Exits with 1 when there is a problem, and with 0 and no output when all is well.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Lines look like this:
  error chat_server slow-consumer: logger is too slow for what it gets. (inbox 64 of 64, full for 12 s)

Examples:
  axonscope lint
  axonscope lint --system chat_server || echo 'look at it'")]
pub(super) struct Args {
    /// Only systems of this name; `axonscope ls` shows the names
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Outcome {
    let url = args.reach.url()?;
    let told = block_on(async {
        let mut reader = args.reach.connect().await?;
        Ok((reader.list().await?, reader.problems(None).await?))
    })?;
    let Some((mut systems, problems)) = told else { return Ok(()) };
    if let Some(name) = &args.system {
        systems.retain(|summary| is_called(summary, name));
    }
    if systems.is_empty() {
        let words = format!("there is no such system at {url}; `axonscope ls` shows those that are there");
        return Err(Failure::new(Exit::Nothing, words));
    }
    let lines: Vec<String> = problems.iter().filter_map(|problem| line(problem, &systems)).collect();
    written(io::stdout().lock().write_all(lines.concat().as_bytes()))?;
    match lines.len() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Nothing, "1 problem")),
        count => Err(Failure::new(Exit::Nothing, format!("{count} problems"))),
    }
}

/// One line, if the problem is in one of `systems`.
fn line(problem: &Problem, systems: &[Summary]) -> Option<String> {
    let system = systems.iter().find(|summary| summary.system == problem.system)?;
    let severity = match problem.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let evidence = match &*problem.evidence {
        "" => String::new(),
        evidence => format!(" ({})", escape(evidence)),
    };
    let (title, kind, sentence) = (system.title(), escape(&problem.kind), escape(&problem.sentence));
    Some(format!("{severity} {} {kind}: {sentence}{evidence}\n", escape(&title)))
}

#[cfg(test)]
mod tests {
    use axonscope_model::SystemId;

    use super::*;

    #[test]
    fn a_problem_is_a_line_and_only_that_of_systems_asked_for() {
        let problem = Problem {
            system: SystemId(1),
            severity: Severity::Warning,
            kind: "slow-consumer".into(),
            sentence: "log\u{1b}ger is too slow.".into(),
            evidence: "full\nfor 2 s".into(),
            ..Problem::default()
        };
        let system = |id| Summary { system: SystemId(id), name: "chat".into(), ordinal: 2, ..Summary::default() };
        assert_eq!(
            line(&problem, &[system(3), system(1)]).as_deref(),
            Some("warning chat 2 slow-consumer: log\\u{1b}ger is too slow. (full\\nfor 2 s)\n")
        );
        assert_eq!(line(&problem, &[system(3)]), None);
    }
}
