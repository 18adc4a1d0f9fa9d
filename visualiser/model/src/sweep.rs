//! What a running snapshot has named so far; the rest goes when it ends.

/// Bits by slot. They exist only while a snapshot runs over things that were known before.
#[derive(Default)]
pub(crate) struct Sweep {
    pub(crate) components: Bits,
    pub(crate) postboxes: Bits,
    pub(crate) linkages: Bits,
}

#[derive(Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn set(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    pub(crate) fn has(&self, slot: u32) -> bool {
        self.0.get(slot as usize / 64).is_some_and(|word| word & 1 << (slot % 64) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_set_is_there() {
        let mut bits = Bits::default();
        bits.set(64);
        bits.set(3);
        assert_eq!((0..200).filter(|slot| bits.has(*slot)).collect::<Vec<_>>(), [3, 64]);
    }
}
