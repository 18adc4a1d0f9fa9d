//! The keys of the window: one table says what each does. Whoever acts on a key asks [`Pressed`] for what it [`Does`]; the
//! help and the table in the README are made from the same lines.
//!
//! To add a key: a name in [`Does`], a line in [`TABLE`], and `pressed.is(Does::…)` where it is acted on. A test finds keys
//! that two lines claim.

mod spelling;

use bevy::input::InputSystems;
use bevy::input::keyboard::{KeyboardFocusLost, KeyboardInput};
use bevy::prelude::*;
use bevy_egui::EguiContexts;

use super::finding::Finding;
use spelling::{Modifiers, is_for_writing, spelled};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Pressed>();
}

/// Reads the keyboard, which only a window has.
pub(super) fn hands_plugin(app: &mut App) {
    app.add_systems(PreUpdate, read_keys.after(InputSystems));
}

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Does {
    Search,
    Table,
    Tree,
    Back,
    Forward,
    FocusUp,
    FocusDown,
    FocusUpLess,
    FocusDownLess,
    Next,
    Previous,
    Inspector,
    Copy,
    Problems,
    NextProblem,
    Dismiss,
    Tap,
    Latency,
    Fit,
    Closer,
    Further,
    Left,
    Right,
    Up,
    Down,
    Fold,
    FoldShallower,
    FoldDeeper,
    FoldByZoom,
    Layered,
    Arrange,
    Undo,
    Redo,
    Present,
    Larger,
    Smaller,
    TourPause,
    TourNext,
    TourBack,
    Legend,
    Theme,
    Still,
    Help,
    Leave,
    Quit,
}

/// Lines that the help shows together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    Finding,
    Knowing,
    Looking,
    Arranging,
    Presenting,
    Window,
}

impl Group {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Group::Finding => "Finding things",
            Group::Knowing => "What is known",
            Group::Looking => "Looking",
            Group::Arranging => "Arrangement",
            Group::Presenting => "Presenting",
            Group::Window => "Window",
        }
    }
}

/// When a line of the table holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum While {
    Always,
    /// Not while presenting.
    Working,
    Presenting,
}

/// A line of the table.
pub(crate) struct Binding {
    pub(crate) does: Does,
    pub(crate) group: Group,
    holds: While,
    /// As they are written for people: modifiers `Ctrl-`, `Alt-`, `Shift-` in this order, letters as capitals, signs as what
    /// they print, whatever has to be held for that. `+` is meant by `=` too, which is the same key on most keyboards.
    pub(crate) chords: &'static [&'static str],
    /// In a few words. Neighbours that say the same are one line of the help.
    pub(crate) says: &'static str,
}

const fn bind(does: Does, group: Group, holds: While, chords: &'static [&'static str], says: &'static str) -> Binding {
    Binding { does, group, holds, chords, says }
}

