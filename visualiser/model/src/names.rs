//! Texts that repeat (types, box names, descriptions), kept once for as long as something is called so.

use crate::hash::Seed;
use crate::index::Index;
use crate::slab::{NONE, Slab};

/// A text in [`Names`]. The empty text needs no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Name(u32);

impl Name {
    pub(crate) const EMPTY: Name = Name(NONE);
}

pub(crate) struct Names {
    seed: Seed,
    texts: Slab<Counted>,
    index: Index<13>,
    bytes: usize,
}

struct Counted {
    text: Box<str>,
    uses: u32,
}

/// What a text takes besides its letters: its place, its entry in the index, and what the allocator adds.
const OVERHEAD: usize = size_of::<Counted>() + 12 + 16;

impl Names {
    pub(crate) fn new(seed: Seed) -> Names {
        Names { seed, texts: Slab::default(), index: Index::default(), bytes: 0 }
    }

    /// One more use of `text`.
    pub(crate) fn keep(&mut self, text: String) -> Name {
        if text.is_empty() {
            return Name::EMPTY;
        }
        let hash = self.seed.text(&text);
        if let Some(slot) = self.index.find(hash, |slot| *self.texts[slot].text == *text) {
            self.texts[slot].uses += 1;
            return Name(slot);
        }
        self.bytes += text.len() + OVERHEAD;
        let slot = self.texts.insert(Counted { text: text.into_boxed_str(), uses: 1 });
        self.index.insert(hash, slot);
        Name(slot)
    }

    /// One use less; the last one takes the text away.
    pub(crate) fn release(&mut self, name: Name) {
        if name == Name::EMPTY {
            return;
        }
        let counted = &mut self.texts[name.0];
        counted.uses -= 1;
        if counted.uses == 0 {
            self.bytes -= counted.text.len() + OVERHEAD;
            let hash = self.seed.text(&counted.text);
            self.index.remove(hash, name.0);
            self.texts.remove(name.0);
        }
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        if name == Name::EMPTY { "" } else { &self.texts[name.0].text }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many uses there are of all texts together.
    #[cfg(test)]
    pub(crate) fn uses(&self) -> usize {
        self.texts.iter().map(|(_, counted)| counted.uses as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_goes_with_its_last_use() {
        let mut names = Names::new(Seed::random());
        let first = names.keep("Handler".into());
        assert_eq!(names.keep("Handler".into()), first);
        assert_ne!(names.keep("Acceptor".into()), first);
        let held = names.bytes();
        names.release(first);
        assert_eq!((names.text(first), names.bytes()), ("Handler", held));
        names.release(first);
        assert!(names.bytes() < held);
        assert_eq!(names.uses(), 1);
    }

    #[test]
    fn the_empty_text_takes_nothing() {
        let mut names = Names::new(Seed::random());
        let name = names.keep(String::new());
        names.release(name);
        assert_eq!((names.text(name), names.bytes(), names.uses()), ("", 0, 0));
    }
}
