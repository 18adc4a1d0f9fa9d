//! How a stop goes through the topology: from signal to control, into the boxes of a component, and to the end of
//! its grace time.

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::id::{ComponentId, PostboxId};
use crate::observe::{LinkageInfo, PostboxKind, State, add};
use crate::stop::Stop;
use crate::topology::{CoreView, Topology};

impl Topology {
    /// Control of `id` latches `stop`, and all that may wait inside the component learns of it.
    pub(crate) fn latch(&mut self, id: ComponentId, stop: Stop) {
        let Some(entry) = self.components.get(&id) else { return };
        if entry.ended() || !entry.life().latch(stop) {
            return;
        }
        let mut inward = None;
        for postbox in self.postboxes(entry) {
            match postbox.core {
                CoreView::Data(core) => core.stop(stop),
                CoreView::Control(life) => {
                    life.count_control();
                    inward = postbox.way_out();
                }
                CoreView::Signal(_) | CoreView::FurtherSignal(_) => {}
            }
        }
        if stop == Stop::Shutdown && entry.runs {
            self.doomed.push_back((Instant::now(), id));
        }
        if let Some(inward) = inward {
            self.deliver(inward, stop);
        }
    }

    /// `stop` leaves by every signal outbox of `id`, which has nothing more to send.
    pub(crate) fn signal(&mut self, id: ComponentId, stop: Stop) {
        let Some(entry) = self.components.get_mut(&id) else { return };
        if entry.signalled >= Some(stop) {
            return;
        }
        entry.signalled = Some(stop);
        let Some(entry) = self.components.get(&id) else { return };
        let mut ways = Vec::new();
        for postbox in self.postboxes(entry) {
            match (postbox.core, postbox.way_out()) {
                (CoreView::Data(core), _) if postbox.shape.kind == PostboxKind::Outbox => core.finish(),
                (CoreView::Signal(life), Some(way)) => {
                    life.count_signal();
                    ways.push(way);
                }
                (CoreView::FurtherSignal(activity), Some(way)) => {
                    add(&activity.messages, 1);
                    ways.push(way);
                }
                _ => {}
            }
        }
        for way in ways {
            self.deliver(way, stop);
        }
    }

    /// Follows a signal from where `linkage` begins to the control where it ends.
    pub(crate) fn deliver(&mut self, linkage: LinkageInfo, stop: Stop) {
        let mut sink = linkage.sink;
        while let Some(postbox) = self.postbox(sink) {
            match (postbox.core, postbox.way_out()) {
                // Each control on an inward way latches too: its composite ought to know.
                (CoreView::Control(_), _) => {
                    let owner = postbox.owner;
                    return self.latch(owner, stop);
                }
                (_, Some(next)) => sink = next.sink,
                (_, None) => return,
            }
        }
    }

    /// What has gone into the source of a signal or control linkage before it was made.
    pub(crate) fn stop_at(&self, source: PostboxId) -> Option<Stop> {
        let postbox = self.postbox(source)?;
        let entry = self.components.get(&postbox.owner)?;
        match postbox.core {
            CoreView::Control(life) => life.stop(),
            CoreView::Signal(_) | CoreView::FurtherSignal(_) => entry.signalled,
            CoreView::Data(_) => None,
        }
    }

    /// Who was told to shut down longest ago, of those who still run, and when.
    pub(crate) fn next_doomed(&mut self) -> Option<(Instant, ComponentId)> {
        while let Some((told_at, id)) = self.doomed.pop_front() {
            if self.components.get(&id).is_some_and(|entry| entry.runs) {
                return Some((told_at, id));
            }
        }
        None
    }

    /// Ends a component that did not stop in its grace time, unless it only waits for its children. The caller aborts
    /// its task, without the lock.
    pub(crate) fn reap(&mut self, id: ComponentId, why: &str) -> Option<AbortHandle> {
        let entry = self.components.get_mut(&id).filter(|entry| entry.runs && !entry.closing)?;
        let abort = entry.abort.take();
        let path = self.path(id);
        tracing::warn!(component = %path, "{why}");
        if self.shutting_down {
            self.aborted.push(path);
        }
        self.ended(id, State::Failed(why.into()));
        abort
    }
}
