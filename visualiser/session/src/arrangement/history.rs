//! The way back: steps that can be undone and done again, with where everything was.

use std::collections::VecDeque;
use std::sync::Arc;

use axonscope_layout::Style;

use super::{Holder, Name, Restored};
use crate::places::Places;

/// How many steps are kept.
const STEPS: usize = 100;
/// How many places all steps keep together; older steps than these put back pins, folds and shifts only.
const PLACES: usize = 1_000_000;

/// Done before, and undone since.
#[derive(Debug, Default)]
pub(super) struct History {
    done: VecDeque<Step>,
    undone: Vec<Step>,
    /// The last step may go on.
    is_open: bool,
}

/// What a person did at once.
#[derive(Debug)]
struct Step {
    edits: Vec<Edit>,
    style: Style,
    /// Where everything was: before the step while it is done, after it while it is undone.
    places: Option<Arc<Places>>,
}

/// One change of one desk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edit {
    pub(super) desk: Name,
    pub(super) what: What,
}

/// What it was before and after.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Pin(Whose, Option<[f32; 3]>, Option<[f32; 3]>),
    Fold(Whose, Option<bool>, Option<bool>),
    Shift([f32; 2], [f32; 2]),
    Rearranged,
}

/// A component, for now and for the next instance of its program.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Whose {
    pub(super) path: String,
    pub(super) holder: Holder,
}

impl Edit {
    pub(super) fn reversed(&self) -> Edit {
        let what = match self.what.clone() {
            What::Pin(whose, before, after) => What::Pin(whose, after, before),
            What::Fold(whose, before, after) => What::Fold(whose, after, before),
            What::Shift(before, after) => What::Shift(after, before),
            What::Rearranged => What::Rearranged,
        };
        Edit { desk: self.desk.clone(), what }
    }

    /// Takes over what another one did to the same thing afterwards; false if that was something else.
    fn go_on(&mut self, next: &Edit) -> bool {
        if self.desk != next.desk {
            return false;
        }
        match (&mut self.what, &next.what) {
            (What::Pin(one, _, after), What::Pin(other, _, newer)) if one == other => *after = *newer,
            (What::Shift(_, after), What::Shift(_, newer)) => *after = *newer,
            _ => return false,
        }
        true
    }
}

impl History {
    /// A step, or more of the last one if that is about the same thing and is not finished.
    pub(super) fn add(&mut self, edit: Edit, style: Style, before: &Arc<Places>) {
        self.undone.clear();
        let goes_on = self.is_open
            && self.done.back_mut().is_some_and(|step| match &mut step.edits[..] {
                [only] => only.go_on(&edit),
                _ => false,
            });
        if !goes_on {
            self.push(edit, style, before);
        }
    }

    /// More of the last step, if that is not finished, whatever it is about.
    pub(super) fn add_to_last(&mut self, edit: Edit, style: Style, before: &Arc<Places>) {
        self.undone.clear();
        match self.done.back_mut().filter(|_| self.is_open) {
            Some(step) => step.edits.push(edit),
            None => self.push(edit, style, before),
        }
    }

    /// What comes is a step of its own.
    pub(super) fn finish(&mut self) {
        self.is_open = false;
    }

    /// The edits to take back, the last one last.
    pub(super) fn undo(&mut self, style: Style, now: &Arc<Places>) -> Option<(Vec<Edit>, Restored)> {
        self.finish();
        let mut step = self.done.pop_back()?;
        let restored = step.swap(style, now);
        let edits = step.edits.clone();
        self.undone.push(step);
        Some((edits, restored))
    }

    /// The edits to do again, the first one first.
    pub(super) fn redo(&mut self, style: Style, now: &Arc<Places>) -> Option<(Vec<Edit>, Restored)> {
        self.finish();
        let mut step = self.undone.pop()?;
        let restored = step.swap(style, now);
        let edits = step.edits.clone();
        self.done.push_back(step);
        Some((edits, restored))
    }

