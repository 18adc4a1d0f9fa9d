//! A bad line to put between a program and its visualiser: it delays, throttles, cuts, corrupts and freezes.
//!
//! What it does it is told while it runs, a line at a time on its standard input; it answers each with a line that says how
//! the line is now. Faults add up until `clear`. Each direction of each connection has its own share of them.
//!
//! | line | from now on |
//! | --- | --- |
//! | `delay 200` | every byte arrives 200 ms late |
//! | `throttle 10000` | 10 000 bytes a second |
//! | `corrupt 20000` | one bit in every 20 000 bytes is wrong |
//! | `cut every 2` | every 2 seconds all connections are reset |
//! | `cut` | they are reset once |
//! | `freeze` | nothing is read any more |
//! | `clear` | the line is a good one again |
//! | `tell` | nothing changes |
//!
//! It holds at most 64 KiB of each direction and reads no more until those are gone, as a real line would.
//!
//! ```sh
//! cargo run --bin bad_line -- --to 127.0.0.1:7420
//! # listening on 127.0.0.1:40123
//! AXONSCOPE_ENDPOINT=http://127.0.0.1:40123 cargo run --bin chat_server
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axonscope_examples::bad_line::{Faults, carry};
use clap::Parser;
use socket2::SockRef;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::time::sleep;

/// A bad line: forwards connections, and spoils them as it is told on standard input.
#[derive(Parser)]
struct Options {
    /// Where programs dial.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where it leads.
    #[arg(long, value_name = "ADDRESS")]
    to: SocketAddr,
}

/// Of the kernel's own store, so that a thin line fills up when a real one would.
const SOCKET_BYTES: u32 = 64 * 1024;

/// What happened to the line so far.
#[derive(Default)]
struct Tally {
    resets: AtomicU64,
    wrong_bits: AtomicU64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let listener = listen(options.listen)?;
    println!("listening on {}", listener.local_addr()?);

    let (faults, _) = watch::channel(Faults::default());
    let (cut, _) = broadcast::channel::<()>(1);
    let tally = Arc::new(Tally::default());
    let accepting = {
        let (faults, cut, tally) = (faults.clone(), cut.clone(), tally.clone());
        async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { continue };
                let (faults, cut, tally) = (faults.subscribe(), cut.subscribe(), tally.clone());
                tokio::spawn(async move {
                    if let Err(error) = forward(near, options.to, faults, cut, &tally).await {
                        eprintln!("{error:#}");
                    }
                });
            }
        }
    };
    tokio::select! {
        () = accepting => Ok(()),
        () = cut_now_and_then(faults.subscribe(), &cut) => Ok(()),
        ended = obey(&faults, &cut, &tally) => ended,
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Those accepted inherit it.
    socket.set_recv_buffer_size(SOCKET_BYTES)?;
    socket.bind(address).with_context(|| format!("cannot listen on {address}"))?;
    Ok(socket.listen(64)?)
}

/// Both directions of one connection, until both have ended, or either breaks, or it is cut.
async fn forward(
    mut near: TcpStream,
    to: SocketAddr,
    faults: watch::Receiver<Faults>,
    mut cut: broadcast::Receiver<()>,
    tally: &Tally,
) -> anyhow::Result<()> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_recv_buffer_size(SOCKET_BYTES)?;
    let Ok(mut far) = socket.connect(to).await else {
        // Nobody is there: whoever dialled learns it as they would without us.
        return reset(near);
    };
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let is_broken = {
        let ((from_near, to_near), (from_far, to_far)) = (near.split(), far.split());
        let there = carry(from_near, to_far, faults.clone(), &tally.wrong_bits);
        let back = carry(from_far, to_near, faults, &tally.wrong_bits);
        tokio::select! {
            _ = cut.recv() => {
                tally.resets.fetch_add(1, Ordering::Relaxed);
                true
            }
            ended = async { tokio::try_join!(there, back) } => ended.is_err(),
        }
    };
    if is_broken {
        reset(near)?;
        reset(far)?;
    }
    Ok(())
}

/// Ends a connection as a crash does: what waits to be delivered is thrown away.
fn reset(connection: TcpStream) -> anyhow::Result<()> {
    Ok(SockRef::from(&connection).set_linger(Some(Duration::ZERO))?)
}

/// Cuts as often as the faults say.
async fn cut_now_and_then(mut faults: watch::Receiver<Faults>, cut: &broadcast::Sender<()>) {
    loop {
        let every = faults.borrow_and_update().cut_every;
        let Some(every) = every else {
            if faults.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            changed = faults.changed() => if changed.is_err() { return },
            () = sleep(every) => { let _ = cut.send(()); }
        }
    }
}

/// Does what standard input says, until it ends.
async fn obey(faults: &watch::Sender<Faults>, cut: &broadcast::Sender<()>, tally: &Tally) -> anyhow::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let now = *faults.borrow();
        if line.trim() == "cut" {
            // Nobody may be connected.
            let _ = cut.send(());
        } else {
            match now.told(&line) {
                Ok(told) => faults.send_replace(told),
                Err(unknown) => {
                    println!("{unknown}");
                    continue;
                }
            };
        }
        let [resets, wrong_bits] = [&tally.resets, &tally.wrong_bits].map(|total| total.load(Ordering::Relaxed));
        println!("now {}; so far {resets} resets and {wrong_bits} wrong bits", *faults.borrow());
    }
    Ok(())
}