/// Every key of the window.
pub(crate) const TABLE: &[Binding] = &[
    bind(Does::Search, Group::Finding, While::Working, &["/", "Ctrl-F"], "search and filter"),
    bind(Does::Table, Group::Finding, While::Working, &["B"], "the same as a table"),
    bind(Does::Tree, Group::Finding, While::Working, &["E"], "tree of systems and composites"),
    bind(Does::Back, Group::Finding, While::Working, &["Alt-←", "BrowserBack"], "back and forward"),
    bind(Does::Forward, Group::Finding, While::Working, &["Alt-→", "BrowserForward"], "back and forward"),
    bind(Does::FocusUp, Group::Finding, While::Working, &["["], "a step more up, down stream"),
    bind(Does::FocusDown, Group::Finding, While::Working, &["]"], "a step more up, down stream"),
    bind(Does::FocusUpLess, Group::Finding, While::Working, &["{"], "a step less"),
    bind(Does::FocusDownLess, Group::Finding, While::Working, &["}"], "a step less"),
    bind(Does::Next, Group::Finding, While::Working, &["Tab"], "select the next, the previous"),
    bind(Does::Previous, Group::Finding, While::Working, &["Shift-Tab"], "select the next, the previous"),
    bind(Does::Inspector, Group::Knowing, While::Working, &["I"], "inspector"),
    bind(Does::Copy, Group::Knowing, While::Working, &["Ctrl-C"], "copy what is known of it"),
    bind(Does::Problems, Group::Knowing, While::Working, &["O"], "problems"),
    bind(Does::NextProblem, Group::Knowing, While::Working, &["N"], "fly to the next problem"),
    bind(Does::Dismiss, Group::Knowing, While::Working, &["Delete"], "dismiss what has gone"),
    bind(Does::Tap, Group::Knowing, While::Working, &["P"], "show messages of what is selected"),
    bind(Does::Latency, Group::Knowing, While::Working, &["L"], "time from event to pixel"),
    bind(Does::Fit, Group::Looking, While::Always, &["F", "Home"], "show everything"),
    bind(Does::Closer, Group::Looking, While::Always, &["+"], "closer, further away"),
    bind(Does::Further, Group::Looking, While::Always, &["-"], "closer, further away"),
    bind(Does::Left, Group::Looking, While::Working, &["←"], "move the picture"),
    bind(Does::Right, Group::Looking, While::Working, &["→"], "move the picture"),
    bind(Does::Up, Group::Looking, While::Always, &["↑"], "move the picture"),
    bind(Does::Down, Group::Looking, While::Always, &["↓"], "move the picture"),
    bind(Does::Legend, Group::Looking, While::Always, &["K"], "legend"),
    bind(Does::Fold, Group::Arranging, While::Always, &["C"], "open or close what is selected"),
    bind(Does::FoldShallower, Group::Arranging, While::Always, &[","], "open to one depth less, one more"),
    bind(Does::FoldDeeper, Group::Arranging, While::Always, &["."], "open to one depth less, one more"),
    bind(Does::FoldByZoom, Group::Arranging, While::Always, &["Shift-C"], "open and close all by the zoom"),
    bind(Does::Layered, Group::Arranging, While::Always, &["Y"], "from left to right, or by forces"),
    bind(Does::Arrange, Group::Arranging, While::Always, &["R"], "arrange again"),
    bind(Does::Undo, Group::Arranging, While::Always, &["Ctrl-Z"], "undo, redo"),
    bind(Does::Redo, Group::Arranging, While::Always, &["Ctrl-Y", "Ctrl-Shift-Z"], "undo, redo"),
    bind(Does::Present, Group::Presenting, While::Always, &["F5", "Shift-P"], "present; again to end"),
    bind(Does::TourPause, Group::Presenting, While::Presenting, &["Space"], "pause the tour, go on"),
    bind(Does::TourBack, Group::Presenting, While::Presenting, &["←"], "the stop before, the next stop"),
    bind(Does::TourNext, Group::Presenting, While::Presenting, &["→"], "the stop before, the next stop"),
    bind(Does::Larger, Group::Presenting, While::Presenting, &["Ctrl-+"], "larger, smaller type"),
    bind(Does::Smaller, Group::Presenting, While::Presenting, &["Ctrl--"], "larger, smaller type"),
    bind(Does::Theme, Group::Window, While::Always, &["T"], "dark or light"),
    bind(Does::Still, Group::Window, While::Always, &["M"], "less movement"),
    bind(Does::Help, Group::Window, While::Always, &["?", "F1"], "this help"),
    bind(Does::Leave, Group::Window, While::Always, &["Esc"], "close what is open, select nothing"),
    bind(Does::Quit, Group::Window, While::Always, &["Ctrl-Q"], "quit"),
];

/// What was asked for by keys since the last frame, in order. Nothing that is typed into a text field is in it, but for
/// chords that no text field knows.
#[derive(Resource, Default)]
pub(crate) struct Pressed {
    asked: Vec<Does>,
    /// Whether the lines of the table that hold while presenting are those that hold.
    pub(crate) is_presenting: bool,
    modifiers: Modifiers,
}

impl Pressed {
    pub(crate) fn is(&self, does: Does) -> bool {
        self.asked.contains(&does)
    }

    /// The same, and nobody else acts on it: for what closes the topmost thing only.
    pub(crate) fn take(&mut self, does: Does) -> bool {
        let before = self.asked.len();
        self.asked.retain(|asked| *asked != does);
        self.asked.len() < before
    }

    /// As if its key had been pressed.
    pub(crate) fn ask(&mut self, does: Does) {
        self.asked.push(does);
    }

    /// Each in order; one is there as often as its key was pressed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Does> + '_ {
        self.asked.iter().copied()
    }

    fn press(&mut self, chord: &str, is_repeat: bool) {
        let held = TABLE.iter().find(|line| line.chords.contains(&chord) && self.holds(line));
        self.asked.extend(held.filter(|line| !is_repeat || line.does.repeats()).map(|line| line.does));
    }

    fn holds(&self, line: &Binding) -> bool {
        match line.holds {
            While::Always => true,
            While::Working => !self.is_presenting,
            While::Presenting => self.is_presenting,
        }
    }
}

