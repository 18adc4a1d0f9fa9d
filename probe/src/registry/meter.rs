//! Running totals of what the program told by itself: they may have many writers at a time.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use axonscope_proto::v1 as proto;
use axonscope_runtime::clock_ns;

/// Totals of a component.
#[derive(Debug)]
pub(crate) struct ComponentMeter {
    pub(crate) id: u64,
    busy_ns: AtomicU64,
    polls: AtomicU64,
    last_active_at: AtomicU64,
    running_since: AtomicU64,
    /// How many run in it now, with the watch they began in above: those of another are not ended in this.
    running: AtomicU64,
    restarts: AtomicU64,
    begun: AtomicU64,
    open: AtomicU32,
    scheduled_ns: AtomicU64,
    scheduled_since: AtomicU64,
    pub(super) mark: AtomicU64,
}

impl ComponentMeter {
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            busy_ns: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            last_active_at: AtomicU64::new(0),
            running_since: AtomicU64::new(0),
            running: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            open: AtomicU32::new(0),
            scheduled_ns: AtomicU64::new(0),
            scheduled_since: AtomicU64::new(0),
            mark: AtomicU64::new(0),
        }
    }

    /// Work begins in it at `now`.
    pub(crate) fn enter(&self, watch: u32, now: u64) {
        let watch = u64::from(watch) << 32;
        let before = self.change_running(|running| if running >> 32 == watch >> 32 { running + 1 } else { watch | 1 });
        if before & u64::from(u32::MAX) == 0 || before >> 32 != watch >> 32 {
            self.running_since.store(now, Ordering::Relaxed);
        }
        self.last_active_at.store(now, Ordering::Relaxed);
    }

    /// Work that began at `since`, in the same watch, ends.
    pub(crate) fn exit(&self, watch: u32, since: u64) {
        let now = clock_ns();
        let is_one_of = |running: u64| running >> 32 == u64::from(watch) && running & u64::from(u32::MAX) > 0;
        let before = self.change_running(|running| if is_one_of(running) { running - 1 } else { running });
        if is_one_of(before) && before & u64::from(u32::MAX) == 1 {
            self.running_since.store(0, Ordering::Relaxed);
        }
        self.add_busy(now.saturating_sub(since));
        self.last_active_at.store(now, Ordering::Relaxed);
    }

    pub(crate) fn add_busy(&self, ns: u64) {
        self.busy_ns.fetch_add(ns, Ordering::Relaxed);
        self.polls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn set_active(&self, now: u64) {
        self.last_active_at.store(now, Ordering::Relaxed);
    }

    /// One of the many things it stands for begins.
    pub(crate) fn begin_one(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// One of them is over.
    pub(crate) fn end_one(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    pub(crate) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// Its one task was woken at `now`, if it was not before.
    pub(crate) fn wake(&self, now: u64) {
        let _ = self.scheduled_since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Its one task is polled at `now`: what it waited for that is known.
    pub(crate) fn scheduled(&self, now: u64) {
        let since = self.scheduled_since.swap(0, Ordering::Relaxed);
        if since != 0 {
            self.add_scheduled(now.saturating_sub(since));
        }
    }

    pub(crate) fn add_scheduled(&self, ns: u64) {
        self.scheduled_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// In wire words, as of the watch that lasts now.
    pub(super) fn read(&self, watch: u32) -> proto::ComponentActivity {
        let running = self.running.load(Ordering::Relaxed);
        let is_running = running >> 32 == u64::from(watch) && running & u64::from(u32::MAX) > 0;
        proto::ComponentActivity {
            component: self.id,
            busy_ns: self.busy_ns.load(Ordering::Relaxed),
            polls: self.polls.load(Ordering::Relaxed),
            last_active_at: self.last_active_at.load(Ordering::Relaxed),
            poll_started_at: if is_running { self.running_since.load(Ordering::Relaxed) } else { 0 },
            restarts: self.restarts.load(Ordering::Relaxed),
            begun: self.begun.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            scheduled_ns: self.scheduled_ns.load(Ordering::Relaxed),
            scheduled_since: self.scheduled_since.load(Ordering::Relaxed),
        }
    }

    fn change_running(&self, change: impl Fn(u64) -> u64) -> u64 {
        let outcome = self.running.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |running| Some(change(running)));
        outcome.unwrap_or_else(|running| running)
    }
}

/// Totals of a postbox.
#[derive(Debug)]
pub(crate) struct PostboxMeter {
    pub(crate) id: u64,
    /// A visualiser wants to see messages that leave here.
    tapped: AtomicBool,
    messages: AtomicU64,
    dropped: AtomicU64,
    depth: AtomicU32,
    high_water: AtomicU32,
    blocked_ns: AtomicU64,
    blocked_since: AtomicU64,
    /// How many senders wait for room.
    blocked: AtomicU32,
    waiting: AtomicBool,
    pub(super) mark: AtomicU64,
}

impl PostboxMeter {
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            tapped: AtomicBool::new(false),
            messages: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            depth: AtomicU32::new(0),
            high_water: AtomicU32::new(0),
            blocked_ns: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            blocked: AtomicU32::new(0),
            waiting: AtomicBool::new(false),
            mark: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_tapped(&self) -> bool {
        self.tapped.load(Ordering::Relaxed)
    }

    pub(crate) fn set_tapped(&self, tapped: bool) {
        self.tapped.store(tapped, Ordering::Relaxed);
    }

    pub(crate) fn count(&self, messages: u64) {
        self.messages.fetch_add(messages, Ordering::Relaxed);
    }

    pub(crate) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    pub(crate) fn count_dropped(&self, messages: u64) {
        self.dropped.fetch_add(messages, Ordering::Relaxed);
    }

    pub(crate) fn set_depth(&self, depth: usize) {
        let depth = u32::try_from(depth).unwrap_or(u32::MAX);
        self.depth.store(depth, Ordering::Relaxed);
        if depth > self.high_water.load(Ordering::Relaxed) {
            self.high_water.fetch_max(depth, Ordering::Relaxed);
        }
    }

    /// A sender waits for room from now on; returns since when.
    pub(crate) fn begin_wait(&self) -> u64 {
        let now = clock_ns();
        if self.blocked.fetch_add(1, Ordering::Relaxed) == 0 {
            self.blocked_since.store(now, Ordering::Relaxed);
        }
        now
    }

    /// It waits no more.
    pub(crate) fn end_wait(&self, since: u64) {
        if self.blocked.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.blocked_since.store(0, Ordering::Relaxed);
        }
        self.blocked_ns.fetch_add(clock_ns().saturating_sub(since), Ordering::Relaxed);
    }

    /// Whether the component waits here for a message.
    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> proto::PostboxActivity {
        proto::PostboxActivity {
            postbox: self.id,
            messages: self.messages.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            depth: self.depth.load(Ordering::Relaxed),
            high_water: self.high_water.load(Ordering::Relaxed),
            blocked_ns: self.blocked_ns.load(Ordering::Relaxed),
            blocked_since: self.blocked_since.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_several_times_at_once_runs_until_the_last_has_ended() {
        let meter = ComponentMeter::new(1);
        meter.enter(7, 100);
        meter.enter(7, 200);
        assert_eq!(meter.read(7).poll_started_at, 100);
        meter.exit(7, 100);
        assert_eq!(meter.read(7).poll_started_at, 100);
        meter.exit(7, 200);
        let totals = meter.read(7);
        assert_eq!((totals.poll_started_at, totals.polls), (0, 2));
        assert!(totals.busy_ns > 0);
    }

    #[test]
    fn what_began_while_another_watched_runs_no_more() {
        let meter = ComponentMeter::new(1);
        meter.enter(7, 100);
        assert_eq!(meter.read(8).poll_started_at, 0);
        meter.enter(8, 300);
        assert_eq!(meter.read(8).poll_started_at, 300);
        meter.exit(7, 100);
        assert_eq!(meter.read(8).poll_started_at, 300, "the exit is of another watch");
        meter.exit(8, 300);
        assert_eq!(meter.read(8).poll_started_at, 0);
    }

    #[test]
    fn the_time_from_the_first_wake_to_the_poll_is_scheduled_time() {
        let meter = ComponentMeter::new(1);
        meter.wake(100);
        meter.wake(150);
        assert_eq!(meter.read(1).scheduled_since, 100);
        meter.scheduled(180);
        meter.scheduled(500);
        assert_eq!((meter.read(1).scheduled_ns, meter.read(1).scheduled_since), (80, 0));
    }

    #[test]
    fn many_senders_may_wait_for_room() {
        let meter = PostboxMeter::new(1);
        let (one, other) = (meter.begin_wait(), meter.begin_wait());
        meter.end_wait(one);
        assert_eq!(meter.read().blocked_since, one);
        meter.end_wait(other);
        assert_eq!(meter.read().blocked_since, 0);
    }
}
