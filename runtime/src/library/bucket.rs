//! How fast something may go: a token bucket. It only reckons; waiting is the caller's.

use std::time::Duration;

use tokio::time::Instant;

/// Fills by `rate` units each `period`, up to `capacity` units.
pub(super) struct Bucket {
    start: Instant,
    rate: u128,
    period_ns: u128,
    capacity: u64,
    /// When it will be full if nothing more is taken, in nanoseconds after `start`.
    full_at_ns: u128,
    /// What dividing by the rate left over, so that the pace is exact over any length of time.
    carry: u128,
}

impl Bucket {
    /// A bucket that holds `level` units now. Zeroes are taken as the smallest unit.
    pub(super) fn new(rate: u64, period: Duration, capacity: u64, level: u64) -> Self {
        let mut bucket = Self {
            start: Instant::now(),
            rate: rate.max(1).into(),
            // Some centuries at most, so that no product overflows.
            period_ns: period.as_nanos().clamp(1, u64::MAX.into()),
            capacity: capacity.max(1),
            full_at_ns: 0,
            carry: 0,
        };
        bucket.full_at_ns = bucket.fill_time_ns(bucket.capacity.saturating_sub(level));
        bucket
    }

    /// When it will hold `units`; a full bucket is enough for any number of units.
    pub(super) fn ready_at(&self, units: u64) -> Instant {
        let spare = self.capacity.saturating_sub(units);
        let at_ns = self.full_at_ns.saturating_sub(self.fill_time_ns(spare));
        self.start + Duration::from_nanos(u64::try_from(at_ns).unwrap_or(u64::MAX))
    }

    /// Takes `units` out at `at`, however few it holds: it then has to fill for the longer.
    pub(super) fn take(&mut self, units: u64, at: Instant) {
        let parts = u128::from(units) * self.period_ns + self.carry;
        self.carry = parts % self.rate;
        let full_at_ns = self.full_at_ns.max((at - self.start).as_nanos());
        self.full_at_ns = full_at_ns.saturating_add(parts / self.rate);
    }

    fn fill_time_ns(&self, units: u64) -> u128 {
        u128::from(units) * self.period_ns / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_full_bucket_gives_a_burst_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, SECOND, 3, 3);
        let mut went_at_ms = Vec::new();
        for _ in 0..6 {
            let at = bucket.ready_at(1);
            bucket.take(1, at);
            went_at_ms.push((at - start).as_millis());
        }
        assert_eq!(went_at_ms, [0, 0, 0, 100, 200, 300]);
        assert_eq!(bucket.ready_at(1), bucket.ready_at(0) + SECOND / 10);
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_it_can_hold_waits_for_a_full_bucket() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, SECOND, 5, 5);
        assert_eq!(bucket.ready_at(20), start);
        bucket.take(20, start);
        assert_eq!(bucket.ready_at(20), start + 2 * SECOND);
        assert_eq!(bucket.ready_at(1), start + SECOND + SECOND * 6 / 10);
    }

    #[tokio::test(start_paused = true)]
    async fn rest_does_not_fill_it_beyond_its_capacity() {
        let mut bucket = Bucket::new(10, SECOND, 2, 2);
        let later = Instant::now() + 100 * SECOND;
        bucket.take(2, later);
        assert_eq!(bucket.ready_at(1), later + SECOND / 10);
    }

    #[tokio::test(start_paused = true)]
    async fn no_fraction_is_lost() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, SECOND, 1, 1);
        for _ in 0..30_000 {
            bucket.take(1, bucket.ready_at(1));
        }
        assert_eq!(bucket.ready_at(1), start + 10_000 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn extremes_do_not_overflow() {
        let mut bucket = Bucket::new(0, Duration::MAX, u64::MAX, 0);
        for _ in 0..3 {
            bucket.take(u64::MAX, Instant::now());
        }
        let century = Duration::from_secs(100 * 365 * 24 * 3600);
        assert!(bucket.ready_at(1) > Instant::now() + century);
    }
}
