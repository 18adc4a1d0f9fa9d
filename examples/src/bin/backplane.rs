//! Newsrooms: who writes names a room and not its readers, who reads names a room and not its writers.
//!
//! A backplane is such a room. Here there are three of them; a desk takes lines such as `sport: rain stopped play` and
//! publishes each in the room it names, and each reader has subscribed to some rooms.
//!
//! ```sh
//! echo "sport: rain stopped play" | cargo run --bin backplane
//! ```

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_runtime::library::{ConsoleIn, ConsoleOut, Transformer};
use axonscope_runtime::{
    AddError, Backplane, Boxes, Component, Context, Declare, Graphline, Inbox, Name, Outbox, Outcome, PublishTo, Stop,
    SubscribeTo, System,
};
use clap::Parser;

const ROOMS: [&str; 3] = ["news", "sport", "weather"];
const READERS: [(&str, &[&str]); 3] =
    [("alice", &["news", "sport"]), ("bob", &["sport", "weather"]), ("carol", &["news"])];

/// Publishes lines such as `sport: rain stopped play` in rooms (news, sport, weather), and shows who reads them.
#[derive(Parser)]
struct Options {}

/// Sends each line by the outbox of the room that it names.
struct Desk;

struct DeskBoxes {
    inbox: Inbox<String>,
    rooms: Vec<Outbox<String>>,
    waste_paper: Outbox<String>,
}

impl Boxes for DeskBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        let rooms = ROOMS.map(|room| declare.outbox(room)).into();
        Self { inbox: declare.inbox("inbox"), rooms, waste_paper: declare.outbox("waste paper") }
    }
}

impl Component for Desk {
    type Boxes = DeskBoxes;

    fn description(&self) -> Name {
        "Sends each line to the room that it names".into()
    }

    async fn run(self, mut boxes: DeskBoxes, _: Context) -> Outcome {
        while let Some(line) = boxes.inbox.recv().await? {
            let named = line.split_once(':');
            let room = named.and_then(|(name, _)| ROOMS.iter().position(|room| *room == name.trim()));
            match (room, named) {
                (Some(room), Some((_, text))) => boxes.rooms[room].send(text.trim().to_owned()).await?,
                _ => boxes.waste_paper.send(line).await?,
            }
        }
        Ok(())
    }
}

/// Everything that comes from the desk, up to the rooms.
fn writers() -> Graphline {
    let mut writers = Graphline::new()
        .component("lines", ConsoleIn::new())
        .component("desk", Desk)
        .component("screen", ConsoleOut::new())
        .component("excuse", Transformer::new(|line: String| format!("there is no room for: {line}")))
        .link("lines.outbox", "desk.inbox")
        .link("desk.waste paper", "excuse.inbox")
        .link("excuse.outbox", "screen.inbox");
    for room in ROOMS {
        writers = writers
            .component(format!("to {room}"), PublishTo::<String>::new(room))
            .link(format!("desk.{room}"), format!("to {room}.inbox"));
    }
    writers
}

/// A reader and what it subscribes to.
fn reader(name: &'static str, rooms: &[&str]) -> Graphline {
    let mut reader = Graphline::new()
        .component("reads", Transformer::new(move |line: String| format!("{name} reads {line}")))
        .component("screen", ConsoleOut::new())
        .link("reads.outbox", "screen.inbox");
    for &room in rooms {
        let marks = Transformer::new({
            let room = room.to_owned();
            move |text: String| format!("{room}: {text}")
        });
        reader = reader
            .component(format!("from {room}"), SubscribeTo::<String>::new(room))
            .component(format!("marks {room}"), marks)
            .link(format!("from {room}.outbox"), format!("marks {room}.inbox"))
            .link(format!("marks {room}.outbox"), "reads.inbox");
    }
    reader
}

fn build(system: &System) -> Result<impl Future<Output = ()>, AddError> {
    // Rooms first: a subscriber finds them when it is added.
    let mut rooms = Vec::new();
    for room in ROOMS {
        rooms.push(system.add(room, Backplane::<String>::new(room))?.start());
    }
    for (name, rooms) in READERS {
        system.add(name, reader(name, rooms))?.start();
    }
    let writers = system.add("writers", writers())?.start();
    let system = system.clone();
    Ok(async move {
        writers.ended().await;
        // A room outlives its writers, so somebody has to say when it closes. Its readers learn of it by themselves.
        for room in rooms {
            room.stop(Stop::ProducerFinished);
        }
        system.finished().await;
    })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Options {} = Options::parse();
    let asked = asked_to_end()?;
    let system = System::new("backplane");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    let finished = build(&system)?;
    let reason = tokio::select! {
        () = asked => "asked to end",
        () = finished => "end of input",
    };
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close(reason);
    Ok(())
}
