//! What a person asks to be found, and what was.

use std::sync::Arc;

use axonscope_model::finding::{Filter, Path, Slots, Standing};
use axonscope_model::{ComponentId, SystemId};

/// What a person asks. The default asks for nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Which components are meant; all of them without.
    pub filter: Option<Filter>,
    /// What is not meant is left out of the layout, and so of the picture; else it is there, to be drawn dimmer.
    pub hides: bool,
    /// What is looked at closely. Whatever else is dimmed.
    pub focus: Option<Focus>,
}

/// What is looked at closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// A component, and what is at most so many steps up and down stream of it.
    Near {
        /// The system it is part of.
        system: SystemId,
        /// Which one.
        component: ComponentId,
        /// Steps against the messages.
        up: u32,
        /// Steps with them.
        down: u32,
    },
    /// The path between two.
    Way {
        /// The system that both are part of.
        system: SystemId,
        /// Where it begins.
        from: ComponentId,
        /// Where it ends.
        to: ComponentId,
    },
}

/// What was found. Never changed once it is published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// What was asked.
    pub wanted: Arc<Wanted>,
    /// A system each, in order of first appearance; none while nothing is asked.
    pub systems: Vec<Hits>,
    /// How many components the filter means, and how many there are.
    pub count: usize,
    /// How many components there are.
    pub total: usize,
    /// Those that the words of the filter fit best, the best first.
    pub best: Vec<Hit>,
    /// With a focus of [`Focus::Near`]: how many others are within those steps.
    pub reached: usize,
    /// With a focus of [`Focus::Way`]: the path, if there is one.
    pub path: Option<Path>,
}

/// What was found in one system, by slots of the model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// Which one.
    pub system: SystemId,
    /// What the filter means, and composites around that; none without a filter.
    pub kept: Option<Arc<Slots>>,
    /// What the filter means, without those.
    pub meant: Arc<Slots>,
    /// What is looked at closely; none without a focus.
    pub focused: Option<Arc<Slots>>,
}

/// A component that was found. Texts are as told; not escaped.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The system it is part of.
    pub system: SystemId,
    /// Which one.
    pub component: ComponentId,
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_name: String,
    /// Where it is: the title of its system, and the names of the composites around it.
    pub place: String,
    /// How it stands.
    pub standing: Standing,
}

impl Findings {
    /// Those of one system.
    pub fn of(&self, system: SystemId) -> Option<&Hits> {
        self.systems.iter().find(|hits| hits.system == system)
    }

    /// Whether anything is to be dimmed.
    pub fn dims(&self) -> bool {
        self.systems.iter().any(|hits| hits.focused.is_some() || hits.kept.is_some())
    }
}

impl Hits {
    /// Whether a component is to be seen clearly: within what is looked at closely, else meant by the filter.
    pub fn is_clear(&self, slot: u32) -> bool {
        self.focused.as_ref().or(self.kept.as_ref()).is_none_or(|slots| slots.contains(slot))
    }
}
