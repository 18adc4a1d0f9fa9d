//! One conversation with a visualiser: one task that owns the ledger and decides what is said next.
//!
//! A Report is made only once there is room to send it, so that nothing said is older than it must be, and a slow
//! visualiser costs a ledger that fills and no more. When it is full, its content is thrown away, counted, and made good
//! by a new Snapshot.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;

use axonscope_proto::limits::{CADENCE_MIN, HEARTBEAT, RESYNC_INTERVAL};
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::{Activity, Report, Request, request};
use axonscope_runtime::clock_ns;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep_until};
use tokio_stream::StreamExt;
use tracing::{trace, warn};

use crate::aside::{Aside, Line, Sample};
use crate::closing::Closing;
use crate::ledger::Ledger;
use crate::limits::{CADENCE_MAX, SWEEP_SHARE};
use crate::publisher::{Link, LinkError, Requests};
use crate::rounds::Turn;
use crate::snapshot::Walk;
use crate::source::{Feed, Lost, Place, Source, Wanted};
use crate::sweep::Sweep;
use crate::taps::Wish;
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
pub(crate) struct Collector<'a> {
    source: &'a mut Feed,
    /// Structural events lost since the probe began. Like the ledger's own count, it outlives the conversation.
    lost: &'a mut u64,
    ledger: &'a mut Ledger,
    /// About how large a Report is made.
    part_limit: usize,
    /// The Snapshot that is being told.
    walk: Option<Walk<Place>>,
    /// The totals that are being told.
    sweep: Option<(Sweep<Place>, Turn)>,
    /// The totals to be told next: after a Snapshot, all.
    wanted: Wanted,
    /// Lines that are being told: read before the last tick, so that whom they are about is known.
    lines: VecDeque<(u64, Line)>,
    /// Samples that are being told, before it may be told that their linkage is gone.
    samples: VecDeque<(u64, Sample)>,
    /// The linkages that this visualiser taps.
    tapped: HashSet<u64>,
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

