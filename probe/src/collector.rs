//! One conversation with a visualiser: one task that owns the ledger and decides what is said next.
//!
//! A Report is made only once there is room to send it, so that nothing said is older than it must be, and a slow
//! visualiser costs a ledger that fills and no more. When it is full, its content is thrown away, counted, and made good
//! by a new Snapshot.

use std::time::Duration;

use axonscope_proto::limits::{CADENCE_MIN, HEARTBEAT, RESYNC_INTERVAL};
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::{Activity, Report, Request, request};
use axonscope_runtime::clock_ns;
use tokio::time::{Instant, sleep_until};
use tokio_stream::StreamExt;
use tracing::{trace, warn};

use crate::closing::Closing;
use crate::ledger::Ledger;
use crate::limits::{CADENCE_MAX, PART_BYTES, SWEEP_SHARE};
use crate::publisher::{Link, LinkError};
use crate::snapshot::Walk;
use crate::source::{Lost, Source};
use crate::stats::Counts;
use crate::sweep::Sweep;
use crate::to_proto;

/// Why a conversation ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The probe said Farewell.
    Farewell,
    /// The visualiser went.
    Broken(LinkError),
}

/// Everything that one conversation remembers.
pub(crate) struct Collector<'a, S: Source> {
    source: &'a mut S,
    /// Structural events lost since the probe began. Like the ledger's own count, it outlives the conversation.
    lost: &'a mut u64,
    ledger: &'a mut Ledger,
    /// Both totals, for the program to read.
    counts: &'a Counts,
    /// The Snapshot that is being told.
    walk: Option<Walk<S::Cursor>>,
    /// The totals that are being told.
    sweep: Option<Sweep<S::Cursor>>,
    /// The next sweep tells everything that is not zero.
    sweep_all: bool,
    is_delta_due: bool,
    is_sweep_due: bool,
    is_heartbeat_due: bool,
    farewell: Option<String>,
    cadence: Duration,
    next_tick: Instant,
    /// Reading totals again before this would cost too much of a core.
    next_sweep: Instant,
    sweep_began: Instant,
    walk_began: Instant,
    is_resync_wanted: bool,
    last_sent: Instant,
    seq: u64,
}

impl<'a, S: Source> Collector<'a, S> {
    pub(crate) fn new(
        source: &'a mut S,
        ledger: &'a mut Ledger,
        lost: &'a mut u64,
        counts: &'a Counts,
        cadence: Duration,
    ) -> Self {
        let now = Instant::now();
        Self {
            source,
            lost,
            ledger,
            counts,
            walk: None,
            sweep: None,
            sweep_all: false,
            is_delta_due: false,
            is_sweep_due: false,
            is_heartbeat_due: false,
            farewell: None,
            cadence: clamp_cadence(cadence),
            next_tick: now,
            next_sweep: now,
            sweep_began: now,
            walk_began: now,
            is_resync_wanted: false,
            last_sent: now,
            // Hello was the first.
            seq: 1,
        }
    }

    /// Talks over `link`, on which Hello was said, until the visualiser goes or the program ends.
    pub(crate) async fn run(mut self, link: Link, closing: &mut Closing) -> End {
        let Link { reports, mut requests } = link;
        self.begin_walk();
        loop {
            tokio::select! {
                biased;
                reason = closing.reason(), if self.farewell.is_none() => self.begin_farewell(reason),
                request = requests.next() => match request {
                    Some(Ok(request)) => self.on_request(request),
                    Some(Err(error)) => return End::Broken(error),
                    None => return End::Broken(LinkError::Ended),
                },
                () = self.source.pressed() => self.drain(),
                () = sleep_until(self.next_wake()) => self.on_time(),
                permit = reports.reserve(), if self.has_something_to_say() => {
                    let Ok(permit) = permit else { return End::Broken(LinkError::Ended) };
                    let Some((captured_at, content)) = self.next_words() else { continue };
                    let is_last = matches!(content, Content::Farewell(_));
                    permit.send(self.report(captured_at, content));
                    if is_last {
                        break;
                    }
                }
            }
        }
        // The visualiser ends its side once it has read everything.
        drop(reports);
        while let Some(Ok(_)) = requests.next().await {}
        End::Farewell
    }

