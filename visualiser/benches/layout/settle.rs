//! From nothing to rest, and how good the picture is then, beside graphviz's sfdp.

use anyhow::Result;

use crate::engine::{self, Pool, THREADS};
use crate::graphs::Kind;
use crate::graphviz;
use crate::quality::{self, Quality};
use crate::support::pairs::{Ratio, in_turn, median};
use crate::support::{Better, Line, Options};

const PEER: &str = "sfdp";
/// Small graphs take so little time that a single round is mostly luck.
fn rounds(n: usize) -> usize {
    if n < 5_000 { 11 } else { 3 }
}

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    let sfdp = graphviz::found();
    if options.quick {
        return compare(Kind::Pipelines, 10_000, sfdp);
    }
    for n in [1_000, 10_000] {
        for kind in Kind::ALL {
            compare(kind, n, sfdp)?;
        }
    }
    Ok(())
}

/// Ours has another seed in each round, so that no picture of ours is a lucky one; sfdp always starts alike.
fn compare(kind: Kind, n: usize, sfdp: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("graph.dot");
    let graph = kind.graph(n);
    graphviz::write(&graph, &file)?;
    let request = graph.request();

    let cases: Vec<usize> = (0..THREADS.len() + usize::from(sfdp)).collect();
    let mut seeds = vec![0; cases.len()];
    let (mut ours, mut theirs) = (Vec::new(), None);
    let figures = in_turn(&cases, rounds(n), |case| {
        let Some(&threads) = THREADS.get(case) else {
            let drawn = graphviz::draw(&file, graph.nodes)?;
            theirs.get_or_insert_with(|| quality::of(&graph, &drawn.places));
            return Ok(drawn.seconds);
        };
        seeds[case] += 1;
        let mut simulation = engine::empty(seeds[case]);
        let mut rests = Ok(());
        let took = Pool::new(threads)?.time(|| {
            simulation.set_request(&request);
            rests = engine::rest(&mut simulation);
        });
        rests?;
        ours.push(quality::of(&graph, &engine::places(&simulation)));
        Ok(took.as_secs_f64())
    })?;

    let name = format!("{}-{n}", kind.name());
    for (place, (&threads, ours)) in THREADS.iter().zip(&figures).enumerate() {
        // What people get is what all threads do; what fewer do is said beside it.
        let suffix = if place + 1 == THREADS.len() { String::new() } else { format!("-{threads}t") };
        let line = Line::alone("layout", format!("settle_s@{name}{suffix}"), median(ours), "s");
        match figures.get(THREADS.len()) {
            Some(theirs) => {
                let Ratio { median: ratio, low, high } = Ratio::paired(theirs, ours);
                line.against(PEER, median(theirs), Better::Less).paired(ratio, low, high).print()?;
            }
            None => line.print()?,
        }
    }
    print("stress", &name, Better::Less, &ours, theirs, |quality| quality.stress)?;
    print("np1", &name, Better::More, &ours, theirs, |quality| quality.neighbours_kept)?;
    print("edge_cv", &name, Better::Less, &ours, theirs, |quality| quality.edge_variation)
}

fn print(
    metric: &str,
    name: &str,
    better: Better,
    ours: &[Quality],
    theirs: Option<Quality>,
    figure: fn(&Quality) -> f64,
) -> Result<()> {
    let ours: Vec<f64> = ours.iter().map(figure).collect();
    let line = Line::alone("layout", format!("{metric}@{name}"), median(&ours), "");
    match theirs {
        Some(theirs) => line.against(PEER, figure(&theirs), better).print(),
        None => line.print(),
    }
}
