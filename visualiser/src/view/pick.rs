//! What the pointer and the keys do: hover, select, drag, pan, zoom to the pointer, fit.

use axonscope_model::{LinkageId, SystemId};
use bevy::input::ButtonState;
use bevy::input::mouse::{MouseButtonInput, MouseScrollUnit, MouseWheel};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy_egui::EguiContexts;

use super::VisualiserSystems;
use super::camera::Eye;
use super::chosen::{self, Selected};
use super::finding::Finding;
use super::folds::Fold;
use super::going::{self, Go};
use super::keys::{Does, Pressed};
use super::palette::Theme;
use super::picture::NodeKey;
use super::stage::{Look, Stage, Watched};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Pointer>().add_systems(
        Update,
        (measure_screen, follow_pointer, turn_wheel, press_keys, press_thumb)
            .chain()
            .before(going::go)
            .in_set(VisualiserSystems::Arrange),
    );
}

/// What the pointer is doing.
#[derive(Resource, Default)]
pub(crate) struct Pointer {
    at: Vec2,
    press: Option<Press>,
    /// When, where and on what.
    last_click: Option<(f64, Vec2, Option<Selected>)>,
}

impl Pointer {
    /// Where it was last, in logical pixels.
    pub(crate) fn at(&self) -> Vec2 {
        self.at
    }
}

struct Press {
    began_at: Vec2,
    on: Option<NodeKey>,
    /// The system whose title is held.
    system: Option<SystemId>,
    /// From the pointer to the middle of what it holds, in world units.
    grip: Vec2,
    moved: bool,
}

/// Logical pixels a pointer may wander before a click becomes a drag.
const SLACK: f32 = 4.0;
const DOUBLE_CLICK_SECS: f64 = 0.4;
const ZOOM_PER_LINE: f32 = 1.15;

fn measure_screen(mut eye: ResMut<Eye>, window: Query<&Window, With<PrimaryWindow>>) {
    let Ok(window) = window.single() else { return };
    let screen = Vec2::new(window.width(), window.height());
    if screen.min_element() > 0.0 && eye.screen != screen {
        eye.screen = screen;
    }
}

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
fn follow_pointer(
    mut pointer: ResMut<Pointer>,
    mut eye: ResMut<Eye>,
    mut look: ResMut<Look>,
    stage: Res<Stage>,
    watched: Res<Watched>,
    mut fold: MessageWriter<Fold>,
    buttons: Res<ButtonInput<MouseButton>>,
    keys: Res<ButtonInput<KeyCode>>,
    mut finding: ResMut<Finding>,
    mut turns: MessageReader<MouseButtonInput>,
    window: Query<&Window, With<PrimaryWindow>>,
    mut contexts: EguiContexts,
    time: Res<Time<Real>>,
) -> Result {
    // Where frames are slow both clicks may come in one.
    let released = turns.read().filter(|turn| turn.state == ButtonState::Released).count();
    let Some(at) = window.single().ok().and_then(Window::cursor_position) else {
        return Ok(());
    };
    let over_panel = contexts.ctx_mut()?.egui_wants_pointer_input() || contexts.ctx_mut()?.is_pointer_over_egui();
    let moved = at - pointer.at;
    pointer.at = at;
    let world = eye.world_from_screen(at);
    let now = time.elapsed_secs_f64();
    let under = stage.picture.node_at(world, stage.eased(now), |number, _| stage.is_shown(number, eye.zoom));

    let hovered = under.filter(|_| !over_panel && pointer.press.is_none()).map(|node| node.key);
    if look.hovered != hovered && pointer.press.is_none() {
        look.hovered = hovered;
    }
    if !over_panel && buttons.any_just_pressed([MouseButton::Left, MouseButton::Middle, MouseButton::Right]) {
        let held = under.filter(|node| buttons.just_pressed(MouseButton::Left) && !node.is_composite() && !node.gone);
        let grip = held.map_or(Vec2::ZERO, |node| node.position.truncate() - world);
        let is_free = under.is_none() && buttons.just_pressed(MouseButton::Left);
        let system = if is_free { title_at(&stage, &eye, at) } else { None };
        pointer.press = Some(Press { began_at: at, on: held.map(|node| node.key), system, grip, moved: false });
    }
    if let Some(press) = &mut pointer.press {
        let was_still = !press.moved;
        press.moved |= press.began_at.distance(at) > SLACK;
        // What the pointer has gone before it counted as a drag counts too.
        let moved = if was_still { at - press.began_at } else { moved };
        match (press.on, press.system) {
            _ if !press.moved || moved == Vec2::ZERO => {}
            (Some((system, component)), _) => {
                eye.let_go();
                watched.0.pin(system, component, Some((world + press.grip).extend(0.0).to_array()));
            }
            (None, Some(system)) => {
                eye.let_go();
                watched.0.move_system(system, [moved.x / eye.zoom, -moved.y / eye.zoom]);
            }
            (None, None) => eye.pan(moved),
        }
    }
    if buttons.any_just_released([MouseButton::Left, MouseButton::Middle, MouseButton::Right])
        && let Some(press) = pointer.press.take()
    {
        if press.moved {
            watched.0.finish_step();
            return Ok(());
        }
        let last = pointer.last_click.take();
        let last = last.filter(|(then, place, _)| now - then < DOUBLE_CLICK_SECS && place.distance(at) < SLACK);
        let twice = last.is_some() || released > 1;
        // The panel that the first click opened may have moved the picture under the second.
        let clicked = last.map_or_else(|| chosen::under(&stage, &eye, world, now), |(.., on)| on);
        pointer.last_click = Some((now, at, clicked)).filter(|_| !twice);
        // With Shift a second one is chosen, and the path to it is shown.
        let is_second = is_held(&keys, [KeyCode::ShiftLeft, KeyCode::ShiftRight])
            && matches!((look.selected, clicked), (Some(from), Some(Selected::Component(to))) if finding.show_way(from, to));
        if !is_second {
            look.choose(clicked);
        }
        let node = match clicked {
            Some(Selected::Component(key)) => stage.picture.node(key),
            _ => None,
        };
        match node {
            Some(node) if twice && node.is_composite() => drop(fold.write(Fold::Toggle(node.key))),
            Some(node) if twice && node.pinned => watched.0.pin(node.key.0, node.key.1, None),
            None if twice => fit_all(&mut eye, &stage),
            _ => {}
        }
        // The second press may have come before the frame that tells of the first release.
        if !twice && buttons.pressed(MouseButton::Left) {
            pointer.press = Some(Press { began_at: at, on: None, system: None, grip: Vec2::ZERO, moved: false });
        }
    }
    Ok(())
}

