//! What a person arranged: pins, folds and shifted systems, by stable names, so that a program that starts anew finds them
//! again; and the way back.

pub(crate) mod file;
mod history;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axonscope_layout::Style;
use axonscope_model::{ComponentId, ComponentRef, System, SystemId};

use crate::places::Places;
use history::{Edit, History, What, Whose};

/// How many components of a system may be marked. The oldest mark goes for one too many.
const MARKS_PER_SYSTEM: usize = 4096;

/// What stays the same when a program starts anew.
type Name = (String, u32);

/// Who was marked, as long as the program runs.
type Holder = (SystemId, ComponentId);

/// Everything a person arranged.
#[derive(Debug, Default)]
pub(crate) struct Arrangement {
    desks: BTreeMap<Name, Desk>,
    history: History,
}

/// What a person arranged in one system.
#[derive(Debug, Default)]
struct Desk {
    marks: Vec<Mark>,
    shift: [f32; 2],
    version: u64,
    /// When it was changed last, in seconds since 1970.
    touched_secs: u64,
    /// The file does not have it yet.
    is_unsaved: bool,
}

/// What a person wants of one component.
#[derive(Clone, Debug, Default)]
struct Mark {
    /// Siblings may have the same name, so that several marks may have the same path.
    path: String,
    /// Who is marked by it now.
    holder: Option<Holder>,
    /// In the system's own coordinates.
    pin: Option<[f32; 3]>,
    /// Closed, or open.
    fold: Option<bool>,
}

impl Mark {
    fn is_empty(&self) -> bool {
        self.pin.is_none() && self.fold.is_none()
    }
}

/// Where undoing or redoing puts things back to.
pub(crate) struct Restored {
    /// How things were arranged then.
    pub(crate) style: Style,
    /// Where they were.
    pub(crate) places: Option<Arc<Places>>,
}

fn name(system: &System) -> Name {
    (system.name().to_owned(), system.ordinal())
}

fn now_secs() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

impl Desk {
    fn touch(&mut self) {
        self.version += 1;
        self.touched_secs = now_secs();
        self.is_unsaved = true;
    }

    /// The mark that an edit was about: of the same component, else one of its path that says what the edit expects.
    fn find(&self, whose: &Whose, expected: impl Fn(&Mark) -> bool) -> Option<usize> {
        let held = self.marks.iter().position(|mark| mark.holder == Some(whose.holder));
        held.or_else(|| self.marks.iter().position(|mark| mark.path == whose.path && expected(mark)))
    }

    /// Changes the mark, which is made where there is none, and forgotten when it says nothing any more.
    fn write(&mut self, whose: &Whose, expected: impl Fn(&Mark) -> bool, change: impl FnOnce(&mut Mark)) {
        self.touch();
        let index = self.find(whose, expected).unwrap_or_else(|| {
            if self.marks.len() == MARKS_PER_SYSTEM {
                self.marks.remove(0);
            }
            self.marks.push(Mark { path: whose.path.clone(), holder: Some(whose.holder), ..Mark::default() });
            self.marks.len() - 1
        });
        change(&mut self.marks[index]);
        if self.marks[index].is_empty() {
            self.marks.remove(index);
        }
    }

    fn mark_of(&self, holder: Holder) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.holder == Some(holder))
    }

    /// Gives marks that nobody holds to components of their paths: to the first of a path the oldest mark.
    fn find_holders(&mut self, system: &System) {
        let is_held = |mark: &Mark| {
            mark.holder.is_some_and(|(of, component)| of == system.id() && system.component(component).is_some())
        };
        let mut free: HashMap<String, Vec<usize>> = HashMap::new();
        // From the newest, as the last of a list is taken first.
        for (index, mark) in self.marks.iter().enumerate().rev().filter(|(_, mark)| !is_held(mark)) {
            free.entry(mark.path.clone()).or_default().push(index);
        }
        if free.is_empty() {
            return;
        }
        // Paths are made for few: only the last name is compared first.
        let last_names: Vec<&str> = free.keys().filter_map(|path| path.rsplit(" / ").next()).collect();
        let candidates: Vec<ComponentRef<'_>> = system
            .tree()
            .filter(|component| last_names.iter().any(|last| component.name().ends_with(last)))
            .filter(|component| self.mark_of((system.id(), component.id())).is_none())
            .collect();
        for component in candidates {
            if let Some(index) = free.get_mut(&component.path()).and_then(Vec::pop) {
                self.marks[index].holder = Some((system.id(), component.id()));
            }
        }
    }
}

