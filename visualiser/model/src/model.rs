//! All systems: who comes, who goes, who is kept.

use crate::change::{Anomaly, Change};
use crate::id::{LinkageId, SystemId};
use crate::limits::Limits;
use crate::status::{Hello, Refusal, Status};
use crate::system::{Applied, System};

/// How long a connected system may be silent before its picture counts as stale.
pub const SILENCE_NS: u64 = 3_000_000_000;

/// What exists and what happened in all observed systems. Has no clock: whoever tells it something says when.
#[derive(Default)]
pub struct Model {
    limits: Limits,
    /// In order of first appearance, which is the order of their ids.
    systems: Vec<System>,
    last_id: u64,
    structure_version: u64,
    activity_version: u64,
    evicted: u64,
    bytes: usize,
}

impl Model {
    /// Empty.
    pub fn new(limits: Limits) -> Model {
        Model { limits, ..Model::default() }
    }

    /// A stream said Hello. An instance that is known is the same system again, whether or not its old stream has ended;
    /// whoever replaces a stream must not report the end of the old one afterwards. Any other instance is a new system,
    /// and gets the lowest ordinal that no connected system of its name has: so a restart takes the place, and the
    /// arrangement, of the one that died.
    ///
    /// # Errors
    /// [`Refusal::TooManySystems`] when that many are connected.
    pub fn connect(&mut self, hello: Hello, now_ns: u64) -> Result<SystemId, Refusal> {
        let known = self.systems.iter().position(|system| system.instance == hello.instance);
        let connected = |system: &&System| system.status.is_connected();
        let returns = known.is_some_and(|index| self.systems[index].status.is_connected());
        if !returns && self.systems.iter().filter(connected).count() >= self.limits.systems {
            return Err(Refusal::TooManySystems(self.limits.systems));
        }
        self.structure_version += 1;
        self.activity_version += 1;
        if let Some(index) = known {
            let mut ordinal = self.systems[index].ordinal;
            if self.is_taken(&self.systems[index].name, ordinal, Some(index)) {
                ordinal = self.free_ordinal(&self.systems[index].name);
            }
            let system = &mut self.systems[index];
            system.connect(hello, ordinal, now_ns);
            return Ok(system.id);
        }
        self.last_id += 1;
        let id = SystemId(self.last_id);
        let ordinal = self.free_ordinal(&hello.name);
        let system = System::new(id, ordinal, hello, self.limits, now_ns);
        self.bytes += system.bytes();
        self.systems.push(system);
        Ok(id)
    }

    /// Cannot fail and cannot panic; a system that is not known answers nothing.
    pub fn apply(&mut self, id: SystemId, change: Change) -> Applied {
        if !self.make_room(&change) {
            let what = "memory of all systems together";
            return self.apply(id, Change::Refused(Anomaly::OverLimit { what }));
        }
        let Some(index) = self.index(id) else {
            return Applied::NOTHING;
        };
        let system = &mut self.systems[index];
        let before = system.bytes();
        let applied = system.apply(change);
        self.bytes = (self.bytes + system.bytes()).saturating_sub(before);
        self.structure_version += u64::from(applied.structure);
        self.activity_version += u64::from(applied.activity);
        applied
    }

    /// Begins or ends to keep what is seen on a linkage of a connected system. Answers whether it is as asked: it is not
    /// where the linkage is not known, and where as many are tapped as may be.
    pub fn tap(&mut self, id: SystemId, linkage: LinkageId, on: bool) -> bool {
        let Some(index) = self.index(id) else { return !on };
        let system = &mut self.systems[index];
        let before = system.bytes();
        let (done, is_new) = system.tap(linkage, on);
        self.bytes = (self.bytes + system.bytes()).saturating_sub(before);
        self.activity_version += u64::from(is_new);
        done
    }

    /// A report came from the system, whatever was in it.
    pub fn heard(&mut self, id: SystemId, now_ns: u64) {
        let Some(index) = self.index(id) else { return };
        let changes = self.systems[index].heard(now_ns);
        self.activity_version += u64::from(changes);
    }

