//! The keys for finding things, while nobody types: `/` and Ctrl-F search, `[` and `]` look further up and down stream, `B`
//! and `E` open the table and the tree, Escape ends what is looked at closely, else clears the filter.

use bevy::prelude::*;
use bevy_egui::egui::{Event, Key, Modifiers};
use bevy_egui::{EguiContexts, egui};

use super::super::stage::Look;
use super::Finding;
use super::rows::Table;
use super::twigs::Tree;

/// In egui's pass, because there a key that opens the search box can be kept from being typed into it.
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
    if ctx.input(|input| input.modifiers.command && input.key_pressed(Key::F)) {
        finding.wants_keyboard = true;
        return Ok(());
    }
    if ctx.text_edit_focused() || !ctx.input(|input| input.events.iter().any(is_press)) {
        return Ok(());
    }
    let pressed = |key: Key, shift: bool| {
        ctx.input(|input| {
            let Modifiers { alt, ctrl, mac_cmd, command, .. } = input.modifiers;
            input.key_pressed(key) && !(alt || ctrl || mac_cmd || command) && (!shift || input.modifiers.shift)
        })
    };
    let is_slash = |event: &Event| matches!(event, Event::Text(text) if text == "/");
    if pressed(Key::Slash, false) || ctx.input(|input| input.events.iter().any(is_slash)) {
        finding.wants_keyboard = true;
        ctx.input_mut(|input| input.events.retain(|event| !is_slash(event)));
    }
    let less = ctx.input(|input| input.modifiers.shift);
    let by = if less { -1 } else { 1 };
    if pressed(Key::OpenBracket, false) || pressed(Key::OpenCurlyBracket, false) {
        finding.step(look.selected, by, 0);
    }
    if pressed(Key::CloseBracket, false) || pressed(Key::CloseCurlyBracket, false) {
        finding.step(look.selected, 0, by);
    }
    if pressed(Key::B, false) {
        table.is_open = !table.is_open;
    }
    if pressed(Key::E, false) {
        tree.is_open = !tree.is_open;
    }
    if pressed(Key::Escape, false) {
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
