//! How fast the visualiser takes in what a program says, and what it needs to hold it.
//!
//! The server is `axonscope --headless` in a process of its own, its layout thread at work as always; this process is
//! the program, and sends bytes made beforehand so that sending costs little. A span ends when the reader's service
//! shows the component that was sent last. The peer `prost-decode` decodes the same bytes alone, on one core, in the
//! same run: nobody who speaks protobuf can be faster.

mod support;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::{
    Activity, Component, ComponentActivity, ComponentState, Delta, Hello, Linkage, LinkageKind, Postbox,
    PostboxActivity, PostboxKind, Report, Snapshot,
};
use axonscope_session::reader::Reader;
use prost::Message;
use support::raw::{Feed, encode};
use support::{Better, Line, Options, Server, wait_until};

/// Postboxes of each component.
const BOXES: u64 = 4;
/// Linkages that leave each component.
const LINKS: u64 = 2;
/// Units of ten changes in one Delta: a probe's tick in a very busy program.
const UNITS: u64 = 100;
/// Activity updates in one Report.
const UPDATES: usize = 5_000;

fn main() -> ExitCode {
    support::main(bench)
}

async fn bench(options: Options) -> Result<()> {
    let scale = if options.quick { 2 } else { 8 };
    for components in [1_000, 100_000] {
        case(components, scale).await?;
    }
    Ok(())
}

async fn case(components: u64, scale: u64) -> Result<()> {
    let server = Server::start("127.0.0.1:0")?;
    let mut reader = server.reader().await?;
    let empty_bytes = server.settled_bytes(Duration::from_secs(5)).await?;

    let mut program = Program::new();
    let mut feed = Feed::open(&server.url).await?;
    feed.send(program.hello()).await?;
    for part in program.snapshot(components) {
        feed.send(part).await?;
    }
    wait_until(&mut reader, "the snapshot", |system| system.components == components).await?;

    if components == 100_000 {
        let held_bytes = server.settled_bytes(Duration::from_secs(15)).await?.saturating_sub(empty_bytes);
        Line::alone("ingest", format!("bytes_per_component@{components}"), held_bytes as f64 / components as f64, "B")
            .against("limit-1KiB", 1024.0, Better::Less)
            .print()?;
    }

    let deltas: Vec<_> = (0..1_000 * scale).map(|_| program.delta()).collect();
    let changes = deltas.len() as u64 * UNITS * 10;
    let metric = format!("changes_per_s@{components}");
    race(&mut feed, &mut reader, &mut program, deltas, changes, metric).await?;

    let mut reports = Vec::new();
    let mut updates = 0;
    while updates < 4_000_000 * scale {
        updates += program.activity(&mut reports);
    }
    let metric = format!("activity_per_s@{components}");
    race(&mut feed, &mut reader, &mut program, reports, updates, metric).await
}

/// Sends `reports`, which hold `things`, and one component more; prints how fast that was applied.
async fn race(
    feed: &mut Feed,
    reader: &mut Reader,
    program: &mut Program,
    reports: Vec<bytes::Bytes>,
    things: u64,
    metric: String,
) -> Result<()> {
    let marker = program.marker();
    let alive = program.alive();
    let began = Instant::now();
    for report in &reports {
        feed.send(report.clone()).await?;
    }
    feed.send(marker).await?;
    let ended = wait_until(reader, &metric, |system| system.components == alive).await?;
    let ours = things as f64 / (ended - began).as_secs_f64();

    let began = Instant::now();
    for report in &reports {
        black_box(Report::decode(black_box(report.clone()))?);
    }
    let peer = things as f64 / began.elapsed().as_secs_f64();
    Line::alone("ingest", metric, ours, "1/s").against("prost-decode", peer, Better::More).print()
}

/// A program that is all appearance: component `n` has four postboxes and two linkages to the component before it; the
/// oldest goes as the next one comes.
struct Program {
    seq: u64,
    clock_ns: u64,
    total: u64,
    oldest: u64,
    next: u64,
    markers: u64,
}

/// Ids of markers, far from all others.
const MARKERS: u64 = 1 << 40;

impl Program {
    fn new() -> Self {
        Self { seq: 0, clock_ns: 1, total: 0, oldest: 1, next: 1, markers: 0 }
    }

    /// How many components there are.
    fn alive(&self) -> u64 {
        self.next - self.oldest + self.markers
    }

    fn report(&mut self, content: Content) -> bytes::Bytes {
        self.seq += 1;
        self.clock_ns += 100_000_000;
        encode(&Report { seq: self.seq, captured_at: self.clock_ns, lost: 0, content: Some(content), refused: 0 })
    }

    fn hello(&mut self) -> bytes::Bytes {
        self.report(Content::Hello(Hello {
            protocol: axonscope_proto::PROTOCOL,
            system_name: "bench".into(),
            instance_id: std::process::id().to_le_bytes().repeat(4),
            pid: std::process::id(),
            host: "localhost".into(),
            program: "bench".into(),
            wall_clock_ns: 1,
            monotonic_ns: 1,
            started_at: 1,
            ..Hello::default()
        }))
    }