    /// Its stream ended; `farewell` is what it gave as reason when it said goodbye before. The system is kept, with its
    /// last state, as the last dead instance of its name.
    pub fn disconnect(&mut self, id: SystemId, farewell: Option<String>, now_ns: u64) {
        let Some(index) = self.index(id) else { return };
        if !self.systems[index].status.is_connected() {
            return;
        }
        let system = &mut self.systems[index];
        let before = system.bytes();
        system.disconnect(match farewell {
            Some(reason) => Status::Left { at_ns: now_ns, reason },
            None => Status::Lost { at_ns: now_ns },
        });
        self.bytes = (self.bytes + system.bytes()).saturating_sub(before);
        self.activity_version += 1;
        let name = self.systems[index].name.clone();
        self.evict_if(|system| system.id != id && system.name == name);
        while self.systems.iter().filter(|system| departed_at(system).is_some()).count() > self.limits.departed {
            self.evict_oldest();
        }
    }

    /// Drops a system that has departed; false, and nothing happens, where it is connected or not known.
    pub fn dismiss(&mut self, id: SystemId) -> bool {
        let before = (self.systems.len(), self.evicted);
        self.evict_if(|system| system.id == id);
        // Nobody needs to be told of what was asked for.
        self.evicted = before.1;
        self.systems.len() < before.0
    }

    /// Time passes. To be called a few times a second.
    pub fn tick(&mut self, now_ns: u64) {
        for system in &mut self.systems {
            let silent = now_ns.saturating_sub(system.heard_at_ns) > SILENCE_NS;
            if silent && system.status.is_connected() && system.fall_silent() {
                self.activity_version += 1;
            }
        }
    }

    /// In order of first appearance, departed ones included.
    pub fn systems(&self) -> impl ExactSizeIterator<Item = &System> {
        self.systems.iter()
    }

    /// One of them.
    pub fn system(&self, id: SystemId) -> Option<&System> {
        self.index(id).map(|index| &self.systems[index])
    }

    /// Rises with that of any system, and when a system comes, returns or is evicted.
    pub fn structure_version(&self) -> u64 {
        self.structure_version
    }

    /// Rises with that of any system.
    pub fn activity_version(&self) -> u64 {
        self.activity_version
    }

    /// Departed systems that were dropped to make room, so far.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The bounds it was made with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// An estimate of what all systems take in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn index(&self, id: SystemId) -> Option<usize> {
        self.systems.binary_search_by_key(&id, |system| system.id).ok()
    }

    fn is_taken(&self, name: &str, ordinal: u32, except: Option<usize>) -> bool {
        self.systems.iter().enumerate().any(|(index, system)| {
            system.status.is_connected() && system.ordinal == ordinal && system.name == name && Some(index) != except
        })
    }

    fn free_ordinal(&self, name: &str) -> u32 {
        let mut ordinal = 1;
        while self.is_taken(name, ordinal, None) {
            ordinal += 1;
        }
        ordinal
    }

    /// What is new only comes in while there is room; the departed go first. False when there is none.
    fn make_room(&mut self, change: &Change) -> bool {
        let adds = match change {
            Change::ComponentAdded(_) | Change::PostboxAdded(_) | Change::Linked(_) => true,
            Change::StateChanged { detail, .. } => !detail.is_empty(),
            Change::Logged(_) | Change::Tapped(_) => true,
            _ => false,
        };
        while adds && self.bytes >= self.limits.bytes {
            if !self.evict_oldest() {
                return false;
            }
        }
        true
    }

    /// False when nobody has departed.
    fn evict_oldest(&mut self) -> bool {
        let oldest = self.systems.iter().filter_map(|system| Some((departed_at(system)?, system.id))).min();
        if let Some((_, id)) = oldest {
            self.evict_if(|system| system.id == id);
        }
        oldest.is_some()
    }

    /// Drops the departed systems for which `which` holds.
    fn evict_if(&mut self, which: impl Fn(&System) -> bool) {
        let before = self.systems.len();
        self.systems.retain(|system| departed_at(system).is_none() || !which(system));
        let evicted = before - self.systems.len();
        if evicted > 0 {
            self.evicted += evicted as u64;
            self.structure_version += 1;
            self.activity_version += 1;
            self.bytes = self.systems.iter().map(System::bytes).sum();
        }
    }
}

fn departed_at(system: &System) -> Option<u64> {
    match system.status {
        Status::Lost { at_ns } | Status::Left { at_ns, .. } => Some(at_ns),
        Status::Live | Status::Stale(_) => None,
    }
}
