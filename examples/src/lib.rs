//! Small real programs, one idea each.
//!
//! The programs are in `src/bin`. This library holds what is too long for one page.
//!
//! | program | what there is to see |
//! | --- | --- |
//! | `pipeline` | lines, encoded and decoded again |
//! | `chat_server` | components that come and go; `chat_clients` are people for it |
//! | `stream_server` | a tune, at its own pace, to any number of listeners by TCP and to a multicast group |
//! | `mesh` | an overlay of processes that joins multicast islands, and heals when one is killed |
//! | `backlog` | a slow consumer, and who waits for it |
//! | `deadlock` | two components that wait for each other |
//! | `carousel` | one component at a time, made anew for each tune |
//! | `backplane` | publishing and subscribing by name |
//! | `plain_tokio` | a web service without any runtime of ours, and which queue fills; `plain_tokio_load` are people for it |
//!
//! Two more are tools: `bad_line` spoils what goes between a program and its visualiser, and `mill` is a program that works
//! as hard as it can meanwhile.
//!
//! `axonscope-examples run WIRING.toml` builds a network of ready components from a file; some are in `wirings`.

pub mod bad_line;
pub mod chat;
pub mod mesh;
pub mod stream;
pub mod waits;

/// Ends at Ctrl-C or, where there is such a thing, at the signal that asks a process to end.
///
/// From this call on they are caught, whenever what it returns is awaited: a program that has said a word can be asked to
/// end well.
///
/// # Errors
///
/// Where signals cannot be caught.
pub fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}
