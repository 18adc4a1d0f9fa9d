//! What is wrong: one lint a file, each a question to the model and to its short past.
//!
//! A pass looks at every postbox once (`survey.rs`), asks the lints in order of how sure they are, and tells each trouble
//! once: what one lint has named, whether as culprit or as victim, the later ones leave alone.

mod past;
mod survey;
mod told;
mod waits;
mod ways;
mod words;

mod circle;
mod dropped;
mod failed;
mod finished;
mod silent;
mod slow;
mod starved;
mod stuck;
mod unexpected;
mod vanished;

#[cfg(test)]
mod tests;

use crate::id::{ComponentId, LinkageId, PostboxId, SystemId};
use crate::model::Model;
use crate::status::{Staleness, Status};
use crate::system::System;
use crate::wiring::Wiring;

use past::{Past, SystemPast};
use survey::Survey;
use told::Told;

/// How many problems are told of, of a system and of all together: the worst.
pub const MOST_PROBLEMS: usize = 1_000;
/// How many ids of one kind a problem names.
const MOST_NAMED: usize = 256;

/// Something wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problem {
    /// Where.
    pub system: SystemId,
    /// How bad.
    pub severity: Severity,
    /// A short fixed word for the kind of problem.
    pub kind: String,
    /// One plain sentence.
    pub sentence: String,
    /// The figures that show it.
    pub evidence: String,
    /// What it touches, the culprit first; of a circle all its members, in its order.
    pub components: Vec<ComponentId>,
    /// What it touches.
    pub postboxes: Vec<PostboxId>,
    /// What it touches: the way of a blocked chain or of a circle.
    pub linkages: Vec<LinkageId>,
}

/// How bad a problem is, from the mildest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    #[default]
    Note,
    /// Something is not as it should be.
    Warning,
    /// Something does not work.
    Error,
}

/// What a pass found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosis {
    /// The worst first; those of a kind stay in the order of systems.
    pub problems: Vec<Problem>,
    /// Some of it depends on the time that passes, so that another look finds other figures, or more.
    pub ripens: bool,
}

/// Looks for problems, and remembers from look to look what the model does not: since when an inbox has been full, how
/// often something was started again. Bounded, whatever programs do.
#[derive(Default)]
pub struct Lints {
    past: Past,
    expected: Vec<Wiring>,
}

impl Lints {
    /// Expects these wirings of the systems they name.
    pub fn expecting(expected: Vec<Wiring>) -> Lints {
        Lints { expected, ..Lints::default() }
    }

    /// Looks at all systems. To be called about once a second while anything happens; `now_ns` is of the clock that the
    /// model is told.
    pub fn look(&mut self, model: &Model, now_ns: u64) -> Diagnosis {
        let mut diagnosis = Diagnosis::default();
        self.past.forget_all_but(model);
        for system in model.systems() {
            let mut all = Vec::new();
            let found = &mut all;
            vanished::find(model, system, now_ns, found);
            // What has gone neither waits nor fills up any more, and what is not told of in full is not judged.
            match system.status() {
                Status::Live | Status::Stale(Staleness::Renewing) => {
                    let past = self.past.of(system.id());
                    diagnosis.ripens |= look_into(system, past, now_ns, found);
                    diagnosis.ripens |= unexpected::find(system, &self.expected, past, now_ns, found);
                }
                Status::Stale(_) => diagnosis.ripens = true,
                Status::Lost { .. } | Status::Left { .. } => {}
            }
            // No system takes the room of another.
            all.truncate(MOST_PROBLEMS);
            diagnosis.problems.append(&mut all);
        }
        diagnosis.ripens |= !diagnosis.problems.is_empty();
        // What nobody will ever end by himself comes first.
        let is_final = |problem: &Problem| problem.kind == circle::KIND;
        diagnosis.problems.sort_by_key(|problem| std::cmp::Reverse((problem.severity, is_final(problem))));
        diagnosis.problems.truncate(MOST_PROBLEMS);
        diagnosis
    }
}

/// True when another look may find more.
fn look_into(system: &System, past: &mut SystemPast, now_ns: u64, found: &mut Vec<Problem>) -> bool {
    let survey = Survey::of(system);
    past.note(&survey, now_ns);
    let mut told = Told::default();
    let waits = waits::Waits::of(&survey, past);
    failed::find(&survey, past, &mut told, found);
    circle::find(&waits, &mut told, found);
    stuck::find(&survey, &waits, past, &mut told, found);
    finished::find(&survey, past, &mut told, found);
    slow::find(&survey, &waits, past, &mut told, found);
    silent::find(&survey, past, &mut told, found);
    starved::find(&survey, &waits, past, &mut told, found);
    dropped::find(&survey, &told, found);
    survey.ripens()
}

/// Whether more of a system would not be told.
fn is_enough(found: &[Problem]) -> bool {
    found.len() >= MOST_PROBLEMS
}

/// A problem of this system, with what it touches still to be said.
fn problem(system: &System, severity: Severity, kind: &str, sentence: String, evidence: String) -> Problem {
    Problem { system: system.id(), severity, kind: kind.to_owned(), sentence, evidence, ..Problem::default() }
}
