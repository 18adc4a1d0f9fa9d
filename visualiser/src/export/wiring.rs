//! A system as a declared wiring in TOML: components by path, the boxes that are linked, and the linkages. No ids, and
//! always in the same order, so that two files can be compared line by line; [`crate::wiring`] reads it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use axonscope_model::wiring::{Link, Wiring};

/// Writes `wiring`.
///
/// # Errors
/// Those of `out`.
pub fn write(wiring: &Wiring, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# How a system is wired. `axonscope check` compares a live one with this file.\n")?;
    writeln!(out, "name = {}\n", quoted(&wiring.name))?;
    if wiring.optional.is_empty() {
        writeln!(out, "# Paths of components that may come and go, with * for any letters, such as \"server/*\".")?;
    }
    write_list("optional", wiring.optional.iter().cloned(), out)?;
    writeln!(out, "\n# Who sends to whom. \"a.outbox -> b.inbox\" joins an outbox of a to an inbox of b.")?;
    write_links("links", &wiring.links, out)?;
    if let Some(signals) = &wiring.signals {
        writeln!(out, "\n# Who tells whom to stop. Without this list nothing is said of that.")?;
        write_links("signals", signals, out)?;
    }
    for (path, part) in &wiring.parts {
        writeln!(out, "\n[components.{}]", key(path))?;
        if let Some(type_name) = &part.type_name {
            writeln!(out, "type = {}", quoted(type_name))?;
        }
        for (word, boxes) in [("inboxes", &part.inboxes), ("outboxes", &part.outboxes)] {
            if !boxes.is_empty() {
                let boxes: Vec<String> = boxes.iter().map(|name| quoted(name)).collect();
                writeln!(out, "{word} = [{}]", boxes.join(", "))?;
            }
        }
    }
    Ok(())
}

fn write_links(word: &str, links: &BTreeSet<Link>, out: &mut dyn Write) -> io::Result<()> {
    write_list(word, links.iter().map(ToString::to_string), out)
}

fn write_list(word: &str, texts: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let mut texts = texts.peekable();
    if texts.peek().is_none() {
        return writeln!(out, "{word} = []");
    }
    writeln!(out, "{word} = [")?;
    for text in texts {
        writeln!(out, "    {},", quoted(&text))?;
    }
    writeln!(out, "]")
}

/// `text` as a key of a table.
fn key(text: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(is_bare) { text.to_owned() } else { quoted(text) }
}

/// `text` as a string of TOML, with nothing in it that hides.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if axonscope_model::display::escape(c.encode_utf8(&mut [0; 4])).len() > c.len_utf8() => {
                quoted.push_str(&format!("\\U{:08X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_stay_in_their_quotes() {
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
        assert_eq!(quoted("\u{1b}[2J\u{202e}"), "\"\\U0000001B[2J\\U0000202E\"");
        assert_eq!([key("a-1_b"), key("a/b"), key("")], ["a-1_b", "\"a/b\"", "\"\""]);
    }
}
