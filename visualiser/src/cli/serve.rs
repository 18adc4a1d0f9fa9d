//! `axonscope` without a command: listen for programs, and show them.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use axonscope_model::display::escape;
use axonscope_proto::DEFAULT_PORT;
use axonscope_session::{Listen, Options, Session, StartError};
use clap::builder::OsStringValueParser;
use tracing_subscriber::EnvFilter;

use super::client::block_on;
use super::names;
use super::{Exit, Failure, Outcome, written};
use crate::options::{Arrangement, Theme, WindowOptions};
use crate::settings::{self, Settings};
use crate::wiring;

/// Where and how to listen.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Where programs connect, such as 127.0.0.1:7420 or unix:/path; may be given several times. Addresses are loopback
    /// only, until there are tokens and TLS, and port 0 takes any free one; a socket is for its user alone
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420", value_parser = listen)]
    listen: Vec<Listen>,
    /// Serve without a window, until Ctrl-C
    #[arg(long)]
    headless: bool,
    /// The window's colours; without it, those it had last
    #[arg(long, value_enum)]
    theme: Option<Theme>,
    /// How systems are arranged; without it, as in the window last. The key Y changes it
    #[arg(long, value_enum)]
    arrangement: Option<Arrangement>,
    /// Where pins, folds and settings are kept; without it, in the folder that this platform has for settings
    #[arg(long, value_name = "FOLDER", env = "AXONSCOPE_CONFIG", value_parser = OsStringValueParser::new())]
    #[arg(hide_env_values = true)]
    config: Option<OsString>,
    /// Read no pins, folds and settings, and keep none
    #[arg(long)]
    no_settings: bool,
    /// How a system is expected to be wired: what differs from that file shows as a problem, as long as it does; may be
    /// given several times. `axonscope export --format wiring` writes such a file
    #[arg(long, value_name = "WIRING.toml")]
    expect: Vec<PathBuf>,
    /// Show in the status line how long events take from the program to the screen; the key L shows and hides it
    #[arg(long)]
    latency: bool,
    /// Begin by presenting: full screen, no panels, everything larger, and a slow tour; the key F5 does the same
    #[arg(long)]
    present: bool,
    /// What stands above the picture while presenting, instead of the names of the systems
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    #[command(flatten)]
    naming: names::Args,
    /// Close composites, the deepest first, while more components than this are shown.
    #[arg(long, value_name = "COUNT", default_value_t = crate::options::FOLD_ABOVE)]
    fold_above: usize,
    /// Write what the window shows to a file, a line of JSON whenever it is different: for tests of the window
    #[arg(long, value_name = "FILE", hide = true)]
    report: Option<PathBuf>,
}

fn listen(text: &str) -> Result<Listen, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return match path {
            "" => Err("write the path of a socket after unix:, such as unix:/run/user/1000/axonscope.sock".to_owned()),
            path => Ok(Listen::Unix(PathBuf::from(path))),
        };
    }
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: Result<SocketAddr, _> = numeric.parse();
    address.map(Listen::Tcp).map_err(|_| {
        format!(
            "write an address and a port, such as 127.0.0.1:{DEFAULT_PORT}, or the path of a socket, such as unix:/path"
        )
    })
}

/// Runs the server, and the window unless told otherwise.
pub(super) fn run(args: Args) -> Outcome {
    if !args.headless && cfg!(not(feature = "window")) {
        return Err(Failure::new(
            Exit::NoWindow,
            "this axonscope was built without the window: add --headless, or build it with its default features",
        ));
    }
    let options = WindowOptions {
        theme: args.theme,
        settings: Settings::default(),
        latency: args.latency,
        presents: args.present,
        title: args.title,
        names: args.naming.load()?,
        fold_above: args.fold_above,
        report: args.report,
    };
    log_to_stderr();
    let expected = args.expect.iter().map(|path| wiring::load(path)).collect::<Result<_, _>>()?;
    let keep_in = if args.no_settings { None } else { settings::folder(args.config) };
    let session = Session::start(Options { listen: args.listen, expected, keep_in, ..Options::default() })?;
    if args.headless {
        session.set_style(args.arrangement.unwrap_or_default().into());
        serve(session)
    } else {
        let settings = Settings::read(session.keeper());
        session.set_style(args.arrangement.unwrap_or(settings.arrangement).into());
        show(session, WindowOptions { settings, ..options })
    }
}

