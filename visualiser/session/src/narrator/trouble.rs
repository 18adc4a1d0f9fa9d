//! What takes more than two looks to know: who has become slow, how the traffic changes, and which problems are new.

use std::collections::{HashMap, HashSet};

use axonscope_model::problems::{Problem, Severity};
use axonscope_model::{ComponentId, SystemId};

use super::fact::{Fact, What};
use super::seen::{Seen, SeenSystem};

/// An inbox this full makes others wait; one this empty does not any more.
const FULL: f32 = 0.85;
const CALM: f32 = 0.5;
/// For so many looks on end.
const LOOKS: u8 = 2;
/// Traffic counts as changed by this factor, if there are so many messages a second at least.
const FACTOR: f64 = 1.9;
const RATE_MIN: f64 = 5.0;
/// How long nothing more is told of the traffic of a system.
const RATE_PAUSE_NS: u64 = 10_000_000_000;
/// How fast what was told is forgotten, at each look: slow change is no news.
const FORGET: f64 = 0.02;
/// What is said here in words of its own, or by others.
const OWN_KINDS: [&str; 3] = ["slow-consumer", "failed", "lost-system"];

#[derive(Default)]
pub(super) struct Troubles {
    slow: HashMap<(SystemId, ComponentId), Slow>,
    rates: HashMap<SystemId, Rate>,
    problems: HashSet<Key>,
}

/// Which problem it is, however its figures change.
type Key = (SystemId, String, Option<ComponentId>);

#[derive(Default)]
struct Slow {
    /// Told of.
    is_slow: bool,
    /// For how many looks it has been otherwise.
    looks: u8,
}

struct Rate {
    /// What listeners believe.
    told: f64,
    told_at_ns: u64,
    /// For how many looks it has been otherwise.
    looks: u8,
}

impl Troubles {
    /// What is so at the first look is no news.
    pub(super) fn begin(&mut self, seen: &Seen, problems: &[Problem]) {
        self.problems = problems.iter().map(key).collect();
        for (&id, system) in &seen.systems {
            self.rates.insert(id, Rate { told: system.rate, told_at_ns: 0, looks: 0 });
            for (&component, _) in system.who.iter().flatten().filter(|(_, who)| who.fill >= FULL && !who.waits) {
                self.slow.insert((id, component), Slow { is_slow: true, looks: 0 });
            }
        }
    }

    /// Of systems that are new what is wrong is looked at later: all of it is news then.
    pub(super) fn look(
        &mut self,
        seen: &Seen,
        problems: &[Problem],
        is_new: impl Fn(SystemId) -> bool,
        now_ns: u64,
    ) -> Vec<Fact> {
        let mut facts = Vec::new();
        let known: Vec<(SystemId, &SeenSystem)> = seen
            .systems
            .iter()
            .filter(|(id, system)| system.is_connected && !is_new(**id))
            .map(|(id, system)| (*id, system))
            .collect();
        self.slow.retain(|(system, component), _| seen.who(*system, *component).is_some());
        self.look_at_inboxes(&known, &mut facts);
        self.look_at_rates(&known, now_ns, &mut facts);
        self.look_at_problems(problems.iter().filter(|problem| !is_new(problem.system)), &mut facts);
        facts
    }

    fn look_at_inboxes(&mut self, known: &[(SystemId, &SeenSystem)], facts: &mut Vec<Fact>) {
        for &(id, system) in known {
            for (&component, who) in system.who.iter().flatten() {
                let key = (id, component);
                let is_full = who.fill >= FULL && !who.waits;
                if !is_full && !self.slow.contains_key(&key) {
                    continue;
                }
                let slow = self.slow.entry(key).or_default();
                let is_otherwise = if slow.is_slow { who.fill < CALM } else { is_full };
                slow.looks = if is_otherwise { slow.looks + 1 } else { 0 };
                if slow.looks < LOOKS {
                    if !slow.is_slow && slow.looks == 0 {
                        self.slow.remove(&key);
                    }
                    continue;
                }
                (slow.is_slow, slow.looks) = (!slow.is_slow, 0);
                let named = who.named(component);
                let what = if slow.is_slow { What::Slow(named) } else { What::CaughtUp(named) };
                if !slow.is_slow {
                    self.slow.remove(&key);
                }
                facts.push(Fact { system: id, what });
            }
        }
    }

    fn look_at_rates(&mut self, known: &[(SystemId, &SeenSystem)], now_ns: u64, facts: &mut Vec<Fact>) {
        self.rates.retain(|system, _| known.iter().any(|(known, _)| known == system));
        for &(id, system) in known {
            let now = system.rate;
            let rate = self.rates.entry(id).or_insert(Rate { told: now, told_at_ns: now_ns, looks: 0 });
            let is_little = now.max(rate.told) < RATE_MIN;
            let is_otherwise = !is_little && (now >= rate.told * FACTOR || now * FACTOR <= rate.told);
            rate.looks = if is_otherwise { rate.looks.saturating_add(1) } else { 0 };
            if rate.looks >= LOOKS && now_ns.saturating_sub(rate.told_at_ns) >= RATE_PAUSE_NS {
                facts.push(Fact { system: id, what: What::Rate { from: rate.told, to: now } });
                *rate = Rate { told: now, told_at_ns: now_ns, looks: 0 };
            } else if !is_otherwise {
                rate.told += (now - rate.told) * FORGET;
            }
        }
    }

    fn look_at_problems<'a>(&mut self, problems: impl Iterator<Item = &'a Problem> + Clone, facts: &mut Vec<Fact>) {
        let now: HashSet<Key> = problems.clone().map(key).collect();
        for problem in problems {
            let is_told_here = OWN_KINDS.contains(&problem.kind.as_str()) || problem.severity < Severity::Warning;
            let key = key(problem);
            if !is_told_here && !self.problems.contains(&key) {
                let (system, kind, component) = key;
                let what = What::Problem { kind, sentence: problem.sentence.clone(), component };
                facts.push(Fact { system, what });
            }
        }
        self.problems = now;
    }
}

fn key(problem: &Problem) -> Key {
    (problem.system, problem.kind.clone(), problem.components.first().copied())
}
