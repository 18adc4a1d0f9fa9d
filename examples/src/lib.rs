//! Small real programs, one idea each.
//!
//! The programs are in `src/bin`. This library holds what is too long for one page.

pub mod chat;
pub mod mesh;

/// Waits for Ctrl-C or, where there is such a thing, for the signal that asks a process to end.
pub async fn asked_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
