//! Doubly linked lists through the things themselves, so that each can leave in one step.
//!
//! The first one's `prev` is the last one: a list costs its owner one number and still grows at its end.

use crate::slab::{NONE, Slab, some};

/// Who stands beside a thing in one list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    pub(crate) next: u32,
    prev: u32,
}

impl Near {
    pub(crate) const ALONE: Near = Near { next: NONE, prev: NONE };
}

/// Puts `slot` at the end of the list that begins at `first`; answers where the list begins now.
pub(crate) fn push<T>(things: &mut Slab<T>, first: u32, slot: u32, near: impl Fn(&mut T) -> &mut Near) -> u32 {
    if first == NONE {
        *near(&mut things[slot]) = Near { next: NONE, prev: slot };
        return slot;
    }
    let last = std::mem::replace(&mut near(&mut things[first]).prev, slot);
    near(&mut things[last]).next = slot;
    *near(&mut things[slot]) = Near { next: NONE, prev: last };
    first
}

/// Takes `slot` out of the list that begins at `first`; answers where the list begins now.
pub(crate) fn remove<T>(things: &mut Slab<T>, first: u32, slot: u32, near: impl Fn(&mut T) -> &mut Near) -> u32 {
    let Near { next, prev } = std::mem::replace(near(&mut things[slot]), Near::ALONE);
    let first_now = if first == slot { next } else { first };
    if first != slot {
        near(&mut things[prev]).next = next;
    }
    // Who comes after learns its new neighbour; where nobody does, the first one learns the new last.
    if let Some(learns) = some(next).or(some(first_now)) {
        near(&mut things[learns]).prev = prev;
    }
    first_now
}

/// The slots of the list that begins at `first`.
pub(crate) fn walk<T>(things: &Slab<T>, first: u32, near: impl Fn(&T) -> Near) -> impl Iterator<Item = u32> {
    std::iter::successors(some(first), move |slot| some(near(&things[*slot]).next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_keeps_order_whatever_leaves(leaving in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
            let mut things = Slab::default();
            let mut first = NONE;
            let mut expected = Vec::new();
            for (round, which) in leaving.iter().enumerate() {
                for _ in 0..=round % 3 {
                    let slot = things.insert(Near::ALONE);
                    first = push(&mut things, first, slot, |near| near);
                    expected.push(slot);
                }
                let slot = expected.remove(which.index(expected.len()));
                first = remove(&mut things, first, slot, |near| near);
                things.remove(slot);
                prop_assert_eq!(walk(&things, first, |near| *near).collect::<Vec<_>>(), expected.clone());
            }
        }
    }
}
