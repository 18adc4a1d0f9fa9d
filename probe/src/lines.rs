//! Log lines on their way to whoever listens: a component says a few a second, and what it says beyond is counted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axonscope_proto::limits::STRING_BYTES;

use crate::aside::{Aside, Lane, Level, Line, Whose};

/// Lines a second of one component.
pub(crate) const LINES_PER_COMPONENT: u32 = 10;
/// Lines a second of all.
pub(crate) const LINES: u32 = 200;
/// Components whose silence is remembered from one second to the next.
const REMEMBERED: usize = 1024;

/// Where lines are said.
#[derive(Debug)]
pub(crate) struct Lines {
    lanes: Vec<Arc<Lane>>,
    gate: Mutex<Gate>,
    /// Running total of lines that were too many.
    left_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Gate {
    second: u64,
    said: u32,
    components: HashMap<u64, Said>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Said {
    said: u32,
    skipped: u64,
}

impl Lines {
    pub(crate) fn new(lanes: Vec<Arc<Lane>>) -> Self {
        Self { lanes, gate: Mutex::default(), left_out: AtomicU64::new(0) }
    }

    pub(crate) fn lane(&self, place: usize) -> Arc<Lane> {
        self.lanes[place].clone()
    }

    /// Running total of lines that were too many.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.lanes.iter().any(|lane| lane.is_keeping())
    }

    /// Says what `text` makes, at most 1 KiB of it, if somebody listens and the component has not said too much already.
    pub(crate) fn say(&self, now: u64, component: Whose, parent: Whose, level: Level, text: impl FnOnce() -> String) {
        if !self.is_heard() {
            return;
        }
        let admitted = self.gate.lock().unwrap_or_else(PoisonError::into_inner).admit(now, component.id());
        let Some(skipped) = admitted else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mut text = text();
        text.truncate(text.floor_char_boundary(STRING_BYTES));
        let line = Line { component, parent, level, text, skipped };
        for lane in self.lanes.iter().filter(|lane| lane.is_keeping()) {
            lane.push(now, Aside::Line(line.clone()));
        }
    }
}

impl Gate {
    /// How many lines of this component were left out before; none if this one is left out too.
    fn admit(&mut self, now: u64, component: u64) -> Option<u64> {
        let second = now / 1_000_000_000;
        if second != self.second {
            self.second = second;
            self.said = 0;
            if self.components.len() > REMEMBERED {
                self.components.clear();
            }
            self.components.retain(|_, said| said.skipped > 0);
            self.components.values_mut().for_each(|said| said.said = 0);
        }
        // All that were too many at once share one entry.
        let key = if self.components.len() > 2 * REMEMBERED { 0 } else { component };
        let said = self.components.entry(key).or_default();
        if said.said >= LINES_PER_COMPONENT || self.said >= LINES {
            said.skipped += 1;
            return None;
        }
        said.said += 1;
        self.said += 1;
        Some(std::mem::take(&mut said.skipped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_component_says_so_many_lines_a_second_and_then_how_many_it_did_not() {
        let mut gate = Gate::default();
        let said = (0..100).filter(|_| gate.admit(SECOND, 1).is_some()).count();
        assert_eq!(said, LINES_PER_COMPONENT as usize);
        assert_eq!(gate.admit(SECOND, 2), Some(0), "another is not silenced by it");
        assert_eq!(gate.admit(2 * SECOND, 1), Some(100 - u64::from(LINES_PER_COMPONENT)));
        assert_eq!(gate.admit(2 * SECOND, 1), Some(0));
    }

    #[test]
    fn all_together_say_so_many_lines_a_second() {
        let mut gate = Gate::default();
        let said = (0..1_000).filter(|component| gate.admit(SECOND, *component).is_some()).count();
        assert_eq!(said, LINES as usize);
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut gate = Gate::default();
        for component in 0..100_000 {
            gate.admit(SECOND, component);
        }
        assert!(gate.components.len() <= 2 * REMEMBERED + 2);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let lane = Arc::new(Lane::new(100_000));
        lane.set_keeping(true);
        let lines = Lines::new(vec![lane]);
        for _ in 0..100 {
            lines.say(SECOND, Whose::Told(7), Whose::System, Level::Warn, String::new);
        }
        assert_eq!(lines.left_out(), 100 - u64::from(LINES_PER_COMPONENT));
    }

    #[test]
    fn a_long_line_is_cut() {
        let lane = Arc::new(Lane::new(100_000));
        lane.set_keeping(true);
        let lines = Lines::new(vec![lane.clone()]);
        lines.say(1, Whose::Told(7), Whose::System, Level::Warn, || "é".repeat(STRING_BYTES));
        let Some((1, Aside::Line(line))) = lane.take().pop_front() else { panic!("no line") };
        assert_eq!((line.component, line.text.len()), (Whose::Told(7), STRING_BYTES));
    }
}
