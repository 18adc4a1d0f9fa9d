//! Looks for what is asked: at once when that is new, soon when what exists has changed, and once a second while figures
//! decide. Sleeps while nothing is asked or nothing happens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axonscope_model::finding::{Best, Filter, Sift, Slots, Standing, path, steps};
use axonscope_model::{ComponentRef, Model, SystemId};

use super::desk::{Call, Desk};
use super::findings::{Findings, Focus, Hit, Hits, Wanted};
use crate::shared::{Shared, Versions};

/// How soon what appears or vanishes is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// How often figures are.
const BEAT: Duration = Duration::from_secs(1);
/// A look that takes time waits so many times that before the next one begins.
const REST: u32 = 4;
/// How long the model is held at a time.
const HOLD: Duration = Duration::from_micros(500);

struct Finder {
    wanted: Arc<Wanted>,
    number: u64,
    /// What was found in each system, for the same filter.
    sifts: Vec<(SystemId, Sift)>,
    /// What was changed until the last look began, when that was, and when it ended.
    seen: Versions,
    began: Instant,
    ended: Instant,
    beat: Instant,
}

/// Runs until the session ends.
pub(crate) fn run(shared: Arc<Shared>) {
    let desk: &Desk = &shared.finding;
    let now = Instant::now();
    let mut finder = Finder {
        wanted: Arc::default(),
        number: 0,
        sifts: Vec::new(),
        seen: Versions::default(),
        began: now,
        ended: now,
        beat: now,
    };
    let mut patience = None;
    loop {
        match desk.wait(finder.number, patience) {
            Call::Close => return,
            Call::Look(wanted, number) => {
                if finder.wanted.filter != wanted.filter {
                    finder.sifts.clear();
                }
                (finder.wanted, finder.number) = (wanted, number);
                finder.look(&shared);
                patience = None;
            }
            Call::Again => {
                patience = finder.due(&shared).map(|due| due.saturating_duration_since(Instant::now()));
                if patience.is_some_and(|patience| patience.is_zero()) {
                    finder.look(&shared);
                    // What changed meanwhile may have stirred nobody any more.
                    patience = Some(PAUSE);
                }
            }
        }
    }
}

impl Finder {
    /// When to look again; none where nothing has changed that matters.
    fn due(&self, shared: &Shared) -> Option<Instant> {
        if self.wanted.filter.is_none() && self.wanted.focus.is_none() {
            return None;
        }
        let now = shared.versions();
        let rested = self.ended + (self.ended - self.began) * REST;
        let structure = (now.structure, now.status) != (self.seen.structure, self.seen.status);
        let figures = now.activity != self.seen.activity
            && self.wanted.filter.as_ref().is_some_and(Filter::changes_in_time)
            // Grace goes on though nothing happens.
            || self.sifts.iter().any(|(_, sift)| sift.has_grace());
        let soon = structure.then(|| rested.max(self.ended + PAUSE));
        let on_beat = figures.then(|| rested.max(self.beat + BEAT));
        soon.into_iter().chain(on_beat).min()
    }

    fn look(&mut self, shared: &Shared) {
        self.began = Instant::now();
        self.seen = shared.versions();
        let is_beat = self.began - self.beat >= BEAT;
        if is_beat {
            self.beat = self.began;
        }
        let known: Vec<SystemId> = shared.read(|model| model.systems().map(|system| system.id()).collect());
        if let Some(filter) = &self.wanted.filter {
            let before = std::mem::take(&mut self.sifts);
            for system in known.iter().copied() {
                let earlier = before.iter().find(|(of, _)| *of == system).map(|(_, sift)| sift);
                match sift(shared, system, filter, earlier, is_beat, self.number) {
                    Sifted::Done(sift) => self.sifts.push((system, sift)),
                    Sifted::Gone => {}
                    // What is wanted now is looked for instead.
                    Sifted::Outdated => {
                        self.sifts = before;
                        return;
                    }
                }
            }
        }
        let before = shared.finding.findings();
        let findings = self.findings(shared, &known, &before);
        self.ended = Instant::now();
        if findings != *before {
            let hid = before.wanted.hides || findings.wanted.hides;
            shared.finding.publish(Arc::new(findings));
            if hid {
                shared.stir.structure();
            }
            shared.wake();
        }
    }

