//! How the program tells the probe's thread that it ends.

use tokio::sync::watch;

/// The program's side. Dropping it closes as well, without a reason.
#[derive(Debug)]
pub(crate) struct Closer(watch::Sender<Option<String>>);

/// The probe's side; all clones hear the same.
#[derive(Clone, Debug)]
pub(crate) struct Closing(watch::Receiver<Option<String>>);

pub(crate) fn channel() -> (Closer, Closing) {
    let (sender, receiver) = watch::channel(None);
    (Closer(sender), Closing(receiver))
}

impl Closer {
    /// The first reason given stands.
    pub(crate) fn close(&self, reason: String) {
        self.0.send_if_modified(|slot| {
            let is_first = slot.is_none();
            slot.get_or_insert(reason);
            is_first
        });
    }
}

impl Closing {
    /// Returns the reason as soon as there is one.
    pub(crate) async fn reason(&mut self) -> String {
        match self.0.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => String::new(),
        }
    }
}
