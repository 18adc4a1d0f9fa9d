//! Finds a slot by a hash: a table of eight bytes an entry that holds no keys, because the slots already do.
//!
//! The standard map would keep every id a second time; at a million postboxes that is what the model can least afford.

use crate::slab::NONE;

/// Open addressing with linear probing; removal closes the hole, so that there are no tombstones.
///
/// `SIXTEENTHS` is how full it gets before it grows. Long runs of neighbours make removal slow, and hashes that keep
/// neighbours together make long runs: those want more room.
#[derive(Default)]
pub(crate) struct Index<const SIXTEENTHS: usize> {
    buckets: Vec<Bucket>,
    len: usize,
}

/// Free while `slot` is [`NONE`].
#[derive(Clone, Copy)]
struct Bucket {
    hash: u32,
    slot: u32,
}

const FREE: Bucket = Bucket { hash: 0, slot: NONE };
const FEWEST: usize = 16;

impl<const SIXTEENTHS: usize> Index<SIXTEENTHS> {
    /// The slot that was inserted under `hash` and for which `is` holds.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash, is).map(|place| self.buckets[place].slot)
    }

    /// Adds a slot that is not in here.
    pub(crate) fn insert(&mut self, hash: u32, slot: u32) {
        if (self.len + 1) * 16 > self.buckets.len() * SIXTEENTHS {
            self.resize((self.buckets.len() * 2).max(FEWEST));
        }
        self.put(Bucket { hash, slot });
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, hash: u32, slot: u32) {
        let Some(mut hole) = self.place(hash, |candidate| candidate == slot) else {
            return;
        };
        let mask = self.buckets.len() - 1;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let bucket = self.buckets[next];
            if bucket.slot == NONE {
                break;
            }
            // Moves into the hole whatever would not be found past it.
            let from_home = next.wrapping_sub(bucket.hash as usize) & mask;
            if from_home >= next.wrapping_sub(hole) & mask {
                self.buckets[hole] = bucket;
                hole = next;
            }
        }
        self.buckets[hole] = FREE;
        self.len -= 1;
        if self.buckets.len() > FEWEST && self.len * 8 < self.buckets.len() {
            self.resize(self.buckets.len() / 2);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn place(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.buckets.len().checked_sub(1)?;
        let mut place = hash as usize & mask;
        loop {
            let bucket = self.buckets[place];
            if bucket.slot == NONE {
                return None;
            }
            if bucket.hash == hash && is(bucket.slot) {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
    }

    fn put(&mut self, bucket: Bucket) {
        let mask = self.buckets.len() - 1;
        let mut place = bucket.hash as usize & mask;
        while self.buckets[place].slot != NONE {
            place = (place + 1) & mask;
        }
        self.buckets[place] = bucket;
    }

    fn resize(&mut self, size: usize) {
        let old = std::mem::replace(&mut self.buckets, vec![FREE; size]);
        for bucket in old {
            if bucket.slot != NONE {
                self.put(bucket);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Few hashes, so that runs of neighbours form, wrap round the end and are taken apart again.
        #[test]
        fn it_finds_what_a_map_finds(steps in prop::collection::vec((0u32..80, any::<bool>()), 0..600)) {
            let hash_of = |slot: u32| (slot % 23).wrapping_mul(0x9E37_79B1);
            let mut index = Index::<13>::default();
            let mut map = BTreeMap::new();
            for (slot, adds) in steps {
                if adds {
                    if map.insert(slot, ()).is_none() {
                        index.insert(hash_of(slot), slot);
                    }
                } else {
                    map.remove(&slot);
                    index.remove(hash_of(slot), slot);
                }
                prop_assert_eq!(index.len(), map.len());
            }
            for slot in 0..80 {
                let found = index.find(hash_of(slot), |candidate| candidate == slot);
                prop_assert_eq!(found.is_some(), map.contains_key(&slot));
            }
        }
    }

    #[test]
    fn it_gives_memory_back() {
        let mut index = Index::<13>::default();
        for slot in 0..10_000u32 {
            index.insert(slot.wrapping_mul(0x9E37_79B1), slot);
        }
        for slot in 0..10_000u32 {
            index.remove(slot.wrapping_mul(0x9E37_79B1), slot);
        }
        assert_eq!(index.buckets.len(), FEWEST);
    }
}
