//! What there is in all, for the line above the picture and for the one below it while nothing else is to be said.

use axonscope_model::display;
use axonscope_session::Session;

use super::super::stage::Stage;
use super::plan::overview;

/// What there is in all: summed up now and then, and not in each frame.
#[derive(Default)]
pub(super) struct There {
    /// The names of the systems that are there.
    pub(super) title: String,
    pub(super) figures: String,
    pub(super) overview: String,
    /// The picture that this was summed up from.
    pub(super) version: Option<u64>,
}

impl There {
    pub(super) fn sum_up(&mut self, stage: &Stage, session: &Session) {
        if self.version == Some(stage.version) {
            return;
        }
        let rate: f64 = session.read(|model| {
            let connected = model.systems().filter(|system| system.status().is_connected());
            connected.map(|system| system.messages_per_second()).sum()
        });
        let count = stage.picture.nodes.iter().filter(|node| !node.gone).count();
        let components =
            format!("{} {}", display::count(count as u64), if count == 1 { "component" } else { "components" });
        let titles: Vec<&str> =
            stage.picture.systems.iter().filter(|hull| !hull.gone).map(|hull| hull.title.as_str()).collect();
        *self = There {
            title: title_of(&titles),
            figures: format!("{components} · {}", display::rate(rate).replace(" /s", " messages/s")),
            overview: overview(&stage.picture),
            version: Some(stage.version),
        };
    }
}

/// The names of the systems, as a title.
fn title_of(titles: &[&str]) -> String {
    const NAMED_MAX: usize = 3;
    let more = titles.len().saturating_sub(NAMED_MAX);
    let named = titles[..titles.len() - more].join(" · ");
    if more > 0 { format!("{named} · {more} more") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_names_a_few_systems_and_counts_the_rest() {
        assert_eq!(title_of(&[]), "");
        assert_eq!(title_of(&["chat", "encoder"]), "chat · encoder");
        assert_eq!(title_of(&["a", "b", "c", "d", "e"]), "a · b · c · 2 more");
    }
}