impl Arrangement {
    // === impl changes ===

    /// Holds the component there, in the system's own coordinates, or lets it go. What follows about the same component
    /// belongs to the same step, until [`Arrangement::finish_step`]. `before` is where everything is now.
    pub(crate) fn pin(
        &mut self,
        component: ComponentRef<'_>,
        at: Option<[f32; 3]>,
        style: Style,
        before: &Arc<Places>,
    ) {
        let (desk, whose) = self.desk_of(component);
        let was = desk.mark_of(whose.holder).and_then(|mark| mark.pin);
        if was == at {
            return;
        }
        desk.write(&whose, |_| false, |mark| mark.pin = at);
        let edit = Edit { desk: name(component.system()), what: What::Pin(whose, was, at) };
        self.history.add(edit, style, before);
    }

    /// Keeps composites closed or open, or leaves them to the zoom: all of them in one step.
    pub(crate) fn fold<'a>(
        &mut self,
        some: impl IntoIterator<Item = (ComponentRef<'a>, Option<bool>)>,
        style: Style,
        before: &Arc<Places>,
    ) {
        self.history.finish();
        for (component, closed) in some {
            let (desk, whose) = self.desk_of(component);
            let was = desk.mark_of(whose.holder).and_then(|mark| mark.fold);
            if was != closed {
                desk.write(&whose, |_| false, |mark| mark.fold = closed);
                let edit = Edit { desk: name(component.system()), what: What::Fold(whose, was, closed) };
                self.history.add_to_last(edit, style, before);
            }
        }
        self.history.finish();
    }

    /// Moves a whole system by so much.
    pub(crate) fn shift(&mut self, system: &System, by: [f32; 2], style: Style, before: &Arc<Places>) {
        let desk = self.desks.entry(name(system)).or_default();
        let was = desk.shift;
        let shifted = [was[0] + by[0], was[1] + by[1]];
        if shifted == was || !shifted.iter().all(|side| side.is_finite()) {
            return;
        }
        desk.touch();
        desk.shift = shifted;
        let edit = Edit { desk: name(system), what: What::Shift(was, shifted) };
        self.history.add(edit, style, before);
    }

    /// Everything is about to be arranged again.
    pub(crate) fn rearrange(&mut self, style: Style, before: &Arc<Places>) {
        self.history.finish();
        self.history.add(Edit { desk: Name::default(), what: What::Rearranged }, style, before);
        self.history.finish();
    }

    /// What comes is a step of its own.
    pub(crate) fn finish_step(&mut self) {
        self.history.finish();
    }

    /// Takes the last step back; none if there is none. `now` is where everything is.
    pub(crate) fn undo(&mut self, style: Style, now: &Arc<Places>) -> Option<Restored> {
        let (edits, restored) = self.history.undo(style, now)?;
        for edit in edits.iter().rev() {
            self.apply(&edit.reversed());
        }
        Some(restored)
    }

    /// Does again what was undone last; none if there is none.
    pub(crate) fn redo(&mut self, style: Style, now: &Arc<Places>) -> Option<Restored> {
        let (edits, restored) = self.history.redo(style, now)?;
        for edit in &edits {
            self.apply(edit);
        }
        Some(restored)
    }

    fn apply(&mut self, edit: &Edit) {
        let desk = self.desks.entry(edit.desk.clone()).or_default();
        match &edit.what {
            What::Pin(whose, was, at) => desk.write(whose, |mark| mark.pin == *was, |mark| mark.pin = *at),
            What::Fold(whose, was, closed) => desk.write(whose, |mark| mark.fold == *was, |mark| mark.fold = *closed),
            What::Shift(_, shift) => {
                desk.touch();
                desk.shift = *shift;
            }
            What::Rearranged => {}
        }
    }

