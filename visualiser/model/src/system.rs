//! One observed system: who it is, how it stands, what exists in it and what went wrong.

use std::collections::VecDeque;

use crate::change::{Anomaly, Change, LinkageKind, State};
use crate::id::{ComponentId, LinkageId, PostboxId, SystemId};
use crate::limits::Limits;
use crate::said::{self, NewLine, NewSample};
use crate::slab::Slab;
use crate::status::{Facts, Hello, Staleness, Status};
use crate::sweep::Sweep;
use crate::topology::{Marks, Topology};

/// How many anomalies are kept.
const RECENT: usize = 64;

/// An observed system, departed ones included. Ask [`Model`](crate::Model) for one.
pub struct System {
    pub(crate) id: SystemId,
    pub(crate) instance: [u8; 16],
    pub(crate) name: String,
    pub(crate) ordinal: u32,
    pub(crate) facts: Facts,
    pub(crate) status: Status,
    /// Why the picture is not complete; none when it is.
    incomplete: Option<Staleness>,
    pub(crate) heard_at_ns: u64,
    pub(crate) topology: Topology,
    pub(crate) limits: Limits,
    pub(crate) sweep: Option<Sweep>,
    /// A snapshot runs, whether or not there is anything to sweep.
    in_snapshot: bool,
    pub(crate) structure_version: u64,
    pub(crate) activity_version: u64,
    pub(crate) lost: u64,
    pub(crate) merged: u64,
    pub(crate) no_room: u64,
    pub(crate) refused: u64,
    pub(crate) anomaly_count: u64,
    pub(crate) recent_anomalies: VecDeque<Anomaly>,
}

/// What one change did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Applied {
    /// Something exists that did not, no longer exists, or has another name or place.
    pub structure: bool,
    /// Something else that can be seen is different: totals, rates, states, status, anomalies.
    pub activity: bool,
    /// It did not fit.
    pub anomaly: Option<Anomaly>,
}

impl Applied {
    /// Nothing is different.
    pub const NOTHING: Applied = Applied { structure: false, activity: false, anomaly: None };
    pub(crate) const STRUCTURE: Applied = Applied { structure: true, activity: false, anomaly: None };
    pub(crate) const ACTIVITY: Applied = Applied { structure: false, activity: true, anomaly: None };

    pub(crate) fn activity_if(activity: bool) -> Applied {
        Applied { activity, ..Applied::NOTHING }
    }

    pub(crate) fn with(self, anomaly: Option<Anomaly>) -> Applied {
        Applied { activity: self.activity || anomaly.is_some(), anomaly, ..self }
    }
}

impl From<Anomaly> for Applied {
    fn from(anomaly: Anomaly) -> Applied {
        Applied::NOTHING.with(Some(anomaly))
    }
}

impl System {
    pub(crate) fn new(id: SystemId, ordinal: u32, hello: Hello, limits: Limits, now_ns: u64) -> System {
        let mut system = System {
            id,
            instance: hello.instance,
            name: hello.name.clone(),
            ordinal,
            facts: Facts::default(),
            status: Status::Live,
            incomplete: None,
            heard_at_ns: now_ns,
            topology: Topology::new(),
            limits,
            sweep: None,
            in_snapshot: false,
            structure_version: 0,
            activity_version: 0,
            lost: 0,
            merged: 0,
            no_room: 0,
            refused: 0,
            anomaly_count: 0,
            recent_anomalies: VecDeque::new(),
        };
        system.connect(hello, ordinal, now_ns);
        system
    }

    // === impl standing ===

    pub(crate) fn connect(&mut self, hello: Hello, ordinal: u32, now_ns: u64) {
        let Hello { instance: _, name: _, pid, host, program, labels, wall_clock_ns, monotonic_ns, started_at } = hello;
        self.facts = Facts { pid, host, program, labels, wall_clock_ns, monotonic_ns, started_at };
        self.ordinal = ordinal;
        self.heard_at_ns = now_ns;
        self.incomplete = Some(Staleness::Incomplete);
        self.abandon_snapshot();
        self.stand(Status::Stale(Staleness::Incomplete));
        self.topology.activities.clock.flowing = false;
        self.structure_version += 1;
        self.activity_version += 1;
    }

    pub(crate) fn disconnect(&mut self, status: Status) {
        self.abandon_snapshot();
        self.topology.activities.clock.flowing = false;
        // Whoever was lost may come back and go on; whoever said farewell does not.
        if let Status::Left { .. } = status {
            self.topology.said.untap_all();
        }
        self.stand(status);
        self.activity_version += 1;
    }

