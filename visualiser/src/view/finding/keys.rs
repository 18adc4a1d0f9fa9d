//! The keys for finding things, while nobody types: `/` and Ctrl-F search, `[` and `]` look further up and down stream, `B`
//! and `E` open the table and the tree, Escape ends what is looked at closely, else clears the filter.

use bevy::prelude::*;
use bevy_egui::egui::{Event, Key, Modifiers};
use bevy_egui::{EguiContexts, EguiInput, egui};

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

/// In egui's pass, which knows letters by what they mean on this keyboard.
pub(super) fn press_keys(
    mut contexts: EguiContexts,
    mut finding: ResMut<Finding>,
    mut table: ResMut<Table>,
    mut tree: ResMut<Tree>,
    look: Res<Look>,
    mut selected_before: Local<bool>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let was_selected = std::mem::replace(&mut *selected_before, look.selected.is_some());
    if finding.wants_keyboard || ctx.text_edit_focused() || !ctx.input(|input| input.events.iter().any(is_press)) {
        return Ok(());
    }
    let pressed = |key: Key| {
        ctx.input(|input| {
            let Modifiers { alt, ctrl, mac_cmd, command, .. } = input.modifiers;
            input.key_pressed(key) && !(alt || ctrl || mac_cmd || command)
        })
    };
    let less = ctx.input(|input| input.modifiers.shift);
    let by = if less { -1 } else { 1 };
    if pressed(Key::OpenBracket) || pressed(Key::OpenCurlyBracket) {
        finding.step(look.selected, by, 0);
    }
    if pressed(Key::CloseBracket) || pressed(Key::CloseCurlyBracket) {
        finding.step(look.selected, 0, by);
    }
    if pressed(Key::B) {
        table.is_open = !table.is_open;
    }
    if pressed(Key::E) {
        tree.is_open = !tree.is_open;
    }
    if pressed(Key::Escape) {
        match finding.focus {
            Some(_) => finding.focus = None,
            None if !was_selected => finding.clear(),
            None => {}
        }
    }
    Ok(())
}

fn is_press(event: &egui::Event) -> bool {
    matches!(event, Event::Key { pressed: true, .. } | Event::Text(_))
}
