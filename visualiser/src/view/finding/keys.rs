//! The keys for finding things, while nobody types: `/` and Ctrl-F search, steps up and down stream, the table and the
//! tree; Escape ends what is looked at closely, else clears the filter.

use bevy::prelude::*;
use bevy_egui::egui::{Event, Key};
use bevy_egui::{EguiContexts, EguiInput};

use super::super::keys::{Does, Pressed};
use super::super::pick::is_held;
use super::super::stage::Look;
use super::Finding;
use super::rows::Table;
use super::twigs::Tree;

/// Gives the search box the keyboard before anything else takes a key for its own: what is typed behind the `/`, maybe before
/// the next frame, belongs into the box.
pub(super) fn open_search(
    mut contexts: EguiContexts,
    mut inputs: Query<&mut EguiInput>,
    mut finding: ResMut<Finding>,
    keys: Res<ButtonInput<KeyCode>>,
) -> Result {
    if contexts.ctx_mut()?.text_edit_focused() {
        return Ok(());
    }
    // What egui knows of modifiers is how they are at the end of the frame.
    let has_command = is_held(&keys, COMMANDS);
    for mut input in &mut inputs {
        let Some(at) = input.events.iter().position(|event| opens(event, has_command)) else { continue };
        finding.wants_keyboard = true;
        let letter = if has_command { "f" } else { "/" };
        let is_letter = |event: &Event| matches!(event, Event::Text(text) if text.eq_ignore_ascii_case(letter));
        // Neither the key nor what it writes is for the box.
        let events = std::mem::take(&mut input.events).into_iter().enumerate();
        let mut rest: Vec<Event> =
            events.filter(|(place, event)| *place > at || is_letter(event)).map(|(_, event)| event).collect();
        if let Some(letter) = rest.iter().position(is_letter) {
            rest.remove(letter);
        }
        input.events = rest;
    }
    Ok(())
}

const COMMANDS: [KeyCode; 4] = [KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::SuperLeft, KeyCode::SuperRight];

fn opens(event: &Event, has_command: bool) -> bool {
    match event {
        Event::Key { key: Key::F, pressed: true, .. } => has_command,
        Event::Text(text) => text == "/" && !has_command,
        Event::Key { key: Key::Slash, pressed: true, modifiers, .. } => !has_command && !modifiers.alt,
        _ => false,
    }
}

/// In egui's pass, so that Escape ends one thing at a time.
pub(super) fn press_keys(
    pressed: Res<Pressed>,
    mut finding: ResMut<Finding>,
    mut table: ResMut<Table>,
    mut tree: ResMut<Tree>,
    look: Res<Look>,
    mut selected_before: Local<bool>,
) {
    let was_selected = std::mem::replace(&mut *selected_before, look.selected.is_some());
    if finding.wants_keyboard {
        return;
    }
    for does in pressed.iter() {
        match does {
            Does::FocusUp => finding.step(look.selected, 1, 0),
            Does::FocusUpLess => finding.step(look.selected, -1, 0),
            Does::FocusDown => finding.step(look.selected, 0, 1),
            Does::FocusDownLess => finding.step(look.selected, 0, -1),
            Does::Table => table.is_open = !table.is_open,
            Does::Tree => tree.is_open = !tree.is_open,
            Does::Leave if finding.focus.is_some() => finding.focus = None,
            Does::Leave if !was_selected => finding.clear(),
            _ => {}
        }
    }
}
