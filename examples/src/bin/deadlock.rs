//! Two components that wait for each other: each waits for room in the inbox of the other, and none takes anything.
//!
//! Each of the two answers every letter with two. That goes well until both inboxes are full; then each sends, and
//! nobody reads. No lock is held and no message is lost, so nothing but a look at the whole shows it.
//!
//! ```sh
//! cargo run --bin deadlock
//! ```

use std::time::Duration;

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_examples::waits::Waits;
use axonscope_runtime::{AddError, Component, Context, Declare, InboxSpec, Io, Name, Outcome, System};
use clap::Parser;
use tokio::time::{interval, sleep};

/// Two components write to each other until none can go on, and the program says who waits for whom.
#[derive(Parser)]
struct Options {
    /// How long each of them takes for an answer.
    #[arg(long, value_name = "MILLIS", default_value_t = 200)]
    work_ms: u64,
    /// How many letters each inbox holds.
    #[arg(long, value_name = "N", default_value_t = 8)]
    capacity: u32,
}

struct Letter;

struct Writer {
    begins: bool,
    work: Duration,
    capacity: u32,
}

impl Component for Writer {
    type Boxes = Io<Letter, Letter>;

    fn description(&self) -> Name {
        "Answers every letter with two".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Self::Boxes, AddError> {
        let inbox = declare.inbox(InboxSpec::new("inbox").capacity(self.capacity));
        Ok(Io { inbox, outbox: declare.outbox("outbox") })
    }

    async fn run(self, mut io: Self::Boxes, ctx: Context) -> Outcome {
        if self.begins {
            io.outbox.send(Letter).await?;
        }
        while let Some(Letter) = io.inbox.recv().await? {
            ctx.unless_shutdown(sleep(self.work)).await?;
            io.outbox.send(Letter).await?;
            io.outbox.send(Letter).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    let system = System::new("deadlock");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    let writer = |begins| Writer { begins, work: Duration::from_millis(options.work_ms), capacity: options.capacity };
    let (alice, bob) = (system.add("alice", writer(true))?, system.add("bob", writer(false))?);
    system.link((&alice, "outbox"), (&bob, "inbox"))?;
    system.link((&bob, "outbox"), (&alice, "inbox"))?;
    alice.start();
    bob.start();

    let watch = async {
        let mut looks = interval(Duration::from_millis(100));
        loop {
            looks.tick().await;
            let waits = Waits::look(&system);
            if let Waits::Circle(_) = waits {
                println!("{waits}");
                println!("end it with Ctrl-C: Shutdown reaches also those who wait");
                return std::future::pending().await;
            }
        }
    };
    tokio::select! {
        () = asked => {}
        () = watch => {}
    }
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close("asked to end");
    Ok(())
}
