//! A limit to how fast messages pass.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::bucket::Bucket;
use crate::component::{Component, Context, Io};
use crate::error::Outcome;
use crate::name::Name;
use crate::storage::Message;

/// Sends messages on at a limited rate. What comes faster waits, in the inbox and then at its sender: nothing is
/// dropped.
///
/// It is a token bucket: it fills with `limit` units each `period`, holds at most `burst` of them, and a message takes
/// as many as it weighs. So in any time `t` there pass at most `burst + limit * t / period` units. A message heavier
/// than the burst passes when the bucket is full, and those after it wait for the longer.
///
/// ```
/// use axonscope_runtime::library::{RateLimiter, Ticker, Transformer};
/// use axonscope_runtime::{Pipeline, System};
/// use bytes::Bytes;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // 64 000 bytes a second, and 1500 of them at once.
/// let limiter = RateLimiter::new(64_000, Duration::from_secs(1))
///     .burst(1500)
///     .weight(|packet: &Bytes| packet.len() as u64);
/// let pipeline = Pipeline::new()
///     .stage("packets", Ticker::new(Duration::from_millis(1), |_| Bytes::from_static(&[0; 100])))
///     .stage("limiter", limiter)
///     .stage("length", Transformer::new(|packet: Bytes| packet.len()));
///
/// let system = System::new("limited");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct RateLimiter<T> {
    limit: u64,
    period: Duration,
    burst: u64,
    weight: Box<dyn Fn(&T) -> u64 + Send>,
}

impl<T: Message> RateLimiter<T> {
    /// Passes `limit` messages each `period`, evenly spaced. Zeroes are taken as 1 message and 1 ns.
    pub fn new(limit: u64, period: Duration) -> Self {
        Self { limit: limit.max(1), period, burst: 1, weight: Box::new(|_| 1) }
    }

    /// How many units may pass at once after a rest, at least 1, which is also the default. Waits are as exact as
    /// tokio's clock, 1 ms: for more messages than one a millisecond, give some milliseconds' worth.
    #[must_use]
    pub fn burst(self, burst: u64) -> Self {
        Self { burst: burst.max(1), ..self }
    }

    /// Counts each message as so many units, for instance its bytes, instead of one.
    #[must_use]
    pub fn weight(self, weight: impl Fn(&T) -> u64 + Send + 'static) -> Self {
        Self { weight: Box::new(weight), ..self }
    }
}

impl<T: Message> Component for RateLimiter<T> {
    type Boxes = Io<T, T>;

    fn description(&self) -> Name {
        format!("Passes {} each {:?}", self.limit, self.period).into()
    }

    async fn run(self, mut io: Io<T, T>, ctx: Context) -> Outcome {
        let mut bucket = Bucket::new(self.limit, self.period, self.burst, self.burst);
        while let Some(message) = io.inbox.recv().await? {
            let units = (self.weight)(&message);
            let ready_at = bucket.ready_at(units);
            let came_at = Instant::now();
            if ready_at > came_at {
                ctx.unless_shutdown(sleep_until(ready_at)).await?;
            }
            // Not when it woke: a sleep that took too long would slow the pace.
            bucket.take(units, ready_at.max(came_at));
            io.outbox.send(message).await?;
        }
        Ok(())
    }
}
