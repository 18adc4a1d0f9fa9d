//! Which totals changed since whom was told: any number of conversations share one mark for each thing.
//!
//! A mark says what a thing's totals were when they were last read, and in which round that changed. Totals are read in
//! rounds, a conversation's each for itself; a conversation is told what changed since its own round before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The number of a round. It begins again after 2²⁴, which is days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Round(u32);

/// Counts rounds. All conversations are of one thread, so that nothing here is read while another writes.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    last: AtomicU32,
    under_way: AtomicU32,
}

/// One round, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    rounds: Arc<Rounds>,
    round: Round,
    began_alone: bool,
}

const BITS: u32 = 24;
const MASK: u64 = (1 << BITS) - 1;

impl Rounds {
    pub(crate) fn begin(self: &Arc<Self>) -> Turn {
        let round = (self.last() + 1) & MASK as u32;
        self.last.store(round, Ordering::Relaxed);
        let began_alone = self.under_way.fetch_add(1, Ordering::Relaxed) == 0;
        Turn { rounds: self.clone(), round: Round(round), began_alone }
    }

    /// Notes in `mark` the fingerprint of what is read now, 0 for nothing but zeros. Says whether it must be told to
    /// somebody who was told all `since` a round, or nothing yet.
    pub(crate) fn note(&self, mark: &AtomicU64, fingerprint: u64, since: Option<Round>) -> bool {
        // 40 bits must do: that two readings in a row are alike in them by chance is once in 10¹².
        let print = if fingerprint == 0 { 0 } else { (fingerprint >> BITS).max(1) };
        let old = mark.load(Ordering::Relaxed);
        let last = u64::from(self.last());
        let changed_in = if old >> BITS == print {
            old & MASK
        } else {
            mark.store(print << BITS | last, Ordering::Relaxed);
            last
        };
        match since {
            None => print != 0,
            Some(Round(since)) => {
                let after = |round: u64| round.wrapping_sub(since.into()) & MASK;
                after(changed_in) != 0 && after(changed_in) <= after(last)
            }
        }
    }

    fn last(&self) -> u32 {
        self.last.load(Ordering::Relaxed)
    }
}

impl Turn {
    /// The round up to which everything was read. Where another was under way meanwhile it may have noted a change of
    /// what this one had passed already, so that this one's own round is read again.
    pub(crate) fn finish(self) -> Round {
        let stayed_alone = self.began_alone && self.rounds.last() == self.round.0;
        if stayed_alone { self.round } else { Round(self.round.0.wrapping_sub(1) & MASK as u32) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.rounds.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of one thing's totals, and what it would be told.
    fn read(rounds: &Arc<Rounds>, mark: &AtomicU64, total: u64, told: &mut Option<Round>) -> bool {
        let turn = rounds.begin();
        let is_news = rounds.note(mark, total << 30, *told);
        *told = Some(turn.finish());
        is_news
    }

    #[test]
    fn what_changed_is_told_once_to_each_reader() {
        let (rounds, mark) = (Arc::<Rounds>::default(), AtomicU64::new(0));
        let (mut one, mut other) = (None, None);
        assert!(!read(&rounds, &mark, 0, &mut one), "nothing but zeros");
        assert!(read(&rounds, &mark, 1, &mut one));
        assert!(!read(&rounds, &mark, 1, &mut one));
        assert!(read(&rounds, &mark, 1, &mut other), "a reader that is new is told everything");
        assert!(!read(&rounds, &mark, 1, &mut other));
        assert!(read(&rounds, &mark, 2, &mut other));
        assert!(read(&rounds, &mark, 2, &mut one));
        assert!(!read(&rounds, &mark, 2, &mut one) && !read(&rounds, &mark, 2, &mut other));
    }

    #[test]
    fn a_change_noted_by_another_in_the_middle_of_a_round_is_not_missed() {
        for other_begins_first in [true, false] {
            let (rounds, mark) = (Arc::<Rounds>::default(), AtomicU64::new(0));
            let (mut told, mut other) = (None, None);
            read(&rounds, &mark, 1, &mut told);
            read(&rounds, &mark, 1, &mut other);
            let (turn, others_turn);
            if other_begins_first {
                others_turn = rounds.begin();
                turn = rounds.begin();
            } else {
                turn = rounds.begin();
                others_turn = rounds.begin();
            }
            assert!(!rounds.note(&mark, 1 << 30, told), "passed, unchanged");
            assert!(rounds.note(&mark, 2 << 30, other), "the other sees it change afterwards");
            drop(others_turn);
            told = Some(turn.finish());
            assert!(read(&rounds, &mark, 2, &mut told));
            assert!(!read(&rounds, &mark, 2, &mut told));
        }
    }

    #[test]
    fn what_rests_for_longer_than_rounds_can_count_is_not_news() {
        let (rounds, mark) = (Arc::<Rounds>::default(), AtomicU64::new(0));
        let mut told = None;
        read(&rounds, &mark, 1, &mut told);
        for round in [1 << 22, 1 << 23, (1 << 23) + 5, (1 << 24) - 1] {
            rounds.last.store(round, Ordering::Relaxed);
            told = Some(Round(round));
            assert!(!read(&rounds, &mark, 1, &mut told), "in round {round}");
        }
        assert!(read(&rounds, &mark, 2, &mut told), "across the end of the count");
    }
}