fn turn_wheel(
    mut wheel: MessageReader<MouseWheel>,
    mut eye: ResMut<Eye>,
    pointer: Res<Pointer>,
    mut contexts: EguiContexts,
) -> Result {
    let lines: f32 = wheel
        .read()
        .map(|turn| match turn.unit {
            MouseScrollUnit::Line => turn.y,
            MouseScrollUnit::Pixel => turn.y / 40.0,
        })
        .sum();
    if lines != 0.0 && !contexts.ctx_mut()?.is_pointer_over_egui() {
        eye.zoom_at(pointer.at, ZOOM_PER_LINE.powf(lines.clamp(-10.0, 10.0)));
    }
    Ok(())
}

#[allow(clippy::too_many_arguments, reason = "a Bevy system states what it uses")]
pub(super) fn press_keys(
    pressed: Res<Pressed>,
    mut eye: ResMut<Eye>,
    mut look: ResMut<Look>,
    stage: Res<Stage>,
    watched: Res<Watched>,
    finding: Res<Finding>,
    mut go: MessageWriter<Go>,
    mut exit: MessageWriter<AppExit>,
) {
    let middle = eye.screen / 2.0;
    // What is typed behind the `/` belongs into the search box, which has the keyboard from the next frame on.
    let wanted = pressed.iter().filter(|does| !finding.wants_keyboard || *does == Does::Quit);
    for does in wanted {
        match does {
            Does::Fit => fit_all(&mut eye, &stage),
            Does::Closer => eye.zoom_at(middle, 1.25),
            Does::Further => eye.zoom_at(middle, 0.8),
            Does::Left => eye.pan(Vec2::new(80.0, 0.0)),
            Does::Right => eye.pan(Vec2::new(-80.0, 0.0)),
            Does::Up => eye.pan(Vec2::new(0.0, 80.0)),
            Does::Down => eye.pan(Vec2::new(0.0, -80.0)),
            Does::Back => drop(go.write(Go::Back)),
            Does::Forward => drop(go.write(Go::Forward)),
            Does::Leave => look.choose(None),
            Does::Next => look.selected = next_node(&stage, &look, false),
            Does::Previous => look.selected = next_node(&stage, &look, true),
            Does::Arrange => watched.0.rearrange(),
            Does::Tap => tap_busiest(&watched, &look),
            Does::Latency => watched.0.set_measured(!watched.0.is_measured()),
            Does::Quit => {
                exit.write(AppExit::Success);
            }
            Does::Theme => {
                look.theme = match look.theme {
                    Theme::Dark => Theme::Light,
                    Theme::Light => Theme::Dark,
                }
            }
            Does::Still => look.still = !look.still,
            _ => {}
        }
    }
}

