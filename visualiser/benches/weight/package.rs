//! A package made for the purpose: a program with tokio and tracing, and perhaps something that observes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// What the program has beside tokio and tracing.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Nothing,
    Probe,
    Console,
}

/// A package on disk, with its dependencies locked and fetched.
pub(crate) struct Package {
    kind: Kind,
    folder: PathBuf,
}

/// How long a build took.
pub(crate) struct Built {
    pub(crate) wall_s: f64,
    /// Of all processors together.
    pub(crate) cpu_s: f64,
}

/// This workspace.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const MANIFEST: &str = r#"
version = "0.0.0"
edition = "2024"
publish = false

[workspace]

[dependencies]
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread", "sync", "time"] }
tracing = "0.1"
tracing-subscriber = "0.3"
"#;

/// Uses what it has, so that nothing of it is left out.
const PROGRAM: &str = r#"#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    OBSERVE
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    tokio::spawn(async move { sender.send(listener.local_addr().is_ok()).await });
    tracing::info!(bound = receiver.recv().await, "ready");
    Ok(())
}
"#;

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Probe => "probe",
            Self::Console => "console-subscriber",
        }
    }

    fn dependencies(self) -> Result<String> {
        Ok(match self {
            Self::Nothing => String::new(),
            Self::Probe => {
                let probe = Path::new(ROOT).canonicalize()?.join("probe");
                format!("axonscope-probe = {{ path = {probe:?} }}\n")
            }
            Self::Console => "console-subscriber = \"0.5\"\n".to_owned(),
        })
    }

    fn observe(self) -> &'static str {
        match self {
            Self::Nothing => "tracing_subscriber::fmt().init();",
            Self::Probe => {
                "use tracing_subscriber::prelude::*;\n    let probe = axonscope_probe::Probe::builder().start()?;\n    \
                 tracing_subscriber::registry().with(probe.layer()).with(tracing_subscriber::fmt::layer()).init();"
            }
            Self::Console => "console_subscriber::init();",
        }
    }

    /// The versions that we, or our peer, are built with.
    fn lock(self) -> &'static str {
        match self {
            Self::Nothing | Self::Probe => "Cargo.lock",
            Self::Console => "visualiser/benches/console/Cargo.lock",
        }
    }
}

impl Package {
    /// Writes it into a folder of its own in `scratch`, and fetches what it needs.
    pub(crate) fn make(scratch: &Path, kind: Kind) -> Result<Self> {
        let folder = scratch.join(kind.name());
        fs::create_dir_all(folder.join("src"))?;
        let manifest = format!("[package]\nname = \"weight\"{MANIFEST}{}", kind.dependencies()?);
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), PROGRAM.replace("OBSERVE", kind.observe()))?;
        fs::copy(Path::new(ROOT).join(kind.lock()), folder.join("Cargo.lock"))?;
        let package = Self { kind, folder };
        // Takes from the lock file what is not needed here, and leaves the versions as they are.
        package.run(package.cargo(&["fetch", "--quiet"]))?;
        Ok(package)
    }

    /// Every crate that is compiled for it, those that only help to build included, its own not.
    pub(crate) fn crates(&self) -> Result<BTreeSet<String>> {
        let tree = ["tree", "--offline", "--locked", "--prefix", "none", "-e", "normal,build", "-f", "{p}"];
        let output = self.cargo(&tree).output().context("cannot start cargo")?;
        ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
        let words = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().map(words).filter(|name| !name.is_empty() && !name.starts_with("weight ")).collect())
    }

    /// From nothing.
    pub(crate) fn build(&self) -> Result<Built> {
        let target = self.folder.join("target");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let before = children_cpu_s()?;
        let began = Instant::now();
        self.run(self.cargo(&["build", "--quiet", "--offline", "--locked"]))?;
        Ok(Built { wall_s: began.elapsed().as_secs_f64(), cpu_s: children_cpu_s()? - before })
    }

    fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args).current_dir(&self.folder).env("CARGO_TARGET_DIR", self.folder.join("target"));
        // What is said for other builds does not hold for these.
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "CARGO_BUILD_TARGET"] {
            command.env_remove(variable);
        }
        if let Kind::Console = self.kind {
            command.env("RUSTFLAGS", "--cfg tokio_unstable");
        }
        command
    }

    fn run(&self, mut command: Command) -> Result<()> {
        let status = command.status().context("cannot start cargo")?;
        ensure!(status.success(), "the package with {} does not build", self.kind.name());
        Ok(())
    }
}

/// Processor time of all children that have ended, in seconds.
fn children_cpu_s() -> Result<f64> {
    // Linux counts in hundredths of a second, whatever the kernel's own clock ticks at.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").context("processor time is read from /proc, which is Linux's")?;
    // The name, which may hold anything, ends with the last parenthesis; cutime and cstime are the 14th and 15th after.
    let fields = stat.rsplit_once(')').context("no name")?.1.split_whitespace().skip(13).take(2);
    let ticks: Vec<f64> = fields.map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}