    fn push(&mut self, edit: Edit, style: Style, before: &Arc<Places>) {
        if self.done.len() == STEPS {
            self.done.pop_front();
        }
        self.done.push_back(Step { edits: vec![edit], style, places: Some(before.clone()) });
        self.is_open = true;
        let mut kept = 0;
        for step in self.done.iter_mut().rev() {
            kept += step.places.as_ref().map_or(0, |places| count(places));
            if kept > PLACES {
                step.places = None;
            }
        }
    }
}

impl Step {
    /// Hands out where everything was on the other side of the step, and keeps where it is on this one.
    fn swap(&mut self, style: Style, now: &Arc<Places>) -> Restored {
        let restored = Restored { style: self.style, places: self.places.take() };
        // Without the one there is no way back to the other either.
        if restored.places.is_some() && style == self.style {
            self.places = Some(now.clone());
        }
        restored
    }
}

fn count(places: &Places) -> usize {
    places.systems.iter().map(|system| system.places.len()).sum()
}

#[cfg(test)]
mod tests {
    use axonscope_model::{ComponentId, SystemId};

    use super::*;

    fn pin(component: u64, before: f32, after: f32) -> Edit {
        let whose = Whose { path: component.to_string(), holder: (SystemId(1), ComponentId(component)) };
        Edit { desk: Name::default(), what: What::Pin(whose, Some([before; 3]), Some([after; 3])) }
    }

    #[test]
    fn a_drag_is_one_step_until_it_is_finished() {
        let (mut history, places) = (History::default(), Arc::default());
        for at in 0..50u8 {
            history.add(pin(1, f32::from(at), f32::from(at) + 1.0), Style::Force, &places);
        }
        history.finish();
        history.add(pin(1, 50.0, 60.0), Style::Force, &places);
        history.add(pin(2, 0.0, 1.0), Style::Force, &places);
        let undone: Vec<Vec<Edit>> =
            std::iter::from_fn(|| history.undo(Style::Force, &places)).map(|(edits, _)| edits).collect();
        assert_eq!(undone, [vec![pin(2, 0.0, 1.0)], vec![pin(1, 50.0, 60.0)], vec![pin(1, 0.0, 50.0)]]);
    }

    #[test]
    fn steps_are_bounded_and_a_new_one_forgets_what_was_undone() {
        let (mut history, places) = (History::default(), Arc::default());
        for component in 0..250 {
            history.add(pin(component, 0.0, 1.0), Style::Force, &places);
        }
        assert_eq!(history.done.len(), STEPS);
        assert!(history.undo(Style::Force, &places).is_some());
        history.add(pin(1, 0.0, 1.0), Style::Force, &places);
        assert!(history.redo(Style::Force, &places).is_none());
        assert_eq!(history.done.len(), STEPS);
    }

    #[test]
    fn undoing_gives_back_the_places_of_before_and_redoing_those_of_after() {
        let places = |moving| Arc::new(Places { systems: Vec::new(), moving });
        let (before, after) = (places(false), places(true));
        let mut history = History::default();
        history.add(pin(1, 0.0, 1.0), Style::Force, &before);
        let given = |restored: Option<(Vec<Edit>, Restored)>| restored.and_then(|(_, restored)| restored.places);
        assert!(given(history.undo(Style::Force, &after)).is_some_and(|places| Arc::ptr_eq(&places, &before)));
        assert!(given(history.redo(Style::Force, &before)).is_some_and(|places| Arc::ptr_eq(&places, &after)));
    }

    #[test]
    fn old_steps_keep_no_places_when_that_would_be_too_many() {
        let system = crate::places::SystemPlaces { places: vec![Default::default(); PLACES / 3], ..Default::default() };
        let places = Arc::new(Places { systems: vec![Arc::new(system)], moving: false });
        let mut history = History::default();
        for component in 0..5 {
            history.add(pin(component, 0.0, 1.0), Style::Force, &places);
        }
        assert_eq!(history.done.iter().filter(|step| step.places.is_some()).count(), 3);
    }
}