    fn desk_of(&mut self, component: ComponentRef<'_>) -> (&mut Desk, Whose) {
        let system = component.system();
        let whose = Whose { path: component.path(), holder: (system.id(), component.id()) };
        (self.desks.entry(name(system)).or_default(), whose)
    }

    // === impl questions ===

    /// How far a system was moved from where it would be.
    pub(crate) fn shift_of(&self, system: &System) -> [f32; 2] {
        self.desks.get(&name(system)).map_or([0.0; 2], |desk| desk.shift)
    }

    /// Rises when something of the system was arranged.
    pub(crate) fn version_of(&self, system: &System) -> u64 {
        self.desks.get(&name(system)).map_or(0, |desk| desk.version)
    }

    /// The pins that hold in the system as it is now. A mark whose component has gone is for the first one of the same path
    /// that has no other.
    pub(crate) fn pins_of(&mut self, system: &System) -> HashMap<ComponentId, [f32; 3]> {
        self.wanted_of(system, |mark| mark.pin)
    }

    /// The composites of the system that are kept closed or open.
    pub(crate) fn folds_of(&mut self, system: &System) -> HashMap<ComponentId, bool> {
        self.wanted_of(system, |mark| mark.fold)
    }

    fn wanted_of<T>(&mut self, system: &System, wanted: impl Fn(&Mark) -> Option<T>) -> HashMap<ComponentId, T> {
        let Some(desk) = self.desks.get_mut(&name(system)) else { return HashMap::new() };
        desk.find_holders(system);
        let held = desk.marks.iter().filter_map(|mark| {
            let (of, component) = mark.holder?;
            (of == system.id() && system.component(component).is_some()).then_some(())?;
            Some((component, wanted(mark)?))
        });
        held.collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axonscope_model::{Change, Hello, Limits, Model, NewComponent};

    use super::*;

    fn system(model: &mut Model, instance: u8, names: &[&str]) -> SystemId {
        let hello = Hello { instance: [instance; 16], name: "chat".to_owned(), ..Hello::default() };
        let id = model.connect(hello, 1).unwrap();
        for (name, component) in names.iter().zip(1..) {
            let new = NewComponent { id: ComponentId(component), name: (*name).to_owned(), ..NewComponent::default() };
            let _ = model.apply(id, Change::ComponentAdded(new));
        }
        id
    }

    fn of(model: &Model, system: SystemId, component: u64) -> ComponentRef<'_> {
        model.system(system).unwrap().component(ComponentId(component)).unwrap()
    }

    fn pin(arrangement: &mut Arrangement, component: ComponentRef<'_>, at: Option<[f32; 3]>) {
        arrangement.pin(component, at, Style::Force, &Arc::default());
    }

    fn undo(arrangement: &mut Arrangement) -> bool {
        arrangement.undo(Style::Force, &Arc::default()).is_some()
    }

    fn redo(arrangement: &mut Arrangement) -> bool {
        arrangement.redo(Style::Force, &Arc::default()).is_some()
    }

    #[test]
    fn a_pin_finds_the_component_of_the_same_path_in_the_next_instance() {
        let mut model = Model::new(Limits::default());
        let mut arrangement = Arrangement::default();
        let first = system(&mut model, 1, &["reader", "writer"]);
        pin(&mut arrangement, of(&model, first, 2), Some([1.0, 2.0, 0.0]));
        model.disconnect(first, None, 2);
        let second = system(&mut model, 2, &["filter", "reader", "writer"]);
        let pins = arrangement.pins_of(model.system(second).unwrap());
        assert_eq!(pins, HashMap::from([(ComponentId(3), [1.0, 2.0, 0.0])]));
    }