    /// `components` components in parts, with the names that components and their boxes have in life.
    fn snapshot(&mut self, components: u64) -> Vec<bytes::Bytes> {
        let ids: Vec<u64> = (self.next..self.next + components).collect();
        self.next += components;
        let parts: Vec<&[u64]> = ids.chunks(1_000).collect();
        let count = parts.len();
        let part = |(part, ids): (usize, &&[u64])| {
            Content::Snapshot(Snapshot {
                event_number: 1,
                part: part as u32,
                last: part + 1 == count,
                components: ids.iter().map(|&id| component(id)).collect(),
                postboxes: ids.iter().flat_map(|&id| boxes(id, |side| side.to_owned())).collect(),
                linkages: ids.iter().filter(|&&id| id > 1).flat_map(|&id| links(id)).collect(),
            })
        };
        parts.iter().enumerate().map(part).collect::<Vec<_>>().into_iter().map(|part| self.report(part)).collect()
    }

    /// One Delta of [`UNITS`] units: each unlinks two, removes one, adds one with four boxes, and links two, 1:4:2:2:1.
    fn delta(&mut self) -> bytes::Bytes {
        let (old, new) = (self.oldest..self.oldest + UNITS, self.next..self.next + UNITS);
        self.oldest = old.end;
        self.next = new.end;
        self.report(Content::Delta(Delta {
            // Those that enter the component which goes, and so leave the one after it.
            unlinked: old.clone().flat_map(|id| links(id + 1)).map(|link| link.id).collect(),
            removed_components: old.collect(),
            added_components: new.clone().map(component).collect(),
            added_postboxes: new.clone().flat_map(|id| boxes(id, move |side| format!("{side}-{id:010}"))).collect(),
            linked: new.flat_map(links).collect(),
            ..Delta::default()
        }))
    }

    /// One component more, to be seen from outside once everything before it has been applied.
    fn marker(&mut self) -> bytes::Bytes {
        self.markers += 1;
        let id = MARKERS + self.markers;
        self.report(Content::Delta(Delta { added_components: vec![component(id)], ..Delta::default() }))
    }

    /// Adds Reports in which every total of every component and postbox has grown; returns how many totals' owners.
    fn activity(&mut self, reports: &mut Vec<bytes::Bytes>) -> u64 {
        self.total += 1_000;
        let total = self.total;
        let mut updates = 0;
        let ids: Vec<u64> = (self.oldest..self.next).collect();
        for ids in ids.chunks(UPDATES / (1 + BOXES as usize)) {
            let components = ids.iter().map(|&id| ComponentActivity {
                component: id,
                busy_ns: total * 900,
                polls: total,
                last_active_at: self.clock_ns,
                poll_started_at: 0,
                restarts: 0,
                ..Default::default()
            });
            let postboxes = ids.iter().flat_map(|&id| {
                (0..BOXES).map(move |side| PostboxActivity {
                    postbox: id * BOXES + side,
                    messages: total,
                    depth: (total % 64) as u32,
                    high_water: 64,
                    blocked_ns: total * 10,
                    ..PostboxActivity::default()
                })
            });
            let activity =
                Activity { components: components.collect(), postboxes: postboxes.collect(), linkages: Vec::new() };
            updates += (activity.components.len() + activity.postboxes.len()) as u64;
            reports.push(self.report(Content::Activity(activity)));
        }
        updates
    }
}

fn component(id: u64) -> Component {
    Component {
        id,
        name: format!("handler-{id:08}"),
        type_name: ["Handler", "Decoder", "Logger", "Router"][(id % 4) as usize].to_owned(),
        state: ComponentState::Running.into(),
        ..Component::default()
    }
}

/// The boxes of component `id`; `name` makes their names.
fn boxes(id: u64, name: impl Fn(&str) -> String) -> impl Iterator<Item = Postbox> {
    ["inbox", "control", "outbox", "signal"].into_iter().enumerate().map(move |(side, kind)| Postbox {
        id: id * BOXES + side as u64,
        owner: id,
        name: name(kind),
        kind: if side < 2 { PostboxKind::Inbox.into() } else { PostboxKind::Outbox.into() },
        message_type: "String".into(),
        capacity: if side < 2 { 64 } else { 0 },
        description: String::new(),
    })
}

/// The linkages from component `id` to the one before it: outbox to inbox, signal to control.
fn links(id: u64) -> impl Iterator<Item = Linkage> {
    (0..LINKS).map(move |side| Linkage {
        id: id * LINKS + side,
        source: id * BOXES + 2 + side,
        sink: (id - 1) * BOXES + side,
        kind: LinkageKind::Direct.into(),
    })
}
