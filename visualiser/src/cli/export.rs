//! `axonscope export`: what a visualiser shows now, as a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use axonscope_model::SystemId;
use axonscope_model::display::escape;
#[cfg(feature = "window")]
use axonscope_session::Session;
use axonscope_session::SystemLayout;
use axonscope_session::reader::{Fetched, FetchedSystem, Mirror, ReadError, Reader};
use clap::ValueEnum;

use super::client::{Reach, block_on, is_called};
use super::{Exit, Failure, Outcome, written};
use crate::export::{dot, gather, json};
use crate::options::{Arrangement, PictureOptions, PictureSize, Theme};

/// Write what a visualiser shows now to a file, or to standard output.
///
/// json holds everything: systems, components, postboxes, linkages, totals, rates, positions and the instant.
/// dot is for graphviz. png is the picture of the window, drawn by this command itself: no display is needed.
///
/// Exits with 1 when there is nothing to write.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  axonscope export --format json | jq '.systems[].components | length'
  axonscope export --format dot | dot -Tsvg -o now.svg
  axonscope export --format png --size 2400x1500 --theme light -o now.png")]
pub(super) struct Args {
    /// What to write
    #[arg(long, value_enum)]
    format: Format,
    /// Only systems of this name; `axonscope ls` shows the names
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// Of the png, in pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value_t = PictureSize::default())]
    size: PictureSize,
    /// Of the png
    #[arg(long, value_enum, default_value_t = Theme::Dark)]
    theme: Theme,
    /// Of the png: arrange it anew, in this way; without it everything is where the visualiser shows it
    #[arg(long, value_enum)]
    arrangement: Option<Arrangement>,
    /// Where to write; without it, standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// A picture
    Png,
    /// For graphviz
    Dot,
    /// Everything, for programs
    Json,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Outcome {
    let picture = match (args.format, &args.output) {
        (Format::Png, None) => return Err(Failure::new(Exit::Usage, "a png needs a file: add -o picture.png")),
        (Format::Png, Some(_)) if cfg!(not(feature = "window")) => {
            return Err(Failure::new(
                Exit::NoWindow,
                "this axonscope was built without the window and draws no png: export dot or json, or build it with \
                 its default features",
            ));
        }
        _ => PictureOptions { size: args.size, theme: args.theme },
    };
    let Some(fetched) = block_on(fetch(&args))? else { return Ok(()) };
    let document = || gather::document(&fetched);
    match (args.format, &args.output) {
        (Format::Png, path) => {
            draw(fetched, args.arrangement, &picture, path.as_deref().unwrap_or(Path::new("axonscope.png")))
        }
        (Format::Dot, path) => save(path.as_deref(), |out| dot::write(&document(), out)),
        (Format::Json, path) => save(path.as_deref(), |out| json::write(&document(), out)),
    }
}

/// What the visualiser knows of the systems asked for, at least of one.
async fn fetch(args: &Args) -> Result<Fetched, Failure> {
    let mut reader = args.reach.connect().await?;
    let listed = reader.list().await?;
    let url = args.reach.url()?;
    if listed.is_empty() {
        return Err(Failure::new(
            Exit::Nothing,
            format!("no system has connected to {url}: start a program that holds a probe; `axonscope ls` shows it"),
        ));
    }
    let Some(name) = &args.system else { return Ok(reader.fetch(None).await?) };
    let wanted: Vec<SystemId> =
        listed.iter().filter(|summary| is_called(summary, name)).map(|summary| summary.system).collect();
    if wanted.is_empty() {
        let words =
            format!("no system at {url} is called \"{}\"; `axonscope ls` shows those that are there", escape(name));
        return Err(Failure::new(Exit::Nothing, words));
    }
    Ok(fetch_some(&mut reader, &wanted).await?)
}

/// These systems, one after the other, in one model.
async fn fetch_some(reader: &mut Reader, wanted: &[SystemId]) -> Result<Fetched, ReadError> {
    let mut mirror = Mirror::default();
    let mut systems = Vec::new();
    for &id in wanted {
        let mut watch = reader.watch(Some(id)).await?;
        while let Some(seen) = watch.next().await? {
            let complete = seen.is_complete();
            mirror.take(seen);
            if complete {
                break;
            }
        }
        let layout = reader.layout(Some(id)).await?.into_iter().next().unwrap_or_default();
        if let Some((system, summary)) = mirror.known.get(&id).cloned() {
            systems.push(FetchedSystem { system, summary, layout: SystemLayout { system, ..layout } });
        }
    }
    Ok(Fetched { model: mirror.model, systems })
}

/// Writes to `path`, or to standard output.
fn save(path: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
    let Some(path) = path else {
        written(write(&mut io::stdout().lock()))?;
        return Ok(());
    };
    let words = |error| {
        let path = path.display().to_string();
        Failure::new(Exit::Other, format!("cannot write {}: {error}", escape(&path)))
    };
    let mut file = File::create(path).map_err(words)?;
    write(&mut file).map_err(words)
}

/// How long a picture waits for what has no place yet.
#[cfg(feature = "window")]
const SETTLE: std::time::Duration = std::time::Duration::from_secs(20);

#[cfg(feature = "window")]
fn draw(fetched: Fetched, arrangement: Option<Arrangement>, options: &PictureOptions, path: &Path) -> Outcome {
    let layouts: Vec<SystemLayout> = fetched.systems.into_iter().map(|system| system.layout).collect();
    let session = match arrangement {
        None => Session::from_model_and_places(fetched.model, &layouts),
        Some(arrangement) => Session::from_model_and_pins(fetched.model, &layouts, arrangement.into()),
    };
    session.settle(SETTLE);
    crate::view::offscreen::require_renderer().map_err(|error| Failure::new(Exit::NoWindow, error.to_string()))?;
    Ok(crate::view::offscreen::export_png(&session, options, path)?)
}

#[cfg(not(feature = "window"))]
fn draw(_: Fetched, _: Option<Arrangement>, _: &PictureOptions, _: &Path) -> Outcome {
    Ok(())
}
