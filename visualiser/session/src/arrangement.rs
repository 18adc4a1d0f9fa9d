//! What a person moved: pins and shifted systems, by stable names, so that a program that starts anew finds them again.

use std::collections::HashMap;

use axonscope_model::{ComponentId, ComponentRef, System, SystemId};

/// How many pins are kept. The oldest of a system goes for one too many.
const PINS_PER_SYSTEM: usize = 4096;

/// What stays the same when a program starts anew.
type Name = (String, u32);

/// Everything a person moved.
#[derive(Debug, Default)]
pub(crate) struct Arrangement {
    desks: HashMap<Name, Desk>,
}

/// What a person moved in one system.
#[derive(Debug, Default)]
struct Desk {
    pins: Vec<Pin>,
    shift: [f32; 2],
    version: u64,
}

#[derive(Debug)]
struct Pin {
    /// Siblings may have the same name, so that several pins may have the same path.
    path: String,
    /// In the system's own coordinates.
    at: [f32; 3],
    /// Who is held by it now.
    holder: Option<(SystemId, ComponentId)>,
}

fn name(system: &System) -> Name {
    (system.name().to_owned(), system.ordinal())
}

impl Arrangement {
    /// Holds the component there, in the system's own coordinates, or lets it go.
    pub(crate) fn pin(&mut self, component: ComponentRef<'_>, at: Option<[f32; 3]>) {
        let system = component.system();
        let desk = self.desks.entry(name(system)).or_default();
        desk.version += 1;
        let holder = Some((system.id(), component.id()));
        let known = desk.pins.iter().position(|pin| pin.holder == holder);
        match (known, at) {
            (Some(index), Some(at)) => desk.pins[index].at = at,
            (Some(index), None) => drop(desk.pins.remove(index)),
            (None, Some(at)) => {
                if desk.pins.len() == PINS_PER_SYSTEM {
                    desk.pins.remove(0);
                }
                desk.pins.push(Pin { path: component.path(), at, holder });
            }
            (None, None) => {}
        }
    }

    /// Moves a whole system by so much.
    pub(crate) fn shift(&mut self, system: &System, by: [f32; 2]) {
        let desk = self.desks.entry(name(system)).or_default();
        desk.version += 1;
        desk.shift = [desk.shift[0] + by[0], desk.shift[1] + by[1]];
    }

    /// How far a system was moved from where it would be.
    pub(crate) fn shift_of(&self, system: &System) -> [f32; 2] {
        self.desks.get(&name(system)).map_or([0.0; 2], |desk| desk.shift)
    }

    /// Rises when something of the system was moved.
    pub(crate) fn version_of(&self, system: &System) -> u64 {
        self.desks.get(&name(system)).map_or(0, |desk| desk.version)
    }

    /// The pins that hold in the system as it is now. A pin whose component has gone holds the first one of the same path
    /// that no other pin holds.
    pub(crate) fn pins_of(&mut self, system: &System) -> HashMap<ComponentId, [f32; 3]> {
        let mut held = HashMap::new();
        let Some(desk) = self.desks.get_mut(&name(system)) else { return held };
        let mut free: HashMap<String, Vec<usize>> = HashMap::new();
        // From the newest, as the last of a list is taken first.
        for (index, pin) in desk.pins.iter().enumerate().rev() {
            match pin.holder {
                Some((of, component)) if of == system.id() && system.component(component).is_some() => {
                    held.insert(component, pin.at);
                }
                _ => free.entry(pin.path.clone()).or_default().push(index),
            }
        }
        if free.is_empty() {
            return held;
        }
        // Paths are made for few: only the last name is compared first.
        let last_names: Vec<&str> = free.keys().filter_map(|path| path.rsplit(" / ").next()).collect();
        let candidates: Vec<ComponentRef<'_>> = system
            .tree()
            .filter(|component| last_names.iter().any(|last| component.name().ends_with(last)))
            .filter(|component| !held.contains_key(&component.id()))
            .collect();
        for component in candidates {
            if let Some(index) = free.get_mut(&component.path()).and_then(Vec::pop) {
                desk.pins[index].holder = Some((system.id(), component.id()));
                held.insert(component.id(), desk.pins[index].at);
            }
        }
        held
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

    #[test]
    fn a_pin_finds_the_component_of_the_same_path_in_the_next_instance() {
        let mut model = Model::new(Limits::default());
        let mut arrangement = Arrangement::default();
        let first = system(&mut model, 1, &["reader", "writer"]);
        arrangement.pin(model.system(first).unwrap().component(ComponentId(2)).unwrap(), Some([1.0, 2.0, 0.0]));
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
            let component = model.system(first).unwrap().component(ComponentId(id)).unwrap();
            arrangement.pin(component, Some([id as f32, 0.0, 0.0]));
        }
        let pins = arrangement.pins_of(model.system(first).unwrap());
        assert_eq!(pins.len(), 3);
        assert_eq!(pins[&ComponentId(2)], [2.0, 0.0, 0.0]);
        arrangement.pin(model.system(first).unwrap().component(ComponentId(2)).unwrap(), None);
        assert_eq!(arrangement.pins_of(model.system(first).unwrap()).len(), 2);
    }

    #[test]
    fn pins_are_bounded() {
        let mut model = Model::new(Limits::default());
        let mut arrangement = Arrangement::default();
        let names = vec!["x"; PINS_PER_SYSTEM + 10];
        let id = system(&mut model, 1, &names);
        for component in model.system(id).unwrap().components() {
            arrangement.pin(component, Some([0.0; 3]));
        }
        assert_eq!(arrangement.pins_of(model.system(id).unwrap()).len(), PINS_PER_SYSTEM);
    }
}
