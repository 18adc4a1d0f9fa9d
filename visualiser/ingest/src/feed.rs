//! What waits for one watching reader: bounded, never waited for. A reader that lags loses the queue and gets a snapshot.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axonscope_model::{Change, SystemId};
use tokio::sync::Notify;

use crate::answers::Told;
use crate::limits::FEED_BYTES;

/// A bounded queue to one reader.
#[derive(Default)]
pub struct Feed {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(SystemId, Told, usize)>,
    bytes: usize,
    lags: bool,
}

impl Feed {
    /// Adds to the queue, or empties it and marks the reader as lagging when there is no room. Never waits.
    pub fn tell(&self, system: SystemId, told: Told) {
        let weight = weight(&told);
        let mut state = self.lock();
        if state.lags {
            return;
        }
        state.bytes += weight;
        if state.bytes > FEED_BYTES {
            *state = State { lags: true, ..State::default() };
        } else {
            state.waiting.push_back((system, told, weight));
        }
        drop(state);
        self.ready.notify_one();
    }

    /// Empties the queue and forgets that the reader lagged: whatever comes now follows a new snapshot.
    pub fn restart(&self) {
        *self.lock() = State::default();
    }

    /// The next thing told; `None` when the reader has lagged and needs a new snapshot.
    pub async fn next(&self) -> Option<(SystemId, Told)> {
        loop {
            {
                let mut state = self.lock();
                if state.lags {
                    return None;
                }
                if let Some((system, told, weight)) = state.waiting.pop_front() {
                    state.bytes -= weight;
                    return Some((system, told));
                }
            }
            self.ready.notified().await;
        }
    }

    /// Nothing that is done under this lock can panic half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the thing takes in memory, roughly; shared changes count in full for everyone who watches.
fn weight(told: &Told) -> usize {
    const ENTRY: usize = size_of::<(SystemId, Told, usize)>();
    ENTRY
        + match told {
            Told::Changes(changes) => changes.iter().map(change_weight).sum(),
            Told::Change(change) => change_weight(change),
            Told::Hello(_) | Told::Status(_) => 1024,
        }
}

fn change_weight(change: &Change) -> usize {
    let texts = match change {
        Change::ComponentAdded(new) => {
            let labels: usize = new.labels.iter().map(|(key, value)| 48 + key.len() + value.len()).sum();
            new.name.len() + new.type_name.len() + new.description.len() + new.state_detail.len() + labels
        }
        Change::PostboxAdded(new) => new.name.len() + new.message_type.len() + new.description.len(),
        Change::StateChanged { detail, .. } => detail.len(),
        // Nobody tells a reader these; were it otherwise, they would count.
        Change::Logged(told) => told.line.text.len(),
        Change::Tapped(told) => told.sample.text.len() + told.refusal.len(),
        _ => 0,
    };
    size_of::<Change>() + texts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn changes(count: usize) -> Told {
        Told::Changes(vec![Change::SnapshotBegan; count].into())
    }

    #[tokio::test]
    async fn a_reader_that_keeps_up_gets_everything_in_order() {
        let feed = Feed::default();
        for n in 0..1000 {
            feed.tell(SystemId(n), changes(100));
            assert_eq!(feed.next().await.unwrap().0, SystemId(n));
        }
    }

    #[tokio::test]
    async fn a_reader_that_lags_is_told_so_and_holds_nothing() {
        let feed = Feed::default();
        for n in 0..1000 {
            feed.tell(SystemId(n), changes(1000));
        }
        assert!(feed.next().await.is_none());
        assert_eq!(feed.lock().waiting.capacity(), 0);
        feed.restart();
        feed.tell(SystemId(7), changes(1));
        assert_eq!(feed.next().await.unwrap().0, SystemId(7));
    }

    #[tokio::test]
    async fn a_waiting_reader_wakes() {
        let feed = Arc::new(Feed::default());
        let waiting = tokio::spawn({
            let feed = feed.clone();
            async move { feed.next().await.unwrap().0 }
        });
        tokio::task::yield_now().await;
        feed.tell(SystemId(3), changes(1));
        assert_eq!(waiting.await.unwrap(), SystemId(3));
    }
}