    #[test]
    fn each_of_several_siblings_of_one_name_keeps_its_own_pin() {
        let mut model = Model::new(Limits::default());
        let mut arrangement = Arrangement::default();
        let first = system(&mut model, 1, &["handler", "handler", "handler"]);
        for id in 1..=3 {
            pin(&mut arrangement, of(&model, first, id), Some([id as f32, 0.0, 0.0]));
        }
        let pins = arrangement.pins_of(model.system(first).unwrap());
        assert_eq!(pins.len(), 3);
        assert_eq!(pins[&ComponentId(2)], [2.0, 0.0, 0.0]);
        pin(&mut arrangement, of(&model, first, 2), None);
        assert_eq!(arrangement.pins_of(model.system(first).unwrap()).len(), 2);
    }

    #[test]
    fn pins_are_bounded() {
        let mut model = Model::new(Limits::default());
        let mut arrangement = Arrangement::default();
        let names = vec!["x"; MARKS_PER_SYSTEM + 10];
        let id = system(&mut model, 1, &names);
        for component in model.system(id).unwrap().components() {
            pin(&mut arrangement, component, Some([0.0; 3]));
        }
        assert_eq!(arrangement.pins_of(model.system(id).unwrap()).len(), MARKS_PER_SYSTEM);
    }

    #[test]
    fn what_is_undone_is_as_before_and_what_is_done_again_as_after() {
        let mut model = Model::new(Limits::default());
        let mut arrangement = Arrangement::default();
        let id = system(&mut model, 1, &["reader", "writer"]);
        let places = Arc::default();
        let seen = |arrangement: &mut Arrangement| {
            let system = model.system(id).unwrap();
            (arrangement.pins_of(system), arrangement.folds_of(system), arrangement.shift_of(system))
        };
        let mut states = vec![seen(&mut arrangement)];
        pin(&mut arrangement, of(&model, id, 1), Some([1.0; 3]));
        states.push(seen(&mut arrangement));
        arrangement.fold([1, 2].map(|n| (of(&model, id, n), Some(true))), Style::Force, &places);
        states.push(seen(&mut arrangement));
        arrangement.shift(model.system(id).unwrap(), [5.0, 0.0], Style::Force, &places);
        states.push(seen(&mut arrangement));
        arrangement.finish_step();
        pin(&mut arrangement, of(&model, id, 1), None);
        states.push(seen(&mut arrangement));
        for state in states.iter().rev().skip(1) {
            assert!(undo(&mut arrangement));
            assert_eq!(seen(&mut arrangement), *state);
        }
        assert!(!undo(&mut arrangement));
        for state in &states[1..] {
            assert!(redo(&mut arrangement));
            assert_eq!(seen(&mut arrangement), *state);
        }
        assert!(!redo(&mut arrangement));
    }

    #[test]
    fn a_step_can_be_undone_after_the_program_has_started_anew() {
        let mut model = Model::new(Limits::default());
        let mut arrangement = Arrangement::default();
        let first = system(&mut model, 1, &["reader", "writer"]);
        pin(&mut arrangement, of(&model, first, 2), Some([1.0; 3]));
        model.disconnect(first, None, 2);
        let second = system(&mut model, 2, &["filter", "reader", "writer"]);
        assert_eq!(arrangement.pins_of(model.system(second).unwrap()).len(), 1);
        assert!(undo(&mut arrangement));
        assert!(arrangement.pins_of(model.system(second).unwrap()).is_empty());
    }

    #[test]
    fn what_is_kept_holds_in_another_session() {
        let mut model = Model::new(Limits::default());
        let id = system(&mut model, 1, &["reader", "writer"]);
        let mut arrangement = Arrangement::default();
        pin(&mut arrangement, of(&model, id, 2), Some([1.5, -2.0, 0.0]));
        arrangement.fold([(of(&model, id, 1), Some(false))], Style::Force, &Arc::default());
        let text = file::merged(Vec::new(), &arrangement.take_unsaved());
        assert!(arrangement.take_unsaved().is_empty());
        let mut next = Arrangement::default();
        next.take_in(file::parse(&text).0, false);
        let system = model.system(id).unwrap();
        assert_eq!(next.pins_of(system), HashMap::from([(ComponentId(2), [1.5, -2.0, 0.0])]));
        assert_eq!(next.folds_of(system), HashMap::from([(ComponentId(1), false)]));
    }
}