    /// True when that changed how it stands.
    pub(crate) fn heard(&mut self, now_ns: u64) -> bool {
        self.heard_at_ns = self.heard_at_ns.max(now_ns);
        let silent = matches!(self.status, Status::Stale(Staleness::Silent { .. }));
        if silent {
            self.stand_connected();
        }
        silent
    }

    /// True when that changed how it stands.
    pub(crate) fn fall_silent(&mut self) -> bool {
        self.topology.activities.clock.flowing = false;
        self.stand(Status::Stale(Staleness::Silent { since_ns: self.heard_at_ns }))
    }

    fn stand_connected(&mut self) -> bool {
        self.stand(self.incomplete.map_or(Status::Live, Status::Stale))
    }

    fn stand(&mut self, status: Status) -> bool {
        let changes = self.status != status;
        if changes {
            self.status = status;
            self.activity_version += 1;
        }
        changes
    }

    /// A silent or departed system that is told something stays as it stands: only [`System::heard`] and
    /// [`System::connect`] bring it back.
    fn stand_incomplete(&mut self, why: Option<Staleness>) -> bool {
        self.incomplete = why;
        match self.status {
            Status::Live | Status::Stale(Staleness::Incomplete | Staleness::Renewing | Staleness::Gap) => {
                self.stand_connected()
            }
            _ => false,
        }
    }

    // === impl changes ===

    /// Cannot fail: what does not fit comes back as an anomaly and changes nothing else.
    pub(crate) fn apply(&mut self, change: Change) -> Applied {
        let applied = match change {
            Change::SnapshotBegan => self.begin_snapshot(),
            Change::SnapshotEnded => self.end_snapshot(),
            Change::ComponentAdded(new) => self.add_component(new),
            Change::StateChanged { component, state, detail } => self.change_state(component, state, detail),
            Change::ComponentRemoved(id) => self.remove_component(id),
            Change::PostboxAdded(new) => self.add_postbox(new),
            Change::PostboxRemoved(id) => self.remove_postbox(id),
            Change::Linked(new) => self.link(new),
            Change::Unlinked(id) => self.unlink(id),
            Change::ComponentActivity(told) => self.work(told),
            Change::PostboxActivity(told) => self.pass(told),
            Change::LinkageActivity { linkage, messages } => self.flow(linkage, messages),
            Change::Sampled { at } => self.sample(at),
            Change::Lost(total) => Applied::activity_if(raise(&mut self.lost, total)),
            Change::Merged(total) => Applied::activity_if(raise(&mut self.merged, total)),
            Change::NoRoom(total) => Applied::activity_if(raise(&mut self.no_room, total)),
            Change::Logged(told) => self.write_down(told),
            Change::Tapped(told) => self.see(told),
            Change::Refused(anomaly) => {
                if let Anomaly::Gap { .. } = anomaly {
                    self.stand_incomplete(Some(Staleness::Gap));
                }
                Applied::from(anomaly)
            }
        };
        if applied.structure {
            self.structure_version += 1;
            if !self.in_snapshot {
                let activities = &mut self.topology.activities;
                activities.changes.add(1, &mut activities.clock);
            }
        }
        if applied.activity {
            self.activity_version += 1;
        }
        if let Some(anomaly) = &applied.anomaly {
            self.note(anomaly);
        }
        applied
    }

    fn note(&mut self, anomaly: &Anomaly) {
        self.anomaly_count += 1;
        if let Anomaly::OverLimit { .. } = anomaly {
            self.refused += 1;
        }
        if self.recent_anomalies.len() == RECENT {
            self.recent_anomalies.pop_front();
        }
        self.recent_anomalies.push_back(anomaly.clone());
        self.mark(anomaly);
    }

