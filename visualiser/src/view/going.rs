//! Going somewhere: selects what a person asks for, brings it into view, and knows the way back.

use std::collections::VecDeque;

use axonscope_model::SystemId;
use bevy::prelude::*;
use bevy::window::RequestRedraw;

use super::VisualiserSystems;
use super::camera::Eye;
use super::chosen::{self, Selected};
use super::folds::Fold;
use super::picture::NodeKey;
use super::stage::{Look, Stage};

pub(super) fn plugin(app: &mut App) {
    app.add_message::<Go>()
        .init_resource::<Way>()
        .add_systems(Update, (go, note_selection).chain().in_set(VisualiserSystems::Arrange))
        .add_systems(Last, ask_for_a_frame);
}

/// Where a person asks to go. Panels, keys and lists write it; nobody else moves the eye to something.
#[derive(Message, Clone, PartialEq, Debug)]
pub(crate) enum Go {
    /// Selects a component and flies to it.
    To(NodeKey),
    /// Brings several into view together, and selects the first.
    ToAll(Vec<NodeKey>),
    /// Brings a whole system into view, and selects it.
    ToSystem(SystemId),
    /// Selects a thing of whatever kind, and brings it into view.
    Show(Selected),
    /// To what was looked at before this, and again to what was looked at after it.
    Back,
    Forward,
}

/// What was looked at, in order; bounded.
#[derive(Resource, Default)]
pub(crate) struct Way {
    stops: VecDeque<Stop>,
    /// The stop that is looked at.
    at: usize,
}

/// Something that was looked at, and from where.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Stop {
    selected: NodeKey,
    center: Vec2,
    zoom: f32,
}

const STOPS_MAX: usize = 100;

impl Way {
    /// Comes to a stop that was not chosen by going back or forward: what was after the last one is forgotten.
    fn come_to(&mut self, stop: Stop) {
        if self.stops.get(self.at).is_some_and(|last| last.selected == stop.selected) {
            return;
        }
        self.stops.truncate(self.at + 1);
        if self.stops.len() == STOPS_MAX {
            self.stops.pop_front();
        }
        self.stops.push_back(stop);
        self.at = self.stops.len() - 1;
    }

    /// Remembers from where the stop that is left was looked at.
    fn leave(&mut self, center: Vec2, zoom: f32) {
        if let Some(stop) = self.stops.get_mut(self.at) {
            (stop.center, stop.zoom) = (center, zoom);
        }
    }

    /// The next stop in that direction that is still `there`.
    fn step(&mut self, forward: bool, there: impl Fn(NodeKey) -> bool) -> Option<Stop> {
        let mut at = self.at;
        loop {
            at = if forward { at + 1 } else { at.checked_sub(1)? };
            let stop = *self.stops.get(at)?;
            if there(stop.selected) {
                self.at = at;
                return Some(stop);
            }
        }
    }

    /// Whether there is anything to go to, back and forward.
    pub(crate) fn leads(&self) -> (bool, bool) {
        (self.at > 0, self.at + 1 < self.stops.len())
    }
}

pub(super) fn go(
    mut asked: MessageReader<Go>,
    mut look: ResMut<Look>,
    mut eye: ResMut<Eye>,
    mut way: ResMut<Way>,
    mut fold: MessageWriter<Fold>,
    stage: Res<Stage>,
) {
    let picture = &stage.picture;
    for go in asked.read() {
        way.leave(eye.center, eye.zoom);
        match go {
            Go::To(key) => {
                if let Some(node) = picture.node(*key) {
                    look.selected = Some(*key);
                    fold.write(Fold::Reveal(*key));
                    eye.fly_to(node.position.truncate());
                }
            }
            Go::ToAll(keys) => {
                let rects = keys
                    .iter()
                    .filter_map(|key| picture.node(*key))
                    .map(|node| Rect::from_center_half_size(node.position.truncate(), Vec2::splat(node.radius * 2.0)));
                if let Some(rect) = rects.reduce(|a, b| a.union(b)) {
                    fold.write_batch(keys.iter().copied().map(Fold::Reveal));
                    look.selected = keys.iter().copied().find(|key| picture.node(*key).is_some());
                    eye.show(rect);
                }
            }
            Go::ToSystem(system) => {
                if let Some(rect) = picture.bounds(Some(&[*system])) {
                    look.choose(Some(Selected::System(*system)));
                    eye.show(rect);
                }
            }
            Go::Show(chosen) => {
                if let Some(rect) = chosen::place(picture, *chosen) {
                    look.choose(Some(*chosen));
                    fold.write_batch(chosen.component().map(Fold::Reveal));
                    match chosen.component() {
                        Some(_) => eye.fly_to(rect.center()),
                        None => eye.show(rect.inflate(rect.half_size().max_element() * 0.3)),
                    }
                }
            }
            Go::Back | Go::Forward => {
                if let Some(stop) = way.step(*go == Go::Forward, |key| picture.node(key).is_some()) {
                    look.selected = Some(stop.selected);
                    eye.return_to(stop.center, stop.zoom);
                }
            }
        }
    }
}

/// However something came to be selected, one can go back to it.
fn note_selection(look: Res<Look>, eye: Res<Eye>, mut way: ResMut<Way>) {
    if let Some(selected) = look.selected {
        way.come_to(Stop { selected, center: eye.center, zoom: eye.zoom });
    }
}

/// Panels ask after the frame's systems have run, and no other frame may be due for long.
fn ask_for_a_frame(mut asked: MessageReader<Go>, mut redraw: MessageWriter<RequestRedraw>) {
    if asked.read().count() > 0 {
        redraw.write(RequestRedraw);
    }
}

#[cfg(test)]
mod tests {
    use axonscope_model::ComponentId;

    use super::*;

    fn stop(component: u64) -> Stop {
        Stop { selected: (SystemId(1), ComponentId(component)), center: Vec2::ZERO, zoom: 1.0 }
    }

    #[test]
    fn the_way_leads_back_and_forward_past_what_has_gone() {
        let mut way = Way::default();
        assert_eq!(way.step(false, |_| true), None);
        (1..=3).for_each(|component| way.come_to(stop(component)));
        way.come_to(stop(3));
        assert_eq!(way.leads(), (true, false));
        assert_eq!(way.step(false, |key| key.1.0 != 2), Some(stop(1)));
        assert_eq!(way.step(false, |_| true), None);
        assert_eq!(way.step(true, |_| true), Some(stop(2)));
        // To turn off the way forgets where it led.
        way.come_to(stop(9));
        assert_eq!(way.step(true, |_| true), None);
        assert_eq!(way.step(false, |_| true), Some(stop(2)));
    }

    #[test]
    fn the_way_is_bounded() {
        let mut way = Way::default();
        (0..1000).for_each(|component| way.come_to(stop(component)));
        assert_eq!(way.stops.len(), STOPS_MAX);
        assert_eq!(way.step(false, |_| true), Some(stop(998)));
    }
}
