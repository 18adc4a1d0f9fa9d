//! A message every so often.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::component::{Component, Context, Out};
use crate::error::Outcome;
use crate::name::Name;
use crate::storage::Message;

/// Sends a message each `period` from `outbox`, the first one after the first period. Ticks that nobody had room for
/// are left out, not made up for.
///
/// ```
/// use axonscope_runtime::library::{ConsoleOut, Ticker};
/// use axonscope_runtime::{Pipeline, System};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ticker = Ticker::new(Duration::from_secs(1), |second| format!("{second} s"));
/// let pipeline = Pipeline::new().stage("ticker", ticker).stage("out", ConsoleOut::new());
///
/// let system = System::new("clock");
/// system.add("pipeline", pipeline)?.start();
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Ticker<F> {
    period: Duration,
    make: F,
}

impl<F> Ticker<F> {
    /// `make` is given the number of the tick, from 1. A period of zero is taken as a nanosecond.
    pub fn new<T: Message>(period: Duration, make: F) -> Self
    where
        F: FnMut(u64) -> T,
    {
        Self { period: period.max(Duration::from_nanos(1)), make }
    }
}

impl<T: Message, F: FnMut(u64) -> T + Send + 'static> Component for Ticker<F> {
    type Boxes = Out<T>;

    fn description(&self) -> Name {
        format!("Ticks every {:?}", self.period).into()
    }

    async fn run(mut self, mut boxes: Out<T>, ctx: Context) -> Outcome {
        let mut ticks = interval(self.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks.tick().await;
        let mut number = 0;
        while ctx.unless_stopped(ticks.tick()).await.is_some() {
            number += 1;
            boxes.outbox.send((self.make)(number)).await?;
        }
        Ok(())
    }
}
