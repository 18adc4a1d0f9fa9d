//! A whole overlay for looking at: starts its nodes as processes, and kills one of them and starts it again every while.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::asked_to_end;

/// How long a process may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the processes have to end when asked to.
const GRACE: Duration = Duration::from_secs(10);
/// Small, so that few nodes make a tree worth looking at.
const FAN_OUT: &str = "2";
/// With that fan-out 14 nodes fit below the root; more go deeper.
const MAX_DEPTH: &str = "3";

/// Runs `nodes` nodes until Ctrl-C. The root makes `rate` messages a second.
pub async fn run(nodes: u16, kill_every: Duration, rate: u32) -> anyhow::Result<()> {
    let asked = asked_to_end()?;
    tokio::pin!(asked);
    let rate = rate.to_string();
    let (root, address) = start("root", &["--generate", &rate, "--status"]).await?;
    println!("root listens on {address}");
    let root_address = address.to_string();
    let others = ["--root", &root_address];
    let mut processes = vec![root];
    for number in 1..nodes {
        processes.push(start(&format!("node {number}"), &others).await?.0);
    }

    let mut ticks = tokio::time::interval(kill_every);
    ticks.tick().await;
    loop {
        tokio::select! {
            () = &mut asked => break,
            _ = ticks.tick() => {
                // Not the root: it has no stand-in.
                let number = fastrand::usize(1..processes.len());
                let name = format!("node {number}");
                println!("killing {name}");
                processes[number].kill().await.with_context(|| format!("cannot kill {name}"))?;
                processes[number] = start(&name, &others).await?.0;
            }
        }
    }
    end(processes).await;
    Ok(())
}

/// A node as a process of its own, once it listens. What it prints is printed, with its name.
async fn start(name: &str, options: &[&str]) -> anyhow::Result<(Child, SocketAddr)> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut child = Command::new(program)
        .args(["--until-eof", "--name", name, "--fan-out", FAN_OUT, "--max-depth", MAX_DEPTH])
        .args(options)
        // While this is open they run; so they end with us, however we end.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let Some(output) = child.stdout.take() else { bail!("{name} has no output") };
    let mut lines = BufReader::new(output).lines();
    let first = timeout(PATIENCE, lines.next_line()).await.with_context(|| format!("{name} says nothing"))??;
    let first = first.with_context(|| format!("{name} has ended at once"))?;
    let address = first.strip_prefix("listening on ").and_then(|address| address.parse().ok());
    let address = address.with_context(|| format!("{name} says \"{first}\""))?;
    let name = name.to_owned();
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            println!("{name}: {line}");
        }
    });
    Ok((child, address))
}

/// Asks all to end, and kills those that do not. If Ctrl-C came from a terminal it has reached them too.
async fn end(processes: Vec<Child>) {
    let mut ends = Vec::new();
    for mut process in processes {
        drop(process.stdin.take());
        ends.push(tokio::spawn(async move {
            if timeout(GRACE, process.wait()).await.is_err() {
                let _ = process.kill().await;
            }
        }));
    }
    for end in ends {
        let _ = end.await;
    }
}