    fn findings(&self, shared: &Shared, known: &[SystemId], before: &Findings) -> Findings {
        let mut findings = Findings { wanted: self.wanted.clone(), ..Findings::default() };
        if self.wanted.filter.is_none() && self.wanted.focus.is_none() {
            return findings;
        }
        let focused = self.wanted.focus.and_then(|focus| shared.read(|model| focus_on(model, focus, &mut findings)));
        for &system in known {
            let earlier = before.of(system);
            let sift = self.sifts.iter().find(|(of, _)| *of == system).map(|(_, sift)| sift);
            let kept = sift.map(|sift| shared_with(&sift.kept, earlier.and_then(|hits| hits.kept.as_ref())));
            let meant = sift.map(|sift| shared_with(&sift.meant, earlier.map(|hits| &hits.meant)));
            let closely = self.wanted.focus.map(|_| match &focused {
                Some((of, slots)) if *of == system => slots.clone(),
                _ => Arc::default(),
            });
            // A focus on what is gone dims nothing.
            let closely = closely.filter(|_| focused.is_some());
            findings.count += sift.map_or(0, |sift| sift.count);
            findings.systems.push(Hits { system, kept, meant: meant.unwrap_or_default(), focused: closely });
        }
        shared.read(|model| {
            findings.total = model.systems().map(|system| system.component_count()).sum();
            findings.best = self.best(model);
        });
        findings
    }

    /// Of all systems together.
    fn best(&self, model: &Model) -> Vec<Hit> {
        let all = self.sifts.iter().flat_map(|(system, sift)| sift.best.iter().map(move |best| (*system, best)));
        let mut all: Vec<(SystemId, &Best)> = all.collect();
        all.sort_by_key(|(_, best)| best.key());
        let found = |(system, best): (SystemId, &Best)| model.system(system)?.component(best.component).map(hit);
        all.into_iter().take(Sift::BEST).filter_map(found).collect()
    }
}

enum Sifted {
    Done(Sift),
    /// There is no such system any more.
    Gone,
    /// Something else is wanted.
    Outdated,
}

/// Looks through a system in parts, between which others may tell the model something.
fn sift(shared: &Shared, system: SystemId, filter: &Filter, before: Option<&Sift>, beat: bool, number: u64) -> Sifted {
    let mut sift = Sift::default();
    loop {
        let looked = shared.read(|model| {
            let until = Instant::now() + HOLD;
            let system = model.system(system)?;
            Some(sift.look(system, filter, before, beat, || Instant::now() < until))
        });
        match looked {
            None => return Sifted::Gone,
            Some(true) => return Sifted::Done(sift),
            Some(false) if shared.finding.is_outdated(number) => return Sifted::Outdated,
            Some(false) => shared.give_way(),
        }
    }
}

/// What is looked at closely; none where it is gone.
fn focus_on(model: &Model, focus: Focus, findings: &mut Findings) -> Option<(SystemId, Arc<Slots>)> {
    match focus {
        Focus::Near { system, component, up, down } => {
            let (slots, reached) = steps(model.system(system)?.component(component)?, up, down);
            findings.reached = reached;
            Some((system, Arc::new(slots)))
        }
        Focus::Way { system: of, from, to } => {
            let system = model.system(of)?;
            let path = path(system, from, to);
            let ends = [system.component(from)?.slot(), system.component(to)?.slot()];
            let on_it = path.iter().flat_map(|path| path.components.iter()).filter_map(|id| system.component(*id));
            let slots = on_it.flat_map(|component| std::iter::once(component).chain(component.ancestors()));
            let slots: Slots = slots.map(ComponentRef::slot).chain(ends).collect();
            findings.path = path;
            Some((of, Arc::new(slots)))
        }
    }
}

fn hit(component: ComponentRef<'_>) -> Hit {
    let mut place = component.system().title();
    if let Some(parent) = component.parent() {
        place = format!("{place} / {}", parent.path());
    }
    Hit {
        system: component.system().id(),
        component: component.id(),
        name: component.name().to_owned(),
        type_name: component.type_name().to_owned(),
        place,
        standing: Standing::of(component),
    }
}

/// What is as it was is the very same, so that others need not compare it.
fn shared_with(slots: &Slots, before: Option<&Arc<Slots>>) -> Arc<Slots> {
    match before {
        Some(before) if **before == *slots => before.clone(),
        _ => Arc::new(slots.clone()),
    }
}
