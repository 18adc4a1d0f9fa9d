//! `axonscope ls`: which systems are there, and how they do.

use std::io::{self, Write};

use super::client::{Reach, block_on};
use super::table::{Side, Table};
use super::{Exit, Failure, ListFormat, Outcome, written};
use crate::export::json::{self, Summary};
use axonscope_model::display::{count, duration_ns, escape, label, rate};

/// List the systems a visualiser knows, those that left included.
///
/// Exits with 1 when there is none.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  axonscope ls
  axonscope ls --format json | jq -r '.systems[] | select(.status != \"live\") | .name'")]
pub(super) struct Args {
    #[command(flatten)]
    reach: Reach,
    /// How to write the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

/// The longest name in a line, in characters; JSON has the whole.
const NAME_CHARACTERS: usize = 48;

/// Runs the command.
pub(super) fn run(args: Args) -> Outcome {
    let url = args.reach.url()?;
    let listed = block_on(async { Ok(args.reach.connect().await?.list().await?) })?;
    let Some(listed) = listed else { return Ok(()) };
    let systems: Vec<Summary> = listed.into_iter().map(Summary::from).collect();

    let none = systems.is_empty();
    let mut out = io::stdout().lock();
    written(match args.format {
        ListFormat::Json => json::write(&json::Document::now(systems), &mut out),
        ListFormat::Text if none => Ok(()),
        ListFormat::Text => out.write_all(table(&systems).as_bytes()),
    })?;
    if none {
        return Err(Failure::new(
            Exit::Nothing,
            format!(
                "no system has connected to {url}: start a program that holds a probe, with AXONSCOPE_ENDPOINT={url}"
            ),
        ));
    }
    Ok(())
}

fn table(systems: &[Summary]) -> String {
    use Side::{Left, Right};
    let mut table = Table::new(&[
        ("SYSTEM", Left),
        ("STATUS", Left),
        ("COMPONENTS", Right),
        ("POSTBOXES", Right),
        ("LINKAGES", Right),
        ("MESSAGES", Right),
        ("UPTIME", Right),
        ("PID", Right),
        ("HOST", Left),
        ("NOTES", Left),
    ]);
    for system in systems {
        table.row(vec![
            label(&system.title(), NAME_CHARACTERS).into(),
            status(system),
            count(system.component_count),
            count(system.postbox_count),
            count(system.linkage_count),
            rate(system.messages_per_second),
            span(system.uptime_ms),
            system.pid.to_string(),
            label(&system.host, NAME_CHARACTERS).into(),
            notes(system),
        ]);
    }
    table.render()
}

/// Milliseconds in the largest sensible units.
fn span(millis: u64) -> String {
    duration_ns(millis.saturating_mul(1_000_000))
}

fn status(system: &Summary) -> String {
    match system.status {
        "live" => "live".to_owned(),
        word => format!("{word} {} ago", span(system.silent_ms)),
    }
}

/// Why a system is not live, and what makes its picture incomplete; empty while all is well.
fn notes(system: &Summary) -> String {
    let counted = [(system.lost, "lost"), (system.anomalies, "odd"), (system.refused, "refused")];
    let mut words = Vec::new();
    if !system.status_detail.is_empty() {
        words.push(escape(&system.status_detail).into_owned());
    }
    words.extend(counted.iter().filter(|(times, _)| *times > 0).map(|(times, word)| format!("{times} {word}")));
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_a_line_a_system() {
        let systems = [
            Summary {
                name: "chat_server".into(),
                ordinal: 1,
                status: "live",
                component_count: 12,
                postbox_count: 48,
                linkage_count: 22,
                messages_per_second: 34.2,
                uptime_ms: 240_000,
                pid: 4711,
                host: "box".into(),
                ..Summary::default()
            },
            Summary {
                name: "chat_server".into(),
                ordinal: 2,
                status: "lost",
                status_detail: "connection reset".into(),
                silent_ms: 12_000,
                host: "box".into(),
                lost: 3,
                refused: 1,
                ..Summary::default()
            },
        ];
        insta::assert_snapshot!(table(&systems), @r"
        SYSTEM         STATUS         COMPONENTS  POSTBOXES  LINKAGES  MESSAGES      UPTIME   PID  HOST  NOTES
        chat_server    live                   12         48        22     34 /s  4 min 00 s  4711  box
        chat_server 2  lost 12 s ago           0          0         0      0 /s         0 s     0  box   connection reset, 3 lost, 1 refused
        ");
    }

    #[test]
    fn a_hostile_name_stays_on_its_line() {
        let system = Summary {
            name: "\u{1b}]0;owned\u{7}\n\u{202e}evil".into(),
            host: "\r\u{9b}2J".into(),
            status: "left",
            status_detail: "\u{8}\u{8}done".into(),
            ..Summary::default()
        };
        let text = table(&[system]);
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    }
}