    fn on_request(&mut self, request: Request) {
        match request.content {
            Some(request::Content::Cadence(cadence)) => {
                self.cadence = clamp_cadence(Duration::from_millis(cadence.every_ms.into()));
                self.next_tick = Instant::now() + self.cadence;
            }
            Some(request::Content::Resync(_)) => self.is_resync_wanted = true,
            // This probe has no taps yet: the wire lets it ignore what it does not offer.
            Some(request::Content::Tap(_) | request::Content::Untap(_)) | None => trace!(?request, "not offered"),
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if now >= self.next_tick {
            self.next_tick = now + self.cadence;
            self.drain();
            self.is_delta_due = true;
            self.is_sweep_due |= self.sweep.is_none() && now >= self.next_sweep;
        }
        self.is_heartbeat_due |= now >= self.heartbeat_at();
        if now >= self.resync_at().unwrap_or(now + HEARTBEAT) {
            self.begin_walk();
        }
    }

    fn next_wake(&self) -> Instant {
        let heartbeat = if self.is_heartbeat_due { self.next_tick } else { self.heartbeat_at() };
        let resync = self.resync_at().unwrap_or(self.next_tick);
        self.next_tick.min(heartbeat).min(resync)
    }

    /// A little early, so that the silence on the wire stays within what is promised.
    fn heartbeat_at(&self) -> Instant {
        self.last_sent + HEARTBEAT * 9 / 10
    }

    /// When the Resync that was asked for is answered: at most one a second, and never in the middle of a Snapshot, which
    /// would else never end on a slow network.
    fn resync_at(&self) -> Option<Instant> {
        (self.is_resync_wanted && self.walk.is_none()).then(|| self.walk_began + RESYNC_INTERVAL)
    }

    fn has_something_to_say(&self) -> bool {
        self.walk.is_some()
            || self.sweep.is_some()
            || self.is_sweep_due
            || (self.is_delta_due && self.ledger.has_news())
            || self.is_heartbeat_due
            || self.farewell.is_some()
    }

    /// What matters most now, and when it was read. `None` if it takes another step to know.
    fn next_words(&mut self) -> Option<(u64, Content)> {
        if self.walk.is_some() {
            return self.next_part();
        }
        let is_holding = self.sweep.as_ref().is_some_and(Sweep::is_holding);
        if self.is_delta_due && !is_holding {
            if let Some(delta) = self.ledger.take_delta(PART_BYTES) {
                return Some((clock_ns(), to_proto::delta(delta)));
            }
            self.is_delta_due = false;
        }
        if self.sweep.is_none() && self.is_sweep_due {
            self.is_sweep_due = false;
            self.sweep_began = Instant::now();
            self.sweep = Some(Sweep::new(self.sweep_all, self.cadence));
        }
        if self.sweep.is_some() {
            return self.next_totals();
        }
        if let Some(reason) = &self.farewell {
            return Some((clock_ns(), to_proto::farewell(reason)));
        }
        std::mem::take(&mut self.is_heartbeat_due).then(|| (clock_ns(), Content::Activity(Activity::default())))
    }

    fn next_part(&mut self) -> Option<(u64, Content)> {
        let walk = self.walk.as_mut()?;
        match walk.step(self.source, self.ledger) {
            Ok(Some(part)) => {
                if part.last {
                    self.walk = None;
                    self.is_delta_due = true;
                    self.is_sweep_due = true;
                    self.sweep_all = true;
                }
                Some((clock_ns(), Content::Snapshot(part)))
            }
            Ok(None) => None,
            Err(lost) => {
                self.recover(lost);
                None
            }
        }
    }

    fn next_totals(&mut self) -> Option<(u64, Content)> {
        let sweep = self.sweep.as_mut()?;
        match sweep.step(self.source, self.ledger) {
            Ok(part) => {
                if sweep.is_over() && !sweep.is_holding() {
                    self.next_sweep = self.sweep_began + sweep.spent() * SWEEP_SHARE;
                    self.sweep = None;
                    self.sweep_all = false;
                }
                part.map(|part| (part.captured_at, Content::Activity(part.activity)))
            }
            Err(lost) => {
                self.recover(lost);
                None
            }
        }
    }

    fn report(&mut self, captured_at: u64, content: Content) -> Report {
        self.seq += 1;
        self.last_sent = Instant::now();
        self.is_heartbeat_due = false;
        Report { seq: self.seq, captured_at, lost: *self.lost, content: Some(content), refused: 0 }
    }

    fn drain(&mut self) {
        if let Err(lost) = self.source.drain(self.ledger) {
            self.recover(lost);
        }
        self.counts.set(*self.lost, self.ledger.merged());
    }

    /// Throws the backlog away, counts it, and starts over with a Snapshot.
    fn recover(&mut self, lost: Lost) {
        let events = lost.events + self.ledger.len();
        *self.lost += events;
        self.counts.set(*self.lost, self.ledger.merged());
        warn!(events, "structure changed faster than it could be told; a new snapshot makes it good");
        self.begin_walk();
    }

    fn begin_walk(&mut self) {
        self.source.stop();
        self.ledger.begin(0);
        self.walk = Some(Walk::new());
        self.walk_began = Instant::now();
        self.is_resync_wanted = false;
        self.sweep = None;
        self.is_delta_due = false;
    }

    /// Everything that is known by now is still told, and then the reason.
    fn begin_farewell(&mut self, reason: String) {
        self.farewell = Some(reason);
        self.drain();
        self.is_delta_due = true;
        self.is_sweep_due = true;
    }
}

fn clamp_cadence(cadence: Duration) -> Duration {
    cadence.clamp(CADENCE_MIN, CADENCE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cadence_is_clamped_to_what_is_allowed() {
        assert_eq!(clamp_cadence(Duration::ZERO), CADENCE_MIN);
        assert_eq!(clamp_cadence(Duration::from_millis(250)), Duration::from_millis(250));
        assert_eq!(clamp_cadence(Duration::from_secs(86_400)), CADENCE_MAX);
    }
}
