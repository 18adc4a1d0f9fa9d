//! People for `plain_tokio`: they order posters, and some ask what became of theirs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axonscope_examples::asked_to_end;
use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Orders posters at a steady rate.
#[derive(Parser)]
struct Options {
    /// Where the service listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7600")]
    server: SocketAddr,
    /// Orders a second.
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    per_second: f64,
    /// How many people may wait for an answer at the same time; more turn away.
    #[arg(long, value_name = "N", default_value_t = 64)]
    people: usize,
    /// How long they go on.
    #[arg(long, value_name = "S", default_value_t = 60)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    if !(options.per_second > 0.0 && options.per_second <= 100_000.0) {
        bail!("--per-second wants more than 0 and at most 100000");
    }
    let mut orders = interval(Duration::from_secs_f64(1.0 / options.per_second));
    orders.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut ordered, mut turned_away, mut failed) = (0_u64, 0_u64, 0_u64);
    let mut people = JoinSet::new();
    let end = sleep(Duration::from_secs(options.seconds));
    tokio::pin!(asked, end);
    loop {
        tokio::select! {
            () = &mut end => break,
            () = &mut asked => break,
            Some(outcome) = people.join_next() => match outcome? {
                Ok(()) => ordered += 1,
                Err(error) => {
                    failed += 1;
                    eprintln!("{error:#}");
                    // Nobody is there, perhaps.
                    sleep(Duration::from_millis(200)).await;
                }
            },
            _ = orders.tick() => {
                if people.len() >= options.people {
                    turned_away += 1;
                } else {
                    people.spawn(person(options.server));
                }
            }
        }
    }
    println!("{ordered} orders, {turned_away} turned away, {failed} failed");
    Ok(())
}

/// Orders a poster, and every third time asks what became of it.
async fn person(server: SocketAddr) -> anyhow::Result<()> {
    let number = ask(server, "POST", "/orders", "look inside running systems").await?;
    if fastrand::u8(0..3) == 0 {
        sleep(Duration::from_millis(fastrand::u64(10..500))).await;
        ask(server, "GET", &format!("/orders/{}", number.trim()), "").await?;
    }
    Ok(())
}

/// One request; gives the body of the answer.
async fn ask(server: SocketAddr, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let asking = async {
        let mut stream = TcpStream::connect(server).await?;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nContent-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(64 * 1024).read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = timeout(Duration::from_secs(60), asking).await.context("no answer within a minute")?;
    let answer = answer.with_context(|| format!("cannot ask {server}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 2") {
        bail!("{method} {path}: {status}");
    }
    Ok(body.to_owned())
}
