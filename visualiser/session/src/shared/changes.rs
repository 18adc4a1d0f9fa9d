//! What happens to the model: each change is applied, counted, and told to those who watch.

use std::sync::atomic::Ordering;
use std::time::Instant;

use axonscope_ingest::answers::Told;
use axonscope_ingest::from_proto::Batch;
use axonscope_model::{Anomaly, Change, Hello, Model, Refusal, Status, System, SystemId};

use super::right_of_way::SLICE;
use super::{Shared, hello_of};
use crate::summary::summary;
use crate::trail::Told as Report;

/// How often the time is looked at within a slice.
const CHANGES_PER_LOOK: usize = 128;

impl Shared {
    pub(crate) fn connect(&self, hello: Hello) -> Result<SystemId, Refusal> {
        let mut model = self.model.write();
        let now_ns = self.now_ns();
        let system = model.connect(hello, now_ns)?;
        if let Some(known) = model.system(system) {
            self.watchers.tell(system, || Told::Hello(Box::new((hello_of(known), summary(known, now_ns)))));
        }
        self.set_cadence(system, now_ns);
        self.renew_wishes(&model, system);
        self.note_versions(&model, true);
        Ok(system)
    }

    pub(crate) fn disconnect(&self, system: SystemId, farewell: Option<String>) {
        let mut model = self.model.write();
        let now_ns = self.now_ns();
        model.disconnect(system, farewell, now_ns);
        self.renew_wishes(&model, system);
        self.tell_status(&model, system);
        self.note_versions(&model, true);
    }

    /// Drops a departed system.
    pub(crate) fn dismiss(&self, system: SystemId) {
        let mut model = self.model.write();
        if model.dismiss(system) {
            self.note_versions(&model, true);
        }
    }

    /// Applies all of them, in slices.
    pub(crate) fn apply(&self, system: SystemId, changes: impl IntoIterator<Item = Change>) {
        self.apply_all(system, changes, None);
    }

    /// The same for what a Report said, which is followed to the screen while somebody asks for that.
    pub(crate) fn apply_report(&self, system: SystemId, batch: Box<Batch>, arrived_at: Instant) {
        let captured_at = batch.captured_at().filter(|_| self.trail.is_on());
        let report = captured_at.map(|captured_at| Report { captured_at, arrived_at, before: self.versions() });
        self.apply_all(system, batch, report);
    }

    fn apply_all(&self, system: SystemId, changes: impl IntoIterator<Item = Change>, report: Option<Report>) {
        let mut changes = changes.into_iter();
        while self.apply_slice(system, &mut changes, report) {}
        self.totals.reports.fetch_add(1, Ordering::Relaxed);
    }

    /// False when nothing is left.
    fn apply_slice(
        &self,
        system: SystemId,
        changes: &mut impl Iterator<Item = Change>,
        report: Option<Report>,
    ) -> bool {
        let mut model = self.model.write();
        let began = Instant::now();
        let watched = self.watchers.want(system);
        let stood = model.system(system).map(|system| system.status().clone());
        let taps = model.system(system).map_or(0, |system| system.tapped().count());
        model.heard(system, self.now_ns());
        let (mut structure, mut activity, mut anomalies) = (0, 0, 0);
        let mut told = Vec::new();
        let mut more = true;
        'slice: while began.elapsed() < SLICE {
            for _ in 0..CHANGES_PER_LOOK {
                let Some(change) = changes.next() else {
                    more = false;
                    break 'slice;
                };
                // Logs and taps are for whoever sits at the window only, until readers can show a token.
                if watched && !matches!(change, Change::Logged(_) | Change::Tapped(_)) {
                    told.push(change.clone());
                }
                match change {
                    Change::ComponentActivity(_) | Change::PostboxActivity(_) | Change::LinkageActivity { .. } => {
                        activity += 1;
                    }
                    _ => structure += 1,
                }
                let applied = model.apply(system, change);
                anomalies += u64::from(applied.anomaly.is_some());
                if let Some(anomaly) = applied.anomaly {
                    log(system, &anomaly);
                }
            }
        }
        self.totals.structure.fetch_add(structure, Ordering::Relaxed);
        self.totals.activity.fetch_add(activity, Ordering::Relaxed);
        if !told.is_empty() {
            self.watchers.tell(system, || Told::Changes(told.into()));
        }
        let tapped = model.system(system).map_or(0, |system| system.tapped().count());
        if tapped != taps {
            self.renew_wishes(&model, system);
        }
        let stands = model.system(system).map(System::status);
        let stands_otherwise = stands != stood.as_ref();
        if stands_otherwise {
            self.tell_status(&model, system);
        }
        if !more && let (Some(report), Some(known)) = (report, model.system(system)) {
            let (structure, activity) = (model.structure_version(), model.activity_version());
            self.trail.tell(report, known, structure, activity, self.now_ns());
        }
        self.note_versions(&model, stands_otherwise || anomalies > 0);
        more
    }

    /// Time passes.
    pub(crate) fn tick(&self) {
        // Those who looked may look no longer.
        self.set_cadences();
        let mut model = self.model.write();
        let before = model.activity_version();
        let stood = |model: &Model| -> Vec<Status> { model.systems().map(|system| system.status().clone()).collect() };
        let stood_before = stood(&model);
        model.tick(self.now_ns());
        if model.activity_version() == before {
            return;
        }
        let now: Vec<SystemId> = model
            .systems()
            .zip(&stood_before)
            .filter(|(system, before)| system.status() != *before)
            .map(|(system, _)| system.id())
            .collect();
        for system in now {
            self.tell_status(&model, system);
        }
        self.note_versions(&model, true);
    }
}

/// Lost data is an error, a limit that was reached a warning; the rest is seen in the picture.
fn log(system: SystemId, anomaly: &Anomaly) {
    match anomaly {
        Anomaly::Gap { expected, got } => tracing::error!(%system, expected, got, "reports are missing"),
        Anomaly::OverLimit { what } => tracing::debug!(%system, what, "over a limit"),
        other => tracing::debug!(%system, ?other, "does not fit"),
    }
}
