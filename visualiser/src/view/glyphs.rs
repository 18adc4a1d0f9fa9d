//! Short signs for component types: three letters, no two types of a picture alike, and the same for as long as it is open.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Which type has which sign: the first to come has the one its name begins with.
#[derive(Default)]
pub(crate) struct TypeGlyphs {
    of: HashMap<String, Arc<str>>,
    taken: HashSet<Arc<str>>,
}

/// Types that get a sign of their own; more than anybody could tell apart.
const TYPES_MAX: usize = 4096;

impl TypeGlyphs {
    pub(crate) fn of(&mut self, type_name: &str) -> Arc<str> {
        if let Some(known) = self.of.get(type_name) {
            return known.clone();
        }
        let wanted = candidates(type_name);
        let free = wanted.iter().find(|glyph| !self.taken.contains(glyph.as_str()));
        let glyph: Arc<str> = free.or(wanted.first()).map_or("", String::as_str).into();
        if self.of.len() < TYPES_MAX {
            self.taken.insert(glyph.clone());
            self.of.insert(type_name.to_owned(), glyph.clone());
        }
        glyph
    }
}

/// Signs for a name, the best first: how it begins, then how its words begin, then its first letter with any two that
/// follow, then numbers.
fn candidates(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().filter(|c| c.is_alphanumeric()).take(24).collect();
    let Some(&first) = letters.first() else { return Vec::new() };
    let mut found = vec![letters.iter().take(3).collect::<String>()];
    let begins = words(name);
    if begins.len() > 1 {
        let last = &begins[begins.len() - 1];
        found.push(begins.iter().filter_map(|word| word.chars().next()).take(3).collect());
        found.push(std::iter::once(first).chain(last.chars().take(2)).collect());
    }
    for second in 1..letters.len() {
        found
            .extend((second + 1..letters.len()).map(|third| [first, letters[second], letters[third]].iter().collect()));
    }
    found.extend((2..=99).map(|number| format!("{first}{number}")));
    found
}

/// The words of a name such as `FileReader` or `file_reader`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut goes_on = false;
    for c in name.chars().take(64) {
        match words.last_mut() {
            Some(word) if goes_on && c.is_alphanumeric() && !c.is_uppercase() => word.push(c),
            _ if c.is_alphanumeric() => words.push(c.to_string()),
            _ => {}
        }
        goes_on = c.is_alphanumeric();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_begin_alike_have_signs_that_differ_and_keep_them() {
        let mut glyphs = TypeGlyphs::default();
        let types = ["Filter", "FileLogger", "FileReader", "Console", "ConsoleIn", "Fil", "Fi"];
        let signs: Vec<_> = types.iter().map(|name| glyphs.of(name).to_string()).collect();
        assert_eq!(signs[..4], ["Fil", "FL", "FR", "Con"]);
        let distinct: HashSet<_> = signs.iter().collect();
        assert_eq!(distinct.len(), types.len(), "{signs:?}");
        assert_eq!(types.map(|name| glyphs.of(name).to_string()).to_vec(), signs);
    }

    #[test]
    fn names_without_letters_and_names_without_end_are_no_fault() {
        let mut glyphs = TypeGlyphs::default();
        assert_eq!(&*glyphs.of("--"), "");
        let long = "Type".repeat(10_000);
        assert!((0..5000).all(|n| glyphs.of(&format!("{long}{n}")).chars().count() <= 3));
        assert_eq!(words("TCPServer_in2"), ["T", "C", "P", "Server", "in2"]);
    }
}