impl Does {
    /// Again and again while its key is held.
    fn repeats(self) -> bool {
        use Does::{Closer, Down, Further, Larger, Left, Next, Previous, Right, Smaller, Up};
        matches!(self, Closer | Further | Left | Right | Up | Down | Next | Previous | Larger | Smaller)
    }
}

fn read_keys(
    mut inputs: MessageReader<KeyboardInput>,
    mut lost: MessageReader<KeyboardFocusLost>,
    mut pressed: ResMut<Pressed>,
    finding: Res<Finding>,
    mut contexts: EguiContexts,
) -> Result {
    if !pressed.asked.is_empty() {
        pressed.asked.clear();
    }
    let mut is_writing = !inputs.is_empty() && (finding.wants_keyboard || contexts.ctx_mut()?.text_edit_focused());
    for input in inputs.read() {
        // In order, because a quick press of both may be over within one frame.
        pressed.modifiers.follow(input);
        if !input.state.is_pressed() {
            continue;
        }
        if let Some(chord) = spelled(input, pressed.modifiers).filter(|chord| !is_writing || !is_for_writing(chord)) {
            pressed.press(&chord, input.repeat);
            // What is typed behind that, maybe before the next frame, is for the box.
            is_writing |= pressed.is(Does::Search);
        }
    }
    if lost.read().next().is_some() {
        pressed.modifiers = Modifiers::default();
    }
    Ok(())
}

/// The lines of a group as the help shows them: the keys, without those that few keyboards have, and what they do.
pub(crate) fn lines(group: Group) -> Vec<(Vec<&'static str>, &'static str)> {
    let mut lines: Vec<(Vec<&'static str>, &'static str)> = Vec::new();
    for line in TABLE.iter().filter(|line| line.group == group) {
        let usual = line.chords.iter().filter(|chord| !chord.starts_with("Browser"));
        match lines.last_mut() {
            Some((chords, says)) if *says == line.says => chords.extend(usual),
            _ => lines.push((usual.copied().collect(), line.says)),
        }
    }
    lines
}

pub(crate) const GROUPS: [Group; 6] =
    [Group::Finding, Group::Knowing, Group::Looking, Group::Arranging, Group::Presenting, Group::Window];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_claimed_twice() {
        let overlap = |a: While, b: While| a == b || a == While::Always || b == While::Always;
        for (number, line) in TABLE.iter().enumerate() {
            for other in &TABLE[number + 1..] {
                assert_ne!(line.does, other.does, "two lines for one");
                let shared = line.chords.iter().find(|chord| other.chords.contains(chord));
                let clash = shared.filter(|_| overlap(line.holds, other.holds));
                assert_eq!(clash, None, "claimed by {:?} and {:?}", line.does, other.does);
            }
        }
    }

    #[test]
    fn each_line_is_in_a_group_that_is_shown() {
        assert!(TABLE.iter().all(|line| GROUPS.contains(&line.group) && !line.chords.is_empty()));
    }

    #[test]
    fn neighbours_that_say_the_same_are_one_line() {
        let looking = lines(Group::Looking);
        assert!(looking.contains(&(vec!["←", "→", "↑", "↓"], "move the picture")), "{looking:?}");
    }

    #[test]
    fn what_a_key_does_depends_on_whether_one_presents() {
        let mut pressed = Pressed::default();
        pressed.press("←", false);
        pressed.is_presenting = true;
        pressed.press("←", false);
        pressed.press("Shift-P", false);
        pressed.press("Shift-P", true);
        pressed.press("Ctrl-Alt-Delete", false);
        assert_eq!(pressed.iter().collect::<Vec<_>>(), [Does::Left, Does::TourBack, Does::Present]);
        assert!(pressed.take(Does::Present) && !pressed.is(Does::Present) && pressed.is(Does::Left));
    }

    /// The table of the README is this one: where it differs the right one is printed.
    #[test]
    fn the_readme_has_the_same_table() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
        let Some((_, rest)) = readme.split_once("<!-- keys -->\n") else { return };
        let (found, _) = rest.split_once("<!-- end of keys -->").unwrap();
        assert_eq!(found.trim(), markdown().trim(), "what the README should have is:\n{}", markdown());
    }

    fn markdown() -> String {
        let mut table = "| key | does |\n| --- | --- |\n".to_owned();
        for group in GROUPS {
            table += &format!("| **{}** | |\n", group.title());
            for (chords, says) in lines(group) {
                let chords: Vec<String> = chords.iter().map(|chord| format!("`{chord}`")).collect();
                table += &format!("| {} | {says} |\n", chords.join(" "));
            }
        }
        table
    }
}
