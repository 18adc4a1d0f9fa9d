//! Dials for as long as the program lives, ever more patiently, and talks whenever somebody answers.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use crate::closing::Closing;
use crate::collector::{Collector, End};
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::limits::{LEDGER_BYTES, PART_BYTES};
use crate::publisher::{LinkError, Publisher};
use crate::source::{Feed, Source};

/// Runs until the program ends. `share` is among how many visualisers the memory is shared.
pub(crate) async fn run(
    mut source: Feed,
    identity: &Identity,
    mut publisher: impl Publisher,
    cadence: Duration,
    share: usize,
    mut closing: Closing,
) {
    let mut ledger = Ledger::new(LEDGER_BYTES / share);
    let part_limit = PART_BYTES / share;
    let mut lost = 0;
    let mut backoff = Backoff::default();
    let mut has_warned = false;
    let mut has_dialled = false;
    let address = publisher.address();
    loop {
        let mut has_listened = false;
        let error = match publisher.open(identity.hello()).await {
            Ok(link) => {
                info!(system = identity.name, "a visualiser listens at {address}");
                has_listened = true;
                let began = Instant::now();
                let collector = Collector::new(&mut source, &mut ledger, &mut lost, cadence, part_limit);
                let end = collector.run(link, &mut closing).await;
                source.stop();
                ledger.begin(0);
                if began.elapsed() > STEADY {
                    backoff = Backoff::default();
                    has_warned = false;
                }
                match end {
                    End::Farewell => return,
                    End::Broken(error) => error,
                }
            }
            Err(error) => error,
        };
        let is_first = !std::mem::replace(&mut has_dialled, true);
        match error {
            LinkError::Refused(_) if !has_warned => {
                warn!(system = identity.name, "the visualiser at {address} {error}; dialling on");
                has_warned = true;
            }
            _ if has_listened => info!(system = identity.name, "the visualiser at {address} {error}; dialling on"),
            _ if is_first => info!(system = identity.name, "the visualiser at {address} {error}; dialling on"),
            _ => debug!(system = identity.name, "the visualiser at {address} {error}"),
        }
        tokio::select! {
            _ = closing.reason() => return,
            () = sleep(backoff.next(fastrand::f64())) => {}
        }
    }
}

/// A link that lasted so long was a good one: the next dial is quick again.
const STEADY: Duration = Duration::from_secs(1);

/// Waits that double up to a cap, each shortened by chance so that many programs do not dial in step.
#[derive(Debug)]
struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(Self::FIRST)
    }
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const CAP: Duration = Duration::from_secs(2);

    /// The next wait; `chance` is between 0 and 1 and takes off up to half.
    fn next(&mut self, chance: f64) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(Self::CAP);
        wait.mul_f64(1.0 - chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..7).map(|_| backoff.next(0.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 2000, 2000]);
    }

    #[test]
    fn chance_takes_off_up_to_half() {
        assert_eq!(Backoff::default().next(1.0), Backoff::FIRST / 2);
        assert_eq!(Backoff::default().next(0.5), Backoff::FIRST * 3 / 4);
    }
}
