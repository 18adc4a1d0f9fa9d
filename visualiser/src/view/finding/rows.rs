//! The rows of the table: every component, or those that the filter means, sorted by one column.

use std::cmp::Ordering;

use axonscope_model::display;
use axonscope_model::finding::{Figures, Standing};
use axonscope_model::{ComponentRef, SystemId};
use axonscope_session::{Findings, Session};
use bevy::prelude::*;
use bevy_egui::egui::Pos2;

use super::super::picture::NodeKey;
use super::super::stage::Watched;
use super::Aside;

/// The table, and whether it is open.
#[derive(Resource, Default)]
pub(crate) struct Table {
    pub(crate) is_open: bool,
    pub(crate) sort: Sort,
    pub(crate) rows: Aside<Sort, Vec<Row>>,
    /// Rises with each reading.
    pub(crate) readings: u64,
    /// What the panel shows, for those who test it: rows with where they are, and where each heading is.
    pub(crate) shown: Vec<(String, Pos2)>,
    pub(crate) headings: Vec<(Column, Pos2)>,
}

/// A component in the table. Its texts are read when it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) key: NodeKey,
    pub(crate) standing: Standing,
    pub(crate) figures: Figures,
}

/// What is sorted by, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) by: Column,
    /// The largest, or the last of the alphabet, first.
    pub(crate) is_down: bool,
}

