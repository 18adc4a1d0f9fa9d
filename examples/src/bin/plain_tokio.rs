//! A web service with a background worker and a bounded queue, on plain tokio: nothing here runs on a runtime of ours.
//!
//! It is attached by adding the probe's layer to its `tracing` subscriber. What one sees are its spans: the service with the
//! requests it handles, the press and the mailer; and, since the two queues are the probe's thin wrapper of tokio's own
//! channel, who sends to whom, and which queue fills when the press is slow.
//!
//! ```sh
//! cargo run --bin plain_tokio -- --press-ms 40      # in one terminal
//! cargo run --bin plain_tokio_load -- --per-second 30  # in another: more than the press can do
//! ```

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axonscope_examples::asked_to_end;
use axonscope_probe::channel::{self, Receiver, Sender};
use axonscope_probe::{Probe, component_span};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use clap::Parser;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::{Instrument, Span, info, info_span, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

/// Takes orders for posters by HTTP, prints them one by one, and mails them.
#[derive(Parser)]
struct Options {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7600")]
    listen: SocketAddr,
    /// How long the press takes for each poster.
    #[arg(long, value_name = "MILLIS", default_value_t = 40)]
    press_ms: u64,
    /// How many orders wait for the press before the service makes people wait.
    #[arg(long, value_name = "N", default_value_t = 32)]
    queue: usize,
}

#[derive(Debug)]
struct Order {
    number: u64,
    text: String,
}

#[derive(Debug)]
struct Poster {
    number: u64,
}

/// What every handler of the service knows.
#[derive(Clone)]
struct Shop {
    orders: Sender<Order>,
    book: Arc<Mutex<Book>>,
    /// The service itself: requests are parts of it, whichever task handles them.
    service: Span,
}

/// What became of the orders. It forgets the oldest.
#[derive(Default)]
struct Book {
    last: u64,
    states: BTreeMap<u64, &'static str>,
}

impl Book {
    const KEPT: usize = 10_000;

    fn set(&mut self, number: u64, state: &'static str) {
        self.states.insert(number, state);
        if self.states.len() > Self::KEPT {
            self.states.pop_first();
        }
    }
}

async fn order(State(shop): State<Shop>, text: String) -> (StatusCode, String) {
    let span = info_span!(parent: &shop.service, "POST /orders");
    async move {
        let number = {
            let mut book = shop.book.lock().await;
            book.last += 1;
            let number = book.last;
            book.set(number, "waits");
            number
        };
        // While the queue is full this waits, and the customer with it.
        match shop.orders.send(Order { number, text }).await {
            Ok(()) => (StatusCode::ACCEPTED, format!("{number}\n")),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the press has stopped\n".to_owned()),
        }
    }
    .instrument(span)
    .await
}

async fn look_up(State(shop): State<Shop>, Path(number): Path<u64>) -> (StatusCode, String) {
    let span = info_span!(parent: &shop.service, "GET /orders");
    async move {
        match shop.book.lock().await.states.get(&number) {
            Some(state) => (StatusCode::OK, format!("order {number} {state}\n")),
            None => (StatusCode::NOT_FOUND, format!("there is no order {number}\n")),
        }
    }
    .instrument(span)
    .await
}

/// Prints one poster after the other.
async fn press(mut orders: Receiver<Order>, posters: Sender<Poster>, book: Arc<Mutex<Book>>, each: Duration) {
    while let Some(order) = orders.recv().await {
        book.lock().await.set(order.number, "is printed");
        if order.text.is_empty() {
            warn!(number = order.number, "an order without a text: an empty poster");
        }
        async {
            sleep(each).await;
        }
        .instrument(info_span!("print"))
        .await;
        if posters.send(Poster { number: order.number }).await.is_err() {
            return;
        }
    }
}

/// Mails posters as they come.
async fn mail(mut posters: Receiver<Poster>, book: Arc<Mutex<Book>>) {
    let mut mailed = 0_u64;
    while let Some(poster) = posters.recv().await {
        book.lock().await.set(poster.number, "is on its way");
        mailed += 1;
        if mailed.is_multiple_of(100) {
            info!(mailed, "posters are on their way");
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let asked = asked_to_end()?;
    // This, and the layer below, attaches the program.
    let probe = Probe::builder().tap::<Order>().tap::<Poster>().start().context("cannot attach to the visualiser")?;
    let print =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(EnvFilter::from_default_env());
    tracing_subscriber::registry().with(probe.layer()).with(print).init();

    let service = component_span!("service", type = "Service", description = "takes orders by HTTP");
    let (orders, to_press) = channel::bounded("orders", options.queue);
    let (posters, to_mailer) = channel::bounded("posters", options.queue);
    let book = Arc::new(Mutex::new(Book::default()));
    let each = Duration::from_millis(options.press_ms);
    let press = press(to_press, posters, book.clone(), each)
        .instrument(component_span!("press", type = "Worker", description = "prints one poster after the other"));
    let mailer = mail(to_mailer, book.clone())
        .instrument(component_span!("mailer", type = "Worker", description = "mails posters as they come"));
    let workers = [tokio::spawn(press), tokio::spawn(mailer)];

    let routes = Router::new().route("/orders", post(order)).route("/orders/{number}", get(look_up)).with_state(Shop {
        orders,
        book,
        service,
    });
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    println!("listening on {}", listener.local_addr()?);
    tokio::select! {
        served = axum::serve(listener, routes).into_future() => served?,
        () = asked => {}
    }
    workers.iter().for_each(|worker| worker.abort());
    probe.close("asked to end");
    Ok(())
}
