//! The rows of the tree: systems, and what is in them as far as a person has unfolded it.

use std::collections::HashSet;

use axonscope_model::{ComponentId, ComponentRef, SystemId};
use axonscope_session::{Findings, Session};
use bevy::prelude::*;
use bevy_egui::egui::Pos2;

use super::super::picture::NodeKey;
use super::super::stage::{Look, Watched};
use super::Aside;

/// The tree, and whether it is open.
#[derive(Resource, Default)]
pub(crate) struct Tree {
    pub(crate) is_open: bool,
    pub(crate) folds: Folds,
    pub(crate) twigs: Aside<Folds, Vec<Twig>>,
    /// What was selected last, and is to be scrolled to once it is among the rows.
    selected: Option<NodeKey>,
    pub(crate) scroll_to: Option<NodeKey>,
    /// What the panel shows, for those who test it.
    pub(crate) shown: Vec<(String, Pos2)>,
}

/// What a person has folded and unfolded: systems begin open, composites closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Folds {
    closed: HashSet<SystemId>,
    open: HashSet<NodeKey>,
}

/// A row of the tree. Its texts are read when it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Twig {
    pub(crate) system: SystemId,
    /// None is the system itself.
    pub(crate) component: Option<ComponentId>,
    pub(crate) depth: u32,
    /// How many are directly in it.
    pub(crate) children: u32,
    pub(crate) is_open: bool,
}

impl Folds {
    pub(crate) fn turn(&mut self, twig: &Twig) {
        match twig.component {
            None if !self.closed.remove(&twig.system) => drop(self.closed.insert(twig.system)),
            Some(component) if !self.open.remove(&(twig.system, component)) => {
                self.open.insert((twig.system, component));
            }
            _ => {}
        }
    }

    fn opens(&self, component: ComponentRef<'_>) -> bool {
        self.open.contains(&(component.system().id(), component.id()))
    }

    /// Unfolds whatever is around it.
    fn unfold_to(&mut self, component: ComponentRef<'_>) {
        let system = component.system().id();
        self.closed.remove(&system);
        self.open.extend(component.ancestors().map(|composite| (system, composite.id())));
    }
}

/// Reads the rows again while the tree is open, and unfolds it to what has been selected.
pub(super) fn read_tree(mut tree: ResMut<Tree>, watched: Res<Watched>, look: Res<Look>, time: Res<Time<Real>>) {
    let tree = tree.bypass_change_detection();
    if !tree.is_open {
        tree.twigs.forget();
        tree.selected = None;
        return;
    }
    if tree.selected != look.selected {
        tree.selected = look.selected;
        tree.scroll_to = look.selected;
        if let Some((system, component)) = look.selected {
            watched.0.read(|model| {
                if let Some(component) = model.system(system).and_then(|system| system.component(component)) {
                    tree.folds.unfold_to(component);
                }
            });
        }
    }
    tree.twigs.turn(&watched.0, &tree.folds, time.elapsed_secs_f64(), read_twigs);
}

/// Each system is read while the model is held once: only what is unfolded is gone through.
fn read_twigs(session: &Session, findings: &Findings, folds: &Folds) -> Vec<Twig> {
    let systems: Vec<SystemId> = session.read(|model| model.systems().map(|system| system.id()).collect());
    let mut twigs = Vec::new();
    for id in systems {
        let kept = findings.of(id).and_then(|hits| hits.kept.clone());
        session.read(|model| {
            let Some(system) = model.system(id) else { return };
            let is_open = !folds.closed.contains(&id);
            let children = system.roots().count() as u32;
            twigs.push(Twig { system: id, component: None, depth: 0, children, is_open });
            let mut next = system.roots().next().filter(|_| is_open);
            while let Some(component) = next {
                let is_kept = kept.as_ref().is_none_or(|kept| kept.contains(component.slot()));
                let is_open = component.is_composite() && folds.opens(component);
                if is_kept {
                    twigs.push(Twig {
                        system: id,
                        component: Some(component.id()),
                        depth: 1 + component.depth() as u32,
                        children: component.children().count() as u32,
                        is_open,
                    });
                }
                next = if is_open && is_kept { component.next_in_tree() } else { component.next_beside() };
            }
        });
    }
    twigs
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axonscope_model::{Change, Hello, Limits, Model, NewComponent};

    use super::*;

    #[test]
    fn only_what_is_unfolded_is_there() {
        let mut model = Model::new(Limits::default());
        let system = model.connect(Hello::default(), 1).unwrap();
        for (id, parent) in [(1, 0), (2, 1), (3, 2), (4, 1), (5, 0)] {
            let parent = (parent > 0).then_some(ComponentId(parent));
            let new = NewComponent { id: ComponentId(id), parent, ..NewComponent::default() };
            let _ = model.apply(system, Change::ComponentAdded(new));
        }
        let session = Session::from_model(model);
        let mut folds = Folds::default();
        let rows = |folds: &Folds| -> Vec<(u64, u32)> {
            let twigs = read_twigs(&session, &Findings::default(), folds);
            twigs.iter().map(|twig| (twig.component.map_or(0, |id| id.0), twig.depth)).collect()
        };
        assert_eq!(rows(&folds), [(0, 0), (1, 1), (5, 1)]);
        session.read(|model| folds.unfold_to(model.system(system).unwrap().component(ComponentId(3)).unwrap()));
        assert_eq!(rows(&folds), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 2), (5, 1)]);
        let twigs = read_twigs(&session, &Findings::default(), &folds);
        folds.turn(&twigs[2]);
        assert_eq!(rows(&folds), [(0, 0), (1, 1), (2, 2), (4, 2), (5, 1)]);
        folds.turn(&twigs[0]);
        assert_eq!(rows(&folds), [(0, 0)]);
    }
}
