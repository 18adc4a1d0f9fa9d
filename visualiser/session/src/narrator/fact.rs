//! What became different between two looks.

use std::collections::BTreeMap;

use axonscope_model::{ComponentId, State, SystemId};

use super::seen::{Seen, SeenSystem, Who};

/// Something that may be worth a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) system: SystemId,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Connected,
    Gone {
        said_farewell: bool,
    },
    /// Components of one type; those inside of what is new, too, are not named.
    Joined {
        type_name: String,
        who: Crowd,
    },
    Left {
        type_name: String,
        who: Crowd,
    },
    /// Of a system that is too large to know each.
    Grew {
        by: usize,
    },
    Shrank {
        by: usize,
    },
    Failed(Named),
    Restarted(Named),
    Finished(Named),
    Slow(Named),
    CaughtUp(Named),
    Rate {
        from: f64,
        to: f64,
    },
    /// A problem that somebody else has found, in its own sentence.
    Problem {
        kind: String,
        sentence: String,
        component: Option<ComponentId>,
    },
}

/// A component with what it was called.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) component: ComponentId,
    pub(super) name: String,
    pub(super) type_name: String,
}

/// Several of a kind: how many, and the first of them by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Crowd {
    pub(super) first: Vec<Named>,
    pub(super) count: usize,
}

/// As many are named in one sentence.
pub(super) const NAMED_MAX: usize = 2;
/// As many are remembered, so that who comes and goes at once is not told of.
const REMEMBERED_MAX: usize = 32;

impl Crowd {
    fn add(&mut self, named: Named) {
        self.count += 1;
        if self.first.len() < REMEMBERED_MAX {
            self.first.push(named);
        }
    }

    /// Takes the other in.
    pub(super) fn join(&mut self, other: Crowd) {
        self.count += other.count;
        let room = REMEMBERED_MAX - self.first.len();
        self.first.extend(other.first.into_iter().take(room));
    }

    /// Takes those out of both that are in both.
    pub(super) fn cancel(&mut self, other: &mut Crowd) {
        let before = self.first.len();
        let gone: Vec<ComponentId> = other.first.iter().map(|named| named.component).collect();
        let both: Vec<ComponentId> =
            self.first.iter().map(|named| named.component).filter(|component| gone.contains(component)).collect();
        self.first.retain(|named| !both.contains(&named.component));
        other.first.retain(|named| !both.contains(&named.component));
        let cancelled = before - self.first.len();
        self.count -= cancelled;
        other.count -= cancelled;
    }
}

impl What {
    /// The more, the sooner it is told.
    pub(super) fn weight(&self) -> u32 {
        match self {
            What::Failed(_) => 100,
            What::Gone { said_farewell: false } => 95,
            What::Problem { .. } => 90,
            What::Slow(_) => 85,
            What::Gone { said_farewell: true } | What::Connected => 80,
            What::CaughtUp(_) | What::Restarted(_) => 70,
            What::Joined { .. } | What::Left { .. } | What::Grew { .. } | What::Shrank { .. } => 50,
            What::Rate { .. } => 40,
            What::Finished(_) => 30,
        }
    }

    pub(super) fn is_trouble(&self) -> bool {
        self.weight() >= 85
    }

    /// More of the same may follow at once, and is told in the same sentence.
    pub(super) fn gathers(&self) -> bool {
        matches!(
            self,
            What::Connected | What::Joined { .. } | What::Left { .. } | What::Grew { .. } | What::Shrank { .. }
        )
    }

    /// Which component it is about most.
    pub(super) fn component(&self) -> Option<ComponentId> {
        match self {
            What::Failed(named)
            | What::Restarted(named)
            | What::Finished(named)
            | What::Slow(named)
            | What::CaughtUp(named) => Some(named.component),
            What::Joined { who, .. } if who.count == 1 => who.first.first().map(|named| named.component),
            What::Problem { component, .. } => *component,
            _ => None,
        }
    }
}

/// What came, went and changed its state, system by system. What is slow takes more than two looks to know.
pub(super) fn differences(before: &Seen, now: &Seen) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (&id, system) in &now.systems {
        let mut tell = |what| facts.push(Fact { system: id, what });
        match before.systems.get(&id) {
            None if system.is_connected => tell(What::Connected),
            None => {}
            Some(then) if then.is_connected && !system.is_connected => {
                tell(What::Gone { said_farewell: system.said_farewell });
            }
            Some(then) if !then.is_connected && system.is_connected => tell(What::Connected),
            Some(then) if system.is_connected => compare(then, system, &mut tell),
            Some(_) => {}
        }
    }
    facts
}

fn compare(then: &SeenSystem, now: &SeenSystem, tell: &mut impl FnMut(What)) {
    let (Some(were), Some(are)) = (&then.who, &now.who) else {
        match (then.count, now.count) {
            (a, b) if b > a => tell(What::Grew { by: b - a }),
            (a, b) if b < a => tell(What::Shrank { by: a - b }),
            _ => {}
        }
        return;
    };
    // Whoever comes or goes with what it is inside of is no news of its own.
    let is_part = |who: &Who, those: &dyn Fn(ComponentId) -> bool| who.parent.is_some_and(those);
    let is_new = |id: ComponentId| are.contains_key(&id) && !were.contains_key(&id);
    let is_gone = |id: ComponentId| were.contains_key(&id) && !are.contains_key(&id);
    for (type_name, who) in crowds(are.iter().filter(|(id, who)| is_new(**id) && !is_part(who, &is_new))) {
        tell(What::Joined { type_name, who });
    }
    for (type_name, who) in crowds(were.iter().filter(|(id, who)| is_gone(**id) && !is_part(who, &is_gone))) {
        tell(What::Left { type_name, who });
    }
    let mut changed: Vec<_> = are.iter().filter_map(|(id, who)| Some((*id, were.get(id)?, who))).collect();
    changed.retain(|(_, then, who)| then.state != who.state || then.restarts != who.restarts);
    changed.sort_by_key(|(id, ..)| *id);
    for (id, then, who) in changed {
        if who.state == State::Failed && then.state != State::Failed {
            tell(What::Failed(who.named(id)));
        } else if who.restarts > then.restarts || then.state == State::Failed && who.state == State::Running {
            tell(What::Restarted(who.named(id)));
        } else if who.state == State::Finished && then.state != State::Finished {
            tell(What::Finished(who.named(id)));
        }
    }
}

impl Who {
    pub(super) fn named(&self, component: ComponentId) -> Named {
        Named { component, name: self.name.clone(), type_name: self.type_name.clone() }
    }
}

/// By type, each by name.
fn crowds<'a>(who: impl Iterator<Item = (&'a ComponentId, &'a Who)>) -> BTreeMap<String, Crowd> {
    let mut named: Vec<Named> = who.map(|(id, who)| who.named(*id)).collect();
    named.sort_by(|a, b| a.name.cmp(&b.name).then(a.component.cmp(&b.component)));
    let mut crowds: BTreeMap<String, Crowd> = BTreeMap::new();
    for named in named {
        crowds.entry(named.type_name.clone()).or_default().add(named);
    }
    crowds
}
