//! graphviz's sfdp, the peer of settling.

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::graphs::Graph;
use crate::support::undisturbed;

/// How sfdp is run. `overlap=true` means that it need not make room afterwards.
const OPTIONS: [&str; 3] = ["-Gmaxiter=600", "-Goverlap=true", "-Tplain"];

/// Whether there is one; says so if not.
pub(crate) fn found() -> bool {
    let found = Command::new("sfdp").arg("-V").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !found {
        eprintln!("bench: without graphviz: there is no sfdp; Debian's package is graphviz");
    }
    found
}

/// What sfdp drew.
pub(crate) struct Drawn {
    /// From the start of the process to its end, without what other programs took of its processor.
    pub(crate) seconds: f64,
    /// Of every node.
    pub(crate) places: Vec<[f32; 2]>,
}

/// Writes `graph` for graphviz.
pub(crate) fn write(graph: &Graph, file: &Path) -> Result<()> {
    let mut text = "graph {\n".to_owned();
    for node in 0..graph.nodes {
        writeln!(text, "{node};")?;
    }
    for [a, b] in &graph.edges {
        writeln!(text, "{a} -- {b};")?;
    }
    text.push_str("}\n");
    Ok(fs::write(file, text)?)
}

/// Draws the graph of `nodes` nodes in a file.
pub(crate) fn draw(file: &Path, nodes: usize) -> Result<Drawn> {
    let began = Instant::now();
    let mut process = Command::new("sfdp")
        .args(OPTIONS)
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start sfdp")?;
    let mut text = String::new();
    process.stdout.take().context("sfdp has no output")?.read_to_string(&mut text)?;
    let took = began.elapsed();
    // It has ended, but is known to the system until it is waited for.
    let delayed = undisturbed::delayed(&format!("/proc/{}/schedstat", process.id()));
    ensure!(process.wait()?.success(), "sfdp failed");
    Ok(Drawn { seconds: took.saturating_sub(delayed).as_secs_f64(), places: places(&text, nodes)? })
}

/// From lines such as `node 7 1.25 3.5 …`.
fn places(text: &str, nodes: usize) -> Result<Vec<[f32; 2]>> {
    let mut places = vec![[f32::NAN; 2]; nodes];
    for line in text.lines().filter_map(|line| line.strip_prefix("node ")) {
        let mut words = line.split_whitespace();
        let mut word = || words.next().context("a node without a place");
        let node: usize = word()?.parse()?;
        let place = [word()?.parse()?, word()?.parse()?];
        *places.get_mut(node).context("a node too many")? = place;
    }
    ensure!(places.iter().flatten().all(|number| number.is_finite()), "sfdp left a node out");
    Ok(places)
}
