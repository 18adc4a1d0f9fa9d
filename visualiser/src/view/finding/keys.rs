//! The keys for finding things, while nobody types: `/` and Ctrl-F search, `[` and `]` look further up and down stream, `B`
//! and `E` open the table and the tree, Escape ends what is looked at closely, else clears the filter.

use bevy::prelude::*;
use bevy_egui::egui::{Event, Key, Modifiers};
use bevy_egui::{EguiContexts, EguiInput, egui};

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
) -> Result {
    if contexts.ctx_mut()?.text_edit_focused() {
        return Ok(());
    }
    for mut input in &mut inputs {
        let Some(at) = input.events.iter().position(opens) else { continue };
        finding.wants_keyboard = true;
        // Neither the key nor what it writes is for the box.
        let events = std::mem::take(&mut input.events);
        let kept = |(place, event): (usize, Event)| (place > at || !is_press(&event)).then_some(event);
        let is_slash = |event: &Event| matches!(event, Event::Text(text) if text == "/");
        let mut rest: Vec<Event> = events.into_iter().enumerate().filter_map(kept).collect();
        if let Some(slash) = rest.iter().position(is_slash) {
            rest.remove(slash);
        }
        input.events = rest;
    }
    Ok(())
}

fn opens(event: &Event) -> bool {
    match event {
        Event::Text(text) => text == "/",
        Event::Key { key: Key::F, pressed: true, modifiers, .. } => modifiers.command,
        Event::Key { key: Key::Slash, pressed: true, modifiers, .. } => !modifiers.command && !modifiers.alt,
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
