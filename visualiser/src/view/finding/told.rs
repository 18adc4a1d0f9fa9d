//! What is found and which drawers are open, for those who test the window.

use axonscope_session::Focus;
use bevy::prelude::*;
use serde_json::json;

use super::super::report::Said;
use super::super::stage::{Stage, Watched};
use super::Finding;
use super::rows::Table;
use super::twigs::Tree;

/// Names told of each kind.
const NAMES_MAX: usize = 40;

pub(super) fn tell(
    mut said: ResMut<Said>,
    finding: Res<Finding>,
    table: Res<Table>,
    tree: Res<Tree>,
    stage: Res<Stage>,
    watched: Res<Watched>,
) {
    let found = &finding.found;
    let picture = &stage.picture;
    let numbers = 0..picture.nodes.len().min(1000);
    let bright = numbers.filter(|&number| !stage.near.dims(number));
    let bright: Vec<&str> = bright.take(NAMES_MAX).map(|number| &**picture.word(picture.nodes[number].name)).collect();
    let best: Vec<&str> = found.best.iter().take(NAMES_MAX).map(|hit| hit.name.as_str()).collect();
    said.0.insert(
        "search".to_owned(),
        json!({
            "text": finding.text, "typing": finding.has_keyboard, "error": finding.error.as_ref().map(ToString::to_string),
            "count": found.count, "total": found.total, "best": best, "hides": found.wanted.hides, "bright": bright,
        }),
    );
    let focus = match finding.focus {
        None => json!(null),
        Some(Focus::Near { component, up, down, .. }) => {
            json!({ "component": component.0, "up": up, "down": down, "reached": found.reached })
        }
        Some(Focus::Way { system, .. }) => {
            let names: Vec<String> = watched.0.read(|model| {
                let system = model.system(system);
                let components = found.path.iter().flat_map(|path| &path.components);
                components.filter_map(|id| Some(system?.component(*id)?.name().to_owned())).collect()
            });
            json!({ "path": names })
        }
    };
    said.0.insert("focus".to_owned(), focus);
    let place = |(words, at): (String, bevy_egui::egui::Pos2)| json!([words, at.x.round(), at.y.round()]);
    let headings = table.headings.iter().map(|(column, at)| place((column.title().to_owned(), *at)));
    let table = table.is_open.then(|| {
        json!({
            "sort": [table.sort.by.title(), table.sort.is_down], "count": table.rows.answer.len(),
            "rows": table.shown.iter().cloned().map(place).collect::<Vec<_>>(),
            "headings": headings.collect::<Vec<_>>(),
        })
    });
    said.0.insert("table".to_owned(), json!(table));
    let tree = tree.is_open.then(|| tree.shown.iter().cloned().map(place).collect::<Vec<_>>());
    said.0.insert("tree".to_owned(), json!(tree));
}
