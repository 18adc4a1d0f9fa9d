//! How long something took, over the last minute: counted in buckets, so that memory is bounded however often it happens.

use std::time::Duration;

/// For so long a time counts, to within one slot.
const SLOT_NS: u64 = 10_000_000_000;
const SLOTS: usize = 7;

/// Each doubling of the time is cut in so many buckets: a figure is right to within three per cent.
const STEPS: u64 = 16;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Times are counted in units of this; below sixteen of them the buckets are of one width.
const UNIT_BITS: u32 = 8;
/// Longer ones, from half an hour on, count as this.
const LONGEST: u64 = (1 << 41) - 1;
const BUCKETS: usize = bucket(LONGEST) + 1;

/// Times of one kind. Some fifteen kilobytes once anything was recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    slots: Vec<Slot>,
}

#[derive(Clone, Debug)]
struct Slot {
    /// Which ten seconds of the clock.
    number: u64,
    total: u64,
    counts: Box<[u32]>,
}

/// What is known of times of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many there were.
    pub count: u64,
    /// Half of them took no longer.
    pub p50: Duration,
    /// Of a hundred, one took longer.
    pub p99: Duration,
}

impl Spread {
    /// Something that took so long ended now. `now_ns` is of any clock that does not go backwards.
    pub(crate) fn record(&mut self, now_ns: u64, took: Duration) {
        let number = now_ns / SLOT_NS;
        let slot = self.slot(number);
        slot.total += 1;
        let count = &mut slot.counts[bucket(took.as_nanos().min(u128::from(LONGEST)) as u64)];
        *count = count.saturating_add(1);
    }

    fn slot(&mut self, number: u64) -> &mut Slot {
        let index = number as usize % SLOTS;
        while self.slots.len() <= index {
            self.slots.push(Slot { number: 0, total: 0, counts: vec![0; BUCKETS].into_boxed_slice() });
        }
        let slot = &mut self.slots[index];
        if slot.number != number {
            slot.number = number;
            slot.total = 0;
            slot.counts.fill(0);
        }
        slot
    }

    /// Of the last minute; none when nothing ended in it.
    pub(crate) fn figures(&self, now_ns: u64) -> Option<Figures> {
        let number = now_ns / SLOT_NS;
        let lives = |slot: &&Slot| slot.total > 0 && number.saturating_sub(slot.number) < SLOTS as u64;
        let count: u64 = self.slots.iter().filter(lives).map(|slot| slot.total).sum();
        let at = |share: f64| {
            let rank = ((count as f64 * share).ceil() as u64).max(1);
            let mut seen = 0;
            let found = (0..BUCKETS).find(|&bucket| {
                seen += self.slots.iter().filter(lives).map(|slot| u64::from(slot.counts[bucket])).sum::<u64>();
                seen >= rank
            });
            Duration::from_nanos(middle(found.unwrap_or(BUCKETS - 1)))
        };
        (count > 0).then(|| Figures { count, p50: at(0.5), p99: at(0.99) })
    }
}

const fn bucket(ns: u64) -> usize {
    let units = ns >> UNIT_BITS;
    if units < STEPS {
        return units as usize;
    }
    let doublings = units.ilog2() - STEP_BITS;
    ((doublings as u64 + 1) * STEPS + ((units >> doublings) - STEPS)) as usize
}

/// The middle of a bucket, in nanoseconds.
fn middle(bucket: usize) -> u64 {
    let (doublings, step) = (bucket as u64 / STEPS, bucket as u64 % STEPS);
    let (from, width) = match doublings {
        0 => (step, 1),
        _ => ((STEPS + step) << (doublings - 1), 1 << (doublings - 1)),
    };
    (from << UNIT_BITS) + (width << UNIT_BITS) / 2
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn is_near(found: Duration, wanted: Duration) -> bool {
        found.abs_diff(wanted).as_secs_f64() <= 0.04 * wanted.as_secs_f64()
    }

    #[test]
    fn every_time_is_near_the_middle_of_its_bucket() {
        for ns in (13..41).flat_map(|bits| [1u64 << bits, (1 << bits) - 1, (1 << bits) + (1 << (bits - 1))]) {
            let (ns, found) = (Duration::from_nanos(ns), Duration::from_nanos(middle(bucket(ns))));
            assert!(is_near(found, ns), "{ns:?} counts as {found:?}");
        }
        assert_eq!(bucket(0), 0);
    }

    #[test]
    fn half_took_no_longer_and_one_of_a_hundred_did() {
        let mut spread = Spread::default();
        assert_eq!(spread.figures(1), None);
        for ms in 1..=200 {
            spread.record(1, ms * MS);
        }
        let found = spread.figures(1).unwrap();
        assert_eq!(found.count, 200);
        assert!(is_near(found.p50, 100 * MS) && is_near(found.p99, 198 * MS), "{found:?}");
    }

    #[test]
    fn what_is_older_than_a_minute_does_not_count() {
        let mut spread = Spread::default();
        spread.record(5 * SLOT_NS, 900 * MS);
        spread.record(9 * SLOT_NS, MS);
        assert_eq!(spread.figures(11 * SLOT_NS).unwrap().count, 2);
        assert_eq!(spread.figures(12 * SLOT_NS).unwrap().count, 1);
        assert_eq!(spread.figures(90 * SLOT_NS), None);
        spread.record(12 * SLOT_NS, MS);
        assert!(spread.figures(12 * SLOT_NS).unwrap().p99 < 2 * MS, "its slot was used again");
    }

    #[test]
    fn the_longest_counts_as_long() {
        let mut spread = Spread::default();
        spread.record(0, Duration::MAX);
        assert!(spread.figures(0).unwrap().p50 > Duration::from_secs(1800));
    }
}
