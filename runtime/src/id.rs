//! Newtype ids: a number that is unique within one process and never reused.
//!
//! A component takes a block of numbers, its own and those of its first postboxes, so that these lead to their owner
//! without a table: a million components would need a large one.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many numbers a component takes: its own, and those of its first postboxes.
const BLOCK: u64 = 8;

/// Hands out `count` numbers that nobody else has, and returns the first of them.
fn reserve(count: u64) -> NonZeroU64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Wrapping round would take centuries at a billion a second; the fallback is there for the type alone.
    NonZeroU64::new(NEXT.fetch_add(count, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX)
}

/// A number that no component, postbox or linkage of this process has or will have, and that is never handed out again:
/// for an observer that tells of things of its own beside those of a system.
///
/// ```
/// use axonscope_runtime::{System, library::Transformer, unique_id};
///
/// let system = System::new("observed");
/// let one = unique_id();
/// let component = system.add("component", Transformer::new(|number: u32| number))?;
/// assert!(one != unique_id() && one != component.id().get());
/// # Ok::<(), axonscope_runtime::AddError>(())
/// ```
pub fn unique_id() -> u64 {
    reserve(1).get()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $count:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(NonZeroU64);

        impl $name {
            pub(crate) fn next() -> Self {
                Self(reserve($count))
            }

            /// The number itself, at least 1.
            pub fn get(self) -> u64 {
                self.0.get()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Names a component for as long as the process lives.
    ComponentId,
    BLOCK
);
id!(
    /// Names an inbox or an outbox for as long as the process lives.
    PostboxId,
    1
);
id!(
    /// Names a linkage for as long as the process lives; a linkage that moves is a new one.
    LinkageId,
    1
);

impl ComponentId {
    /// The id of this component's `index`th postbox; none when its block is used up.
    pub(crate) fn postbox(self, index: u32) -> Option<PostboxId> {
        let offset = u64::from(index) + 1;
        if offset >= BLOCK { None } else { self.0.checked_add(offset).map(PostboxId) }
    }

    /// Whether `postbox` is of this component's block.
    pub(crate) fn has_in_block(self, postbox: PostboxId) -> bool {
        (self.get()..self.get() + BLOCK).contains(&postbox.get())
    }
}

impl PostboxId {
    /// The component with this number, if it is one: where a search for the owner begins.
    pub(crate) fn as_component(self) -> ComponentId {
        ComponentId(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_room_for_seven_postboxes() {
        let (one, two) = (ComponentId::next(), ComponentId::next());
        let boxes: Vec<_> = (0..8).map_while(|index| one.postbox(index)).collect();
        assert_eq!(boxes.len(), 7);
        for postbox in boxes {
            assert!(one.has_in_block(postbox) && !two.has_in_block(postbox));
            assert!(one < postbox.as_component());
        }
        let further = PostboxId::next();
        assert!(!one.has_in_block(further) && !two.has_in_block(further));
    }

    #[test]
    fn a_number_for_others_is_in_nobodys_block() {
        let (one, other, two) = (ComponentId::next(), unique_id(), ComponentId::next());
        assert_ne!(other, unique_id());
        assert!(![one, two].iter().any(|id| (id.get()..id.get() + BLOCK).contains(&other)));
    }
}