    /// Marks what the anomaly touches, and the component it belongs to.
    fn mark(&mut self, anomaly: &Anomaly) {
        let topology = &mut self.topology;
        let (mut component, mut postbox) = (None, None);
        match *anomaly {
            Anomaly::UnknownParent { component: id, .. } => component = topology.component_slot(id),
            Anomaly::DuplicateId { noun, id } | Anomaly::TotalFell { noun, id } | Anomaly::Cut { noun, id } => {
                match noun {
                    "component" => component = topology.component_slot(ComponentId(id)),
                    "postbox" => postbox = topology.postbox_slot(PostboxId(id)),
                    "linkage" => {
                        if let Some(slot) = topology.linkage_slot(LinkageId(id)) {
                            topology.linkages[slot].marks.set(Marks::ANOMALY, true);
                            postbox = Some(topology.linkages[slot].source);
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        if let Some(slot) = postbox {
            topology.postboxes[slot].marks.set(Marks::ANOMALY, true);
            component = Some(topology.postboxes[slot].owner);
        }
        if let Some(slot) = component {
            topology.components[slot].marks.set(Marks::ANOMALY, true);
        }
    }

    fn change_state(&mut self, id: ComponentId, state: State, detail: String) -> Applied {
        let Some(slot) = self.topology.component_slot(id) else {
            return self.unknown("component", id.0);
        };
        Applied::activity_if(self.set_state(slot, state, detail))
    }

    fn write_down(&mut self, told: NewLine) -> Applied {
        let slot = match told.component {
            None => said::SYSTEM,
            Some(id) => match self.topology.component_slot(id) {
                Some(slot) => slot,
                None => return self.unknown("component", id.0),
            },
        };
        self.topology.said.write(slot, told.line);
        Applied::ACTIVITY
    }

    fn see(&mut self, told: NewSample) -> Applied {
        match self.topology.linkage_slot(told.linkage) {
            Some(slot) => Applied::activity_if(self.topology.said.sample(slot, told.sample, told.refusal)),
            None => self.unknown("linkage", told.linkage.0),
        }
    }

    /// Begins or ends to keep what is seen on a linkage; answers whether it is as asked, and whether that is new.
    pub(crate) fn tap(&mut self, id: LinkageId, on: bool) -> (bool, bool) {
        let slot = self.topology.linkage_slot(id).filter(|slot| self.topology.linkages[*slot].kind != LinkageKind::Use);
        let Some(slot) = slot.filter(|_| self.status.is_connected() || !on) else { return (!on, false) };
        let before = self.topology.said.tap_of(slot).is_some();
        let done = self.topology.said.tap(slot, on);
        let is_new = done && before != on;
        self.activity_version += u64::from(is_new);
        (done, is_new)
    }

    /// Something is said of an id that nobody told of. After a limit was reached that is only to be expected.
    pub(crate) fn unknown(&self, noun: &'static str, id: u64) -> Applied {
        if self.refused > 0 || self.no_room > 0 { Applied::NOTHING } else { Anomaly::UnknownId { noun, id }.into() }
    }

    // === impl snapshots ===

    fn begin_snapshot(&mut self) -> Applied {
        let anything = self.topology.components.len() > 0;
        self.sweep = anything.then(Sweep::default);
        self.in_snapshot = true;
        self.topology.activities.clock.unsettle();
        let first = self.incomplete == Some(Staleness::Incomplete);
        let why = if first { Staleness::Incomplete } else { Staleness::Renewing };
        Applied::activity_if(self.stand_incomplete(Some(why)))
    }

    fn end_snapshot(&mut self) -> Applied {
        if !self.in_snapshot {
            return Applied::NOTHING;
        }
        let mut swept = false;
        if let Some(sweep) = self.sweep.take() {
            // Linkages and postboxes first: those of a component that goes need no second visit.
            let topology = &mut self.topology;
            for slot in unnamed(&topology.linkages, |slot| sweep.linkages.has(slot)) {
                topology.unlink(slot);
                swept = true;
            }
            for slot in unnamed(&topology.postboxes, |slot| sweep.postboxes.has(slot)) {
                topology.remove_postbox(slot);
                swept = true;
            }
            for slot in unnamed(&topology.components, |slot| sweep.components.has(slot)) {
                // A composite that went before may have taken it along.
                if topology.components.get(slot).is_some() {
                    topology.remove_component(slot);
                    swept = true;
                }
            }
        }
        let activity = self.stand_incomplete(None);
        self.in_snapshot = false;
        Applied { structure: swept, activity, anomaly: None }
    }

    fn abandon_snapshot(&mut self) {
        self.sweep = None;
        self.in_snapshot = false;
    }

    /// What something new begins with: what a snapshot brings has a past.
    pub(crate) fn first_marks(&self) -> Marks {
        let mut marks = Marks::default();
        marks.set(Marks::HISTORY, self.in_snapshot);
        marks
    }

    /// While a snapshot runs, what it tells twice is brought up to date.
    pub(crate) fn in_snapshot(&self) -> bool {
        self.in_snapshot
    }
}

fn raise(total: &mut u64, told: u64) -> bool {
    let rises = told > *total;
    *total = told.max(*total);
    rises
}

/// The slots in use that a snapshot did not name.
fn unnamed<T>(things: &Slab<T>, named: impl Fn(u32) -> bool) -> Vec<u32> {
    things.iter().map(|(slot, _)| slot).filter(|slot| !named(*slot)).collect()
}
