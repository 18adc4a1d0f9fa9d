//! A tune for everybody who listens: by TCP to each who connects, and by multicast to all who have joined.
//!
//! ```sh
//! cargo run --bin stream_server
//! nc 127.0.0.1 7575 | aplay
//! ```
//!
//! Two that are there from the beginning get the same file:
//!
//! ```sh
//! cargo run --bin stream_server -- --once --wait-for 2
//! nc 127.0.0.1 7575 > one.wav & nc 127.0.0.1 7575 > two.wav; wait; cmp one.wav two.wav
//! ```

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use anyhow::Context as _;
use axonscope_examples::{asked_to_end, stream};
use axonscope_runtime::System;
use axonscope_runtime::library::Multicast;
use clap::Parser;
use stream::wav;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Plays a tune that it makes itself (16 bit, one channel, 22 050 Hz). By TCP, `nc 127.0.0.1 7575 | aplay` plays it.
/// The multicast group gets bare samples, at most 1316 bytes a datagram.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7575")]
    listen: SocketAddr,
    /// The multicast group to send to.
    #[arg(long, value_name = "ADDR", default_value = "239.255.75.1:7575")]
    group: SocketAddrV4,
    /// The address of the interface by which to send to the group.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    interface: Ipv4Addr,
    /// Sends to no group.
    #[arg(long, conflicts_with_all = ["group", "interface"])]
    no_multicast: bool,
    /// How many bytes to send each second [default: as they are played].
    #[arg(long, value_name = "BYTES", default_value_t = wav::BYTE_RATE.into(), hide_default_value = true,
        value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,
    /// How long the tune is.
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Begins when so many have come by TCP.
    #[arg(long, value_name = "N", default_value_t = 0)]
    wait_for: usize,
    /// Plays it once, and ends.
    #[arg(long)]
    once: bool,
    /// Plays it over and over, as it does unless told otherwise.
    #[arg(long = "loop", conflicts_with = "once")]
    repeat: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    let asked = asked_to_end()?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}; another --listen may do", options.listen))?;
    let address = listener.local_addr()?;
    let group = if options.no_multicast { None } else { Some(Multicast::join(options.group, options.interface)?) };

    let tune = wav::tune(options.seconds);
    let mut samples = tempfile::NamedTempFile::new().context("cannot make a file for the tune")?;
    samples.write_all(&tune).context("cannot write the tune")?;

    let system = System::new("stream_server");
    let probe = axonscope_probe::init(&system).context("cannot attach to the visualiser")?;

    println!("listening on {address}");
    if group.is_some() {
        println!("sending to {} by {}", options.group, options.interface);
    }
    let server = stream::Options {
        samples: samples.path().into(),
        length: u32::try_from(tune.len()).unwrap_or(u32::MAX),
        rate: options.rate,
        repeat: !options.once,
        wait_for: options.wait_for,
    };
    let server = stream::start(&system, listener, group, server)?;

    let reason = tokio::select! {
        () = asked => "asked to end",
        () = server.play() => "end of the tune",
    };
    for path in system.shutdown().await {
        eprintln!("{path} did not stop in time and was aborted");
    }
    probe.close(reason);
    Ok(())
}
