//! A carousel of players: one tune at a time, each by a player made for it.
//!
//! A player knows one tune and ends with it. The carousel makes a player from each title, and when that one has ended
//! asks the playlist for the next. Neither knows the other, and a player has nothing to reset.
//!
//! ```sh
//! cargo run --bin carousel -- ode frere
//! ```

use std::time::Duration;

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_runtime::library::ConsoleOut;
use axonscope_runtime::{Carousel, Component, Context, Graphline, Io, Name, Out, Outcome, System};
use clap::{Parser, ValueEnum};
use tokio::time::sleep;

/// Plays tunes, one after the other.
#[derive(Parser)]
struct Options {
    /// What to play.
    #[arg(default_values = ["ode", "frere", "lamb"])]
    titles: Vec<Title>,
    /// How long a note is.
    #[arg(long, value_name = "MILLIS", default_value_t = 300)]
    beat_ms: u64,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Title {
    Ode,
    Frere,
    Lamb,
}

impl Title {
    fn notes(self) -> &'static str {
        match self {
            Self::Ode => "E E F G G F E D C C D E E D D",
            Self::Frere => "C D E C C D E C E F G E F G",
            Self::Lamb => "E D C D E E E D D D E G G",
        }
    }
}

/// Sends the next title each time it is asked.
struct Playlist(Vec<Title>);

impl Component for Playlist {
    type Boxes = Io<(), Title>;

    fn description(&self) -> Name {
        "Says what to play next".into()
    }

    async fn run(self, mut io: Self::Boxes, _: Context) -> Outcome {
        for title in self.0 {
            let Some(()) = io.inbox.recv().await? else { break };
            io.outbox.send(title).await?;
        }
        Ok(())
    }
}

/// Plays one tune.
struct Player {
    title: Title,
    beat: Duration,
}

impl Component for Player {
    type Boxes = Out<String>;

    fn description(&self) -> Name {
        format!("Plays {:?}", self.title).into()
    }

    async fn run(self, mut boxes: Self::Boxes, ctx: Context) -> Outcome {
        for note in self.title.notes().split(' ') {
            boxes.outbox.send(format!("{:?}: {note}", self.title)).await?;
            // When the playlist is at its end the last player is told to finish, and finishes its tune.
            ctx.unless_shutdown(sleep(self.beat)).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    let system = System::new("carousel");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    let beat = Duration::from_millis(options.beat_ms);
    let jukebox = Graphline::new()
        .component("playlist", Playlist(options.titles))
        .component("players", Carousel::new(move |title| Player { title, beat }).outbox::<String>().ask_first())
        .component("screen", ConsoleOut::new())
        .link("players.request_next", "playlist.inbox")
        .link("playlist.outbox", "players.next")
        .link("players.outbox", "screen.inbox");
    let jukebox = system.add("jukebox", jukebox)?.start();

    let reason = tokio::select! {
        () = asked => "asked to end",
        _ = jukebox.ended() => "end of the playlist",
    };
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close(reason);
    Ok(())
}