/// One of them goes with what is pressed in this frame. A quick press may be over before the frame that tells of it, or begin
/// in one frame and be over in the next.
pub(super) fn is_held<const N: usize>(keys: &ButtonInput<KeyCode>, any: [KeyCode; N]) -> bool {
    keys.any_pressed(any) || keys.any_just_pressed(any) || keys.any_just_released(any)
}

/// The buttons beside the thumb go back and forward, as in a browser.
fn press_thumb(buttons: Res<ButtonInput<MouseButton>>, mut go: MessageWriter<Go>) {
    if buttons.just_pressed(MouseButton::Back) {
        go.write(Go::Back);
    }
    if buttons.just_pressed(MouseButton::Forward) {
        go.write(Go::Forward);
    }
}

/// The system whose title is there: on top within its hull, or above a hull that is small on the screen.
fn title_at(stage: &Stage, eye: &Eye, at: Vec2) -> Option<SystemId> {
    const TITLE_LINE: f32 = 26.0;
    const SHORTEST: f32 = 90.0;
    let has_title_there = |rect: Rect| {
        let corner = eye.screen_from_world(Vec2::new(rect.min.x, rect.max.y));
        let width = (rect.width() * eye.zoom).max(SHORTEST);
        let height = axonscope_session::sizes::TITLE_HEIGHT * eye.zoom;
        let above = if height < TITLE_LINE { TITLE_LINE } else { 0.0 };
        Rect::new(corner.x, corner.y - above, corner.x + width, corner.y + height).contains(at)
    };
    let hulls = stage.picture.systems.iter().filter(|hull| !hull.rect.is_empty());
    hulls.filter(|hull| has_title_there(hull.rect)).map(|hull| hull.system).next()
}

/// Taps the busiest linkage that leaves the selected component, or ends the taps of those that do.
fn tap_busiest(watched: &Watched, look: &Look) {
    let Some((system, component)) = look.selected else { return };
    let (tapped, busiest) = watched.0.read(|model| {
        let component = model.system(system).and_then(|system| system.component(component));
        let leaving =
            || component.into_iter().flat_map(|component| component.postboxes()).flat_map(|b| b.linkages_out());
        let tapped: Vec<LinkageId> = leaving().filter(|linkage| linkage.tap().is_some()).map(|l| l.id()).collect();
        (tapped, leaving().max_by(|a, b| a.rate().total_cmp(&b.rate())).map(|linkage| linkage.id()))
    });
    let on = tapped.is_empty();
    for linkage in if on { busiest.into_iter().collect() } else { tapped } {
        watched.0.tap(system, linkage, on);
    }
}

fn fit_all(eye: &mut Eye, stage: &Stage) {
    if let Some(bounds) = stage.picture.bounds(None) {
        eye.fit(bounds, stage.picture.systems.iter().map(|hull| hull.system).collect());
    }
}

fn next_node(stage: &Stage, look: &Look, backwards: bool) -> Option<NodeKey> {
    let nodes = &stage.picture.nodes;
    let count = nodes.len();
    if count == 0 {
        return None;
    }
    let at = look.selected.and_then(|key| stage.picture.index.get(&key)).map(|&index| index as usize);
    let next = match (at, backwards) {
        (None, false) => 0,
        (None, true) => count - 1,
        (Some(at), false) => (at + 1) % count,
        (Some(at), true) => (at + count - 1) % count,
    };
    Some(nodes[next].key)
}