impl<'a> Collector<'a> {
    pub(crate) fn new(
        source: &'a mut Feed,
        ledger: &'a mut Ledger,
        lost: &'a mut u64,
        cadence: Duration,
        part_limit: usize,
    ) -> Self {
        let now = Instant::now();
        Self {
            part_limit,
            wanted: Wanted::default(),
            lines: VecDeque::new(),
            samples: VecDeque::new(),
            tapped: HashSet::new(),
            source,
            lost,
            ledger,
            walk: None,
            sweep: None,
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
        self.source.set_heard(true);
        let end = self.talk(reports, &mut requests, closing).await;
        self.source.set_heard(false);
        end
    }

    async fn talk(&mut self, reports: Sender<Report>, requests: &mut Requests, closing: &mut Closing) -> End {
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
                () = self.source.program().taps.sampled() => self.source.program().taps.tend(),
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
            Some(request::Content::Tap(tap)) => {
                let program = self.source.program();
                let wish = Wish { linkage: tap.linkage, samples_per_second: tap.samples_per_second, bytes: tap.bytes };
                if program.taps.open(wish, &self.source.lane, program) {
                    self.tapped.insert(tap.linkage);
                }
            }
            Some(request::Content::Untap(untap)) => {
                self.untap(untap.linkage);
            }
            // The wire lets a probe ignore what it does not know.
            None => trace!("a request that is not known"),
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if now >= self.next_tick {
            self.next_tick = now + self.cadence;
            self.take_asides();
            self.drain();
            self.source.program().merged.fetch_max(self.ledger.merged(), Ordering::Relaxed);
            self.is_delta_due = true;
            self.is_sweep_due |= self.sweep.is_none() && now >= self.next_sweep;
        }
        let taps = &self.source.program().taps;
        if clock_ns() >= taps.next_at() {
            taps.tend();
        }
        if now >= self.heartbeat_at() {
            self.is_heartbeat_due = true;
            // Silence must mean that nothing happened: at a slow cadence this is when it is looked.
            self.is_sweep_due |= self.sweep.is_none() && now >= self.next_sweep;
        }
        if now >= self.resync_at().unwrap_or(now + HEARTBEAT) {
            self.begin_walk();
        }
    }

    fn next_wake(&self) -> Instant {
        let heartbeat = if self.is_heartbeat_due { self.next_tick } else { self.heartbeat_at() };
        let resync = self.resync_at().unwrap_or(self.next_tick);
        self.next_tick.min(heartbeat).min(resync).min(self.tap_at())
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

    /// When a tapped outbox has to be armed.
    fn tap_at(&self) -> Instant {
        let wait = self.source.program().taps.next_at().saturating_sub(clock_ns());
        Instant::now() + Duration::from_nanos(wait).min(CADENCE_MAX)
    }

    fn has_something_to_say(&self) -> bool {
        self.walk.is_some()
            || self.sweep.is_some()
            || self.is_sweep_due
            || (self.is_delta_due && self.ledger.has_news())
            || !self.lines.is_empty()
            || !self.samples.is_empty()
            || self.is_heartbeat_due
            || self.farewell.is_some()
    }

    /// What matters most now, and when it was read. `None` if it takes another step to know.
    fn next_words(&mut self) -> Option<(u64, Content)> {
        if self.walk.is_some() {
            return self.next_part();
        }
        let is_holding = self.sweep.as_ref().is_some_and(|(sweep, _)| sweep.is_holding());
        if let Some((captured_at, sample)) = self.samples.pop_front() {
            return Some((captured_at, to_proto::sample(sample)));
        }
        if self.is_delta_due && !is_holding {
            if let Some(delta) = self.ledger.take_delta(self.part_limit) {
                if !self.tapped.is_empty() {
                    delta.unlinked.iter().for_each(|&gone| self.untap(gone));
                }
                return Some((clock_ns(), to_proto::delta(delta)));
            }
            self.is_delta_due = false;
        }
        if !is_holding && let Some((captured_at, line)) = self.lines.pop_front() {
            return Some((captured_at, to_proto::line(self.source.nearest(&line), line)));
        }
        if self.sweep.is_none() && self.is_sweep_due {
            self.is_sweep_due = false;
            self.sweep_began = Instant::now();
            let turn = self.source.program().rounds.begin();
            self.sweep = Some((Sweep::new(std::mem::take(&mut self.wanted), self.cadence, self.part_limit), turn));
        }
        if self.sweep.is_some() {
            return self.next_totals();
        }
        if let Some(reason) = &self.farewell {
            return Some((clock_ns(), to_proto::farewell(reason)));
        }
        // Where totals were not read since the last word, the sign of life says nothing of them: its sample goes on.
        let has_looked = self.sweep_began > self.last_sent;
        let captured_at = if has_looked { clock_ns() } else { 0 };
        std::mem::take(&mut self.is_heartbeat_due).then(|| (captured_at, Content::Activity(Activity::default())))
    }

    fn next_part(&mut self) -> Option<(u64, Content)> {
        let walk = self.walk.as_mut()?;
        match walk.step(self.source, self.ledger) {
            Ok(Some(part)) => {
                if part.last {
                    self.walk = None;
                    self.is_delta_due = true;
                    self.is_sweep_due = true;
                    self.wanted = Wanted::default();
                    self.untap_gone();
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
        let (sweep, _) = self.sweep.as_mut()?;
        match sweep.step(self.source, self.ledger) {
            Ok(part) => {
                if sweep.is_over() && !sweep.is_holding() {
                    self.next_sweep = self.sweep_began + sweep.spent() * SWEEP_SHARE;
                    if let Some((sweep, turn)) = self.sweep.take() {
                        self.wanted = Wanted { since: Some(turn.finish()), late: sweep.into_late() };
                    }
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
        let refused = self.source.program().registry.refused();
        Report { seq: self.seq, captured_at, lost: *self.lost, content: Some(content), refused }
    }

    fn drain(&mut self) {
        if let Err(lost) = self.source.drain(self.ledger) {
            self.recover(lost);
        }
    }

    /// Throws the backlog away, counts it, and starts over with a Snapshot.
    fn recover(&mut self, lost: Lost) {
        let events = lost.events + self.ledger.len();
        *self.lost += events;
        self.source.program().lost.fetch_max(*self.lost, Ordering::Relaxed);
        warn!(events, "structure changed faster than it could be told; a new snapshot makes it good");
        self.begin_walk();
    }

    fn begin_walk(&mut self) {
        self.source.stop();
        self.ledger.begin(0);
        self.walk = Some(Walk::new(self.part_limit));
        self.walk_began = Instant::now();
        self.is_resync_wanted = false;
        self.sweep = None;
        self.is_delta_due = false;
    }

    fn take_asides(&mut self) {
        // A visualiser that is too slow for those before gets no more: the lane counts what it has no room for.
        if !self.lines.is_empty() || !self.samples.is_empty() {
            return;
        }
        for (captured_at, aside) in self.source.lane.take() {
            match aside {
                Aside::Line(line) => self.lines.push_back((captured_at, line)),
                // What was under way when a tap was closed is not wanted any more.
                Aside::Sample(sample) if sample.refusal.is_empty() && !self.tapped.contains(&sample.linkage) => {}
                Aside::Sample(sample) => self.samples.push_back((captured_at, sample)),
            }
        }
    }

    fn untap(&mut self, linkage: u64) {
        if self.tapped.remove(&linkage) {
            self.source.program().taps.close(linkage, &self.source.lane);
        }
    }

    /// Closes taps on linkages of which a Snapshot told by their absence that they are gone.
    fn untap_gone(&mut self) {
        let program = self.source.program();
        let gone: Vec<_> =
            self.tapped.iter().copied().filter(|&linkage| program.outbox_of(linkage).is_none()).collect();
        gone.into_iter().for_each(|linkage| self.untap(linkage));
        self.samples.retain(|(_, sample)| self.tapped.contains(&sample.linkage));
    }

    /// Everything that is known by now is still told, and then the reason.
    fn begin_farewell(&mut self, reason: String) {
        self.farewell = Some(reason);
        self.take_asides();
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
