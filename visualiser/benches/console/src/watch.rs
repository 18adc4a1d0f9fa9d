//! Plays tokio-console: asks for all updates, and reads them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use console_api::instrument::InstrumentRequest;
use console_api::instrument::instrument_client::InstrumentClient;

use crate::support::race::single_thread;
use crate::support::{child, pin};

/// How long the program may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Seen {
    updates: AtomicU64,
    tasks: AtomicU64,
    /// Events that the program had no room for.
    dropped: AtomicU64,
}

/// Watches until nobody asks any more how much it has seen.
pub(crate) fn run(port: u16) -> Result<()> {
    pin::here(pin::WATCHING);
    let seen = Arc::new(Seen::default());
    let (connected, until_connected) = std::sync::mpsc::sync_channel(1);
    let counted = Arc::clone(&seen);
    thread::spawn(move || {
        if let Err(error) = single_thread().and_then(|runtime| runtime.block_on(watch(port, &counted, connected))) {
            eprintln!("console: the watcher gave up: {error:#}");
        }
    });
    until_connected.recv().context("nothing to watch")?;
    child::serve(|question| {
        let total = match question {
            "updates" => &seen.updates,
            "tasks" => &seen.tasks,
            "dropped" => &seen.dropped,
            _ => bail!("{question:?} is not understood"),
        };
        Ok(total.load(Ordering::Relaxed) as f64)
    })
}

async fn watch(port: u16, seen: &Seen, connected: std::sync::mpsc::SyncSender<()>) -> Result<()> {
    let began = Instant::now();
    let client = loop {
        match InstrumentClient::connect(format!("http://127.0.0.1:{port}")).await {
            Ok(client) => break client,
            Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let mut client = client.max_decoding_message_size(256 << 20);
    let mut updates = client.watch_updates(InstrumentRequest {}).await?.into_inner();
    connected.send(()).context("nobody waits")?;
    while let Some(update) = updates.message().await? {
        seen.updates.fetch_add(1, Ordering::Relaxed);
        let dropped = [
            update.task_update.as_ref().map(|tasks| tasks.dropped_events),
            update.resource_update.as_ref().map(|resources| resources.dropped_events),
            update.async_op_update.as_ref().map(|ops| ops.dropped_events),
        ];
        seen.dropped.fetch_add(dropped.into_iter().flatten().sum(), Ordering::Relaxed);
        let tasks = update.task_update.map_or(0, |tasks| tasks.new_tasks.len());
        seen.tasks.fetch_add(tasks as u64, Ordering::Relaxed);
    }
    bail!("the program ended the stream")
}
