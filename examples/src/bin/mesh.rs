//! A node of an overlay that carries messages from one process to all others, and joins multicast islands.
//!
//! ```sh
//! cargo run --bin mesh -- demo --nodes 7
//! ```
//!
//! Or by hand, each in a terminal of its own:
//!
//! ```sh
//! cargo run --bin mesh -- --name root --listen 127.0.0.1:7600 --generate 5 --status
//! cargo run --bin mesh -- --name a --root 127.0.0.1:7600 --print
//! cargo run --bin mesh -- --name b --root 127.0.0.1:7600 --print
//! ```

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axonscope_examples::asked_to_end;
use axonscope_examples::mesh::generator::Generator;
use axonscope_examples::mesh::island::Island;
use axonscope_examples::mesh::link::Heartbeat;
use axonscope_examples::mesh::{self, Source, demo};
use axonscope_runtime::System;
use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// A node of an overlay: what one node, or the multicast island behind it, sends to all, all others get.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    node: NodeOptions,
}

#[derive(Subcommand)]
enum Command {
    /// Starts a whole overlay of processes, and kills one of them and starts it again every few seconds, until Ctrl-C.
    Demo(DemoOptions),
}

#[derive(Args)]
struct DemoOptions {
    /// How many nodes, the root among them.
    #[arg(long, value_name = "COUNT", default_value_t = 7, value_parser = clap::value_parser!(u16).range(2..=100))]
    nodes: u16,
    /// How often a node is killed.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    kill_every: u64,
    /// How many messages the root makes each second.
    #[arg(long, value_name = "PER_SECOND", default_value_t = 10)]
    rate: u32,
}

#[derive(Args)]
struct NodeOptions {
    /// Where to listen; port 0 takes any free one. Other nodes are told this address.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the root listens. Without it this node is the root.
    #[arg(long, value_name = "ADDR")]
    root: Option<SocketAddr>,
    /// What to call the node, here and in the visualiser [default: by its port].
    #[arg(long)]
    name: Option<String>,
    /// A multicast group whose members get what comes by the overlay, and whose talk goes into it. No other node may
    /// serve the same island.
    #[arg(long, value_name = "GROUP:PORT")]
    island: Option<SocketAddrV4>,
    /// The address of the interface by which the group is reached.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1", requires = "island")]
    interface: Ipv4Addr,
    /// A file to send to all.
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    /// How fast the file is sent.
    #[arg(long, value_name = "BYTES_PER_SECOND", default_value_t = 65_536, requires = "source")]
    source_rate: u64,
    /// Sends so many numbered messages a second to all.
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "source")]
    generate: Option<u32>,
    /// How many messages to make altogether.
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true, requires = "generate")]
    count: u64,
    /// Makes none before there are so many nodes below this one.
    #[arg(long, value_name = "NODES", default_value_t = 0, requires = "generate")]
    wait_for: usize,
    /// The most children this node takes.
    #[arg(long, value_name = "CHILDREN", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    fan_out: u16,
    /// How far from the root this node goes, while there is room elsewhere.
    #[arg(long, value_name = "DEPTH", default_value_t = 4)]
    max_depth: usize,
    /// When nodes are measured, smaller differences than this are taken for chance.
    #[arg(long, value_name = "MILLIS", default_value_t = 20)]
    floor: u64,
    /// How many messages are kept for children that come back.
    #[arg(long, value_name = "MESSAGES", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(0..=65_536))]
    ring: u32,
    /// How often a node says that it is there.
    #[arg(long, value_name = "MILLIS", default_value_t = 500)]
    heartbeat: u64,
    /// A node that says nothing for so long is dead.
    #[arg(long, value_name = "MILLIS", default_value_t = 2000)]
    dead_after: u64,
    /// Prints each message that comes.
    #[arg(long)]
    print: bool,
    /// Prints the tree below this node whenever it changes.
    #[arg(long)]
    status: bool,
    /// Ends when standard input does, as it does on Ctrl-C.
    #[arg(long)]
    until_eof: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    match options.command {
        None => be_a_node(options.node).await,
        Some(Command::Demo(DemoOptions { nodes, kill_every, rate })) => {
            demo::run(nodes, Duration::from_secs(kill_every.max(1)), rate).await
        }
    }
}

async fn be_a_node(options: NodeOptions) -> anyhow::Result<()> {
    let asked = asked_to_end()?;
    if options.listen.ip().is_unspecified() {
        bail!("--listen {} is no address that others can reach; give one of this machine's", options.listen);
    }
    if options.dead_after <= options.heartbeat {
        bail!("--dead-after must be longer than --heartbeat, or every node is dead");
    }
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}; another --listen may do", options.listen))?;
    let address = listener.local_addr()?;
    let island = options.island.map(|group| Island::join(group, options.interface)).transpose()?;
    let generator = options.generate.map(|rate| Generator::new(rate, options.count, options.wait_for));
    let source = match options.source {
        Some(path) => Some(Source::File(path, options.source_rate)),
        None => generator.map(Source::Generator),
    };

    let name = options.name.unwrap_or_else(|| format!("node {}", address.port()));
    let system = System::new(name.as_str());
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;
    println!("listening on {address}");
    if options.root.is_none() {
        eprintln!("this node is the root; others join it with: mesh --root {address} (or see `mesh demo`)");
    }
    let until_eof = options.until_eof;
    let options = mesh::Options {
        name,
        root: options.root,
        island,
        source,
        fan_out: options.fan_out.into(),
        max_depth: options.max_depth,
        floor: Duration::from_millis(options.floor),
        ring: options.ring as usize,
        heartbeat: Heartbeat {
            every: Duration::from_millis(options.heartbeat.max(1)),
            dead_after: Duration::from_millis(options.dead_after),
        },
        print: options.print,
        status: options.status,
    };
    let summary = mesh::start(&system, listener, options)?;

    tokio::select! {
        () = asked => {}
        () = end_of_input(), if until_eof => {}
    }
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    println!("{}", *summary.borrow());
    probe.close("asked to end");
    Ok(())
}

/// Whatever comes before is not for us. A thread that reads standard input cannot be stopped, so it is not tokio's, which
/// would be waited for at the end.
async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // An error is an end too.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}
