//! A slow consumer: its inbox fills, then those before it wait, and in the end the one who makes the work.
//!
//! Nothing is lost and nothing grows: inboxes are bounded, so whoever is slow slows down those before, and nobody else.
//! What there is to see is where it begins. The one at fault is never the one that waits.
//!
//! ```sh
//! cargo run --bin backlog -- --work-ms 500
//! ```

use std::time::Duration;

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_examples::waits::Waits;
use axonscope_runtime::library::Transformer;
use axonscope_runtime::{Component, Context, In, Name, Out, Outcome, Pipeline, System};
use clap::Parser;
use tokio::time::{interval, sleep};

/// A pipeline whose third stage is slow. Says each second who waits for whom.
#[derive(Parser)]
struct Options {
    /// How long the packer takes for each order.
    #[arg(long, value_name = "MILLIS", default_value_t = 200)]
    work_ms: u64,
}

/// Makes orders as fast as they are taken.
struct Orders;

impl Component for Orders {
    type Boxes = Out<u64>;

    fn description(&self) -> Name {
        "Makes orders as fast as they are taken".into()
    }

    async fn run(self, mut boxes: Out<u64>, ctx: Context) -> Outcome {
        for order in 1.. {
            if ctx.control().is_some() {
                break;
            }
            boxes.outbox.send(order).await?;
        }
        Ok(())
    }
}

/// Takes its time for each order.
struct Packer(Duration);

impl Component for Packer {
    type Boxes = In<u64>;

    fn description(&self) -> Name {
        format!("Takes {:?} for each order", self.0).into()
    }

    async fn run(self, mut boxes: In<u64>, ctx: Context) -> Outcome {
        while boxes.inbox.recv().await?.is_some() {
            // A wait that is neither a send nor a receive has to look for Shutdown itself.
            ctx.unless_shutdown(sleep(self.0)).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    let system = System::new("backlog");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    let pipeline = Pipeline::new()
        .stage("orders", Orders)
        .stage("checker", Transformer::new(|order: u64| order))
        .stage("packer", Packer(Duration::from_millis(options.work_ms)));
    system.add("pipeline", pipeline)?.start();

    let tell = async {
        let mut seconds = interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            println!("{}", Waits::look(&system));
        }
    };
    tokio::select! {
        () = asked => {}
        () = tell => {}
    }
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close("asked to end");
    Ok(())
}
