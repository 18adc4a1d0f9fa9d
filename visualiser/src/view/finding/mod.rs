//! Finding things: what a person has typed, what is looked at closely, and which drawers are open. The session looks for
//! what is asked; panels show what it found.

mod aside;
mod keys;
mod told;

pub(crate) mod rows;
pub(crate) mod twigs;

use std::sync::Arc;

use axonscope_model::finding::{Filter, FilterError};
use axonscope_session::{Findings, Focus, Wanted};
use bevy::prelude::*;
use bevy_egui::{EguiPreUpdateSet, EguiPrimaryContextPass};

use super::VisualiserSystems;
use super::panels::search::show_search;
use super::picture::NodeKey;
use super::present::is_presenting;
use super::report::Report;
use super::stage::Watched;
pub(crate) use aside::Aside;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Finding>()
        .init_resource::<rows::Table>()
        .init_resource::<twigs::Tree>()
        .add_systems(
            Update,
            (ask, rows::read_table, twigs::read_tree, told::tell.run_if(resource_exists::<Report>))
                .chain()
                .in_set(VisualiserSystems::Receive),
        )
        .add_systems(PreUpdate, keys::open_search.after(EguiPreUpdateSet::ProcessInput).run_if(not(is_presenting)))
        .add_systems(EguiPrimaryContextPass, keys::press_keys.before(show_search).run_if(not(is_presenting)));
}

/// What a person looks for.
#[derive(Resource, Default)]
pub(crate) struct Finding {
    /// As typed, whether or not it is a filter.
    pub(crate) text: String,
    /// The last that was one; none where nothing is typed.
    filter: Option<Filter>,
    /// What is wrong with what is typed.
    pub(crate) error: Option<FilterError>,
    pub(crate) hides: bool,
    pub(crate) focus: Option<Focus>,
    /// Which of the best matches Enter flies to.
    pub(crate) chosen: usize,
    /// The search box is to have the keyboard.
    pub(crate) wants_keyboard: bool,
    /// It has it.
    pub(crate) has_keyboard: bool,
    /// What was found last.
    pub(crate) found: Arc<Findings>,
}

/// Steps in one direction.
const STEPS_MAX: u32 = 9;

impl Finding {
    /// Takes what is typed; the last filter stays in force while it is none.
    pub(crate) fn read_text(&mut self) {
        self.chosen = 0;
        match Filter::parse(&self.text) {
            Ok(filter) => (self.filter, self.error) = (filter, None),
            Err(error) => self.error = Some(error),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        (self.filter, self.error, self.hides, self.chosen) = (None, None, false, 0);
    }

    pub(crate) fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Looks one step further, or less far, up or down stream of what is selected; from there anew if that is another than
    /// before. Without any steps left it ends.
    pub(crate) fn step(&mut self, selected: Option<NodeKey>, up: i32, down: i32) {
        self.focus = stepped(self.focus, selected, up, down);
    }

    /// Looks at the path between two; false where there can be none, because they are of two systems.
    pub(crate) fn show_way(&mut self, from: NodeKey, to: NodeKey) -> bool {
        let can_be = from.0 == to.0 && from != to;
        if can_be {
            self.focus = Some(Focus::Way { system: from.0, from: from.1, to: to.1 });
        }
        can_be
    }

    fn wanted(&self) -> Wanted {
        Wanted { filter: self.filter.clone(), hides: self.hides && self.filter.is_some(), focus: self.focus }
    }
}

/// See [`Finding::step`].
pub(crate) fn stepped(focus: Option<Focus>, selected: Option<NodeKey>, up: i32, down: i32) -> Option<Focus> {
    let ((system, component), ups, downs) = match focus {
        Some(Focus::Near { system, component, up, down }) if selected.is_none_or(|key| key == (system, component)) => {
            ((system, component), up, down)
        }
        _ => match selected {
            Some(key) => (key, 0, 0),
            None => return focus,
        },
    };
    let [up, down] = [(ups, up), (downs, down)].map(|(steps, by)| steps.saturating_add_signed(by).min(STEPS_MAX));
    (up + down > 0).then_some(Focus::Near { system, component, up, down })
}

/// Hands over what is asked, and takes what was found.
fn ask(mut finding: ResMut<Finding>, watched: Res<Watched>) {
    let found = watched.0.findings();
    if !Arc::ptr_eq(&found, &finding.found) {
        finding.found = found;
    }
    if finding.is_changed() {
        let wanted = finding.wanted();
        if *watched.0.wanted() != wanted {
            watched.0.find(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use axonscope_model::{ComponentId, SystemId};

    use super::*;

    fn key(component: u64) -> NodeKey {
        (SystemId(1), ComponentId(component))
    }

    fn steps(finding: &Finding) -> Option<(u64, u32, u32)> {
        match finding.focus {
            Some(Focus::Near { component, up, down, .. }) => Some((component.0, up, down)),
            _ => None,
        }
    }

    #[test]
    fn the_last_filter_stays_while_what_is_typed_is_none() {
        let mut finding = Finding { text: "state:failed".to_owned(), ..Finding::default() };
        finding.read_text();
        let filter = finding.filter().cloned();
        assert!(filter.is_some());
        finding.text.push_str(" rate>");
        finding.read_text();
        assert!(finding.error.is_some() && finding.filter() == filter.as_ref());
        finding.clear();
        assert!(finding.error.is_none() && finding.filter().is_none());
    }

    #[test]
    fn steps_grow_shrink_and_begin_anew_elsewhere() {
        let mut finding = Finding::default();
        finding.step(None, 0, 1);
        assert_eq!(steps(&finding), None);
        finding.step(Some(key(1)), 0, 1);
        finding.step(Some(key(1)), 0, 1);
        finding.step(None, 1, 0);
        assert_eq!(steps(&finding), Some((1, 1, 2)));
        finding.step(Some(key(2)), 1, 0);
        assert_eq!(steps(&finding), Some((2, 1, 0)));
        finding.step(Some(key(2)), -1, 0);
        assert_eq!(steps(&finding), None);
        assert!(!finding.show_way(key(1), key(1)) && finding.show_way(key(1), key(2)));
    }
}
