//! What the visualiser wants of each probe: how often, and which linkages it would see messages of.
//!
//! Kept as what is wanted now and not as what to say: so it stays bounded, whoever wants something never waits, and a
//! stream that dials again is asked for the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axonscope_model::{LinkageId, SystemId};
use axonscope_proto::v1;
use axonscope_proto::v1::request::Content;
use tokio::sync::watch;

use crate::limits::{CADENCE_WATCHED, TAP_SAMPLE_BYTES, TAP_SAMPLES_PER_SECOND};

/// What is wanted of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Milliseconds from one tick to the next.
    pub every_ms: u32,
    /// Linkages of which messages are wanted; as many as the model lets be tapped.
    pub taps: BTreeSet<LinkageId>,
}

impl Default for Wish {
    fn default() -> Self {
        Wish { every_ms: CADENCE_WATCHED.as_millis() as u32, taps: BTreeSet::new() }
    }
}

/// What is wanted of all probes.
#[derive(Default)]
pub struct Wishes(Mutex<HashMap<SystemId, watch::Sender<Wish>>>);

impl Wishes {
    /// Wants something else of a system from now on. Never waits; whoever speaks to the probe wakes if it is different.
    pub fn want(&self, system: SystemId, change: impl FnOnce(&mut Wish)) {
        let mut wishes = self.lock();
        let wish = wishes.entry(system).or_insert_with(|| watch::Sender::new(Wish::default()));
        wish.send_if_modified(|wish| {
            let before = wish.clone();
            change(wish);
            *wish != before
        });
    }

    /// Forgets the systems that are not known any more.
    pub fn keep(&self, is_known: impl Fn(SystemId) -> bool) {
        self.lock().retain(|system, _| is_known(*system));
    }

    /// For the stream of a system: what is wanted, now and whenever it changes.
    pub(crate) fn of(&self, system: SystemId) -> watch::Receiver<Wish> {
        let mut wishes = self.lock();
        wishes.entry(system).or_insert_with(|| watch::Sender::new(Wish::default())).subscribe()
    }

    /// Nothing that is done under this lock can panic half-way.
    fn lock(&self) -> MutexGuard<'_, HashMap<SystemId, watch::Sender<Wish>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one stream was asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// A new stream is asked anew: an earlier one of the same instance may have asked for something else.
    every_ms: Option<u32>,
    taps: BTreeSet<LinkageId>,
}

impl Asked {
    /// What is to be said so that what was asked for is what is wanted.
    pub(crate) fn catch_up(&mut self, wish: &Wish) -> Vec<v1::Request> {
        let mut contents = Vec::new();
        if self.every_ms.replace(wish.every_ms) != Some(wish.every_ms) {
            contents.push(Content::Cadence(v1::Cadence { every_ms: wish.every_ms }));
        }
        contents.extend(self.taps.difference(&wish.taps).map(|id| Content::Untap(v1::Untap { linkage: id.0 })));
        contents.extend(wish.taps.difference(&self.taps).map(|id| {
            let (samples_per_second, bytes) = (TAP_SAMPLES_PER_SECOND, TAP_SAMPLE_BYTES);
            Content::Tap(v1::Tap { linkage: id.0, samples_per_second, bytes })
        }));
        self.taps.clone_from(&wish.taps);
        contents.into_iter().map(|content| v1::Request { content: Some(content) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(asked: &mut Asked, every_ms: u32, taps: &[u64]) -> Vec<String> {
        let wish = Wish { every_ms, taps: taps.iter().copied().map(LinkageId).collect() };
        let word = |request: v1::Request| match request.content {
            Some(Content::Cadence(cadence)) => format!("every {}", cadence.every_ms),
            Some(Content::Tap(tap)) => format!("tap {} {} {}", tap.linkage, tap.samples_per_second, tap.bytes),
            Some(Content::Untap(tap)) => format!("untap {}", tap.linkage),
            other => format!("{other:?}"),
        };
        asked.catch_up(&wish).into_iter().map(word).collect()
    }

    #[test]
    fn only_what_is_different_is_said() {
        let mut asked = Asked::default();
        assert_eq!(said(&mut asked, 100, &[]), ["every 100"]);
        assert_eq!(said(&mut asked, 100, &[]), [""; 0]);
        assert_eq!(said(&mut asked, 100, &[7, 3]), ["tap 3 5 512", "tap 7 5 512"]);
        assert_eq!(said(&mut asked, 1000, &[3, 9]), ["every 1000", "untap 7", "tap 9 5 512"]);
        assert_eq!(said(&mut Asked::default(), 1000, &[3]), ["every 1000", "tap 3 5 512"]);
    }

    #[test]
    fn wishes_wake_only_when_they_change_and_go_with_their_system() {
        let wishes = Wishes::default();
        let mut stream = wishes.of(SystemId(1));
        wishes.want(SystemId(1), |wish| wish.every_ms = 100);
        assert_eq!(stream.has_changed().ok(), Some(false));
        wishes.want(SystemId(1), |wish| wish.every_ms = 1000);
        assert_eq!(stream.has_changed().ok(), Some(true));
        assert_eq!(stream.borrow_and_update().every_ms, 1000);
        wishes.keep(|_| false);
        assert_eq!(wishes.of(SystemId(1)).borrow().every_ms, 100);
    }
}
