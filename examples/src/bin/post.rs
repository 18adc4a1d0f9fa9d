//! A country's post: composites in composites, two thousand components of which each town's are eight.
//!
//! Letters are written in a town, go through the hands of its office, then to the desk of its region, then to the capital.
//! What there is to see is how little one has to see: closed, a region is one disc that tells how many are in it.
//!
//! ```sh
//! cargo run --bin post -- --regions 20 --towns 11
//! ```

use std::time::Duration;

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_runtime::library::Transformer;
use axonscope_runtime::{Component, Context, Graphline, In, Name, Out, Outcome, System};
use clap::Parser;
use tokio::time::sleep;

/// Writes letters in every town of every region and brings them to the capital.
#[derive(Parser)]
struct Options {
    #[arg(long, value_name = "N", default_value_t = 20)]
    regions: u64,
    /// Of each region.
    #[arg(long, value_name = "N", default_value_t = 11)]
    towns: u64,
    /// How long a town takes for a letter.
    #[arg(long, value_name = "MILLIS", default_value_t = 1000)]
    write_ms: u64,
}

/// Writes a letter now and then.
struct Writer {
    /// Until the first, so that not all write at once.
    first: Duration,
    every: Duration,
}

impl Component for Writer {
    type Boxes = Out<u64>;

    fn description(&self) -> Name {
        format!("Writes a letter each {:?}", self.every).into()
    }

    async fn run(self, mut boxes: Out<u64>, ctx: Context) -> Outcome {
        ctx.unless_shutdown(sleep(self.first)).await?;
        for letter in 1.. {
            if ctx.control().is_some() {
                break;
            }
            boxes.outbox.send(letter).await?;
            ctx.unless_shutdown(sleep(self.every)).await?;
        }
        Ok(())
    }
}

/// Reads whatever comes.
struct Reader;

impl Component for Reader {
    type Boxes = In<u64>;

    async fn run(self, mut boxes: In<u64>, _: Context) -> Outcome {
        while boxes.inbox.recv().await?.is_some() {}
        Ok(())
    }
}

/// Through whose hands a letter goes in a town.
const HANDS: [&str; 7] = ["collect", "stamp", "sort", "weigh", "bag", "load", "drive"];

fn hand() -> Transformer<u64, u64> {
    Transformer::new(|letter| letter)
}

fn town(writer: Writer) -> Graphline {
    let mut town = Graphline::new().component("writer", writer);
    let mut before = "writer";
    for name in HANDS {
        town = town.component(name, hand()).link(format!("{before}.outbox"), format!("{name}.inbox"));
        before = name;
    }
    town.link(format!("{before}.outbox"), "self.outbox")
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    let system = System::new("post");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    let every = Duration::from_millis(options.write_ms.max(1));
    let mut country = Graphline::new().component("capital", Reader);
    for number in 1..=options.regions {
        let mut region = Graphline::new().component("desk", hand()).link("desk.outbox", "self.outbox");
        for place in 1..=options.towns {
            let first = every * ((number * options.towns + place) * 37 % 97) as u32 / 97;
            let name = format!("town {number}-{place}");
            region = region
                .component(name.clone(), town(Writer { first, every }))
                .link(format!("{name}.outbox"), "desk.inbox");
        }
        let name = format!("region {number}");
        country = country.component(name.clone(), region).link(format!("{name}.outbox"), "capital.inbox");
    }
    system.add("country", country)?.start();

    asked.await;
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close("asked to end");
    Ok(())
}
