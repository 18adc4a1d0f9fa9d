//! `axonscope lint`: what is wrong now, a line each.

use std::io::{self, Write};

use axonscope_model::display::escape;
use axonscope_session::{MOST_PROBLEMS, Problem, Severity, Summary};
use serde::Serialize;

use super::client::{Reach, block_on, is_called};
use super::{Exit, Failure, ListFormat, Outcome, written};

/// Print what is wrong in the systems now, worst first.
///
/// Exits with 1 when there is a problem, and with 0 when all is well: as text without a word, as json with an empty list.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Lines look like this:
  error chat_server slow-consumer: logger cannot keep up, and holds up room. (inbox 64 of 64, full for 12 s · …)

Kinds of problem:
  deadlock             components wait for each other, and none will ever go on
  never-yields         a component does not come back from one step
  slow-consumer        an inbox is full; whoever waits for it is named after the one that is slow
  silent               a component takes nothing, although its producers send
  failed, restarting   a component failed, or does so again and again
  finished-but-linked  a component has finished, and others that live are linked to it
  unlinked-inbox       a component waits at an inbox that nothing is linked to
  dropped-messages     an outbox that leads nowhere threw messages away
  lost-system          a system is gone without a farewell
  unexpected-wiring    the wiring is not as `axonscope --expect` was told

Examples:
  axonscope lint
  axonscope lint --system chat_server || echo 'look at it'
  axonscope lint --format json | jq '.problems[] | .sentence'")]
pub(super) struct Args {
    /// Only systems of this name; `axonscope ls` shows the names
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
    #[command(flatten)]
    reach: Reach,
}

/// A problem, for programs. Ids are those of `export --format json`.
#[derive(Serialize)]
struct Told<'a> {
    system: &'a str,
    system_id: u64,
    severity: &'static str,
    kind: &'a str,
    sentence: &'a str,
    evidence: &'a str,
    components: Vec<u64>,
    postboxes: Vec<u64>,
    linkages: Vec<u64>,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Outcome {
    let url = args.reach.url()?;
    let told = block_on(async {
        let mut reader = args.reach.connect().await?;
        Ok((reader.list().await?, reader.problems(None).await?))
    })?;
    let Some((mut systems, mut problems)) = told else { return Ok(()) };
    if let Some(name) = &args.system {
        systems.retain(|summary| is_called(summary, name));
    }
    if systems.is_empty() {
        let words = format!("there is no such system at {url}; `axonscope ls` shows those that are there");
        return Err(Failure::new(Exit::Nothing, words));
    }
    let told = problems.len();
    problems.retain(|problem| title(problem, &systems).is_some());
    let text = match args.format {
        ListFormat::Text => problems.iter().filter_map(|problem| line(problem, &systems)).collect(),
        ListFormat::Json => json(&problems, &systems)?,
    };
    written(io::stdout().lock().write_all(text.as_bytes()))?;
    match problems.len() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Nothing, "1 problem")),
        count => {
            let more = if told < MOST_PROBLEMS { "" } else { ", and more that are not told of" };
            Err(Failure::new(Exit::Nothing, format!("{count} problems{more}")))
        }
    }
}

/// What the system is called in which the problem is, if that is one of `systems`.
fn title(problem: &Problem, systems: &[Summary]) -> Option<String> {
    systems.iter().find(|summary| summary.system == problem.system).map(Summary::title)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// One line, if the problem is in one of `systems`.
fn line(problem: &Problem, systems: &[Summary]) -> Option<String> {
    let title = title(problem, systems)?;
    let evidence = match &*problem.evidence {
        "" => String::new(),
        evidence => format!(" ({})", escape(evidence)),
    };
    let (severity, kind, sentence) = (word(problem.severity), escape(&problem.kind), escape(&problem.sentence));
    Some(format!("{severity} {} {kind}: {sentence}{evidence}\n", escape(&title)))
}

/// `{"problems": […]}`, on lines of its own.
fn json(problems: &[Problem], systems: &[Summary]) -> Result<String, Failure> {
    let titles: Vec<String> = problems.iter().filter_map(|problem| title(problem, systems)).collect();
    let told: Vec<Told<'_>> = problems
        .iter()
        .zip(&titles)
        .map(|(problem, title)| Told {
            system: title,
            system_id: problem.system.0,
            severity: word(problem.severity),
            kind: &problem.kind,
            sentence: &problem.sentence,
            evidence: &problem.evidence,
            components: problem.components.iter().map(|id| id.0).collect(),
            postboxes: problem.postboxes.iter().map(|id| id.0).collect(),
            linkages: problem.linkages.iter().map(|id| id.0).collect(),
        })
        .collect();
    let document = serde_json::json!({ "problems": told });
    let text = serde_json::to_string_pretty(&document).map_err(|error| Failure::from(anyhow::Error::from(error)))?;
    Ok(format!("{text}\n"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axonscope_model::{ComponentId, SystemId};

    use super::*;

    fn problem() -> Problem {
        Problem {
            system: SystemId(1),
            severity: Severity::Warning,
            kind: "slow-consumer".into(),
            sentence: "log\u{1b}ger is too slow.".into(),
            evidence: "full\nfor 2 s".into(),
            components: vec![ComponentId(7)],
            ..Problem::default()
        }
    }

    fn system(id: u64) -> Summary {
        Summary { system: SystemId(id), name: "chat".into(), ordinal: 2, ..Summary::default() }
    }

    #[test]
    fn a_problem_is_a_line_and_only_that_of_systems_asked_for() {
        assert_eq!(
            line(&problem(), &[system(3), system(1)]).as_deref(),
            Some("warning chat 2 slow-consumer: log\\u{1b}ger is too slow. (full\\nfor 2 s)\n")
        );
        assert_eq!(line(&problem(), &[system(3)]), None);
    }

    #[test]
    fn json_has_all_of_it() {
        let text = json(&[problem()], &[system(1)]).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let told = &value["problems"][0];
        assert_eq!((told["system"].as_str(), told["severity"].as_str()), (Some("chat 2"), Some("warning")));
        assert_eq!(told["components"], serde_json::json!([7]));
        assert_eq!(json(&[], &[]).unwrap(), "{\n  \"problems\": []\n}\n");
    }
}
