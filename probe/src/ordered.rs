//! A map that gives its values back in the order they came, and forgets any of them by id.

use std::collections::{BTreeMap, HashMap};

/// Values by id, oldest first.
#[derive(Debug)]
pub(crate) struct Ordered<V> {
    next: u64,
    values: BTreeMap<u64, (u64, V)>,
    places: HashMap<u64, u64>,
}

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Self { next: 0, values: BTreeMap::new(), places: HashMap::new() }
    }
}

impl<V> Ordered<V> {
    /// Adds `value` as the newest; one of the same id that was there goes, and is given back.
    pub(crate) fn insert(&mut self, id: u64, value: V) -> Option<V> {
        let old = self.remove(id);
        self.places.insert(id, self.next);
        self.values.insert(self.next, (id, value));
        self.next += 1;
        old
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.places.contains_key(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut V> {
        let place = self.places.get(&id)?;
        self.values.get_mut(place).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<V> {
        let place = self.places.remove(&id)?;
        self.values.remove(&place).map(|(_, value)| value)
    }

    pub(crate) fn pop_oldest(&mut self) -> Option<(u64, V)> {
        let (_, (id, value)) = self.values.pop_first()?;
        self.places.remove(&id);
        Some((id, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_oldest_first_without_those_removed() {
        let mut ordered = Ordered::default();
        for id in [7, 3, 5] {
            ordered.insert(id, id * 10);
        }
        assert_eq!(ordered.remove(3), Some(30));
        assert_eq!(ordered.remove(3), None);
        assert!(!ordered.contains(3));
        assert_eq!(ordered.len(), 2);
        assert_eq!(ordered.pop_oldest(), Some((7, 70)));
        assert_eq!(ordered.pop_oldest(), Some((5, 50)));
        assert_eq!(ordered.len(), 0);
    }

    #[test]
    fn a_value_of_the_same_id_takes_the_older_ones_place_as_the_newest() {
        let mut ordered = Ordered::default();
        ordered.insert(1, 'a');
        ordered.insert(2, 'b');
        assert_eq!(ordered.insert(1, 'c'), Some('a'));
        assert_eq!(ordered.pop_oldest(), Some((2, 'b')));
        assert_eq!(ordered.pop_oldest(), Some((1, 'c')));
        assert_eq!(ordered.pop_oldest(), None);
    }
}
