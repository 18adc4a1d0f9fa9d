//! `axonscope export`: what a visualiser shows now, as a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use axonscope_model::display::escape;
use axonscope_model::wiring::Wiring;
use axonscope_model::{ComponentId, System, SystemId};
use axonscope_session::reader::{Fetched, FetchedSystem, Mirror, ReadError, Reader};
use axonscope_session::{Problem, Session, SystemLayout};
use clap::ValueEnum;

use super::client::{Reach, block_on, is_called};
use super::names;
use super::{Exit, Failure, Outcome, written};
use crate::export::json::Document;
use crate::export::{dot, gather, graphml, json, svg, wiring};
use crate::options::{Arrangement, PictureOptions, PictureSize, Theme};

/// Write what a visualiser shows now to a file, or to standard output.
///
/// png is the picture of the window, drawn by this command itself: no display is needed. svg is the same as vectors, with
/// text that can be searched, and figures where one points. json holds everything: systems, components, postboxes,
/// linkages, totals, rates, positions and the instant; graphml holds as much for graph programs such as yEd, Gephi and
/// networkx. dot is for graphviz. wiring is how one system is wired,
/// without ids, for `axonscope check`.
///
/// Exits with 1 when there is nothing to write.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  axonscope export --format json | jq '.systems[].components | length'
  axonscope export --format dot | dot -Tsvg -o now.svg
  axonscope export -o now.svg
  axonscope export -o now.png --size 2400x1500 --theme light
  axonscope export -o chat.graphml --system chat_server
  axonscope export --format wiring --system chat_server -o chat_server.toml
  axonscope export -o slide.png --present --title \"Our chat\"")]
pub(super) struct Args {
    /// What to write; without it, what the ending of the file says
    #[arg(long, value_enum, required_unless_present = "output")]
    format: Option<Format>,
    /// Only systems of this name; `axonscope ls` shows the names
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// Of the png or svg, in pixels
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value_t = PictureSize::default())]
    size: PictureSize,
    /// Of the png or svg
    #[arg(long, value_enum, default_value_t = Theme::Dark)]
    theme: Theme,
    /// Of the png: in both themes side by side
    #[arg(long, conflicts_with = "theme")]
    both_themes: bool,
    /// Of the png: as it is presented, everything larger, with a title above and a line below
    #[arg(long)]
    present: bool,
    /// Of the png that is presented, instead of the names of the systems
    #[arg(long, value_name = "TEXT", requires = "present")]
    title: Option<String>,
    /// Of the png: close composites, the deepest first, while more components than this are shown
    #[arg(long, value_name = "COUNT")]
    fold_above: Option<usize>,
    /// Of the png: the component whose inspector is open, by its path, such as server/alice
    #[arg(long, value_name = "PATH", conflicts_with = "present")]
    select: Option<String>,
    #[command(flatten)]
    naming: names::Args,
    /// Of the png or svg: arrange it anew, in this way; without it everything is where the visualiser shows it
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
    /// A picture as vectors
    Svg,
    /// For graphviz
    Dot,
    /// Everything, for graph programs
    Graphml,
    /// Everything, for programs
    Json,
    /// How one system is wired, for `axonscope check`
    Wiring,
}

impl Format {
    /// The one asked for, else the one that the ending of the file says.
    fn of(args: &Args) -> Result<Self, Failure> {
        if let Some(format) = args.format {
            return Ok(format);
        }
        let ending =
            args.output.as_deref().and_then(Path::extension).map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("png") => Ok(Format::Png),
            Some("svg") => Ok(Format::Svg),
            Some("dot" | "gv") => Ok(Format::Dot),
            Some("graphml") => Ok(Format::Graphml),
            Some("json") => Ok(Format::Json),
            Some("toml") => Ok(Format::Wiring),
            Some(other) => Err(Failure::new(
                Exit::Usage,
                format!("no format has files ending in .{}: say which with --format", escape(other)),
            )),
            None => Err(Failure::new(Exit::Usage, "the file has no ending that says its format: add --format")),
        }
    }
}

/// Runs the command.
pub(super) fn run(args: Args) -> Outcome {
    let format = Format::of(&args)?;
    let picture = match (format, &args.output) {
        (Format::Png, None) => return Err(Failure::new(Exit::Usage, "a png needs a file: add -o picture.png")),
        (Format::Png, Some(_)) if cfg!(not(feature = "window")) => {
            return Err(Failure::new(
                Exit::NoWindow,
                "this axonscope was built without the window and draws no png: export svg, dot, graphml or json, or \
                 build it with its default features",
            ));
        }
        _ => PictureOptions {
            size: args.size,
            theme: args.theme,
            is_pair: args.both_themes,
            presents: args.present,
            title: args.title.clone(),
            names: args.naming.load()?,
            fold_above: args.fold_above,
            selected: None,
        },
    };
    let Some((fetched, problems)) = block_on(fetch(&args))? else { return Ok(()) };
    let selected = args.select.as_deref().map(|path| find(&fetched, path)).transpose()?;
    let picture = PictureOptions { selected, ..picture };
    let path = args.output.as_deref();
    let save_as = |write: fn(&Document, &mut dyn Write) -> io::Result<()>, fetched: &Fetched| {
        save(path, |out| write(&gather::document(fetched), out))
    };
    match format {
        Format::Png => draw(fetched, problems, args.arrangement, &picture, path.unwrap_or(Path::new("axonscope.png"))),
        Format::Svg => {
            let instant = Document::<()>::now(Vec::new()).instant;
            save(path, |out| svg::write(&placed(fetched, problems, args.arrangement), &picture, &instant, out))
        }
        Format::Dot => save_as(dot::write, &fetched),
        Format::Graphml => save_as(graphml::write, &fetched),
        Format::Wiring => {
            let wiring = only_wiring(&fetched)?;
            save(path, |out| wiring::write(&wiring, out))
        }
        Format::Json => save_as(|document, out| json::write(document, out), &fetched),
    }
}