/// By name.
impl Default for Sort {
    fn default() -> Self {
        Self { by: Column::Name, is_down: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Type,
    Where,
    State,
    RateIn,
    RateOut,
    Fill,
    Busy,
    Blocked,
}

impl Column {
    pub(crate) const ALL: [Self; 9] = [
        Self::Name,
        Self::Type,
        Self::Where,
        Self::State,
        Self::RateIn,
        Self::RateOut,
        Self::Fill,
        Self::Busy,
        Self::Blocked,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Type => "Type",
            Self::Where => "Where",
            Self::State => "State",
            Self::RateIn => "In",
            Self::RateOut => "Out",
            Self::Fill => "Fill",
            Self::Busy => "Busy",
            Self::Blocked => "Blocked",
        }
    }

    pub(crate) fn is_figure(self) -> bool {
        !matches!(self, Self::Name | Self::Type | Self::Where | Self::State)
    }

    /// Sorts by this, or the other way round if that is so already. Of figures the largest come first.
    pub(crate) fn click(self, before: Sort) -> Sort {
        let is_down = if before.by == self { !before.is_down } else { self.is_figure() };
        Sort { by: self, is_down }
    }

    fn text_of(self, component: ComponentRef<'_>) -> Option<String> {
        match self {
            Self::Name => Some(component.name().to_lowercase()),
            Self::Type => Some(component.type_name().to_lowercase()),
            Self::Where => Some(whereabouts(component).to_lowercase()),
            _ => None,
        }
    }

    fn figure_of(self, row: &Row) -> f64 {
        let figures = &row.figures;
        match self {
            Self::RateIn => figures.rate_in,
            Self::RateOut => figures.rate_out,
            // What has no bound comes after what is empty.
            Self::Fill => figures.fill.map_or(-1.0, f64::from),
            Self::Busy => figures.busy.into(),
            Self::Blocked => figures.blocked.into(),
            Self::State => f64::from(row.standing as u8),
            Self::Name | Self::Type | Self::Where => 0.0,
        }
    }
}

/// So many composites round a component are named.
const AROUND_MAX: usize = 8;

/// Its system and the composites round it, the outermost first: many have one name.
pub(crate) fn whereabouts(component: ComponentRef<'_>) -> String {
    let mut words: Vec<String> =
        component.ancestors().take(AROUND_MAX).map(|around| display::label(around.name(), 30).into_owned()).collect();
    words.push(display::label(&component.system().title(), 30).into_owned());
    words.reverse();
    words.join(" / ")
}

/// Slots that are read while the model is held once.
const AT_ONCE: u32 = 2048;

/// Reads the rows again while the table is open.
pub(super) fn read_table(mut table: ResMut<Table>, watched: Res<Watched>, time: Res<Time<Real>>) {
    let table = table.bypass_change_detection();
    if !table.is_open {
        table.rows.forget();
        return;
    }
    if table.rows.turn(&watched.0, &table.sort, time.elapsed_secs_f64(), read_rows) {
        table.readings += 1;
    }
}

fn read_rows(session: &Session, findings: &Findings, sort: &Sort) -> Vec<Row> {
    let systems: Vec<SystemId> = session.read(|model| model.systems().map(|system| system.id()).collect());
    let mut rows: Vec<(Option<String>, Row)> = Vec::new();
    for system in systems {
        let meant = findings.of(system).filter(|hits| hits.kept.is_some()).map(|hits| hits.meant.clone());
        let mut next = 0;
        while let Some(slots) = session.read(|model| {
            let system = model.system(system)?;
            let end = (next + AT_ONCE).min(system.component_slots());
            let wanted = |slot: &u32| meant.as_ref().is_none_or(|meant| meant.contains(*slot));
            let components = (next..end).filter(wanted).filter_map(|slot| system.component_at(slot));
            rows.extend(components.map(|component| (sort.by.text_of(component), row(component))));
            (end < system.component_slots()).then_some(end)
        }) {
            next = slots;
        }
    }
    // Equal ones stay in the order of their systems and slots, so that nothing dances.
    rows.sort_by(|a, b| compare(sort, a, b));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn row(component: ComponentRef<'_>) -> Row {
    Row {
        key: (component.system().id(), component.id()),
        standing: Standing::of(component),
        figures: Figures::of(component),
    }
}

fn compare(sort: &Sort, a: &(Option<String>, Row), b: &(Option<String>, Row)) -> Ordering {
    let figures = sort.by.figure_of(&a.1).total_cmp(&sort.by.figure_of(&b.1));
    let order = a.0.cmp(&b.0).then(figures);
    if sort.is_down { order.reverse() } else { order }
}

#[cfg(test)]
mod tests {
    use axonscope_model::{Change, ComponentId, Hello, Limits, Model, NewComponent, State};

    use super::*;

    fn names(sort: Sort, names: &[(&str, State)]) -> Vec<u64> {
        let mut model = Model::new(Limits::default());
        let Ok(system) = model.connect(Hello::default(), 1) else { panic!("there is room") };
        for ((name, state), id) in names.iter().zip(1..) {
            let id = ComponentId(id);
            let new = NewComponent { id, name: (*name).to_owned(), state: *state, ..NewComponent::default() };
            let _ = model.apply(system, Change::ComponentAdded(new));
        }
        let session = Session::from_model(model);
        read_rows(&session, &Findings::default(), &sort).iter().map(|row| row.key.1.0).collect()
    }

    #[test]
    fn rows_are_sorted_whatever_the_case_and_equal_ones_stay_in_order() {
        let running = State::Running;
        let three = [("bob", running), ("Alice", State::Failed), ("carol", running)];
        assert_eq!(names(Sort::default(), &three), [2, 1, 3]);
        assert_eq!(names(Sort { by: Column::Name, is_down: true }, &three), [3, 1, 2]);
        assert_eq!(names(Sort { by: Column::State, is_down: false }, &three), [2, 1, 3]);
        assert_eq!(names(Sort { by: Column::Busy, is_down: true }, &three), [1, 2, 3]);
    }

    #[test]
    fn a_second_click_turns_the_order_round() {
        let first = Column::Fill.click(Sort::default());
        assert_eq!(first, Sort { by: Column::Fill, is_down: true });
        assert_eq!(Column::Fill.click(first), Sort { by: Column::Fill, is_down: false });
        assert!(!Column::Type.click(first).is_down);
    }
}
