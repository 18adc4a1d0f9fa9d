//! Systems that are gone are put away: `Delete` drops the one that the selected component, or the pointer, is in, and else
//! all of them.

use axonscope_model::SystemId;
use bevy::prelude::*;

use super::VisualiserSystems;
use super::camera::Eye;
use super::keys::{Does, Pressed};
use super::pick::Pointer;
use super::picture::Picture;
use super::stage::{Look, Stage, Watched};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, dismiss.in_set(VisualiserSystems::Arrange));
}

fn dismiss(
    pressed: Res<Pressed>,
    look: Res<Look>,
    eye: Res<Eye>,
    pointer: Res<Pointer>,
    stage: Res<Stage>,
    watched: Res<Watched>,
) {
    if !pressed.is(Does::Dismiss) {
        return;
    }
    let asked = look.selected.map(|key| key.0);
    let gone = match gone_system(&stage.picture, asked, eye.world_from_screen(pointer.at())) {
        Some(system) => vec![system],
        // Those, too, of which nothing is left to be seen.
        None => watched.0.read(|model| {
            let gone = model.systems().filter(|system| !system.status().is_connected());
            gone.map(|system| system.id()).collect()
        }),
    };
    gone.into_iter().for_each(|system| watched.0.dismiss(system));
}

/// The one that is asked for, if that is gone; else the gone one at a point.
fn gone_system(picture: &Picture, asked: Option<SystemId>, at: Vec2) -> Option<SystemId> {
    let mut gone = picture.systems.iter().filter(|hull| hull.gone);
    let asked = gone.clone().find(|hull| Some(hull.system) == asked);
    asked.or_else(|| gone.find(|hull| hull.rect.contains(at))).map(|hull| hull.system)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::picture::Hull;

    #[test]
    fn only_what_is_gone_can_be_put_away() {
        let hull = |system: u64, gone: bool| Hull {
            system: SystemId(system),
            title: String::new(),
            facts: String::new(),
            word: None,
            since_ns: None,
            stale: false,
            gone,
            rect: Rect::new(100.0 * system as f32, 0.0, 100.0 * system as f32 + 50.0, 50.0),
        };
        let picture = Picture { systems: vec![hull(1, false), hull(2, true), hull(3, true)], ..Picture::default() };
        let at = |x: f32, asked: Option<u64>| gone_system(&picture, asked.map(SystemId), Vec2::new(x, 10.0));
        assert_eq!(at(320.0, Some(2)), Some(SystemId(2)));
        assert_eq!(at(320.0, Some(1)), Some(SystemId(3)));
        assert_eq!(at(120.0, Some(1)), None);
        assert_eq!(at(0.0, None), None);
    }
}
