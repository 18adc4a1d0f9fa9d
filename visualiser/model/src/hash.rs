//! A fast seeded hash of ids and short texts: folded multiplication under a random seed, so that a program cannot choose
//! ids that collide.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// The secret of one system's tables.
#[derive(Clone, Copy)]
pub(crate) struct Seed(u64, u64);

impl Seed {
    pub(crate) fn random() -> Seed {
        let state = RandomState::new();
        // Odd and with a high bit set, so that no multiplication loses what it was given.
        Seed(state.hash_one(0u8), state.hash_one(1u8) | 1 | 1 << 63)
    }

    /// Programs number what belongs together in a row, and tell of it together: neighbours stay neighbours, so that a
    /// component with its postboxes costs one line of cache and not five.
    pub(crate) fn number(self, number: u64) -> u32 {
        ((self.fold((number / 8) ^ self.0) as u32) << 3) | (number % 8) as u32
    }

    pub(crate) fn text(self, text: &str) -> u32 {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let mut hash = self.0 ^ text.len() as u64;
        for word in words {
            hash = self.fold(hash ^ u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.fold(hash ^ u64::from_le_bytes(last)) as u32
    }

    fn fold(self, word: u64) -> u64 {
        let product = u128::from(word) * u128::from(self.1);
        product as u64 ^ (product >> 64) as u64
    }
}