/// Says where programs connect: for people, and for scripts that took any free port.
fn announce(session: &Session) -> Outcome {
    let mut out = io::stdout();
    let mut write = || {
        for listen in session.addresses() {
            writeln!(out, "listening on {} (Ctrl-C ends)", escape(&listen.to_string()))?;
        }
        out.flush()
    };
    // Nobody need read this: the server serves on.
    written(write())?;
    Ok(())
}

/// Until Ctrl-C, or a service manager's request to end.
fn serve(session: Session) -> Outcome {
    block_on(async {
        // Within, so that both signals are ours before anybody can know that we are there.
        let terminated = terminated();
        announce(&session)?;
        terminated.await;
        Ok(())
    })?;
    session.shutdown();
    Ok(())
}

/// Such a request, caught from now on.
#[cfg(unix)]
fn terminated() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let request = signal(SignalKind::terminate());
    async {
        match request {
            Ok(mut request) => {
                request.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

#[cfg(feature = "window")]
fn show(session: Session, options: WindowOptions) -> Outcome {
    announce(&session)?;
    clean_up_when_told_to_end(&session);
    let shown = crate::app::run(session.clone(), options);
    session.shutdown();
    shown.map_err(|error| Failure::new(Exit::NoWindow, format!("{error:#}")))
}

/// A window ends at a signal by itself, and leaves the file of a socket behind: so where there is one, somebody waits for
/// the signal.
#[cfg(feature = "window")]
fn clean_up_when_told_to_end(session: &Session) {
    if !session.addresses().iter().any(|listen| matches!(listen, Listen::Unix(_))) {
        return;
    }
    let session = session.clone();
    let wait = move || {
        let waited = block_on(async {
            terminated().await;
            Ok(())
        });
        session.shutdown();
        let interrupted = matches!(waited, Ok(None));
        std::process::exit(if interrupted { 130 } else { 143 });
    };
    if let Err(error) = std::thread::Builder::new().name("axonscope-signals".to_owned()).spawn(wait) {
        tracing::warn!(%error, "Ctrl-C will leave the socket behind");
    }
}

#[cfg(not(feature = "window"))]
fn show(_: Session, _: WindowOptions) -> Outcome {
    Ok(())
}

/// Warnings of ours by default; `RUST_LOG` says otherwise.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = io::stderr().is_terminal();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr).try_init();
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit = match error {
            StartError::NotLoopback(_) => Exit::Usage,
            StartError::InUse(_)
            | StartError::Denied(_)
            | StartError::Bind { .. }
            | StartError::SocketInUse(_)
            | StartError::NoSocket(_)
            | StartError::Socket { .. } => Exit::Unreachable,
            StartError::Thread(_) => Exit::Other,
        };
        Failure::new(exit, escape(&error.to_string()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_port_or_a_socket() {
        let told = |text: &str| listen(text).unwrap().to_string();
        assert_eq!(told("127.0.0.1:7420"), "http://127.0.0.1:7420");
        assert_eq!(told("localhost:1"), "http://127.0.0.1:1");
        assert_eq!(told("unix:/run/a.sock"), "unix:/run/a.sock");
        assert_eq!(told("unix:///run/a.sock"), "unix:/run/a.sock");
        assert_eq!(told("unix:beside.sock"), "unix:beside.sock");
        for wrong in ["", "7420", "unix:", "unix://", "a.sock", "localhost"] {
            assert!(listen(wrong).unwrap_err().contains("unix:/"), "{wrong}");
        }
    }
}
