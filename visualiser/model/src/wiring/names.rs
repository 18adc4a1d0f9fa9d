//! Stable names: the path of every component of a system, and what may stand in one.

use std::collections::HashMap;

use crate::query::{ComponentRef, PostboxRef};
use crate::system::System;

use super::End;

/// Where components nest deeper than this, in bytes of their path, the outer names are left out.
const LONGEST: usize = 2048;

/// The paths of all components of one system, by slot.
pub(super) struct Names {
    paths: Vec<String>,
    by_path: HashMap<String, u32>,
}

impl Names {
    pub(super) fn of(system: &System) -> Names {
        let mut paths = vec![String::new(); system.component_slots() as usize];
        let mut by_path = HashMap::with_capacity(system.component_count());
        let mut numbers: HashMap<String, u32> = HashMap::new();
        // A parent stands before its children in the tree.
        for component in system.tree() {
            let own = component_name(component.name());
            let base = match component.parent().map(|parent| &paths[parent.slot() as usize]) {
                None => own,
                Some(parent) if parent.len() > LONGEST => format!("…/{own}"),
                Some(parent) => format!("{parent}/{own}"),
            };
            // No name has a `#` in it, so a number makes it one of its own.
            let number = numbers.entry(base.clone()).and_modify(|number| *number += 1).or_insert(1);
            let path = if *number == 1 { base } else { format!("{base}#{number}") };
            by_path.insert(path.clone(), component.slot());
            paths[component.slot() as usize] = path;
        }
        Names { paths, by_path }
    }

    pub(super) fn path(&self, component: ComponentRef<'_>) -> &str {
        &self.paths[component.slot() as usize]
    }

    /// The slot of the component of that path.
    pub(super) fn slot(&self, path: &str) -> Option<u32> {
        self.by_path.get(path).copied()
    }
}

pub(super) fn end_of(names: &Names, postbox: PostboxRef<'_>) -> End {
    End { component: names.path(postbox.owner()).to_owned(), postbox: box_name(postbox.name()) }
}

/// A component's own name as it stands in a path.
pub(super) fn component_name(name: &str) -> String {
    written(name, |c| matches!(c, '%' | '/' | '#' | '>'))
}

/// A postbox's name as it stands after its component's path: the last point is the one between the two.
pub(super) fn box_name(name: &str) -> String {
    written(name, |c| matches!(c, '%' | '.' | '>'))
}

fn written(name: &str, means_something: impl Fn(char) -> bool) -> String {
    let last = name.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(name.len());
    for (place, c) in name.chars().enumerate() {
        // Space at an end would be lost in a link.
        let at_end = c.is_whitespace() && (place == 0 || place == last);
        if means_something(c) || c.is_control() || at_end {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| text.push_str(&format!("%{byte:02X}")));
        } else {
            text.push(c);
        }
    }
    text
}

/// Whether `text` is as `pattern` says, in which `*` is any letters or none.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(found) = last.replace(part) {
            let Some(at) = rest.find(found) else { return false };
            rest = &rest[at + found.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last: &str| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_mean_something_else_is_written_out() {
        assert_eq!(component_name("127.0.0.1:80"), "127.0.0.1:80");
        assert_eq!(component_name(" a/b#2\n"), "%20a%2Fb%232%0A");
        assert_eq!(box_name("to.b -> c"), "to%2Eb -%3E c");
    }

    #[test]
    fn a_star_is_any_letters() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*", "", true),
            ("s/*", "s/alice", true),
            ("s/*", "t/alice", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*b", "bab", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
