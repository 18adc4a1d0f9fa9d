//! `axonscope` without a command: listen for programs, and show them.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;

use axonscope_proto::DEFAULT_PORT;
use axonscope_session::{Options, Session, StartError};
use tracing_subscriber::EnvFilter;

use super::client::block_on;
use super::{Exit, Failure, Outcome, written};
use crate::options::Theme;

/// Where and how to listen.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Where programs connect. Loopback only, until there are tokens and TLS; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420", value_parser = address)]
    listen: SocketAddr,
    /// Serve without a window, until Ctrl-C
    #[arg(long)]
    headless: bool,
    /// The window's colours
    #[arg(long, value_enum, default_value_t = Theme::Dark)]
    theme: Theme,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| format!("write an address and a port, such as 127.0.0.1:{DEFAULT_PORT}"))
}

/// Runs the server, and the window unless told otherwise.
pub(super) fn run(args: Args) -> Outcome {
    if !args.headless && cfg!(not(feature = "window")) {
        return Err(Failure::new(
            Exit::NoWindow,
            "this axonscope was built without the window: add --headless, or build it with its default features",
        ));
    }
    log_to_stderr();
    let session = Session::start(Options { listen: args.listen, ..Options::default() })?;
    if args.headless { serve(session) } else { show(session, args.theme) }
}

/// Says where programs connect: for people, and for scripts that took any free port.
fn announce(session: &Session) -> Outcome {
    let address = session.address().unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT)));
    let mut out = io::stdout();
    // Nobody need read this: the server serves on.
    written(writeln!(out, "listening on http://{address} (Ctrl-C ends)").and_then(|()| out.flush()))?;
    Ok(())
}

/// Until Ctrl-C, or a service manager's request to end.
fn serve(session: Session) -> Outcome {
    block_on(async {
        // Within, so that Ctrl-C is ours before anybody can know that we are there.
        announce(&session)?;
        terminated().await;
        Ok(())
    })?;
    session.shutdown();
    Ok(())
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut request) => {
            request.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

#[cfg(feature = "window")]
fn show(session: Session, theme: Theme) -> Outcome {
    announce(&session)?;
    let options = crate::options::WindowOptions { theme };
    crate::app::run(session, options).map_err(|error| Failure::new(Exit::NoWindow, format!("{error:#}")))
}

#[cfg(not(feature = "window"))]
fn show(_: Session, _: Theme) -> Outcome {
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
            StartError::InUse(_) | StartError::Denied(_) | StartError::Bind { .. } => Exit::Unreachable,
            StartError::Thread(_) => Exit::Other,
        };
        Failure::new(exit, error.to_string())
    }
}
