//! Which way a newcomer goes: down to a child, or no further. Pure.
//!
//! As in Overcast, a newcomer goes as far from the root as it can without being served worse: down to a child as long as
//! what it fetches from there takes about as long as from the node itself.

use std::time::Duration;

/// A node that was measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measured {
    /// How long it took to fetch some bytes.
    pub took: Duration,
    /// How many nodes are below it.
    pub below: u32,
    /// What people call it.
    pub name: String,
}

/// The child to go down to, if any is about as good as the node that took `here`.
///
/// About as good is a tenth worse, as in Overcast, and `floor` more, as a busy machine adds that by chance. Of children
/// that are about as good as the best of them it is the one with the fewest nodes below, so that the tree stays broad, and
/// of those the one whose name is first, so that the same nodes make the same tree.
pub fn choose(here: Duration, children: &[Measured], floor: Duration) -> Option<usize> {
    let about = |took: Duration| took + took / 10 + floor;
    let best = children.iter().map(|child| child.took).min().filter(|&best| best <= about(here))?;
    let limit = about(best).min(about(here));
    let as_good = children.iter().enumerate().filter(|(_, child)| child.took <= limit);
    as_good.min_by(|(_, a), (_, b)| (a.below, &a.name).cmp(&(b.below, &b.name))).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each child as milliseconds, nodes below, name.
    fn check(here: u64, floor: u64, children: &[(u64, u32, &str)], expected: Option<&str>) {
        let measured = |&(took, below, name): &(u64, u32, &str)| Measured {
            took: Duration::from_millis(took),
            below,
            name: name.to_owned(),
        };
        let measured: Vec<_> = children.iter().map(measured).collect();
        let chosen = choose(Duration::from_millis(here), &measured, Duration::from_millis(floor));
        assert_eq!(chosen.map(|at| children[at].2), expected);
    }

    #[test]
    fn down_while_that_is_no_worse() {
        check(100, 0, &[], None);
        check(100, 0, &[(110, 0, "a")], Some("a"));
        check(100, 0, &[(111, 0, "a")], None);
        check(100, 20, &[(130, 0, "a")], Some("a"));
        check(100, 0, &[(40, 9, "near"), (100, 0, "far")], Some("near"));
    }

    #[test]
    fn among_equals_to_where_there_are_fewest() {
        check(100, 0, &[(100, 2, "a"), (101, 1, "c"), (99, 1, "b")], Some("b"));
        check(1, 50, &[(9, 1, "b"), (30, 0, "c"), (0, 0, "d")], Some("c"));
    }
}
