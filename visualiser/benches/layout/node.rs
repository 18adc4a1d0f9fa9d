//! The peers that run on Node: where they are, and how they are asked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::graphs::Kind;
use crate::support::child::Subject;

/// Where the peers are: `visualiser/layout/peers` with its packages installed. `./bench` makes it and says so.
const VARIABLE: &str = "AXONSCOPE_BENCH_LAYOUT_PEERS";

/// Those that tick.
pub(crate) const PEERS: [&str; 3] = ["d3-force", "ngraph", "graphology-fa2"];

/// A folder of peers.
pub(crate) struct Peers(PathBuf);

impl Peers {
    /// None, and it is said, where there are none.
    pub(crate) fn find() -> Option<Self> {
        let folder: Option<OsString> = std::env::var_os(VARIABLE);
        if folder.is_none() {
            eprintln!("bench: without Node's peers: {VARIABLE} does not say where they are; ./bench installs them");
        }
        folder.map(|folder| Self(folder.into()))
    }

    /// One that ticks when it is told how often, and answers with seconds.
    pub(crate) fn start(&self, peer: &str, kind: Kind, n: usize) -> Result<Subject> {
        Subject::start(self.node("ticks.mjs").args([peer, kind.name(), &n.to_string()]))
    }

    /// How exact d3-force's repulsion is at the places in a file, and what it takes, for each theta.
    pub(crate) fn d3_errors(&self, places: &Path, thetas: &[f32]) -> Result<Vec<Errors>> {
        let thetas = thetas.iter().map(|theta| theta.to_string());
        let output = self.node("error.mjs").arg(places).args(thetas).output().context("cannot start Node")?;
        ensure!(output.status.success(), "error.mjs: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    fn node(&self, script: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.0.join(script));
        command
    }
}

/// What d3-force's repulsion is at some theta.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Errors {
    /// Relative to the exact sum.
    pub(crate) error: f64,
    /// All bodies' forces, the tree included.
    pub(crate) ms: f64,
}
