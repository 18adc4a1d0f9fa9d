//! The command line: one file a subcommand, and here what they share. Every word printed on a terminal is printed here.

mod check;
mod client;
mod export;
mod lint;
mod ls;
mod names;
mod serve;
mod table;
mod teller;
mod watch;

use std::fmt;
use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Runs the command line of this process; returns what the process should exit with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Ls(args)) => ls::run(args),
        Some(Command::Watch(args)) => watch::run(args),
        Some(Command::Export(args)) => export::run(args),
        Some(Command::Lint(args)) => lint::run(args),
        Some(Command::Check(args)) => check::run(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("axonscope: {failure}");
            failure.exit.into()
        }
    }
}

/// Look inside running systems.
///
/// Without a command, axonscope listens for programs and shows every one that connects, live, in a window. A program
/// connects by itself once it holds a probe; it may be started before or after axonscope, and neither waits for the
/// other.
///
/// The commands below ask an axonscope that is running already.
#[derive(Parser, Debug)]
#[command(name = "axonscope", version, after_help = AFTER_HELP, after_long_help = AFTER_LONG_HELP)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    serve: serve::Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Ls(ls::Args),
    Watch(watch::Args),
    Export(export::Args),
    Lint(lint::Args),
    Check(check::Args),
}

const AFTER_HELP: &str = "`axonscope --help` has examples and exit codes.";

const AFTER_LONG_HELP: &str = "\
Examples:
  axonscope                                      the window, listening on 127.0.0.1:7420
  axonscope --headless                           the same without a window; Ctrl-C ends it
  axonscope --listen unix:/run/user/1000/a.sock  at a socket that only you can open; --listen may be repeated
  axonscope ls                                   which systems are there, and how they do
  axonscope watch --system chat_server           what appears and goes, a line each
  axonscope export --format dot | dot -Tsvg -o now.svg
  axonscope export --format png -o now.png
  axonscope lint                                 what is wrong now; nothing, if all is well
  axonscope check chat_server.toml               what is wired otherwise than that file says

Connect a program (Rust, components of axonscope-runtime):
  let system = axonscope_runtime::System::new(\"my_program\");
  let _probe = axonscope_probe::init(&system)?;
It dials AXONSCOPE_ENDPOINT, http://127.0.0.1:7420 unless set.

Exit codes:
  0  done
  1  there was nothing to show: no such system, or none at all; for lint, there is a problem,
     and for check a difference
  2  the command line is wrong, or a wiring file
  3  the visualiser cannot be reached, or the address cannot be listened on
  4  no window, or no picture, can be drawn: no display, or no graphics driver
  5  something else failed, such as writing a file";

/// How a command ends when it does not end well. The numbers are part of the interface: `--help` states them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Exit {
    Nothing = 1,
    Usage = 2,
    Unreachable = 3,
    NoWindow = 4,
    Other = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// One line that says what is wrong and what to do, and how the process ends for it.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    sentence: String,
}

impl Failure {
    fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Other, format!("{error:#}"))
    }
}

type Outcome = Result<(), Failure>;

/// How lists are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ListFormat {
    /// Columns for people.
    Text,
    /// For programs; the fields are those of `export --format json`.
    Json,
}

/// What writing to standard output came to. Whoever reads it may stop at any time, as `head` does: that is a quiet end.
fn written(result: io::Result<()>) -> Result<Flow, Failure> {
    match result {
        Ok(()) => Ok(Flow::GoOn),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Flow::Stop),
        Err(error) => Err(Failure::new(Exit::Other, format!("cannot write to standard output: {error}"))),
    }
}

/// Whether anybody still reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    GoOn,
    Stop,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_teaches() {
        let help = Cli::command().render_long_help().to_string();
        for needed in ["Examples:", "Exit codes:", "AXONSCOPE_ENDPOINT", "--headless", "127.0.0.1:7420", "| dot -Tsvg"]
        {
            assert!(help.contains(needed), "{needed} is missing in\n{help}");
        }
    }

    #[test]
    fn exit_codes_are_those_that_help_states() {
        for exit in [Exit::Nothing, Exit::Usage, Exit::Unreachable, Exit::NoWindow, Exit::Other] {
            assert!(AFTER_LONG_HELP.contains(&format!("\n  {}  ", exit as u8)), "{exit:?} is not explained");
        }
    }

    #[test]
    fn server_options_do_not_mix_with_commands() {
        assert!(Cli::try_parse_from(["axonscope", "--headless", "ls"]).is_err());
        assert!(Cli::try_parse_from(["axonscope", "--headless"]).is_ok());
    }
}
