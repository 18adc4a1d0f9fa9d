//! The row of stages as one would write it by hand: a task and a channel each.

use tokio::sync::mpsc;

use super::race::{Finish, RELAYS, Race, Start};

/// A task and a channel a stage.
pub(crate) fn mpsc_chain(capacity: usize, race: &Race) {
    let (first, mut receiver) = mpsc::channel(capacity);
    tokio::spawn(source(race.start(), first));
    for _ in 0..RELAYS {
        let (sender, next) = mpsc::channel(capacity);
        tokio::spawn(relay(receiver, sender));
        receiver = next;
    }
    tokio::spawn(sink(receiver, race.finish()));
}

async fn source(mut start: Start, sender: mpsc::Sender<u64>) {
    for n in 0..start.warm {
        let _ = sender.send(n).await;
    }
    start.go().await;
    for n in 0..start.messages {
        let _ = sender.send(n).await;
    }
}

pub(crate) async fn relay(mut receiver: mpsc::Receiver<u64>, sender: mpsc::Sender<u64>) {
    while let Some(message) = receiver.recv().await {
        let _ = sender.send(message).await;
    }
}

async fn sink(mut receiver: mpsc::Receiver<u64>, mut finish: Finish) {
    while let Some(message) = receiver.recv().await {
        finish.took(message);
    }
}
