//! How a press is spelled: by what the key prints, so that every keyboard layout finds its own, and by where it sits for
//! scripts without our letters.

use bevy::input::keyboard::{Key, KeyCode, KeyboardInput};

/// Which are held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Modifiers {
    /// Bits of the keys in [`HELD`].
    held: u8,
}

/// Either hand's, and the Mac's command key for Ctrl.
const HELD: [KeyCode; 8] = [
    KeyCode::ControlLeft,
    KeyCode::ControlRight,
    KeyCode::SuperLeft,
    KeyCode::SuperRight,
    KeyCode::AltLeft,
    KeyCode::AltRight,
    KeyCode::ShiftLeft,
    KeyCode::ShiftRight,
];
const CTRL: u8 = 0b0000_1111;
const ALT: u8 = 0b0011_0000;
/// The third level of many layouts: what it prints counts, and not that it was held.
const ALT_RIGHT: u8 = 0b0010_0000;
const SHIFT: u8 = 0b1100_0000;

impl Modifiers {
    /// Takes in that a key went down or up.
    pub(super) fn follow(&mut self, input: &KeyboardInput) {
        if let Some(bit) = HELD.iter().position(|code| *code == input.key_code) {
            let bit = 1 << bit;
            self.held = if input.state.is_pressed() { self.held | bit } else { self.held & !bit };
        }
    }

    fn has(self, any_of: u8) -> bool {
        self.held & any_of != 0
    }
}

/// As [`super::Binding::chords`] are written; nothing for keys that no chord ends with.
pub(super) fn spelled(input: &KeyboardInput, modifiers: Modifiers) -> Option<String> {
    let (name, prints) = match &input.logical_key {
        Key::Character(text) => {
            let mut letters = text.chars();
            let (first, None) = (letters.next()?, letters.next()) else { return None };
            match first {
                '=' => ("+".to_owned(), true),
                // A layout without our letters: by the place of the key.
                letter if !letter.is_ascii() => (latin(input.key_code)?.to_string(), false),
                letter if letter.is_ascii_alphabetic() => (letter.to_ascii_uppercase().to_string(), false),
                sign => (sign.to_string(), true),
            }
        }
        named => (name(named)?, false),
    };
    let third_level = prints && modifiers.has(ALT_RIGHT);
    let mut chord = String::new();
    for (held, prefix) in [
        (modifiers.has(CTRL) && !third_level, "Ctrl-"),
        (modifiers.has(ALT) && !third_level, "Alt-"),
        (modifiers.has(SHIFT) && !prints, "Shift-"),
    ] {
        if held {
            chord += prefix;
        }
    }
    Some(chord + &name)
}

fn name(key: &Key) -> Option<String> {
    let name = match key {
        Key::Escape => "Esc",
        Key::ArrowLeft => "←",
        Key::ArrowRight => "→",
        Key::ArrowUp => "↑",
        Key::ArrowDown => "↓",
        Key::BrowserBack
        | Key::BrowserForward
        | Key::Space
        | Key::Tab
        | Key::Home
        | Key::End
        | Key::Enter
        | Key::Delete
        | Key::PageUp
        | Key::PageDown => {
            return Some(format!("{key:?}"));
        }
        other => {
            let word = format!("{other:?}");
            return word.strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok()).then_some(word);
        }
    };
    Some(name.to_owned())
}

/// The letter that a key has on a Latin keyboard.
fn latin(code: KeyCode) -> Option<char> {
    let word = format!("{code:?}");
    word.strip_prefix("Key")?.chars().next()
}

/// A text field may want it. Function keys and most of what is held with Ctrl are never text.
pub(super) fn is_for_writing(chord: &str) -> bool {
    match chord.strip_prefix("Ctrl-") {
        Some(key) => ["A", "C", "V", "X", "Z", "Y", "Shift-Z"].contains(&key) || key.len() > 1,
        None => !(chord.starts_with('F') && chord.len() > 1),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use bevy::ecs::entity::Entity;
    use bevy::input::ButtonState;

    use super::*;

    fn input(key_code: KeyCode, logical_key: Key, state: ButtonState) -> KeyboardInput {
        KeyboardInput { key_code, logical_key, state, text: None, repeat: false, window: Entity::PLACEHOLDER }
    }

    fn check(held: &[KeyCode], code: KeyCode, prints: &str, expect: &str) {
        let key = if prints.chars().count() == 1 { Key::Character(prints.into()) } else { named(prints) };
        let mut modifiers = Modifiers::default();
        for code in held {
            modifiers.follow(&input(*code, Key::Shift, ButtonState::Pressed));
        }
        assert_eq!(spelled(&input(code, key, ButtonState::Pressed), modifiers).as_deref(), Some(expect));
    }

    fn named(word: &str) -> Key {
        match word {
            "F5" => Key::F5,
            "Escape" => Key::Escape,
            "Tab" => Key::Tab,
            _ => Key::Space,
        }
    }

    #[test]
    fn letters_and_signs_are_spelled_as_they_print() {
        use KeyCode::{AltRight, ControlLeft, Digit8, Equal, F5, KeyA, KeyP, KeyQ, ShiftLeft, Slash};
        check(&[], KeyP, "p", "P");
        check(&[ShiftLeft], KeyP, "P", "Shift-P");
        check(&[ShiftLeft], Slash, "?", "?");
        check(&[ControlLeft], Equal, "=", "Ctrl-+");
        check(&[ControlLeft, ShiftLeft], Equal, "+", "Ctrl-+");
        check(&[], KeyQ, "a", "A");
        check(&[AltRight], Digit8, "[", "[");
        check(&[], KeyA, "ф", "A");
        check(&[], F5, "F5", "F5");
        check(&[ShiftLeft], KeyCode::Tab, "Tab", "Shift-Tab");
        check(&[], KeyCode::Escape, "Escape", "Esc");
    }

    #[test]
    fn a_modifier_holds_until_it_is_let_go() {
        let mut modifiers = Modifiers::default();
        modifiers.follow(&input(KeyCode::ShiftRight, Key::Shift, ButtonState::Pressed));
        assert!(modifiers.has(SHIFT));
        modifiers.follow(&input(KeyCode::ShiftRight, Key::Shift, ButtonState::Released));
        assert_eq!(modifiers, Modifiers::default());
    }

    #[test]
    fn a_text_field_keeps_what_it_may_want() {
        for text in ["A", "Shift-P", "/", "Space", "Esc", "←", "Ctrl-Z", "Ctrl-←", "F"] {
            assert!(is_for_writing(text), "{text}");
        }
        for command in ["F5", "Ctrl-F", "Ctrl-Q", "Ctrl-+"] {
            assert!(!is_for_writing(command), "{command}");
        }
    }
}
