//! Places for things, named by small numbers that are used again after removal.

use std::ops;

/// No slot.
pub(crate) const NONE: u32 = u32::MAX;

/// `slot`, unless it is [`NONE`].
pub(crate) fn some(slot: u32) -> Option<u32> {
    (slot != NONE).then_some(slot)
}

/// Things that can be walked in order of slot. An entry takes no more room than a `T` that has a niche.
pub(crate) struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: u32,
    len: usize,
}

enum Entry<T> {
    Full(T),
    /// The next vacant one.
    Vacant(u32),
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { entries: Vec::new(), free: NONE, len: 0 }
    }
}

impl<T> Slab<T> {
    pub(crate) fn insert(&mut self, thing: T) -> u32 {
        self.len += 1;
        match self.entries.get_mut(self.free as usize) {
            Some(entry) => {
                let slot = self.free;
                if let Entry::Vacant(next) = std::mem::replace(entry, Entry::Full(thing)) {
                    self.free = next;
                }
                slot
            }
            None => {
                self.entries.push(Entry::Full(thing));
                (self.entries.len() - 1) as u32
            }
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let entry = self.entries.get_mut(slot as usize)?;
        match std::mem::replace(entry, Entry::Vacant(self.free)) {
            Entry::Full(thing) => {
                self.free = slot;
                self.len -= 1;
                if self.len == 0 {
                    *self = Slab::default();
                }
                Some(thing)
            }
            vacant => {
                *entry = vacant;
                None
            }
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        match self.entries.get(slot as usize) {
            Some(Entry::Full(thing)) => Some(thing),
            _ => None,
        }
    }

    /// In order of slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.entries.iter().zip(0..).filter_map(|(entry, slot)| match entry {
            Entry::Full(thing) => Some((slot, thing)),
            Entry::Vacant(_) => None,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// One more than the largest slot in use.
    pub(crate) fn slots(&self) -> u32 {
        self.entries.len() as u32
    }
}

/// A slot that came from `insert` and was not removed since; anything else is a bug here, not bad input.
impl<T> ops::Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, slot: u32) -> &T {
        match &self.entries[slot as usize] {
            Entry::Full(thing) => thing,
            Entry::Vacant(_) => panic!("slot {slot} is vacant"),
        }
    }
}

impl<T> ops::IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, slot: u32) -> &mut T {
        match &mut self.entries[slot as usize] {
            Entry::Full(thing) => thing,
            Entry::Vacant(_) => panic!("slot {slot} is vacant"),
        }
    }
}

/// Places for plain numbers that hang on something in a [`Slab`], so that nobody needs to ask which are in use.
#[derive(Default)]
pub(crate) struct Pool<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T: Default> Pool<T> {
    pub(crate) fn insert(&mut self) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.items[slot as usize] = T::default();
                slot
            }
            None => {
                self.items.push(T::default());
                (self.items.len() - 1) as u32
            }
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        if slot == NONE {
            return;
        }
        self.free.push(slot);
        if self.len() == 0 {
            *self = Pool { items: Vec::new(), free: Vec::new() };
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.items.get(slot as usize)
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.items.get_mut(slot as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again() {
        let mut slab = Slab::default();
        let [first, second] = ["a", "b"].map(|thing| slab.insert(thing));
        assert_eq!(slab.remove(first), Some("a"));
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.insert("c"), first);
        assert_eq!(slab.iter().collect::<Vec<_>>(), [(first, &"c"), (second, &"b")]);
        assert_eq!((slab.len(), slab.slots()), (2, 2));
    }

    #[test]
    fn an_empty_slab_holds_no_memory() {
        let mut slab = Slab::default();
        let slots: Vec<u32> = (0..1000).map(|n| slab.insert(n)).collect();
        for slot in slots {
            slab.remove(slot);
        }
        assert_eq!((slab.len(), slab.entries.capacity()), (0, 0));
    }

    #[test]
    fn a_pool_hands_out_clean_places() {
        let mut pool = Pool::<u64>::default();
        let (first, _second) = (pool.insert(), pool.insert());
        if let Some(place) = pool.get_mut(first) {
            *place = 7;
        }
        pool.remove(first);
        assert_eq!(pool.len(), 1);
        assert_eq!(pool.insert(), first);
        assert_eq!(pool.get(first), Some(&0));
    }
}
