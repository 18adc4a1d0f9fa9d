//! A system that is gone without a farewell, until its restart is there.

use crate::display;
use crate::model::Model;
use crate::status::Status;
use crate::system::System;

use super::{Problem, Severity, problem};

/// How long a name may be in a sentence.
const NAME_CHARS: usize = 64;

pub(super) fn find(model: &Model, system: &System, now_ns: u64, found: &mut Vec<Problem>) {
    let Status::Lost { at_ns } = system.status() else { return };
    // A restart takes the place of the one that died, which is that of its name and ordinal.
    let is_back = model.systems().any(|other| {
        other.status().is_connected() && other.name() == system.name() && other.ordinal() == system.ordinal()
    });
    if is_back {
        return;
    }
    let sentence = format!("{} vanished without a farewell.", display::label(&system.title(), NAME_CHARS));
    let evidence = format!(
        "its stream ended {} ago, after {}",
        display::duration_ns(now_ns.saturating_sub(*at_ns)),
        display::duration_ns(system.uptime_ns()),
    );
    found.push(problem(system, Severity::Error, "lost-system", sentence, evidence));
}
