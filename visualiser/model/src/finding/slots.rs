//! A set of components by their slots: a bit each.

/// Components of one system, by slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    /// Without zeros at the end, so that equal sets are equal.
    words: Vec<u64>,
}

impl Slots {
    /// Puts a slot in; whether it was not there before.
    pub fn insert(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }

    /// Whether it is there.
    pub fn contains(&self, slot: u32) -> bool {
        self.words.get(slot as usize / 64).is_some_and(|word| word & (1 << (slot % 64)) != 0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All of them, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let slots_of = |(place, &word): (usize, &u64)| {
            let bits = std::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)));
            bits.take_while(|&word| word != 0).map(move |word| place as u32 * 64 + word.trailing_zeros())
        };
        self.words.iter().enumerate().flat_map(slots_of)
    }
}

impl Extend<u32> for Slots {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, slots: I) {
        slots.into_iter().for_each(|slot| {
            self.insert(slot);
        });
    }
}

impl FromIterator<u32> for Slots {
    fn from_iter<I: IntoIterator<Item = u32>>(slots: I) -> Slots {
        let mut all = Slots::default();
        all.extend(slots);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(slots in prop::collection::vec(0u32..300, 0..100)) {
            let set: BTreeSet<u32> = slots.iter().copied().collect();
            let ours: Slots = slots.into_iter().collect();
            prop_assert_eq!(ours.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(ours.len(), set.len());
            prop_assert_eq!(ours.is_empty(), set.is_empty());
            prop_assert!((0..400).all(|slot| ours.contains(slot) == set.contains(&slot)));
        }
    }
}
