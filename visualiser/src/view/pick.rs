//! What the pointer and the keys do: hover, select, drag, pan, zoom to the pointer, fit.

use axonscope_model::{LinkageId, SystemId};
use bevy::input::mouse::{MouseScrollUnit, MouseWheel};
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy_egui::EguiContexts;

use super::VisualiserSystems;
use super::camera::Eye;
use super::going::{self, Go};
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
    last_click: Option<(f64, Vec2)>,
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
const DOUBLE_CLICK_SECS: f64 = 0.35;
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
    buttons: Res<ButtonInput<MouseButton>>,
    window: Query<&Window, With<PrimaryWindow>>,
    mut contexts: EguiContexts,
    time: Res<Time<Real>>,
) -> Result {
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
        let twice = pointer
            .last_click
            .is_some_and(|(then, place)| now - then < DOUBLE_CLICK_SECS && place.distance(at) < SLACK);
        pointer.last_click = Some((now, at));
        let clicked = under.map(|node| node.key);
        look.selected = clicked;
        match under {
            Some(node) if twice && node.pinned => watched.0.pin(node.key.0, node.key.1, None),
            None if twice => fit_all(&mut eye, &stage),
            _ => {}
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

fn press_keys(
    keys: Res<ButtonInput<KeyCode>>,
    mut eye: ResMut<Eye>,
    mut look: ResMut<Look>,
    stage: Res<Stage>,
    watched: Res<Watched>,
    mut go: MessageWriter<Go>,
    mut exit: MessageWriter<AppExit>,
) {
    let middle = eye.screen / 2.0;
    if is_held(&keys, [KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::SuperLeft, KeyCode::SuperRight]) {
        if keys.just_pressed(KeyCode::KeyQ) {
            exit.write(AppExit::Success);
        }
        return;
    }
    let alt = is_held(&keys, [KeyCode::AltLeft, KeyCode::AltRight]);
    for key in keys.get_just_pressed() {
        match key {
            KeyCode::KeyF | KeyCode::Home => fit_all(&mut eye, &stage),
            KeyCode::Equal | KeyCode::NumpadAdd => eye.zoom_at(middle, 1.25),
            KeyCode::Minus | KeyCode::NumpadSubtract => eye.zoom_at(middle, 0.8),
            KeyCode::ArrowLeft if alt => drop(go.write(Go::Back)),
            KeyCode::ArrowRight if alt => drop(go.write(Go::Forward)),
            KeyCode::ArrowLeft => eye.pan(Vec2::new(80.0, 0.0)),
            KeyCode::ArrowRight => eye.pan(Vec2::new(-80.0, 0.0)),
            KeyCode::ArrowUp => eye.pan(Vec2::new(0.0, 80.0)),
            KeyCode::ArrowDown => eye.pan(Vec2::new(0.0, -80.0)),
            KeyCode::BrowserBack => drop(go.write(Go::Back)),
            KeyCode::BrowserForward => drop(go.write(Go::Forward)),
            KeyCode::Escape => look.selected = None,
            KeyCode::Tab => look.selected = next_node(&stage, &look, keys.pressed(KeyCode::ShiftLeft)),
            KeyCode::KeyR => watched.0.rearrange(),
            KeyCode::KeyP => tap_busiest(&watched, &look),
            KeyCode::KeyT => {
                look.theme = match look.theme {
                    Theme::Dark => Theme::Light,
                    Theme::Light => Theme::Dark,
                }
            }
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
