//! Names that programs give to lead a reader astray, and documents in which everything has one.

use std::io::Write;

use axonscope::export::json::{Component, Document, FORMAT, Linkage, Place, Postbox, Summary, System};
use proptest::prelude::*;

/// Names people, or attackers, have given things.
pub(crate) fn hostile() -> Vec<String> {
    [
        "",
        " ",
        "plain",
        "\"quoted\"",
        "back\\slash",
        "ends with \\",
        "\\\"",
        "two\nlines\r\n\tand a tab",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\u{9b}31m",
        "\u{0}\u{8}\u{7f}",
        "\u{202e}desrever\u{202c} \u{2066}x\u{2069} \u{200f}",
        "zero\u{200b}width\u{feff}",
        "<b onclick='x'>markup</b>&amp;&lt;script&gt;",
        "]]> --> */ // # ;",
        "{record|<port> field}",
        "a -> b [label=x]; } digraph evil {",
        "\\N \\G \\E \\l \\n",
        "日本語 · Ελληνικά · 👩‍👩‍👧 · e\u{301}",
        "\u{e0041}\u{e007f}",
    ]
    .map(str::to_owned)
    .into()
}

/// A document in which everything that can have a name has one of `names`.
pub(crate) fn document(names: &[String]) -> Document {
    let name = |i: usize| names[i % names.len()].clone();
    let components: Vec<Component> = (0..names.len())
        .map(|i| Component {
            id: i as u64 + 1,
            // Every third one is a composite around the next two.
            parent: (i % 3 > 0).then_some((i - i % 3) as u64 + 1),
            name: name(i),
            type_name: name(i + 1),
            description: name(i + 2),
            state: ["running", "failed", "finished", "starting"][i % 4],
            state_detail: name(i + 3),
            labels: [(name(i), name(i + 4))].into(),
            place: (i % 2 == 0).then_some(Place { x: i as f32, y: -1.5, z: 0.0, radius: 20.0, pinned: false }),
            ..Component::default()
        })
        .collect();
    let postboxes: Vec<Postbox> = (0..2 * names.len())
        .map(|i| Postbox {
            id: i as u64 + 1,
            owner: i as u64 / 2 + 1,
            name: name(i),
            kind: if i % 2 == 0 { "inbox" } else { "outbox" },
            message_type: name(i + 5),
            capacity: (i % 2 == 0).then_some(64),
            depth: (i % 3) as u32,
            ..Postbox::default()
        })
        .collect();
    let linkages = (1..names.len() as u64).map(|i| Linkage {
        id: i,
        source: 2 * i,
        sink: 2 * i + 1,
        kind: ["direct", "inward", "outward"][i as usize % 3],
        messages: Some(i),
        messages_per_second: Some(i as f64 * 1.5),
    });
    let summary = |id: u64, status| Summary {
        id,
        name: name(id as usize),
        ordinal: id as u32,
        host: name(3),
        program: name(4),
        status,
        status_detail: name(5),
        labels: [(name(6), name(7))].into(),
        ..Summary::default()
    };
    let system = System {
        summary: summary(1, "live"),
        components,
        postboxes,
        linkages: linkages.collect(),
        ..System::default()
    };
    let twin = System { summary: summary(2, "lost"), ..system.clone() };
    Document { format: FORMAT, instant: "2026-11-22T08:00:00Z".into(), systems: vec![system, twin] }
}

pub(crate) fn written(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn assert_steers_no_terminal(text: &str) {
    for c in text.chars() {
        let harmful = (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        assert!(!harmful, "{c:?} in {text:?}");
    }
}

/// Any text, with the characters that matter much more often than chance would have them.
pub(crate) fn name() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(hostile()),
        "[\\\\\"{}|<>&;\\[\\]\n\r\t\u{1b}\u{202e} -]",
    ];
    prop::collection::vec(pieces, 0..80).prop_map(|pieces| pieces.concat())
}
