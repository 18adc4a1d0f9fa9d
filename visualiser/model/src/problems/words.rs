//! The words that the sentences of problems have in common. Names come from programs, and are made harmless here.

use crate::display;
use crate::query::{ComponentRef, PostboxRef};

/// How long a name may be in a sentence.
const NAME_CHARS: usize = 40;

/// A component's name.
pub(super) fn name(component: ComponentRef<'_>) -> String {
    display::label(component.name(), NAME_CHARS).into_owned()
}

/// A postbox's name.
pub(super) fn box_name(postbox: PostboxRef<'_>) -> String {
    display::label(postbox.name(), NAME_CHARS).into_owned()
}

/// "encoder's outbox".
pub(super) fn whose(postbox: PostboxRef<'_>) -> String {
    format!("{}'s {}", name(postbox.owner()), box_name(postbox))
}

/// "inbox" with "64 of 64" waiting, or how many where there is no bound.
pub(super) fn fill(inbox: PostboxRef<'_>) -> String {
    let depth = display::count(inbox.depth().into());
    match inbox.capacity() {
        0 => format!("{} {depth} waiting", box_name(inbox)),
        capacity => format!("{} {depth} of {}", box_name(inbox), display::count(capacity.into())),
    }
}

/// "a", "a and b", "a, b and c", "a, b and 7 more".
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, other, third] => format!("{one}, {other} and {third}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", rest.len()),
    }
}

/// "1 message", "12 messages".
pub(super) fn count_of(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{} {noun}s", display::count(count)),
    }
}

/// "waits", or "wait" of several.
pub(super) fn verb(count: usize, verb: &str) -> String {
    if count == 1 { format!("{verb}s") } else { verb.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_a_person_would_say_them() {
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let said: Vec<String> = (0..=5).map(|length| list(&names[..length])).collect();
        assert_eq!(said, ["", "a", "a and b", "a, b and c", "a, b and 2 more", "a, b and 3 more"]);
        assert_eq!([count_of(1, "message"), count_of(1200, "message")], ["1 message", "1 200 messages"]);
    }
}