/// What the visualiser knows of the systems asked for, at least of one, and what is wrong with them.
async fn fetch(args: &Args) -> Result<(Fetched, Vec<Problem>), Failure> {
    let mut reader = args.reach.connect().await?;
    let listed = reader.list().await?;
    let url = args.reach.url()?;
    if listed.is_empty() {
        return Err(Failure::new(
            Exit::Nothing,
            format!("no system has connected to {url}: start a program that holds a probe; `axonscope ls` shows it"),
        ));
    }
    let Some(name) = &args.system else {
        let fetched = reader.fetch(None).await?;
        let problems = local(reader.problems(None).await?, &fetched);
        return Ok((fetched, problems));
    };
    let wanted: Vec<SystemId> =
        listed.iter().filter(|summary| is_called(summary, name)).map(|summary| summary.system).collect();
    if wanted.is_empty() {
        let words =
            format!("no system at {url} is called \"{}\"; `axonscope ls` shows those that are there", escape(name));
        return Err(Failure::new(Exit::Nothing, words));
    }
    let fetched = fetch_some(&mut reader, &wanted).await?;
    let problems = local(reader.problems(None).await?, &fetched);
    Ok((fetched, problems))
}

/// Those of what was fetched, by the ids that it has here.
fn local(problems: Vec<Problem>, fetched: &Fetched) -> Vec<Problem> {
    let here = |problem: Problem| {
        let known = fetched.systems.iter().find(|known| known.summary.system == problem.system)?;
        Some(Problem { system: known.system, ..problem })
    };
    problems.into_iter().filter_map(here).collect()
}

/// How the one system is wired that was asked for.
fn only_wiring(fetched: &Fetched) -> Result<Wiring, Failure> {
    let mut connected = fetched.systems.iter().filter_map(|known| fetched.model.system(known.system));
    match (connected.next(), connected.next()) {
        (Some(system), None) => Ok(Wiring::of(system)),
        (None, _) => Err(Failure::new(Exit::Nothing, "there is no system to write the wiring of")),
        _ => {
            let words = "a wiring is that of one system: add --system NAME; `axonscope ls` shows the names";
            Err(Failure::new(Exit::Usage, words))
        }
    }
}

/// These systems, one after the other, in one model.
pub(super) async fn fetch_some(reader: &mut Reader, wanted: &[SystemId]) -> Result<Fetched, ReadError> {
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

/// The first component of that path, in whichever system.
fn find(fetched: &Fetched, path: &str) -> Result<(SystemId, ComponentId), Failure> {
    // As the inspector writes it, or without the spaces.
    let plain = |path: &str| path.replace(" / ", "/");
    let of_system = |system: &System| {
        system
            .components()
            .find(|component| plain(&component.path()) == plain(path))
            .map(|found| (system.id(), found.id()))
    };
    fetched.model.systems().find_map(of_system).ok_or_else(|| {
        let words =
            format!("there is no component \"{}\"; `axonscope export --format json` has their paths", escape(path));
        Failure::new(Exit::Nothing, words)
    })
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
const SETTLE: std::time::Duration = std::time::Duration::from_secs(20);

/// With everything where the visualiser has it, or arranged anew.
fn placed(fetched: Fetched, problems: Vec<Problem>, arrangement: Option<Arrangement>) -> Session {
    let layouts: Vec<SystemLayout> = fetched.systems.into_iter().map(|system| system.layout).collect();
    let session = match arrangement {
        None => Session::from_model_and_places(fetched.model, &layouts),
        Some(arrangement) => Session::from_model_and_pins(fetched.model, &layouts, arrangement.into()),
    };
    session.tell_problems(problems);
    session.settle(SETTLE);
    session
}

#[cfg(feature = "window")]
fn draw(
    fetched: Fetched,
    problems: Vec<Problem>,
    arrangement: Option<Arrangement>,
    options: &PictureOptions,
    path: &Path,
) -> Outcome {
    let session = placed(fetched, problems, arrangement);
    crate::view::offscreen::require_renderer().map_err(|error| Failure::new(Exit::NoWindow, error.to_string()))?;
    Ok(crate::view::offscreen::export_png(&session, options, path)?)
}

#[cfg(not(feature = "window"))]
fn draw(_: Fetched, _: Vec<Problem>, _: Option<Arrangement>, _: &PictureOptions, _: &Path) -> Outcome {
    Ok(())
}
