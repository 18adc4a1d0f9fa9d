//! A chat server on a TCP port: one component for each connection, so that the picture changes with every `nc`.
//!
//! ```sh
//! cargo run --bin chat_server
//! nc 127.0.0.1 7500
//! ```

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use axonscope_examples::{asked_to_end, chat};
use axonscope_runtime::System;
use clap::Parser;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// A chat server that can be looked into. Connect with `nc`; the first line is your name, `/nick NAME` changes it,
/// `/quit` leaves.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7500")]
    listen: SocketAddr,
    /// Where to write what is said [default: a file in the directory for temporary files].
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Makes the logger take this long for each message, so that back-pressure can be seen.
    #[arg(long, value_name = "MILLIS", default_value_t = 0)]
    slow_logger: u64,
    /// How often the room says how many are there.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    heartbeat: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    let asked = asked_to_end()?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}; another --listen may do", options.listen))?;
    let address = listener.local_addr()?;

    let system = System::new("chat_server");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    let log = options.log.unwrap_or_else(|| std::env::temp_dir().join(format!("chat_server-{}.log", address.port())));
    println!("listening on {address}");
    println!("logging to {}", log.display());
    let options = chat::Options {
        log,
        slow_logger: Duration::from_millis(options.slow_logger),
        heartbeat: Duration::from_secs(options.heartbeat.max(1)),
    };
    chat::start(&system, listener, options)?;

    asked.await;
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close("asked to end");
    Ok(())
}
